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
    /** Publications a second, once those that may be opened at once are. */
    static final int OPENS_PER_SECOND = 200;

    private static final long INTERVAL_NS = TimeUnit.SECONDS.toNanos(1) / OPENS_PER_SECOND;

    private final int burst;
    private int left;
    private long grantedNs;

    /** @param burst publications that may be opened at once, 1 or more. */
    OpenBudget(final int burst)
    {
        this.burst = burst;
        left = burst;
    }

    /** Time passes. */
    void onCycle(final long nowNs)
    {
        if (left == burst)
        {
            grantedNs = nowNs;
            return;
        }
        final long granted = (nowNs - grantedNs) / INTERVAL_NS;
        if (granted > 0)
        {
            left = (int)Math.min(burst, left + granted);
            grantedNs += granted * INTERVAL_NS;
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
