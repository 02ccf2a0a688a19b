package io.ukehi.log;

import io.ukehi.Invariant;
import java.util.Arrays;
import java.util.Locale;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One file of the log: header, frames one behind the other, zeros. Knows where every 1024th of its entries begins: who
 * reads on where it has read before does not ask, and who does has frames enough to walk over.
 * <p>
 * Written by the duty-cycle thread alone. What is written behind {@link #end()} is nobody's business yet; what lies
 * before it never changes until it is cut, so that the flusher may read it once it has been told of it.
 */
final class LogSegment
{
    private static final int SPARSE_SHIFT = 10;
    private static final long SPARSE_MASK = (1 << SPARSE_SHIFT) - 1;
    private static final int INITIAL_POSITIONS = 16;
    private static final String PREFIX = "wal-";
    private static final String SUFFIX = ".seg";

    private final long sequence;
    private final int length;
    /** Null unless the file is in a format of the earlier implementation. */
    private final OlderRecords older;
    private StorageFile file;
    private UnsafeBuffer buffer;
    private boolean isWritable;
    private int[] positions;
    private long firstIndex;
    private long lastIndex;
    private int end;
    private long basePosition;
    /** Set by the duty-cycle thread before it submits anything that lies there; followed by the writer. */
    private volatile LogSegment next;

    LogSegment(final long sequence, final StorageFile file, final boolean isWritable)
    {
        this(sequence, file, isWritable, null);
    }

    private LogSegment(
        final long sequence, final StorageFile file, final boolean isWritable, final OlderRecords older)
    {
        this.sequence = sequence;
        this.older = older;
        this.length = file.length();
        this.positions = new int[INITIAL_POSITIONS];
        attach(file, isWritable);
    }

    /** A segment as it is found: of an older format, where its file is. */
    static LogSegment found(final SegmentScan scan)
    {
        return new LogSegment(scan.sequence(), scan.file(), false, !scan.format().isOlder() ? null :
            new OlderRecords(scan.format(), scan.file().buffer()));
    }

    static String fileName(final long sequence)
    {
        return String.format(Locale.ROOT, "%s%08d%s", PREFIX, sequence, SUFFIX);
    }

    /** The sequence in a file's name, -1 if it is not a segment's name. */
    static long sequenceOf(final String fileName)
    {
        if (!fileName.startsWith(PREFIX) || !fileName.endsWith(SUFFIX))
        {
            return -1;
        }
        final String digits = fileName.substring(PREFIX.length(), fileName.length() - SUFFIX.length());
        if (digits.length() < 8 || digits.length() > 18 || !digits.chars().allMatch(c -> c >= '0' && c <= '9'))
        {
            return -1;
        }
        return Long.parseLong(digits);
    }

    /** Begins to hold entries. */
    void begin(final long newFirstIndex, final long newBasePosition)
    {
        firstIndex = newFirstIndex;
        lastIndex = newFirstIndex - 1;
        basePosition = newBasePosition;
        end = null == older ? SegmentHeader.LENGTH : OlderFrame.FILE_HEADER_LENGTH;
    }

    /** Sets a tail to the entry before the first. */
    void before(final LogTail tail)
    {
        if (null == older)
        {
            SegmentHeader.before(buffer, tail);
        }
        else
        {
            older.before(tail);
        }
    }

    /** CRC32C of the frame of an entry. */
    int frameCrcAt(final long index)
    {
        return null == older ? EntryFrame.crc(buffer, positionOf(index)) : older.frameCrcAt(index);
    }

    /** Exchanges the mapping below; the bytes are the same. Returns the old one, which is the caller's to close. */
    StorageFile attach(final StorageFile newFile, final boolean writable)
    {
        final StorageFile old = file;
        file = newFile;
        buffer = newFile.buffer();
        isWritable = writable;
        return old;
    }

    /** Counts a frame that was put at {@link #end()}. */
    void onAppended(final int alignedLength)
    {
        lastIndex++;
        final long ordinal = lastIndex - firstIndex;
        if (0 == (ordinal & SPARSE_MASK))
        {
            final int i = (int)(ordinal >> SPARSE_SHIFT);
            if (i == positions.length)
            {
                positions = Arrays.copyOf(positions, 2 * i);
            }
            positions[i] = end;
        }
        end += alignedLength;
    }

    /** Where an entry's frame begins; {@link #end()} for the one after the last. */
    int positionOf(final long index)
    {
        Invariant.check(index >= firstIndex && index <= lastIndex + 1, "an index of this segment", index, firstIndex);
        if (index == lastIndex + 1)
        {
            return end;
        }
        int position = knownPosition(index);
        for (long left = index - knownIndex(index); left > 0; left--)
        {
            position = after(position);
        }
        Invariant.check(EntryFrame.index(buffer, position) == index, "the frame at its place", index, position);
        return position;
    }

    /** The last entry up to a given one of which it is known where it begins. */
    long knownIndex(final long index)
    {
        return firstIndex + (index - firstIndex & ~SPARSE_MASK);
    }

    /** Where the frame of {@link #knownIndex} begins. */
    int knownPosition(final long index)
    {
        return positions[(int)(index - firstIndex >> SPARSE_SHIFT)];
    }

    /** Where the frame behind the one at a position begins. */
    int after(final int position)
    {
        return position + BitUtil.align(EntryFrame.length(buffer, position), EntryFrame.ALIGNMENT);
    }

    /** Forgets an entry and all after it, and overwrites them with zeros in the mapping. Returns how many bytes. */
    int cut(final long index, final int newEnd)
    {
        final int oldEnd = end;
        end = newEnd;
        lastIndex = index - 1;
        buffer.setMemory(end, oldEnd - end, (byte)0);
        return oldEnd - end;
    }

    /** Bytes from {@link #end()} to the last that is not zero. */
    int usedBehindEnd()
    {
        int last = length;
        while (last > end && 0 == buffer.getByte(last - 1))
        {
            last--;
        }
        return last - end;
    }

    long sequence()
    {
        return sequence;
    }

    int length()
    {
        return length;
    }

    StorageFile file()
    {
        return file;
    }

    UnsafeBuffer buffer()
    {
        return buffer;
    }

    /** Whether the file is in a format of the earlier implementation: then it is read by {@link #older()} alone. */
    boolean isOlder()
    {
        return null != older;
    }

    OlderRecords older()
    {
        return older;
    }

    boolean isWritable()
    {
        return isWritable;
    }

    long firstIndex()
    {
        return firstIndex;
    }

    /** {@code firstIndex() - 1} if there are none. */
    long lastIndex()
    {
        return lastIndex;
    }

    /** Where the next frame goes. */
    int end()
    {
        return end;
    }

    int remaining()
    {
        return length - end;
    }

    /** Position of the segment's first byte in the log as a whole; for comparison only, and only while it is open. */
    long basePosition()
    {
        return basePosition;
    }

    LogSegment next()
    {
        return next;
    }

    void next(final LogSegment segment)
    {
        next = segment;
    }
}
