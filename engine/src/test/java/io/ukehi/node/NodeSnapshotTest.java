package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.ClientContext;
import io.ukehi.client.MemberSnapshots;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.StorageException;
import io.ukehi.raft.Role;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.SnapshotLoader;
import io.ukehi.statemachine.SnapshotTask;
import io.ukehi.statemachine.StateMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots of real nodes: a member that was away gets one over Aeron, and all start from theirs. */
class NodeSnapshotTest
{
    private static final int KEYS = 2_000;

    @TempDir
    private Path directory;

    private static void putAll(final UkehiNode leader, final String stem, final int count) throws Exception
    {
        final List<CompletableFuture<CommandResult>> results = new ArrayList<>();
        for (int i = 0; i < count; i++)
        {
            final UnsafeBuffer command = TestCluster.putCommand("key-" + i % KEYS, (stem + i + "-").repeat(60));
            results.add(leader.submit(command, 0, command.capacity()));
            if (results.size() == 200)
            {
                awaitAll(results);
            }
        }
        awaitAll(results);
    }

    private static void awaitAll(final List<CompletableFuture<CommandResult>> results) throws Exception
    {
        for (final CompletableFuture<CommandResult> result : results)
        {
            assertTrue(result.get(20, TimeUnit.SECONDS).isCommitted());
        }
        results.clear();
    }

    @Test
    void shouldTakeNoneOnALeaderWhoseClientsWouldWait() throws Exception
    {
        final List<String> wrong = Collections.synchronizedList(new ArrayList<>());
        try (TestCluster cluster = new TestCluster(directory, 3))
        {
            cluster.settings(context -> context
                .snapshotEntries(50).snapshotTailEntries(0).snapshotLagEntries(0)
                .stateMachine(new Unsliced(wrong))).start();
            final Set<Integer> leaders = new HashSet<>();
            TestCluster.await(() ->
            {
                final UkehiNode leader = cluster.awaitLeader();
                leaders.add(leader.context().memberId());
                for (int i = 0; i < 20; i++)
                {
                    leader.submit(new UnsafeBuffer(new byte[100]), 0, 100).join();
                }
                return leaders.size() > 1 && cluster.allHave(NodeCounters.Kind.SNAPSHOT_INDEX, 100);
            });
            assertEquals(List.of(), wrong);
            assertEquals(List.of(), cluster.errors());
        }
    }

    /** Counts, and cannot go on while its count is written. */
    private static final class Unsliced implements StateMachine
    {
        private final List<String> wrong;
        private final UnsafeBuffer record = new UnsafeBuffer(new byte[Long.BYTES]);
        private boolean isLeading;
        private long count;

        Unsliced(final List<String> wrong)
        {
            this.wrong = wrong;
        }

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            count++;
        }

        @Override
        public void onRoleChange(final Role role, final long term)
        {
            isLeading = Role.LEADER == role;
        }

        @Override
        public SnapshotTask onTakeSnapshot()
        {
            record.putLong(0, count);
            return writer ->
            {
                if (isLeading)
                {
                    wrong.add("written while leading, at " + count);
                }
                return writer.write(record, 0, Long.BYTES);
            };
        }

        @Override
        public SnapshotLoader onLoadSnapshot()
        {
            return (buffer, offset, length) -> count = buffer.getLong(offset);
        }
    }

    @Test
    void shouldCatchUpByASnapshotAndTheLogBehindItWhenTheLogWasGivenUp() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 3))
        {
            cluster.settings(context -> context
                .maxCommandLength(4096).segmentLength(128 * 1024)
                .snapshotEntries(500).snapshotTailEntries(0).snapshotLagEntries(0)).start();
            final UkehiNode leader = cluster.awaitLeader();
            putAll(leader, "a", 100);
            final int away = 1 + leader.context().memberId() % 3;
            cluster.stop(away);
            putAll(leader, "b", 6_000);
            TestCluster.await(() -> leader.counter(NodeCounters.Kind.FIRST_INDEX) > 1_000);
            final UkehiNode back = cluster.start(away);
            putAll(leader, "c", 500);
            TestCluster.await(() -> back.counter(NodeCounters.Kind.APPLIED_INDEX) ==
                leader.counter(NodeCounters.Kind.APPLIED_INDEX));
            assertTrue(back.counter(NodeCounters.Kind.FIRST_INDEX) > 1_000, "it began behind a snapshot");
            assertTrue(leader.counter(NodeCounters.Kind.SNAPSHOT_SENT_BYTES) > 500_000);
            for (int id = 1; id <= 3; id++)
            {
                cluster.stop(id);
            }
            cluster.start();
            final UkehiNode next = cluster.awaitLeader();
            assertEquals("c7-".repeat(60), TestCluster.get(next, "key-7"));
            assertEquals("b4999-".repeat(60), TestCluster.get(next, "key-999"));
            TestCluster.await(() -> cluster.node(away).counter(NodeCounters.Kind.APPLIED_INDEX) ==
                next.counter(NodeCounters.Kind.APPLIED_INDEX));
            assertEquals(List.of(), cluster.errors());
        }
    }

    @Test
    void shouldTakeOneByHandAndTellAClientHowFarItIs() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 1))
        {
            cluster.settings(context -> context.snapshotEntries(0).maxCommandLength(4096)).start();
            final UkehiNode node = cluster.awaitLeader();
            putAll(node, "x", 50);
            assertEquals(0, node.counter(NodeCounters.Kind.SNAPSHOT_INDEX));
            node.takeSnapshot();
            TestCluster.await(() -> node.counter(NodeCounters.Kind.SNAPSHOT_INDEX) >= 50);
            putAll(node, "y", 50);
            assertEquals(-1, node.counter(NodeCounters.Kind.SNAPSHOT_TAKEN_BYTES));
            final String endpoint = "1=" + node.context().ownAddress().clientEndpoint();
            try (UkehiClient client = UkehiClient.connect(
                new ClientContext().embeddedDriver(true).endpoints(endpoint)))
            {
                assertEquals(AdminCode.STARTED, client.takeSnapshot(1, TimeUnit.SECONDS.toNanos(5)));
                TestCluster.await(() -> node.counter(NodeCounters.Kind.SNAPSHOT_INDEX) >= 100);
                final MemberSnapshots snapshots = client.status(1, TimeUnit.SECONDS.toNanos(5)).snapshots();
                assertTrue(snapshots.index() >= 100, snapshots.toString());
                assertEquals(MemberSnapshots.NONE, snapshots.receivedPercent());
            }
        }
    }

    @Test
    void shouldBeSentASnapshotWhenItsOwnIsDamagedAndTheLogBelowItIsGone() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 3))
        {
            cluster.settings(context -> context
                .maxCommandLength(4096).segmentLength(128 * 1024).corruptionPolicy(CorruptionPolicy.REFUSE_START)
                .snapshotEntries(500).snapshotTailEntries(0).snapshotLagEntries(0)).start();
            final UkehiNode leader = cluster.awaitLeader();
            putAll(leader, "a", 4_000);
            final int struck = 1 + leader.context().memberId() % 3;
            TestCluster.await(() -> cluster.node(struck).counter(NodeCounters.Kind.FIRST_INDEX) > 1_000);
            cluster.stop(struck);
            damageSnapshots(directory.resolve("node-" + struck).resolve("snapshot"));
            assertThrows(StorageException.class, () -> cluster.start(struck));
            cluster.settings(context -> context
                .maxCommandLength(4096).segmentLength(128 * 1024)
                .corruptionPolicy(CorruptionPolicy.TRUNCATE_TO_LAST_GOOD)
                .snapshotEntries(500).snapshotTailEntries(0).snapshotLagEntries(0));
            final UkehiNode back = cluster.start(struck);
            TestCluster.await(() -> back.counter(NodeCounters.Kind.APPLIED_INDEX) ==
                leader.counter(NodeCounters.Kind.APPLIED_INDEX));
            TestCluster.await(() -> 0 == back.counter(NodeCounters.Kind.DOUBTFUL_TO));
            assertTrue(back.counter(NodeCounters.Kind.SNAPSHOT_INDEX) > 0);
            putAll(leader, "b", 10);
            TestCluster.await(() -> back.counter(NodeCounters.Kind.APPLIED_INDEX) ==
                leader.counter(NodeCounters.Kind.APPLIED_INDEX));
            cluster.stop(struck);
            final UkehiNode again = cluster.start(struck);
            TestCluster.await(() -> again.counter(NodeCounters.Kind.APPLIED_INDEX) ==
                leader.counter(NodeCounters.Kind.APPLIED_INDEX));
            assertEquals(NodeRole.FOLLOWER, again.role());
        }
    }

    private static void damageSnapshots(final Path snapshots) throws IOException
    {
        try (Stream<Path> files = Files.list(snapshots))
        {
            for (final Path part : files.filter(file -> file.toString().endsWith("part-00000")).toList())
            {
                final byte[] bytes = Files.readAllBytes(part);
                bytes[40]++;
                Files.write(part, bytes);
            }
        }
    }
}
