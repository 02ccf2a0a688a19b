package io.ukehi.statemachine;

import io.ukehi.Invariant;
import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The one reply of an applier: direct memory of the full length from the start, so that no answer ever waits for an
 * allocation, and so that a reply that is too long fails on every replica rather than on the one that is short of
 * memory.
 */
final class ReplyBuffer implements Reply
{
    private final UnsafeBuffer buffer;
    private int requested;
    private int length;

    ReplyBuffer(final int maxLength)
    {
        if (maxLength < 0)
        {
            throw new IllegalArgumentException("maxReplyLength must not be negative: " + maxLength);
        }
        final ByteBuffer memory = BufferUtil.allocateDirectAligned(Math.max(1, maxLength), Long.BYTES);
        buffer = new UnsafeBuffer(memory, 0, maxLength);
    }

    void clear()
    {
        requested = 0;
        length = 0;
    }

    UnsafeBuffer content()
    {
        return buffer;
    }

    @Override
    public MutableDirectBuffer buffer(final int capacity)
    {
        if (capacity < 0 || capacity > buffer.capacity())
        {
            throw new IllegalArgumentException(
                "a reply of " + capacity + " bytes is not within 0.." + buffer.capacity());
        }
        requested = Math.max(requested, capacity);
        return buffer;
    }

    @Override
    public void length(final int newLength)
    {
        Invariant.check(newLength >= 0 && newLength <= requested,
            "a reply is no longer than the room asked for", newLength, requested);
        length = newLength;
    }

    @Override
    public int length()
    {
        return length;
    }
}
