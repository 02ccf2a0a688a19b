package io.ukehi.raft;

import io.ukehi.CoverageMark;
import io.ukehi.fencing.FencingToken;
import io.ukehi.fencing.FencingTokenState;
import io.ukehi.Invariant;
import org.agrona.DirectBuffer;

/**
 * The consensus rules of one node: the one door through which messages, commands and time come in. It settles terms
 * (Raft section 5.1), then hands on to whoever owns the concern: {@link Election}, {@link Leadership} with its
 * {@link Replicator}s, {@link Follower}, {@link Doubt}, {@link Repair}.
 * <p>
 * A cycle: {@link #onCycle}, then messages and commands in any order, then {@link #doTimers}, {@link #doReplication},
 * the log's flush, {@link #doProgress}. One thread does all of it. The outcome depends on nothing but the calls made.
 */
public final class Raft implements PeerHandler
{
    /** {@link #propose}: this node does not lead. Other codes are {@link RaftLog}'s. */
    public static final long NOT_LEADER = -1;

    /** {@link #changeConfiguration}: another change is not committed yet, or this leader's first entry is not. */
    public static final long CHANGE_IN_PROGRESS = -10;

    private final RaftState state;
    private final Leadership leadership;
    private final Election election;
    private final Follower follower;
    private final ReadIndex reads;
    private final FencingTokenState tokens;
    private final Doubt doubt;
    private final Repair repair;
    private final SnapshotReceiver receiver;
    private final SnapshotDigests digests;
    private boolean isStarted;

    /**
     * @param config    concluded.
     * @param log       recovered.
     * @param hardState recovered.
     * @param doubts    what may be missing from the log.
     * @param tokens    restored here from the log.
     * @param sender    to the peers.
     * @param listener  the node around.
     */
    public Raft(
        final RaftConfig config,
        final RaftLog log,
        final HardStateStore hardState,
        final DoubtStore doubts,
        final FencingTokenState tokens,
        final PeerSender sender,
        final RaftListener listener)
    {
        config.conclude();
        this.tokens = tokens;
        tokens.observe(log.lastToken());
        this.state = new RaftState(config, log, hardState, sender, new Changes(listener));
        this.doubt = new Doubt(state, doubts);
        this.repair = new Repair(state);
        this.leadership = new Leadership(state, tokens);
        this.reads = new ReadIndex(state, leadership, listener);
        leadership.reads(reads.rounds());
        this.election = new Election(state, leadership, doubt, leadership::begin);
        this.follower = new Follower(state, doubt);
        this.receiver = new SnapshotReceiver(state, follower);
        this.digests = new SnapshotDigests(state);
    }

    /**
     * Begins a cycle.
     *
     * @param nowNs   monotonic time in nanoseconds.
     * @param epochNs wall time in nanoseconds since the epoch: what is stamped on entries, never used for timers.
     */
    public void onCycle(final long nowNs, final long epochNs)
    {
        state.time(nowNs, epochNs);
        if (!isStarted)
        {
            isStarted = true;
            election.start();
            doubt.start();
        }
        election.onCycle();
    }

    /** Elections, heartbeats, step-down without a quorum. Work done. */
    public int doTimers()
    {
        if (Role.LEADER != state.role())
        {
            return election.doTimers();
        }
        if (!leadership.doTimers())
        {
            CoverageMark.QUORUM_LOST.hit();
            election.follow(state.term(), RaftListener.NO_LEADER);
            return 1;
        }
        if (leadership.changes().isRemoved())
        {
            // A leader that is voter no longer leads until that is committed, and no further (thesis 4.2.2).
            CoverageMark.REMOVED_LEADER_STEPS_DOWN.hit();
            leadership.handOver();
            election.follow(state.term(), RaftListener.NO_LEADER);
            return 1;
        }
        return 0;
    }

    /**
     * The leader sends what is appended, as far as the windows allow, and a round of heartbeats if reads were asked
     * for; a follower asks its leader. Work done.
     */
    public int doReplication()
    {
        if (Role.LEADER != state.role())
        {
            leadership.stopSnapshots();
            return reads.doWork();
        }
        renewTermIfExhausted();
        return Role.LEADER == state.role() ? leadership.doReplication() : 1;
    }

    /** Collects durability: the leader commits, a follower acknowledges. Work done. */
    public int doProgress()
    {
        return repair.doWork() + switch (state.role())
        {
            case LEADER -> leadership.doProgress();
            case FOLLOWER -> receiveSnapshot() + follower.doProgress() + doubt.ask();
            case PRE_CANDIDATE, CANDIDATE -> 0;
        };
    }

    /**
     * Appends an entry, if this node leads.
     *
     * @param type    {@link EntryType}.
     * @param payload the bytes, copied.
     * @param offset  of the payload.
     * @param length  of the payload in bytes.
     * @return the entry's index; {@link #NOT_LEADER}; {@link RaftLog#BACK_PRESSURED} while the log has no room,
     * leadership is being handed over or a new term is being begun; {@link RaftLog#STORAGE_FULL}.
     */
    public long propose(final int type, final DirectBuffer payload, final int offset, final int length)
    {
        if (Role.LEADER != state.role())
        {
            return election.isRenewing() ? RaftLog.BACK_PRESSURED : NOT_LEADER;
        }
        return 0 == tokens.remaining() ?
            RaftLog.BACK_PRESSURED : leadership.propose(type, payload, offset, length);
    }

    /**
     * Asks from which state on a read sees all that was committed before this call (thesis 6.4), in any role. The
     * answer comes in a later cycle: {@link RaftListener#onReadIndex} for this ticket and those before it, or
     * {@link RaftListener#onReadIndexLost}. Costs one round of heartbeats for all that is asked within a cycle.
     *
     * @return a ticket, greater than all before; {@link #NOT_LEADER} if no leader is known.
     */
    public long askReadIndex()
    {
        return reads.ask();
    }

    /**
     * The same without a round, if this node leads and its lease holds ({@link RaftConfig#readLease()}).
     *
     * @return an index; a state that contains it contains all that was committed before the time of the last
     * {@link #onCycle} was read. So it is good only for reads that were asked for before that. -1 if there is no lease.
     */
    public long leaseReadIndex()
    {
        return Role.LEADER == state.role() ? leadership.reads().leaseIndex() : -1;
    }

    /**
     * Hands leadership to a peer: holds commands back, brings the peer up to date and asks it to stand at once. Given
     * up after an election timeout, and then commands are taken again.
     *
     * @return false if this node does not lead, the target is no peer, or a transfer is under way.
     */
    public boolean transferLeadership(final int targetId)
    {
        return Role.LEADER == state.role() && leadership.transferTo(targetId);
    }

    /** The same, to the voter whose log is closest to this node's. False as well if none has all that is committed. */
    public boolean transferLeadership()
    {
        return Role.LEADER == state.role() && leadership.transferToSuccessor();
    }

    /** Whether a transfer of leadership is under way. */
    public boolean isTransferring()
    {
        return Role.LEADER == state.role() && leadership.isTransferring();
    }

    /** Gives leadership up without naming a successor. False if this node does not lead. */
    public boolean stepDown()
    {
        if (Role.LEADER != state.role())
        {
            return false;
        }
        election.follow(state.term(), RaftListener.NO_LEADER);
        return true;
    }

    /**
     * Changes who the members are: at once where only learners come and go, else by way of a joint configuration, which
     * this leader, or a later one, leaves by itself (thesis 4.3).
     *
     * @param target not joint.
     * @return index of the entry that begins the change, or of the one in force if it is the target already; what
     * {@link #propose} returns; {@link #CHANGE_IN_PROGRESS}.
     */
    public long changeConfiguration(final Configuration target)
    {
        if (Role.LEADER != state.role())
        {
            return NOT_LEADER;
        }
        if (leadership.plan().isUnderWay())
        {
            return CHANGE_IN_PROGRESS;
        }
        return 0 == tokens.remaining() ? RaftLog.BACK_PRESSURED : leadership.changes().propose(target);
    }

    /**
     * Leads the group to other members: whoever is to vote catches up as a learner first, then one joint change follows
     * (thesis 4.2.1, 4.3). How it ends {@link RaftListener#onReconfigured} tells.
     *
     * @param target not joint.
     * @return index of the entry that begins it, or what {@link #changeConfiguration} returns otherwise.
     */
    public long reconfigure(final Configuration target)
    {
        if (Role.LEADER != state.role())
        {
            return NOT_LEADER;
        }
        return 0 == tokens.remaining() ? RaftLog.BACK_PRESSURED : leadership.plan().begin(target);
    }

    /**
     * A term has as many tokens as there are sequences. When they run out the leader stands for the next term by
     * itself; what it has appended stays, and is committed behind the new term's first entry.
     */
    private void renewTermIfExhausted()
    {
        if (0 == tokens.remaining() && FencingToken.term(tokens.last()) == state.term())
        {
            CoverageMark.TERM_RENEWED.hit();
            election.standNow(true);
        }
    }

    /** The state machine needs an entry that is damaged, in this cycle: see {@link RaftConfig#repairTimeoutNs}. */
    public void onDamagedRead()
    {
        state.onDamagedRead();
    }

    @Override
    public void onVoteRequest(
        final int fromId, final VoteKind kind, final long term, final long lastLogIndex, final long lastLogTerm)
    {
        if (isPossible(fromId, term))
        {
            election.onVoteRequest(fromId, kind, term, lastLogIndex, lastLogTerm);
        }
    }

    @Override
    public void onVoteReply(
        final int fromId, final VoteKind kind, final long term, final long requestTerm, final boolean granted)
    {
        if (isPossible(fromId, term))
        {
            election.onVoteReply(fromId, kind, term, requestTerm, granted);
        }
    }

    @Override
    public void onAppend(
        final int fromId,
        final long term,
        final long sequence,
        final long prevIndex,
        final long prevTerm,
        final long commitIndex,
        final DirectBuffer frames,
        final int offset,
        final int length)
    {
        if (isOfCurrentLeader(fromId, term, follower.isNewAppend(term, sequence)))
        {
            follower.onAppend(fromId, sequence, prevIndex, prevTerm, commitIndex, frames, offset, length);
            tokens.observe(state.log.lastToken());
        }
    }

    @Override
    public void onHeartbeat(final int fromId, final long term, final long sequence, final long commitIndex)
    {
        if (isOfCurrentLeader(fromId, term, follower.isNewHeartbeat(term, sequence)))
        {
            follower.onHeartbeat(sequence, commitIndex);
        }
    }

    @Override
    public void onAck(
        final int fromId,
        final AckKind kind,
        final long term,
        final long sequence,
        final long heartbeatSequence,
        final long incarnation,
        final long matchIndex,
        final long lastIndex,
        final long conflictIndex,
        final long conflictTerm)
    {
        if (!isPossible(fromId, term) || term < state.term())
        {
            return;
        }
        if (term > state.term())
        {
            // A member is ahead of this term (section 5.1); a leader makes way, and may be elected again above it.
            election.follow(term, RaftListener.NO_LEADER);
            return;
        }
        final Replicator replicator = Role.LEADER == state.role() ? leadership.replicator(fromId) : null;
        if (null == replicator)
        {
            return;
        }
        switch (kind)
        {
            case ACCEPTED -> replicator.onAccepted(incarnation, sequence, heartbeatSequence, matchIndex);
            case REJECTED -> replicator.onRejected(
                incarnation, sequence, heartbeatSequence, conflictIndex, conflictTerm);
            case STALE_TERM ->
            {
                // About a message of an earlier term, which this node sent or which was repeated on its way.
            }
        }
    }

    @Override
    public void onTimeoutNow(final int fromId, final long term)
    {
        if (isPossible(fromId, term) && term == state.term() && fromId == state.leaderId() &&
            Role.FOLLOWER == state.role() && election.mayStand() && doubt.mayStand())
        {
            CoverageMark.TIMEOUT_NOW_OBEYED.hit();
            election.standNow(false);
        }
    }

    @Override
    public void onReadIndexRequest(final int fromId, final long term, final long requestId, final long incarnation)
    {
        // One of another term is not answered: whoever asks hears of the new one by other ways, and asks again.
        if (isPossible(fromId, term) && term == state.term() && Role.LEADER == state.role() && requestId > 0 &&
            null != leadership.replicator(fromId))
        {
            leadership.reads().askFor(fromId, requestId, incarnation);
        }
    }

    @Override
    public void onRepairRequest(
        final int fromId, final long term, final long incarnation, final long fromIndex, final long toIndex)
    {
        if (isPossible(fromId, term))
        {
            repair.onRequest(fromId, incarnation, fromIndex, toIndex);
        }
    }

    @Override
    public void onReadIndexReply(
        final int fromId, final long term, final long requestId, final long incarnation, final long index)
    {
        if (isPossible(fromId, term) && term == state.term() && fromId == state.leaderId() &&
            Role.FOLLOWER == state.role())
        {
            reads.onReply(requestId, incarnation, index);
        }
    }

    @Override
    public void onRepairReply(
        final int fromId,
        final long term,
        final long incarnation,
        final long leaderLastIndex,
        final DirectBuffer frames,
        final int offset,
        final int length)
    {
        if (isPossible(fromId, term))
        {
            doubt.onLeaderLog(fromId, term, incarnation, leaderLastIndex);
            repair.onReply(fromId, incarnation, frames, offset, length);
        }
    }

    /**
     * A node has said which log it has, and what its priority is: a leader enters the log in the configuration, where
     * it is not known, and makes way for a higher priority.
     */
    public void onIntroduction(final int fromId, final long logId, final int priority)
    {
        leadership.changes().onIntroduction(fromId, logId);
        leadership.preference().onPriority(fromId, priority);
    }

    /** Whether this node's log is another than the one that the configuration names for it. */
    public boolean isReplaced()
    {
        return state.membership.isSelfReplaced();
    }

    /** Gives the rules snapshots, to send as a leader and to receive as a follower. Before anything else. */
    public void snapshots(final SnapshotSource source, final SnapshotSink sink)
    {
        state.snapshotSource = source;
        state.snapshotSink = sink;
    }

    /** A snapshot was taken here: its state is compared with that of the other members at this index. */
    public void onSnapshotTaken(final long index, final long digest)
    {
        digests.onTaken(index, digest);
    }

    @Override
    public void onSnapshotDigest(final int fromId, final long term, final long index, final long digest)
    {
        if (isPossible(fromId, term))
        {
            digests.onTold(fromId, index, digest);
        }
    }

    private int receiveSnapshot()
    {
        final int workCount = receiver.doWork();
        tokens.observe(state.log.lastToken());
        return workCount;
    }

    @Override
    public void onSnapshotOffer(
        final int fromId, final long term, final long attempt,
        final DirectBuffer offer, final int offset, final int length)
    {
        if (isOfCurrentLeader(fromId, term, false))
        {
            receiver.onOffer(fromId, attempt, offer, offset, length);
        }
    }

    @Override
    public void onSnapshotChunk(
        final int fromId, final long term, final long attempt, final int chunk,
        final DirectBuffer buffer, final int offset, final int length)
    {
        if (isOfCurrentLeader(fromId, term, false))
        {
            receiver.onChunk(attempt, chunk, buffer, offset, length);
        }
    }

    @Override
    public void onSnapshotStatus(
        final int fromId, final SnapshotStatus status, final long term, final long attempt, final long index,
        final int chunk, final int chunkLimit)
    {
        if (isPossible(fromId, term) && term == state.term() && Role.LEADER == state.role())
        {
            final Replicator replicator = leadership.replicator(fromId);
            if (null != replicator)
            {
                replicator.onSnapshotStatus(status, attempt, index, chunk, chunkLimit);
            }
        }
    }

    /**
     * Settles the term of a leader's message: true if it comes from the leader that this node follows now. Only a new
     * message shows that the leader lives: one that is repeated by the network may be older than its death.
     */
    private boolean isOfCurrentLeader(final int fromId, final long term, final boolean isNew)
    {
        if (!isPossible(fromId, term))
        {
            return false;
        }
        if (term < state.term())
        {
            CoverageMark.STALE_LEADER_TOLD.hit();
            state.sender.sendAck(
                fromId, AckKind.STALE_TERM, state.term(), 0, 0, state.config.incarnation(),
                0, state.log.lastIndex(), 0, 0);
            return false;
        }
        final boolean isSameTerm = term == state.term();
        if (isSameTerm && (Role.LEADER == state.role() ||
            (RaftListener.NO_LEADER != state.leaderId() && fromId != state.leaderId())))
        {
            state.refuse(fromId, "two leaders of one term");
            return false;
        }
        final boolean isFollowed = isSameTerm && Role.FOLLOWER == state.role() && fromId == state.leaderId();
        if (isNew)
        {
            if (!isFollowed)
            {
                election.follow(term, fromId);
            }
            election.onLeaderContact();
        }
        return isNew || isFollowed;
    }

    private boolean isPossible(final int fromId, final long term)
    {
        if (term < 0 || term > RaftConfig.MAX_TERM || fromId == state.nodeId)
        {
            state.refuse(fromId, "a term or sender that cannot be");
            return false;
        }
        return true;
    }

    /** What this node is in {@link #term()}. */
    public Role role()
    {
        return state.role();
    }

    /** The current term. */
    public long term()
    {
        return state.term();
    }

    /** The leader of the term as far as known, or {@link RaftListener#NO_LEADER}. */
    public int leaderId()
    {
        return state.leaderId();
    }

    /** Highest index known to be committed. */
    public long commitIndex()
    {
        return state.commitIndex();
    }

    /** Whether this node leads a change of the members that {@link #reconfigure} began, or a joint configuration. */
    public boolean isReconfiguring()
    {
        return Role.LEADER == state.role() &&
            (leadership.plan().isUnderWay() || state.membership.current().isJoint());
    }

    /** Whether a peer has answered this leader within the longest election timeout; false if this is no leader. */
    public boolean isHeard(final int peerId)
    {
        final Replicator replicator = Role.LEADER == state.role() ? leadership.replicator(peerId) : null;
        return null != replicator && state.nowNs() - replicator.contactNs() <= state.config.electionTimeoutMaxNs();
    }

    /** Who the members are: the newest configuration in the log, committed or not. */
    public Configuration configuration()
    {
        return state.membership.current();
    }

    /** What was in force at a committed index; null if that is not known, or no longer. */
    public Configuration configurationAt(final long index)
    {
        return state.membership.isKnownAt(index) ? state.membership.at(index) : null;
    }

    /** Index of {@link #configuration()}, 0 if it is the one the node was started with. */
    public long configurationIndex()
    {
        return state.membership.index();
    }

    /**
     * Up to which index this node may have acknowledged entries that it has lost; {@link DoubtStore#NO_DOUBT} if none
     * can be missing. While there is such an index the node neither votes, nor stands, nor counts in a quorum.
     */
    public long doubtfulTo()
    {
        return doubt.doubtfulTo();
    }

    /** Elections this node has stood in, pre-votes not counted. */
    public long electionCount()
    {
        return election.electionCount();
    }

    /** The least index of the snapshots that are being sent; {@link Long#MAX_VALUE} if none is. */
    public long lowestSnapshotIndex()
    {
        return leadership.lowestSnapshotIndex();
    }

    /** Hundredths of the snapshot being sent that have arrived, with the peer that has least; -1 if none is sent. */
    public int snapshotSentPercent()
    {
        return leadership.snapshotSentPercent();
    }

    /** Index of the last snapshot of a leader that took the place of what was here; 0 if none has since the start. */
    public long installedSnapshotIndex()
    {
        return receiver.installedIndex();
    }

    /** Bytes of snapshots sent to peers since the start, whatever became of them. */
    public long snapshotBytesSent()
    {
        return state.snapshotBytesSent;
    }

    /** The least index that any peer is known to hold durably; only of a leader. */
    public long lowestMatchIndex()
    {
        Invariant.check(Role.LEADER == state.role(), "only a leader knows its peers' logs", state.term());
        return leadership.lowestMatchIndex();
    }

    /** Highest index that a peer is known to hold durably; 0 if this node does not lead or the id is no peer's. */
    public long matchIndex(final int peerId)
    {
        final Replicator replicator = Role.LEADER == state.role() ? leadership.replicator(peerId) : null;
        return null == replicator ? 0 : replicator.matchIndex();
    }

    /** Tells the reads of a change before the node hears of it. */
    private final class Changes implements RaftListener
    {
        private final RaftListener next;

        Changes(final RaftListener next)
        {
            this.next = next;
        }

        @Override
        public void onRoleChange(final Role role, final long term, final int leaderId)
        {
            reads.onRoleChange();
            next.onRoleChange(role, term, leaderId);
        }

        @Override
        public void onConfiguration(final Configuration configuration, final long index)
        {
            next.onConfiguration(configuration, index);
        }

        @Override
        public void onReconfigured(final Configuration target, final ReconfigurationOutcome outcome)
        {
            next.onReconfigured(target, outcome);
        }

        @Override
        public void onStateDifference(final long index)
        {
            next.onStateDifference(index);
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
            next.onRefused(fromId, reason);
        }
    }
}
