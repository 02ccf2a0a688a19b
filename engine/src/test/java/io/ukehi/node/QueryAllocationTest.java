package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.kv.KvCodec;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.raft.DoubtStore;
import io.ukehi.raft.InMemoryHardState;
import io.ukehi.raft.InMemoryLog;
import io.ukehi.raft.RaftConfig;
import io.ukehi.raft.RecordingSender;
import io.ukehi.raft.Role;
import io.ukehi.statemachine.CommandHeader;
import java.lang.management.ManagementFactory;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The way of a query through a replica, from the question to the answer, of each kind. */
class QueryAllocationTest
{
    private static final int WARM_UP = 20_000;
    private static final int COUNT = 20_000;
    private static final Consistency[] KINDS =
        {Consistency.LINEARIZABLE, Consistency.LEASE, Consistency.FOLLOWER, Consistency.STALE};

    private final UnsafeBuffer query = new UnsafeBuffer(new byte[64]);
    private long answered;
    private long nowNs;

    /** Counts answers. */
    private final class Counter implements ReplicaListener
    {
        @Override
        public void onRecovered()
        {
        }

        @Override
        public void onCommitted(
            final CommandHeader header, final DirectBuffer reply, final int offset, final int length,
            final boolean isProposedHere)
        {
        }

        @Override
        public void onSuperseded(final long sessionId, final long correlationId)
        {
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
            answered += QueryCode.ANSWERED == code ? 1 : 0;
        }

        @Override
        public void onAbandoned(final long sessionId, final long correlationId)
        {
        }

        @Override
        public void onMalformed(final long index, final long term, final int payloadLength)
        {
        }

        @Override
        public void onRoleChange(final Role role, final long term, final int leaderId)
        {
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
        }
    }

    @Test
    void shouldAllocateNothingWhenAskedInEveryWay()
    {
        final KvStateMachine store = new KvStateMachine();
        final Replica replica = new Replica(
            new RaftConfig().nodeId(1).members(1).readLease(true), new InMemoryLog(), new InMemoryHardState(),
            DoubtStore.NONE, new RecordingSender(1), store, new ReplicaLimits(1024), new Counter());
        replica.start();
        while (Role.LEADER != replica.raft().role() || 0 == replica.appliedIndex())
        {
            cycle(replica);
        }
        final int length = KvCodec.encodeGet(query, 0, new UnsafeBuffer(new byte[]{1}), 0, 1);
        ask(replica, WARM_UP, length);
        final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
        final long before = threads.getCurrentThreadAllocatedBytes();
        ask(replica, COUNT, length);
        final long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertEquals(WARM_UP + COUNT, answered);
        assertEquals(0, allocated / COUNT, "bytes a query; " + allocated + " in all");
        replica.stop();
    }

    private void ask(final Replica replica, final int count, final int length)
    {
        for (int i = 0; i < count; i++)
        {
            replica.query(7, i, KINDS[i & 3], 1_000_000, query, 0, length);
            cycle(replica);
            cycle(replica);
            cycle(replica);
        }
    }

    private void cycle(final Replica replica)
    {
        nowNs += 1_000;
        replica.onCycle(nowNs, nowNs);
        replica.doWork();
    }
}
