package io.ukehi.kv;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Invariant;
import org.agrona.DirectBuffer;

/**
 * Reads a reply of the key-value store in place; {@link KvCodec} draws the bytes. What it stands on is valid as long as
 * the buffer's content is. Owned by one thread; allocates nothing.
 * <pre>{@code
 * if (reply.wrap(buffer, offset, length) && KvStatus.OK == reply.status())
 * {
 *     while (reply.nextEntry())
 *     {
 *         ... reply.keyOffset(), reply.keyLength(), reply.valueOffset(), reply.valueLength(), reply.version()
 *     }
 * }
 * }</pre>
 */
public final class KvReplyDecoder
{
    private DirectBuffer buffer;
    private int offset;
    private int limit;
    private int entriesLeft;
    private int nextEntryOffset;
    private int keyOffset;
    private int keyLength;
    private int valueOffset;
    private int valueLength;
    private long version;

    /**
     * Takes a range of bytes for a reply, and checks all of its lengths.
     *
     * @param replyBuffer that holds the reply.
     * @param replyOffset of the reply.
     * @param length      of the reply in bytes.
     * @return whether it is one; unless it is, no other method may be called.
     */
    public boolean wrap(final DirectBuffer replyBuffer, final int replyOffset, final int length)
    {
        if (length < KvCodec.REPLY_HEADER_LENGTH)
        {
            return false;
        }
        buffer = replyBuffer;
        offset = replyOffset;
        limit = replyOffset + length;
        keyOffset = replyOffset;
        keyLength = 0;
        valueOffset = replyOffset + KvCodec.REPLY_HEADER_LENGTH;
        valueLength = 0;
        version = replyBuffer.getLong(replyOffset + KvCodec.REPLY_VERSION_OFFSET, LITTLE_ENDIAN);
        entriesLeft = 0;
        final int count = replyBuffer.getInt(replyOffset + KvCodec.REPLY_COUNT_OFFSET, LITTLE_ENDIAN);
        if (KvCodec.OP_SCAN == op() && KvStatus.OK == status())
        {
            if (!areEntriesWhole(count))
            {
                return false;
            }
            entriesLeft = count;
            nextEntryOffset = valueOffset;
            return true;
        }
        valueLength = count;
        return length - KvCodec.REPLY_HEADER_LENGTH == count;
    }

    /** The buffer in which keys and values lie. */
    public DirectBuffer buffer()
    {
        return buffer;
    }

    /** {@link KvStatus}. */
    public int status()
    {
        return buffer.getByte(offset + KvCodec.REPLY_STATUS_OFFSET) & 0xFF;
    }

    /** The operation that was asked for, {@link KvCodec#OP_GET} and so on. */
    public int op()
    {
        return buffer.getByte(offset + KvCodec.REPLY_OP_OFFSET) & 0xFF;
    }

    /** Whether there is more in the range of the scan than the reply holds. */
    public boolean isTruncated()
    {
        return 0 != (buffer.getByte(offset + KvCodec.REPLY_FLAGS_OFFSET) & KvCodec.SCAN_TRUNCATED);
    }

    /**
     * Version of the current entry of a scan, or as {@link KvCodec} tells for the operation;
     * {@link KvCodec#NO_VERSION} where there is none.
     */
    public long version()
    {
        return version;
    }

    /** Where the current entry's key begins in {@link #buffer()}. */
    public int keyOffset()
    {
        return keyOffset;
    }

    /** Length of the current entry's key in bytes; 0 in replies that hold none. */
    public int keyLength()
    {
        return keyLength;
    }

    /** Where the value, or the current entry's, begins in {@link #buffer()}. */
    public int valueOffset()
    {
        return valueOffset;
    }

    /** Length of the value, or the current entry's, in bytes; 0 also where there is none. */
    public int valueLength()
    {
        return valueLength;
    }

    /** Entries of a scan that {@link #nextEntry()} has yet to visit; 0 in other replies. */
    public int entriesLeft()
    {
        return entriesLeft;
    }

    /** Moves to the next entry of a scan (at first: the first). False at the end, where it stays on the last. */
    public boolean nextEntry()
    {
        if (0 == entriesLeft)
        {
            return false;
        }
        entriesLeft--;
        final int at = nextEntryOffset;
        keyLength = buffer.getShort(at + KvCodec.ENTRY_KEY_LENGTH_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
        valueLength = buffer.getInt(at + KvCodec.ENTRY_VALUE_LENGTH_OFFSET, LITTLE_ENDIAN);
        version = buffer.getLong(at + KvCodec.ENTRY_VERSION_OFFSET, LITTLE_ENDIAN);
        keyOffset = at + KvCodec.ENTRY_HEADER_LENGTH;
        valueOffset = keyOffset + keyLength;
        nextEntryOffset = valueOffset + valueLength;
        Invariant.check(nextEntryOffset <= limit, "an entry ends within its reply", nextEntryOffset, limit);
        return true;
    }

    private boolean areEntriesWhole(final int count)
    {
        int at = valueOffset;
        for (int i = 0; i < count; i++)
        {
            if (limit - at < KvCodec.ENTRY_HEADER_LENGTH)
            {
                return false;
            }
            final int entryKeyLength = buffer.getShort(at + KvCodec.ENTRY_KEY_LENGTH_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
            final int entryValueLength = buffer.getInt(at + KvCodec.ENTRY_VALUE_LENGTH_OFFSET, LITTLE_ENDIAN);
            final int room = limit - at - KvCodec.ENTRY_HEADER_LENGTH - entryKeyLength;
            if (entryValueLength < 0 || entryValueLength > room)
            {
                return false;
            }
            at += KvCodec.ENTRY_HEADER_LENGTH + entryKeyLength + entryValueLength;
        }
        return count >= 0 && at == limit;
    }
}
