package io.ukehi.raft;

import io.ukehi.CoverageMark;
import java.util.SplittableRandom;

/**
 * Who leads: the election timer, candidates and voters (Raft section 5.2 and 5.4.1), PreVote (thesis 9.6) and loyalty
 * to a leader that lives (thesis 4.2.3).
 * <p>
 * The timeout is drawn once each time the timer is reset. A node whose timer runs out first asks whether it would be
 * elected; only if a majority says so does it move the term and stand. A voter says no while it hears a leader, and
 * votes by term and log alone: whether it knows the candidate as a member does not matter, since its own
 * configuration may be the old one. A node in {@link Doubt} neither votes nor stands.
 */
final class Election
{
    /** What an election leads to. */
    interface Winner
    {
        void onElected();
    }

    private final RaftState state;
    private final Leadership leadership;
    private final Doubt doubt;
    private final VoteTally tally;
    private final SplittableRandom random;
    private final Winner winner;
    private VoteKind asking = VoteKind.PRE_VOTE;
    private long deadlineNs;
    private long askAgainNs;
    private long leaderHeardNs;
    private boolean leaderHeard;
    private boolean isHeardThisCycle;
    /** Since when this node has promised not to vote, where leases are on; kept whatever becomes of leader and term. */
    private long promiseNs;
    private boolean renewing;
    private long electionCount;

    Election(final RaftState state, final Leadership leadership, final Doubt doubt, final Winner winner)
    {
        this.state = state;
        this.leadership = leadership;
        this.doubt = doubt;
        this.winner = winner;
        this.tally = new VoteTally(state.membership);
        this.random = new SplittableRandom(state.config.randomSeed());
    }

    void start()
    {
        resetTimer();
        // An earlier life may have answered a leader whose lease still runs.
        promiseNs = state.nowNs();
        if (state.membership.isAlone())
        {
            deadlineNs = state.nowNs();
        }
    }

    long electionCount()
    {
        return electionCount;
    }

    /** Whether this node, having led, stands only to get a fresh term: commands wait instead of being refused. */
    boolean isRenewing()
    {
        return renewing && Role.CANDIDATE == state.role();
    }

    int doTimers()
    {
        if (state.nowNs() - deadlineNs >= 0)
        {
            if (!mayStand())
            {
                // A learner, or a member no more: it waits to be told otherwise by whoever leads.
                return waitForALeader();
            }
            renewing = false;
            if (!doubt.mayStand())
            {
                CoverageMark.DOUBTFUL_NODE_WAITS.hit();
                waitForALeader();
            }
            else
            {
                ask();
            }
            return 1;
        }
        if (Role.FOLLOWER != state.role() && state.nowNs() - askAgainNs >= 0)
        {
            sendRequests();
            return 1;
        }
        return 0;
    }

    /**
     * A message that came in the last cycle may have come any time after that cycle's clock was read, if the process
     * stood still meanwhile. A lease counts on voters that hold back for a whole timeout behind it, so it is counted
     * from here.
     */
    void onCycle()
    {
        if (isHeardThisCycle)
        {
            isHeardThisCycle = false;
            promiseNs = state.nowNs();
            leaderHeardNs = state.nowNs();
            resetTimer();
        }
    }

    /** Whether this node may ask for votes at all. */
    boolean mayStand()
    {
        return state.membership.maySelfStand(state.commitIndex());
    }

    /** A message of the current leader has come: whatever it says, the leader lives. */
    void onLeaderContact()
    {
        leaderHeard = true;
        leaderHeardNs = state.nowNs();
        isHeardThisCycle = state.config.readLease();
        resetTimer();
    }

    /** Follows whoever leads a term; nobody is known yet if {@code leaderId} says so. */
    void follow(final long term, final int leaderId)
    {
        if (term > state.term())
        {
            state.moveToTerm(term, HardStateStore.NO_VOTE);
        }
        becomeFollower(leaderId);
    }

    private void becomeFollower(final int leaderId)
    {
        renewing = false;
        if (Role.FOLLOWER != state.role() || leaderId != state.leaderId())
        {
            resetTimer();
        }
        leaderHeard = leaderHeard && RaftListener.NO_LEADER != leaderId;
        endLeadership();
        state.become(Role.FOLLOWER, leaderId);
    }

    /** The leader is silent, and this node may not take its place: it is nobody's follower. Work done. */
    private int waitForALeader()
    {
        resetTimer();
        if (Role.FOLLOWER == state.role() && RaftListener.NO_LEADER == state.leaderId())
        {
            return 0;
        }
        becomeFollower(RaftListener.NO_LEADER);
        return 1;
    }

    private void endLeadership()
    {
        if (Role.LEADER == state.role())
        {
            leadership.end();
        }
    }

    private void ask()
    {
        asking = VoteKind.PRE_VOTE;
        tally.begin();
        resetTimer();
        leaderHeard = false;
        state.become(Role.PRE_CANDIDATE, RaftListener.NO_LEADER);
        proceed();
    }

    /** Moves to a new term and stands in it, at once: a transfer, or a leader whose tokens have run out. */
    void standNow(final boolean isRenewal)
    {
        stand(VoteKind.VOTE_FORCED);
        renewing = isRenewal && Role.CANDIDATE == state.role();
    }

    private void stand(final VoteKind kind)
    {
        asking = kind;
        electionCount++;
        leaderHeard = false;
        state.moveToTerm(state.term() + 1, state.nodeId);
        tally.begin();
        resetTimer();
        endLeadership();
        state.become(Role.CANDIDATE, RaftListener.NO_LEADER);
        proceed();
    }

    private void proceed()
    {
        if (!tally.isWon())
        {
            sendRequests();
        }
        else if (VoteKind.PRE_VOTE == asking)
        {
            stand(VoteKind.VOTE);
        }
        else
        {
            doubt.onElected();
            winner.onElected();
        }
    }

    /** Asks those who have not said yes: their answers, or the question, may have been lost. */
    private void sendRequests()
    {
        askAgainNs = state.nowNs() + state.config.heartbeatIntervalNs();
        final long term = VoteKind.PRE_VOTE == asking ? state.term() + 1 : state.term();
        for (int i = 0; i < state.membership.peerCount(); i++)
        {
            if (state.membership.isVoter(i) && !tally.hasVoted(i))
            {
                state.sender.sendVoteRequest(
                    state.membership.peer(i), asking, term, state.log.lastIndex(), state.log.lastTerm());
            }
        }
    }

    void onVoteRequest(
        final int fromId, final VoteKind kind, final long term, final long lastLogIndex, final long lastLogTerm)
    {
        final boolean isElectable = isUpToDate(lastLogIndex, lastLogTerm) && doubt.mayVoteFor(lastLogIndex);
        if (VoteKind.PRE_VOTE == kind)
        {
            final boolean isRefusedByLoyalty = term > state.term() && isElectable && isLoyal();
            if (isRefusedByLoyalty)
            {
                CoverageMark.PRE_VOTE_REFUSED_BY_LOYALTY.hit();
            }
            final boolean granted = term > state.term() && isElectable && !isRefusedByLoyalty;
            state.sender.sendVoteReply(fromId, kind, state.term(), term, granted);
            return;
        }
        if (term > state.term())
        {
            if (VoteKind.VOTE == kind && (isLoyal() || isPromised()))
            {
                // Not even the term moves: a node that was away must not depose a leader that a majority hears.
                CoverageMark.VOTE_PASSED_OVER_BY_LOYALTY.hit();
                return;
            }
            state.moveToTerm(term, isElectable ? fromId : HardStateStore.NO_VOTE);
            becomeFollower(RaftListener.NO_LEADER);
        }
        else if (term == state.term() && fromId == state.votedFor())
        {
            CoverageMark.VOTE_GIVEN_AGAIN.hit();
        }
        final boolean isHeldBack = HardStateStore.NO_VOTE == state.votedFor() && VoteKind.VOTE == kind && isPromised();
        if (isHeldBack)
        {
            CoverageMark.VOTE_HELD_BACK_BY_LEASE.hit();
        }
        final boolean granted = term == state.term() && isElectable && !isHeldBack &&
            (HardStateStore.NO_VOTE == state.votedFor() || fromId == state.votedFor());
        if (granted)
        {
            state.vote(fromId);
            if (Role.FOLLOWER != state.role())
            {
                // It only asked for pre-votes, which bind nobody: candidates and leaders have voted for themselves.
                becomeFollower(RaftListener.NO_LEADER);
            }
            resetTimer();
        }
        state.sender.sendVoteReply(fromId, kind, state.term(), term, granted);
    }

    void onVoteReply(
        final int fromId, final VoteKind kind, final long term, final long requestTerm, final boolean granted)
    {
        if (term > state.term())
        {
            follow(term, RaftListener.NO_LEADER);
            return;
        }
        final boolean isCurrent = switch (state.role())
        {
            case PRE_CANDIDATE -> VoteKind.PRE_VOTE == kind && requestTerm == state.term() + 1;
            case CANDIDATE -> VoteKind.PRE_VOTE != kind && requestTerm == state.term();
            case FOLLOWER, LEADER -> false;
        };
        if (isCurrent && granted)
        {
            tally.add(fromId);
            if (tally.isWon())
            {
                proceed();
            }
        }
    }

    /** Section 5.4.1: the later last term wins; with equal terms the longer log. */
    private boolean isUpToDate(final long lastLogIndex, final long lastLogTerm)
    {
        return lastLogTerm > state.log.lastTerm() ||
            (lastLogTerm == state.log.lastTerm() && lastLogIndex >= state.log.lastIndex());
    }

    /** Whether this node heard a leader, or a quorum as leader, within the shortest election timeout. */
    private boolean isLoyal()
    {
        final long sinceNs = state.nowNs() - state.config.electionTimeoutMinNs();
        if (Role.LEADER == state.role())
        {
            return leadership.hasQuorumSince(sinceNs);
        }
        return leaderHeard && leaderHeardNs - sinceNs > 0;
    }

    /**
     * Whether a leader that this node has answered may still count on it (thesis 6.4.1). Unlike loyalty, which is there
     * for stability, this outlives a change of term or leader and a restart.
     */
    private boolean isPromised()
    {
        return state.config.readLease() &&
            (isHeardThisCycle || state.nowNs() - promiseNs < state.config.electionTimeoutMinNs());
    }

    private void resetTimer()
    {
        final long minNs = state.config.electionTimeoutMinNs();
        deadlineNs = state.nowNs() + minNs + random.nextLong(state.config.electionTimeoutMaxNs() - minNs);
    }
}
