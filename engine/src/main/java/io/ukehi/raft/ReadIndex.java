package io.ukehi.raft;

import io.ukehi.CoverageMark;

/**
 * Reads that need no entry in the log, as any node asks for them (thesis 6.4): a question gets a ticket, and later an
 * index; a state that contains this index contains all that was committed before the question. A leader finds out by a
 * round of heartbeats ({@link ReadRounds}), a follower asks its leader, one question at a time for all tickets that
 * have gathered.
 * <p>
 * A question to the leader is never used twice: one that is asked again, because no answer came, has a new number and
 * takes in what was asked meanwhile, and an answer to the old number is passed over. A change of role, term or leader
 * loses all tickets that are open; whoever holds them asks again.
 */
final class ReadIndex implements ReadRounds.Listener
{
    private static final long NONE = 0;
    private static final int PATIENCE_HEARTBEATS = 2;

    private final RaftState state;
    private final RaftListener listener;
    private final ReadRounds rounds;
    private long lastTicket;
    /** Up to here tickets are answered or lost. */
    private long settledTicket;
    private long lastRequestId;
    /** The question to the leader that is out, or none; the tickets it is for, and when it was asked. */
    private long requestId = NONE;
    private long requestTicket;
    private long requestNs;

    ReadIndex(final RaftState state, final Leadership leadership, final RaftListener listener)
    {
        this.state = state;
        this.listener = listener;
        this.rounds = new ReadRounds(state, leadership, this);
    }

    ReadRounds rounds()
    {
        return rounds;
    }

    /** As {@link Raft#askReadIndex()}. */
    long ask()
    {
        if (RaftListener.NO_LEADER == state.leaderId())
        {
            return Raft.NOT_LEADER;
        }
        lastTicket++;
        if (Role.LEADER == state.role())
        {
            rounds.ask(lastTicket);
        }
        return lastTicket;
    }

    /** A follower's questions. Work done. */
    int doWork()
    {
        if (settledTicket == lastTicket || Role.FOLLOWER != state.role() ||
            RaftListener.NO_LEADER == state.leaderId())
        {
            return 0;
        }
        if (NONE != requestId)
        {
            if (state.nowNs() - requestNs < PATIENCE_HEARTBEATS * state.config.heartbeatIntervalNs())
            {
                return 0;
            }
            CoverageMark.READ_INDEX_ASKED_AGAIN.hit();
        }
        requestId = ++lastRequestId;
        requestTicket = lastTicket;
        requestNs = state.nowNs();
        final boolean isSent = state.sender.sendReadIndexRequest(
            state.leaderId(), state.term(), requestId, state.config.incarnation());
        if (!isSent)
        {
            requestId = NONE;
        }
        return isSent ? 1 : 0;
    }

    /** The leader answers; the term is this node's, and the sender its leader. */
    void onReply(final long answeredId, final long incarnation, final long index)
    {
        if (NONE == requestId || answeredId != requestId || incarnation != state.config.incarnation())
        {
            CoverageMark.READ_INDEX_REPLY_LATE.hit();
            return;
        }
        requestId = NONE;
        onConfirmed(requestTicket, index, requestNs);
    }

    @Override
    public void onConfirmed(final long ticket, final long index, final long sinceNs)
    {
        if (ticket > settledTicket)
        {
            settledTicket = ticket;
            listener.onReadIndex(ticket, index, sinceNs);
        }
    }

    /** Role, term or leader have changed: no answer to what was asked before will come, or count. */
    void onRoleChange()
    {
        requestId = NONE;
        if (settledTicket < lastTicket)
        {
            CoverageMark.READ_INDEX_LOST.hit();
            settledTicket = lastTicket;
            listener.onReadIndexLost(lastTicket);
        }
    }
}
