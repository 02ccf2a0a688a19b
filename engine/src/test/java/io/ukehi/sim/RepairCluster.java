package io.ukehi.sim;

import io.ukehi.Crc32c;
import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.DoubtFile;
import io.ukehi.log.Durability;
import io.ukehi.log.HardStateFile;
import io.ukehi.log.IdentityFile;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import io.ukehi.node.DoubtRecord;
import io.ukehi.node.HardStateRecord;
import io.ukehi.node.Replica;
import io.ukehi.node.ReplicaLimits;
import io.ukehi.node.ReplicaListener;
import io.ukehi.node.SegmentedRaftLog;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.PeerMessage;
import io.ukehi.raft.RaftConfig;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.RecordingSender;
import io.ukehi.raft.Role;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * Members with real logs on simulated disks and a network that loses nothing: small and quick, so that one member can
 * be started on a damaged disk hundreds of thousands of times while the others go on.
 */
final class RepairCluster
{
    static final long CLUSTER_ID = 7;
    static final int GROUP_ID = 1;
    private static final long TICK_NS = 25_000_000;
    private static final int[] IDS = {1, 2, 3};
    private static final int CORRELATION_ID_OFFSET = 8;
    private static final int VALUE_OFFSET = 16;

    private final List<Member> members = new ArrayList<>();
    /** Commands that a leader has found committed, and so answered for. */
    private final Set<Long> acknowledged = new TreeSet<>();
    private final Durability durability;
    private final int segmentLength;
    private long nowNs;
    private long incarnation;

    RepairCluster(final Durability durability, final int segmentLength)
    {
        this.durability = durability;
        this.segmentLength = segmentLength;
        for (final int id : IDS)
        {
            members.add(new Member(id));
        }
    }

    Member member(final int id)
    {
        return members.get(id - 1);
    }

    /** Half a heartbeat passes, and everything that is said in it is heard. */
    void tick()
    {
        nowNs += TICK_NS;
        boolean isBusy = true;
        while (isBusy)
        {
            isBusy = false;
            for (final Member member : members)
            {
                isBusy |= member.cycle();
            }
        }
    }

    /** Whether something comes true within so many ticks. */
    boolean await(final BooleanSupplier condition, final int ticks)
    {
        for (int i = 0; i < ticks && !condition.getAsBoolean(); i++)
        {
            tick();
        }
        return condition.getAsBoolean();
    }

    Set<Long> acknowledged()
    {
        return acknowledged;
    }

    Member leader()
    {
        for (final Member member : members)
        {
            if (member.isUp() && Role.LEADER == member.replica.raft().role())
            {
                return member;
            }
        }
        return null;
    }

    /** A member over all of its lives. */
    final class Member
    {
        private final int id;
        private final ArrayDeque<PeerMessage> inbox = new ArrayDeque<>();
        private final UnsafeBuffer command = new UnsafeBuffer(new byte[VALUE_OFFSET + Long.BYTES]);
        private long bootId;
        SimDisk disk = new SimDisk();
        SegmentedLog wal;
        Replica replica;
        /** What the state machine has applied, as one number, and one by one. */
        private long digest;
        private final Set<Long> applied = new TreeSet<>();

        Member(final int id)
        {
            this.id = id;
        }

        int id()
        {
            return id;
        }

        boolean isUp()
        {
            return null != replica;
        }

        /** Of the machine's present run. */
        long bootId()
        {
            return bootId;
        }

        /** A life begins; throws what ends it if the node refuses to start. */
        void start(final CorruptionPolicy policy, final long newBootId)
        {
            bootId = newBootId;
            inbox.clear();
            final long logId = IdentityFile.claim(disk, CLUSTER_ID, GROUP_ID, id, 100 + id);
            final HardStateFile hardState = HardStateFile.open(disk);
            wal = SegmentedLog.open(disk, new LogConfig()
                .segmentLength(segmentLength)
                .maxPayloadLength(64)
                .durability(durability)
                .corruptionPolicy(policy)
                .bootId(bootId)
                .logId(logId), () -> nowNs);
            final RaftConfig config = new RaftConfig()
                .nodeId(id)
                .members(IDS)
                .randomSeed(id)
                .incarnation(++incarnation)
                .initialCommitIndex(wal.recovery().commitIndex());
            digest = 0;
            applied.clear();
            replica = new Replica(
                config, new SegmentedRaftLog(wal), new HardStateRecord(hardState),
                new DoubtRecord(DoubtFile.open(disk)), new RecordingSender(id, RepairCluster.this::send),
                new Machine(), new ReplicaLimits(1024, 64, 64, 0xFFFF_FFFFL), new Listener());
            replica.start();
        }

        /** The process is gone, and all that it wrote stays. */
        void kill()
        {
            replica.stop();
            wal.abandon();
            replica = null;
        }

        /** The machine is gone: any part of what was not forced is lost. */
        void cutPower(final RandomGenerator chance)
        {
            kill();
            disk = disk.afterPowerCut(chance);
        }

        /** Closed in order. */
        void stop()
        {
            replica.stop();
            wal.close();
            replica = null;
        }

        boolean cycle()
        {
            if (!isUp())
            {
                inbox.clear();
                return false;
            }
            replica.onCycle(nowNs, nowNs);
            final boolean hasHeard = !inbox.isEmpty();
            while (!inbox.isEmpty())
            {
                final PeerMessage message = inbox.poll();
                if (!replica.isRecovering())
                {
                    message.deliver(replica.peerHandler());
                }
            }
            final int workCount = replica.doWork() + wal.flusher().doWork();
            return hasHeard || workCount > 0;
        }

        long propose(final long value)
        {
            command.putLong(CORRELATION_ID_OFFSET, value);
            command.putLong(VALUE_OFFSET, value);
            replica.onCycle(nowNs, nowNs);
            return replica.propose(command, 0, command.capacity());
        }

        /** Whether it holds, knows committed and has applied all of another member's log, and counts. */
        boolean hasCaughtUpWith(final Member other)
        {
            return isUp() && !replica.isRecovering() && 0 == replica.raft().doubtfulTo() &&
                wal.lastIndex() == other.wal.lastIndex() &&
                replica.raft().commitIndex() == other.replica.raft().commitIndex() &&
                replica.appliedIndex() == other.replica.appliedIndex();
        }

        Set<Long> applied()
        {
            return applied;
        }

        long digest()
        {
            return digest;
        }

        /** Checksum over the bytes of all entries. */
        int logChecksum()
        {
            final RaftLog log = replica.log();
            final EntryCursor cursor = log.newCursor();
            final Crc32c crc = new Crc32c().reset();
            long index = log.firstIndex();
            while (index <= log.lastIndex())
            {
                if (log.read(index, log.lastIndex(), Integer.MAX_VALUE, cursor) <= 0)
                {
                    throw new AssertionError("entry " + index + " cannot be read");
                }
                crc.update(cursor.buffer(), cursor.offset(), cursor.length());
                index += cursor.count();
            }
            return crc.value();
        }

        private final class Machine implements StateMachine
        {
            @Override
            public void onCommand(
                final CommandHeader header,
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final Reply reply)
            {
                applied.add(buffer.getLong(offset));
                digest = SimRandom.mix(digest ^ buffer.getLong(offset)) + header.index();
            }

            @Override
            public long stateDigest()
            {
                return digest;
            }
        }
    }

    private boolean send(final PeerMessage message)
    {
        return member(message.to()).inbox.add(message);
    }

    private final class Listener implements ReplicaListener
    {
        @Override
        public void onRoleChange(final Role role, final long term, final int leaderId)
        {
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
            throw new AssertionError("correct members refuse nothing of one another: " + reason);
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
            if (isProposedHere)
            {
                acknowledged.add(header.correlationId());
            }
        }

        @Override
        public void onSuperseded(final long sessionId, final long correlationId)
        {
        }

        @Override
        public void onAbandoned(final long sessionId, final long correlationId)
        {
        }

        @Override
        public void onMalformed(final long index, final long term, final int payloadLength)
        {
            throw new AssertionError("every command names its sender");
        }
    }
}
