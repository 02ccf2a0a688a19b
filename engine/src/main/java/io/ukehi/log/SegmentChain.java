package io.ukehi.log;

import java.util.Arrays;
import org.agrona.CloseHelper;

/**
 * The segments of an open log, the oldest first; the last is the active one, which is written to. Never empty. Entries
 * follow from one to the next without a gap. Duty-cycle thread; allocates when a segment is added, and only then.
 */
final class SegmentChain
{
    private LogSegment[] segments;
    private int count;
    private LogSegment active;
    /** Changes whenever what was read before may lie elsewhere now. */
    private long generation;

    SegmentChain(final LogSegment[] recovered)
    {
        segments = recovered;
        count = recovered.length;
        active = segments[count - 1];
    }

    LogSegment active()
    {
        return active;
    }

    LogSegment first()
    {
        return segments[0];
    }

    /** By its place, from 0 on. */
    LogSegment get(final int place)
    {
        return segments[place];
    }

    int count()
    {
        return count;
    }

    long generation()
    {
        return generation;
    }

    /** What was read before may lie elsewhere now. */
    void onChanged()
    {
        generation++;
    }

    /** End of what was appended, as a position in the log as a whole. */
    long position()
    {
        return active.basePosition() + active.end();
    }

    LogSegment holding(final long index)
    {
        return index >= active.firstIndex() ? active : segments[placeOf(index)];
    }

    /** The place of the segment that holds an entry: of those that begin up to there, the last. */
    int placeOf(final long index)
    {
        int low = 0;
        int high = count - 1;
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

    /** Adds a segment, which is the active one from now on. */
    void add(final LogSegment segment)
    {
        if (count == segments.length)
        {
            segments = Arrays.copyOf(segments, count * 2);
        }
        segments[count++] = segment;
        active = segment;
    }

    /** Removes the newest segment; not the only one. Its file is the caller's to close. */
    LogSegment removeLast()
    {
        final LogSegment last = segments[--count];
        segments[count] = null;
        active = segments[count - 1];
        active.next(null);
        return last;
    }

    /** Puts another segment with the same first entry in the place of the newest. */
    void replaceLast(final LogSegment segment)
    {
        segments[count - 1] = segment;
        active = segment;
    }

    /** Removes the oldest segments, not all. Their files are the caller's to close. */
    void removeFirst(final int number)
    {
        count -= number;
        System.arraycopy(segments, number, segments, 0, count);
        Arrays.fill(segments, count, count + number, null);
        onChanged();
    }

    /** Closes all files; idempotent. */
    void close()
    {
        for (int i = 0; i < count; i++)
        {
            CloseHelper.quietClose(segments[i].file());
        }
    }
}
