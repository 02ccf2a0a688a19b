package io.ukehi.transport;

import io.ukehi.Invariant;
import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a client has not taken yet: whole messages, in order, in memory that is allocated once.
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
    private static final int ALIGNMENT = Long.BYTES;

    private final UnsafeBuffer buffer;
    private final int capacity;
    private int head;
    private int tail;
    private int end;
    private boolean isWrapped;

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
        return BitUtil.align(Integer.BYTES + messageLength, ALIGNMENT);
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
    }

    /** Gives the memory back; the queue is not to be used again. */
    void free()
    {
        BufferUtil.free(buffer);
    }

    /** Appends a message in two parts. False if there is no room for it: nothing has changed. */
    boolean offer(
        final DirectBuffer first,
        final int firstLength,
        final DirectBuffer second,
        final int secondOffset,
        final int secondLength)
    {
        final int length = firstLength + secondLength;
        final int required = recordLength(length);
        if (!isWrapped && required > capacity - tail && required <= head)
        {
            end = tail;
            tail = 0;
            isWrapped = true;
        }
        if (required > (isWrapped ? head : capacity) - tail)
        {
            return false;
        }
        buffer.putInt(tail, length);
        buffer.putBytes(tail + Integer.BYTES, first, 0, firstLength);
        buffer.putBytes(tail + Integer.BYTES + firstLength, second, secondOffset, secondLength);
        tail += required;
        return true;
    }

    DirectBuffer buffer()
    {
        return buffer;
    }

    /** Where the oldest message begins; the queue is not empty. */
    int headOffset()
    {
        return head + Integer.BYTES;
    }

    int headLength()
    {
        return buffer.getInt(head);
    }

    void removeHead()
    {
        Invariant.check(!isEmpty(), "only what is there can be taken");
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
