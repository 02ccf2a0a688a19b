package io.ukehi.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.NodeRole;
import io.ukehi.node.CommandOutcome;
import io.ukehi.node.ConfigurationException;
import io.ukehi.node.DriverMode;
import io.ukehi.node.LaunchException;
import io.ukehi.node.NodeCounters;
import io.ukehi.node.RefusedCommandException;
import io.ukehi.node.UkehiNode;
import java.io.IOException;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The book's page about embedding: its program is the one that is tested here, and its tables are so. */
class EmbeddingExampleTest
{
    private static final Path BASE = Path.of(System.getProperty("basedir", "."));
    private static final Path PAGE = BASE.resolve("../src/site/markdown/embedding.md");
    private static final Path SOURCE = BASE.resolve("src/test/java/io/ukehi/example/EmbeddingExample.java");

    private final String page = read(PAGE);

    private static String read(final Path file)
    {
        try
        {
            return Files.readString(file);
        }
        catch (final IOException ex)
        {
            throw new AssertionError(ex);
        }
    }

    /** First and second cells of the rows below a heading. */
    private List<List<String>> rows(final String heading)
    {
        final int from = page.indexOf("## " + heading + "\n");
        assertTrue(from >= 0, heading);
        final int next = page.indexOf("\n## ", from);
        final Matcher row = Pattern.compile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\|")
            .matcher(page.substring(from, next < 0 ? page.length() : next));
        final List<List<String>> rows = new ArrayList<>();
        while (row.find())
        {
            rows.add(List.of(row.group(1), row.group(2)));
        }
        return rows;
    }

    private List<String> names(final String heading)
    {
        return rows(heading).stream().map(List::getFirst).toList();
    }

    @Test
    void shouldShowTheProgramThatIsTested()
    {
        final Matcher program = Pattern.compile("(?s)```java\n(import .*?)```").matcher(page);
        assertTrue(program.find());
        assertEquals(read(SOURCE).replace("package io.ukehi.example;\n\n", ""), program.group(1));
    }

    @Test
    void shouldListEveryCounter()
    {
        final List<List<String>> counters = new ArrayList<>();
        for (final NodeCounters.Kind kind : NodeCounters.Kind.values())
        {
            counters.add(List.of(kind.name(), Integer.toString(NodeCounters.TYPE_ID_BASE + kind.ordinal())));
        }
        assertEquals(counters, rows("Counters"));
    }

    @Test
    void shouldListEveryOutcomeAndCode()
    {
        assertEquals(Arrays.stream(CommandOutcome.values()).map(Enum::name).toList(), names("Outcomes"));
        assertEquals(List.of(
            List.of("BACK_PRESSURED", Long.toString(UkehiNode.BACK_PRESSURED)),
            List.of("CLOSED", Long.toString(UkehiNode.CLOSED)),
            List.of("TOO_LARGE", Long.toString(UkehiNode.TOO_LARGE))), rows("Handing over commands"));
    }

    @Test
    void shouldListEveryDriverMode()
    {
        assertEquals(Arrays.stream(DriverMode.values()).map(Enum::name).toList(), names("Media driver"));
    }

    @Test
    void shouldListEveryRole()
    {
        final List<String> roles = new ArrayList<>();
        for (final NodeRole role : NodeRole.values())
        {
            if (NodeRole.NULL_VAL != role)
            {
                roles.add(role.name());
            }
        }
        assertEquals(roles.stream().sorted().toList(), names("Roles").stream().sorted().toList());
    }

    @Test
    void shouldListEveryException()
    {
        final List<String> names = names("Errors");
        assertTrue(names.containsAll(List.of(
            ConfigurationException.class.getSimpleName(), LaunchException.class.getSimpleName(),
            RefusedCommandException.class.getSimpleName())), names::toString);
    }

    @Test
    @Tag("cluster")
    @Timeout(60)
    void shouldMoveMoney(@TempDir final Path directory) throws Exception
    {
        final int peerPort;
        final int clientPort;
        try (DatagramSocket first = new DatagramSocket(0); DatagramSocket second = new DatagramSocket(0))
        {
            peerPort = first.getLocalPort();
            clientPort = second.getLocalPort();
        }
        try (UkehiNode node = UkehiNode.launch(
            EmbeddingExample.context(1, "1=localhost:" + peerPort + ":" + clientPort)
                .segmentLength(4 * 1024 * 1024)
                .dataDirectoryName(directory.toString())))
        {
            while (NodeRole.LEADER != node.role())
            {
                Thread.onSpinWait();
            }
            assertEquals("moved 100 at index 2", EmbeddingExample.move(node, 0, 7, 100));
            assertEquals("moved 30 at index 3", EmbeddingExample.move(node, 7, 8, 30));
            assertEquals("refused 71 at index 4", EmbeddingExample.move(node, 7, 8, 71));
            assertEquals("refused -5 at index 5", EmbeddingExample.move(node, 7, 8, -5));
            assertEquals("moved 70 at index 6", EmbeddingExample.move(node, 7, 0, 70));
            assertEquals("moved 30 at index 7", EmbeddingExample.move(node, 8, 0, 30));
            assertEquals("refused 1 at index 8", EmbeddingExample.move(node, 8, 0, 1));
            assertEquals(0, ((EmbeddingExample.Ledger)node.context().stateMachine()).stateDigest());
        }
    }
}
