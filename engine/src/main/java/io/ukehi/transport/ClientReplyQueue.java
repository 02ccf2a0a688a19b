package io.ukehi.transport;

import io.ukehi.Invariant;
import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a client has not taken yet: whole messages, in order, in memory that is allocated once; and at their end, while
 * replies come, one message that grows with each of them.
 * <p>
 * A record is a length and the message, from a multiple of eight on, and never wraps, so that it can be offered as it
 * lies. Once the end is too short for a record the queue goes on at the beginning and remembers where the old part
 * ends:
 * <pre>
 *   not wrapped              wrapped
 *   |    [head..tail)    |   |[0..tail)     [head..end)   |
 * </pre>
 * An empty queue takes any one record that is no longer than it. Belongs to the duty-cycle thread.
 */
final class ClientReplyQueue
{
    /** There is no room, or no message that grows. */
    static final int NONE = -1;

    private static final int ALIGNMENT = Long.BYTES;
    private static final int LENGTH_FIELD = Long.BYTES;

    private final UnsafeBuffer buffer;
    private final int capacity;
    private int head;
    private int tail;
    private int end;
    private boolean isWrapped;
    /** Where the record of the message begins that grows. */
    private int open = NONE;

    /** @param capacity in bytes, a multiple of eight. */
    ClientReplyQueue(final int capacity)
    {
        Invariant.check(capacity > 0 && BitUtil.isAligned(capacity, ALIGNMENT), "a queue's capacity", capacity);
        this.capacity = capacity;
        this.buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(capacity));
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
        if (required > (isWrapped ? head : capacity) - tail)
        {
            return NONE;
        }
        buffer.putInt(tail, length);
        final int at = tail + LENGTH_FIELD;
        tail += required;
        return at;
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
        if (messageLength > maxMessageLength || length > (isWrapped ? head : capacity) - tail)
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
