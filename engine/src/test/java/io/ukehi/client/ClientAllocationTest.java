package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ukehi.codecs.client.ReplyCode;
import java.lang.management.ManagementFactory;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sending and polling leave nothing for the garbage collector. */
@Timeout(30)
class ClientAllocationTest implements ReplyListener
{
    private static final int WARM_UP = 20_000;
    private static final int MEASURED = 20_000;

    private final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
    private long allocated;
    private int endCount;

    @Test
    void shouldAllocateNothingPerCommand()
    {
        try (FakeCluster cluster = new FakeCluster())
        {
            cluster.lead(1, 1);
            final UkehiClient client = cluster.connect(cluster.context());
            final UnsafeBuffer buffer = new UnsafeBuffer(new byte[128]);
            exchange(cluster, client, buffer, WARM_UP);
            allocated = 0;
            exchange(cluster, client, buffer, MEASURED);
            // Less than a byte for each: what the runtime itself does now and then is not the client's.
            assertTrue(allocated < MEASURED, "allocated " + allocated + " bytes for " + MEASURED + " commands");
        }
    }

    private void exchange(
        final FakeCluster cluster, final UkehiClient client, final UnsafeBuffer buffer, final int count)
    {
        final int end = endCount + count;
        int toOffer = count;
        while (endCount < end)
        {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 32 && toOffer > 0 && client.offer(buffer, 0, buffer.capacity()) > 0; i++)
            {
                toOffer--;
            }
            final int work = client.poll(this);
            allocated += threads.getCurrentThreadAllocatedBytes() - before;
            cluster.idle(work);
        }
    }

    @Override
    public void onReply(
        final long correlationId,
        final Outcome outcome,
        final ReplyCode code,
        final long index,
        final long token,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        endCount++;
    }
}
