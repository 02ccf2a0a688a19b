package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.kv.KvStateMachine;
import io.ukehi.transport.AeronPeersContext;
import io.ukehi.transport.ClientGatewayConfig;
import java.net.DatagramSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What comes in from outside and should not, at every port of every node, while commands are being committed: it is
 * counted, and changes nothing. No term rises, no command is lost, no node ends.
 */
@Tag("cluster")
@Timeout(60)
class BadInputTest
{
    private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);

    @TempDir
    private Path directory;

    /** Commits one command after the other until it is told to stop. */
    private static final class Load extends Thread
    {
        private final UkehiNode leader;
        private volatile boolean isStopped;
        private volatile int committed;
        private volatile Throwable failure;

        Load(final UkehiNode leader)
        {
            this.leader = leader;
        }

        @Override
        public void run()
        {
            try
            {
                while (!isStopped)
                {
                    final int number = committed;
                    assertTrue(TestCluster.put(leader, "key-" + number, "value-" + number).isCommitted());
                    committed = number + 1;
                }
            }
            catch (final Throwable thrown)
            {
                failure = thrown;
            }
        }

        /** Stops, and looks whether everything is there. */
        void check() throws Exception
        {
            final int before = committed;
            TestCluster.await(() -> committed > before || null != failure);
            isStopped = true;
            join();
            assertNull(failure);
            for (int i = 0; i < committed; i++)
            {
                assertEquals("value-" + i, TestCluster.get(leader, "key-" + i));
            }
        }
    }

    /** Patient, so that a slow machine does not elect a leader where none is needed. */
    private TestCluster cluster() throws Exception
    {
        return new TestCluster(directory, 3).settings(context -> context
            .electionTimeoutMinNs(2000 * MS)
            .electionTimeoutMaxNs(3000 * MS)
            .heartbeatIntervalNs(100 * MS));
    }

    private static void assertUnmoved(final TestCluster cluster, final UkehiNode leader, final long term)
    {
        assertSame(leader, cluster.awaitLeader());
        for (int id = 1; id <= 3; id++)
        {
            assertNull(cluster.node(id).failure());
            assertEquals(term, cluster.node(id).term());
        }
    }

    @Test
    void shouldCountAndDropWhatIsNotForItOrNotSound() throws Exception
    {
        try (TestCluster cluster = cluster(); Intruder intruder = new Intruder(directory.resolve("intruder")))
        {
            final UkehiNode leader = cluster.start().awaitLeader();
            final long term = leader.term();
            final Load load = new Load(leader);
            load.start();
            final long[] sent = new long[4];
            for (int i = 0; i < 2000; i++)
            {
                final int id = 1 + i % 3;
                final MemberAddress member = leader.context().memberAddresses().get(id - 1);
                final String peers = member.host() + ":" + member.peerPort();
                intruder.send(peers, AeronPeersContext.CONTROL_STREAM_ID, intruder.badPeerMessage(id));
                intruder.send(peers, AeronPeersContext.BULK_STREAM_ID, intruder.badPeerMessage(id));
                intruder.send(
                    member.clientEndpoint(), ClientGatewayConfig.INGRESS_STREAM_ID, intruder.badClientMessage());
                sent[id] += 3;
            }
            for (int id = 1; id <= 3; id++)
            {
                final UkehiNode node = cluster.node(id);
                final long count = sent[id];
                TestCluster.await(() -> node.counter(NodeCounters.Kind.DROP_COUNT) >= count);
                assertEquals(count, node.counter(NodeCounters.Kind.DROP_COUNT), "each is counted once");
                assertEquals(0, node.counter(NodeCounters.Kind.SESSION_COUNT));
            }
            load.check();
            assertUnmoved(cluster, leader, term);
            assertEquals(List.of(), cluster.errors());
        }
    }

    @Test
    void shouldDropWhatIsLongerThanAnythingItWouldBeSent() throws Exception
    {
        try (TestCluster cluster = cluster(); Intruder intruder = new Intruder(directory.resolve("intruder")))
        {
            final UkehiNode leader = cluster.start().awaitLeader();
            final long term = leader.term();
            final Load load = new Load(leader);
            load.start();
            for (int i = 0; i < 9; i++)
            {
                final int id = 1 + i % 3;
                final MemberAddress member = leader.context().memberAddresses().get(id - 1);
                final byte[] message = new byte[2 * 1024 * 1024];
                final byte[] head = intruder.peerMessage(Intruder.CLUSTER_ID, 0, 9, id);
                System.arraycopy(head, 0, message, 0, head.length);
                final String peers = member.host() + ":" + member.peerPort();
                intruder.send(peers, AeronPeersContext.CONTROL_STREAM_ID, message);
                intruder.send(peers, AeronPeersContext.BULK_STREAM_ID, message);
                intruder.send(member.clientEndpoint(), ClientGatewayConfig.INGRESS_STREAM_ID, message);
            }
            for (int id = 1; id <= 3; id++)
            {
                final UkehiNode node = cluster.node(id);
                TestCluster.await(() -> 9 == node.counter(NodeCounters.Kind.DROP_COUNT));
            }
            load.check();
            assertUnmoved(cluster, leader, term);
            assertEquals(List.of(), cluster.errors());
        }
    }

    @ParameterizedTest
    @EnumSource(value = DriverMode.class, names = {"EMBEDDED", "INVOKER"})
    void shouldGoOnWhenDatagramsAreGarbage(final DriverMode mode) throws Exception
    {
        try (TestCluster cluster = cluster(); Intruder intruder = new Intruder(directory.resolve("intruder"));
            DatagramSocket socket = new DatagramSocket())
        {
            cluster.settings(context -> context.driverMode(mode)
                .stateMachine(new KvStateMachine())
                .electionTimeoutMinNs(2000 * MS)
                .electionTimeoutMaxNs(3000 * MS)
                .heartbeatIntervalNs(100 * MS));
            final UkehiNode leader = cluster.start().awaitLeader();
            final long term = leader.term();
            final Load load = new Load(leader);
            load.start();
            for (int i = 0; i < 6000; i++)
            {
                final MemberAddress member = leader.context().memberAddresses().get(i % 3);
                Intruder.sendRaw(socket, member.peerPort(), intruder.datagram());
                Intruder.sendRaw(socket, member.clientPort(), intruder.datagram());
            }
            load.check();
            assertUnmoved(cluster, leader, term);
        }
    }
}
