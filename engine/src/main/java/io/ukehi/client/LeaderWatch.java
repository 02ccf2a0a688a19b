package io.ukehi.client;

/**
 * Whether the leader lives, as far as a client can tell. A leader that has been silent for an interval is asked; one
 * that then stays silent for the timeout is lost.
 * <p>
 * The time runs from the question, not from the last message: a client that was not polled for a while has asked
 * nothing and must not take its own pause for the leader's.
 * <p>
 * Where everything is slow, an answer may take longer than the timeout, and to go looking for another leader each time
 * would leave no time for commands. So each false alarm doubles the timeout, up to eightfold, until answers are quick
 * again or another leads. Times in nanoseconds; owned by the thread that uses the client.
 */
final class LeaderWatch
{
    private static final int MAX_PATIENCE = 3;

    private final long intervalNs;
    private final long timeoutNs;
    private int patience;
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

    /** The leader that had been given up is found to lead still, in the same term. */
    void onFalseAlarm()
    {
        patience = Math.min(patience + 1, MAX_PATIENCE);
    }

    /** Another leads, or the same one again. */
    void onNewLeader()
    {
        patience = 0;
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
            if (isAsking && nowNs - askedSinceNs < timeoutNs / 2)
            {
                patience = Math.max(patience - 1, 0);
            }
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
        return isAsking && nowNs - askedSinceNs >= timeoutNs << patience;
    }
}
