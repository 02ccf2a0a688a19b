package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.NodeRole;
import io.ukehi.log.Durability;
import java.nio.file.Path;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class UkehiNodeTest
{
    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldAnswerAndKeepEverythingWhenAllNodesStartAgain(final Durability durability) throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 3))
        {
            cluster.settings(context -> context.durability(durability)).start();
            final UkehiNode leader = cluster.awaitLeader();
            for (int i = 0; i < 100; i++)
            {
                assertTrue(TestCluster.put(leader, "key-" + i, "value-" + i).isCommitted());
            }
            for (int id = 1; id <= 3; id++)
            {
                cluster.stop(id);
            }
            cluster.start();
            final UkehiNode next = cluster.awaitLeader();
            for (int i = 0; i < 100; i++)
            {
                assertEquals("value-" + i, TestCluster.get(next, "key-" + i));
            }
            assertEquals(List.of(), cluster.errors());
        }
    }

    @ParameterizedTest
    @EnumSource(value = DriverMode.class, names = {"EMBEDDED", "INVOKER"})
    void shouldGoOnWithAnotherLeaderWhenTheLeaderStops(final DriverMode mode) throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 3))
        {
            cluster.settings(context -> context.driverMode(mode)).start();
            final UkehiNode leader = cluster.awaitLeader();
            assertTrue(TestCluster.put(leader, "a", "1").isCommitted());
            final long term = leader.term();
            leader.close();
            assertEquals(NodeRole.STOPPED, leader.role());
            final UkehiNode next = cluster.awaitLeader();
            assertTrue(next.term() > term);
            assertEquals("1", TestCluster.get(next, "a"));
            assertTrue(TestCluster.put(next, "a", "2").isCommitted());
            final UkehiNode back = cluster.start(leader.context().memberId());
            TestCluster.await(() -> back.counter(NodeCounters.Kind.APPLIED_INDEX) ==
                next.counter(NodeCounters.Kind.APPLIED_INDEX));
            assertNull(back.failure());
            assertEquals(List.of(), cluster.errors());
        }
    }

    @Test
    void shouldAnswerWhenOneThreadRunsAllMembers() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 3))
        {
            cluster.settings(context -> context.driverMode(DriverMode.INVOKER).useAgentInvoker(true)).start();
            final UkehiNode leader = invokeUntilLeader(cluster);
            final UnsafeBuffer command = TestCluster.putCommand("a", "1");
            final var result = leader.submit(command, 0, command.capacity());
            while (!result.isDone())
            {
                invoke(cluster);
            }
            assertTrue(result.get().isCommitted());
            final long term = leader.term();
            leader.close();
            assertEquals(NodeRole.STOPPED, leader.role());
            assertTrue(invokeUntilLeader(cluster).term() > term);
            assertEquals(List.of(), cluster.errors());
        }
    }

    @Test
    void shouldRefuseToBeInvokedWhenItHasAThread() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 1).start())
        {
            assertThrows(IllegalStateException.class, cluster.node(1)::invoke);
        }
    }

    private static UkehiNode invokeUntilLeader(final TestCluster cluster)
    {
        while (true)
        {
            invoke(cluster);
            for (int id = 1; id <= cluster.size(); id++)
            {
                if (NodeRole.LEADER == cluster.node(id).role())
                {
                    return cluster.node(id);
                }
            }
        }
    }

    private static void invoke(final TestCluster cluster)
    {
        for (int id = 1; id <= cluster.size(); id++)
        {
            cluster.node(id).invoke();
        }
    }

    @Test
    void shouldAnswerAloneWhenTheClusterHasOneMember() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 1).start())
        {
            final UkehiNode leader = cluster.awaitLeader();
            assertTrue(TestCluster.put(leader, "a", "1").isCommitted());
            assertEquals("1", TestCluster.get(leader, "a"));
        }
    }

    @Test
    void shouldRefuseCommandsWhenClosed() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 1).start())
        {
            final UkehiNode leader = cluster.awaitLeader();
            final long beganNs = System.nanoTime();
            leader.close();
            leader.close();
            assertTrue(System.nanoTime() - beganNs < 1_000_000_000L, "closing takes less than a second");
            assertEquals(UkehiNode.CLOSED, leader.offer(new UnsafeBuffer(new byte[8]), 0, 8));
        }
    }
}
