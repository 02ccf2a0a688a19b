package io.ukehi.log;

import io.ukehi.CoverageMark;
import io.ukehi.Crc32c;
import io.ukehi.Invariant;
import org.agrona.BitUtil;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * The write-ahead log: entries framed one behind the other in segments, appended by storing into a mapped file, durable
 * when the flusher says so. What it promises is specified in wal-format.md; recovery is {@link LogRecovery}'s.
 * <p>
 * Owned by the duty-cycle thread, which calls everything here; the flusher's thread calls {@link #flusher()} alone.
 * Appending and reading allocate nothing. A storage error is thrown and final.
 */
public final class SegmentedLog implements AutoCloseable
{
    /** Nothing was appended: the next segment is not ready at this moment. */
    public static final long BACK_PRESSURED = -2;

    /** Nothing was appended: the disk is full. */
    public static final long STORAGE_FULL = -3;

    /** Nothing was appended: the frames do not follow from the last entry. */
    public static final long NOT_CONTIGUOUS = -4;

    /** Nothing was read: the entry is damaged, or one that lies in the way to it. See {@link #damagedIndex()}. */
    public static final int DAMAGED = -5;

    /** The log does not hold the index. */
    public static final long UNKNOWN_TERM = -1;

    private final LogConfig config;
    private final int maxPayloadLength;
    private final Crc32c crc = new Crc32c();
    private final SegmentChain chain;
    private final SegmentSupply supply;
    private final LogScrub scrub;
    private final LogSync sync;
    private final LogReads reads;
    private final LogCut cut;
    private final LogGap gap;
    private final TermIndex terms;
    private final LogTail tail;
    private final LogTail link = new LogTail();
    private final RecoveryReport recovery;
    private boolean isClosed;

    private SegmentedLog(
        final Storage storage, final LogConfig config, final NanoClock clock, final LogRecovery recovered)
    {
        this.config = config;
        this.maxPayloadLength = config.maxPayloadLength();
        this.supply = recovered.supply();
        this.terms = recovered.terms();
        this.tail = recovered.tail();
        this.recovery = recovered.report();
        this.chain = new SegmentChain(recovered.segments());
        this.scrub = new LogScrub(storage, config, clock);
        this.reads = new LogReads(chain, storage, scrub);
        this.sync = new LogSync(storage, config, clock, recovered, chain, scrub);
        this.cut = new LogCut(storage, config, recovered, chain, sync, reads);
        this.gap = new LogGap(storage, config, recovered, chain, sync);
    }

    /**
     * Opens the log in a storage, recovered, or a new one if there is none.
     *
     * @param storage that this log alone uses for files named {@code wal-*.seg}; the caller closes it.
     * @param config  concluded here.
     * @param clock   monotonic.
     * @throws CorruptionException if something that was durable cannot be read.
     * @throws StorageException    if the storage fails.
     */
    public static SegmentedLog open(final Storage storage, final LogConfig config, final NanoClock clock)
    {
        config.conclude();
        return new SegmentedLog(storage, config, clock, LogRecovery.recover(storage, config, clock));
    }

    /** What was found when the log was opened. */
    public RecoveryReport recovery()
    {
        return recovery;
    }

    /** The helper, for a thread of its own. */
    public LogFlusher flusher()
    {
        return sync.flusher();
    }

    /** Index of the oldest entry held, {@code lastIndex() + 1} if there is none. */
    public long firstIndex()
    {
        return chain.first().firstIndex();
    }

    /** Index of the newest entry, 0 in a new log. */
    public long lastIndex()
    {
        return tail.index();
    }

    /** Term of the newest entry, 0 in a new log. */
    public long lastTerm()
    {
        return tail.term();
    }

    /** Fencing token of the newest entry, 0 in a new log. */
    public long lastToken()
    {
        return tail.token();
    }

    /** Cluster time of the newest entry, nanoseconds since the epoch; 0 in a new log. */
    public long lastClusterTimeNs()
    {
        return tail.clusterTimeNs();
    }

    /** Highest index that is as durable as configured. */
    public long durableIndex()
    {
        return sync.durableIndex();
    }

    /** Term of an entry or of the one before the first; {@link #UNKNOWN_TERM} for any other index. */
    public long termAt(final long index)
    {
        return index > tail.index() || index < firstIndex() - 1 ? UNKNOWN_TERM : terms.termAt(index);
    }

    /** Appends an entry at {@code lastIndex() + 1}; returns its index, or a negative code. */
    public long append(
        final int type,
        final long term,
        final long token,
        final long clusterTimeNs,
        final DirectBuffer payload,
        final int offset,
        final int length)
    {
        Invariant.check(length >= 0 && length <= maxPayloadLength, "a payload within its bound", length);
        Invariant.check(term >= tail.term(), "terms never fall", term, tail.term());
        Invariant.check(Long.compareUnsigned(token, tail.token()) >= 0, "tokens never fall", token, tail.token());
        Invariant.check(clusterTimeNs >= tail.clusterTimeNs(), "time never falls", clusterTimeNs);
        if (gap.isOpen())
        {
            gap.setAside();
        }
        final int alignedLength = EntryFrame.alignedLength(length);
        LogSegment active = chain.active();
        if (active.remaining() < alignedLength)
        {
            if (!roll())
            {
                return supply.isFull() ? STORAGE_FULL : BACK_PRESSURED;
            }
            active = chain.active();
        }
        final UnsafeBuffer buffer = active.buffer();
        final int position = active.end();
        final long index = tail.index() + 1;
        EntryFrame.putHeader(buffer, position, length, term, index, token, clusterTimeNs, type, tail.crc());
        buffer.putBytes(position + EntryFrame.HEADER_LENGTH, payload, offset, length);
        final int frameCrc = EntryFrame.seal(crc, buffer, position, EntryFrame.HEADER_LENGTH + length);
        active.onAppended(alignedLength);
        if (term != tail.term())
        {
            terms.onAppend(index, term);
        }
        tail.set(index, term, token, clusterTimeNs, frameCrc);
        return index;
    }

    /**
     * Takes bytes from outside for a run of frames; see {@code RaftLog.verify}. A frame that no segment of this log
     * could hold is no frame.
     */
    public boolean verify(final LogCursor cursor, final DirectBuffer buffer, final int offset, final int length)
    {
        final int end = offset + length;
        int position = offset;
        int count = 0;
        while (position < end)
        {
            if (!EntryFrame.isIntact(crc, buffer, position, end - position) ||
                (count > 0 && !link.isFollowedBy(buffer, position)))
            {
                return false;
            }
            final int alignedLength = BitUtil.align(EntryFrame.length(buffer, position), EntryFrame.ALIGNMENT);
            if (alignedLength > config.segmentLength() - SegmentHeader.LENGTH)
            {
                return false;
            }
            link.set(buffer, position);
            position += alignedLength;
            count++;
        }
        cursor.wrap(buffer, offset, length, count);
        return true;
    }

    /**
     * Appends the cursor's current frame and those behind it; see {@code RaftLog.appendFrames}. Where that closes a gap
     * which damage had left, what stands behind the gap is part of the log again, and {@link #lastIndex()} is higher
     * than what is returned.
     */
    public long appendFrames(final LogCursor cursor)
    {
        final DirectBuffer source = cursor.buffer();
        int position = cursor.frameOffset();
        if (!tail.isFollowedBy(source, position))
        {
            return NOT_CONTIGUOUS;
        }
        final long indexBefore = tail.index();
        while (position < cursor.limit())
        {
            final int alignedLength = BitUtil.align(EntryFrame.length(source, position), EntryFrame.ALIGNMENT);
            gap.beforeFrame(source, position);
            if (chain.active().remaining() < alignedLength && !roll())
            {
                break;
            }
            final LogSegment active = chain.active();
            active.buffer().putBytes(active.end(), source, position, alignedLength);
            active.onAppended(alignedLength);
            tail.set(source, position);
            terms.onAppend(tail.index(), tail.term());
            position += alignedLength;
            final long lastAppended = tail.index();
            if (gap.joinIfReached())
            {
                return lastAppended;
            }
        }
        if (tail.index() == indexBefore)
        {
            return supply.isFull() ? STORAGE_FULL : BACK_PRESSURED;
        }
        return tail.index();
    }

    private boolean roll()
    {
        final LogSegment next = supply.take();
        if (null == next)
        {
            (supply.isFull() ? CoverageMark.DISK_FULL : CoverageMark.NO_SEGMENT_READY).hit();
            sync.flusher().wake();
            return false;
        }
        final LogSegment full = chain.active();
        next.begin(tail.index() + 1, full.basePosition() + full.length());
        SegmentHeader.put(
            crc, next.buffer(), next.sequence(), config.logId(), next.firstIndex(), tail, next.length());
        full.next(next);
        supply.seal(full);
        // Another one has to be made.
        sync.flusher().wake();
        chain.add(next);
        return true;
    }

    /** Reads a run of entries in place; see {@code RaftLog.read}. */
    public int read(final long fromIndex, final long toIndex, final int maxBytes, final LogCursor cursor)
    {
        Invariant.check(fromIndex >= firstIndex() && fromIndex <= tail.index() + 1,
            "entries that are held", fromIndex, tail.index());
        final long wanted = Math.min(toIndex, tail.index());
        if (fromIndex > wanted)
        {
            cursor.wrap(chain.active().buffer(), chain.active().end(), 0, 0);
            return 0;
        }
        return reads.read(fromIndex, wanted, maxBytes, cursor);
    }

    /**
     * First entry that was found damaged, by a read or by the scrub of what nobody reads; 0 if there is none. It can be
     * repaired by {@link #repairFrames}.
     */
    public long damagedIndex()
    {
        return reads.damagedIndex();
    }

    /** Last of the run of damaged entries that begins with {@link #damagedIndex()}; 0 if there is none. Slow. */
    public long damagedTo()
    {
        return reads.damagedTo();
    }

    /**
     * Stores frames of another member over damaged ones, in place and durably. They are the same bytes on every member
     * if the entries are committed, which the caller answers for.
     *
     * @param cursor over a verified run, standing on the first entry to be stored; what lies behind the segment of that
     *               entry is left alone.
     * @return whether they fitted, in length and in the chain on both sides; otherwise nothing was changed.
     */
    public boolean repairFrames(final LogCursor cursor)
    {
        return reads.repair(cursor);
    }

    /**
     * How long the disk takes to make a batch durable, in nanoseconds: the last one, or the one it is at, if that takes
     * longer already. Any thread.
     *
     * @param nowNs of the clock that the log was opened with.
     */
    public long forceTimeNs(final long nowNs)
    {
        return sync.forceTime().currentNs(nowNs);
    }

    /** The longest that the disk has ever taken for a batch, in nanoseconds. Any thread. */
    public long longestForceNs()
    {
        return sync.forceTime().longestNs();
    }

    /** Bytes of sealed segments that were read again and found intact, by and by. Any thread. */
    public long scrubbedBytes()
    {
        return scrub.checkedBytes();
    }

    /**
     * Removes an entry and all after it; durable on return. Crash-safe at every step: whatever is left half done reads
     * as a log that was not cut yet, or cut less far, or as a torn tail.
     *
     * @param index above everything that is known to be committed.
     */
    public void truncateFrom(final long index)
    {
        Invariant.check(index >= firstIndex() && index <= tail.index(), "an entry that is held", index, tail.index());
        gap.setAside();
        cut.truncateFrom(index);
    }

    /** How far the log is known to be committed: kept, without hurry, as a hint for the next start. */
    public void onCommit(final long index)
    {
        sync.onCommit(index);
    }

    /** Hands over to durability what was appended since the last call. Throws if writing has ever failed. */
    public int flush()
    {
        sync.checkFailure();
        final int workCount = supply.adoptSealed();
        if (scrub.isIdle())
        {
            scrub.begin(chain);
        }
        return workCount + sync.flush();
    }

    /** CRC32C of the frame of an entry that is held, or of the one before the first. */
    public int frameCrcAt(final long index)
    {
        Invariant.check(index >= firstIndex() - 1 && index <= tail.index(), "an entry that is known", index);
        return index == tail.index() ? tail.crc() : reads.frameCrcAt(index);
    }

    /**
     * Gives up whole segments whose entries are all below an index; their files are deleted by the flusher, the oldest
     * first, so that whatever a crash leaves is a log that begins somewhere and has no gap.
     *
     * @param index that stays, and all after it.
     * @return {@link #firstIndex()} now.
     */
    public long purgeTo(final long index)
    {
        int gone = 0;
        // What is sealed and mapped for reading is the flusher's no more.
        while (gone < chain.count() - 1 && chain.get(gone).lastIndex() < index && !chain.get(gone).isWritable() &&
            supply.delete(chain.get(gone)))
        {
            gone++;
        }
        if (gone > 0)
        {
            chain.removeFirst(gone);
            reads.onPurged();
        }
        return firstIndex();
    }

    /**
     * Replaces the log by a snapshot; durable on return. What a crash leaves is the old log, a prefix of it, an empty
     * one, or the new one: whoever has the snapshot resets it again.
     *
     * @param index of the last entry in the snapshot, and the rest of what is known of that entry.
     */
    public void resetTo(
        final long index, final long term, final long token, final long clusterTimeNs, final int frameCrc)
    {
        gap.setAside();
        cut.resetTo(index, term, token, clusterTimeNs, frameCrc);
    }

    /**
     * Makes everything durable, notes that it is, and closes. The flusher's thread has ended. Idempotent. After a
     * failure nothing is written any more.
     */
    @Override
    public void close()
    {
        if (!isClosed)
        {
            isClosed = true;
            try
            {
                sync.finish();
            }
            finally
            {
                release();
            }
        }
    }

    /** Closes the files and writes nothing: what a node does that has failed. Idempotent. */
    public void abandon()
    {
        if (!isClosed)
        {
            isClosed = true;
            release();
        }
    }

    private void release()
    {
        supply.close();
        scrub.close();
        chain.close();
    }
}
