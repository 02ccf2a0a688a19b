package io.ukehi.log;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Crc32c;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * The records of the earlier implementation's segment files, to be read only. Little-endian, packed one behind the
 * other, without alignment and without preallocation: the file ends behind the last record.
 * <pre>
 *  file    0               4               8              12
 *         +---------------+---------------+---------------+-----
 *         |  magic   u32  |  version u32  |segment id u32 | records
 *         +---------------+---------------+---------------+-----
 *  record  0               4               12              20              24        24+N           32+N
 *         +---------------+---------------+---------------+---------------+---------+--------------+----------+
 *    v2   | 32 + N    u32 |  term    u64  |  index   u64  | N        u32  | command | token   u64  | CRC  u32 |
 *         +---------------+---------------+---------------+---------------+---------+----------+---+----------+
 *    v1   | 24 + N    u32 |  term    u64  |  index   u64  | N        u32  | command | CRC  u32 |
 *         +---------------+---------------+---------------+---------------+---------+----------+
 * </pre>
 * The CRC is CRC-32 as of IEEE 802.3, of everything before it but the record's own length. That length is therefore
 * compared with N, which the checksum does cover: no flipped bit changes both.
 */
final class OlderFrame
{
    static final int FILE_HEADER_LENGTH = 12;

    private static final int VERSION_OFFSET = 4;
    private static final int SEGMENT_ID_OFFSET = 8;
    private static final int TERM_OFFSET = 4;
    private static final int INDEX_OFFSET = 12;
    private static final int COMMAND_LENGTH_OFFSET = 20;
    private static final int COMMAND_OFFSET = 24;
    private static final int CRC_LENGTH = 4;

    private final CRC32 crc = new CRC32();
    private final UnsafeBuffer header = new UnsafeBuffer(new byte[EntryFrame.HEADER_LENGTH]);
    private final DirectBuffer file;
    private final int trailerLength;

    OlderFrame(final WalFormat format, final DirectBuffer file)
    {
        this.file = file;
        this.trailerLength = (WalFormat.OLDER_V2 == format ? Long.BYTES : 0) + CRC_LENGTH;
    }

    static int magic(final DirectBuffer file)
    {
        return file.getInt(0, LITTLE_ENDIAN);
    }

    static int version(final DirectBuffer file)
    {
        return file.getInt(VERSION_OFFSET, LITTLE_ENDIAN);
    }

    static long segmentId(final DirectBuffer file)
    {
        return Integer.toUnsignedLong(file.getInt(SEGMENT_ID_OFFSET, LITTLE_ENDIAN));
    }

    /** Bytes from a record's beginning up to the end of N, without which nothing can be told of it. */
    static int headerLength()
    {
        return COMMAND_OFFSET;
    }

    /** Bytes of a whole record by the length it begins with. */
    long lengthByRecord(final int at)
    {
        return Integer.BYTES + Integer.toUnsignedLong(file.getInt(at, LITTLE_ENDIAN));
    }

    /** Bytes of a whole record by the length of its command, which the checksum covers. */
    long lengthByCommand(final int at)
    {
        return COMMAND_OFFSET + trailerLength +
            Integer.toUnsignedLong(file.getInt(at + COMMAND_LENGTH_OFFSET, LITTLE_ENDIAN));
    }

    /** Whether a whole record stands at an offset: both lengths agree and fit, and the checksum holds. */
    boolean isIntact(final int at)
    {
        return hasLengths(at) && crcFound(at) == crcExpected(at);
    }

    /** Whether both lengths of a record agree, and the file holds all of it. */
    boolean hasLengths(final int at)
    {
        return file.capacity() - at >= COMMAND_OFFSET + trailerLength &&
            lengthByRecord(at) == lengthByCommand(at) && lengthByCommand(at) <= file.capacity() - at;
    }

    int length(final int at)
    {
        return (int)lengthByCommand(at);
    }

    int crcFound(final int at)
    {
        return file.getInt(at + length(at) - CRC_LENGTH, LITTLE_ENDIAN);
    }

    int crcExpected(final int at)
    {
        return computeCrc(crc, file, at + TERM_OFFSET, length(at) - TERM_OFFSET - CRC_LENGTH);
    }

    /** The checksum that the record's frame has: native, of type {@link WalEntry#TYPE_OF_OLDER}, time 0. */
    int chain(final Crc32c crc32c, final int at, final int previousCrc)
    {
        final int length = commandLength(at);
        EntryFrame.putHeader(
            header, 0, length, term(at), index(at), token(at), 0, WalEntry.TYPE_OF_OLDER, previousCrc);
        final int covered = EntryFrame.CRC_OFFSET + Integer.BYTES;
        return crc32c.reset()
            .update(header, 0, EntryFrame.CRC_OFFSET)
            .update(header, covered, EntryFrame.HEADER_LENGTH - covered)
            .update(file, commandOffset(at), length)
            .value();
    }

    /** CRC-32 of a range. */
    static int computeCrc(final CRC32 crc, final DirectBuffer buffer, final int offset, final int length)
    {
        crc.reset();
        final byte[] array = buffer.byteArray();
        if (null != array)
        {
            crc.update(array, buffer.wrapAdjustment() + offset, length);
        }
        else
        {
            final int from = buffer.wrapAdjustment() + offset;
            final ByteBuffer bytes = buffer.byteBuffer().duplicate();
            crc.update(bytes.limit(from + length).position(from));
        }
        return (int)crc.getValue();
    }

    long term(final int at)
    {
        return file.getLong(at + TERM_OFFSET, LITTLE_ENDIAN);
    }

    long index(final int at)
    {
        return file.getLong(at + INDEX_OFFSET, LITTLE_ENDIAN);
    }

    /** 0 in v1. */
    long token(final int at)
    {
        return CRC_LENGTH == trailerLength ? 0 : file.getLong(at + length(at) - trailerLength, LITTLE_ENDIAN);
    }

    int commandOffset(final int at)
    {
        return at + COMMAND_OFFSET;
    }

    int commandLength(final int at)
    {
        return file.getInt(at + COMMAND_LENGTH_OFFSET, LITTLE_ENDIAN);
    }
}
