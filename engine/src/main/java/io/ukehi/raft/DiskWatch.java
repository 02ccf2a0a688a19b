package io.ukehi.raft;

/**
 * Watches how long a leader's own disk takes to make entries durable. A disk that is slow for long, and does not fail,
 * costs a leader nothing in safety and its clients a lot where others are needed to make up for it: the leader had
 * better be somebody else.
 * <p>
 * One entry at a time is watched, from the cycle after it was appended. Slow is a run of them, without a quicker one
 * between them: a single force that takes long says nothing.
 */
final class DiskWatch
{
    private final RaftState state;
    private long watchedIndex;
    private long watchedNs;
    private boolean isWatching;
    private long slowSinceNs;
    private boolean isSlow;

    DiskWatch(final RaftState state)
    {
        this.state = state;
    }

    /** Nothing is known of the disk: a leadership begins, or one more attempt to end it has been made. */
    void begin()
    {
        isWatching = false;
        isSlow = false;
    }

    /** Whether every entry watched took longer than it may, for as long as is tolerated. Once a cycle. */
    boolean isSlowForLong()
    {
        final long thresholdNs = state.config.slowDiskThresholdNs();
        if (0 == thresholdNs)
        {
            return false;
        }
        final long waitedNs = state.nowNs() - watchedNs;
        boolean isSlowNow = false;
        if (isWatching)
        {
            isSlowNow = waitedNs > thresholdNs;
            isWatching = state.log.durableIndex() < watchedIndex;
            if (isSlowNow && !isSlow)
            {
                slowSinceNs = watchedNs;
            }
            isSlow = isWatching ? isSlow || isSlowNow : isSlowNow;
        }
        if (!isWatching && state.log.durableIndex() < state.log.lastIndex())
        {
            isWatching = true;
            watchedIndex = state.log.lastIndex();
            watchedNs = state.nowNs();
        }
        return isSlowNow && state.nowNs() - slowSinceNs >= state.config.slowDiskTimeoutNs();
    }
}
