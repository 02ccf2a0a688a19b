package io.ukehi.transport;

import java.util.concurrent.TimeUnit;

/**
 * How many publications may be opened for whoever asks: many at once, as when a leader is new and all clients come
 * over, but no more than so many a second for long. Each costs the media driver a file to make, to map and to remove,
 * on the thread that also sends and receives for everybody else.
 * <p>
 * Belongs to the duty-cycle thread.
 */
final class OpenBudget
{
    private final int burst;
    private final long intervalNs;
    private int left;
    private long grantedNs;

    /**
     * @param burst          publications that may be opened at once, 1 or more.
     * @param opensPerSecond publications a second, once those are opened.
     */
    OpenBudget(final int burst, final int opensPerSecond)
    {
        this.burst = burst;
        this.intervalNs = TimeUnit.SECONDS.toNanos(1) / opensPerSecond;
        left = burst;
    }

    /** Time passes; before the first call nothing is taken. */
    void onCycle(final long nowNs)
    {
        if (left == burst)
        {
            grantedNs = nowNs;
            return;
        }
        final long granted = (nowNs - grantedNs) / intervalNs;
        if (granted > 0)
        {
            left = (int)Math.min(burst, left + granted);
            grantedNs += granted * intervalNs;
        }
    }

    /** Whether one more may be opened now; it counts as opened then. */
    boolean take()
    {
        if (0 == left)
        {
            return false;
        }
        left--;
        return true;
    }
}
