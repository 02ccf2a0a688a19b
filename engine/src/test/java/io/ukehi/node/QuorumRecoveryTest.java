package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.log.FileStorage;
import io.ukehi.log.StorageException;
import io.ukehi.log.WalReader;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of three of which two are given up, and come back all the same. */
@Tag("aeron")
@Timeout(120)
class QuorumRecoveryTest
{
    @TempDir
    Path directory;

    private QuorumRecovery.Result recover(final int id)
    {
        final Path data = directory.resolve("node-" + id);
        try (FileStorage storage = FileStorage.open(data))
        {
            return QuorumRecovery.recover(data, storage, WalReader.inspect(storage).identity());
        }
    }

    /** With three members the leader's first entries say who they are. */
    private static void awaitMembersInLog(final TestCluster cluster)
    {
        for (int id = 1; id <= 3; id++)
        {
            final UkehiNode node = cluster.node(id);
            TestCluster.await(() -> node.members().join().text().split("log:").length > 3);
        }
    }

    @Test
    void shouldGoOnAloneAndNotHearThoseWhoWereGivenUp() throws Exception
    {
        final long[] incarnation = new long[1];
        try (TestCluster cluster = new TestCluster(directory, 3, 1)
            .settings(context -> context.clusterIncarnation(incarnation[0])))
        {
            TestCluster.put(cluster.start().awaitLeader(), "key", "value");
            awaitMembersInLog(cluster);
            final long index = cluster.awaitLeader().counter(NodeCounters.Kind.COMMIT_INDEX);
            TestCluster.await(() -> cluster.node(1).counter(NodeCounters.Kind.DURABLE_INDEX) >= index);
            for (int id = 1; id <= 3; id++)
            {
                cluster.stop(id);
            }
            final QuorumRecovery.Result result = recover(1);
            assertArrayEquals(new int[]{1, 2, 3}, result.before().voters());

            final UkehiNode alone = cluster.start(1);
            TestCluster.await(() -> NodeRole.LEADER == alone.role());
            assertTrue(alone.term() > result.term());
            assertEquals("value", TestCluster.get(alone, "key"));
            assertEquals(1, alone.members().join().text().split(",").length);

            final long term = alone.term();
            cluster.start(2);
            cluster.start(3);
            TestCluster.await(() -> NodeRole.LEADER == cluster.node(2).role() ||
                NodeRole.LEADER == cluster.node(3).role());
            TestCluster.put(alone, "key", "another");
            Thread.sleep(1_000);
            assertEquals(NodeRole.LEADER, alone.role(), "whatever they say");
            assertEquals(term, alone.term());
            cluster.stop(2);
            cluster.stop(3);

            incarnation[0] = result.incarnation();
            final UkehiNode newcomer = cluster.start(4);
            final AdminResult added = alone.addMember(cluster.address(4)).get(30, TimeUnit.SECONDS);
            assertEquals(AdminCode.DONE, added.code(), added.text());
            TestCluster.await(() -> newcomer.counter(NodeCounters.Kind.APPLIED_INDEX) ==
                alone.counter(NodeCounters.Kind.APPLIED_INDEX));
        }
    }

    /** As when the tool was killed, or is asked twice. */
    @Test
    void shouldBeDoneAgainWithoutHarm() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 3))
        {
            TestCluster.put(cluster.start().awaitLeader(), "key", "value");
            awaitMembersInLog(cluster);
            for (int id = 1; id <= 3; id++)
            {
                cluster.stop(id);
            }
            final QuorumRecovery.Result first = recover(2);
            final QuorumRecovery.Result second = recover(2);
            assertArrayEquals(new int[]{2}, second.before().voters());
            assertEquals(first.term() + 1, second.term());
            assertNotEquals(first.incarnation(), second.incarnation());
            final UkehiNode alone = cluster.start(2);
            TestCluster.await(() -> NodeRole.LEADER == alone.role());
            TestCluster.put(alone, "key", "another");
        }
    }

    @Test
    void shouldRefuseADirectoryThatDoesNotSayWhoTheMembersAre() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 1))
        {
            TestCluster.put(cluster.start().awaitLeader(), "key", "value");
            cluster.stop(1);
            assertThrows(StorageException.class, () -> recover(1));
            assertEquals("value", TestCluster.get(startAlone(cluster), "key"));
        }
    }

    private static UkehiNode startAlone(final TestCluster cluster)
    {
        final UkehiNode node = cluster.start(1);
        TestCluster.await(() -> NodeRole.LEADER == node.role());
        return node;
    }
}
