package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.Outcome;
import io.ukehi.client.UkehiClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Eight clients count, each with many increments under way, while one leader after another is killed: how many
 * increments and kills is for {@code ukehi.increments} and {@code ukehi.kills} to say.
 */
@Tag("process")
@Timeout(value = 1, unit = TimeUnit.HOURS)
class ExactlyOnceProcessTest
{
    private static final int SIZE = 3;
    private static final int CLIENTS = 8;
    private static final int WINDOW = 32;
    private static final long INCREMENTS = Long.getLong("ukehi.increments", 100_000);
    private static final int KILLS = Integer.getInteger("ukehi.kills", 2);

    private final AtomicLong committed = new AtomicLong();
    private final AtomicLong resent = new AtomicLong();
    private final AtomicLong unknown = new AtomicLong();
    private volatile Throwable failure;
    /** Whoever has the commands of one of the clients: a client that sends none may learn of an election late. */
    private volatile int leaderId;
    private CounterCluster cluster;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws IOException
    {
        cluster = new CounterCluster(directory, SIZE, SIZE);
        cluster.startFirst();
    }

    @AfterEach
    void close() throws Exception
    {
        cluster.close();
    }

    private void count(final long share)
    {
        final UnsafeBuffer command = new UnsafeBuffer(new byte[8]);
        final long[] ended = new long[1];
        try (UkehiClient client = UkehiClient.connect(cluster.client()))
        {
            long offered = 0;
            while (ended[0] < share && null == failure)
            {
                while (offered < share && offered - ended[0] < WINDOW && client.offer(command, 0, 8) > 0)
                {
                    offered++;
                }
                final int work = client.poll((id, outcome, code, index, token, buffer, offset, length) ->
                {
                    ended[0]++;
                    (Outcome.COMMITTED == outcome ? committed : unknown).incrementAndGet();
                });
                leaderId = client.leaderId();
                if (0 == work)
                {
                    Thread.sleep(0, 100_000);
                }
            }
            resent.addAndGet(client.stats().resent());
        }
        catch (final Throwable thrown)
        {
            failure = thrown;
        }
    }

    /** Kills whoever leads, as often and as evenly over the run as is asked for. */
    private int kill() throws Exception
    {
        int kills = 0;
        while (committed.get() + unknown.get() < INCREMENTS && null == failure)
        {
            final int leader = leaderId;
            if (kills < KILLS && leader > 0 && committed.get() > INCREMENTS * (kills + 0.5) / KILLS)
            {
                cluster.kill(leader);
                kills++;
                Thread.sleep(300);
                cluster.start(leader);
            }
            Thread.sleep(5);
        }
        return kills;
    }

    @Test
    void shouldCountEveryIncrementOnceWhenLeadersAreKilled() throws Exception
    {
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++)
        {
            final Thread thread = new Thread(() -> count(INCREMENTS / CLIENTS), "client-" + i);
            thread.start();
            threads.add(thread);
        }
        final long beganNs = System.nanoTime();
        final int kills = kill();
        try (UkehiClient watcher = UkehiClient.connect(cluster.client()))
        {
            for (final Thread thread : threads)
            {
                thread.join();
            }
            assertNull(failure, () -> failure.toString());
            final ExpandableArrayBuffer reply = new ExpandableArrayBuffer(8);
            watcher.request(new UnsafeBuffer(new byte[8]), 0, 8, reply);
            System.out.printf(
                "%,d increments of %d clients, %d leaders killed, %,d sent again, %d unknown, %.1f s: %,d%n",
                committed.get(), CLIENTS, kills, resent.get(), unknown.get(),
                (System.nanoTime() - beganNs) / 1e9, reply.getLong(0) - 1);
            assertEquals(KILLS, kills);
            assertEquals(0, unknown.get());
            assertEquals(INCREMENTS, committed.get());
            assertEquals(INCREMENTS + 1, reply.getLong(0), "the counter, this question counted");
            assertTrue(resent.get() > 0, "nothing was under way when a leader was killed");
        }
    }
}
