package io.ukehi.log;

import io.ukehi.Crc32c;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads runs of entries of sealed segments, and believes none of them: what lay on a disk for months is checked again
 * before it is given to anybody. Finds its way through damage without stumbling over it. Duty-cycle thread; allocates
 * nothing.
 */
final class SealedReader
{
    private final Crc32c crc = new Crc32c();
    private int begin;
    private int end;
    private int count;
    private long damagedIndex;

    /**
     * Reads a run: {@link #begin()}, {@link #end()} and {@link #count()} say which.
     *
     * @param segment     that holds the entry.
     * @param fromIndex   first entry wanted.
     * @param toIndex     last entry wanted, in this segment.
     * @param maxBytes    bound on the run, but for its first entry.
     * @param continuedAt where the first entry begins, if that is known; -1 otherwise.
     * @return false if the first entry cannot be read, {@link #damagedIndex()} being the one in the way.
     */
    boolean read(
        final LogSegment segment, final long fromIndex, final long toIndex, final int maxBytes, final int continuedAt)
    {
        begin = continuedAt >= 0 ? continuedAt : locate(segment, fromIndex);
        if (begin < 0)
        {
            return false;
        }
        final UnsafeBuffer buffer = segment.buffer();
        end = begin;
        count = 0;
        int previousCrc = 0;
        for (long index = fromIndex; index <= toIndex; index++)
        {
            if (!isEntry(segment, end, index) || (count > 0 && EntryFrame.previousCrc(buffer, end) != previousCrc))
            {
                damagedIndex = index;
                return count > 0;
            }
            final int after = end + BitUtil.align(EntryFrame.length(buffer, end), EntryFrame.ALIGNMENT);
            if (count > 0 && after - begin > maxBytes)
            {
                return true;
            }
            previousCrc = EntryFrame.crc(buffer, end);
            end = after;
            count++;
        }
        return true;
    }

    /** Where an entry begins; -1 if one before it is damaged, which {@link #damagedIndex()} then is. */
    int locate(final LogSegment segment, final long index)
    {
        final UnsafeBuffer buffer = segment.buffer();
        int position = segment.knownPosition(index);
        for (long at = segment.knownIndex(index); at < index; at++)
        {
            final int length = EntryFrame.length(buffer, position);
            if (EntryFrame.index(buffer, position) != at || length < EntryFrame.HEADER_LENGTH ||
                length > segment.end() - position - EntryFrame.HEADER_LENGTH)
            {
                damagedIndex = firstDamaged(segment, index);
                return -1;
            }
            position += BitUtil.align(length, EntryFrame.ALIGNMENT);
        }
        return position;
    }

    private long firstDamaged(final LogSegment segment, final long index)
    {
        int position = segment.knownPosition(index);
        long at = segment.knownIndex(index);
        while (isEntry(segment, position, at))
        {
            position += BitUtil.align(EntryFrame.length(segment.buffer(), position), EntryFrame.ALIGNMENT);
            at++;
        }
        return at;
    }

    /** The last entry of a run of damaged ones; the segment's last, if nothing intact is found behind. */
    long lastDamaged(final LogSegment segment, final long firstDamaged)
    {
        final int from = locate(segment, firstDamaged);
        for (int at = Math.max(from, SegmentHeader.LENGTH) + EntryFrame.ALIGNMENT;
            at <= segment.end() - EntryFrame.HEADER_LENGTH; at += EntryFrame.ALIGNMENT)
        {
            final long index = EntryFrame.index(segment.buffer(), at);
            if (index > firstDamaged && index <= segment.lastIndex() && isEntry(segment, at, index))
            {
                return index - 1;
            }
        }
        return segment.lastIndex();
    }

    /** Whether an entry stands intact at a position. */
    boolean isEntry(final LogSegment segment, final int position, final long index)
    {
        return EntryFrame.isIntact(crc, segment.buffer(), position, segment.end() - position) &&
            EntryFrame.index(segment.buffer(), position) == index;
    }

    int begin()
    {
        return begin;
    }

    int end()
    {
        return end;
    }

    int count()
    {
        return count;
    }

    /** The entry that could not be read last. */
    long damagedIndex()
    {
        return damagedIndex;
    }
}
