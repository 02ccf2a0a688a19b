package io.ukehi.snapshot;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Crc32c;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Layout of a chunk: the unit in which a snapshot is written, verified, sent and gone on with.
 * <pre>
 *   0       4       8               16              24      28      32
 *  +-------+-------+---------------+---------------+-------+-------+---------- - -+
 *  | CRC32C|length |   index  i64  |   term  i64   |number | zero  |   payload    |  unused up to chunkLength
 *  +-------+-------+---------------+---------------+-------+-------+---------- - -+
 * </pre>
 * Little-endian. {@code length} is that of the payload, {@code number} counts the chunks of a snapshot from 0. The
 * CRC32C covers everything from 4 to the payload's end; index, term and number are in it, so that a chunk in a wrong
 * place is not taken for a sound one.
 */
public final class SnapshotChunk
{
    /** Bytes before the payload. */
    public static final int HEADER_LENGTH = 32;

    /** Least and greatest length of a chunk, header included; a multiple of {@link #LENGTH_UNIT}. */
    public static final int MIN_LENGTH = 512;

    /** Greatest length of a chunk in bytes. */
    public static final int MAX_LENGTH = 1024 * 1024;

    /** A chunk's length is a multiple of it. */
    public static final int LENGTH_UNIT = 512;

    private static final int LENGTH_OFFSET = 4;
    private static final int INDEX_OFFSET = 8;
    private static final int TERM_OFFSET = 16;
    private static final int NUMBER_OFFSET = 24;
    private static final int RESERVED_OFFSET = 28;

    private SnapshotChunk()
    {
    }

    /** Whether chunks may be of a length. */
    public static boolean isPossibleLength(final int chunkLength)
    {
        return chunkLength >= MIN_LENGTH && chunkLength <= MAX_LENGTH && 0 == chunkLength % LENGTH_UNIT;
    }

    /** Puts the header before a payload that is there already; returns the CRC32C. */
    static int seal(
        final Crc32c crc, final MutableDirectBuffer buffer, final int offset, final int payloadLength,
        final long index, final long term, final int number)
    {
        buffer.putInt(offset + LENGTH_OFFSET, payloadLength, LITTLE_ENDIAN);
        buffer.putLong(offset + INDEX_OFFSET, index, LITTLE_ENDIAN);
        buffer.putLong(offset + TERM_OFFSET, term, LITTLE_ENDIAN);
        buffer.putInt(offset + NUMBER_OFFSET, number, LITTLE_ENDIAN);
        buffer.putInt(offset + RESERVED_OFFSET, 0, LITTLE_ENDIAN);
        final int value = crc.compute(buffer, offset + LENGTH_OFFSET, HEADER_LENGTH - LENGTH_OFFSET + payloadLength);
        buffer.putInt(offset, value, LITTLE_ENDIAN);
        return value;
    }

    /**
     * Whether bytes are a sound chunk of a snapshot.
     *
     * @param length bytes that are there; what lies behind the payload is not looked at.
     */
    public static boolean isSound(
        final Crc32c crc, final DirectBuffer buffer, final int offset, final int length,
        final long index, final long term, final int number)
    {
        if (length < HEADER_LENGTH)
        {
            return false;
        }
        final int payloadLength = payloadLength(buffer, offset);
        return payloadLength >= 0 && payloadLength <= length - HEADER_LENGTH &&
            index == buffer.getLong(offset + INDEX_OFFSET, LITTLE_ENDIAN) &&
            term == buffer.getLong(offset + TERM_OFFSET, LITTLE_ENDIAN) &&
            number == buffer.getInt(offset + NUMBER_OFFSET, LITTLE_ENDIAN) &&
            crc(buffer, offset) ==
                crc.compute(buffer, offset + LENGTH_OFFSET, HEADER_LENGTH - LENGTH_OFFSET + payloadLength);
    }

    /** Bytes of the payload. */
    public static int payloadLength(final DirectBuffer buffer, final int offset)
    {
        return buffer.getInt(offset + LENGTH_OFFSET, LITTLE_ENDIAN);
    }

    /** The CRC32C that the chunk bears. */
    static int crc(final DirectBuffer buffer, final int offset)
    {
        return buffer.getInt(offset, LITTLE_ENDIAN);
    }
}
