package io.ukehi.benchmarks.cluster;

import org.HdrHistogram.Histogram;

/**
 * What one run of the load generator gave.
 *
 * @param histogram         latency in nanoseconds, from when a command was due.
 * @param perSecond         echoes a second while it was measured.
 * @param unanswered        commands that were due while it was measured, and had not come back two seconds later.
 * @param bytesPerCommand   allocated by all threads of this process.
 * @param collections       of garbage in this process.
 * @param cpuNsPerCommand   processor time of all threads of this process, waiting that spins or yields included.
 * @param stages            where the time went; null if that was not looked at.
 */
record LoadResult(
    Histogram histogram, double perSecond, long unanswered, double bytesPerCommand, long collections,
    double cpuNsPerCommand, StageTimes stages)
{
    LoadResult plusUnanswered(final long more)
    {
        return new LoadResult(
            histogram, perSecond, unanswered + more, bytesPerCommand, collections, cpuNsPerCommand, stages);
    }

    double micros(final double percentile)
    {
        return histogram.getValueAtPercentile(percentile) / 1000.0;
    }
}
