package io.ukehi.transport;

import io.ukehi.Invariant;
import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a client has not taken yet: whole messages, in order; and at their end, while replies come, one message that
 * grows with each of them.
 * <p>
 * The memory begins small and doubles, up to a limit, when a client takes less than it is sent: a client that does
 * nothing but connect costs next to none.
 * <p>
 * A record is a length and the message, from a multiple of eight on, and never wraps, so that it can be offered as it
 * lies. Once the end is too short for a record the queue goes on at the beginning and remembers where the old part
 * ends:
 * <pre>
 *   not wrapped              wrapped
 *   |    [head..tail)    |   |[0..tail)     [head..end)   |
 * </pre>
 * An empty queue takes any one record that is no longer than its limit. Belongs to the duty-cycle thread.
 */
final class ClientReplyQueue
{
    /** There is no room, or no message that grows. */
    static final int NONE = -1;

    private static final int ALIGNMENT = Long.BYTES;
    private static final int LENGTH_FIELD = Long.BYTES;
    private static final int INITIAL_CAPACITY = 16 * 1024;

    private final UnsafeBuffer buffer;
    private final int maxCapacity;
    private int capacity;
    private int head;
    private int tail;
    private int end;
    private boolean isWrapped;
    /** Where the record of the message begins that grows. */
    private int open = NONE;

    /** @param maxCapacity in bytes, a multiple of eight. */
    ClientReplyQueue(final int maxCapacity)
    {
        this(Math.min(INITIAL_CAPACITY, maxCapacity), maxCapacity);
    }

    ClientReplyQueue(final int initialCapacity, final int maxCapacity)
    {
        Invariant.check(maxCapacity > 0 && BitUtil.isAligned(maxCapacity, ALIGNMENT), "a queue's limit", maxCapacity);
        Invariant.check(initialCapacity > 0 && BitUtil.isAligned(initialCapacity, ALIGNMENT) &&
            initialCapacity <= maxCapacity, "a queue begins within its limit", initialCapacity, maxCapacity);
        this.maxCapacity = maxCapacity;
        this.capacity = initialCapacity;
        this.buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(initialCapacity));
    }

    /** Bytes that a message takes. */
    static int recordLength(final int messageLength)
    {
        return LENGTH_FIELD + BitUtil.align(messageLength, ALIGNMENT);
    }

    boolean isEmpty()
    {
        return !isWrapped && head == tail;
    }

    void clear()
    {
        head = 0;
        tail = 0;
        isWrapped = false;
        open = NONE;
    }

    /** Gives the memory back; the queue is not to be used again. */
    void free()
    {
        BufferUtil.free(buffer);
    }

    /** Appends a message in two parts. False if there is no room for it: nothing has changed. None grows. */
    boolean offer(
        final DirectBuffer first,
        final int firstLength,
        final DirectBuffer second,
        final int secondOffset,
        final int secondLength)
    {
        Invariant.check(NONE == open, "a message that grows is closed before another follows", open);
        final int at = claim(firstLength + secondLength);
        if (NONE == at)
        {
            return false;
        }
        buffer.putBytes(at, first, 0, firstLength);
        buffer.putBytes(at + firstLength, second, secondOffset, secondLength);
        return true;
    }

    /** Appends room for a message; returns where it begins, or {@link #NONE}. */
    private int claim(final int length)
    {
        final int required = recordLength(length);
        if (!isWrapped && required > capacity - tail && required <= head)
        {
            end = tail;
            tail = 0;
            isWrapped = true;
        }
        if (required > room() && !grow(required))
        {
            return NONE;
        }
        buffer.putInt(tail, length);
        final int at = tail + LENGTH_FIELD;
        tail += required;
        return at;
    }

    /** Bytes behind the newest record, up to the oldest one or the end. */
    private int room()
    {
        return (isWrapped ? head : capacity) - tail;
    }

    /** Makes room for so much more behind the newest record. False, and nothing has changed, if that may not be. */
    private boolean grow(final int required)
    {
        final int oldLength = (isWrapped ? end : tail) - head;
        final int length = oldLength + (isWrapped ? tail : 0);
        if (capacity == maxCapacity || required > maxCapacity - length)
        {
            return false;
        }
        capacity = (int)Math.min(maxCapacity, Math.max(2L * capacity, length + required));
        final ByteBuffer larger = ByteBuffer.allocateDirect(capacity);
        buffer.getBytes(head, larger, 0, oldLength);
        if (isWrapped)
        {
            buffer.getBytes(0, larger, oldLength, tail);
        }
        if (NONE != open)
        {
            // It is the newest one, and lies where the others were put behind the old part.
            open += isWrapped ? oldLength : -head;
        }
        BufferUtil.free(buffer);
        buffer.wrap(larger);
        head = 0;
        tail = length;
        isWrapped = false;
        return true;
    }

    /** Begins a message that grows; returns where it begins, or {@link #NONE} if there is no room. */
    int begin(final int length)
    {
        Invariant.check(NONE == open, "one message grows at a time", open);
        final int at = claim(length);
        open = NONE == at ? NONE : at - LENGTH_FIELD;
        return at;
    }

    /**
     * Lets the message grow; returns where the new part begins, or {@link #NONE} if none grows, or it may not grow so
     * far, or there is no room. Lengths are multiples of eight.
     */
    int extend(final int length, final int maxMessageLength)
    {
        if (NONE == open)
        {
            return NONE;
        }
        final int messageLength = openLength() + length;
        if (messageLength > maxMessageLength || length > room() && !grow(length))
        {
            return NONE;
        }
        buffer.putInt(open, messageLength);
        final int at = tail;
        tail += length;
        return at;
    }

    boolean isOpen()
    {
        return NONE != open;
    }

    /** Where the message begins that grows. */
    int openOffset()
    {
        return open + LENGTH_FIELD;
    }

    int openLength()
    {
        return buffer.getInt(open);
    }

    /** It is whole, and grows no more. */
    void closeOpen()
    {
        open = NONE;
    }

    UnsafeBuffer buffer()
    {
        return buffer;
    }

    /** Where the oldest message begins; the queue is not empty. */
    int headOffset()
    {
        return head + LENGTH_FIELD;
    }

    int headLength()
    {
        return buffer.getInt(head);
    }

    void removeHead()
    {
        Invariant.check(!isEmpty() && open != head, "only what is there, and whole, can be taken");
        head += recordLength(buffer.getInt(head));
        if (isWrapped && head == end)
        {
            head = 0;
            isWrapped = false;
        }
        if (!isWrapped && head == tail)
        {
            clear();
        }
    }
}
