package io.ukehi.kv;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Layout of a key with its value in the arena: one block.
 * <pre>
 *   0             4               8            16         24
 *  +-------------+---------------+------------+----------+-------+---------+
 *  |  keyLength  |  valueLength  |  version   |   hash   |  key  |  value  |
 *  |     i32     |      i32      |    i64     |   i64    |       |         |
 *  +-------------+---------------+------------+----------+-------+---------+
 * </pre>
 * The hash of key and value is kept, so that to take a pair out of the state's digest costs nothing however long the
 * value is. Methods are pure functions of the memory they are given.
 */
final class KvRecord
{
    static final int KEY_LENGTH_OFFSET = 0;
    static final int VALUE_LENGTH_OFFSET = 4;
    static final int VERSION_OFFSET = 8;
    static final int HASH_OFFSET = 16;
    static final int KEY_OFFSET = 24;

    private static final long PRIME_1 = 0x9E3779B185EBCA87L;
    private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;
    private static final long PRIME_3 = 0x165667B19E3779F9L;

    private KvRecord()
    {
    }

    static int length(final int keyLength, final int valueLength)
    {
        return KEY_OFFSET + keyLength + valueLength;
    }

    static int keyLength(final UnsafeBuffer chunk, final int offset)
    {
        return chunk.getInt(offset + KEY_LENGTH_OFFSET);
    }

    static int valueLength(final UnsafeBuffer chunk, final int offset)
    {
        return chunk.getInt(offset + VALUE_LENGTH_OFFSET);
    }

    static int valueOffset(final UnsafeBuffer chunk, final int offset)
    {
        return offset + KEY_OFFSET + keyLength(chunk, offset);
    }

    static long version(final UnsafeBuffer chunk, final int offset)
    {
        return chunk.getLong(offset + VERSION_OFFSET);
    }

    static long hash(final UnsafeBuffer chunk, final int offset)
    {
        return chunk.getLong(offset + HASH_OFFSET);
    }

    /** The first eight bytes of a key as they order it among others, unsigned; a shorter one is filled with zeros. */
    static long prefix(final DirectBuffer buffer, final int offset, final int keyLength)
    {
        if (keyLength >= Long.BYTES)
        {
            return buffer.getLong(offset, BIG_ENDIAN);
        }
        long prefix = 0;
        for (int i = 0; i < keyLength; i++)
        {
            prefix |= (buffer.getByte(offset + i) & 0xFFL) << (56 - 8 * i);
        }
        return prefix;
    }

    /** Compares two keys byte by byte, unsigned; of two that are equal as far as the shorter goes, it comes first. */
    static int compare(
        final DirectBuffer a, final int offsetA, final int lengthA,
        final DirectBuffer b, final int offsetB, final int lengthB)
    {
        final int common = Math.min(lengthA, lengthB);
        int i = 0;
        for (; i + Long.BYTES <= common; i += Long.BYTES)
        {
            final long wordA = a.getLong(offsetA + i, BIG_ENDIAN);
            final long wordB = b.getLong(offsetB + i, BIG_ENDIAN);
            if (wordA != wordB)
            {
                return Long.compareUnsigned(wordA, wordB);
            }
        }
        for (; i < common; i++)
        {
            final int difference = (a.getByte(offsetA + i) & 0xFF) - (b.getByte(offsetB + i) & 0xFF);
            if (0 != difference)
            {
                return difference;
            }
        }
        return Integer.compare(lengthA, lengthB);
    }

    /**
     * A 64-bit hash of a key and its value, which lie one behind the other. Every step is a bijection of the word it
     * takes in, after the rounds of xxHash64, so that two pairs that differ in one word only never collide; where the
     * key ends goes in as well. It guards against errors, not against somebody who looks for collisions.
     */
    static long hashOf(final DirectBuffer buffer, final int offset, final int keyLength, final int valueLength)
    {
        final int end = offset + keyLength + valueLength;
        long hash = PRIME_3 + (((long)keyLength << 32) | valueLength);
        int at = offset;
        for (; at + Long.BYTES <= end; at += Long.BYTES)
        {
            hash = round(hash, buffer.getLong(at, LITTLE_ENDIAN));
        }
        long tail = 0;
        for (int shift = 0; at < end; at++, shift += 8)
        {
            tail |= (buffer.getByte(at) & 0xFFL) << shift;
        }
        hash = round(hash, tail);
        hash = (hash ^ (hash >>> 33)) * PRIME_2;
        hash = (hash ^ (hash >>> 29)) * PRIME_3;
        return hash ^ (hash >>> 32);
    }

    private static long round(final long hash, final long word)
    {
        final long mixed = hash ^ (Long.rotateLeft(word * PRIME_2, 31) * PRIME_1);
        return Long.rotateLeft(mixed, 27) * PRIME_1 + PRIME_2;
    }
}
