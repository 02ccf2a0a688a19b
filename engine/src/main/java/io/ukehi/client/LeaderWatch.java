package io.ukehi.client;

/**
 * Whether the leader lives, as far as a client can tell. A leader that has been silent for an interval is asked; one
 * that then stays silent for the timeout is lost.
 * <p>
 * The time runs from the question, not from the last message: a client that was not polled for a while has asked
 * nothing and must not take its own pause for the leader's. Times in nanoseconds; owned by the thread that uses the
 * client.
 */
final class LeaderWatch
{
    private final long intervalNs;
    private final long timeoutNs;
    private boolean hasHeard;
    private boolean isAsking;
    private long askedSinceNs;
    private long quietSinceNs;

    LeaderWatch(final long intervalNs, final long timeoutNs)
    {
        this.intervalNs = intervalNs;
        this.timeoutNs = timeoutNs;
    }

    void onConnected(final long nowNs)
    {
        hasHeard = false;
        isAsking = false;
        quietSinceNs = nowNs;
    }

    /** A message has come; the time of it is that of the next {@link #isDue}. */
    void onHeard()
    {
        hasHeard = true;
    }

    /** Whether the leader should be asked now; true once per interval of silence. */
    boolean isDue(final long nowNs)
    {
        if (hasHeard)
        {
            onConnected(nowNs);
            return false;
        }
        if (nowNs - quietSinceNs < intervalNs)
        {
            return false;
        }
        quietSinceNs = nowNs;
        if (!isAsking)
        {
            isAsking = true;
            askedSinceNs = nowNs;
        }
        return true;
    }

    /** Whether it has been asked and given its time. To be called after {@link #isDue}. */
    boolean isLost(final long nowNs)
    {
        return isAsking && nowNs - askedSinceNs >= timeoutNs;
    }
}
