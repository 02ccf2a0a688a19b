package io.ukehi.log;

import io.ukehi.CoverageMark;
import io.ukehi.Invariant;
import org.agrona.concurrent.NanoClock;

/**
 * Puts what was appended into the files and forces it, in the order of the log: a segment is durable to its end before
 * the first byte of the next one is written, so that damage in any segment but the last is never the work of a crash.
 * <p>
 * Used by one thread at a time: the flusher's ({@link Durability#BATCH}), or the duty cycle's.
 */
final class SegmentWriter
{
    private final DurableMark mark;
    private final NanoClock clock;
    private final ForceTime forceTime = new ForceTime();
    private final long bootId;
    /** What every mark says: {@link DurableMark#UNFORCED} or 0. */
    private final int flags;
    private LogSegment segment;
    private int offset;
    private boolean isHeaderDue;
    private long durableIndex;
    /** What marks go on vouching for in this segment, behind damage that is being repaired. */
    private int vouchedPosition;
    private long vouchedIndex;
    /** Of {@link #segment}, for another thread: everything before it is in its file. */
    private volatile long sequence;

    SegmentWriter(final DurableMark mark, final LogConfig config, final NanoClock clock)
    {
        this.clock = clock;
        this.mark = mark;
        this.bootId = config.bootId();
        this.flags = config.markFlags();
    }

    /**
     * Goes on in a segment.
     *
     * @param newSegment to write to.
     * @param newOffset  up to which it is durable.
     * @param index      up to which the log is durable.
     * @param isFresh    whether the segment's header has to be written yet.
     */
    void reset(final LogSegment newSegment, final int newOffset, final long index, final boolean isFresh)
    {
        segment = newSegment;
        sequence = newSegment.sequence();
        offset = newOffset;
        durableIndex = index;
        isHeaderDue = isFresh;
        vouchedPosition = 0;
        vouchedIndex = 0;
    }

    /**
     * Goes on in a segment behind whose end lies what was damaged, or follows damage, and may be joined again. Marks go
     * on saying that it was durable: it would be taken for a torn tail otherwise.
     */
    void resetBeforeDamage(final LogSegment newSegment, final int newOffset, final long index)
    {
        final DurableMark note = new DurableMark();
        reset(newSegment, newOffset, index, false);
        if (note.read(newSegment.buffer()))
        {
            vouchedPosition = note.durablePosition();
            vouchedIndex = note.durableIndex();
        }
    }

    /** Makes everything up to a position durable, which is the end of the entry with this index. */
    void writeTo(final long position, final long index, final long commitIndex)
    {
        LogSegment next = segment.next();
        while (null != next && position > next.basePosition())
        {
            CoverageMark.FLUSH_ACROSS_SEGMENTS.hit();
            finish(commitIndex);
            segment = next;
            sequence = next.sequence();
            offset = SegmentHeader.LENGTH;
            Invariant.check(0 == vouchedPosition, "nothing is left behind in a segment that is full", sequence);
            isHeaderDue = true;
            next = segment.next();
        }
        write((int)(position - segment.basePosition()), index, commitIndex);
    }

    /**
     * Ends a segment with zeros, written once more. They are there already, unless a cut of an earlier process had
     * written them and its force failed: then they were in the page cache alone, where that process and its successor
     * read them, and what they should have replaced would be found one day behind the end, and be taken for damage.
     */
    private void finish(final long commitIndex)
    {
        final int end = segment.end();
        final int rest = segment.length() - end;
        if (rest > 0)
        {
            segment.buffer().setMemory(end, rest, (byte)0);
            segment.file().write(end, rest);
        }
        if (end > offset)
        {
            write(end, segment.lastIndex(), commitIndex);
        }
        else if (rest > 0)
        {
            segment.file().force();
        }
    }

    private void write(final int end, final long index, final long commitIndex)
    {
        Invariant.check(end >= offset && end <= segment.length(), "what is written lies in the segment", end, offset);
        if (end == offset)
        {
            return;
        }
        putMark(0, commitIndex);
        forceTime.begin(clock.nanoTime());
        segment.file().write(offset, end - offset);
        segment.file().force();
        forceTime.end(clock.nanoTime());
        offset = end;
        durableIndex = index;
    }

    /**
     * No more is called committed than durable: the mark may survive a batch that does not, and what then stands at the
     * end of the log need not be what was committed there.
     */
    private void putMark(final int newFlags, final long commitIndex)
    {
        final int sector = put(flags | newFlags, Math.min(commitIndex, durableIndex));
        if (isHeaderDue)
        {
            segment.file().write(0, SegmentHeader.LENGTH);
            isHeaderDue = false;
        }
        else
        {
            segment.file().write(sector, SegmentHeader.SECTOR_LENGTH);
        }
    }

    private int put(final int newFlags, final long commitIndex)
    {
        return mark.put(segment.buffer(), newFlags, Math.max(durableIndex, vouchedIndex),
            Math.max(offset, vouchedPosition), commitIndex, bootId);
    }

    /** Notes durably how far the log is durable, as far as this writer knows; with {@link DurableMark#CLEAN} or 0. */
    void forceMark(final int newFlags, final long commitIndex)
    {
        putMark(newFlags, commitIndex);
        segment.file().force();
    }

    /** Notes that what was stored counts as durable, without making it so: {@link Durability#ASYNC}. */
    void passTo(final LogSegment current, final long index, final long commitIndex)
    {
        if (segment != current)
        {
            segment = current;
            sequence = current.sequence();
        }
        offset = current.end();
        durableIndex = index;
        put(flags, commitIndex);
    }

    /** How long the disk takes. */
    ForceTime forceTime()
    {
        return forceTime;
    }

    long sequence()
    {
        return sequence;
    }

    int offset()
    {
        return offset;
    }

    long durableIndex()
    {
        return durableIndex;
    }
}
