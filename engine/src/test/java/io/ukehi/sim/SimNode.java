package io.ukehi.sim;

import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.log.DoubtFile;
import io.ukehi.log.HardStateFile;
import io.ukehi.log.IdentityFile;
import io.ukehi.log.LogConfig;
import io.ukehi.log.RecoveryReport;
import io.ukehi.log.SegmentedLog;
import io.ukehi.node.DoubtRecord;
import io.ukehi.node.HardStateRecord;
import io.ukehi.node.Replica;
import io.ukehi.node.ReplicaLimits;
import io.ukehi.node.ReplicaListener;
import io.ukehi.node.SegmentedRaftLog;
import io.ukehi.raft.Configuration;
import io.ukehi.raft.HardStateStore;
import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftConfig;
import io.ukehi.raft.RaftInvariants;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.ReconfigurationOutcome;
import io.ukehi.raft.Role;
import io.ukehi.snapshot.SnapshotConfig;
import io.ukehi.snapshot.SnapshotStore;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.SessionState;
import io.ukehi.transport.DropCounters;
import io.ukehi.transport.PeerAdapter;
import io.ukehi.transport.PeerPublisher;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * A whole node over all of its lives: the production classes from the peers' codec down to the files, on simulated
 * clocks, links and a disk. What is remembered from life to life is the disk, and what observers noted of it.
 */
final class SimNode implements RaftInvariants.Replica
{
    /** The process ends while it hands a message to the network. */
    static final class DeathAtSend extends RuntimeException
    {
        private static final long serialVersionUID = 1L;

        DeathAtSend()
        {
            super("the process is gone", null, false, false);
        }
    }

    static final int MAX_REPLY_LENGTH = 1024;
    private static final int READ_QUEUE_LENGTH = 8 * 1024;
    private static final long CLUSTER_ID = 0x756B656869L;
    private static final int GROUP_ID = 1;
    private static final int NEVER = -1;
    private static final int SNAPSHOT_CHUNK_LENGTH = 512;

    private final World world;
    private final SimSettings settings;
    private final int id;
    /** Who is heard, and whom the group consists of at first. */
    private final int[] ids;
    private final int[] firstMembers;
    private final SimRandom random;
    private final SimClock clock;
    private final NodeDisk disk;
    private final ObservedLog log;
    private final ObservedHardState hardState;
    private final ObservedDoubt doubt;
    private final CheckedSender sender;
    private final DropCounters drops = new DropCounters();
    private SegmentedLog wal;
    private SnapshotStore snapshots;
    private Replica replica;
    private PeerAdapter adapter;
    private RecoveryReport recovery;
    private boolean isUp;
    private long bootId = 1;
    private long startCount;
    private int sendsUntilDeath = NEVER;
    /** The process stood still behind the reading of its clock: until the end of the cycle it is what it was then. */
    private boolean isStalled;
    /** While a message is handled that is not as it was sent. */
    private boolean isHearingDamage;
    private long checkedAppliedIndex;
    /** When this node, as leader of a term, has heard each peer last, on its own clock. */
    private final long[] heardNs;
    private long heardTerm;
    private Configuration heardOf;
    private Hearing hearing;
    /** What the clock said as the present cycle began. */
    private long cycleNs;
    /** Of the offers of snapshots that this node has answered, the latest. */
    private long offerTerm;
    private long offerAttempt;
    private long offerIndex;
    /** Since when, on its own clock, this node hands over the leadership of a term. */
    private long transferTerm;
    private long transferSinceNs;
    private Configuration checkedMembers;
    private Configuration checkedAgainst;
    long pausedUntilNs;
    /** Whether what helps the cycles stands still as well. */
    boolean isAllPaused;
    long slowUntilNs;
    long cycleDueNs = Long.MAX_VALUE;
    long cycleToken;
    long flushDueNs = Long.MAX_VALUE;
    long flushToken;

    SimNode(final World world, final int id, final SimRandom random)
    {
        this.world = world;
        this.settings = world.settings();
        this.id = id;
        this.random = random;
        this.ids = new int[settings.size];
        this.firstMembers = IntStream.rangeClosed(1, settings.members).toArray();
        this.heardNs = new long[settings.size];
        for (int i = 0; i < ids.length; i++)
        {
            ids[i] = i + 1;
        }
        this.clock = new SimClock(random, settings.driftPerMillion);
        this.disk = new NodeDisk(world, this);
        this.doubt = new ObservedDoubt(this);
        this.log = new ObservedLog(this);
        this.hardState = new ObservedHardState(this);
        this.sender = new CheckedSender(
            this, new PeerPublisher(CLUSTER_ID, GROUP_ID, id, world.network().linkOf(this)));
    }

    /** A life begins, with what the disk holds. Throws what a program would print before it ends. */
    void start()
    {
        clock.worldTime(world.timeNs());
        startCount++;
        final SimDisk storage = disk.storage();
        final long logId = IdentityFile.claim(storage, CLUSTER_ID, GROUP_ID, id, 7919L * id);
        final HardStateFile hardStateFile = HardStateFile.open(storage);
        wal = SegmentedLog.open(storage, logConfig(logId), clock);
        recovery = wal.recovery();
        if (world.isTraced())
        {
            world.say("node " + id + " recovers: " + recovery);
        }
        hardState.attach(new HardStateRecord(hardStateFile));
        doubt.attach(new DoubtRecord(DoubtFile.open(storage)));
        final SegmentedRaftLog raftLog = new SegmentedRaftLog(wal);
        snapshots = null == settings.snapshots ? null : SnapshotStore.open(storage, new SnapshotConfig(
            CLUSTER_ID, GROUP_ID, SNAPSHOT_CHUNK_LENGTH, settings.snapshotRetention));
        final long snapshotIndex = null == snapshots ? 0 : Replica.reconcile(snapshots, raftLog);
        Violation.check(snapshotIndex <= world.invariants().committedIndex(),
            "a snapshot holds only what is committed", id, snapshotIndex);
        log.attach(raftLog);
        checkRecoveredCommit();
        final RaftConfig config = new RaftConfig()
            .nodeId(id)
            .members(firstMembers)
            .joining(id > settings.members)
            .electionTimeoutNs(settings.electionMinNs, settings.electionMaxNs)
            .heartbeatIntervalNs(settings.heartbeatNs)
            .maxAppendBytes(settings.maxAppendBytes)
            .maxInflightBytes(settings.maxInflightBytes)
            .maxInflightMessages(settings.maxInflightMessages())
            .randomSeed(random.nextLong())
            .incarnation(startCount)
            .readLease(settings.isReadLease)
            .readLeaseMarginNs(settings.readLeaseMarginNs)
            .snapshotBytesPerSecond(settings.snapshotBytesPerSecond)
            .initialCommitIndex(Math.max(snapshotIndex, recovery.commitIndex()));
        transferTerm = 0;
        checkedMembers = null;
        if (snapshotIndex > 0)
        {
            final byte[] members = snapshots.newest().members();
            config.configuration(
                Configuration.decode(new UnsafeBuffer(members), 0, members.length), snapshotIndex);
        }
        sendsUntilDeath = NEVER;
        checkedAppliedIndex = 0;
        replica = new Replica(
            config, log, hardState, doubt, sender, new KvStateMachine(),
            new ReplicaLimits(
                settings.applyLimit, settings.pendingLimit, MAX_REPLY_LENGTH, settings.maxTokenSequence,
                settings.sessionLimits, READ_QUEUE_LENGTH, settings.pendingLength),
            new Listener());
        if (null != snapshots)
        {
            replica.snapshots(snapshots, settings.snapshotsOf(id));
        }
        hearing = new Hearing(this, replica.raft(), settings.electionMinNs);
        adapter = new PeerAdapter(CLUSTER_ID, GROUP_ID, id, ids, replica.peerHandler(), drops);
        isUp = true;
        pausedUntilNs = 0;
        replica.start();
    }

    private void checkRecoveredCommit()
    {
        final long index = recovery.commitIndex();
        final boolean isHeld = index >= log.firstIndex() && index <= log.lastIndex();
        Violation.check(index <= world.invariants().committedIndex() &&
            (!isHeld || log.digestAt(index) == committedDigestAt(index)),
            "what is recovered as committed was committed", id, index);
    }

    private LogConfig logConfig(final long logId)
    {
        return new LogConfig()
            .segmentLength(settings.segmentLength)
            .maxPayloadLength(Workload.maxPayloadLength(settings))
            .allocationSliceLength(settings.allocationSliceLength)
            .durability(settings.durability)
            .corruptionPolicy(settings.corruptionPolicy)
            .hasPeers(settings.size > 1)
            .bootId(bootId)
            .logId(logId);
    }

    /** One cycle without what is heard: that comes as events of its own. Returns work done. */
    int cycle()
    {
        beginCycle();
        final long committed = replica.raft().commitIndex();
        final long installed = replica.raft().installedSnapshotIndex();
        final boolean wasReceiving = world.latecomers().isAwaited(this) && isReceiving();
        final int workCount = replica.doSessions(cycleNs, world.sessions()) + replica.doWork();
        checkApplied();
        Violation.check(installed == replica.raft().installedSnapshotIndex() ||
            committed < replica.raft().installedSnapshotIndex(),
            "a snapshot is installed only if it is of more than is committed here", id, committed);
        if (wasReceiving && !isReceiving())
        {
            // It is durable, or has come to nothing.
            world.latecomers().onReceived(this, offerIndex);
        }
        if (!isStalled)
        {
            checkQuorum();
            checkTransfer();
        }
        isStalled = false;
        return workCount;
    }

    /** A leader that has not heard a majority for as long as the longest election timeout is none (thesis 6.2). */
    private void checkQuorum()
    {
        if (!isLeader())
        {
            return;
        }
        final long nowNs = clock.nanoTime();
        final Configuration configuration = replica.raft().configuration();
        if (heardTerm != replica.raft().term() || heardOf != configuration)
        {
            heardTerm = replica.raft().term();
            heardOf = configuration;
            Arrays.fill(heardNs, nowNs);
        }
        Violation.check(hearsMajorityOf(configuration.voters(), nowNs) &&
            (!configuration.isJoint() || hearsMajorityOf(configuration.oldVoters(), nowNs)),
            "a leader that hears no majority steps down", id, heardTerm);
    }

    /** A transfer that comes to nothing is given up after the longest election timeout (thesis 3.10). */
    private void checkTransfer()
    {
        final long nowNs = clock.nanoTime();
        if (!replica.raft().isTransferring())
        {
            transferTerm = 0;
        }
        else if (transferTerm != replica.raft().term())
        {
            transferTerm = replica.raft().term();
            transferSinceNs = nowNs;
        }
        // Another one may have begun in the cycle in which the first was given up.
        Violation.check(0 == transferTerm || nowNs - transferSinceNs <= 2 * settings.electionMaxNs,
            "a transfer of leadership ends or is given up", id, transferTerm);
    }

    private boolean hearsMajorityOf(final int[] voters, final long nowNs)
    {
        int count = 0;
        for (final int voter : voters)
        {
            count += voter == id || nowNs - heardNs[voter - 1] <= settings.electionMaxNs ? 1 : 0;
        }
        return count > voters.length / 2;
    }

    /** A cycle begins, and its time is read; what comes before the cycle's end comes after the process stood still. */
    void stall()
    {
        beginCycle();
        isStalled = true;
    }

    boolean isStalled()
    {
        return isStalled;
    }

    private void beginCycle()
    {
        if (isStalled)
        {
            return;
        }
        clock.worldTime(world.timeNs());
        cycleNs = clock.nanoTime();
        replica.onCycle(cycleNs, clock.epochNs());
    }

    private void checkApplied()
    {
        final long applied = replica.appliedIndex();
        if (applied != checkedAppliedIndex)
        {
            Violation.check(applied > checkedAppliedIndex, "a state never goes back", id, applied);
            checkedAppliedIndex = applied;
            Violation.check(applied <= replica.raft().commitIndex(), "applied never exceeds commit", id, applied);
            world.checkState(this, applied, replica.stateDigest());
        }
    }

    int flushStep()
    {
        clock.worldTime(world.timeNs());
        return wal.flusher().doWork() + (null == snapshots ? 0 : snapshots.worker().doWork());
    }

    void deliver(final SimEvent event)
    {
        beginCycle();
        if (replica.isRecovering())
        {
            return;
        }
        final long dropsBefore = drops.total();
        isHearingDamage = event.isDamaged;
        adapter.onMessage(event.buffer, 0, event.length);
        isHearingDamage = false;
        if (drops.total() == dropsBefore)
        {
            hearing.onHeard(event, cycleNs);
        }
        if (heardTerm == replica.raft().term() && isLeader())
        {
            heardNs[event.from - 1] = clock.nanoTime();
        }
        Violation.check(event.isDamaged || drops.total() == dropsBefore,
            "a whole message of a peer is taken", id, drops.total());
    }

    long propose(final DirectBuffer payload, final int length)
    {
        beginCycle();
        return replica.propose(payload, 0, length);
    }

    QueryCode query(
        final int readId,
        final Consistency consistency,
        final long maxLagNs,
        final DirectBuffer query,
        final int length)
    {
        beginCycle();
        return replica.query(0, readId, consistency, maxLagNs, query, 0, length);
    }

    /** What a client asks about its session: a code of the replica. */
    Replica sessionDoor()
    {
        beginCycle();
        return replica;
    }

    long appliedIndex()
    {
        return replica.appliedIndex();
    }

    boolean hasSession(final long sessionId)
    {
        return null != replica.sessions().get(sessionId);
    }

    /** Closed in order, as an operator does. */
    void stop()
    {
        clock.worldTime(world.timeNs());
        isUp = false;
        replica.stop();
        wal.close();
    }

    /** A life ends. The old process keeps the old disk, where nothing it still does matters. */
    void end(final boolean isPowerCut)
    {
        isUp = false;
        isStalled = false;
        log.detach();
        hardState.detach();
        doubt.detach();
        if (null != replica)
        {
            replica.stop();
            replica = null;
        }
        if (isPowerCut)
        {
            bootId++;
            disk.afterPowerCut(random);
        }
        else
        {
            disk.afterKill();
        }
        cycleToken++;
        cycleDueNs = Long.MAX_VALUE;
        flushToken++;
        flushDueNs = Long.MAX_VALUE;
    }

    void dieAtSend(final int sends)
    {
        sendsUntilDeath = sends;
    }

    void beforeSend()
    {
        if (sendsUntilDeath > NEVER && 0 == sendsUntilDeath--)
        {
            throw new DeathAtSend();
        }
    }

    void beforeTimeoutNow()
    {
        world.onTimeoutNow(this);
    }

    /** An operator asks for a snapshot. */
    void takeSnapshot()
    {
        replica.takeSnapshot();
    }

    /** Whether a snapshot is under way from a leader. */
    boolean isReceiving()
    {
        return isUp && replica.snapshotReceivedPercent() >= 0;
    }

    void onPurged()
    {
        world.onPurged();
    }

    void beforeCut(final long index)
    {
        world.invariants().onCut(this, index);
    }

    /** Members are who the log says, or what lies before it (thesis 4.1, catalogue rows 34 and 36). */
    void checkMembers()
    {
        if (!isUp || !settings.isChanging)
        {
            return;
        }
        final Configuration members = replica.raft().configuration();
        final Configuration inLog = log.configuration();
        final Configuration told = null == inLog ? world.members().before(this, log.firstIndex()) : inLog;
        if (members != checkedMembers || told != checkedAgainst)
        {
            checkedMembers = members;
            checkedAgainst = told;
            Violation.check(null == told || members.equals(told),
                "the members are those of the newest configuration in the log", id, log.lastIndex());
        }
    }

    /** Whether this node follows a leader that it has heard within the shortest election timeout. */
    boolean isLoyal()
    {
        return hearing.isLoyal(cycleNs);
    }

    /** This node tells how far it is with what it was offered. */
    void onOfferAnswered(final long term, final long attempt, final long index)
    {
        offerTerm = term;
        offerAttempt = attempt;
        offerIndex = index;
        world.latecomers().onAnswered(this, index);
    }

    /** Whether a peer has told how far it is with an offer of this node, or has gone on to a later one. */
    boolean hasAnsweredOffer(final int peerId, final long term, final long attempt)
    {
        final SimNode peer = world.node(peerId);
        return peer.offerTerm > term || (peer.offerTerm == term && peer.offerAttempt >= attempt);
    }

    void onCommitted(final List<Configuration> configurations, final List<Long> indexes, final long commitIndex)
    {
        for (int i = 0; i < indexes.size() && indexes.get(i) <= commitIndex; i++)
        {
            world.members().onCommitted(configurations.get(i), indexes.get(i));
        }
    }

    long committedDigestAt(final long index)
    {
        return world.invariants().committedDigestAt(index);
    }

    long snapshotIndex()
    {
        return null == snapshots || null == snapshots.newest() ? 0 : snapshots.newest().index();
    }

    /** A follower vouches for what the leader has, never for its own tail. */
    void checkVouched(final long term, final long match)
    {
        final SimNode leader = world.leaderOf(term);
        if (null != leader && match > 0)
        {
            Violation.check(match <= leader.log.lastIndex() && leader.digestAt(match) == digestAt(match),
                "a follower vouches for what the leader has, never for its own tail", id, match);
        }
    }

    boolean isUp()
    {
        return isUp;
    }

    boolean isPaused()
    {
        return world.timeNs() < pausedUntilNs;
    }

    /** Whether the log holds something else than what was committed in its place. */
    boolean isAstray()
    {
        final long index = Math.min(log.lastIndex(), world.invariants().committedIndex());
        return log.digestAt(index) != committedDigestAt(index);
    }

    /** Whether a kind of event waits for the process to go on. */
    boolean isPaused(final SimEvent.Kind kind)
    {
        return isPaused() && (isAllPaused || SimEvent.Kind.FLUSH != kind);
    }

    boolean isRecovering()
    {
        return replica.isRecovering();
    }

    /** Whether this node may have lost what it acknowledged. */
    boolean isDoubtful()
    {
        return doubt.isDoubtful();
    }

    /** What the disk gave back lacks entries up to this one, which had been durable. */
    void onLost(final long[] digests, final int index)
    {
        doubt.lost(digests, index);
    }

    boolean wasLost(final int index, final long digest)
    {
        return doubt.wasLost(index, digest);
    }

    void onHealed(final long[] lostDigests, final long lostTo)
    {
        world.invariants().onHealed(this, lostDigests, lostTo);
    }

    @Override
    public long doubtfulTo()
    {
        return doubt.lostTo();
    }

    boolean isLeader()
    {
        return isUp && Role.LEADER == replica.raft().role();
    }

    NodeDisk disk()
    {
        return disk;
    }

    SimClock clock()
    {
        return clock;
    }

    RecoveryReport recovery()
    {
        return recovery;
    }

    @Override
    public int id()
    {
        return id;
    }

    @Override
    public Raft raft()
    {
        return null == replica ? null : replica.raft();
    }

    @Override
    public RaftLog log()
    {
        return log;
    }

    @Override
    public HardStateStore hardState()
    {
        return hardState;
    }

    @Override
    public long digestAt(final long index)
    {
        return log.digestAt(index);
    }

    @Override
    public long tokenAt(final long index)
    {
        return log.tokenAt(index);
    }

    @Override
    public String toString()
    {
        final StringBuilder text = new StringBuilder("node ").append(id);
        if (isUp)
        {
            final Raft raft = replica.raft();
            text.append(isPaused() ? " paused " : " ").append(replica.isRecovering() ? "RECOVERING" : raft.role())
                .append(" term ").append(raft.term())
                .append(" leader ").append(raft.leaderId())
                .append(" commit ").append(raft.commitIndex())
                .append(" applied ").append(replica.appliedIndex());
        }
        else
        {
            text.append(" down, term ").append(hardState.term());
        }
        text.append(isDoubtful() ? " DOUBTFUL" : "");
        return text.append(" vote ").append(hardState.votedFor())
            .append(" last ").append(log.lastIndex()).append('@').append(log.termAt(log.lastIndex()))
            .append(" durable ").append(log.durableIndex())
            .append(" starts ").append(startCount).toString();
    }

    /** What the node would tell its clients. */
    private final class Listener implements ReplicaListener
    {
        @Override
        public void onRoleChange(final Role role, final long term, final int leaderId)
        {
            world.onRoleChange(SimNode.this, role, term, leaderId);
        }

        @Override
        public void onConfiguration(final Configuration configuration, final long index)
        {
            world.members().onInForce(SimNode.this, configuration, index);
        }

        @Override
        public void onReconfigured(final Configuration target, final ReconfigurationOutcome outcome)
        {
            world.members().onEnded(SimNode.this, target, outcome);
        }

        @Override
        public void onStateDifference(final long index)
        {
            throw new Violation("states are the same at the same index: node " + id + ", at " + index);
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
            if (!isHearingDamage)
            {
                throw new Violation("correct nodes refuse nothing of one another (" + reason + "): node " + id +
                    " of node " + fromId);
            }
        }

        @Override
        public void onRecovered()
        {
        }

        @Override
        public void onCommitted(
            final CommandHeader header,
            final DirectBuffer reply,
            final int offset,
            final int length,
            final boolean isProposedHere)
        {
            final boolean isAnswered = isProposedHere || Role.LEADER == replica.raft().role();
            final int op = header.sessionId() < 0 ?
                (int)header.correlationId() : world.sessions().opOf(SimNode.this, header);
            world.workload().onCommitted(SimNode.this, header, op, reply, offset, length);
            if (!isAnswered)
            {
                return;
            }
            if (header.sessionId() < 0)
            {
                world.workload().answer(SimNode.this, op, reply, offset, length);
            }
            else
            {
                world.sessions().answer(
                    SimNode.this, header.sessionId(), header.correlationId(), header.index(), reply, offset, length);
            }
        }

        @Override
        public void onSuperseded(final long sessionId, final long correlationId)
        {
            // A client with a session sends it again.
            if (sessionId < 0)
            {
                world.workload().onRejected(SimNode.this, (int)correlationId);
            }
        }

        @Override
        public void onQuery(
            final long sessionId,
            final long correlationId,
            final QueryCode code,
            final long index,
            final DirectBuffer reply,
            final int offset,
            final int length)
        {
            world.readers().onEnded(SimNode.this, (int)correlationId, code, index, reply, offset, length);
        }

        @Override
        public void onAbandoned(final long sessionId, final long correlationId)
        {
            // The client finds out by waiting in vain.
        }

        @Override
        public void onMalformed(final long index, final long term, final int payloadLength)
        {
            throw new Violation("a command without a sender: node " + id + ", at " + index);
        }

        @Override
        public void onSessionOpened(final long clientId, final SessionState session)
        {
            world.sessions().onOpened(SimNode.this, clientId, session);
        }

        @Override
        public void onSessionClosed(final SessionState session, final boolean isExpired)
        {
            world.sessions().onClosed(SimNode.this, session);
        }

        @Override
        public void onRepeated(final SessionState session, final long sequence)
        {
            world.sessions().answer(
                SimNode.this, session.id(), sequence, session.replyIndex(sequence), session.replyBuffer(),
                session.replyOffset(sequence), session.replyLength(sequence));
        }

        @Override
        public void onNotTaken(final SessionState session, final long sequence)
        {
            // The client sends it again when it has waited in vain.
        }

        @Override
        public void onUnknownSession(final long sessionId, final long sequence)
        {
            // The client has been told, or asks again.
        }
    }
}
