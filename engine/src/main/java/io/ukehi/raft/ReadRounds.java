package io.ukehi.raft;

import io.ukehi.CoverageMark;
import io.ukehi.Invariant;
import java.util.Arrays;

/**
 * The leader's side of reads that need no entry in the log (thesis 6.4): for all questions of a cycle it notes the
 * commit index and sends one round of heartbeats. Once a majority has answered that round, which was sent after the
 * questions, no other leader can have committed anything before them, and whoever asked may read a state that contains
 * the index.
 * <p>
 * Nothing is sent before an entry of the leader's own term is committed (section 8), since until then its commit index
 * may be behind what earlier leaders have committed. Rounds are never used for questions that came after them. A round
 * whose answers took longer than the shortest election timeout says nothing any more (the process may have stood still
 * meanwhile): its questions are asked again by a later one.
 * <p>
 * <b>Lease</b> (thesis 6.4.1), where configured: for the shortest election timeout less a margin for clocks that run
 * differently, counted from when an answered round was sent, no voter of a majority elects another leader, and the
 * commit index may be used without a round. A leader that has asked a peer to stand (thesis 3.10) has none for the rest
 * of its term: that request may arrive at any time, and voters do not hold back for it.
 * <p>
 * Invariants: rounds in flight rise, and so do their indexes; at most {@link #MAX_IN_FLIGHT} of them.
 */
final class ReadRounds
{
    /** Rounds under way at a time; what is asked meanwhile shares the next one. A power of two. */
    static final int MAX_IN_FLIGHT = 4;

    /** Rounds whose sending times are remembered. A power of two; many more than fit into a lease. */
    private static final int REMEMBERED = 64;

    /** Peers that may have a question open, as many voters and learners as there may be at once. */
    private static final int MAX_ASKERS = 32;
    private static final long NONE = 0;

    /** Told of this node's own questions. */
    interface Listener
    {
        /** Questions up to a ticket are answered; see {@link RaftListener#onReadIndex}. */
        void onConfirmed(long ticket, long index, long sinceNs);
    }

    private final RaftState state;
    private final Leadership leadership;
    private final Listener listener;
    private final long[] sentNs = new long[REMEMBERED];
    // In flight, by number: heartbeat round, commit index and time when it was sent, own questions it answers.
    private final long[] rounds = new long[MAX_IN_FLIGHT];
    private final long[] indexes = new long[MAX_IN_FLIGHT];
    private final long[] tickets = new long[MAX_IN_FLIGHT];
    private long head;
    private long tail;
    private boolean isAsked;
    private long lastTicket;
    // Of each peer that asks, the one question that is open: its number there, the peer's life, which round answers it.
    private final int[] askerId = new int[MAX_ASKERS];
    private final long[] askerRequestId = new long[MAX_ASKERS];
    private final long[] askerIncarnation = new long[MAX_ASKERS];
    private final long[] askerNumber = new long[MAX_ASKERS];
    private boolean isReady;
    private boolean isLeaseBarred;

    ReadRounds(final RaftState state, final Leadership leadership, final Listener listener)
    {
        this.state = state;
        this.leadership = leadership;
        this.listener = listener;
    }

    /** A term of leadership begins: nothing of an earlier one counts. */
    void begin()
    {
        head = tail;
        isAsked = false;
        isReady = false;
        isLeaseBarred = false;
        Arrays.fill(askerRequestId, NONE);
    }

    /** This node asks. */
    void ask(final long ticket)
    {
        lastTicket = ticket;
        isAsked = true;
    }

    /** A peer asks; a question of it that is still open is void, since it asks one at a time. */
    void askFor(final int peerId, final long requestId, final long incarnation)
    {
        final int slot = slotOf(peerId);
        if (slot >= 0)
        {
            askerId[slot] = peerId;
            askerRequestId[slot] = requestId;
            askerIncarnation[slot] = incarnation;
            askerNumber[slot] = tail;
            isAsked = true;
        }
    }

    /** Where a peer's question stands or may stand; -1 if there is no room, and then it asks again. */
    private int slotOf(final int peerId)
    {
        int free = -1;
        for (int i = 0; i < MAX_ASKERS; i++)
        {
            if (NONE != askerRequestId[i] && askerId[i] == peerId)
            {
                return i;
            }
            if (NONE == askerRequestId[i] && free < 0)
            {
                free = i;
            }
        }
        return free;
    }

    /** A round of heartbeats goes out. */
    void onRound(final long round)
    {
        sentNs[(int)round & REMEMBERED - 1] = state.nowNs();
    }

    /** Whether another leader may be elected from now on without waiting for the lease. */
    void barLease()
    {
        isLeaseBarred = true;
    }

    /** Sends a round for what was asked, if there is anything. Work done. */
    int doWork()
    {
        if (!isAsked || tail - head == MAX_IN_FLIGHT || !isReady())
        {
            return 0;
        }
        isAsked = false;
        final int slot = (int)tail++ & MAX_IN_FLIGHT - 1;
        rounds[slot] = leadership.sendHeartbeats();
        indexes[slot] = state.commitIndex();
        tickets[slot] = lastTicket;
        return 1;
    }

    private boolean isReady()
    {
        if (!isReady)
        {
            isReady = state.log.termAt(state.commitIndex()) == state.term();
            if (!isReady)
            {
                CoverageMark.READ_WAITS_FOR_FIRST_COMMIT.hit();
            }
        }
        return isReady;
    }

    /** Answers what a majority has confirmed. Work done. */
    int doProgress()
    {
        int workCount = 0;
        if (head < tail)
        {
            final long confirmed = leadership.answeredRound();
            while (head < tail && rounds[(int)head & MAX_IN_FLIGHT - 1] <= confirmed)
            {
                settle((int)head & MAX_IN_FLIGHT - 1);
                head++;
                workCount++;
            }
        }
        return workCount;
    }

    private void settle(final int slot)
    {
        final long sinceNs = sentNs[(int)rounds[slot] & REMEMBERED - 1];
        final boolean isRemembered = rounds[slot] > leadership.lastRound() - REMEMBERED;
        if (!isRemembered || state.nowNs() - sinceNs > state.config.electionTimeoutMinNs())
        {
            CoverageMark.READ_ROUND_TOO_OLD.hit();
            isAsked = true;
            return;
        }
        Invariant.check(indexes[slot] <= state.commitIndex(), "the commit index never falls", indexes[slot]);
        listener.onConfirmed(tickets[slot], indexes[slot], sinceNs);
        for (int i = 0; i < MAX_ASKERS; i++)
        {
            if (NONE != askerRequestId[i] && askerNumber[i] <= head)
            {
                // One that cannot be sent is lost like any other message, and asked again.
                state.sender.sendReadIndexReply(
                    askerId[i], state.term(), askerRequestId[i], askerIncarnation[i], indexes[slot]);
                askerRequestId[i] = NONE;
            }
        }
    }

    /**
     * The commit index, if the lease holds at the time of this cycle: good for questions that came before that time was
     * read, and for those only.
     *
     * @return -1 if there is no lease.
     */
    long leaseIndex()
    {
        if (!state.config.readLease() || isLeaseBarred || !isReady())
        {
            return -1;
        }
        final long round = leadership.answeredRound();
        final boolean isRemembered = round > 0 && round > leadership.lastRound() - REMEMBERED;
        if (!isRemembered || state.nowNs() - sentNs[(int)round & REMEMBERED - 1] >= state.config.readLeaseNs())
        {
            CoverageMark.READ_LEASE_OVER.hit();
            return -1;
        }
        return state.commitIndex();
    }
}
