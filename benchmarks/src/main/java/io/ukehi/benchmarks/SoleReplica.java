package io.ukehi.benchmarks;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.codecs.entry.SessionCommandEntryEncoder;
import io.ukehi.fencing.FencingToken;
import io.ukehi.log.Durability;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import io.ukehi.node.Replica;
import io.ukehi.node.ReplicaLimits;
import io.ukehi.node.ReplicaListener;
import io.ukehi.node.SegmentedRaftLog;
import io.ukehi.node.SessionLimits;
import io.ukehi.raft.DoubtStore;
import io.ukehi.raft.PeerSender;
import io.ukehi.raft.RaftConfig;
import io.ukehi.raft.Role;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.SessionState;
import io.ukehi.statemachine.StateMachine;
import java.lang.reflect.Proxy;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A replica that is alone in its group, with its log in memory, and the sessions of clients that know their numbers:
 * what a node does with a command once it has it, and nothing of network, disk and threads.
 */
final class SoleReplica implements ReplicaListener
{
    /** Bytes before the user's in the payload of a session's command. */
    static final int BLOCK_LENGTH = SessionCommandEntryEncoder.BLOCK_LENGTH;

    private static final int ID = 1;
    private static final int SEGMENT_LENGTH = 64 * 1024 * 1024;
    private static final int MAX_REPLY_LENGTH = 64 * 1024;
    private static final int CYCLES_LIMIT = 10_000;
    private static final long CYCLE_NS = 1_000;

    private final SessionLimits sessionLimits;
    private final MemoryStorage storage = new MemoryStorage();
    private final SegmentedLog segments;
    private final SegmentedRaftLog log;
    private final MemoryHardState vote = new MemoryHardState();
    private Replica replica;
    private long nowNs;
    private long committed;
    private long repeated;
    private long openedSessionId;

    /** @param sessionCount sessions there may be. */
    SoleReplica(final int sessionCount)
    {
        final SessionLimits usual = SessionLimits.DEFAULT;
        sessionLimits = new SessionLimits(sessionCount, Long.MAX_VALUE / 2, usual.replyLimit(),
            usual.replyBytesLimit(), usual.inflightBytes());
        segments = SegmentedLog.open(storage,
            new LogConfig().segmentLength(SEGMENT_LENGTH).durability(Durability.ASYNC).logId(ID), () -> nowNs);
        log = new SegmentedRaftLog(segments);
    }

    /** A replica over the log as it is, whose state is empty, before it is started. */
    Replica newReplica(final StateMachine stateMachine)
    {
        replica = new Replica(
            new RaftConfig().nodeId(ID).members(ID).randomSeed(ID).incarnation(ID).initialCommitIndex(log.lastIndex()),
            log, vote, DoubtStore.NONE, noPeers(), stateMachine,
            new ReplicaLimits(
                ReplicaLimits.APPLY_LIMIT_DEFAULT, ReplicaLimits.PENDING_LIMIT_DEFAULT, MAX_REPLY_LENGTH,
                FencingToken.MAX_PART, sessionLimits),
            this);
        return replica;
    }

    private static PeerSender noPeers()
    {
        return (PeerSender)Proxy.newProxyInstance(
            SoleReplica.class.getClassLoader(), new Class<?>[]{PeerSender.class}, (proxy, method, arguments) ->
            {
                throw new IllegalStateException("there is nobody to send to: " + method.getName());
            });
    }

    Replica replica()
    {
        return replica;
    }

    /** Elects itself. */
    void lead()
    {
        for (int i = 0; Role.LEADER != replica.raft().role() || replica.appliedIndex() < log.lastIndex(); i++)
        {
            if (i > CYCLES_LIMIT)
            {
                throw new IllegalStateException("no leader");
            }
            nowNs += 1_000_000;
            cycle();
        }
    }

    /** Opens a client's session; its id. */
    long open(final long clientId)
    {
        openedSessionId = 0;
        replica.openSession(clientId);
        settle();
        return openedSessionId;
    }

    /** Begins a cycle. */
    void begin()
    {
        nowNs += CYCLE_NS;
        replica.onCycle(nowNs, nowNs);
    }

    /** A whole cycle, and what the log's flusher has to do. */
    void cycle()
    {
        begin();
        replica.doWork();
        segments.flusher().doWork();
    }

    /** Applies all that was proposed. */
    void settle()
    {
        while (replica.appliedIndex() < log.lastIndex())
        {
            cycle();
        }
    }

    /**
     * Proposes a command of a session.
     *
     * @param payload  its first {@link #BLOCK_LENGTH} bytes are filled in here.
     * @param sequence whose replies before it the client has.
     * @return as {@link Replica#proposeInSession}.
     */
    long propose(
        final long clientId, final long sessionId, final long sequence, final UnsafeBuffer payload, final int length)
    {
        return propose(clientId, sessionId, sequence, sequence, payload, length);
    }

    /** The same; the client does not have the replies from a sequence on. */
    long propose(
        final long clientId,
        final long sessionId,
        final long sequence,
        final long firstUnanswered,
        final UnsafeBuffer payload,
        final int length)
    {
        payload.putLong(SessionCommandEntryEncoder.sessionIdEncodingOffset(), sessionId, LITTLE_ENDIAN);
        payload.putLong(SessionCommandEntryEncoder.sequenceEncodingOffset(), sequence, LITTLE_ENDIAN);
        payload.putLong(SessionCommandEntryEncoder.firstUnansweredEncodingOffset(), firstUnanswered, LITTLE_ENDIAN);
        return replica.proposeInSession(clientId, payload, 0, BLOCK_LENGTH + length);
    }

    /** Gives up what is applied, and lets the flusher make the next segment: where nothing is measured. */
    void makeRoom()
    {
        log.purgeTo(replica.appliedIndex());
        for (int i = 0; i < CYCLES_LIMIT && segments.flusher().doWork() > 0; i++)
        {
            log.flush();
        }
    }

    /** Commands that were proposed here and are applied. */
    long committed()
    {
        return committed;
    }

    /** Commands whose reply was at hand. */
    long repeated()
    {
        return repeated;
    }

    void close()
    {
        replica.stop();
        segments.abandon();
        storage.close();
    }

    @Override
    public void onCommitted(
        final CommandHeader header, final DirectBuffer reply, final int offset, final int length,
        final boolean isProposedHere)
    {
        committed += isProposedHere ? 1 : 0;
    }

    @Override
    public void onRepeated(final SessionState session, final long sequence)
    {
        repeated += session.replyBuffer().getByte(session.replyOffset(sequence)) >= 0 ? 1 : 0;
    }

    @Override
    public void onSessionOpened(final long clientId, final SessionState session)
    {
        openedSessionId = session.id();
    }

    @Override
    public void onRecovered()
    {
        // Asked for instead.
    }

    @Override
    public void onRoleChange(final Role role, final long term, final int leaderId)
    {
        // Asked for instead.
    }

    @Override
    public void onSuperseded(final long sessionId, final long correlationId)
    {
        throw new IllegalStateException("nobody else leads");
    }

    @Override
    public void onAbandoned(final long sessionId, final long correlationId)
    {
        // It is closed.
    }

    @Override
    public void onMalformed(final long index, final long term, final int payloadLength)
    {
        throw new IllegalStateException("malformed: " + index);
    }

    @Override
    public void onRefused(final int fromId, final String reason)
    {
        throw new IllegalStateException(reason);
    }
}
