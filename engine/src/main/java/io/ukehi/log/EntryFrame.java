package io.ukehi.log;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Crc32c;
import java.nio.ByteOrder;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The bytes of one log entry: on the leader's disk, on the wire and on every follower's disk the same.
 * <pre>
 *   0               4               8                               16
 *  +---------------+---------------+-------------------------------+
 *  |  length  i32  | CRC32C    i32 |           term  i64           |
 *  +---------------+---------------+-------------------------------+
 *  |           index  i64          |       fencing token  i64      |
 *  +---------------+---------------+-----+---------+---------------+
 *  |        cluster time  i64      |type | zero x3 | previous  i32 |
 *  +-------------------------------+-----+---------+---------------+
 *  |  payload, then zeros up to a multiple of 8                  ...
 * </pre>
 * Little-endian. <b>length</b> is that of header and payload, without padding; 0 says that no frame follows. The
 * <b>CRC32C</b> covers the length and everything behind itself up to the end of the payload. <b>previous</b> is the
 * CRC32C of the frame before: a chain, so that a frame which is intact but does not belong here (left over from a cut
 * suffix, or written to the wrong place) is told from one that does. Padding is not covered by the checksum and is
 * checked to be zero instead.
 * <p>
 * Static methods over a buffer; any thread. Specified in wal-format.md.
 */
public final class EntryFrame
{
    /** Length of the header in bytes. */
    public static final int HEADER_LENGTH = 48;

    /** Frames begin at multiples of this many bytes. */
    public static final int ALIGNMENT = 8;

    static final int LENGTH_OFFSET = 0;
    static final int CRC_OFFSET = LENGTH_OFFSET + Integer.BYTES;
    static final int TERM_OFFSET = CRC_OFFSET + Integer.BYTES;
    static final int INDEX_OFFSET = TERM_OFFSET + Long.BYTES;
    static final int TOKEN_OFFSET = INDEX_OFFSET + Long.BYTES;
    static final int TIME_OFFSET = TOKEN_OFFSET + Long.BYTES;
    static final int TYPE_OFFSET = TIME_OFFSET + Long.BYTES;
    static final int PREVIOUS_CRC_OFFSET = TYPE_OFFSET + Integer.BYTES;

    /** The four bytes, as a number, over which CRC32C goes from its first state into its first state. */
    private static final long NEUTRAL = 0x9BE09BABL;

    private EntryFrame()
    {
    }

    /** Bytes that an entry takes in the log. */
    public static int alignedLength(final int payloadLength)
    {
        return BitUtil.align(HEADER_LENGTH + payloadLength, ALIGNMENT);
    }

    /** Length of header and payload; 0 where no frame begins. */
    public static int length(final DirectBuffer buffer, final int offset)
    {
        return buffer.getInt(offset + LENGTH_OFFSET, LITTLE_ENDIAN);
    }

    public static int crc(final DirectBuffer buffer, final int offset)
    {
        return buffer.getInt(offset + CRC_OFFSET, LITTLE_ENDIAN);
    }

    public static long term(final DirectBuffer buffer, final int offset)
    {
        return buffer.getLong(offset + TERM_OFFSET, LITTLE_ENDIAN);
    }

    public static long index(final DirectBuffer buffer, final int offset)
    {
        return buffer.getLong(offset + INDEX_OFFSET, LITTLE_ENDIAN);
    }

    public static long token(final DirectBuffer buffer, final int offset)
    {
        return buffer.getLong(offset + TOKEN_OFFSET, LITTLE_ENDIAN);
    }

    public static long clusterTimeNs(final DirectBuffer buffer, final int offset)
    {
        return buffer.getLong(offset + TIME_OFFSET, LITTLE_ENDIAN);
    }

    /** 0 to 255. */
    public static int type(final DirectBuffer buffer, final int offset)
    {
        return buffer.getByte(offset + TYPE_OFFSET) & 0xFF;
    }

    public static int previousCrc(final DirectBuffer buffer, final int offset)
    {
        return buffer.getInt(offset + PREVIOUS_CRC_OFFSET, LITTLE_ENDIAN);
    }

    /**
     * Writes everything of a header but the checksum. Bounds are checked once for all of it: a check for each word
     * costs as much as the words, and a leader does this for every command.
     */
    static void putHeader(
        final MutableDirectBuffer buffer,
        final int offset,
        final int payloadLength,
        final long term,
        final long index,
        final long token,
        final long clusterTimeNs,
        final int type,
        final int previousCrc)
    {
        if (UnsafeBuffer.SHOULD_BOUNDS_CHECK)
        {
            buffer.boundsCheck(offset, HEADER_LENGTH);
        }
        final byte[] array = buffer.byteArray();
        final long address = buffer.addressOffset() + offset;
        UnsafeApi.putLong(array, address + LENGTH_OFFSET, littleEndian(HEADER_LENGTH + payloadLength));
        UnsafeApi.putLong(array, address + TERM_OFFSET, littleEndian(term));
        UnsafeApi.putLong(array, address + INDEX_OFFSET, littleEndian(index));
        UnsafeApi.putLong(array, address + TOKEN_OFFSET, littleEndian(token));
        UnsafeApi.putLong(array, address + TIME_OFFSET, littleEndian(clusterTimeNs));
        UnsafeApi.putLong(array, address + TYPE_OFFSET, littleEndian((long)previousCrc << 32 | type));
    }

    private static long littleEndian(final long value)
    {
        return ByteOrder.nativeOrder() == LITTLE_ENDIAN ? value : Long.reverseBytes(value);
    }

    /** Completes a frame with its checksum, and returns it. */
    static int seal(final Crc32c crc, final MutableDirectBuffer buffer, final int offset)
    {
        return seal(crc, buffer, offset, length(buffer, offset));
    }

    /**
     * As {@link #seal(Crc32c, MutableDirectBuffer, int)}, of a frame whose length is known. What is covered is the
     * length and what stands behind the checksum. For the moment, the length stands in the place of the checksum, and
     * in its own place four bytes that leave a checksum that has just begun as it is: so what is summed is one range,
     * in whole words, which takes half the time that two ranges do.
     */
    static int seal(final Crc32c crc, final MutableDirectBuffer buffer, final int offset, final int length)
    {
        if (UnsafeBuffer.SHOULD_BOUNDS_CHECK)
        {
            buffer.boundsCheck(offset, length);
        }
        final byte[] array = buffer.byteArray();
        final long address = buffer.addressOffset() + offset;
        UnsafeApi.putLong(array, address, littleEndian((long)length << 32 | NEUTRAL));
        final int value = crc.compute(buffer, offset, length);
        UnsafeApi.putLong(array, address, littleEndian((long)value << 32 | length));
        return value;
    }

    /** The checksum that a frame of this length should have. */
    static int computeCrc(final Crc32c crc, final DirectBuffer buffer, final int offset, final int length)
    {
        final int covered = CRC_OFFSET + Integer.BYTES;
        return crc.reset()
            .update(buffer, offset, CRC_OFFSET)
            .update(buffer, offset + covered, length - covered)
            .value();
    }

    /**
     * Whether a whole frame stands here: length possible, checksum right, unused bytes zero. Says nothing about
     * whether it belongs here.
     *
     * @param available bytes from the offset to the end of what may be read.
     */
    static boolean isIntact(final Crc32c crc, final DirectBuffer buffer, final int offset, final int available)
    {
        if (available < HEADER_LENGTH)
        {
            return false;
        }
        final int length = length(buffer, offset);
        if (length < HEADER_LENGTH || length > available || BitUtil.align(length, ALIGNMENT) > available)
        {
            return false;
        }
        if (crc(buffer, offset) != computeCrc(crc, buffer, offset, length))
        {
            return false;
        }
        final int typeWord = buffer.getInt(offset + TYPE_OFFSET, LITTLE_ENDIAN);
        return typeWord == type(buffer, offset) &&
            isZero(buffer, offset + length, BitUtil.align(length, ALIGNMENT) - length);
    }

    /** Whether a range holds nothing but zeros. */
    static boolean isZero(final DirectBuffer buffer, final int offset, final int length)
    {
        final int end = offset + length;
        int at = offset;
        while (at < end && 0 != (at & 7))
        {
            if (0 != buffer.getByte(at++))
            {
                return false;
            }
        }
        for (; at + Long.BYTES <= end; at += Long.BYTES)
        {
            if (0 != buffer.getLong(at))
            {
                return false;
            }
        }
        while (at < end)
        {
            if (0 != buffer.getByte(at++))
            {
                return false;
            }
        }
        return true;
    }
}
