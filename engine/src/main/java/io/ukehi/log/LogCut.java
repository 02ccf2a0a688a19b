package io.ukehi.log;

import io.ukehi.CoverageMark;
import io.ukehi.Crc32c;
import io.ukehi.Invariant;

/**
 * Removes what stands at the end of an open log, and replaces all of it by a snapshot; each durable on return, and
 * crash-safe at every step (wal-format.md, "A cut"). Duty-cycle thread; waits for the disk.
 */
final class LogCut
{
    private final Storage storage;
    private final LogConfig config;
    private final Crc32c crc = new Crc32c();
    private final SegmentChain chain;
    private final SegmentSupply supply;
    private final LogSync sync;
    private final LogReads reads;
    private final TermIndex terms;
    private final LogTail tail;

    LogCut(
        final Storage storage,
        final LogConfig config,
        final LogRecovery recovered,
        final SegmentChain chain,
        final LogSync sync,
        final LogReads reads)
    {
        this.storage = storage;
        this.config = config;
        this.chain = chain;
        this.supply = recovered.supply();
        this.terms = recovered.terms();
        this.tail = recovered.tail();
        this.sync = sync;
        this.reads = reads;
    }

    /**
     * Removes an entry and all after it. First the mark is lowered, so that nothing that disappears from here on counts
     * as damage; then later segments go, the newest first; then the rest is overwritten with zeros. Whatever is left
     * half done reads as a log that was not cut yet, or cut less far, or as a torn tail.
     */
    void truncateFrom(final long index)
    {
        final long commitIndex = sync.commitIndex();
        Invariant.check(index > commitIndex, "what is committed stays", index, commitIndex);
        sync.whileResting(() ->
        {
            reads.reset();
            cut(index);
        });
    }

    private void cut(final long index)
    {
        final int keep = chain.placeOf(index);
        final LogSegment segment = chain.get(keep).isOlder() ? replace(keep, index) : shorten(keep, index);
        terms.truncateFrom(index);
        setTail(segment, index - 1);
        sync.onReopened(segment);
        sync.onDurable();
        chain.onChanged();
    }

    private LogSegment shorten(final int keep, final long index)
    {
        final LogSegment segment = chain.get(keep);
        if (!segment.isWritable())
        {
            CoverageMark.CUT_INTO_SEALED_SEGMENT.hit();
            segment.attach(storage.open(segment.file().name(), config.writableMapping()), true).close();
        }
        final int cutAt = segment.positionOf(index);
        sync.goOnIn(segment, cutAt, index - 1, false);
        sync.forceMark();
        removeAfter(keep);
        segment.file().write(cutAt, segment.cut(index, cutAt));
        segment.file().force();
        return segment;
    }

    /** Later segments go as ever; then a native one with what is left takes the older one's place, in one step. */
    private LogSegment replace(final int keep, final long index)
    {
        removeAfter(keep);
        final LogSegment older = chain.get(keep);
        final LogSegment segment = sync.replace(older, index - 1);
        chain.replaceLast(segment);
        older.file().close();
        sync.goOnIn(segment, segment.end(), index - 1, false);
        return segment;
    }

    private void removeAfter(final int keep)
    {
        if (keep == chain.count() - 1)
        {
            return;
        }
        CoverageMark.CUT_ACROSS_SEGMENTS.hit();
        supply.reset(chain.get(keep).sequence() + 1);
        while (chain.count() - 1 > keep)
        {
            // One at a time: if the next deletion fails, those that are left still have to be closed.
            final StorageFile file = chain.removeLast().file();
            file.close();
            storage.delete(file.name());
            storage.forceDirectory();
        }
        sync.sealFull();
    }

    private void setTail(final LogSegment segment, final long index)
    {
        if (index < segment.firstIndex())
        {
            segment.before(tail);
        }
        else
        {
            tail.set(segment.buffer(), segment.positionOf(index));
        }
    }

    /**
     * Replaces the log by a snapshot. First everything is cut, then the one segment that is left gets another
     * beginning, in a single sector.
     */
    void resetTo(final long index, final long term, final long token, final long clusterTimeNs, final int frameCrc)
    {
        sync.whileResting(() ->
        {
            reads.reset();
            if (tail.index() >= chain.first().firstIndex())
            {
                cut(chain.first().firstIndex());
            }
            tail.set(index, term, token, clusterTimeNs, frameCrc);
            final LogSegment segment = chain.active();
            segment.begin(index + 1, segment.basePosition());
            SegmentHeader.put(
                crc, segment.buffer(), segment.sequence(), config.logId(), index + 1, tail, segment.length());
            terms.reset(index, term);
            sync.onCommit(index);
            sync.goOn(true);
            sync.forceMark();
            chain.onChanged();
        });
    }
}
