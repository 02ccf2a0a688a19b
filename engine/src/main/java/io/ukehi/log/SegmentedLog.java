package io.ukehi.log;

import io.ukehi.CoverageMark;
import io.ukehi.Crc32c;
import io.ukehi.Invariant;
import java.util.Arrays;
import org.agrona.BitUtil;
import org.agrona.CloseHelper;
import org.agrona.concurrent.NanoClock;
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

    private final Storage storage;
    private final LogConfig config;
    private final Durability durability;
    private final Crc32c crc = new Crc32c();
    private final FlushQueue queue = new FlushQueue();
    private final SegmentSupply supply;
    private final SegmentWriter writer;
    private final LogFlusher flusher;
    private final LogScrub scrub;
    private final SealedReader sealedReader = new SealedReader();
    private final FrameRepair repair;
    private final TermIndex terms;
    private final LogTail tail;
    private final LogTail link = new LogTail();
    private final RecoveryReport recovery;
    private LogSegment[] segments;
    private int segmentCount;
    private LogSegment active;
    /** Sequence of the oldest segment that has been written to since the log was opened. */
    private long unforcedFrom;
    private long generation;
    private long damagedIndex;
    /** What lies behind damage that is being repaired; null as a rule. */
    private DetachedTail detached;
    private volatile long commitIndex;
    private boolean isClosed;

    private SegmentedLog(
        final Storage storage, final LogConfig config, final NanoClock clock, final LogRecovery recovered)
    {
        this.storage = storage;
        this.config = config;
        this.durability = config.durability();
        this.supply = recovered.supply();
        this.terms = recovered.terms();
        this.tail = recovered.tail();
        this.recovery = recovered.report();
        this.segments = recovered.segments();
        this.segmentCount = segments.length;
        this.active = segments[segmentCount - 1];
        this.unforcedFrom = active.sequence();
        this.commitIndex = recovery.commitIndex();
        this.writer = new SegmentWriter(recovered.mark(), config, clock);
        this.scrub = new LogScrub(storage, config, clock);
        this.repair = new FrameRepair(storage, sealedReader);
        this.flusher = new LogFlusher(
            queue, writer, supply, scrub, () -> commitIndex, Durability.BATCH == durability);
        writer.reset(active, active.end(), tail.index(), false);
        queue.reset(position(), tail.index());
        detached = recovered.detached();
        if (null != detached)
        {
            writer.resetBeforeDamage(active, active.end(), tail.index());
            if (detached.isReached(tail))
            {
                reattach();
            }
        }
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
        return flusher;
    }

    /** Index of the oldest entry held, {@code lastIndex() + 1} if there is none. */
    public long firstIndex()
    {
        return segments[0].firstIndex();
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
        return queue.durableIndex();
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
        Invariant.check(length >= 0 && length <= config.maxPayloadLength(), "a payload within its bound", length);
        Invariant.check(term >= tail.term(), "terms never fall", term, tail.term());
        Invariant.check(Long.compareUnsigned(token, tail.token()) >= 0, "tokens never fall", token, tail.token());
        Invariant.check(clusterTimeNs >= tail.clusterTimeNs(), "time never falls", clusterTimeNs);
        if (null != detached)
        {
            setAsideDetached();
        }
        final int alignedLength = EntryFrame.alignedLength(length);
        if (active.remaining() < alignedLength && !roll())
        {
            return supply.isFull() ? STORAGE_FULL : BACK_PRESSURED;
        }
        final int position = active.end();
        final long index = tail.index() + 1;
        EntryFrame.putHeader(active.buffer(), position, length, term, index, token, clusterTimeNs, type, tail.crc());
        active.buffer().putBytes(position + EntryFrame.HEADER_LENGTH, payload, offset, length);
        final int frameCrc = EntryFrame.seal(crc, active.buffer(), position);
        active.onAppended(alignedLength);
        terms.onAppend(index, term);
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
            if (null != detached && !detached.admits(active, source, position))
            {
                setAsideDetached();
            }
            if (active.remaining() < alignedLength && !roll())
            {
                break;
            }
            active.buffer().putBytes(active.end(), source, position, alignedLength);
            active.onAppended(alignedLength);
            tail.set(source, position);
            terms.onAppend(tail.index(), tail.term());
            position += alignedLength;
            if (null != detached && detached.isReached(tail))
            {
                final long lastAppended = tail.index();
                reattach();
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
            return false;
        }
        next.begin(tail.index() + 1, active.basePosition() + active.length());
        SegmentHeader.put(
            crc, next.buffer(), next.sequence(), config.logId(), next.firstIndex(), tail, next.length());
        active.next(next);
        supply.seal(active);
        addActive(next);
        return true;
    }

    private void addActive(final LogSegment next)
    {
        if (segmentCount == segments.length)
        {
            segments = Arrays.copyOf(segments, segmentCount * 2);
        }
        segments[segmentCount++] = next;
        active = next;
    }

    /** Reads a run of entries in place; see {@code RaftLog.read}. */
    public int read(final long fromIndex, final long toIndex, final int maxBytes, final LogCursor cursor)
    {
        Invariant.check(fromIndex >= firstIndex() && fromIndex <= tail.index() + 1,
            "entries that are held", fromIndex, tail.index());
        final long wanted = Math.min(toIndex, tail.index());
        if (fromIndex > wanted)
        {
            cursor.wrap(active.buffer(), active.end(), 0, 0);
            return 0;
        }
        final LogSegment segment = segmentOf(fromIndex);
        if (!segment.isWritable())
        {
            return readSealed(segment, fromIndex, Math.min(wanted, segment.lastIndex()), maxBytes, cursor);
        }
        final int begin = cursor.isContinuedBy(segment, generation, fromIndex) ?
            cursor.limit() : segment.positionOf(fromIndex);
        int end;
        long index;
        if (wanted >= segment.lastIndex() && segment.end() - begin <= maxBytes)
        {
            end = segment.end();
            index = segment.lastIndex() + 1;
        }
        else
        {
            end = segment.after(begin);
            index = fromIndex + 1;
            final long limit = Math.min(wanted, segment.lastIndex());
            while (index <= limit)
            {
                final int after = segment.after(end);
                if (after - begin > maxBytes)
                {
                    break;
                }
                end = after;
                index++;
            }
        }
        cursor.wrap(segment.buffer(), begin, end - begin, (int)(index - fromIndex));
        cursor.remember(segment, generation, index);
        return end - begin;
    }

    /** What was not stored by this very process, or not lately, is not believed. */
    private int readSealed(
        final LogSegment segment,
        final long fromIndex,
        final long toIndex,
        final int maxBytes,
        final LogCursor cursor)
    {
        final int continuedAt = cursor.isContinuedBy(segment, generation, fromIndex) ? cursor.limit() : -1;
        if (!sealedReader.read(segment, fromIndex, toIndex, maxBytes, continuedAt))
        {
            damagedIndex = sealedReader.damagedIndex();
            cursor.wrap(segment.buffer(), SegmentHeader.LENGTH, 0, 0);
            return DAMAGED;
        }
        final int length = sealedReader.end() - sealedReader.begin();
        cursor.wrap(segment.buffer(), sealedReader.begin(), length, sealedReader.count());
        cursor.remember(segment, generation, fromIndex + sealedReader.count());
        return length;
    }

    /**
     * First entry that was found damaged, by a read or by the scrub of what nobody reads; 0 if there is none. It can be
     * repaired by {@link #repairFrames}.
     */
    public long damagedIndex()
    {
        final long found = scrub.damagedIndex();
        return 0 == damagedIndex || (0 != found && found < damagedIndex) ? found : damagedIndex;
    }

    /** Last of the run of damaged entries that begins with {@link #damagedIndex()}; 0 if there is none. Slow. */
    public long damagedTo()
    {
        final long index = damagedIndex();
        if (index < firstIndex() || index >= active.firstIndex())
        {
            return 0;
        }
        final LogSegment segment = segments[positionOfSegment(index)];
        return segment.isWritable() ? 0 : sealedReader.lastDamaged(segment, index);
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
        final long index = cursor.index();
        if (index < firstIndex() || index >= active.firstIndex())
        {
            return false;
        }
        final int position = positionOfSegment(index);
        if (segments[position].isWritable() || !repair.repair(segments[position], segments[position + 1], cursor))
        {
            return false;
        }
        onRepaired();
        return true;
    }

    private void onRepaired()
    {
        damagedIndex = 0;
        scrub.onRepaired();
    }

    /**
     * How long the disk takes to make a batch durable, in nanoseconds: the last one, or the one it is at, if that takes
     * longer already. Any thread.
     *
     * @param nowNs of the clock that the log was opened with.
     */
    public long forceTimeNs(final long nowNs)
    {
        return writer.forceTime().currentNs(nowNs);
    }

    /** The longest that the disk has ever taken for a batch, in nanoseconds. Any thread. */
    public long longestForceNs()
    {
        return writer.forceTime().longestNs();
    }

    /** Bytes of sealed segments that were read again and found intact, by and by. Any thread. */
    public long scrubbedBytes()
    {
        return scrub.checkedBytes();
    }

    private LogSegment segmentOf(final long index)
    {
        if (index >= active.firstIndex())
        {
            return active;
        }
        return segments[positionOfSegment(index)];
    }

    private int positionOfSegment(final long index)
    {
        int low = 0;
        int high = segmentCount - 1;
        while (low < high)
        {
            final int middle = (low + high + 1) >>> 1;
            if (segments[middle].firstIndex() <= index)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }
        return low;
    }

    /**
     * Removes an entry and all after it; durable on return. Crash-safe at every step: first the mark is lowered, so
     * that nothing that disappears from here on counts as damage; then later segments go, the newest first; then the
     * rest is overwritten with zeros. Whatever is left half done reads as a log that was not cut yet, or cut less far,
     * or as a torn tail.
     *
     * @param index above everything that is known to be committed.
     */
    public void truncateFrom(final long index)
    {
        Invariant.check(index >= firstIndex() && index <= tail.index(), "an entry that is held", index, tail.index());
        Invariant.check(index > commitIndex, "what is committed stays", index, commitIndex);
        if (null != detached)
        {
            setAsideDetached();
        }
        flusher.pause();
        flusher.checkFailure();
        // Whatever is under way comes to its end first, so that every byte below is either in its file or to be cut.
        write();
        scrub.reset();
        try
        {
            cut(index);
        }
        catch (final Throwable thrown)
        {
            flusher.onFailure(thrown);
            throw thrown;
        }
        flusher.resume();
    }

    private void cut(final long index)
    {
        final int keep = positionOfSegment(index);
        final LogSegment segment = segments[keep];
        if (!segment.isWritable())
        {
            CoverageMark.CUT_INTO_SEALED_SEGMENT.hit();
            segment.attach(storage.open(segment.file().name(), config.writableMapping()), true).close();
        }
        final int cutAt = segment.positionOf(index);
        writer.reset(segment, cutAt, index - 1, false);
        writer.forceMark(0, commitIndex);
        removeAfter(keep);
        segment.file().write(cutAt, segment.cut(index, cutAt));
        segment.file().force();
        terms.truncateFrom(index);
        setTail(segment, index - 1);
        active = segment;
        unforcedFrom = Math.min(unforcedFrom, segment.sequence());
        queue.reset(position(), index - 1);
        generation++;
    }

    /** The gap is closed: what stands behind it is part of the log again, as far as it is intact. */
    private void reattach()
    {
        CoverageMark.JOINED_BEHIND_DAMAGE.hit();
        flusher.pause();
        flusher.checkFailure();
        write();
        try
        {
            for (final LogSegment segment : detached.follow(active, tail, terms))
            {
                addActive(segment);
            }
            goOnBehindGap();
        }
        catch (final Throwable thrown)
        {
            flusher.onFailure(thrown);
            throw thrown;
        }
        flusher.resume();
        if (null != detached && !detached.hasNextGap(active, tail))
        {
            setAsideDetached();
        }
    }

    /** What was taken in was durable once; whether it is still only in memory, nobody knows. */
    private void goOnBehindGap()
    {
        if (!active.isWritable())
        {
            active.attach(storage.open(active.file().name(), config.writableMapping()), true).close();
        }
        active.file().write(SegmentHeader.LENGTH, active.end() - SegmentHeader.LENGTH);
        if (detached.isComplete(active))
        {
            final int length = active.usedBehindEnd();
            active.buffer().setMemory(active.end(), length, (byte)0);
            active.file().write(active.end(), length);
            detached = null;
        }
        for (int i = 0; i < segmentCount; i++)
        {
            segments[i].file().force();
        }
        if (null == detached)
        {
            writer.reset(active, active.end(), tail.index(), false);
        }
        else
        {
            writer.resetBeforeDamage(active, active.end(), tail.index());
        }
        writer.forceMark(0, commitIndex);
        sealBefore(segmentCount - 1);
        queue.reset(position(), tail.index());
        generation++;
    }

    /** The leader's entries are not those that stand behind the damage, or nothing there is of use. */
    private void setAsideDetached()
    {
        CoverageMark.DETACHED_SET_ASIDE.hit();
        flusher.pause();
        flusher.checkFailure();
        write();
        try
        {
            detached.setAside(active);
            detached = null;
            writer.reset(active, active.end(), tail.index(), false);
            writer.forceMark(0, commitIndex);
            final int length = active.usedBehindEnd();
            active.buffer().setMemory(active.end(), length, (byte)0);
            active.file().write(active.end(), length);
            active.file().force();
            supply.reset(active.sequence() + 1);
            sealBefore(segmentCount - 1);
            queue.reset(position(), tail.index());
            generation++;
        }
        catch (final Throwable thrown)
        {
            flusher.onFailure(thrown);
            throw thrown;
        }
        flusher.resume();
    }

    private void write()
    {
        try
        {
            if (Durability.ASYNC == durability)
            {
                writer.passTo(active, tail.index(), commitIndex);
            }
            else
            {
                writer.writeTo(position(), tail.index(), commitIndex);
            }
        }
        catch (final Throwable thrown)
        {
            flusher.onFailure(thrown);
            throw thrown;
        }
    }

    private void removeAfter(final int keep)
    {
        if (keep == segmentCount - 1)
        {
            return;
        }
        CoverageMark.CUT_ACROSS_SEGMENTS.hit();
        segments[keep].next(null);
        supply.reset(segments[keep].sequence() + 1);
        for (int i = segmentCount - 1; i > keep; i--)
        {
            final StorageFile file = segments[i].file();
            file.close();
            storage.delete(file.name());
            storage.forceDirectory();
            segments[i] = null;
            // One at a time: if the next deletion fails, those that are left still have to be closed.
            segmentCount = i;
        }
        sealBefore(keep);
    }

    private void sealBefore(final int position)
    {
        for (int i = 0; i < position; i++)
        {
            if (segments[i].isWritable())
            {
                supply.seal(segments[i]);
            }
        }
    }

    private void setTail(final LogSegment segment, final long index)
    {
        if (index < segment.firstIndex())
        {
            SegmentHeader.before(segment.buffer(), tail);
        }
        else
        {
            tail.set(segment.buffer(), segment.positionOf(index));
        }
    }

    /** How far the log is known to be committed: kept, without hurry, as a hint for the next start. */
    public void onCommit(final long index)
    {
        commitIndex = index;
    }

    /** Hands over to durability what was appended since the last call. Throws if writing has ever failed. */
    public int flush()
    {
        flusher.checkFailure();
        int workCount = supply.adoptSealed();
        if (scrub.isIdle())
        {
            scrub.begin(segments, segmentCount);
        }
        if (queue.submit(position(), tail.index()))
        {
            workCount++;
            if (Durability.BATCH != durability)
            {
                write();
                queue.complete(queue.submitted());
            }
        }
        return workCount;
    }

    /** CRC32C of the frame of an entry that is held, or of the one before the first. */
    public int frameCrcAt(final long index)
    {
        Invariant.check(index >= firstIndex() - 1 && index <= tail.index(), "an entry that is known", index);
        if (index == tail.index())
        {
            return tail.crc();
        }
        if (index < firstIndex())
        {
            SegmentHeader.before(segments[0].buffer(), link);
            return link.crc();
        }
        final LogSegment segment = segmentOf(index);
        return EntryFrame.crc(segment.buffer(), segment.positionOf(index));
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
        while (gone < segmentCount - 1 && segments[gone].lastIndex() < index && !segments[gone].isWritable() &&
            supply.delete(segments[gone]))
        {
            gone++;
        }
        if (gone > 0)
        {
            segmentCount -= gone;
            System.arraycopy(segments, gone, segments, 0, segmentCount);
            Arrays.fill(segments, segmentCount, segmentCount + gone, null);
            generation++;
            if (damagedIndex() < firstIndex())
            {
                onRepaired();
            }
        }
        return firstIndex();
    }

    /**
     * Replaces the log by a snapshot; durable on return. First everything is cut, then the one segment that is left
     * gets another beginning, in a single sector. What a crash leaves is the old log, a prefix of it, an empty one, or
     * the new one: whoever has the snapshot resets it again.
     *
     * @param index of the last entry in the snapshot, and the rest of what is known of that entry.
     */
    public void resetTo(
        final long index, final long term, final long token, final long clusterTimeNs, final int frameCrc)
    {
        if (null != detached)
        {
            setAsideDetached();
        }
        flusher.pause();
        flusher.checkFailure();
        write();
        scrub.reset();
        damagedIndex = 0;
        try
        {
            if (tail.index() >= firstIndex())
            {
                cut(firstIndex());
            }
            tail.set(index, term, token, clusterTimeNs, frameCrc);
            active.begin(index + 1, active.basePosition());
            SegmentHeader.put(
                crc, active.buffer(), active.sequence(), config.logId(), index + 1, tail, active.length());
            terms.reset(index, term);
            commitIndex = index;
            writer.reset(active, active.end(), index, true);
            writer.forceMark(0, index);
            queue.reset(position(), index);
            generation++;
        }
        catch (final Throwable thrown)
        {
            flusher.onFailure(thrown);
            throw thrown;
        }
        flusher.resume();
    }

    private long position()
    {
        return active.basePosition() + active.end();
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
                flusher.checkFailure();
                write();
                forceUnforced();
                writer.forceMark(DurableMark.CLEAN, commitIndex);
            }
            finally
            {
                release();
            }
        }
    }

    /** With ASYNC nothing that came since the log was opened has been forced, sealed or not, nor has any name. */
    private void forceUnforced()
    {
        if (Durability.ASYNC != durability)
        {
            return;
        }
        for (int i = 0; i < segmentCount; i++)
        {
            if (segments[i].sequence() >= unforcedFrom)
            {
                segments[i].file().force();
            }
        }
        storage.forceDirectory();
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
        for (int i = 0; i < segmentCount; i++)
        {
            CloseHelper.quietClose(segments[i].file());
        }
    }
}
