package io.ukehi.raft;

/**
 * Lets a voter that is silent for long vote no more until it is back, where that is wanted: with one less to wait for,
 * a group of five in which two machines are away bears the loss of another. Never below a number of voters, and never
 * where it would not leave a majority that answers. Who was demoted so is a learner, marked in the configuration, so
 * that any later leader makes it a voter again when it has caught up.
 * <p>
 * One at a time, as any change of the members, and none while another is under way.
 */
final class Demotion
{
    private final RaftState state;
    private final Leadership leadership;
    private long nextNs;

    Demotion(final RaftState state, final Leadership leadership)
    {
        this.state = state;
        this.leadership = leadership;
    }

    /** A term of leadership begins: nobody has been silent to this leader yet. */
    void begin()
    {
        nextNs = state.nowNs() + state.config.electionTimeoutMaxNs();
    }

    void doTimers()
    {
        if (0 == state.config.demotionTimeoutNs() || state.nowNs() - nextNs < 0)
        {
            return;
        }
        nextNs = state.nowNs() + state.config.electionTimeoutMaxNs();
        final Configuration current = state.membership.current();
        if (leadership.plan().isUnderWay() || current.isJoint() || !leadership.changes().isSettled())
        {
            return;
        }
        final Configuration target = target(current);
        if (null != target)
        {
            leadership.plan().begin(target);
        }
    }

    /** Who is back comes first. Null if there is nothing to change. */
    private Configuration target(final Configuration current)
    {
        for (final int id : current.learners())
        {
            if (current.isDemoted(id) && isBack(id) && current.voters().length < Configuration.MAX_VOTERS)
            {
                return current.plusVoter(id, current.endpoint(id));
            }
        }
        for (final int id : current.voters())
        {
            if (id != state.nodeId && silentNs(id) > state.config.demotionTimeoutNs() && isBearable(current))
            {
                return current.demoted(id);
            }
        }
        return null;
    }

    private long silentNs(final int id)
    {
        return state.nowNs() - leadership.replicator(id).contactNs();
    }

    private boolean isBack(final int id)
    {
        return silentNs(id) <= state.config.electionTimeoutMinNs() &&
            leadership.replicator(id).matchIndex() >= state.commitIndex();
    }

    /** Whether enough stay, and of those a majority answers. */
    private boolean isBearable(final Configuration current)
    {
        int heard = 1;
        for (final int id : current.voters())
        {
            heard += id != state.nodeId && silentNs(id) <= state.config.electionTimeoutMaxNs() ? 1 : 0;
        }
        final int left = current.voters().length - 1;
        return left >= state.config.minVoters() && heard >= Quorum.size(left);
    }
}
