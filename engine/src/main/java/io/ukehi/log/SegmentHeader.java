package io.ukehi.log;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Crc32c;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The first 4096 bytes of a segment. Three sectors of 512 bytes are in use; each is written alone and may be torn only
 * between them.
 * <pre>
 *    0  +--------------+--------------+--------------+--------------+
 *       | magic    i32 | version  i32 | header   i32 | CRC32C   i32 |   identity
 *   16  +--------------+--------------+--------------+--------------+
 *       |         sequence  i64       |          log id  i64        |
 *   32  +-----------------------------+-----------------------------+
 *       |       first index  i64      |      term before  i64       |
 *   48  +-----------------------------+-----------------------------+
 *       |      token before  i64      |      time before  i64       |
 *   64  +--------------+--------------+-----------------------------+
 *       | CRC bef. i32 | length   i32 |  zeros up to 512            |
 *  512  +--------------+--------------+-----------------------------+
 *       |  durable mark, even sequence                              |   see {@link DurableMark}
 * 1024  +-----------------------------------------------------------+
 *       |  durable mark, odd sequence                               |
 * 1536  +-----------------------------------------------------------+
 *       |  zeros up to 4096                                         |
 * </pre>
 * "Before" is the entry with the index {@code first index - 1}, which lies in the segment before or nowhere any more.
 * The CRC32C covers the identity's 512 bytes without itself. A segment whose identity is all zeros was prepared and
 * never used.
 */
public final class SegmentHeader
{
    /** "WAL2". */
    public static final int MAGIC = 0x57414C32;

    public static final int VERSION = 2;

    /** Where the first frame begins, in bytes. */
    public static final int LENGTH = 4096;

    static final int SECTOR_LENGTH = 512;

    private static final int MAGIC_OFFSET = 0;
    private static final int VERSION_OFFSET = 4;
    private static final int HEADER_LENGTH_OFFSET = 8;
    private static final int CRC_OFFSET = 12;
    private static final int SEQUENCE_OFFSET = 16;
    private static final int LOG_ID_OFFSET = 24;
    private static final int FIRST_INDEX_OFFSET = 32;
    private static final int TERM_BEFORE_OFFSET = 40;
    private static final int TOKEN_BEFORE_OFFSET = 48;
    private static final int TIME_BEFORE_OFFSET = 56;
    private static final int CRC_BEFORE_OFFSET = 64;
    private static final int SEGMENT_LENGTH_OFFSET = 68;
    private static final int PADDING_OFFSET = 72;

    private SegmentHeader()
    {
    }

    static void put(
        final Crc32c crc,
        final MutableDirectBuffer buffer,
        final long sequence,
        final long logId,
        final long firstIndex,
        final LogTail before,
        final int segmentLength)
    {
        buffer.putInt(MAGIC_OFFSET, MAGIC, LITTLE_ENDIAN);
        buffer.putInt(VERSION_OFFSET, VERSION, LITTLE_ENDIAN);
        buffer.putInt(HEADER_LENGTH_OFFSET, LENGTH, LITTLE_ENDIAN);
        buffer.putLong(SEQUENCE_OFFSET, sequence, LITTLE_ENDIAN);
        buffer.putLong(LOG_ID_OFFSET, logId, LITTLE_ENDIAN);
        buffer.putLong(FIRST_INDEX_OFFSET, firstIndex, LITTLE_ENDIAN);
        buffer.putLong(TERM_BEFORE_OFFSET, before.term(), LITTLE_ENDIAN);
        buffer.putLong(TOKEN_BEFORE_OFFSET, before.token(), LITTLE_ENDIAN);
        buffer.putLong(TIME_BEFORE_OFFSET, before.clusterTimeNs(), LITTLE_ENDIAN);
        buffer.putInt(CRC_BEFORE_OFFSET, before.crc(), LITTLE_ENDIAN);
        buffer.putInt(SEGMENT_LENGTH_OFFSET, segmentLength, LITTLE_ENDIAN);
        buffer.putInt(CRC_OFFSET, computeCrc(crc, buffer), LITTLE_ENDIAN);
    }

    private static int computeCrc(final Crc32c crc, final DirectBuffer buffer)
    {
        return crc.reset()
            .update(buffer, 0, CRC_OFFSET)
            .update(buffer, SEQUENCE_OFFSET, SECTOR_LENGTH - SEQUENCE_OFFSET)
            .value();
    }

    /** Whether no identity was ever written. */
    static boolean isUnused(final DirectBuffer buffer)
    {
        return EntryFrame.isZero(buffer, 0, SECTOR_LENGTH);
    }

    /** Whether everything behind the identity's last field is zero, up to the end of its sector. */
    static boolean isPaddingZero(final DirectBuffer buffer)
    {
        return EntryFrame.isZero(buffer, PADDING_OFFSET, SECTOR_LENGTH - PADDING_OFFSET);
    }

    /** Whether everything behind the marks is zero, up to where the first frame begins. */
    static boolean isRestZero(final DirectBuffer buffer)
    {
        return EntryFrame.isZero(buffer, 3 * SECTOR_LENGTH, LENGTH - 3 * SECTOR_LENGTH);
    }

    /**
     * Whether an identity may be one that a process died over while it stored it, the checksum being the last of it:
     * seen only where stores go straight into the file.
     */
    static boolean isHalfPut(final DirectBuffer buffer)
    {
        return 0 == buffer.getInt(CRC_OFFSET, LITTLE_ENDIAN) &&
            isZeroOr(MAGIC, buffer.getInt(MAGIC_OFFSET, LITTLE_ENDIAN)) &&
            isZeroOr(VERSION, buffer.getInt(VERSION_OFFSET, LITTLE_ENDIAN)) &&
            isZeroOr(LENGTH, buffer.getInt(HEADER_LENGTH_OFFSET, LITTLE_ENDIAN));
    }

    private static boolean isZeroOr(final int expected, final int found)
    {
        return 0 == found || expected == found;
    }

    /** What is wrong with an identity; null if nothing is. */
    static String fault(final Crc32c crc, final DirectBuffer buffer)
    {
        final int magic = buffer.getInt(MAGIC_OFFSET, LITTLE_ENDIAN);
        final int version = buffer.getInt(VERSION_OFFSET, LITTLE_ENDIAN);
        if (MAGIC != magic)
        {
            return "magic number is 0x" + Integer.toHexString(magic) + ", not 0x" + Integer.toHexString(MAGIC);
        }
        if (VERSION != version)
        {
            return "format version is " + version + ", this program reads " + VERSION;
        }
        final int expected = computeCrc(crc, buffer);
        final int found = buffer.getInt(CRC_OFFSET, LITTLE_ENDIAN);
        if (expected != found)
        {
            return "CRC32C of the segment's header is 0x" + Integer.toHexString(found) +
                ", computed 0x" + Integer.toHexString(expected);
        }
        if (LENGTH != buffer.getInt(HEADER_LENGTH_OFFSET, LITTLE_ENDIAN))
        {
            return "header length is " + buffer.getInt(HEADER_LENGTH_OFFSET, LITTLE_ENDIAN);
        }
        return null;
    }

    static long sequence(final DirectBuffer buffer)
    {
        return buffer.getLong(SEQUENCE_OFFSET, LITTLE_ENDIAN);
    }

    static long logId(final DirectBuffer buffer)
    {
        return buffer.getLong(LOG_ID_OFFSET, LITTLE_ENDIAN);
    }

    static long firstIndex(final DirectBuffer buffer)
    {
        return buffer.getLong(FIRST_INDEX_OFFSET, LITTLE_ENDIAN);
    }

    static int segmentLength(final DirectBuffer buffer)
    {
        return buffer.getInt(SEGMENT_LENGTH_OFFSET, LITTLE_ENDIAN);
    }

    /** Sets a tail to the entry before the segment's first. */
    static void before(final DirectBuffer buffer, final LogTail tail)
    {
        tail.set(
            firstIndex(buffer) - 1,
            buffer.getLong(TERM_BEFORE_OFFSET, LITTLE_ENDIAN),
            buffer.getLong(TOKEN_BEFORE_OFFSET, LITTLE_ENDIAN),
            buffer.getLong(TIME_BEFORE_OFFSET, LITTLE_ENDIAN),
            buffer.getInt(CRC_BEFORE_OFFSET, LITTLE_ENDIAN));
    }
}
