package io.ukehi.benchmarks.cluster;

import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Brings echoes of systems that answer on threads of their own to the load generator's, and holds back what is more
 * than a system takes at once.
 */
final class EchoQueue
{
    private static final int MESSAGE_TYPE = 1;
    private static final int READ_LIMIT = 256;
    private static final int CAPACITY = 4 * 1024 * 1024;

    private final ManyToOneRingBuffer ring = new ManyToOneRingBuffer(
        new UnsafeBuffer(BufferUtil.allocateDirectAligned(CAPACITY + RingBufferDescriptor.TRAILER_LENGTH, 64)));
    private final ThreadLocal<UnsafeBuffer> message =
        ThreadLocal.withInitial(() -> new UnsafeBuffer(new byte[Long.BYTES]));
    private final AtomicInteger underWay = new AtomicInteger();
    private final int limit;

    EchoQueue(final int limit)
    {
        this.limit = limit;
    }

    /** Load generator: whether one more may be sent; it then counts as under way. */
    boolean begin()
    {
        if (underWay.get() >= limit)
        {
            return false;
        }
        underWay.incrementAndGet();
        return true;
    }

    /** Any thread: a command has come back. */
    void onEcho(final long stampNs)
    {
        underWay.decrementAndGet();
        final UnsafeBuffer buffer = message.get();
        buffer.putLong(0, stampNs);
        while (!ring.write(MESSAGE_TYPE, buffer, 0, Long.BYTES))
        {
            Thread.onSpinWait();
        }
    }

    /** Any thread: a command will not come back. */
    void onLost()
    {
        underWay.decrementAndGet();
    }

    int poll(final EchoListener listener)
    {
        return ring.read((typeId, buffer, index, length) -> listener.onEcho(buffer.getLong(index)), READ_LIMIT);
    }
}
