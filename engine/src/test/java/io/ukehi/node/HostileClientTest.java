package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.ClientContext;
import io.ukehi.client.UkehiClient;
import io.ukehi.log.Durability;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import io.ukehi.transport.ClientGatewayConfig;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One client sends garbage, uses sessions that are not its own, sends everything again and again, and connects without
 * end; another one does its work meanwhile, and must hardly notice. Nothing may be lost, and all of it is counted.
 * <p>
 * How much is for {@code ukehi.hostile.frames}, {@code ukehi.hostile.connects} and {@code ukehi.hostile.rate} (frames a
 * second) to say. Each attack comes in {@code ukehi.hostile.rounds}, with two seconds of peace before each, so that
 * what else the machine does falls on both alike. The other client's 99th percentile may double, and beyond that grow
 * by {@code ukehi.hostile.slackMs}, which is 0 where the machine does nothing else. What the hostile client does itself
 * would be done on another machine: here its threads get what processor time the others leave.
 */
@Tag("cluster")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class HostileClientTest
{
    private static final long FRAMES = Long.getLong("ukehi.hostile.frames", 20_000);
    private static final long CONNECTS = Long.getLong("ukehi.hostile.connects", 600);
    private static final long RATE = Long.getLong("ukehi.hostile.rate", 20_000);
    private static final long SLACK_NS = TimeUnit.MILLISECONDS.toNanos(Long.getLong("ukehi.hostile.slackMs", 1_000));
    private static final int ROUNDS = Integer.getInteger("ukehi.hostile.rounds", 1);
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(500);
    private static final int SESSION_LIMIT = 128;
    private static final int HALF_OPEN_LIMIT = new ClientGatewayConfig().halfOpenLimit();
    private static final int OWN_COMMANDS = 100;
    private static final long NAME = 666;

    @TempDir
    private Path directory;

    private final ExecutorService attacker = Executors.newSingleThreadExecutor(task -> new Thread(task, "attacker"));

    private static final class Counter implements StateMachine
    {
        private long count;

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            reply.buffer(Long.BYTES).putLong(0, ++count);
            reply.length(Long.BYTES);
        }
    }

    /** Counts, one at a time and without haste, and measures how long each takes. */
    private static final class Worker extends Thread implements AutoCloseable
    {
        private final UkehiClient client;
        private final ExpandableArrayBuffer reply = new ExpandableArrayBuffer();
        private volatile Histogram histogram = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
        private volatile boolean isStopped;
        private volatile Throwable failure;
        private long committed;

        Worker(final ClientContext ctx)
        {
            client = UkehiClient.connect(ctx);
            start();
        }

        @Override
        public void run()
        {
            final UnsafeBuffer command = new UnsafeBuffer(new byte[64]);
            try
            {
                while (!isStopped)
                {
                    final long startNs = System.nanoTime();
                    client.request(command, 0, command.capacity(), reply);
                    histogram.recordValue(System.nanoTime() - startNs);
                    committed++;
                    LockSupport.parkNanos(PAUSE_NS);
                }
            }
            catch (final Throwable thrown)
            {
                failure = thrown;
            }
        }

        /** What was measured since it was called last. */
        Histogram measure()
        {
            final Histogram measured = histogram;
            histogram = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
            return measured;
        }

        /** Stops: how many were committed, by the cluster's count. */
        long finish() throws InterruptedException
        {
            isStopped = true;
            join();
            assertNull(failure, () -> failure.toString());
            assertEquals(0, client.stats().sessionsLost());
            return reply.getLong(0);
        }

        @Override
        public void close()
        {
            isStopped = true;
            client.close();
        }
    }

    private TestCluster cluster() throws Exception
    {
        return new TestCluster(directory, 3).settings(context -> context
            .stateMachine(new Counter())
            .driverMode(DriverMode.INVOKER)
            .durability(Durability.ASYNC)
            .sessionLimit(SESSION_LIMIT)
            .sessionTimeoutNs(3 * SECOND_NS)
            .electionTimeoutMinNs(3 * SECOND_NS)
            .electionTimeoutMaxNs(4 * SECOND_NS));
    }

    private static ClientContext context(final TestCluster cluster)
    {
        final StringBuilder endpoints = new StringBuilder();
        for (int id = 1; id <= cluster.size(); id++)
        {
            endpoints.append(id > 1 ? "," : "").append(id).append('=')
                .append(cluster.node(id).context().ownAddress().clientEndpoint());
        }
        return new ClientContext().embeddedDriver(true).endpoints(endpoints.toString());
    }

    /** As many a second, and no more than a millisecond's worth at a time. */
    private static void pace(final long count, final long rate, final LongConsumer attack)
    {
        final long startNs = System.nanoTime();
        for (long i = 0; i < count; i++)
        {
            while (i * SECOND_NS / rate > System.nanoTime() - startNs)
            {
                LockSupport.parkNanos(500_000);
            }
            attack.accept(i);
        }
    }

    private void shouldHardlyNotice(final String what, final Worker worker, final LongConsumer attack) throws Exception
    {
        final Histogram before = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
        final Histogram during = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
        worker.measure();
        for (int round = 0; round < ROUNDS; round++)
        {
            final int number = round;
            Thread.sleep(2_000);
            before.add(worker.measure());
            attacker.submit(() -> attack.accept(number)).get();
            during.add(worker.measure());
            assertNull(worker.failure, () -> worker.failure.toString());
        }
        System.out.printf(
            "%-20s %,8d commands, p50 %,6.0f us, p99 %,6.0f us, max %,7.0f us; without %,6.0f, %,6.0f us%n", what,
            during.getTotalCount(), during.getValueAtPercentile(50) / 1e3,
            during.getValueAtPercentile(99) / 1e3, during.getMaxValue() / 1e3,
            before.getValueAtPercentile(50) / 1e3, before.getValueAtPercentile(99) / 1e3);
        final long mostNs = 2 * before.getValueAtPercentile(99) + SLACK_NS;
        assertTrue(during.getValueAtPercentile(99) <= mostNs, what);
    }

    /** Ids of this process's threads, as the kernel knows them, of clients and media drivers. */
    private static Set<String> aeronThreads() throws IOException
    {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task")))
        {
            return tasks.filter(HostileClientTest::isAeron).map(task -> task.getFileName().toString())
                .collect(Collectors.toSet());
        }
    }

    private static boolean isAeron(final Path task)
    {
        try
        {
            return Files.readString(task.resolve("comm")).contains("aeron");
        }
        catch (final IOException gone)
        {
            return false;
        }
    }

    /** A lower priority would not do: a scheduler that lets everybody end a slice makes others wait for it. */
    private static void leaveItTheRest(final String thread) throws InterruptedException
    {
        try
        {
            assertEquals(0, new ProcessBuilder("chrt", "--idle", "-p", "0", thread).inheritIO().start().waitFor());
        }
        catch (final IOException ex)
        {
            System.out.println("no chrt: the hostile client takes processor time from the others");
        }
    }

    /** The hostile client, and who uses it, on what the others leave. */
    private HostileClient launchHostile(final String endpoint) throws Exception
    {
        final Set<String> others = aeronThreads();
        final HostileClient hostile = new HostileClient(endpoint);
        final Set<String> own = aeronThreads();
        own.removeAll(others);
        own.add(attacker.submit(() -> Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName().toString())
            .get());
        assertTrue(own.size() > 2, own.toString());
        for (final String thread : own)
        {
            leaveItTheRest(thread);
        }
        return hostile;
    }

    @AfterEach
    void stopAttacker()
    {
        attacker.shutdownNow();
    }

    private static int publicationsOf(final UkehiNode node)
    {
        return new File(node.context().aeronDirectoryName(), "publications").list().length;
    }

    @Test
    void shouldCostNobodyElseAnythingAndBeCounted() throws Exception
    {
        try (TestCluster cluster = cluster(); Intruder intruder = new Intruder(directory.resolve("intruder")))
        {
            final UkehiNode leader = cluster.start().awaitLeader();
            final long term = leader.term();
            try (Worker worker = new Worker(context(cluster)); HostileClient hostile =
                launchHostile(leader.context().ownAddress().clientEndpoint()))
            {
                Thread.sleep(ROUNDS > 1 ? 15_000 : 2_000);
                final int publications = publicationsOf(leader);
                shouldHardlyNotice("malformed frames", worker, round -> sendGarbage(leader, intruder, hostile));
                shouldHardlyNotice(
                    "sessions of others", worker, round -> useSessionsOfOthers(leader, worker, hostile));
                final long session = hostile.openSession(NAME);
                sendOwnCommands(hostile, session);
                shouldHardlyNotice("replays", worker, round -> replay(leader, hostile, session));
                shouldHardlyNotice(
                    "connects", worker, round -> connectWithoutEnd(leader, hostile, round * CONNECTS / ROUNDS));
                // No leak: what was opened for the hostile one is closed, in the gateway and in the driver.
                TestCluster.await(() -> publicationsOf(leader) <= publications);
                assertEquals(worker.finish(), worker.committed + OWN_COMMANDS, "nothing was applied twice");
            }
            assertSame(leader, cluster.awaitLeader());
            assertEquals(term, leader.term());
            for (int id = 1; id <= cluster.size(); id++)
            {
                assertNull(cluster.node(id).failure());
            }
            assertEquals(0, cluster.errors().size(), () -> cluster.errors().toString());
        }
    }

    private static void sendGarbage(final UkehiNode leader, final Intruder intruder, final HostileClient hostile)
    {
        final long before = leader.counter(NodeCounters.Kind.DROP_COUNT);
        final long count = FRAMES / ROUNDS;
        pace(count, RATE, i -> hostile.send(intruder.badClientMessage()));
        TestCluster.await(() -> leader.counter(NodeCounters.Kind.DROP_COUNT) >= before + count);
        assertEquals(before + count, leader.counter(NodeCounters.Kind.DROP_COUNT), "each is counted once");
    }

    /** Under a name that is connected, and under one that is not. */
    private static void useSessionsOfOthers(
        final UkehiNode leader, final Worker worker, final HostileClient hostile)
    {
        hostile.openSession(NAME);
        final long before = leader.counter(NodeCounters.Kind.DROP_COUNT);
        final long count = FRAMES / 10 / ROUNDS;
        final long session = worker.client.sessionId();
        pace(count, RATE / 4, i ->
        {
            hostile.command(NAME + i % 2, session, 1 + i, 1 + i);
            hostile.poll();
        });
        TestCluster.await(() -> leader.counter(NodeCounters.Kind.DROP_COUNT) >= before + count);
        assertEquals(before + count, leader.counter(NodeCounters.Kind.DROP_COUNT), "each is counted once");
    }

    private static void sendOwnCommands(final HostileClient hostile, final long session)
    {
        for (int sequence = 1; sequence <= OWN_COMMANDS; sequence++)
        {
            final long heard = hostile.heard();
            hostile.command(NAME, session, sequence, 1);
            TestCluster.await(() -> hostile.poll() >= 0 && hostile.heard() > heard);
        }
    }

    private static void replay(final UkehiNode leader, final HostileClient hostile, final long session)
    {
        final long before = leader.counter(NodeCounters.Kind.REPEAT_COUNT);
        final long count = FRAMES / 10 / ROUNDS;
        pace(count, RATE / 4, i ->
        {
            hostile.command(NAME, session, 1 + i % OWN_COMMANDS, 1);
            hostile.poll();
        });
        TestCluster.await(() -> leader.counter(NodeCounters.Kind.REPEAT_COUNT) >= before + count);
        assertEquals(before + count, leader.counter(NodeCounters.Kind.REPEAT_COUNT), "each is counted once");
    }

    private static long endedCount(final UkehiNode node)
    {
        return node.counter(NodeCounters.Kind.SILENT_CLIENT_COUNT) +
            node.counter(NodeCounters.Kind.SLOW_CLIENT_COUNT) +
            node.counter(NodeCounters.Kind.HALF_OPEN_CLIENT_COUNT);
    }

    /** Each under another name, half of them to be answered where nobody listens. */
    private static void connectWithoutEnd(final UkehiNode leader, final HostileClient hostile, final long first)
    {
        final long endedBefore = endedCount(leader);
        final long refused = leader.counter(NodeCounters.Kind.REFUSED_CLIENT_COUNT);
        final long connected = leader.counter(NodeCounters.Kind.SESSION_COUNT);
        final long count = CONNECTS / ROUNDS;
        pace(count, RATE / 10, i ->
        {
            hostile.connect(1_000 + first + i, (int)(i % (2 * HostileClient.STREAMS)));
            hostile.poll();
        });
        TestCluster.await(() -> hostile.poll() >= 0 && 1 == leader.counter(NodeCounters.Kind.SESSION_COUNT));
        // A node shows its counters one after the other: how many sessions there are before how many have ended.
        final LongSupplier taken = () -> endedCount(leader) - endedBefore - (connected - 1);
        final LongSupplier counted =
            () -> taken.getAsLong() + leader.counter(NodeCounters.Kind.REFUSED_CLIENT_COUNT) - refused;
        TestCluster.await(() -> counted.getAsLong() >= count);
        assertEquals(count, counted.getAsLong(), "each is counted once");
        assertTrue(taken.getAsLong() >= HALF_OPEN_LIMIT, "as many as there may be");
    }
}
