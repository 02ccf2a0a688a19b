package io.ukehi.partition;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;

/**
 * XXH64: the 64-bit hash of the xxHash family, as its specification (version 0.1.1, doc/xxhash_spec.md of the xxHash
 * project) describes it. Chosen since it is specified, frozen, has published vectors, and is fast: the same bytes and
 * seed give the same number on every platform, in every language and for ever, which is what a ring stands on. It does
 * not withstand an adversary who picks keys.
 * <p>
 * Pure; any thread; allocates nothing.
 */
public final class XxHash64
{
    private static final long PRIME_1 = 0x9E37_79B1_85EB_CA87L;
    private static final long PRIME_2 = 0xC2B2_AE3D_27D4_EB4FL;
    private static final long PRIME_3 = 0x1656_67B1_9E37_79F9L;
    private static final long PRIME_4 = 0x85EB_CA77_C2B2_AE63L;
    private static final long PRIME_5 = 0x27D4_EB2F_1656_67C5L;
    private static final int STRIPE_LENGTH = 4 * Long.BYTES;

    private XxHash64()
    {
    }

    /** Hash of a number: of its 8 bytes in little-endian order, with seed 0. */
    public static long hash(final long value)
    {
        return avalanche(lane(PRIME_5 + Long.BYTES, value));
    }

    /**
     * Hash of a range of a buffer.
     *
     * @throws IndexOutOfBoundsException if the buffer does not hold the range.
     */
    public static long hash(final DirectBuffer buffer, final int offset, final int length, final long seed)
    {
        buffer.boundsCheck(offset, length);
        final int end = offset + length;
        int at = offset;
        long hash = seed + PRIME_5;
        if (length >= STRIPE_LENGTH)
        {
            long first = seed + PRIME_1 + PRIME_2;
            long second = seed + PRIME_2;
            long third = seed;
            long fourth = seed - PRIME_1;
            for (; at <= end - STRIPE_LENGTH; at += STRIPE_LENGTH)
            {
                first = round(first, buffer.getLong(at, LITTLE_ENDIAN));
                second = round(second, buffer.getLong(at + 8, LITTLE_ENDIAN));
                third = round(third, buffer.getLong(at + 16, LITTLE_ENDIAN));
                fourth = round(fourth, buffer.getLong(at + 24, LITTLE_ENDIAN));
            }
            hash = converge(first, second, third, fourth);
        }
        hash += length;
        for (; at <= end - Long.BYTES; at += Long.BYTES)
        {
            hash = lane(hash, buffer.getLong(at, LITTLE_ENDIAN));
        }
        if (at <= end - Integer.BYTES)
        {
            hash = halfLane(hash, buffer.getInt(at, LITTLE_ENDIAN));
            at += Integer.BYTES;
        }
        for (; at < end; at++)
        {
            hash = octet(hash, buffer.getByte(at));
        }
        return avalanche(hash);
    }

    private static long round(final long accumulator, final long lane)
    {
        return Long.rotateLeft(accumulator + lane * PRIME_2, 31) * PRIME_1;
    }

    private static long converge(final long first, final long second, final long third, final long fourth)
    {
        long hash = Long.rotateLeft(first, 1) + Long.rotateLeft(second, 7) +
            Long.rotateLeft(third, 12) + Long.rotateLeft(fourth, 18);
        hash = merge(hash, first);
        hash = merge(hash, second);
        hash = merge(hash, third);
        return merge(hash, fourth);
    }

    private static long merge(final long hash, final long accumulator)
    {
        return (hash ^ round(0, accumulator)) * PRIME_1 + PRIME_4;
    }

    private static long lane(final long hash, final long lane)
    {
        return Long.rotateLeft(hash ^ round(0, lane), 27) * PRIME_1 + PRIME_4;
    }

    private static long halfLane(final long hash, final int lane)
    {
        return Long.rotateLeft(hash ^ (lane & 0xFFFF_FFFFL) * PRIME_1, 23) * PRIME_2 + PRIME_3;
    }

    private static long octet(final long hash, final byte octet)
    {
        return Long.rotateLeft(hash ^ (octet & 0xFF) * PRIME_5, 11) * PRIME_1;
    }

    private static long avalanche(final long hash)
    {
        long mixed = (hash ^ hash >>> 33) * PRIME_2;
        mixed = (mixed ^ mixed >>> 29) * PRIME_3;
        return mixed ^ mixed >>> 32;
    }
}
