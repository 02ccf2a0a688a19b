package io.ukehi.log;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Crc32c;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A node's own note of how far its log was durable: what tells, after a crash, a torn tail (never reported durable to
 * anybody) from damage to something that was. It lies in the header of the newest segment, in one of two sectors in
 * turn, and is written along with the next batch, so that it costs no force of its own. Never replicated.
 * <pre>
 *   0               8       12      16              24              32
 *  +---------------+-------+-------+---------------+---------------+
 *  |   number i64  |CRC i32|flg i32|durable index  | durable pos.  |
 *  +---------------+-------+-------+---------------+---------------+
 *  | commit index  |  boot id hash |   zeros up to 512             |
 *  +---------------+---------------+-------------------------------+
 * </pre>
 * The mark with the higher number counts. <b>durable position</b> is an offset within the segment. Flag 1: the log was
 * closed in order, everything in it is durable. Flag 2: "durable" means no more than passed to the operating system
 * ({@link Durability#ASYNC}), and is only to be believed while the machine runs. The CRC32C covers the whole sector
 * without itself.
 */
final class DurableMark
{
    static final int CLEAN = 1;
    static final int UNFORCED = 2;
    private static final int NUMBER_OFFSET = 0;
    private static final int CRC_OFFSET = 8;
    private static final int FLAGS_OFFSET = 12;
    private static final int INDEX_OFFSET = 16;
    private static final int POSITION_OFFSET = 24;
    private static final int COMMIT_OFFSET = 32;
    private static final int BOOT_OFFSET = 40;

    private final Crc32c crc = new Crc32c();
    /**
     * A mark is made up here and then copied: to sum it where it goes would move the position of the segment's
     * ByteBuffer, in which the duty cycle sums a frame at the same time.
     */
    private final UnsafeBuffer sector = new UnsafeBuffer(new byte[SegmentHeader.SECTOR_LENGTH]);
    private long number;
    private int flags;
    private long durableIndex;
    private int durablePosition;
    private long commitIndex;
    private long bootId;

    /** Writes the next mark into a segment's header; returns the offset of the sector it went to. */
    int put(
        final MutableDirectBuffer segment,
        final int newFlags,
        final long newIndex,
        final int newPosition,
        final long newCommitIndex,
        final long newBootId)
    {
        number++;
        flags = newFlags;
        durableIndex = newIndex;
        durablePosition = newPosition;
        commitIndex = newCommitIndex;
        bootId = newBootId;
        sector.putLong(NUMBER_OFFSET, number, LITTLE_ENDIAN);
        sector.putInt(FLAGS_OFFSET, flags, LITTLE_ENDIAN);
        sector.putLong(INDEX_OFFSET, durableIndex, LITTLE_ENDIAN);
        sector.putLong(POSITION_OFFSET, durablePosition, LITTLE_ENDIAN);
        sector.putLong(COMMIT_OFFSET, commitIndex, LITTLE_ENDIAN);
        sector.putLong(BOOT_OFFSET, bootId, LITTLE_ENDIAN);
        sector.putInt(CRC_OFFSET, computeCrc(sector, 0), LITTLE_ENDIAN);
        final int offset = offset(number);
        segment.putBytes(offset, sector, 0, SegmentHeader.SECTOR_LENGTH);
        return offset;
    }

    /**
     * Reads the newest sound mark of a segment; false if there is none, and then nothing changes. Marks to come are
     * numbered above all that were ever read: one that a cut left in an older segment may have a higher number than
     * those of the newest, and must not outlive a later mark beside it.
     */
    boolean read(final DirectBuffer segment)
    {
        final boolean even = isSound(segment, offset(0));
        final boolean odd = isSound(segment, offset(1));
        if (!even && !odd)
        {
            return false;
        }
        final long evenNumber = segment.getLong(offset(0), LITTLE_ENDIAN);
        final long oddNumber = segment.getLong(offset(1), LITTLE_ENDIAN);
        final int offset = even && (!odd || evenNumber > oddNumber) ? offset(0) : offset(1);
        number = Math.max(number, segment.getLong(offset + NUMBER_OFFSET, LITTLE_ENDIAN));
        flags = segment.getInt(offset + FLAGS_OFFSET, LITTLE_ENDIAN);
        durableIndex = segment.getLong(offset + INDEX_OFFSET, LITTLE_ENDIAN);
        durablePosition = (int)segment.getLong(offset + POSITION_OFFSET, LITTLE_ENDIAN);
        commitIndex = segment.getLong(offset + COMMIT_OFFSET, LITTLE_ENDIAN);
        bootId = segment.getLong(offset + BOOT_OFFSET, LITTLE_ENDIAN);
        return true;
    }

    /** Whether each of a segment's two marks is sound or was never written. */
    boolean areSoundOrUnwritten(final DirectBuffer segment)
    {
        return isSoundOrUnwritten(segment, offset(0)) && isSoundOrUnwritten(segment, offset(1));
    }

    private boolean isSoundOrUnwritten(final DirectBuffer segment, final int offset)
    {
        return isSound(segment, offset) || EntryFrame.isZero(segment, offset, SegmentHeader.SECTOR_LENGTH);
    }

    private boolean isSound(final DirectBuffer segment, final int offset)
    {
        return 0 != segment.getLong(offset + NUMBER_OFFSET, LITTLE_ENDIAN) &&
            segment.getInt(offset + CRC_OFFSET, LITTLE_ENDIAN) == computeCrc(segment, offset);
    }

    private int computeCrc(final DirectBuffer segment, final int offset)
    {
        return crc.reset()
            .update(segment, offset, CRC_OFFSET)
            .update(segment, offset + FLAGS_OFFSET, SegmentHeader.SECTOR_LENGTH - FLAGS_OFFSET)
            .value();
    }

    private static int offset(final long number)
    {
        return 0 == (number & 1) ? SegmentHeader.SECTOR_LENGTH : 2 * SegmentHeader.SECTOR_LENGTH;
    }

    boolean isClean()
    {
        return 0 != (flags & CLEAN);
    }

    boolean isUnforced()
    {
        return 0 != (flags & UNFORCED);
    }

    long durableIndex()
    {
        return durableIndex;
    }

    int durablePosition()
    {
        return durablePosition;
    }

    long commitIndex()
    {
        return commitIndex;
    }

    long bootId()
    {
        return bootId;
    }
}
