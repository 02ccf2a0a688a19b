package io.ukehi.log;

import io.ukehi.Crc32c;
import io.ukehi.Invariant;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The records of a segment of the earlier implementation, read as native frames: whoever reads the log sees one log,
 * whatever its files are. The file is never written to.
 * <p>
 * A record is checked by its own checksum whenever it is read, and framed anew in the reader's cursor; the frame is the
 * one that {@link OlderSegmentScan} chains through, and that {@code ukehi wal convert} writes. Since each frame names
 * the checksum of the one before it, a read begins at the nearest of every 64 records of which both are known.
 * <p>
 * Duty-cycle thread. Allocates only where a cursor's room has to grow.
 */
final class OlderRecords
{
    private static final int SPARSE_SHIFT = 6;
    private static final long SPARSE_MASK = (1 << SPARSE_SHIFT) - 1;
    private static final int INITIAL_POSITIONS = 64;

    /** A cursor keeps its room; what is read at once stays small, however much its reader would take. */
    private static final int MAX_RUN_LENGTH = 256 * 1024;

    private final Crc32c crc = new Crc32c();
    private final LogTail before = new LogTail();
    private final OlderFrame frame;
    private final UnsafeBuffer buffer;
    private int[] positions = new int[INITIAL_POSITIONS];
    private int[] crcsBefore = new int[INITIAL_POSITIONS];
    private long firstIndex;
    private long count;
    // Where the record is that was sought, and the checksum of the frame before it.
    private int position;
    private int crcBefore;
    private long damagedIndex;

    OlderRecords(final WalFormat format, final UnsafeBuffer buffer)
    {
        this.frame = new OlderFrame(format, buffer);
        this.buffer = buffer;
    }

    /** Begins behind an entry; 0 for none. */
    void begin(final LogTail entryBefore)
    {
        before.set(entryBefore);
        firstIndex = entryBefore.index() + 1;
        count = 0;
    }

    /** Counts the next record. */
    void onRecord(final int at, final int previousCrc)
    {
        if (0 == (count & SPARSE_MASK))
        {
            final int i = (int)(count >> SPARSE_SHIFT);
            if (i == positions.length)
            {
                positions = Arrays.copyOf(positions, 2 * i);
                crcsBefore = Arrays.copyOf(crcsBefore, 2 * i);
            }
            positions[i] = at;
            crcsBefore[i] = previousCrc;
        }
        count++;
    }

    /** Sets a tail to the entry before the first. */
    void before(final LogTail tail)
    {
        tail.set(before);
    }

    /**
     * Reads a run into a cursor's own room.
     *
     * @param fromIndex first entry wanted, one of this segment.
     * @param toIndex   last entry wanted, of this segment.
     * @param maxBytes  bound on the run, but for its first entry.
     * @return its length in bytes; 0 if the first entry cannot be read, {@link #damagedIndex()} being the one in the
     * way.
     */
    int read(final long fromIndex, final long toIndex, final int maxBytes, final LogCursor cursor)
    {
        int length = 0;
        int read = 0;
        if (seek(fromIndex))
        {
            for (long index = fromIndex; index <= toIndex && isEntry(index); index++)
            {
                final int alignedLength = EntryFrame.alignedLength(frame.commandLength(position));
                if (read > 0 && length + alignedLength > Math.min(maxBytes, MAX_RUN_LENGTH))
                {
                    break;
                }
                putFrame(cursor.room(length + alignedLength), length);
                length += alignedLength;
                read++;
            }
        }
        cursor.wrap(cursor.room(0), 0, length, read);
        return length;
    }

    /** CRC32C of the frame of an entry of this segment. */
    int frameCrcAt(final long index)
    {
        if (!seek(index + 1))
        {
            throw new StorageException("entry " + damagedIndex + ", in a segment of an earlier format, is damaged");
        }
        return crcBefore;
    }

    /** The entry that could not be read last. */
    long damagedIndex()
    {
        return damagedIndex;
    }

    /** Goes to an entry, or behind the last. False if one in the way is damaged. */
    private boolean seek(final long index)
    {
        Invariant.check(index >= firstIndex && index <= firstIndex + count, "an index of this segment", index);
        final long known = Math.min(index - firstIndex, count - 1) & ~SPARSE_MASK;
        position = positions[(int)(known >> SPARSE_SHIFT)];
        crcBefore = crcsBefore[(int)(known >> SPARSE_SHIFT)];
        for (long at = firstIndex + known; at < index; at++)
        {
            if (!isEntry(at))
            {
                return false;
            }
            crcBefore = frame.chain(crc, position, crcBefore);
            position += frame.length(position);
        }
        return true;
    }

    private boolean isEntry(final long index)
    {
        if (position < buffer.capacity() && frame.isIntact(position) && frame.index(position) == index)
        {
            return true;
        }
        damagedIndex = index;
        return false;
    }

    /** Frames the record at the position, and goes on to the next. */
    private void putFrame(final UnsafeBuffer room, final int at)
    {
        final int length = frame.commandLength(position);
        final int end = at + EntryFrame.HEADER_LENGTH + length;
        EntryFrame.putHeader(room, at, length, frame.term(position), frame.index(position), frame.token(position), 0,
            WalEntry.TYPE_OF_OLDER, crcBefore);
        room.putBytes(at + EntryFrame.HEADER_LENGTH, buffer, frame.commandOffset(position), length);
        room.setMemory(end, at + EntryFrame.alignedLength(length) - end, (byte)0);
        crcBefore = EntryFrame.seal(crc, room, at);
        position += frame.length(position);
    }
}
