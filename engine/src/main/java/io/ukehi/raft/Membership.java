package io.ukehi.raft;

import io.ukehi.CoverageMark;
import io.ukehi.Invariant;
import java.util.Arrays;

/**
 * The configuration in force, and what a majority of it is. A configuration is in force from the moment its entry is in
 * the log, committed or not, and no longer than it is there: with a cut the one before it returns (thesis 4.1).
 * <p>
 * Peers are all other members, learners too, by position; positions change with the configuration. Allocates only when
 * that happens.
 */
final class Membership
{
    private static final int FEW = 4;

    private final int nodeId;
    /** The base, and those of the log behind it, oldest first: more than two only until the next is committed. */
    private Configuration[] configurations = new Configuration[FEW];
    private long[] indexes = new long[FEW];
    private int count;
    private Configuration current;
    private int[] peers;
    private final long logId;
    private boolean isVoter;
    private boolean isReplaced;
    private long voterMask;
    private long oldVoterMask;
    private long[] scratch;

    /**
     * @param nodeId    own member id.
     * @param logId     of the own log; {@link Configuration#NO_LOG} if nobody tells logs apart.
     * @param base      in force before the first configuration of the log.
     * @param baseIndex up to which the log is contained in it; 0 for what a node is started with.
     */
    Membership(final int nodeId, final long logId, final Configuration base, final long baseIndex)
    {
        this.nodeId = nodeId;
        this.logId = logId;
        configurations[0] = base;
        indexes[0] = baseIndex;
        count = 1;
        apply();
    }

    /** An entry with a configuration is in the log. */
    void onAppended(final long index, final Configuration configuration)
    {
        Invariant.check(index > index(), "configurations follow one another", index, index());
        if (count == configurations.length)
        {
            configurations = Arrays.copyOf(configurations, 2 * count);
            indexes = Arrays.copyOf(indexes, 2 * count);
        }
        configurations[count] = configuration;
        indexes[count++] = index;
        apply();
    }

    /** The log was cut. True if another configuration is in force now. */
    boolean onCut(final long fromIndex)
    {
        final int before = count;
        while (indexes[count - 1] >= fromIndex)
        {
            Invariant.check(count > 1, "what the node was started with stays", fromIndex);
            count--;
        }
        if (before == count)
        {
            return false;
        }
        CoverageMark.CONFIGURATION_TAKEN_BACK.hit();
        Arrays.fill(configurations, count, before, null);
        apply();
        return true;
    }

    /** What is committed is never taken back: older ones are of no use any more. */
    void onCommitted(final long commitIndex)
    {
        int newest = count - 1;
        while (newest > 0 && indexes[newest] > commitIndex)
        {
            newest--;
        }
        if (newest > 0)
        {
            System.arraycopy(configurations, newest, configurations, 0, count - newest);
            System.arraycopy(indexes, newest, indexes, 0, count - newest);
            Arrays.fill(configurations, count - newest, count, null);
            count -= newest;
        }
    }

    /** Everything before an index is replaced by a snapshot, whose configuration governs (catalogue row 36). */
    void reset(final long index, final Configuration configuration)
    {
        Arrays.fill(configurations, null);
        configurations[0] = configuration;
        indexes[0] = index;
        count = 1;
        apply();
    }

    private void apply()
    {
        current = configurations[count - 1];
        final long known = current.logId(nodeId);
        isReplaced = Configuration.NO_LOG != logId && Configuration.NO_LOG != known && known != logId;
        isVoter = current.isVoter(nodeId) && !isReplaced;
        final int[] members = current.members();
        peers = new int[members.length - (current.isMember(nodeId) ? 1 : 0)];
        int position = 0;
        voterMask = 0;
        oldVoterMask = 0;
        for (final int id : members)
        {
            if (id != nodeId)
            {
                voterMask |= maskOf(current.voters(), id) << position;
                oldVoterMask |= maskOf(current.oldVoters(), id) << position;
                peers[position++] = id;
            }
        }
        scratch = new long[Configuration.MAX_VOTERS];
    }

    private static long maskOf(final int[] set, final int id)
    {
        return Arrays.binarySearch(set, id) >= 0 ? 1 : 0;
    }

    /** In force now. */
    Configuration current()
    {
        return current;
    }

    /** Index of the entry in force, 0 if the log has none. */
    long index()
    {
        return indexes[count - 1];
    }

    /** The configuration that an entry's index falls under: the newest that is not behind it. */
    Configuration at(final long index)
    {
        int i = count - 1;
        while (i > 0 && indexes[i] > index)
        {
            i--;
        }
        return configurations[i];
    }

    /**
     * Whether {@link #at} knows for sure: older configurations are forgotten once a newer one is committed, and who
     * joins has never heard of those before the first one in its log.
     */
    boolean isKnownAt(final long index)
    {
        return indexes[0] <= index && at(index).voters().length > 0;
    }

    int peerCount()
    {
        return peers.length;
    }

    /** Member id of a peer, by its position. */
    int peer(final int position)
    {
        return peers[position];
    }

    /** Position of a peer, -1 if the id is not a peer's. */
    int positionOf(final int peerId)
    {
        return Math.max(-1, Arrays.binarySearch(peers, peerId));
    }

    /** Whether a peer votes, by its position. */
    boolean isVoter(final int position)
    {
        return 0 != ((voterMask | oldVoterMask) >> position & 1);
    }

    /** Whether this node's log is another than the one that the configuration names for it (catalogue row 40). */
    boolean isSelfReplaced()
    {
        return isReplaced;
    }

    /** Whether this node itself votes. */
    boolean isSelfVoter()
    {
        return isVoter;
    }

    /**
     * Whether this node may stand for election: a voter, or one that is no voter any more by a configuration that is
     * not committed. The latter is still needed (thesis 4.2.2): those before it may have to wait for its vote, which it
     * cannot give to logs without that configuration.
     */
    boolean maySelfStand(final long commitIndex)
    {
        return isVoter || (!isReplaced && index() > commitIndex && count > 1 &&
            configurations[count - 2].isVoter(nodeId));
    }

    /** Whether this node is all there is to a majority. */
    boolean isAlone()
    {
        return isVoter && 0 == (voterMask | oldVoterMask);
    }

    /**
     * Whether those who said yes are a majority, of both sets if there are two.
     *
     * @param yes a bit for each peer, by its position; those of learners do not count.
     * @param own whether this node says yes; does not count unless it votes.
     */
    boolean isMajority(final long yes, final boolean own)
    {
        return isMajorityOf(current.voters(), voterMask, yes, own) &&
            (!current.isJoint() || isMajorityOf(current.oldVoters(), oldVoterMask, yes, own));
    }

    private boolean isMajorityOf(final int[] set, final long mask, final long yes, final boolean own)
    {
        final int count = Long.bitCount(yes & mask) + (int)(own ? maskOf(set, nodeId) : 0);
        return count >= Quorum.size(set.length);
    }

    /**
     * The highest value that a majority has reached, of both sets if there are two.
     *
     * @param values for each peer, by its position.
     * @param own    this node's; does not count unless it votes.
     * @return the value; {@link Long#MIN_VALUE} if there are no voters.
     */
    long reached(final long[] values, final long own)
    {
        final long reached = reachedBy(current.voters(), voterMask, values, own);
        return current.isJoint() ?
            Math.min(reached, reachedBy(current.oldVoters(), oldVoterMask, values, own)) : reached;
    }

    private long reachedBy(final int[] set, final long mask, final long[] values, final long own)
    {
        int voters = 0;
        if (1 == maskOf(set, nodeId))
        {
            scratch[voters++] = own;
        }
        for (int i = 0; i < peers.length; i++)
        {
            if (0 != (mask >> i & 1))
            {
                scratch[voters++] = values[i];
            }
        }
        Invariant.check(voters == set.length, "every voter has one value", voters, set.length);
        return 0 == voters ? Long.MIN_VALUE : Quorum.reached(scratch, voters);
    }
}
