package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.ClientContext;
import io.ukehi.client.ClusterStatus;
import io.ukehi.client.MemberStatus;
import io.ukehi.client.UkehiClient;
import io.ukehi.Crc32c;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Commands and replies as long as they may be, from end to end: over UDP and IPC, to all members and back. */
@Tag("cluster")
@Timeout(120)
class LargeCommandTest
{
    private static final int LONGEST = 16 * 1024 * 1024 - 1024;

    @TempDir
    private Path directory;

    /** Answers with the command itself; its state is the checksum of all of them. */
    private static final class Echo implements StateMachine
    {
        private final Crc32c crc = new Crc32c();
        private long state;

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            state = 31 * state + crc.reset().update(buffer, offset, length).value();
            reply.buffer(length).putBytes(0, buffer, offset, length);
            reply.length(length);
        }

        @Override
        public long stateDigest()
        {
            return state;
        }
    }

    private TestCluster cluster() throws Exception
    {
        return new TestCluster(directory, 3).settings(context -> context
            .stateMachine(new Echo())
            .maxCommandLength(LONGEST)
            .maxReplyLength(LONGEST)
            .segmentLength(64 * 1024 * 1024)
            .electionTimeoutMinNs(TimeUnit.SECONDS.toNanos(2))
            .electionTimeoutMaxNs(TimeUnit.SECONDS.toNanos(3)));
    }

    private static ClientContext context(final TestCluster cluster, final UkehiNode leader, final boolean isIpc)
    {
        final ClientContext ctx = new ClientContext().maxCommandLength(LONGEST);
        if (isIpc)
        {
            return ctx.aeronDirectoryName(leader.context().aeronDirectoryName())
                .endpoints(leader.context().memberId() + "=ipc").responseChannel("aeron:ipc");
        }
        final StringBuilder endpoints = new StringBuilder();
        for (int id = 1; id <= cluster.size(); id++)
        {
            endpoints.append(id > 1 ? "," : "").append(id).append('=')
                .append(cluster.node(id).context().ownAddress().clientEndpoint());
        }
        return ctx.embeddedDriver(true).endpoints(endpoints.toString());
    }

    private static void exchange(final UkehiClient client, final int length, final int seed)
    {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)(i * 31 + (i >> 12) + seed);
        }
        final UnsafeBuffer reply = new UnsafeBuffer(new byte[LONGEST]);
        assertEquals(length, client.request(new UnsafeBuffer(bytes), 0, length, reply));
        assertTrue(new UnsafeBuffer(bytes).equals(new UnsafeBuffer(reply, 0, length)));
    }

    @Test
    void shouldCarryCommandsAndRepliesOfSixteenMebibytes() throws Exception
    {
        try (TestCluster cluster = cluster())
        {
            final UkehiNode leader = cluster.start().awaitLeader();
            final UnsafeBuffer tooLong = new UnsafeBuffer(new byte[LONGEST + 1]);
            for (final boolean isIpc : new boolean[]{false, true})
            {
                try (UkehiClient client = UkehiClient.connect(context(cluster, leader, isIpc)))
                {
                    assertEquals(LONGEST, client.maxCommandLength());
                    exchange(client, LONGEST, 1);
                    exchange(client, 0, 2);
                    exchange(client, 5_000_001, 3);
                    assertEquals(UkehiClient.MESSAGE_TOO_LARGE, client.offer(tooLong, 0, LONGEST + 1));
                    exchange(client, LONGEST, 4);
                    assertEquals(0, client.stats().sessionsLost());
                }
            }
            final long applied = leader.counter(NodeCounters.Kind.APPLIED_INDEX);
            for (int id = 1; id <= cluster.size(); id++)
            {
                final UkehiNode node = cluster.node(id);
                TestCluster.await(() -> node.counter(NodeCounters.Kind.APPLIED_INDEX) >= applied);
                assertNull(node.failure());
                assertEquals(leader.term(), node.term(), "nobody was taken for lost");
            }
            try (UkehiClient client = UkehiClient.open(context(cluster, leader, false)))
            {
                // Sessions that have been closed may be entries that one has applied and another has not yet.
                ClusterStatus status = client.clusterStatus(TimeUnit.SECONDS.toNanos(10));
                while (1 != status.members().stream().map(MemberStatus::appliedIndex).distinct().count())
                {
                    status = client.clusterStatus(TimeUnit.SECONDS.toNanos(10));
                }
                assertEquals(3, status.members().size());
                assertEquals(1, status.members().stream().map(MemberStatus::stateDigest).distinct().count());
            }
            assertEquals(0, cluster.errors().size(), () -> cluster.errors().toString());
        }
    }
}
