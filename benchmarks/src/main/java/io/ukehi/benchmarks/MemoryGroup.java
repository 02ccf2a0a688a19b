package io.ukehi.benchmarks;

import io.ukehi.fencing.FencingTokenState;
import io.ukehi.log.Durability;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import io.ukehi.node.SegmentedRaftLog;
import io.ukehi.raft.AckKind;
import io.ukehi.raft.DoubtStore;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.EntryType;
import io.ukehi.raft.PeerSender;
import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftConfig;
import io.ukehi.raft.RaftListener;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.Role;
import io.ukehi.raft.VoteKind;
import java.util.ArrayDeque;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Three members' rules and logs in one thread, without network and disk: what one sends, the other is told in the same
 * call, but for votes.
 */
final class MemoryGroup
{
    static final int SIZE = 3;

    private static final int SEGMENT_LENGTH = 64 * 1024 * 1024;
    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final Node[] nodes = new Node[SIZE];
    private final ArrayDeque<Runnable> elections = new ArrayDeque<>();
    private long nowNs;
    private Node leader;

    /** Elects a leader over empty logs. */
    MemoryGroup()
    {
        for (int i = 0; i < SIZE; i++)
        {
            nodes[i] = new Node(i + 1);
        }
        while (null == leader || 0 == leader.raft.commitIndex())
        {
            pass(1_000_000);
            cycle();
            while (!elections.isEmpty())
            {
                elections.poll().run();
            }
            for (final Node node : nodes)
            {
                leader = Role.LEADER == node.raft.role() ? node : leader;
            }
        }
    }

    /** Time goes on. */
    void pass(final long ns)
    {
        nowNs += ns;
    }

    /** As {@link Raft#propose}, of the leader. */
    long propose(final DirectBuffer payload, final int length)
    {
        return leader.raft.propose(EntryType.COMMAND, payload, 0, length);
    }

    /** The leader's. */
    long commitIndex()
    {
        return leader.raft.commitIndex();
    }

    /** The rules of the leader. */
    Raft leader()
    {
        return leader.raft;
    }

    /** The rules of a member that does not lead. */
    Raft follower()
    {
        return nodes[leader == nodes[0] ? 1 : 0].raft;
    }

    /** The last ticket of a member's question that was answered, by {@link RaftListener#onReadIndex}. */
    long answeredTicket(final Raft raft)
    {
        for (final Node node : nodes)
        {
            if (node.raft == raft)
            {
                return node.answeredTicket;
            }
        }
        throw new IllegalArgumentException("no member of the group");
    }

    /** Gives the logs' memory back. */
    void release()
    {
        for (final Node node : nodes)
        {
            node.log.abandon();
            node.storage.close();
        }
    }

    /** The leader first, so that what it sends is acknowledged in the same round, and last, so that it commits. */
    void cycle()
    {
        for (final Node node : nodes)
        {
            node.raft.onCycle(nowNs, nowNs);
            node.raft.doTimers();
        }
        for (final Node node : nodes)
        {
            node.raft.doReplication();
            node.log.flush();
        }
        for (final Node node : nodes)
        {
            node.log.flush();
            node.log.flusher().doWork();
            if (node != leader)
            {
                node.raft.doProgress();
            }
        }
        if (null != leader)
        {
            leader.raft.doProgress();
        }
    }

    /** One member. */
    private final class Node implements PeerSender, RaftListener
    {
        private final int id;
        private final MemoryStorage storage = new MemoryStorage();
        private final SegmentedLog log;
        private final Raft raft;
        private long answeredTicket;

        Node(final int id)
        {
            this.id = id;
            log = SegmentedLog.open(
                storage,
                new LogConfig().segmentLength(SEGMENT_LENGTH).durability(Durability.ASYNC).logId(id),
                () -> nowNs);
            final RaftLog raftLog = new SegmentedRaftLog(log);
            raft = new Raft(
                new RaftConfig().nodeId(id).members(1, 2, 3).randomSeed(id).incarnation(id).readLease(true),
                raftLog, new MemoryHardState(), DoubtStore.NONE, new FencingTokenState(), this, this);
        }

        private Raft to(final int toId)
        {
            return nodes[toId - 1].raft;
        }

        @Override
        public boolean sendVoteRequest(
            final int toId, final VoteKind kind, final long requestTerm, final long lastIndex, final long lastTerm)
        {
            return elections.add(() -> to(toId).onVoteRequest(id, kind, requestTerm, lastIndex, lastTerm));
        }

        @Override
        public boolean sendVoteReply(
            final int toId, final VoteKind kind, final long ownTerm, final long requestTerm, final boolean granted)
        {
            return elections.add(() -> to(toId).onVoteReply(id, kind, ownTerm, requestTerm, granted));
        }

        @Override
        public boolean sendAppend(
            final int toId,
            final long ownTerm,
            final long sequence,
            final long prevIndex,
            final long prevTerm,
            final long commitIndex,
            final EntryCursor entries)
        {
            if (null == entries)
            {
                to(toId).onAppend(id, ownTerm, sequence, prevIndex, prevTerm, commitIndex, NOTHING, 0, 0);
            }
            else
            {
                to(toId).onAppend(
                    id, ownTerm, sequence, prevIndex, prevTerm, commitIndex,
                    entries.buffer(), entries.offset(), entries.length());
            }
            return true;
        }

        @Override
        public boolean sendAck(
            final int toId,
            final AckKind kind,
            final long ownTerm,
            final long sequence,
            final long heartbeatSequence,
            final long incarnation,
            final long matchIndex,
            final long lastIndex,
            final long conflictIndex,
            final long conflictTerm)
        {
            to(toId).onAck(
                id, kind, ownTerm, sequence, heartbeatSequence, incarnation, matchIndex, lastIndex,
                conflictIndex, conflictTerm);
            return true;
        }

        @Override
        public boolean sendHeartbeat(
            final int toId, final long ownTerm, final long sequence, final long commitIndex)
        {
            to(toId).onHeartbeat(id, ownTerm, sequence, commitIndex);
            return true;
        }

        @Override
        public boolean sendReadIndexRequest(
            final int toId, final long ownTerm, final long requestId, final long incarnation)
        {
            to(toId).onReadIndexRequest(id, ownTerm, requestId, incarnation);
            return true;
        }

        @Override
        public boolean sendReadIndexReply(
            final int toId, final long ownTerm, final long requestId, final long incarnation, final long index)
        {
            to(toId).onReadIndexReply(id, ownTerm, requestId, incarnation, index);
            return true;
        }

        @Override
        public boolean sendTimeoutNow(final int toId, final long ownTerm)
        {
            to(toId).onTimeoutNow(id, ownTerm);
            return true;
        }

        @Override
        public boolean sendRepairRequest(
            final int toId, final long ownTerm, final long incarnation, final long fromIndex, final long toIndex)
        {
            to(toId).onRepairRequest(id, ownTerm, incarnation, fromIndex, toIndex);
            return true;
        }

        @Override
        public boolean sendRepairReply(
            final int toId,
            final long ownTerm,
            final long incarnation,
            final long leaderLastIndex,
            final EntryCursor entries)
        {
            to(toId).onRepairReply(id, ownTerm, incarnation, leaderLastIndex, NOTHING, 0, 0);
            return true;
        }

        @Override
        public void onRoleChange(final Role role, final long newTerm, final int leaderId)
        {
            // Asked for instead.
        }

        @Override
        public void onReadIndex(final long ticket, final long index, final long sinceNs)
        {
            answeredTicket = ticket;
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
            throw new IllegalStateException(reason);
        }
    }
}
