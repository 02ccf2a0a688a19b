package io.ukehi.node;

import io.aeron.Aeron;
import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.log.StorageException;
import io.ukehi.raft.Configuration;
import io.ukehi.raft.DoubtStore;
import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftListener;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.ReconfigurationOutcome;
import io.ukehi.raft.Role;
import io.ukehi.Stage;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.SessionState;
import io.ukehi.transport.AeronPeers;
import io.ukehi.transport.ClientGateway;
import io.ukehi.transport.ClientHandler;
import io.ukehi.transport.ClientStatus;
import io.ukehi.transport.DropCounters;
import io.ukehi.transport.InvokedDriver;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.OffsetEpochNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * The duty cycle of a node, and the only thread that touches what is in it: hear peers, clients and the embedding
 * program; let time pass in the rules; send, store, commit, apply and answer ({@link Replica#doWork()}); look after
 * connections.
 * <p>
 * Whatever is thrown out of a cycle ends the agent: with storage or an invariant broken there is nothing that may be
 * said to anybody.
 */
final class NodeAgent implements Agent
{
    private static final int PEER_FRAGMENT_LIMIT = 256;
    private static final int CLIENT_FRAGMENT_LIMIT = 256;
    private static final int COMMAND_LIMIT = 256;
    private static final long CLOCK_SAMPLE_INTERVAL_NS = 10_000_000_000L;
    private static final DirectBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final String name;
    private final Aeron aeron;
    private final AeronErrors aeronErrors;
    private final InvokedDriver driver;
    /** Whether others run on this thread between two cycles. */
    private final boolean isTakingTurns;
    private final NanoClock clock;
    private final OffsetEpochNanoClock epochClock = new OffsetEpochNanoClock();
    private final NodeCounters counters;
    private final ErrorLog errors;
    private final DropCounters drops;
    private final EmbeddedCommands commands;
    private final EmbeddedQueries queries;
    private final EmbeddedAdmin requests;
    private final EmbeddedAdmin.Taker requestTaker = this::takeRequest;
    private final EmbeddedQueries.Asker queryAsker = this::askQuery;
    private final EmbeddedCommands.Proposer commandProposer = this::proposeCommand;
    private final ClientHandler clientHandler = new Clients();
    private final ClientPresence clientPresence = this::isClientPresent;
    private Replica replica;
    private AeronPeers peers;
    private ClientGateway gateway;
    private NodeAdmin admin;
    private long refusedCount;
    private long repairCount;
    private long sampleClockNs;
    private Role role = Role.FOLLOWER;
    private volatile Throwable failure;
    private volatile boolean isCloseExpected;
    private volatile boolean isSnapshotWanted;

    NodeAgent(
        final String name,
        final Aeron aeron,
        final AeronErrors aeronErrors,
        final InvokedDriver driver,
        final boolean isTakingTurns,
        final NanoClock clock,
        final NodeCounters counters,
        final ErrorLog errors,
        final DropCounters drops,
        final EmbeddedCommands commands,
        final EmbeddedQueries queries,
        final EmbeddedAdmin requests)
    {
        this.name = name;
        this.aeron = aeron;
        this.aeronErrors = aeronErrors;
        this.driver = driver;
        this.isTakingTurns = isTakingTurns;
        this.clock = clock;
        this.counters = counters;
        this.errors = errors;
        this.drops = drops;
        this.commands = commands;
        this.queries = queries;
        this.requests = requests;
    }

    /** The rest of the wiring: these parts know the agent, and it knows them. */
    void wire(
        final Replica newReplica, final AeronPeers newPeers, final ClientGateway newGateway, final NodeAdmin newAdmin)
    {
        admin = newAdmin;
        replica = newReplica;
        peers = newPeers;
        gateway = newGateway;
    }

    ReplicaListener replicaListener()
    {
        return new Events();
    }

    @Override
    public void onStart()
    {
        try
        {
            gateway.onLeader(0, RaftListener.NO_LEADER, false, true);
            replica.start();
        }
        catch (final Throwable thrown)
        {
            fail(thrown);
        }
    }

    @Override
    public int doWork()
    {
        try
        {
            return doCycle();
        }
        catch (final Throwable thrown)
        {
            fail(thrown);
            // Expected, since it has been told already.
            throw new AgentTerminationException(true);
        }
    }

    private int doCycle()
    {
        if (null != failure)
        {
            throw new AgentTerminationException(true);
        }
        final long nowNs = clock.nanoTime();
        if (nowNs - sampleClockNs > CLOCK_SAMPLE_INTERVAL_NS)
        {
            sampleClockNs = nowNs;
            epochClock.sample();
        }
        if (isSnapshotWanted)
        {
            isSnapshotWanted = false;
            replica.takeSnapshot();
        }
        int workCount = invokeAeron();
        replica.onCycle(nowNs, epochClock.nanoTime());
        workCount += peers.poll(PEER_FRAGMENT_LIMIT);
        workCount += gateway.poll(clientHandler, CLIENT_FRAGMENT_LIMIT);
        workCount += commands.poll(commandProposer, COMMAND_LIMIT);
        workCount += queries.poll(queryAsker, COMMAND_LIMIT);
        workCount += requests.poll(requestTaker) + admin.doWork(nowNs);
        workCount += replica.doSessions(nowNs, clientPresence);
        workCount += replica.doWork();
        workCount += peers.doWork(nowNs);
        workCount += gateway.doWork(nowNs);
        updateCounters();
        if (workCount > 0 && isTakingTurns && null != driver)
        {
            // What was offered goes out now, not when this node has its turn again.
            driver.invoke();
        }
        return workCount;
    }

    private int invokeAeron()
    {
        final int workCount =
            aeron.conductorAgentInvoker().invoke() + (null == driver ? 0 : driver.invoke());
        if (null != aeronErrors.fatal() || aeron.isClosed())
        {
            // Before anything else is touched: what lies in the driver's files is unmapped, or will be soon.
            throw new IllegalStateException(
                "the media driver is gone, or has given this node up: " + aeronErrors.fatal(), aeronErrors.fatal());
        }
        return workCount;
    }

    private void updateCounters()
    {
        final Raft raft = replica.raft();
        final RaftLog log = replica.log();
        counters.set(NodeCounters.Kind.FIRST_INDEX, log.firstIndex());
        counters.set(NodeCounters.Kind.LAST_INDEX, log.lastIndex());
        counters.set(NodeCounters.Kind.DURABLE_INDEX, log.durableIndex());
        counters.set(NodeCounters.Kind.COMMIT_INDEX, raft.commitIndex());
        counters.set(NodeCounters.Kind.APPLIED_INDEX, replica.appliedIndex());
        counters.set(NodeCounters.Kind.SNAPSHOT_INDEX, replica.snapshotIndex());
        counters.set(NodeCounters.Kind.SNAPSHOT_SENT_BYTES, raft.snapshotBytesSent());
        counters.set(NodeCounters.Kind.SNAPSHOT_RECEIVED_PERCENT, replica.snapshotReceivedPercent());
        counters.set(NodeCounters.Kind.SNAPSHOT_SENT_PERCENT, raft.snapshotSentPercent());
        counters.set(NodeCounters.Kind.SNAPSHOT_TAKEN_BYTES, replica.snapshotTakenBytes());
        counters.set(NodeCounters.Kind.SNAPSHOT_LOADED_PERCENT, replica.snapshotLoadedPercent());
        counters.set(NodeCounters.Kind.REPLAY_TO_INDEX, replica.replayToIndex());
        counters.set(NodeCounters.Kind.ELECTION_COUNT, raft.electionCount());
        counters.set(NodeCounters.Kind.ERROR_COUNT, errors.count());
        counters.set(NodeCounters.Kind.DROP_COUNT, drops.total() + refusedCount);
        counters.set(NodeCounters.Kind.SESSION_COUNT, gateway.sessionCount());
        counters.set(NodeCounters.Kind.REPEAT_COUNT, replica.repeatCount());
        counters.set(NodeCounters.Kind.REFUSED_CLIENT_COUNT, gateway.refusedCount());
        counters.set(NodeCounters.Kind.SILENT_CLIENT_COUNT, gateway.timeoutCount());
        counters.set(NodeCounters.Kind.SLOW_CLIENT_COUNT, gateway.slowCount());
        counters.set(NodeCounters.Kind.HALF_OPEN_CLIENT_COUNT, gateway.halfOpenCount());
        counters.set(NodeCounters.Kind.DOUBTFUL_TO, raft.doubtfulTo());
        counters.set(NodeCounters.Kind.DAMAGED_INDEX, log.damagedIndex());
        counters.set(NodeCounters.Kind.REPAIR_COUNT, repairCount);
    }

    private boolean proposeCommand(
        final long correlationId, final DirectBuffer payload, final int offset, final int length)
    {
        final long result = replica.propose(payload, offset, length);
        if (RaftLog.BACK_PRESSURED == result)
        {
            return false;
        }
        if (Raft.NOT_LEADER == result)
        {
            commands.onEnded(correlationId, CommandOutcome.NOT_LEADER);
        }
        else if (Replica.RECOVERING == result)
        {
            commands.onEnded(correlationId, CommandOutcome.RECOVERING);
        }
        else if (RaftLog.STORAGE_FULL == result)
        {
            commands.onEnded(correlationId, CommandOutcome.STORAGE_FULL);
        }
        return true;
    }

    private QueryCode askQuery(
        final long correlationId,
        final Consistency consistency,
        final long maxLagNs,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        return replica.query(commands.sessionId(), correlationId, consistency, maxLagNs, buffer, offset, length);
    }

    private void takeRequest(final EmbeddedAdmin.Request request)
    {
        admin.ask(
            request.operation(), request.targetId(), request.member(), clock.nanoTime(), request.future()::complete);
    }

    private boolean isClientPresent(final long clientId)
    {
        return gateway.isPresent(clientId);
    }

    private void fail(final Throwable thrown)
    {
        if (null == failure)
        {
            failure = thrown;
            errors.onError(thrown);
        }
    }

    /** What ended the agent, null while it runs or if it was closed in order. Any thread. */
    Throwable failure()
    {
        return failure;
    }

    /** Any thread: a snapshot is to be taken soon. */
    void takeSnapshot()
    {
        isSnapshotWanted = true;
    }

    /** Any thread: the end that comes is wanted. */
    void expectClose()
    {
        isCloseExpected = true;
    }

    @Override
    public void onClose()
    {
        if (!isCloseExpected && null == failure)
        {
            fail(new IllegalStateException("the duty cycle was interrupted"));
        }
        counters.set(NodeCounters.Kind.ROLE, NodeRole.STOPPED.value());
        counters.set(NodeCounters.Kind.LEADER_ID, RaftListener.NO_LEADER);
        closePart(replica::stop);
        closePart(commands::close);
        closePart(queries::close);
        closePart(admin::close);
        closePart(requests::close);
        closePart(gateway::close);
        closePart(peers::close);
        counters.set(NodeCounters.Kind.ERROR_COUNT, errors.count());
        closePart(counters::close);
    }

    private void closePart(final Runnable part)
    {
        try
        {
            part.run();
        }
        catch (final Throwable thrown)
        {
            errors.onError(thrown);
        }
    }

    @Override
    public String roleName()
    {
        return name;
    }

    private NodeRole roleOf(final Role role)
    {
        return switch (role)
        {
            case FOLLOWER ->
                DoubtStore.NO_DOUBT == replica.raft().doubtfulTo() ? NodeRole.FOLLOWER : NodeRole.DOUBTFUL;
            case PRE_CANDIDATE -> NodeRole.PRE_CANDIDATE;
            case CANDIDATE -> NodeRole.CANDIDATE;
            case LEADER -> NodeRole.LEADER;
        };
    }

    /** What the replica tells. */
    private final class Events implements ReplicaListener
    {
        @Override
        public void onRecovered()
        {
            counters.set(NodeCounters.Kind.ROLE, roleOf(Role.FOLLOWER).value());
            gateway.onLeader(replica.raft().term(), RaftListener.NO_LEADER, false, false);
        }

        @Override
        public void onRoleChange(final Role newRole, final long term, final int leaderId)
        {
            role = newRole;
            counters.set(NodeCounters.Kind.ROLE, roleOf(newRole).value());
            counters.set(NodeCounters.Kind.TERM, term);
            counters.set(NodeCounters.Kind.LEADER_ID, leaderId);
            gateway.onLeader(term, leaderId, Role.LEADER == newRole, false);
        }

        @Override
        public void onConfiguration(final Configuration configuration, final long index)
        {
            admin.onConfiguration(configuration, index);
        }

        @Override
        public void onReconfigured(final Configuration target, final ReconfigurationOutcome outcome)
        {
            admin.onReconfigured(outcome);
        }

        @Override
        public void onStateDifference(final long index)
        {
            errors.onError(new IllegalStateException("the states of members differ at index " + index +
                ": the state machine is not deterministic, or memory has gone bad"));
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
            refusedCount++;
        }

        @Override
        public void onDamage(final long index)
        {
            if (index > 0)
            {
                errors.onError(new StorageException("entry " + index + " of the log is damaged on the disk of " + name +
                    ". The other members are asked for it; whoever needs it waits"));
            }
        }

        @Override
        public void onRepaired(final long index, final int fromId)
        {
            repairCount++;
        }

        @Override
        public void onCommitted(
            final CommandHeader header,
            final DirectBuffer reply,
            final int offset,
            final int length,
            final boolean isProposedHere)
        {
            if (header.sessionId() == commands.sessionId())
            {
                commands.onCommitted(
                    header.correlationId(), header.index(), header.fencingToken(), reply, offset, length);
            }
            else if (header.sessionId() > 0 && (isProposedHere || Role.LEADER == role))
            {
                Stage.APPLY.mark(header.index());
                // A leader answers for the one before it, too, if the client has come over meanwhile.
                gateway.reply(
                    replica.sessions().get(header.sessionId()).clientId(), header.correlationId(),
                    ReplyCode.COMMITTED.value(), header.index(), header.fencingToken(), reply, offset, length);
            }
        }

        @Override
        public void onSuperseded(final long sessionId, final long correlationId)
        {
            // A client sends what is unanswered again, to the next leader.
            if (sessionId == commands.sessionId())
            {
                commands.onEnded(correlationId, CommandOutcome.SUPERSEDED);
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
            if (sessionId == commands.sessionId())
            {
                queries.onEnded(correlationId, code, index, reply, offset, length);
            }
            else
            {
                gateway.queryReply(sessionId, correlationId, code, index, reply, offset, length);
            }
        }

        @Override
        public void onAbandoned(final long sessionId, final long correlationId)
        {
            // A client finds out by losing its connection.
            if (sessionId == commands.sessionId())
            {
                commands.onEnded(correlationId, CommandOutcome.UNKNOWN);
            }
        }

        @Override
        public void onMalformed(final long index, final long term, final int payloadLength)
        {
            refusedCount++;
        }

        @Override
        public void onSessionOpened(final long clientId, final SessionState session)
        {
            if (Role.LEADER == role)
            {
                if (null == session)
                {
                    gateway.sessionOpened(clientId, 0, 0, ConnectCode.SESSION_LIMIT);
                }
                else
                {
                    gateway.sessionOpened(clientId, session.id(), session.replyLimit(), ConnectCode.OK);
                }
            }
        }

        @Override
        public void onSessionClosed(final SessionState session, final boolean isExpired)
        {
            if (Role.LEADER == role && isExpired)
            {
                gateway.reply(
                    session.clientId(), 0, ReplyCode.SESSION_LOST.value(), 0, 0, NOTHING, 0, 0);
            }
        }

        @Override
        public void onRepeated(final SessionState session, final long sequence)
        {
            if (Role.LEADER == role)
            {
                gateway.reply(
                    session.clientId(), sequence, ReplyCode.COMMITTED.value(), session.replyIndex(sequence),
                    session.replyToken(sequence), session.replyBuffer(), session.replyOffset(sequence),
                    session.replyLength(sequence));
            }
        }

        @Override
        public void onNotTaken(final SessionState session, final long sequence)
        {
            if (Role.LEADER == role)
            {
                gateway.reply(
                    session.clientId(), sequence, ReplyCode.REJECTED_BACK_PRESSURED.value(), 0, 0, NOTHING, 0, 0);
            }
        }
    }

    /** What clients ask. */
    private final class Clients implements ClientHandler
    {
        @Override
        public int onCommand(
            final long sessionId,
            final long correlationId,
            final DirectBuffer payload,
            final int offset,
            final int length)
        {
            final boolean isMarked = Stage.isOn() && Stage.isMarked(replica.log().lastIndex() + 1);
            final long ingressNs = isMarked ? Stage.nowNs() : 0;
            final long result = replica.proposeInSession(sessionId, payload, offset, length);
            if (result >= 0)
            {
                if (isMarked && result > 0)
                {
                    Stage.begin(result, ingressNs);
                }
                return TAKEN;
            }
            if (RaftLog.BACK_PRESSURED == result)
            {
                return LATER;
            }
            if (SessionGate.FORGED == result || SessionGate.MALFORMED == result)
            {
                refusedCount++;
                return TAKEN;
            }
            return refusalOf(result).value();
        }

        private ReplyCode refusalOf(final long result)
        {
            if (Raft.NOT_LEADER == result)
            {
                return ReplyCode.REJECTED_NOT_LEADER;
            }
            if (Replica.RECOVERING == result)
            {
                return ReplyCode.REJECTED_RECOVERING;
            }
            if (SessionGate.NO_SESSION == result)
            {
                return ReplyCode.SESSION_LOST;
            }
            if (SessionGate.OUT_OF_ORDER == result)
            {
                return ReplyCode.REJECTED_OUT_OF_ORDER;
            }
            return SessionGate.SESSION_BUSY == result ?
                ReplyCode.REJECTED_BACK_PRESSURED : ReplyCode.REJECTED_STORAGE;
        }

        @Override
        public int onOpenSession(final long sessionId)
        {
            final long result = replica.openSession(sessionId);
            if (result >= 0)
            {
                return TAKEN;
            }
            if (SessionGate.SESSION_LIMIT == result)
            {
                return ConnectCode.SESSION_LIMIT.value();
            }
            if (Replica.RECOVERING == result)
            {
                return ConnectCode.RECOVERING.value();
            }
            // A disk that is full may have room later.
            return Raft.NOT_LEADER == result ? ConnectCode.REDIRECT.value() : LATER;
        }

        @Override
        public void onCloseSession(final long sessionId)
        {
            // Where it cannot be taken now, the session expires.
            replica.closeSession(sessionId);
        }

        @Override
        public QueryCode onQuery(
            final long sessionId,
            final long correlationId,
            final Consistency consistency,
            final long maxLagNs,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            return replica.query(sessionId, correlationId, consistency, maxLagNs, buffer, offset, length);
        }

        @Override
        public void onAdmin(
            final long sessionId,
            final long correlationId,
            final AdminOperation operation,
            final int targetId,
            final String member)
        {
            admin.ask(operation, targetId, member, clock.nanoTime(), result ->
                gateway.adminReply(sessionId, correlationId, result.code(), result.text()));
        }

        @Override
        public void onStatus(final ClientStatus status)
        {
            final Raft raft = replica.raft();
            final RaftLog log = replica.log();
            status.term(raft.term(), raft.leaderId())
                .role(replica.isRecovering() ? NodeRole.RECOVERING : roleOf(raft.role()))
                .log(log.firstIndex(), log.lastIndex(), log.durableIndex())
                .progress(raft.commitIndex(), replica.appliedIndex())
                .stateDigest(replica.stateDigest())
                .counts(raft.electionCount(), errors.count())
                .doubtfulTo(raft.doubtfulTo())
                .snapshots(replica.snapshotIndex(), replica.snapshotTakenBytes())
                .snapshotPercents(
                    raft.snapshotSentPercent(), replica.snapshotReceivedPercent(), replica.snapshotLoadedPercent());
        }
    }
}
