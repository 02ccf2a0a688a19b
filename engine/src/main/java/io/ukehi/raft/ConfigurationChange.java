package io.ukehi.raft;

import io.ukehi.CoverageMark;
import java.util.Arrays;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A leader's part in changing the members (thesis 4.3). It takes one change at a time, and none before an entry of its
 * own term is committed (two leaders could otherwise change the same configuration into two that do not overlap); it
 * ends every joint configuration, whoever began it, once that is committed; and it knows when its own time is over.
 */
final class ConfigurationChange
{
    private final RaftState state;
    private final Leadership leadership;
    private UnsafeBuffer payload = new UnsafeBuffer(new byte[0]);
    private final Long2LongHashMap introduced = new Long2LongHashMap(Configuration.NO_LOG);
    private boolean isNewsOfLogs;
    /** Of the configuration that was looked through for members whose log is not known. */
    private long namedIndex;
    private long begunIndex;

    ConfigurationChange(final RaftState state, final Leadership leadership)
    {
        this.state = state;
        this.leadership = leadership;
    }

    /** A term of leadership begins. */
    void begin()
    {
        begunIndex = 0;
        isNewsOfLogs = true;
    }

    /** See {@link Raft#changeConfiguration}. */
    long propose(final Configuration wanted)
    {
        final Configuration current = state.membership.current();
        final Configuration target = wanted.withLogIdsOfLearners(current);
        if (target.isJoint() || 0 == target.voters().length)
        {
            throw new IllegalArgumentException("a change leads to one set of voters: " + target);
        }
        if (!isSettled() || current.isJoint())
        {
            return Raft.CHANGE_IN_PROGRESS;
        }
        if (leadership.isHoldingBack())
        {
            return RaftLog.BACK_PRESSURED;
        }
        if (target.equals(current))
        {
            return state.membership.index();
        }
        final boolean isSameQuorum = Arrays.equals(target.voters(), current.voters());
        return append(isSameQuorum ? target : current.joinedWith(target));
    }

    /** Whether what is in force is committed, and so is an entry of this leader's term. */
    boolean isSettled()
    {
        return state.membership.index() <= state.commitIndex() &&
            state.log.termAt(state.commitIndex()) == state.term();
    }

    private long append(final Configuration configuration)
    {
        final int length = configuration.encodedLength();
        if (payload.capacity() < length)
        {
            payload = new UnsafeBuffer(new byte[length]);
        }
        configuration.encode(payload, 0);
        final long index = leadership.append(EntryType.CONFIGURATION, payload, 0, length);
        if (index > 0)
        {
            begunIndex = index;
            state.membership.onAppended(index, configuration);
            leadership.onMembers();
            state.announceMembers();
        }
        return index;
    }

    /** A node has said whose log it has. */
    void onIntroduction(final int fromId, final long logId)
    {
        isNewsOfLogs |= introduced.put(fromId, logId) != logId;
    }

    /** Leaves a joint configuration once it is committed; enters the logs of members that are not known. Work done. */
    int doWork()
    {
        final Configuration current = state.membership.current();
        if (!isSettled() || leadership.isHoldingBack())
        {
            return 0;
        }
        return current.isJoint() ? leave(current) : nameLogs(current);
    }

    /**
     * From then on a member that has lost its log, and comes back with another under its old id, is known for what it
     * is (catalogue row 40). Quorums stay what they are.
     */
    private int nameLogs(final Configuration current)
    {
        // With the log of a member that is alone everything is lost, and nobody left to know.
        final boolean isOfNoUse = Configuration.NO_LOG == state.config.logId() || 0 == state.membership.peerCount();
        if (isOfNoUse || (namedIndex == state.membership.index() && !isNewsOfLogs))
        {
            return 0;
        }
        isNewsOfLogs = false;
        namedIndex = state.membership.index();
        Configuration named = current;
        for (final int id : current.members())
        {
            final long logId = id == state.nodeId ? state.config.logId() :
                introduced.get(id);
            if (Configuration.NO_LOG == current.logId(id) && Configuration.NO_LOG != logId)
            {
                named = named.withLogId(id, logId);
            }
        }
        return !named.equals(current) && append(named) > 0 ? 1 : 0;
    }

    private int leave(final Configuration current)
    {
        final boolean isOwn = begunIndex == state.membership.index();
        if (append(current.settled()) < 0)
        {
            return 0;
        }
        if (!isOwn)
        {
            CoverageMark.JOINT_LEFT_BY_A_LATER_LEADER.hit();
        }
        return 1;
    }

    /** Whether this leader is a voter no longer, and that is committed. */
    boolean isRemoved()
    {
        return !state.membership.isSelfVoter() && isSettled();
    }
}
