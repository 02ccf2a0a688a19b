package io.ukehi.benchmarks.cluster;

import io.ukehi.Stage;
import io.ukehi.StageMarks;
import java.util.concurrent.TimeUnit;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * Where the time of commands went: of each whose stages were marked, the time from the stage before, from when it was
 * due to when its echo was there. The load generator's thread. Allocates nothing after construction.
 */
final class StageTimes
{
    /** The last part, which no stage ends: from when the reply was sent to when the client had it. */
    static final String REPLY = "reply";

    private static final long LONGEST_NS = TimeUnit.SECONDS.toNanos(120);
    private static final Stage[] STAGES = Stage.values();
    private static final int PARTS = STAGES.length + 1;

    private final int acks;
    private final StageMarks marks = Stage.marks();
    private final long[] timesNs = new long[STAGES.length];
    private final Histogram[] parts = new Histogram[PARTS];
    private final long[] sumsNs = new long[PARTS];
    private final Histogram whole = new Histogram(LONGEST_NS, 3);
    private long wholeSumNs;
    private long incomplete;
    private long disordered;

    /** @param members of the cluster, the leader included. A node has been started. */
    StageTimes(final int members)
    {
        acks = members / 2;
        for (int i = 0; i < PARTS; i++)
        {
            parts[i] = new Histogram(LONGEST_NS, 3);
        }
        reset();
    }

    /** Forgets all. */
    void reset()
    {
        for (int i = 0; i < PARTS; i++)
        {
            parts[i].reset();
            sumsNs[i] = 0;
        }
        whole.reset();
        wholeSumNs = 0;
        incomplete = 0;
        disordered = 0;
    }

    /**
     * A command has come back.
     *
     * @param index of its entry.
     * @param dueNs when it was due.
     * @param nowNs when it came back.
     */
    void onEcho(final long index, final long dueNs, final long nowNs)
    {
        if (!marks.isMarked(index))
        {
            return;
        }
        if (!marks.read(index, acks, timesNs))
        {
            incomplete++;
        }
        else if (!isInOrder(dueNs, nowNs))
        {
            disordered++;
        }
        else
        {
            record(dueNs, nowNs);
        }
    }

    private boolean isInOrder(final long dueNs, final long nowNs)
    {
        long beforeNs = dueNs;
        for (final long timeNs : timesNs)
        {
            if (StageMarks.UNKNOWN != timeNs)
            {
                if (timeNs - beforeNs < 0)
                {
                    return false;
                }
                beforeNs = timeNs;
            }
        }
        return nowNs - beforeNs >= 0 && nowNs - dueNs <= LONGEST_NS;
    }

    private void record(final long dueNs, final long nowNs)
    {
        long beforeNs = dueNs;
        for (int i = 0; i < timesNs.length; i++)
        {
            if (StageMarks.UNKNOWN != timesNs[i])
            {
                record(i, timesNs[i] - beforeNs);
                beforeNs = timesNs[i];
            }
        }
        record(PARTS - 1, nowNs - beforeNs);
        whole.recordValue(nowNs - dueNs);
        wholeSumNs += nowNs - dueNs;
    }

    private void record(final int part, final long partNs)
    {
        parts[part].recordValue(partNs);
        sumsNs[part] += partNs;
    }

    /** Adds what another run found. */
    void add(final StageTimes other)
    {
        for (int i = 0; i < PARTS; i++)
        {
            parts[i].add(other.parts[i]);
            sumsNs[i] += other.sumsNs[i];
        }
        whole.add(other.whole);
        wholeSumNs += other.wholeSumNs;
        incomplete += other.incomplete;
        disordered += other.disordered;
    }

    int partCount()
    {
        return PARTS;
    }

    String name(final int part)
    {
        return part == PARTS - 1 ? REPLY : STAGES[part].name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** Times of a part in nanoseconds; none where the cluster does not have it, being one member alone. */
    Histogram part(final int part)
    {
        return parts[part];
    }

    /** The mean of a part in nanoseconds, not rounded as a histogram's is, so that the means add up. */
    double meanNs(final int part)
    {
        return (double)sumsNs[part] / Math.max(1, whole.getTotalCount());
    }

    /** Latencies of the same commands in nanoseconds. */
    Histogram whole()
    {
        return whole;
    }

    /** Their mean, not rounded either. */
    double wholeMeanNs()
    {
        return (double)wholeSumNs / Math.max(1, whole.getTotalCount());
    }

    /** Commands of which a mark was missing, since the ring had gone on: they are in none of the figures. */
    long incompleteCount()
    {
        return incomplete;
    }

    /** Commands that passed a stage before the one before it: a new leader, or an entry sent twice. In no figure. */
    long disorderedCount()
    {
        return disordered;
    }
}
