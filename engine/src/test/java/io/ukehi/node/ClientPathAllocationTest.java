package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ukehi.client.ClientContext;
import io.ukehi.client.Outcome;
import io.ukehi.client.QueryListener;
import io.ukehi.client.ReplyListener;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.log.Durability;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From a client through its session to a node and back nothing is allocated, by neither, for commands and reads. */
@Tag("cluster")
@Timeout(120)
class ClientPathAllocationTest
{
    private static final int WARM_UP = 150_000;
    private static final int COUNT = 200_000;
    private static final int ATTEMPTS = 3;
    private static final int WINDOW = 64;
    private static final int LENGTH = 64;
    private static final ThreadMXBean THREADS = (ThreadMXBean)ManagementFactory.getThreadMXBean();

    @TempDir
    private Path directory;

    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[LENGTH]);
    private final ReplyListener onReply = this::onReply;
    private final QueryListener onQuery = this::onQuery;
    private long ended;
    private long failed;

    /** Adds up what comes in, and answers with the sum. */
    private static final class Sum implements StateMachine
    {
        private long sum;

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer command, final int offset, final int length,
            final Reply reply)
        {
            sum += command.getLong(offset);
            reply.buffer(Long.BYTES).putLong(0, sum);
            reply.length(Long.BYTES);
        }

        @Override
        public boolean onQuery(
            final long index, final DirectBuffer query, final int offset, final int length, final Reply reply)
        {
            reply.buffer(Long.BYTES).putLong(0, sum);
            reply.length(Long.BYTES);
            return true;
        }
    }

    private void onReply(
        final long correlationId, final Outcome outcome, final ReplyCode code,
        final long index, final long token, final DirectBuffer reply, final int offset, final int length)
    {
        ended++;
        failed += Outcome.COMMITTED == outcome ? 0 : 1;
    }

    private void onQuery(
        final long correlationId, final QueryCode code, final int memberId, final long index,
        final DirectBuffer reply, final int offset, final int length)
    {
        ended++;
        failed += QueryCode.ANSWERED == code ? 0 : 1;
    }

    private void run(final UkehiClient client, final Consistency consistency, final int count)
    {
        ended = 0;
        for (long sent = 0; ended < count;)
        {
            while (sent < count && sent - ended < WINDOW && offer(client, consistency) > 0)
            {
                sent++;
            }
            if (0 == client.poll(onReply, onQuery))
            {
                Thread.yield();
            }
        }
    }

    private long offer(final UkehiClient client, final Consistency consistency)
    {
        return null == consistency ? client.offer(buffer, 0, LENGTH) :
            client.offerQuery(consistency, 0, UkehiClient.ANY_MEMBER, buffer, 0, LENGTH);
    }

    @ParameterizedTest(name = "{0} members, by IPC: {1}")
    @CsvSource({"1,true", "3,false"})
    void shouldAllocateNothingForCommandsAndReads(final int size, final boolean isIpc) throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, size))
        {
            cluster.settings(context -> context
                .durability(Durability.ASYNC)
                .readLease(true)
                .electionTimeoutMinNs(TimeUnit.SECONDS.toNanos(2))
                .electionTimeoutMaxNs(TimeUnit.SECONDS.toNanos(3))
                .stateMachine(new Sum())).start();
            final UkehiNode leader = cluster.awaitLeader();
            final long nodeThread = threadId("ukehi-node-" + leader.context().memberId());
            final ClientContext ctx = new ClientContext()
                .aeronDirectoryName(leader.context().aeronDirectoryName())
                .endpoints(leader.context().memberId() + "=" +
                    (isIpc ? "ipc" : leader.context().ownAddress().clientEndpoint()));
            try (UkehiClient client = UkehiClient.connect(isIpc ? ctx.responseChannel("aeron:ipc") : ctx))
            {
                shouldAllocateNothing("session commands", client, null, nodeThread);
                shouldAllocateNothing("read-index reads", client, Consistency.LINEARIZABLE, nodeThread);
                shouldAllocateNothing("lease reads", client, Consistency.LEASE, nodeThread);
                assertEquals(0, failed);
            }
        }
    }

    private void shouldAllocateNothing(
        final String what, final UkehiClient client, final Consistency consistency, final long nodeThread)
    {
        run(client, consistency, WARM_UP);
        final long ownThread = Thread.currentThread().threadId();
        long own = Long.MAX_VALUE;
        long node = Long.MAX_VALUE;
        // A way to the client that is opened meanwhile, or code that is compiled late, allocates once.
        for (int i = 0; i < ATTEMPTS && (own >= COUNT / 10 || node >= COUNT / 10); i++)
        {
            final long nodeBefore = THREADS.getThreadAllocatedBytes(nodeThread);
            final long ownBefore = THREADS.getThreadAllocatedBytes(ownThread);
            run(client, consistency, COUNT);
            own = THREADS.getThreadAllocatedBytes(ownThread) - ownBefore;
            node = THREADS.getThreadAllocatedBytes(nodeThread) - nodeBefore;
        }
        System.out.printf("%-18s client %.4f, node %.4f bytes each%n", what, own / (double)COUNT, node / (double)COUNT);
        // A tenth of a byte for each is once in a while something that has nothing to do with any of them.
        assertTrue(own < COUNT / 10, what + ": the client allocated " + own + " bytes");
        assertTrue(node < COUNT / 10, what + ": the node allocated " + node + " bytes");
    }

    private static long threadId(final String name)
    {
        return Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals(name)).findFirst().orElseThrow().threadId();
    }
}
