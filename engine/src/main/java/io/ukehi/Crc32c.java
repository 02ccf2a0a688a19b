package io.ukehi;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;

/**
 * CRC32C (Castagnoli, RFC 3720 appendix B.4) of ranges of Agrona buffers, on the JDK's intrinsic, without a copy and
 * without allocating.
 * <p>
 * An instance belongs to one thread. While a direct buffer is being summed, position and limit of the
 * {@link ByteBuffer} behind it are moved: no other thread may use those of the same instance (Agrona and Aeron do not).
 */
public final class Crc32c
{
    private final CRC32C crc = new CRC32C();

    /** Begins a new checksum. */
    public Crc32c reset()
    {
        crc.reset();
        return this;
    }

    /**
     * Adds a range to the checksum.
     *
     * @param buffer over a byte array or a {@link ByteBuffer}.
     * @param offset in bytes.
     * @param length in bytes, 0 or more.
     */
    public Crc32c update(final DirectBuffer buffer, final int offset, final int length)
    {
        final byte[] array = buffer.byteArray();
        if (null != array)
        {
            crc.update(array, buffer.wrapAdjustment() + offset, length);
        }
        else
        {
            final ByteBuffer bytes = buffer.byteBuffer();
            Invariant.check(null != bytes, "a checksummed buffer stands on an array or a ByteBuffer");
            final int from = buffer.wrapAdjustment() + offset;
            bytes.limit(from + length).position(from);
            crc.update(bytes);
            bytes.clear();
        }
        return this;
    }

    /** The checksum of what was added since the last {@link #reset()}, as a signed 32-bit value. */
    public int value()
    {
        return (int)crc.getValue();
    }

    /** The checksum of one range. */
    public int compute(final DirectBuffer buffer, final int offset, final int length)
    {
        return reset().update(buffer, offset, length).value();
    }
}
