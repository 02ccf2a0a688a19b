package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.Consistency;
import com.sun.management.ThreadMXBean;
import io.aeron.driver.MediaDriver;
import io.ukehi.codecs.client.ReplyCode;
import java.lang.management.ManagementFactory;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;

class ClientGatewayAllocationTest
{
    private static final int WARM_UP = 3_000;
    private static final int COUNT = 9_000;
    private static final int UNREAD = 600;

    /** Answers with what it was sent: in the same cycle if it can, so that the whole way is measured. */
    private static final class Echo implements ClientHandler
    {
        ClientGateway gateway;
        long count;

        @Override
        public int onCommand(
            final long sessionId,
            final long correlationId,
            final DirectBuffer payload,
            final int offset,
            final int length)
        {
            count++;
            if (0 == (correlationId & 3))
            {
                return ReplyCode.REJECTED_BACK_PRESSURED.value();
            }
            gateway.reply(sessionId, correlationId, ReplyCode.COMMITTED.value(), count, count, payload, offset, length);
            return TAKEN;
        }

        @Override
        public QueryCode onQuery(
            final long sessionId,
            final long correlationId,
            final Consistency consistency,
            final long maxLagNs,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            gateway.queryReply(sessionId, correlationId, QueryCode.ANSWERED, ++count, buffer, offset, length);
            return QueryCode.ANSWERED;
        }

        @Override
        public void onStatus(final ClientStatus status)
        {
        }
    }

    @Test
    void shouldAllocateNothingForCommandsAndReplies()
    {
        final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
        try (MediaDriver driver = ClientGatewayHarness.launchDriver();
            ClientGatewayHarness harness = new ClientGatewayHarness(
                driver, ClientGatewayHarness.config().replyQueueLength(1024 * 1024)))
        {
            final ClientProbe probe = harness.connected(5, true);
            final Echo echo = new Echo();
            echo.gateway = harness.gateway;
            final byte[] command = new byte[200];
            long allocated = 0;
            for (int i = 1; i <= WARM_UP + COUNT && 1 == harness.gateway.sessionCount(); i++)
            {
                probe.command(i, command);
                probe.keepAlive();
                final long before = threads.getCurrentThreadAllocatedBytes();
                while (echo.count < i && 1 == harness.gateway.sessionCount())
                {
                    harness.gateway.poll(echo, 10);
                    harness.gateway.doWork(harness.nowNs);
                }
                allocated += i > WARM_UP ? threads.getCurrentThreadAllocatedBytes() - before : 0;
                // The client stops reading now and then, so that replies queue up, and then reads them all.
                while (i % UNREAD == 0 && probe.replyCount < i && 1 == harness.gateway.sessionCount())
                {
                    probe.poll();
                    harness.gateway.doWork(harness.nowNs);
                }
                if (i % UNREAD == 0)
                {
                    probe.heard.clear();
                }
            }
            assertEquals(1, harness.gateway.sessionCount());
            // No object is smaller than 16 bytes; the compiler's own doings make a few kilobytes now and then.
            assertTrue(allocated < 2 * COUNT, "bytes allocated: " + allocated);
        }
    }
}
