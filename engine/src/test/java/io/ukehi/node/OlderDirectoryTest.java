package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.log.WalReader;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real nodes that start on directories as the earlier implementation left them. */
@Tag("cluster")
@Timeout(120)
class OlderDirectoryTest
{
    private static final int ENTRIES = 60;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldApplyWhatIsThereAndGoOn(final String name) throws Exception
    {
        for (int id = 1; id <= 2; id++)
        {
            copy(name, directory.resolve("node-" + id));
        }
        final List<List<String>> applied = new ArrayList<>();
        final List<String> listed = Files.readAllLines(fixture(name + ".entries.txt"));
        try (TestCluster cluster = new TestCluster(directory, 3).settings(context ->
        {
            final List<String> lines = Collections.synchronizedList(new ArrayList<>());
            applied.add(lines);
            return context.stateMachine(new Recorder(lines));
        }))
        {
            // The third has nothing, and catches up from the others.
            cluster.start();
            for (int start = 0; start < 2; start++)
            {
                final UkehiNode leader = cluster.awaitLeader();
                assertTrue(leader.term() > 1 << 20, "no term of theirs: " + leader.term());
                assertTrue(TestCluster.put(leader, "start-" + start, "x").isCommitted());
                final long last = leader.counter(NodeCounters.Kind.LAST_INDEX);
                for (int id = 1; id <= 3; id++)
                {
                    final UkehiNode node = cluster.node(id);
                    TestCluster.await(() -> node.counter(NodeCounters.Kind.APPLIED_INDEX) >= last);
                }
                for (int id = 1; id <= 3; id++)
                {
                    cluster.stop(id);
                    assertEquals(listed, applied.get(3 * start + id - 1).subList(0, ENTRIES), "node " + id);
                }
                cluster.start();
            }
            cluster.awaitLeader();
            assertEquals(List.of(), cluster.errors());
        }
        for (int id = 1; id <= 2; id++)
        {
            final Path node = directory.resolve("node-" + id);
            assertTrue(WalReader.inspect(node).isSound());
            assertTrue(WalReader.inspect(node).hasOlder());
            assertUnchanged(name, node);
        }
    }

    /** Writes down each command as the fixtures list theirs. */
    private record Recorder(List<String> lines) implements StateMachine
    {
        @Override
        public void onCommand(
            final CommandHeader header,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final Reply reply)
        {
            final byte[] bytes = new byte[length];
            buffer.getBytes(offset, bytes);
            final CRC32 crc = new CRC32();
            crc.update(bytes);
            lines.add(String.format("%d %d 0x%x %d %08x",
                header.index(), header.term(), header.fencingToken(), length, crc.getValue()));
        }
    }

    private static void copy(final String name, final Path target) throws IOException
    {
        Files.createDirectories(target);
        try (Stream<Path> files = Files.list(fixture(name)))
        {
            for (final Path file : files.toList())
            {
                Files.copy(file, target.resolve(file.getFileName()));
            }
        }
    }

    private static void assertUnchanged(final String name, final Path node) throws IOException
    {
        try (Stream<Path> files = Files.list(fixture(name)))
        {
            for (final Path file : files.toList())
            {
                assertEquals(-1, Files.mismatch(file, node.resolve(file.getFileName())), file::toString);
            }
        }
    }

    private static Path fixture(final String name)
    {
        try
        {
            assertNotNull(OlderDirectoryTest.class.getResource("/wal/" + name));
            return Path.of(OlderDirectoryTest.class.getResource("/wal/" + name).toURI());
        }
        catch (final URISyntaxException ex)
        {
            throw new IllegalStateException(ex);
        }
    }
}
