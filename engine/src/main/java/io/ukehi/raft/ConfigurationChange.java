package io.ukehi.raft;

import io.ukehi.CoverageMark;
import java.util.Arrays;
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
    }

    /** See {@link Raft#changeConfiguration}. */
    long propose(final Configuration target)
    {
        final Configuration current = state.membership.current();
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

    /** Leaves a joint configuration once it is committed. Work done. */
    int doWork()
    {
        final Configuration current = state.membership.current();
        if (!current.isJoint() || !isSettled() || leadership.isHoldingBack())
        {
            return 0;
        }
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
