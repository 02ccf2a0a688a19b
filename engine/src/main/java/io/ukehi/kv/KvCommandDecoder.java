package io.ukehi.kv;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;

/**
 * Reads a command of the key-value store in place; {@link KvCodec} draws the bytes. Commands come from outside, so
 * {@link #wrap} checks every length before anything is read by it, and its verdict depends on nothing but the bytes:
 * all replicas come to the same. Owned by one thread; allocates nothing.
 */
final class KvCommandDecoder
{
    private DirectBuffer buffer;
    private int op;
    private int flags;
    private int keyOffset;
    private int keyLength;
    private int valueOffset;
    private int valueLength;
    private int secondOffset;
    private int secondLength;
    private int limit;
    private int byteLimit;
    private int prefixLength;
    private long leaseNs;

    /**
     * Takes a range of bytes for a command.
     *
     * @return {@link KvStatus#OK}, {@link KvStatus#MALFORMED}, or {@link KvStatus#TOO_LARGE} for a whole command with a
     * part that is too long. Of the accessors, only {@link #op()} may be called unless it is OK.
     */
    int wrap(final DirectBuffer commandBuffer, final int offset, final int length)
    {
        buffer = commandBuffer;
        op = 0;
        if (length < KvCodec.KEY_OFFSET)
        {
            return KvStatus.MALFORMED;
        }
        op = commandBuffer.getByte(offset + KvCodec.OP_OFFSET) & 0xFF;
        flags = commandBuffer.getByte(offset + KvCodec.FLAGS_OFFSET) & 0xFF;
        keyLength = commandBuffer.getShort(offset + KvCodec.KEY_LENGTH_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
        return switch (op)
        {
            case KvCodec.OP_PUT -> wrapPut(offset, length);
            case KvCodec.OP_GET, KvCodec.OP_DELETE -> wrapKeyCommand(offset, length);
            case KvCodec.OP_CAS -> wrapCas(offset, length);
            case KvCodec.OP_SCAN -> wrapScan(offset, length);
            case KvCodec.OP_ACQUIRE -> wrapLockCommand(offset, length, KvCodec.ACQUIRE_KEY_OFFSET);
            case KvCodec.OP_RENEW -> wrapLockCommand(offset, length, KvCodec.RENEW_KEY_OFFSET);
            case KvCodec.OP_RELEASE -> wrapLockCommand(offset, length, KvCodec.RELEASE_KEY_OFFSET);
            case KvCodec.OP_DIGEST -> KvCodec.digestLength() == length && 0 == flags && 0 == keyLength ?
                KvStatus.OK : KvStatus.MALFORMED;
            default -> KvStatus.MALFORMED;
        };
    }

    DirectBuffer buffer()
    {
        return buffer;
    }

    /** The operation as it stands in the command, known or not; 0 if the command is too short to have one. */
    int op()
    {
        return op;
    }

    /** CAS: what is expected. */
    int expectation()
    {
        return flags;
    }

    /** SCAN: whether it begins behind the key {@code from}. */
    boolean isAfterFrom()
    {
        return 0 != (flags & KvCodec.SCAN_AFTER_FROM);
    }

    /** The key; of a SCAN, the bound {@code from}. */
    int keyOffset()
    {
        return keyOffset;
    }

    int keyLength()
    {
        return keyLength;
    }

    /** PUT and CAS: the new value. */
    int valueOffset()
    {
        return valueOffset;
    }

    int valueLength()
    {
        return valueLength;
    }

    /** CAS: the expected value or version. */
    int expectedOffset()
    {
        return secondOffset;
    }

    int expectedLength()
    {
        return secondLength;
    }

    long expectedVersion()
    {
        return buffer.getLong(secondOffset, LITTLE_ENDIAN);
    }

    /** RENEW and RELEASE: the token under which the lock was acquired. */
    long token()
    {
        return buffer.getLong(keyOffset - Long.BYTES, LITTLE_ENDIAN);
    }

    /** ACQUIRE and RENEW: 1 to {@link KvCodec#MAX_LEASE_NS}. */
    long leaseNs()
    {
        return leaseNs;
    }

    int limit()
    {
        return limit;
    }

    int byteLimit()
    {
        return byteLimit;
    }

    int toOffset()
    {
        return secondOffset;
    }

    int toLength()
    {
        return secondLength;
    }

    int prefixOffset()
    {
        return secondOffset + secondLength;
    }

    int prefixLength()
    {
        return prefixLength;
    }

    private int wrapPut(final int offset, final int length)
    {
        if (length < KvCodec.PUT_KEY_OFFSET || 0 != flags || 0 == keyLength)
        {
            return KvStatus.MALFORMED;
        }
        valueLength = buffer.getInt(offset + KvCodec.VALUE_LENGTH_OFFSET, LITTLE_ENDIAN);
        if (valueLength < 0 || (long)KvCodec.PUT_KEY_OFFSET + keyLength + valueLength != length)
        {
            return KvStatus.MALFORMED;
        }
        keyOffset = offset + KvCodec.PUT_KEY_OFFSET;
        valueOffset = keyOffset + keyLength;
        return isTooLarge(keyLength, valueLength) ? KvStatus.TOO_LARGE : KvStatus.OK;
    }

    private int wrapKeyCommand(final int offset, final int length)
    {
        if (0 != flags || 0 == keyLength || KvCodec.KEY_OFFSET + keyLength != length)
        {
            return KvStatus.MALFORMED;
        }
        keyOffset = offset + KvCodec.KEY_OFFSET;
        return isTooLarge(keyLength, 0) ? KvStatus.TOO_LARGE : KvStatus.OK;
    }

    private int wrapLockCommand(final int offset, final int length, final int keyAt)
    {
        if (length < keyAt || 0 != flags || 0 == keyLength || keyAt + keyLength != length)
        {
            return KvStatus.MALFORMED;
        }
        keyOffset = offset + keyAt;
        if (KvCodec.OP_RELEASE != op)
        {
            leaseNs = buffer.getLong(offset + KvCodec.LEASE_OFFSET, LITTLE_ENDIAN);
            if (leaseNs < 1 || leaseNs > KvCodec.MAX_LEASE_NS)
            {
                return KvStatus.MALFORMED;
            }
        }
        return isTooLarge(keyLength, 0) ? KvStatus.TOO_LARGE : KvStatus.OK;
    }

    private int wrapCas(final int offset, final int length)
    {
        if (length < KvCodec.CAS_KEY_OFFSET || 0 == keyLength)
        {
            return KvStatus.MALFORMED;
        }
        valueLength = buffer.getInt(offset + KvCodec.VALUE_LENGTH_OFFSET, LITTLE_ENDIAN);
        secondLength = buffer.getInt(offset + KvCodec.CAS_EXPECTED_LENGTH_OFFSET, LITTLE_ENDIAN);
        if (valueLength < 0 || secondLength < 0 ||
            (long)KvCodec.CAS_KEY_OFFSET + keyLength + secondLength + valueLength != length)
        {
            return KvStatus.MALFORMED;
        }
        final boolean isExpectationWhole = switch (flags)
        {
            case KvCodec.EXPECT_ABSENT -> 0 == secondLength;
            case KvCodec.EXPECT_VALUE -> true;
            case KvCodec.EXPECT_VERSION -> Long.BYTES == secondLength;
            default -> false;
        };
        if (!isExpectationWhole)
        {
            return KvStatus.MALFORMED;
        }
        keyOffset = offset + KvCodec.CAS_KEY_OFFSET;
        secondOffset = keyOffset + keyLength;
        valueOffset = secondOffset + secondLength;
        return isTooLarge(keyLength, Math.max(valueLength, secondLength)) ? KvStatus.TOO_LARGE : KvStatus.OK;
    }

    private int wrapScan(final int offset, final int length)
    {
        if (length < KvCodec.SCAN_FROM_OFFSET || 0 != (flags & ~KvCodec.SCAN_AFTER_FROM))
        {
            return KvStatus.MALFORMED;
        }
        limit = buffer.getInt(offset + KvCodec.SCAN_LIMIT_OFFSET, LITTLE_ENDIAN);
        byteLimit = buffer.getInt(offset + KvCodec.SCAN_BYTE_LIMIT_OFFSET, LITTLE_ENDIAN);
        secondLength = buffer.getShort(offset + KvCodec.SCAN_TO_LENGTH_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
        prefixLength = buffer.getShort(offset + KvCodec.SCAN_PREFIX_LENGTH_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
        if (limit < 1 || byteLimit < 1 || KvCodec.scanLength(keyLength, secondLength, prefixLength) != length)
        {
            return KvStatus.MALFORMED;
        }
        keyOffset = offset + KvCodec.SCAN_FROM_OFFSET;
        secondOffset = keyOffset + keyLength;
        return isTooLarge(Math.max(keyLength, Math.max(secondLength, prefixLength)), 0) ?
            KvStatus.TOO_LARGE : KvStatus.OK;
    }

    private static boolean isTooLarge(final int keyLength, final int valueLength)
    {
        return keyLength > KvCodec.MAX_KEY_LENGTH || valueLength > KvCodec.MAX_VALUE_LENGTH;
    }
}
