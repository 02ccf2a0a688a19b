package io.ukehi.raft;

import org.agrona.collections.Long2LongHashMap;

/**
 * Gives leadership to a voter of a higher priority, once that one has everything that is committed. Tried now and then
 * only: a transfer holds commands back, and one that comes to nothing must not do so again and again.
 */
final class Preference
{
    /** Of the longest election timeout: between one try and the next. */
    private static final int PAUSE = 10;
    /** Less than any priority. */
    private static final long UNTOLD = -1;

    private final RaftState state;
    private final Leadership leadership;
    /** As peers have told. */
    private final Long2LongHashMap priorities = new Long2LongHashMap(UNTOLD);
    private long nextNs;

    Preference(final RaftState state, final Leadership leadership)
    {
        this.state = state;
        this.leadership = leadership;
    }

    /** A term of leadership begins. */
    void begin()
    {
        nextNs = state.nowNs() + state.config.electionTimeoutMaxNs();
    }

    void onPriority(final int fromId, final int priority)
    {
        priorities.put(fromId, priority);
    }

    void doTimers()
    {
        if (state.nowNs() - nextNs < 0)
        {
            return;
        }
        nextNs = state.nowNs() + state.config.electionTimeoutMaxNs();
        final Replicator preferred = preferred();
        if (null != preferred && leadership.changes().isSettled() && leadership.transferTo(preferred.peerId()))
        {
            nextNs = state.nowNs() + PAUSE * state.config.electionTimeoutMaxNs();
        }
    }

    /** The voter of the highest priority above the own that lives and has what is committed; null if there is none. */
    private Replicator preferred()
    {
        Replicator best = null;
        long highest = state.config.priority();
        for (int i = 0; i < state.membership.peerCount(); i++)
        {
            final int id = state.membership.peer(i);
            final Replicator replicator = leadership.replicator(id);
            final boolean isFit = state.membership.isVoter(i) && replicator.matchIndex() >= state.commitIndex() &&
                state.nowNs() - replicator.contactNs() <= state.config.electionTimeoutMinNs();
            if (isFit && priorities.get(id) > highest)
            {
                highest = priorities.get(id);
                best = replicator;
            }
        }
        return best;
    }
}
