package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.NodeRole;
import io.ukehi.log.CorruptionException;
import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real nodes and real files, one of them damaged while its node is down. */
@Tag("cluster")
@Timeout(120)
class NodeDamageTest
{
    private static final String SEGMENT = "wal-00000000.seg";
    private static final int VALUES = 200;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource(value = CorruptionPolicy.class, names = {"TRUNCATE_TO_LAST_GOOD", "ALERT_AND_CONTINUE"})
    void shouldHaveEverythingAgainAndCountWhenItsLogWasDamaged(final CorruptionPolicy policy) throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 3).settings(context -> context.corruptionPolicy(policy)))
        {
            final int damaged = fill(cluster.start());
            final long lastIndex = cluster.node(damaged).counter(NodeCounters.Kind.LAST_INDEX);
            cluster.stop(damaged);
            flipBits(damaged);

            final UkehiNode node = cluster.start(damaged);
            TestCluster.await(() -> node.counter(NodeCounters.Kind.APPLIED_INDEX) >= lastIndex &&
                NodeRole.FOLLOWER == node.role() && 0 == node.counter(NodeCounters.Kind.DOUBTFUL_TO));
            final List<Throwable> reports = cluster.errors();
            assertEquals(1, reports.size(), reports::toString);
            assertTrue(reports.getFirst() instanceof DoubtException, reports::toString);
            assertTrue(reports.getFirst().getMessage().contains(SEGMENT), reports::toString);

            // With one of the others gone, its vote and its acknowledgements are needed.
            cluster.stop(1 == damaged ? 2 : 1);
            final UkehiNode leader = cluster.awaitLeader();
            assertEquals(CommandOutcome.COMMITTED, TestCluster.put(leader, "after", "all").outcome());
            for (int i = 0; i < VALUES; i++)
            {
                assertEquals("value-" + i, TestCluster.get(leader, "key-" + i));
            }
        }
        for (int id = 1; id <= 3; id++)
        {
            assertTrue(WalReader.inspect(directory.resolve("node-" + id)).isSound());
        }
    }

    /** A follower, so that no leader has to be found anew. */
    private static int fill(final TestCluster cluster) throws Exception
    {
        final UkehiNode leader = cluster.awaitLeader();
        for (int i = 0; i < VALUES; i++)
        {
            TestCluster.put(leader, "key-" + i, "value-" + i);
        }
        final int leaderId = leader.context().memberId();
        final int follower = 1 == leaderId ? 2 : 1;
        final long lastIndex = leader.counter(NodeCounters.Kind.LAST_INDEX);
        TestCluster.await(() -> cluster.node(follower).counter(NodeCounters.Kind.APPLIED_INDEX) == lastIndex);
        return follower;
    }

    private void flipBits(final int memberId) throws IOException
    {
        final Path file = directory.resolve("node-" + memberId).resolve(SEGMENT);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE))
        {
            final ByteBuffer bytes = ByteBuffer.allocate(3);
            final int offset = 4096 + 2000;
            channel.read(bytes, offset);
            bytes.put(1, (byte)(bytes.get(1) ^ 0x24));
            channel.write(bytes.flip(), offset);
        }
    }

    @Test
    void shouldNameThePlaceAndChangeNothingWhenItRefuses() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 3)
            .settings(context -> context.corruptionPolicy(CorruptionPolicy.REFUSE_START)))
        {
            final int damaged = fill(cluster.start());
            cluster.stop(damaged);
            flipBits(damaged);

            for (int i = 0; i < 2; i++)
            {
                final String message =
                    assertThrows(CorruptionException.class, () -> cluster.start(damaged)).getMessage();
                for (final String part : List.of(SEGMENT, "offset ", "entry ", "expected ", "found "))
                {
                    assertTrue(message.contains(part), part + ": " + message);
                }
            }
            assertEquals(
                CommandOutcome.COMMITTED, TestCluster.put(cluster.awaitLeader(), "others", "go on").outcome());
        }
    }

    @ParameterizedTest
    @EnumSource(CorruptionPolicy.class)
    void shouldRefuseWhateverIsSetWhenThereIsNobodyToRepairItFrom(final CorruptionPolicy policy) throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 1).settings(context -> context.corruptionPolicy(policy)))
        {
            final UkehiNode node = cluster.start().awaitLeader();
            for (int i = 0; i < VALUES; i++)
            {
                TestCluster.put(node, "key-" + i, "value-" + i);
            }
            cluster.stop(1);
            flipBits(1);
            final String message = assertThrows(CorruptionException.class, () -> cluster.start(1)).getMessage();
            assertTrue(message.contains("ukehi wal salvage"), message);
        }
    }
}
