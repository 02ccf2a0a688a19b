package io.ukehi.node;

import io.ukehi.raft.Configuration;
import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftListener;
import io.ukehi.snapshot.SnapshotManifest;

/**
 * When a replica's next snapshot is due, and how long its writing waits for that of other members. Duty-cycle thread.
 * <p>
 * By entries, what is due depends on the index, on how much log an entry takes, and on the last snapshot's size. All
 * three are the same on all members, and the step from one to the next is a power of two times {@link
 * SnapshotPolicy#entries()}, counted from the log's beginning: members that took different ones, since one of them was
 * away or still writing, come together again by themselves.
 */
final class SnapshotSchedule
{
    private static final long SECOND_NS = 1_000_000_000L;

    /** Longest wait for one other member. */
    private static final long MAX_TURN_NS = 60 * SECOND_NS;

    /** Times the time that a snapshot takes at the highest rate, since a disk may not keep up with that. */
    private static final double TURN_FACTOR = 1.4;

    private final SnapshotPolicy policy;
    private final int memberId;
    private boolean isRequested;
    private boolean isTimed;
    private long lastNs;
    private long lastBytes;

    SnapshotSchedule(final SnapshotPolicy policy, final int memberId)
    {
        this.policy = policy;
        this.memberId = memberId;
    }

    /** The next one is due at once, whatever the policy says. */
    void request()
    {
        isRequested = true;
    }

    /** Whether the next one was asked for: somebody waits for it. */
    boolean isRequested()
    {
        return isRequested;
    }

    /**
     * Whether one is due.
     *
     * @param index        up to which entries are applied.
     * @param appliedBytes of log, since the replica was started.
     * @param newest       the last one; null if there is none.
     */
    boolean isDue(final long index, final long appliedBytes, final SnapshotManifest newest, final long nowNs)
    {
        if (!isTimed)
        {
            isTimed = true;
            lastNs = nowNs;
        }
        final long entries = index - (null == newest ? 0 : newest.index());
        if (entries <= 0)
        {
            return false;
        }
        if (isRequested)
        {
            return true;
        }
        final long bytes = appliedBytes - lastBytes;
        final boolean isByEntries = policy.entries() > 0 && 0 == index % policy.entries() &&
            isWorthIt(index, entries, bytes, null == newest ? 0 : newest.contentLength());
        final boolean isByBytes = policy.bytes() > 0 && bytes >= policy.bytes();
        final boolean isByTime = policy.intervalNs() > 0 && nowNs - lastNs >= policy.intervalNs();
        return (isByEntries || isByBytes || isByTime) && entries >= policy.minEntries();
    }

    private boolean isWorthIt(final long index, final long entries, final long bytes, final long snapshotLength)
    {
        if (0 == policy.logPercent() || bytes >= policy.maxLogBytes())
        {
            return true;
        }
        final long wanted = Math.min(snapshotLength / 100 * policy.logPercent(), policy.maxLogBytes());
        if (bytes < wanted / 2)
        {
            // The last one was off the others' path.
            return false;
        }
        // As many steps as have had that much log lately, rounded to a power of two: up, if the log may be that long.
        final long bytesOfStep = Math.max(1, bytes / Math.max(1, entries / policy.entries()));
        final long steps = Math.clamp((wanted + bytesOfStep - 1) / bytesOfStep, 1, 1L << 40);
        final long rounded = Long.highestOneBit(2 * steps - 1);
        final long stride = rounded > policy.maxLogBytes() / bytesOfStep ? Math.max(1, rounded / 2) : rounded;
        return 0 == (index / policy.entries() & stride - 1);
    }

    /** One is begun, or another's was loaded: what is counted begins anew. */
    void onBegun(final long appliedBytes, final long nowNs)
    {
        isRequested = false;
        lastNs = nowNs;
        lastBytes = appliedBytes;
    }

    /**
     * How long a frozen state is kept before it is written, in nanoseconds: members freeze theirs at one index and
     * write them one after the other, so that there is always a majority whose disks have nothing else to do; the
     * leader, whom everybody waits for, comes last.
     *
     * @param length that the snapshot is expected to have, in bytes: about that of the last one.
     */
    long turnNs(final Raft raft, final long length)
    {
        if (isRequested)
        {
            return 0;
        }
        final long durationNs =
            (long)Math.min(MAX_TURN_NS, TURN_FACTOR * SECOND_NS * length / policy.bytesPerSecond());
        return rank(raft) * durationNs;
    }

    /** Members that write before this one. */
    private int rank(final Raft raft)
    {
        final Configuration configuration = raft.configuration();
        final int leaderId = raft.leaderId();
        int rank = 0;
        for (final int id : configuration.members())
        {
            final boolean isBefore = id < memberId && id != leaderId;
            rank += memberId == leaderId && id != memberId || isBefore ? 1 : 0;
        }
        return RaftListener.NO_LEADER == leaderId ? 0 : rank;
    }
}
