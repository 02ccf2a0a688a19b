package io.ukehi.benchmarks.cluster;

import java.io.PrintStream;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * How long nothing is committed after the leader's process gets SIGKILL: from the kill to the first echo of a command
 * that was due after it, with a command due each millisecond. A new cluster for each kill.
 */
final class Failover
{
    private static final int LENGTH = 64;
    private static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LOAD_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long SHOWN_NS = TimeUnit.MILLISECONDS.toNanos(Acknowledgements.TO_MS);
    /** One a millisecond, as long as is waited for at most. */
    private static final int ECHO_LIMIT = 100_000;

    private final UnsafeBuffer message = new UnsafeBuffer(new byte[LENGTH]);
    private final long[] echoesNs = new long[ECHO_LIMIT];
    private final FailoverFiles files = new FailoverFiles();
    private int echoCount;
    private long newestStampNs;

    /** What is known of all kills so far. */
    FailoverFiles files()
    {
        return files;
    }

    /** Prints the gaps of a system. */
    void run(final EchoSystem system, final ClusterSettings settings, final int kills, final PrintStream out)
        throws Exception
    {
        final double[] gapsMs = new double[kills];
        final double[] startsMs = new double[kills];
        for (int i = 0; i < kills; i++)
        {
            final long startNs = System.nanoTime();
            try (EchoCluster cluster = EchoCluster.launch(system, settings, true))
            {
                newestStampNs = System.nanoTime();
                awaitEchoOf(cluster, newestStampNs);
                startsMs[i] = (System.nanoTime() - startNs) / 1e6;
                echoCount = 0;
                load(cluster, LOAD_NS);
                cluster.kill(cluster.leaderId());
                final long killedNs = System.nanoTime();
                awaitEchoOf(cluster, killedNs);
                final long gapNs = System.nanoTime() - killedNs;
                gapsMs[i] = gapNs / 1e6;
                load(cluster, SHOWN_NS - gapNs);
                files.add(system.title(), new Acknowledgements(echoesNs, echoCount, killedNs, gapNs));
            }
        }
        Arrays.sort(gapsMs);
        Arrays.sort(startsMs);
        out.printf("%-20s %2d kills: no commit for %.0f ms (median), %.0f to %.0f ms; " +
            "%d processes to first commit %.0f ms (median)%n",
            system.title(), kills, gapsMs[kills / 2], gapsMs[0], gapsMs[kills - 1], settings.nodes(),
            startsMs[kills / 2]);
    }

    private void load(final EchoCluster cluster, final long durationNs)
    {
        final long endNs = System.nanoTime() + durationNs;
        long dueNs = System.nanoTime();
        while (System.nanoTime() - endNs < 0)
        {
            dueNs = step(cluster, dueNs);
        }
    }

    private void awaitEchoOf(final EchoCluster cluster, final long stampNs)
    {
        final long deadlineNs = System.nanoTime() + LIMIT_NS;
        long dueNs = System.nanoTime();
        newestStampNs = stampNs - 1;
        while (newestStampNs - stampNs < 0)
        {
            dueNs = step(cluster, dueNs);
            if (System.nanoTime() - deadlineNs > 0)
            {
                throw new IllegalStateException("nothing is committed any more");
            }
        }
    }

    /** Polls, and sends if it is time. When the next command is due. */
    private long step(final EchoCluster cluster, final long dueNs)
    {
        final int work = cluster.poll(this::onEcho);
        final long nowNs = System.nanoTime();
        if (nowNs - dueNs < 0)
        {
            if (0 == work)
            {
                Thread.yield();
            }
            return dueNs;
        }
        message.putLong(0, nowNs, ByteOrder.LITTLE_ENDIAN);
        cluster.offer(message, 0, LENGTH);
        return nowNs + INTERVAL_NS;
    }

    private void onEcho(final long stampNs)
    {
        if (echoCount < ECHO_LIMIT)
        {
            echoesNs[echoCount++] = System.nanoTime();
        }
        if (stampNs - newestStampNs > 0)
        {
            newestStampNs = stampNs;
        }
    }
}
