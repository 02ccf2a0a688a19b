package io.ukehi.node;

import io.aeron.Aeron;
import io.aeron.driver.MediaDriver;
import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.fencing.FencingToken;
import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.DoubtFile;
import io.ukehi.log.FileStorage;
import io.ukehi.log.HardStateFile;
import io.ukehi.log.IdentityFile;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import io.ukehi.raft.Configuration;
import io.ukehi.raft.RaftConfig;
import io.ukehi.Stage;
import io.ukehi.statemachine.Sessions;
import io.ukehi.snapshot.SnapshotConfig;
import io.ukehi.snapshot.SnapshotException;
import io.ukehi.snapshot.SnapshotStore;
import io.ukehi.transport.AeronPeers;
import io.ukehi.transport.AeronPeersContext;
import io.ukehi.transport.ClientGateway;
import io.ukehi.transport.ClientGatewayConfig;
import io.ukehi.transport.DropCounters;
import io.ukehi.transport.InvokedDriver;
import io.ukehi.transport.PeerAdapter;
import io.ukehi.transport.PeerLinkListener;
import io.ukehi.transport.PeerPublisher;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.agrona.CloseHelper;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.NoOpLock;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.agrona.LangUtil;

/**
 * The parts of a node, put together in the order in which they need one another, and taken apart in the other.
 * <p>
 * First the log, since its recovery may take long and nobody must be waiting for a heartbeat meanwhile; then Aeron, the
 * ports, the agent; last the two threads.
 */
final class NodeParts implements AutoCloseable
{
    static final String SNAPSHOT_DIRECTORY = "snapshot";
    /**
     * Of the streams of entries, where no longer one is needed: holds a window of 2 MiB. Terms are gone through over
     * and over, and the longer they are, the less of what is written next is in the processor's caches.
     */
    private static final int BULK_TERM_LENGTH = 4 * 1024 * 1024;

    private static final long HAND_OVER_PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(100);
    private static final long LISTEN_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);

    /** Session time goes in steps, of which there have to be several in a timeout. */
    private static final long MIN_SESSION_TIMEOUT_NS = 4 * Sessions.MAX_STEP_NS;

    /** Of the longest election timeout: how long a change of the members waits for what was begun before. */
    private static final int CHANGE_PATIENCE = 4;

    private final NodeContext context;
    private final NanoClock clock = SystemNanoClock.INSTANCE;
    private final NodeCounters counters = new NodeCounters();
    private final ErrorLog errors;
    private final AeronErrors aeronErrors;
    private final DropCounters drops = new DropCounters();
    private final EmbeddedCommands commands;
    private final EmbeddedQueries queries = new EmbeddedQueries(ReplicaLimits.READ_QUEUE_LENGTH_DEFAULT);
    private final EmbeddedAdmin admin = new EmbeddedAdmin();
    private FileStorage storage;
    private HardStateFile hardState;
    private SegmentedLog log;
    private long logId;
    private long incarnation;
    private DoubtFile doubts;
    private FileStorage snapshotStorage;
    private SnapshotStore snapshots;
    private long snapshotIndex;
    private long recoveredCommitIndex;
    private MediaDriver driver;
    private Aeron aeron;
    private AeronPeers peers;
    private PeerAdapter adapter;
    private ClientGateway gateway;
    private NodeAgent agent;
    private AgentRunner flusherRunner;
    private AgentRunner snapshotRunner;
    private AgentRunner agentRunner;
    private AgentInvoker agentInvoker;
    private volatile Thread agentThread;
    private Exception ownChannelError;
    private boolean isClosed;

    private NodeParts(final NodeContext context)
    {
        this.context = context;
        this.errors = new ErrorLog(context.errorHandler());
        this.aeronErrors = new AeronErrors(errors);
        this.commands = new EmbeddedCommands(
            // Below 0: ids of clients' sessions are above.
            ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE, context.commandQueueLength(),
            context.maxCommandLength(), context.commandListener(), errors);
    }

    static NodeParts launch(final NodeContext context)
    {
        final NodeParts parts = new NodeParts(context);
        try
        {
            parts.openLog();
            parts.openSnapshots();
            parts.openAeron();
            parts.wire();
            parts.awaitListening();
            parts.start();
        }
        catch (final Throwable thrown)
        {
            CloseHelper.quietClose(parts);
            throw thrown;
        }
        return parts;
    }

    private void openLog()
    {
        storage = FileStorage.open(Path.of(context.dataDirectoryName()));
        if (hasPeers() && IdentityFile.isNew(storage))
        {
            doubtWhatIsNew();
        }
        final long newLogId = ThreadLocalRandom.current().nextLong() | 1;
        logId = IdentityFile.claim(
            storage, context.clusterId(), context.groupId(), context.memberId(), newLogId);
        hardState = HardStateFile.open(storage);
        incarnation = IdentityFile.incarnation(storage);
        final LogConfig config = new LogConfig()
            .segmentLength(context.segmentLength())
            .maxPayloadLength(Math.max(
                SessionGate.MAX_PAYLOAD_LENGTH, SessionGate.payloadLength(context.maxCommandLength())))
            .durability(context.durability())
            .corruptionPolicy(context.corruptionPolicy())
            .hasPeers(hasPeers())
            .bootId(BootId.read())
            .logId(logId);
        log = SegmentedLog.open(storage, config, clock);
        if (0 != context.clusterIncarnation() && 0 == log.lastIndex() && incarnation != context.clusterIncarnation())
        {
            incarnation = context.clusterIncarnation();
            IdentityFile.incarnation(storage, incarnation);
        }
        doubts = DoubtFile.open(storage);
        if (0 != doubts.doubtfulTo() && DoubtFile.Reason.NEW_DIRECTORY != doubts.reason())
        {
            errors.onError(new DoubtException(context.memberId(), log.recovery()));
        }
    }

    private boolean hasPeers()
    {
        return context.joining() || context.memberAddresses().size() > 1;
    }

    /** It may be the directory of a member that has lost all it had: before the directory is anybody's. */
    private void doubtWhatIsNew()
    {
        try (DoubtFile file = DoubtFile.open(storage))
        {
            file.raise(DoubtFile.UNBOUNDED, 0, DoubtFile.Reason.NEW_DIRECTORY);
        }
    }

    /** Behind the log, which is brought to go on where the newest snapshot ends. */
    private void openSnapshots()
    {
        snapshotStorage = FileStorage.open(Path.of(context.dataDirectoryName(), SNAPSHOT_DIRECTORY));
        snapshots = SnapshotStore.open(snapshotStorage, new SnapshotConfig(
            context.clusterId(), context.groupId(), SnapshotConfig.CHUNK_LENGTH_DEFAULT, context.snapshotRetention()));
        snapshots.damaged().forEach(name -> errors.onError(
            new SnapshotException("the snapshot " + name + " was damaged, and removed")));
        final SegmentedRaftLog raftLog = new SegmentedRaftLog(log);
        recoveredCommitIndex = log.recovery().commitIndex();
        if (SnapshotStart.hasGap(snapshots, raftLog) && hasPeers() &&
            CorruptionPolicy.REFUSE_START != context.corruptionPolicy())
        {
            giveUpLog(raftLog);
        }
        snapshotIndex = Replica.reconcile(snapshots, raftLog);
    }

    /** The other members have what is missing here. What the log holds was vouched for: that is noted first. */
    private void giveUpLog(final SegmentedRaftLog raftLog)
    {
        errors.onError(new SnapshotException(SnapshotStart.gapOf(snapshots, raftLog) +
            ". Member " + context.memberId() + " gives up the rest of its log, which ends with entry " +
            raftLog.lastIndex() + ", and neither votes nor stands before a leader has given it all that"));
        doubts.raise(Math.max(1, raftLog.lastIndex()), hardState.term(), DoubtFile.Reason.DAMAGE);
        recoveredCommitIndex = SnapshotStart.giveUpLog(snapshots, raftLog);
    }

    private void openAeron()
    {
        driver = NodeDriver.open(context, errors, clock);
        try
        {
            aeron = Aeron.connect(new Aeron.Context()
                .aeronDirectoryName(context.aeronDirectoryName())
                .driverTimeoutMs(NodeDriver.driverTimeoutMs(context))
                .driverAgentInvoker(driverInvoker())
                .useConductorAgentInvoker(true)
                .clientLock(NoOpLock.INSTANCE)
                .errorHandler(aeronErrors)
                .subscriberErrorHandler(NodeParts::rethrow));
        }
        catch (final Exception ex)
        {
            throw new LaunchException(
                "cannot use the media driver in " + context.aeronDirectoryName() + ": " + ex.getMessage(), ex);
        }
        counters.publish(aeron, context.clusterId(), context.groupId(), context.memberId());
    }

    /** What the rules throw while a message is being handled must end the agent, not be logged and passed over. */
    private static void rethrow(final Throwable thrown)
    {
        LangUtil.rethrowUnchecked(thrown);
    }

    private AgentInvoker driverInvoker()
    {
        return null == driver ? null : driver.sharedAgentInvoker();
    }

    private InvokedDriver invokedDriver()
    {
        return null == driverInvoker() ? null : new InvokedDriver(driverInvoker());
    }

    private void wire()
    {
        agent = new NodeAgent(
            "ukehi-node-" + context.memberId(), aeron, aeronErrors, invokedDriver(), context.useAgentInvoker(), clock,
            counters, errors, drops, commands, queries, admin);
        peers = new AeronPeers(peersContext(), clock.nanoTime());
        final PeerPublisher publisher = new PeerPublisher(
            peerClusterId(), context.groupId(), context.memberId(), peers);
        final Replica replica = new Replica(
            raftConfig(), new SegmentedRaftLog(log), new HardStateRecord(hardState),
            new DoubtRecord(doubts), publisher,
            context.stateMachine(), limits(), agent.replicaListener()).snapshots(snapshots, snapshotPolicy());
        adapter = new PeerAdapter(
            peerClusterId(), context.groupId(), context.memberId(), new int[0], replica.peerHandler(), drops)
            .introductions((fromId, peerLogId, priority, buffer, offset, length) ->
            {
                peers.onIntroduction(fromId, peerLogId, priority, buffer, offset, length);
                replica.raft().onIntroduction(fromId, peerLogId, priority);
            });
        final DirectBuffer address = new UnsafeBuffer(
            context.ownAddress().peerEndpoint().address().getBytes(StandardCharsets.US_ASCII));
        peers.introducer(toId -> publisher.sendIntroduction(toId, logId, context.leaderPriority(), address));
        Stage.start(clock);
        final StageProbe probe = Stage.isOn() ? new StageProbe(context.memberId(), replica) : null;
        peers.receiver((buffer, offset, length, header) ->
        {
            // A replica that replays its log is not there yet.
            if (!replica.isRecovering())
            {
                adapter.onFragment(buffer, offset, length, header);
                if (Stage.isOn())
                {
                    probe.onPeerMessage();
                }
            }
        });
        try
        {
            gateway = new ClientGateway(aeron, gatewayConfig(), drops);
        }
        catch (final RuntimeException ex)
        {
            throw new LaunchException("cannot listen for clients on " + context.ownAddress().clientEndpoint() + ": " +
                ex.getMessage(), ex);
        }
        final MemberLinks links = new MemberLinks(peers, gateway, errors);
        links.onConfiguration(replica.raft().configuration(), replica.raft().configurationIndex());
        agent.wire(replica, peers, gateway,
            new NodeAdmin(context.memberId(), replica, links, CHANGE_PATIENCE * context.electionTimeoutMaxNs()));
    }

    /** Those who are lost to an incarnation of the cluster belong to another one, and are not heard. */
    private long peerClusterId()
    {
        return context.clusterId() ^ incarnation;
    }

    private SnapshotPolicy snapshotPolicy()
    {
        return new SnapshotPolicy(
            context.snapshotEntries(), context.snapshotLength(), context.snapshotIntervalNs(),
            context.snapshotMinEntries(), context.snapshotTailEntries(), context.snapshotLagEntries(),
            SnapshotPolicy.SLICE_LENGTH_DEFAULT)
            .amortized((int)context.snapshotLogPercent(), context.snapshotLogMax())
            .paced(context.snapshotWriteRate());
    }

    /** Who the members are before the first entry of the log that says so. */
    private Configuration baseConfiguration()
    {
        if (snapshotIndex > 0)
        {
            final byte[] members = snapshots.newest().members();
            return Configuration.decode(new UnsafeBuffer(members), 0, members.length);
        }
        if (context.joining())
        {
            return Configuration.NONE;
        }
        final List<MemberAddress> members = context.memberAddresses();
        return Configuration.of(
            members.stream().mapToInt(MemberAddress::id).toArray(), new int[0],
            members.stream().collect(Collectors.toMap(MemberAddress::id, MemberAddress::endpoint)));
    }

    private RaftConfig raftConfig()
    {
        return new RaftConfig()
            .nodeId(context.memberId())
            .configuration(baseConfiguration(), snapshotIndex)
            .logId(logId)
            .priority(context.leaderPriority())
            .demotion(context.demotionTimeoutNs(), context.demotionMinVoters())
            .electionTimeoutNs(context.electionTimeoutMinNs(), context.electionTimeoutMaxNs())
            .heartbeatIntervalNs(context.heartbeatIntervalNs())
            .snapshotBytesPerSecond(context.snapshotTransferRate())
            .maxAppendBytes(context.maxAppendLength())
            .maxInflightBytes(context.maxInflightLength())
            .maxInflightMessages(context.maxInflightMessages())
            .randomSeed(ThreadLocalRandom.current().nextLong())
            .incarnation(ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE))
            .readLease(context.readLease())
            .readLeaseMarginNs(context.readLeaseMarginNs())
            .repairTimeoutNs(context.repairTimeoutNs())
            .slowDiskNs(context.slowDiskThresholdNs(), context.slowDiskTimeoutNs())
            .initialCommitIndex(Math.max(snapshotIndex, recoveredCommitIndex));
    }

    private SessionLimits sessionLimits()
    {
        return new SessionLimits(
            context.sessionLimit(), Math.max(context.sessionTimeoutNs(), MIN_SESSION_TIMEOUT_NS),
            context.sessionCommandLimit(), context.sessionReplyLength(), context.sessionInflightLength());
    }

    private ReplicaLimits limits()
    {
        return new ReplicaLimits(
            context.applyLimit(), context.pendingLimit(), context.maxReplyLength(),
            FencingToken.MAX_PART, sessionLimits(), ReplicaLimits.READ_QUEUE_LENGTH_DEFAULT,
            context.pendingLength());
    }

    private AeronPeersContext peersContext()
    {
        return new AeronPeersContext()
            .aeron(aeron)
            .nodeId(context.memberId())
            .endpoints(List.of(context.ownAddress().peerEndpoint()))
            .bulkTermLength(BULK_TERM_LENGTH)
            .bulkMessageLength(NodeContext.messageLength(
                Math.max(context.maxCommandLength(), context.maxAppendLength())))
            .listener(new PeerErrors());
    }

    private ClientGatewayConfig gatewayConfig()
    {
        return new ClientGatewayConfig()
            .group(context.clusterId(), context.groupId())
            .nodeId(context.memberId())
            .ingressChannel(context.ownAddress().clientChannel())
            .ipcIngress(context.ipcIngress())
            .sessionLimit(context.sessionLimit())
            .sessionTimeoutNs(context.sessionTimeoutNs())
            .maxCommandLength(context.maxCommandLength())
            .maxReplyLength(context.maxReplyLength());
    }

    /** A node that cannot be reached by its peers should not start at all: most often its port is in use. */
    private void awaitListening()
    {
        final long deadlineNs = clock.nanoTime() + LISTEN_TIMEOUT_NS;
        while (!peers.isListening())
        {
            aeron.conductorAgentInvoker().invoke();
            if (null != driverInvoker())
            {
                driverInvoker().invoke();
            }
            peers.doWork(clock.nanoTime());
            if (null != ownChannelError || clock.nanoTime() - deadlineNs > 0)
            {
                final MemberAddress own = context.ownAddress();
                throw new LaunchException("cannot listen for peers on " + own.host() + ":" + own.peerPort() + ": " +
                    (null == ownChannelError ? "the media driver does not answer" : ownChannelError.getMessage()),
                    ownChannelError);
            }
            Thread.onSpinWait();
        }
    }

    private void start()
    {
        flusherRunner = new AgentRunner(
            new FlusherIdleStrategy(log.flusher(), FlusherIdleStrategy.SLEEP_NS), errors, null, log.flusher());
        // Nobody waits for a snapshot: its thread sleeps, and shares what processor there is.
        snapshotRunner = new AgentRunner(
            new BackoffIdleStrategy(1, 1, TimeUnit.MICROSECONDS.toNanos(100), TimeUnit.MILLISECONDS.toNanos(10)),
            errors, null, snapshots.worker());
        // Named behind the start, which gives it the name that the flushers of all nodes have.
        AgentRunner.startOnThread(flusherRunner, runnable -> thread(runnable, ""))
            .setName(agent.roleName() + "-flusher");
        AgentRunner.startOnThread(snapshotRunner, runnable -> thread(runnable, ""))
            .setName(agent.roleName() + "-snapshots");
        if (context.useAgentInvoker())
        {
            agentInvoker = new AgentInvoker(errors, null, agent);
            agentInvoker.start();
        }
        else
        {
            agentRunner = new AgentRunner(context.newIdleStrategy(), errors, null, agent);
            AgentRunner.startOnThread(agentRunner, runnable -> agentThread = thread(runnable, agent.roleName()));
        }
    }

    private static Thread thread(final Runnable runnable, final String name)
    {
        final Thread thread = new Thread(runnable, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Null where the duty cycle has a thread of its own. */
    AgentInvoker agentInvoker()
    {
        return agentInvoker;
    }

    EmbeddedCommands commands()
    {
        return commands;
    }

    EmbeddedAdmin admin()
    {
        return admin;
    }

    EmbeddedQueries queries()
    {
        return queries;
    }

    NodeCounters counters()
    {
        return counters;
    }

    NodeAgent agent()
    {
        return agent;
    }

    @Override
    public void close()
    {
        if (Thread.currentThread() == agentThread)
        {
            throw new IllegalStateException("the duty cycle cannot wait for its own end: close with another thread");
        }
        // An interrupt would be handed on to the threads that are waited for, and close files under their hands.
        final boolean isInterrupted = Thread.interrupted();
        try
        {
            closeParts();
        }
        finally
        {
            if (isInterrupted)
            {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized void closeParts()
    {
        if (isClosed)
        {
            return;
        }
        isClosed = true;
        handOver();
        if (!isStarted())
        {
            // It never ran: what it would close is closed here.
            CloseHelper.closeAll(errors, gateway, peers, counters);
        }
        else
        {
            agent.expectClose();
        }
        CloseHelper.closeAll(
            errors, agentRunner, agentInvoker, snapshotRunner, flusherRunner, this::closeLog, doubts, hardState,
            snapshotStorage, storage, aeron, driver);
    }

    /** A leader that stops in order does not leave the others to find out. */
    private void handOver()
    {
        if (NodeRole.LEADER.value() != counters.get(NodeCounters.Kind.ROLE) || null == agent)
        {
            return;
        }
        final CompletableFuture<AdminResult> begun =
            admin.ask(AdminOperation.TRANSFER_LEADERSHIP, NodeAdmin.ANYBODY, "");
        final long deadlineNs = clock.nanoTime() + context.electionTimeoutMaxNs();
        while (NodeRole.LEADER.value() == counters.get(NodeCounters.Kind.ROLE) && null == agent.failure() &&
            clock.nanoTime() - deadlineNs < 0 && !(begun.isDone() && !begun.join().isSuccess()))
        {
            if (null != agentInvoker)
            {
                agentInvoker.invoke();
            }
            LockSupport.parkNanos(HAND_OVER_PAUSE_NS);
        }
    }

    private boolean isStarted()
    {
        return null != agentRunner || null != agentInvoker;
    }

    private void closeLog()
    {
        if (null != log)
        {
            if (null == agent || null == agent.failure())
            {
                log.close();
            }
            else
            {
                log.abandon();
            }
        }
    }

    /** Channel errors of peers are reported and tried again; one of the own port matters at the start. */
    private final class PeerErrors implements PeerLinkListener
    {
        @Override
        public void onChannelError(final int memberId, final int streamId, final Exception error)
        {
            if (memberId == context.memberId() && !isStarted())
            {
                ownChannelError = error;
            }
            else
            {
                errors.onError(error);
            }
        }

        @Override
        public void onPeers(final int[] ids)
        {
            adapter.senders(ids);
        }

        @Override
        public void onMessageTooLong(final int memberId, final int streamId, final int length, final int maxLength)
        {
            errors.onError(new IllegalStateException("a message of " + length + " bytes to member " + memberId +
                " is longer than the " + maxLength + " that go through"));
        }
    }
}
