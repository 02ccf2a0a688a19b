package io.ukehi.raft;

import io.ukehi.Invariant;
import java.util.Arrays;

/**
 * Compares the states of replicas at equal indexes: each tells the others the digest of each snapshot that it takes.
 * A member whose state differs from that of a majority of the voters has gone wrong in a way that nothing else shows,
 * and ends itself, since what it answers cannot be trusted (catalogue row 46). One that differs from some, without a
 * majority on their side, is reported.
 */
final class SnapshotDigests
{
    /** Snapshots of which digests are remembered. */
    private static final int CAPACITY = 8;

    private static final int UNKNOWN = -1;

    private final RaftState state;
    private final long[] indexes = new long[CAPACITY];
    /** By slot and member: who, and what it said; the own one too. */
    private final int[][] members = new int[CAPACITY][0];
    private final long[][] digests = new long[CAPACITY][0];

    SnapshotDigests(final RaftState state)
    {
        this.state = state;
    }

    /** This member has a snapshot: tells the others. */
    void onTaken(final long index, final long digest)
    {
        for (int i = 0; i < state.membership.peerCount(); i++)
        {
            state.sender.sendSnapshotDigest(state.membership.peer(i), state.term(), index, digest);
        }
        put(state.nodeId, index, digest);
    }

    /** Another member has one. */
    void onTold(final int memberId, final long index, final long digest)
    {
        if (state.membership.current().isMember(memberId))
        {
            put(memberId, index, digest);
        }
    }

    private void put(final int memberId, final long index, final long digest)
    {
        final int slot = slotOf(index);
        if (UNKNOWN == slot)
        {
            return;
        }
        if (index != indexes[slot])
        {
            indexes[slot] = index;
            members[slot] = new int[0];
            digests[slot] = new long[0];
        }
        final int count = members[slot].length;
        for (int i = 0; i < count; i++)
        {
            if (memberId == members[slot][i])
            {
                return;
            }
        }
        members[slot] = Arrays.copyOf(members[slot], count + 1);
        digests[slot] = Arrays.copyOf(digests[slot], count + 1);
        members[slot][count] = memberId;
        digests[slot][count] = digest;
        compare(slot);
    }

    /** Where an index is remembered, or may be in the place of the oldest; unknown if all others are newer. */
    private int slotOf(final long index)
    {
        int oldest = 0;
        for (int i = 0; i < CAPACITY; i++)
        {
            if (index == indexes[i])
            {
                return i;
            }
            if (indexes[i] < indexes[oldest])
            {
                oldest = i;
            }
        }
        return indexes[oldest] < index ? oldest : UNKNOWN;
    }

    private void compare(final int slot)
    {
        final int own = indexOfOwn(slot);
        if (UNKNOWN == own)
        {
            return;
        }
        final long ownDigest = digests[slot][own];
        boolean isDifferent = false;
        for (int i = 0; i < members[slot].length; i++)
        {
            if (ownDigest != digests[slot][i])
            {
                isDifferent = true;
                Invariant.check(!isOfMajority(slot, digests[slot][i]),
                    "this member's state is that of a majority at a snapshot's index", indexes[slot], ownDigest);
            }
        }
        if (isDifferent)
        {
            state.reportDifference(indexes[slot]);
        }
    }

    private int indexOfOwn(final int slot)
    {
        for (int i = 0; i < members[slot].length; i++)
        {
            if (state.nodeId == members[slot][i])
            {
                return i;
            }
        }
        return UNKNOWN;
    }

    private boolean isOfMajority(final int slot, final long digest)
    {
        final int[] voters = state.membership.current().voters();
        int count = 0;
        for (int i = 0; i < members[slot].length; i++)
        {
            count += digest == digests[slot][i] && Arrays.binarySearch(voters, members[slot][i]) >= 0 ? 1 : 0;
        }
        return count > voters.length / 2;
    }
}
