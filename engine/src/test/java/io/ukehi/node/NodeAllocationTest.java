package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ukehi.log.Durability;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The steady state allocates nothing: a million commands through a running node, less than a byte for each. */
@Tag("cluster")
@Timeout(120)
class NodeAllocationTest
{
    private static final int WARM_UP = 300_000;
    private static final int COMMANDS = 1_000_000;
    private static final int LENGTH = 64;

    @TempDir
    private Path directory;

    /** Adds up what comes in, and answers with the sum. */
    private static final class Sum implements StateMachine
    {
        private long sum;

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            sum += buffer.getLong(offset);
            reply.buffer(Long.BYTES).putLong(0, sum);
            reply.length(Long.BYTES);
        }
    }

    private final AtomicLong ended = new AtomicLong();
    private final AtomicLong uncommitted = new AtomicLong();

    private void onEnd(
        final long correlationId, final CommandOutcome outcome, final long index, final long token,
        final DirectBuffer reply, final int offset, final int length)
    {
        if (CommandOutcome.COMMITTED != outcome)
        {
            uncommitted.incrementAndGet();
        }
        ended.lazySet(ended.getPlain() + 1);
    }

    private void offer(final UkehiNode node, final int count)
    {
        final UnsafeBuffer command = new UnsafeBuffer(new byte[LENGTH]);
        final long before = ended.get();
        for (int taken = 0; taken < count;)
        {
            command.putLong(0, taken);
            if (node.offer(command, 0, LENGTH) > 0)
            {
                taken++;
            }
            else
            {
                Thread.yield();
            }
        }
        TestCluster.await(() -> before + count == ended.get());
    }

    /** With a driver of its own thread: what Aeron's driver allocates now and then is not the node's. */
    @ParameterizedTest(name = "{0} members, {1}")
    @CsvSource({"1,BATCH", "1,EVERY", "3,BATCH"})
    void shouldAllocateNothingForACommand(final int size, final Durability durability) throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, size))
        {
            cluster.settings(context -> context
                .durability(durability)
                .electionTimeoutMinNs(TimeUnit.SECONDS.toNanos(2))
                .electionTimeoutMaxNs(TimeUnit.SECONDS.toNanos(3))
                .segmentLength(32 * 1024 * 1024)
                .stateMachine(new Sum())
                .commandListener(this::onEnd)).start();
            final UkehiNode leader = cluster.awaitLeader();
            offer(leader, WARM_UP);
            final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
            final long[] ids = new long[size + 1];
            final long[] before = new long[size + 1];
            for (int id = 1; id <= size; id++)
            {
                ids[id] = threadId("ukehi-node-" + id);
                before[id] = threads.getThreadAllocatedBytes(ids[id]);
            }
            offer(leader, COMMANDS);
            for (int id = 1; id <= size; id++)
            {
                final long bytes = threads.getThreadAllocatedBytes(ids[id]) - before[id];
                assertTrue(bytes < COMMANDS, "member " + id + " allocated " + bytes + " bytes");
            }
            assertEquals(0, uncommitted.get());
        }
    }

    private static long threadId(final String name)
    {
        return Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals(name)).findFirst().orElseThrow().threadId();
    }
}
