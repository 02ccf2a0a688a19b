package io.ukehi.benchmarks.cluster;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.HdrHistogram.Histogram;
import org.agrona.BufferUtil;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Sends commands and times their echoes, the same for every system, on one thread. Latency is counted from when a
 * command was due, not from when it could be sent: with a rate, what a system holds up makes all that come after late.
 */
final class LoadGenerator
{
    private static final long STALL_NS = TimeUnit.SECONDS.toNanos(10);
    private static final long DRAIN_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long LONGEST_NS = TimeUnit.SECONDS.toNanos(120);
    private static final long SLICE_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int SEND_LIMIT = 256;

    private final EchoCluster cluster;
    private final IdleStrategy idle;
    private final UnsafeBuffer message;
    private final int length;
    private final Histogram histogram = new Histogram(LONGEST_NS, 3);
    private final EchoListener listener = new Echoes();
    private final StageTimes stages;
    private final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
    private final List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans();
    private final OperatingSystemMXBean process =
        (OperatingSystemMXBean)ManagementFactory.getOperatingSystemMXBean();
    private long measureFromNs;
    private long measureToNs;
    private long sent;
    private long received;
    private long receivedInTime;
    private long expected;
    private long lastEchoNs;
    private long lastReceived;
    private long allocatedBefore;
    private long collectionsBefore;
    private long cpuBeforeNs;

    /**
     * @param length of each message, 8 bytes or more.
     * @param stages told where the time went of what is measured; null if that is not looked at.
     */
    LoadGenerator(final EchoCluster cluster, final int length, final IdleStrategy idle, final StageTimes stages)
    {
        this.cluster = cluster;
        this.idle = idle;
        this.stages = stages;
        this.length = length;
        message = new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, 64));
        message.setMemory(0, length, (byte)'x');
    }

    /** As many commands under way as told: with 1, the latency; with many, the highest rate. */
    LoadResult closedLoop(final int outstanding, final long warmupNs, final long measureNs)
    {
        lastEchoNs = System.nanoTime();
        lastReceived = 0;
        return run(untilNs -> closedSlice(outstanding, untilNs), warmupNs, measureNs);
    }

    private void closedSlice(final int outstanding, final long untilNs)
    {
        long nowNs = System.nanoTime();
        while (nowNs - untilNs < 0)
        {
            int work = cluster.poll(listener);
            for (int i = 0; i < SEND_LIMIT && sent - received < outstanding; i++)
            {
                if (!send(System.nanoTime()))
                {
                    break;
                }
                work++;
            }
            idle.idle(work);
            nowNs = System.nanoTime();
            if (received != lastReceived)
            {
                lastReceived = received;
                lastEchoNs = nowNs;
            }
            checkStall(nowNs - lastEchoNs);
        }
    }

    private static void checkStall(final long silenceNs)
    {
        if (silenceNs > STALL_NS)
        {
            throw new IllegalStateException("no command has come back for " + STALL_NS / 1_000_000_000 + " s");
        }
    }

    /** So many commands a second, each due at its own time, whether or not those before it have come back. */
    LoadResult openLoop(final long perSecond, final long warmupNs, final long measureNs)
    {
        final double intervalNs = 1e9 / perSecond;
        final long startNs = System.nanoTime();
        final LoadResult result = run(untilNs -> openSlice(startNs, intervalNs, untilNs), warmupNs, measureNs);
        // Those that were due and could not even be sent are unanswered too.
        final long unsent = Math.max(0, (long)((measureToNs - startNs) / intervalNs) - sent);
        return result.plusUnanswered(Math.min(unsent, (long)(measureNs / intervalNs)));
    }

    private void openSlice(final long startNs, final double intervalNs, final long untilNs)
    {
        long nowNs = System.nanoTime();
        while (nowNs - untilNs < 0)
        {
            int work = cluster.poll(listener);
            nowNs = System.nanoTime();
            for (int i = 0; i < SEND_LIMIT; i++)
            {
                final long dueNs = startNs + (long)(sent * intervalNs);
                if (dueNs - nowNs > 0 || !send(dueNs))
                {
                    break;
                }
                work++;
            }
            idle.idle(work);
            nowNs = System.nanoTime();
        }
    }

    /**
     * The load in slices, warm-up and measurement alike, and in the warm-up each slice is measured: were anything done
     * for the first time when the measurement begins, the compiled code would be thrown away there, with all that is
     * inlined into it, and its first tenths of a second would be those of the interpreter.
     */
    private LoadResult run(final LongConsumer slice, final long warmupNs, final long measureNs)
    {
        sent = 0;
        received = 0;
        idle.reset();
        long nowNs = System.nanoTime();
        final long warmToNs = nowNs + warmupNs;
        while (nowNs - warmToNs < 0)
        {
            begin(nowNs, Math.min(nowNs + SLICE_NS, warmToNs));
            slice.accept(measureToNs);
            nowNs = System.nanoTime();
        }
        startCounting();
        begin(nowNs, nowNs + measureNs);
        while (nowNs - measureToNs < 0)
        {
            slice.accept(Math.min(nowNs + SLICE_NS, measureToNs));
            nowNs = System.nanoTime();
        }
        return end(measureNs);
    }

    /** What is due between two points in time is measured from here on. */
    private void begin(final long fromNs, final long toNs)
    {
        histogram.reset();
        if (null != stages)
        {
            stages.reset();
        }
        receivedInTime = 0;
        expected = 0;
        measureFromNs = fromNs;
        measureToNs = toNs;
    }

    private void startCounting()
    {
        collectionsBefore = collectionCount();
        cpuBeforeNs = process.getProcessCpuTime();
        allocatedBefore = threads.getTotalThreadAllocatedBytes();
    }

    private long collectionCount()
    {
        long count = 0;
        for (final GarbageCollectorMXBean collector : collectors)
        {
            count += collector.getCollectionCount();
        }
        return count;
    }

    private boolean send(final long dueNs)
    {
        message.putLong(0, dueNs, ByteOrder.LITTLE_ENDIAN);
        if (!cluster.offer(message, 0, length))
        {
            return false;
        }
        sent++;
        if (isMeasured(dueNs))
        {
            expected++;
        }
        return true;
    }

    private boolean isMeasured(final long stampNs)
    {
        return stampNs - measureFromNs >= 0 && stampNs - measureToNs < 0;
    }

    private long onEcho(final long stampNs)
    {
        received++;
        final long nowNs = System.nanoTime();
        if (isMeasured(nowNs))
        {
            receivedInTime++;
        }
        if (isMeasured(stampNs))
        {
            histogram.recordValue(Math.clamp(nowNs - stampNs, 0, LONGEST_NS));
        }
        return nowNs;
    }

    private LoadResult end(final long measureNs)
    {
        final long allocated = threads.getTotalThreadAllocatedBytes() - allocatedBefore;
        final long cpuNs = process.getProcessCpuTime() - cpuBeforeNs;
        final long collections = collectionCount() - collectionsBefore;
        final long deadlineNs = System.nanoTime() + DRAIN_NS;
        while (received < sent && System.nanoTime() - deadlineNs < 0)
        {
            idle.idle(cluster.poll(listener));
        }
        return new LoadResult(
            histogram.copy(),
            receivedInTime * 1e9 / measureNs,
            expected - histogram.getTotalCount(),
            (double)allocated / Math.max(1, receivedInTime),
            collections,
            (double)cpuNs / Math.max(1, receivedInTime),
            stages);
    }

    private final class Echoes implements EchoListener
    {
        @Override
        public void onEcho(final long stampNs)
        {
            LoadGenerator.this.onEcho(stampNs);
        }

        @Override
        public void onEcho(final long stampNs, final long index)
        {
            final long nowNs = LoadGenerator.this.onEcho(stampNs);
            if (null != stages && isMeasured(stampNs))
            {
                stages.onEcho(index, stampNs, nowNs);
            }
        }
    }
}
