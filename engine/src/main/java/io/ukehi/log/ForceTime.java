package io.ukehi.log;

/**
 * How long the disk takes to make a batch durable, told while it takes: a disk that hangs never comes to the end of a
 * force. Written by the thread that forces, read by any.
 */
final class ForceTime
{
    private volatile boolean isForcing;
    private volatile long beganNs;
    private volatile long lastNs;
    private volatile long longestNs;

    void begin(final long nowNs)
    {
        beganNs = nowNs;
        isForcing = true;
    }

    void end(final long nowNs)
    {
        final long tookNs = nowNs - beganNs;
        lastNs = tookNs;
        if (tookNs > longestNs)
        {
            longestNs = tookNs;
        }
        isForcing = false;
    }

    /** Duration of the force that is under way, if it is longer than the last one took; that otherwise. */
    long currentNs(final long nowNs)
    {
        final long sinceNs = isForcing ? nowNs - beganNs : 0;
        return Math.max(lastNs, sinceNs);
    }

    long longestNs()
    {
        return longestNs;
    }
}
