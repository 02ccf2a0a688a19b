package io.ukehi.raft;

import io.ukehi.CoverageMark;
import io.ukehi.Invariant;
import io.ukehi.fencing.FencingToken;
import io.ukehi.fencing.FencingTokenState;
import java.util.Arrays;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * A leader's duties: its first entry (Raft section 8), commands, heartbeats, replication, the commit rule (section
 * 5.4.2), stepping down without a quorum (CheckQuorum, thesis 6.2), and handing leadership over (thesis 3.10).
 */
final class Leadership
{
    private static final int NO_TARGET = 0;

    private final RaftState state;
    private final FencingTokenState tokens;
    private final ConfigurationChange changes;
    private final Reconfiguration plan;
    private final DiskWatch disk;
    private final Preference preference;
    private final Demotion demotion;
    private final UnsafeBuffer nothing = new UnsafeBuffer(new byte[0]);
    /** One for each peer, in the order of the membership's positions. */
    private Replicator[] replicators = {};
    private long[] values = {};
    /**
     * Of everybody who was a peer in this term: whoever comes back goes on where it was, since answers of the time
     * before may still be under way, and the follower has heard the numbers that were used then (catalogue row 23).
     */
    private final Int2ObjectHashMap<Replicator> ofThisTerm = new Int2ObjectHashMap<>();
    private boolean isNoOpDue;
    private long heartbeatRound;
    private long heartbeatDueNs;
    /** Issued for an entry that the log had no room for, and due to the next one; or none. */
    private long unusedToken = FencingToken.NONE;
    private int transferTarget = NO_TARGET;
    private long transferDeadlineNs;
    private long timeoutNowDueNs;
    private ReadRounds reads;

    Leadership(final RaftState state, final FencingTokenState tokens)
    {
        this.state = state;
        this.tokens = tokens;
        this.changes = new ConfigurationChange(state, this);
        this.plan = new Reconfiguration(state, this);
        this.disk = new DiskWatch(state);
        this.preference = new Preference(state, this);
        this.demotion = new Demotion(state, this);
    }

    /** The other half of the wiring: rounds of reads are rounds of heartbeats. */
    void reads(final ReadRounds rounds)
    {
        reads = rounds;
    }

    ReadRounds reads()
    {
        return reads;
    }

    void begin()
    {
        Invariant.check(Role.CANDIDATE == state.role(), "a leader was a candidate of its term", state.term());
        tokens.beginTerm(state.term());
        heartbeatRound = 0;
        heartbeatDueNs = state.nowNs();
        unusedToken = FencingToken.NONE;
        transferTarget = NO_TARGET;
        reads.begin();
        disk.begin();
        preference.begin();
        demotion.begin();
        replicators = new Replicator[0];
        ofThisTerm.clear();
        onMembers();
        changes.begin();
        isNoOpDue = true;
        state.become(Role.LEADER, state.nodeId);
        appendNoOp();
        sendHeartbeats();
    }

    /** The members have changed: who stays is carried on with, who is new is begun with. */
    void onMembers()
    {
        final List<Replicator> before = Arrays.asList(replicators);
        final Replicator[] after = new Replicator[state.membership.peerCount()];
        for (int i = 0; i < after.length; i++)
        {
            final int id = state.membership.peer(i);
            after[i] = ofThisTerm.get(id);
            if (null == after[i])
            {
                after[i] = new Replicator(state, id);
                after[i].begin();
                ofThisTerm.put(id, after[i]);
            }
            else if (!before.contains(after[i]))
            {
                after[i].resume();
            }
        }
        replicators = after;
        values = new long[after.length];
        // So the target of a transfer stays a member until that has ended.
        Invariant.check(NO_TARGET == transferTarget, "members stay while leadership is handed over", transferTarget);
    }

    private void appendNoOp()
    {
        isNoOpDue = append(EntryType.NO_OP, nothing, 0, 0) < 0;
        if (isNoOpDue)
        {
            CoverageMark.NO_OP_DELAYED.hit();
        }
    }

    /** Whether commands have to wait for a moment, though this node leads. */
    boolean isHoldingBack()
    {
        return isNoOpDue || NO_TARGET != transferTarget;
    }

    /** As {@link Raft#propose}; the caller has checked the role, and that a token is left. */
    long propose(final int type, final DirectBuffer payload, final int offset, final int length)
    {
        return isHoldingBack() ? RaftLog.BACK_PRESSURED : append(type, payload, offset, length);
    }

    long append(final int type, final DirectBuffer payload, final int offset, final int length)
    {
        Invariant.check(Role.LEADER == state.role(), "only a leader appends", state.term());
        final long token = FencingToken.NONE == unusedToken ? tokens.issue() : unusedToken;
        Invariant.check(FencingTokenState.EXHAUSTED != token, "a token is left", state.term());
        final long timeNs = Math.max(state.epochNs(), state.log.lastClusterTimeNs());
        final long index = state.log.append(type, state.term(), token, timeNs, payload, offset, length);
        unusedToken = index < 0 ? token : FencingToken.NONE;
        return index;
    }

    /** Heartbeats and the quorum. False if the node may lead no longer: it has not heard a majority for too long. */
    boolean doTimers()
    {
        if (!hasQuorumSince(state.nowNs() - state.config.electionTimeoutMaxNs()))
        {
            return false;
        }
        if (state.nowNs() - heartbeatDueNs >= 0)
        {
            sendHeartbeats();
        }
        if (NO_TARGET != transferTarget && state.nowNs() - transferDeadlineNs >= 0)
        {
            CoverageMark.TRANSFER_GIVEN_UP.hit();
            transferTarget = NO_TARGET;
        }
        if (disk.isSlowForLong())
        {
            // Where others are no better, this comes up again as late.
            disk.begin();
            if (transferToSuccessor())
            {
                CoverageMark.SLOW_DISK_LEADER_GIVES_WAY.hit();
            }
        }
        preference.doTimers();
        demotion.doTimers();
        return true;
    }

    /** Sends a round of heartbeats; returns its number. */
    long sendHeartbeats()
    {
        heartbeatRound++;
        reads.onRound(heartbeatRound);
        heartbeatDueNs = state.nowNs() + state.config.heartbeatIntervalNs();
        for (final Replicator replicator : replicators)
        {
            replicator.sendHeartbeat(heartbeatRound);
        }
        return heartbeatRound;
    }

    /** Number of the last round of heartbeats in this term. */
    long lastRound()
    {
        return heartbeatRound;
    }

    /** Highest round of heartbeats that a majority, this node included, has answered in this term; 0 for none. */
    long answeredRound()
    {
        for (int i = 0; i < replicators.length; i++)
        {
            values[i] = replicators[i].heartbeatSequence();
        }
        return Math.max(0, state.membership.reached(values, heartbeatRound));
    }

    int doReplication()
    {
        if (isNoOpDue)
        {
            appendNoOp();
        }
        int workCount = 0;
        for (final Replicator replicator : replicators)
        {
            workCount += replicator.doWork();
        }
        sendTimeoutNow();
        return workCount + reads.doWork();
    }

    /**
     * Advances the commit index: a majority has it durably, and it is of this term (figure 8). Answers reads that a
     * majority has confirmed.
     */
    int doProgress()
    {
        final int workCount = commit();
        return Role.LEADER == state.role() ? workCount + reads.doProgress() : workCount;
    }

    private int commit()
    {
        for (int i = 0; i < replicators.length; i++)
        {
            values[i] = replicators[i].matchIndex();
        }
        final long index = state.membership.reached(values, state.log.durableIndex());
        if (index > state.commitIndex())
        {
            if (state.log.termAt(index) == state.term())
            {
                state.commitTo(index);
                return 1;
            }
            CoverageMark.OLD_TERM_NOT_COMMITTED.hit();
        }
        return changes.doWork() + plan.doWork();
    }

    /** Whether a majority, this node included, has been heard in this term after a point in time. */
    boolean hasQuorumSince(final long timeNs)
    {
        for (int i = 0; i < replicators.length; i++)
        {
            // As ages rather than times, since nanoTime may be negative and wraps.
            values[i] = replicators[i].contactNs() - state.nowNs();
        }
        return state.membership.reached(values, 0) - (timeNs - state.nowNs()) >= 0;
    }

    /** Lets the snapshots go that are being sent: leadership has ended. */
    void stopSnapshots()
    {
        for (final Replicator replicator : replicators)
        {
            replicator.snapshot().stop();
        }
    }

    /** The least index of the snapshots that are being sent; none: {@link Long#MAX_VALUE}. */
    long lowestSnapshotIndex()
    {
        long lowest = Long.MAX_VALUE;
        for (final Replicator replicator : replicators)
        {
            final long index = replicator.snapshot().index();
            lowest = index > 0 ? Math.min(lowest, index) : lowest;
        }
        return lowest;
    }

    /** Hundredths of the snapshot being sent that have arrived, with the peer that has least; -1 if none is sent. */
    int snapshotSentPercent()
    {
        int least = -1;
        for (final Replicator replicator : replicators)
        {
            final SnapshotSender sender = replicator.snapshot();
            if (sender.chunkCount() > 0)
            {
                final int percent = (int)(100L * sender.receivedChunks() / sender.chunkCount());
                least = least < 0 ? percent : Math.min(least, percent);
            }
        }
        return least;
    }

    /** The least that any peer, learners too, is known to hold; of the own log if there is none. */
    long lowestMatchIndex()
    {
        long lowest = state.log.lastIndex();
        for (final Replicator replicator : replicators)
        {
            lowest = Math.min(lowest, replicator.matchIndex());
        }
        return lowest;
    }

    /** The replicator of a peer, null if the id is not a peer's. */
    Replicator replicator(final int peerId)
    {
        final int position = state.membership.positionOf(peerId);
        return position < 0 ? null : replicators[position];
    }

    boolean isTransferring()
    {
        return NO_TARGET != transferTarget;
    }

    boolean transferTo(final int targetId)
    {
        final int position = state.membership.positionOf(targetId);
        if (NO_TARGET != transferTarget || position < 0 || !state.membership.isVoter(position))
        {
            return false;
        }
        transferTarget = targetId;
        transferDeadlineNs = state.nowNs() + state.config.electionTimeoutMaxNs();
        timeoutNowDueNs = state.nowNs();
        return true;
    }

    /**
     * Tells all how far the log is committed, and the voter whose log is closest to this one to stand at once: that
     * takes less time than to wait for a timeout. Nothing depends on it.
     */
    void handOver()
    {
        sendHeartbeats();
        final Replicator successor = successor();
        if (null != successor)
        {
            sendTimeoutNow(successor.peerId());
        }
    }

    /** Another will do better. False if no voter has all that is committed: to wait for one would help nobody. */
    boolean transferToSuccessor()
    {
        final Replicator successor = successor();
        return null != successor && successor.matchIndex() >= state.commitIndex() && transferTo(successor.peerId());
    }

    /** The voter whose log is closest to this one, to take over; null if there is none. */
    private Replicator successor()
    {
        Replicator best = null;
        for (int i = 0; i < replicators.length; i++)
        {
            if (state.membership.isVoter(i) && (null == best || replicators[i].matchIndex() > best.matchIndex()))
            {
                best = replicators[i];
            }
        }
        return best;
    }

    /** This node leads no more. */
    void end()
    {
        plan.abandon();
    }

    Reconfiguration plan()
    {
        return plan;
    }

    Preference preference()
    {
        return preference;
    }

    ConfigurationChange changes()
    {
        return changes;
    }

    private void sendTimeoutNow()
    {
        if (NO_TARGET != transferTarget && state.nowNs() - timeoutNowDueNs >= 0 &&
            replicator(transferTarget).matchIndex() == state.log.lastIndex() &&
            sendTimeoutNow(transferTarget))
        {
            timeoutNowDueNs = state.nowNs() + state.config.heartbeatIntervalNs();
        }
    }

    boolean sendTimeoutNow(final int targetId)
    {
        reads.barLease();
        return state.sender.sendTimeoutNow(targetId, state.term());
    }
}
