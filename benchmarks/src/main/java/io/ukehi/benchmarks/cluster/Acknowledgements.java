package io.ukehi.benchmarks.cluster;

import java.util.concurrent.TimeUnit;

/**
 * Acknowledgements in the time around a kill: from half a second before until one and a half after it, counted in
 * buckets of five milliseconds, and the longest silence between two of them.
 */
final class Acknowledgements
{
    static final int FROM_MS = -500;
    static final int TO_MS = 1_500;
    static final int BUCKET_MS = 5;

    private static final long FROM_NS = TimeUnit.MILLISECONDS.toNanos(FROM_MS);
    private static final long TO_NS = TimeUnit.MILLISECONDS.toNanos(TO_MS);
    private static final long BUCKET_NS = TimeUnit.MILLISECONDS.toNanos(BUCKET_MS);

    private final int[] counts = new int[(TO_MS - FROM_MS) / BUCKET_MS];
    private final double gapMs;
    private final double silenceMs;

    /**
     * @param timesNs  when acknowledgements came, rising.
     * @param count    how many of them.
     * @param killedNs when the leader was killed.
     * @param gapNs    from then to the first acknowledgement of a command that was due later.
     */
    Acknowledgements(final long[] timesNs, final int count, final long killedNs, final long gapNs)
    {
        gapMs = gapNs / 1e6;
        long silenceNs = 0;
        for (int i = 0; i < count; i++)
        {
            final long offsetNs = timesNs[i] - killedNs;
            if (offsetNs >= FROM_NS && offsetNs < TO_NS)
            {
                counts[(int)((offsetNs - FROM_NS) / BUCKET_NS)]++;
            }
            // One that ends before the kill says nothing about it.
            if (i > 0 && offsetNs > 0)
            {
                silenceNs = Math.max(silenceNs, timesNs[i] - timesNs[i - 1]);
            }
        }
        silenceMs = silenceNs / 1e6;
    }

    /** Buckets, the first one beginning at {@link #FROM_MS}. */
    int buckets()
    {
        return counts.length;
    }

    /** When a bucket begins, in milliseconds after the kill. */
    static int bucketMs(final int bucket)
    {
        return FROM_MS + bucket * BUCKET_MS;
    }

    /** Acknowledgements in a bucket. */
    int count(final int bucket)
    {
        return counts[bucket];
    }

    /** From the kill to the first acknowledgement of a command that was due later, in milliseconds. */
    double gapMs()
    {
        return gapMs;
    }

    /** Longest time between two acknowledgements, the second of them after the kill, in milliseconds. */
    double silenceMs()
    {
        return silenceMs;
    }
}
