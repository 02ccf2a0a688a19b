package io.ukehi.node;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.entry.CommandEntryDecoder;
import io.ukehi.fencing.FencingTokenState;
import io.ukehi.Invariant;
import io.ukehi.raft.Configuration;
import io.ukehi.raft.DoubtStore;
import io.ukehi.raft.EntryType;
import io.ukehi.raft.HardStateStore;
import io.ukehi.raft.PeerHandler;
import io.ukehi.raft.PeerSender;
import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftConfig;
import io.ukehi.raft.RaftListener;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.ReconfigurationOutcome;
import io.ukehi.raft.Role;
import io.ukehi.snapshot.SnapshotStore;
import io.ukehi.Stage;
import io.ukehi.statemachine.AppliedListener;
import io.ukehi.statemachine.CommandApplier;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Sessions;
import io.ukehi.statemachine.SessionState;
import io.ukehi.statemachine.StateMachine;
import org.agrona.DirectBuffer;

/**
 * One member of a group without threads, clocks and network: the consensus rules, the log, and the state machine that
 * is fed from it. A node drives one with real parts, a simulator drives many with its own.
 * <p>
 * A replica first <b>replays</b>: what its own log is known to hold as committed is applied before it takes part; until
 * then messages of peers are passed over and commands are told to come back ({@link #RECOVERING}). What lies in the log
 * behind that is applied when a leader says that it is committed.
 * <p>
 * A cycle is {@link #onCycle}, then messages and commands in any order, then {@link #doWork()}. One thread.
 */
public final class Replica
{
    /** {@link #propose}: the replica replays its log. Other codes are those of {@link Raft#propose}. */
    public static final long RECOVERING = -5;

    private static final int SESSION_ID_OFFSET = CommandEntryDecoder.sessionIdEncodingOffset();
    private static final int CORRELATION_ID_OFFSET = CommandEntryDecoder.correlationIdEncodingOffset();

    private final RaftLog log;
    private final int memberId;
    private final Raft raft;
    private final CommandApplier applier;
    private final PendingProposals pending;
    private final SessionGate gate;
    private final PendingReads reads;
    private final ReplicaListener listener;
    private final PendingProposals.Sink superseded;
    private final PendingProposals.Sink abandoned;
    private final int applyLimit;
    private final long replayTo;
    /** Null if this replica has none. */
    private ReplicaSnapshots snapshots;
    private long nowNs;
    private boolean isRecovering = true;
    private boolean isStarted;

    /**
     * @param config       of the rules; its initial commit index is how far the log is replayed.
     * @param log          recovered.
     * @param hardState    recovered.
     * @param doubts       what may be missing from the log.
     * @param sender       to the peers.
     * @param stateMachine empty.
     * @param limits       of what is taken on at once.
     * @param listener     told of everything.
     */
    public Replica(
        final RaftConfig config,
        final RaftLog log,
        final HardStateStore hardState,
        final DoubtStore doubts,
        final PeerSender sender,
        final StateMachine stateMachine,
        final ReplicaLimits limits,
        final ReplicaListener listener)
    {
        this.log = log;
        this.listener = listener;
        this.superseded = listener::onSuperseded;
        this.abandoned = listener::onAbandoned;
        this.applyLimit = limits.applyLimit();
        this.pending = new PendingProposals(limits.pendingLimit(), limits.pendingLength());
        this.applier = new CommandApplier(log, stateMachine, new Applied(), limits.maxReplyLength());
        this.replayTo = config.initialCommitIndex();
        this.memberId = config.nodeId();
        this.raft = new Raft(
            config, log, hardState, doubts, new FencingTokenState(limits.maxTokenSequence()), sender, new Observer());
        this.gate = new SessionGate(raft, applier, pending, listener, limits.sessions());
        this.reads = new PendingReads(
            raft, applier, listener::onQuery, limits.applyLimit(), limits.readQueueLength());
    }

    /**
     * Gives the replica snapshots: it begins with the newest one, and takes others. Before it starts. Its log was
     * brought to go on where the newest snapshot ends ({@link #reconcile}), and the initial commit index of its rules
     * is at least that of the snapshot.
     *
     * @param store  whose helper somebody drives.
     * @param policy when one is taken, and what is kept of the log.
     * @return this.
     */
    public Replica snapshots(final SnapshotStore store, final SnapshotPolicy policy)
    {
        Invariant.check(!isStarted, "snapshots are known before a replica starts");
        snapshots = new ReplicaSnapshots(store, policy, memberId, log, applier);
        raft.snapshots(snapshots.exchange(), snapshots.exchange());
        return this;
    }

    /** Starts the state machine. Once, before anything else. */
    public void start()
    {
        Invariant.check(!isStarted, "a replica is started once");
        isStarted = true;
        if (null != snapshots && null != snapshots.newest())
        {
            applier.startEmpty();
            snapshots.beginLoad();
        }
        else
        {
            applier.start(0);
        }
    }

    /**
     * Before a replica with snapshots is made: see {@link SnapshotStart#reconcile}.
     *
     * @return index of the newest snapshot, 0 if there is none.
     */
    public static long reconcile(final SnapshotStore snapshots, final RaftLog log)
    {
        return SnapshotStart.reconcile(snapshots, log);
    }

    /** Begins a cycle: monotonic time, and wall time since the epoch, both in nanoseconds. */
    public void onCycle(final long newNowNs, final long epochNs)
    {
        nowNs = newNowNs;
        if (isRecovering && !isLoading() && applier.appliedIndex() >= replayTo)
        {
            isRecovering = false;
            listener.onRecovered();
        }
        if (!isRecovering)
        {
            raft.onCycle(nowNs, epochNs);
            reads.onCycle(nowNs);
        }
    }

    /** Where messages of peers go; not to be called while {@link #isRecovering()}. */
    public PeerHandler peerHandler()
    {
        return raft;
    }

    /**
     * Takes a command, if this replica leads.
     *
     * @param payload of the entry: session id, correlation id and the user's bytes.
     * @param offset  of the payload in bytes.
     * @param length  of the payload in bytes, 16 or more, at most what the log takes.
     * @return the entry's index; {@link #RECOVERING}, {@link Raft#NOT_LEADER}, {@link RaftLog#BACK_PRESSURED} or
     * {@link RaftLog#STORAGE_FULL}. Only where an index is returned does the listener hear of the command again.
     */
    public long propose(final DirectBuffer payload, final int offset, final int length)
    {
        Invariant.check(length >= CommandEntryDecoder.BLOCK_LENGTH, "a command names its sender", length);
        if (isRecovering)
        {
            return RECOVERING;
        }
        if (!pending.hasRoom(length))
        {
            return Role.LEADER == raft.role() ? RaftLog.BACK_PRESSURED : Raft.NOT_LEADER;
        }
        final long index = raft.propose(EntryType.COMMAND, payload, offset, length);
        if (index > 0)
        {
            pending.add(
                index,
                raft.term(),
                payload.getLong(offset + SESSION_ID_OFFSET, LITTLE_ENDIAN),
                payload.getLong(offset + CORRELATION_ID_OFFSET, LITTLE_ENDIAN),
                length);
        }
        return index;
    }

    /** A client asks for a session: as {@link SessionGate#open}. */
    public long openSession(final long clientId)
    {
        return isRecovering ? RECOVERING : gate.open(clientId);
    }

    /** A client wants its session closed: as {@link SessionGate#close}. */
    public long closeSession(final long clientId)
    {
        return isRecovering ? RECOVERING : gate.close(clientId);
    }

    /** Takes a command of a session: as {@link SessionGate#propose}. */
    public long proposeInSession(final long clientId, final DirectBuffer payload, final int offset, final int length)
    {
        return isRecovering ? RECOVERING : gate.propose(clientId, payload, offset, length);
    }

    /** Commands of sessions that had been taken before, since the start: as {@link SessionGate#repeatCount()}. */
    public long repeatCount()
    {
        return gate.repeatCount();
    }

    /** Lets sessions live or expire, if this replica leads; once in a cycle. Returns entries proposed. */
    public int doSessions(final long nowNs, final ClientPresence clients)
    {
        return isRecovering ? 0 : gate.doWork(nowNs, clients);
    }

    /**
     * Asks the state machine, without an entry in the log. Nothing changes by it, so whatever is rejected may be asked
     * again, here or elsewhere. The answer comes in a later cycle, by {@link ReplicaListener#onQuery}.
     *
     * @param sessionId     whoever asks, and
     * @param correlationId the number of the question there: both are told with the answer.
     * @param consistency   what the answer must see.
     * @param maxLagNs      {@link Consistency#STALE}: the answer sees all that was committed longer ago than that;
     *                      {@link Long#MAX_VALUE} for an answer from a state of any age.
     * @param buffer        holds the question, which is copied.
     * @param offset        of the question in bytes.
     * @param length        of the question in bytes.
     * @return {@link QueryCode#ANSWERED} if it was taken, or why it was not.
     */
    public QueryCode query(
        final long sessionId,
        final long correlationId,
        final Consistency consistency,
        final long maxLagNs,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        if (isRecovering || isLoading())
        {
            return QueryCode.REJECTED_RECOVERING;
        }
        final boolean isForLeader = Consistency.LINEARIZABLE == consistency || Consistency.LEASE == consistency;
        if (isForLeader && Role.LEADER != raft.role())
        {
            return QueryCode.REJECTED_NOT_LEADER;
        }
        return reads.ask(sessionId, correlationId, consistency, maxLagNs, buffer, offset, length);
    }

    /** Longest question in bytes. */
    public int maxQueryLength()
    {
        return reads.maxLength();
    }

    /**
     * The rest of a cycle: timers; send what was appended; hand it to durability; collect what has become durable and
     * committed; apply it.
     *
     * @return work done, 0 if there was nothing.
     */
    public int doWork()
    {
        if (isLoading())
        {
            final int loaded = snapshots.doLoad(raft, nowNs);
            return isRecovering ? loaded : loaded + doRaft();
        }
        if (isRecovering)
        {
            return replay();
        }
        int workCount = doRaft();
        if (isLoading())
        {
            // A snapshot was installed. What became of the commands in it is not known here, and never will be.
            pending.abandonTo(snapshots.loadingIndex(), abandoned);
            return workCount;
        }
        workCount += apply() + reads.doWork();
        return null == snapshots ? workCount : workCount + snapshots.doWork(raft, nowNs);
    }

    private int replay()
    {
        final int applied = applier.apply(replayTo, applyLimit);
        if (applier.isWaitingForRepair())
        {
            // Sound a moment ago, when it was recovered, and nobody can be asked yet: a start acts by the policy.
            throw new IllegalStateException("entry " + log.damagedIndex() + " of the log is damaged");
        }
        return applied;
    }

    private int doRaft()
    {
        int workCount = raft.doTimers();
        workCount += raft.doReplication();
        workCount += log.flush();
        final long committedTo = raft.commitIndex();
        workCount += raft.doProgress();
        if (Stage.isOn() && Role.LEADER == raft.role())
        {
            Stage.COMMIT.mark(committedTo + 1, raft.commitIndex());
        }
        return workCount;
    }

    private int apply()
    {
        final long commitIndex = raft.commitIndex();
        final int applied = applier.apply(
            null == snapshots ? commitIndex : snapshots.applyTo(commitIndex), applyLimit);
        if (applier.isWaitingForRepair())
        {
            raft.onDamagedRead();
        }
        if (applied > 0)
        {
            pending.onAppliedTo(applier.appliedIndex(), applier.appliedTerm(), superseded);
        }
        return applied;
    }

    /** Whether the state is being replaced by a snapshot's. */
    private boolean isLoading()
    {
        return null != snapshots && snapshots.isLoading();
    }

    /** Takes a snapshot soon, whatever the policy says. False if this replica has none. */
    public boolean takeSnapshot()
    {
        if (null != snapshots)
        {
            snapshots.request();
        }
        return null != snapshots;
    }

    /** Hundredths of the snapshot being received that are here; -1 if none is being received. */
    public int snapshotReceivedPercent()
    {
        return null == snapshots ? -1 : snapshots.exchange().receivedPercent();
    }

    /** Bytes written of the snapshot being taken; -1 if none is. */
    public long snapshotTakenBytes()
    {
        return null == snapshots ? -1 : snapshots.takenBytes();
    }

    /** Hundredths of the snapshot being loaded that the state contains; -1 if none is being loaded. */
    public int snapshotLoadedPercent()
    {
        return null == snapshots ? -1 : snapshots.loadedPercent();
    }

    /** Up to which index the log is replayed before this replica takes part. */
    public long replayToIndex()
    {
        return replayTo;
    }

    /** Index of the newest durable snapshot, 0 if there is none. */
    public long snapshotIndex()
    {
        return null == snapshots ? 0 : snapshots.newestIndex();
    }

    /** Stops the state machine, and gives up on what is pending. Idempotent. */
    public void stop()
    {
        if (isStarted)
        {
            isStarted = false;
            try
            {
                pending.abandon(abandoned);
            }
            finally
            {
                if (null != snapshots)
                {
                    snapshots.stop();
                }
                applier.stop();
            }
        }
    }

    /** Whether the log is being replayed. */
    public boolean isRecovering()
    {
        return isRecovering;
    }

    /** The consensus rules, to be looked at, and asked to hand leadership over. */
    public Raft raft()
    {
        return raft;
    }

    /** The log, to be looked at. */
    public RaftLog log()
    {
        return log;
    }

    /** Highest index that the state contains. */
    public long appliedIndex()
    {
        return applier.appliedIndex();
    }

    /** Digest of the state at {@link #appliedIndex()}. */
    public long stateDigest()
    {
        return applier.stateDigest();
    }

    /** The clients' sessions at {@link #appliedIndex()}. */
    public Sessions sessions()
    {
        return applier.sessions();
    }

    /** Commands taken here whose end is not known. */
    public int pendingCount()
    {
        return pending.size();
    }

    private final class Applied implements AppliedListener
    {
        @Override
        public void onApplied(
            final CommandHeader header, final DirectBuffer reply, final int offset, final int length)
        {
            final boolean isProposedHere = pending.onApplied(header.index(), header.term(), superseded);
            if (!isRecovering)
            {
                listener.onCommitted(header, reply, offset, length, isProposedHere);
            }
        }

        /** The entry last applied, if it was proposed here, was not taken away by another: nobody is told so. */
        private void onDecided()
        {
            pending.onApplied(applier.appliedIndex(), applier.appliedTerm(), superseded);
        }

        @Override
        public void onMalformed(final long index, final long term, final int payloadLength)
        {
            listener.onMalformed(index, term, payloadLength);
        }

        @Override
        public void onSessionOpened(final long clientId, final SessionState session)
        {
            gate.onOpenApplied(applier.appliedTerm());
            if (!isRecovering)
            {
                listener.onSessionOpened(clientId, session);
            }
        }

        @Override
        public void onSessionClosed(final SessionState session, final boolean isExpired)
        {
            if (!isRecovering)
            {
                listener.onSessionClosed(session, isExpired);
            }
        }

        @Override
        public void onRepeated(final SessionState session, final long sequence)
        {
            onDecided();
            if (!isRecovering)
            {
                listener.onRepeated(session, sequence);
            }
        }

        @Override
        public void onNotTaken(final SessionState session, final long sequence)
        {
            onDecided();
            if (!isRecovering)
            {
                listener.onNotTaken(session, sequence);
            }
        }

        @Override
        public void onUnknownSession(final long sessionId, final long sequence)
        {
            onDecided();
            if (!isRecovering)
            {
                listener.onUnknownSession(sessionId, sequence);
            }
        }
    }

    private final class Observer implements RaftListener
    {
        @Override
        public void onRoleChange(final Role role, final long term, final int leaderId)
        {
            if (Role.LEADER != role)
            {
                pending.putAside();
            }
            applier.onRoleChange(role, term);
            listener.onRoleChange(role, term, leaderId);
        }

        @Override
        public void onConfiguration(final Configuration configuration, final long index)
        {
            listener.onConfiguration(configuration, index);
        }

        @Override
        public void onReconfigured(final Configuration target, final ReconfigurationOutcome outcome)
        {
            listener.onReconfigured(target, outcome);
        }

        @Override
        public void onReadIndex(final long ticket, final long index, final long sinceNs)
        {
            reads.onConfirmed(ticket, index, sinceNs);
        }

        @Override
        public void onReadIndexLost(final long ticket)
        {
            reads.onLost(ticket);
        }

        @Override
        public void onStateDifference(final long index)
        {
            listener.onStateDifference(index);
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
            listener.onRefused(fromId, reason);
        }

        @Override
        public void onDamage(final long index)
        {
            listener.onDamage(index);
        }

        @Override
        public void onRepaired(final long index, final int fromId)
        {
            listener.onRepaired(index, fromId);
        }
    }
}
