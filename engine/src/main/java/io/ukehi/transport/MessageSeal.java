package io.ukehi.transport;

import io.ukehi.Crc32c;
import io.ukehi.Invariant;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The checksum that every message between nodes, and between clients and nodes, carries: a CRC32C over the SBE header
 * and all that follows it, the four bytes of the checksum itself left out.
 * <pre>
 *   0           8            12                                length
 *  +-----------+------------+------------------------------------+
 *  | SBE header|  checksum  |  rest of the block, variable data  |
 *  +-----------+------------+------------------------------------+
 *   ^^^^^^^^^^^              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
 *     covered                            covered
 * </pre>
 * UDP's own checksum has 16 bits, may be switched off, and ends at the network card; this one is written and checked by
 * the processes that mean what they say. A message that has a part with checksums of its own (the frames of an Append)
 * is sealed up to where that part begins: {@code length} is then less than the message's.
 * <p>
 * An instance belongs to one thread. Allocates nothing.
 */
public final class MessageSeal
{
    /** Offset of the checksum in a message, in bytes. */
    public static final int CHECKSUM_OFFSET = 8;

    /** Shortest length that can be sealed: header and checksum. */
    public static final int MIN_LENGTH = CHECKSUM_OFFSET + Integer.BYTES;

    private final Crc32c crc = new Crc32c();

    /**
     * Writes the checksum into an encoded message, as the last thing before it is sent.
     *
     * @param buffer that holds the message.
     * @param offset of its SBE header, in bytes.
     * @param length covered, from the SBE header on, in bytes; at least {@link #MIN_LENGTH}.
     */
    public void seal(final MutableDirectBuffer buffer, final int offset, final int length)
    {
        Invariant.check(length >= MIN_LENGTH, "a sealed message holds its checksum", length);
        buffer.putInt(offset + CHECKSUM_OFFSET, compute(buffer, offset, length), ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Seals a message that lies in two places, and will lie in one when it arrives.
     *
     * @param head       that the message begins with.
     * @param headOffset of its SBE header, in bytes.
     * @param headLength in bytes; at least {@link #MIN_LENGTH}.
     * @param tail       what follows.
     * @param tailOffset where it begins, in bytes.
     * @param tailLength in bytes, 0 or more.
     */
    public void seal(
        final MutableDirectBuffer head,
        final int headOffset,
        final int headLength,
        final DirectBuffer tail,
        final int tailOffset,
        final int tailLength)
    {
        Invariant.check(headLength >= MIN_LENGTH, "a sealed message holds its checksum", headLength);
        compute(head, headOffset, headLength);
        final int checksum = 0 == tailLength ? crc.value() : crc.update(tail, tailOffset, tailLength).value();
        head.putInt(headOffset + CHECKSUM_OFFSET, checksum, ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Whether the checksum fits the message. False for anything too short to hold one.
     *
     * @param buffer that holds the message.
     * @param offset of its SBE header, in bytes.
     * @param length covered, from the SBE header on, in bytes; within the buffer.
     */
    public boolean isSound(final DirectBuffer buffer, final int offset, final int length)
    {
        return length >= MIN_LENGTH &&
            buffer.getInt(offset + CHECKSUM_OFFSET, ByteOrder.LITTLE_ENDIAN) == compute(buffer, offset, length);
    }

    private int compute(final DirectBuffer buffer, final int offset, final int length)
    {
        return crc.reset()
            .update(buffer, offset, CHECKSUM_OFFSET)
            .update(buffer, offset + MIN_LENGTH, length - MIN_LENGTH)
            .value();
    }
}
