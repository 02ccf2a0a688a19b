package io.ukehi.example;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.ClientContext;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.kv.KvClient;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.node.NodeContext;
import io.ukehi.node.UkehiNode;
import io.ukehi.partition.ConsistentHashRing;
import io.ukehi.partition.RingMove;
import io.ukehi.partition.RingNode;
import io.ukehi.partition.XxHash64;
import java.io.IOException;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The book's page about partitioning: its program is the one that is tested here, its values are those of the ring. */
class PartitioningExampleTest
{
    private static final Path BASE = Path.of(System.getProperty("basedir", "."));
    private static final Path PAGE = BASE.resolve("../src/site/markdown/partitioning.md");
    private static final Path SOURCE = BASE.resolve("src/test/java/io/ukehi/example/PartitioningExample.java");

    private static List<List<String>> rows(final String heading) throws IOException
    {
        final String page = Files.readString(PAGE);
        final int from = page.indexOf("## " + heading + "\n");
        assertTrue(from >= 0, heading);
        final int next = page.indexOf("\n## ", from);
        final Matcher row = Pattern.compile("(?m)^\\| `([^`]+)` \\| `([^`]+)` \\| `([^`]+)` \\|$")
            .matcher(page.substring(from, next < 0 ? page.length() : next));
        final List<List<String>> rows = new ArrayList<>();
        while (row.find())
        {
            rows.add(List.of(row.group(1), row.group(2), row.group(3)));
        }
        assertTrue(rows.size() >= 4, heading);
        return rows;
    }

    private static long hash(final String text, final long seed)
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(text.getBytes(UTF_8));
        return XxHash64.hash(bytes, 0, bytes.capacity(), seed);
    }

    private static String hex(final long number)
    {
        return String.format("%016X", number);
    }

    @Test
    void shouldShowTheProgramThatIsTested() throws IOException
    {
        final Matcher program = Pattern.compile("(?s)```java\n(import .*?)```").matcher(Files.readString(PAGE));
        assertTrue(program.find());
        assertEquals(Files.readString(SOURCE).replace("package io.ukehi.example;\n\n", ""), program.group(1));
    }

    @Test
    void shouldHaveThePointsOfThePage() throws IOException
    {
        for (final List<String> row : rows("The ring, exactly"))
        {
            assertEquals(row.get(2), hex(hash(row.get(0), Long.parseLong(row.get(1)))), row::toString);
        }
    }

    @Test
    void shouldPlaceTheKeysOfThePage() throws IOException
    {
        final ConsistentHashRing ring = new ConsistentHashRing(
            List.of(new RingNode("a"), new RingNode("b"), new RingNode("c")));
        for (final List<String> row : rows("Values to check against"))
        {
            assertEquals(row.get(1), hex(hash(row.get(0), 0)), row::toString);
            assertEquals(row.get(2), ring.nodeAt(hash(row.get(0), 0)).name(), row::toString);
        }
    }

    @Test
    @Tag("cluster")
    @Timeout(120)
    void shouldRouteKeysOverTwoClusters(@TempDir final Path directory) throws Exception
    {
        final Map<String, String> endpoints = new TreeMap<>();
        final List<UkehiNode> nodes = new ArrayList<>();
        try
        {
            nodes.add(launch(directory, "orders-1", endpoints));
            nodes.add(launch(directory, "orders-2", endpoints));
            try (PartitioningExample store = new PartitioningExample(endpoints))
            {
                write(store, endpoints);
            }
        }
        finally
        {
            CloseHelper.closeAll(nodes);
        }
    }

    private static void write(final PartitioningExample store, final Map<String, String> endpoints)
    {
        final Map<String, Integer> counts = new TreeMap<>();
        for (int i = 0; i < 200; i++)
        {
            store.put("order " + i, "value " + i);
            counts.merge(store.ring().nodeAt(hash("order " + i, 0)).name(), 1, Integer::sum);
        }
        assertEquals(2, counts.size());
        for (int i = 0; i < 200; i++)
        {
            assertEquals("value " + i, store.get("order " + i));
        }
        endpoints.forEach((name, list) -> assertHoldsItsOwn(name, list, store, counts.get(name)));
    }

    private static UkehiNode launch(final Path directory, final String name, final Map<String, String> endpoints)
        throws Exception
    {
        final int peerPort;
        final int clientPort;
        try (DatagramSocket peer = new DatagramSocket(0); DatagramSocket client = new DatagramSocket(0))
        {
            peerPort = peer.getLocalPort();
            clientPort = client.getLocalPort();
        }
        endpoints.put(name, "1=localhost:" + clientPort);
        final UkehiNode node = UkehiNode.launch(new NodeContext()
            .memberId(1)
            .members("1=localhost:" + peerPort + ":" + clientPort)
            .aeronDirectoryName(directory.resolve("driver-" + name).toString())
            .segmentLength(4 * 1024 * 1024)
            .dataDirectoryName(directory.resolve(name).toString())
            .stateMachine(new KvStateMachine()));
        while (NodeRole.LEADER != node.role())
        {
            Thread.onSpinWait();
        }
        return node;
    }

    /** Asked alone, a cluster has the keys that the ring gives it and no others. */
    private static void assertHoldsItsOwn(
        final String name, final String endpoints, final PartitioningExample store, final int count)
    {
        try (UkehiClient client = UkehiClient.connect(new ClientContext().embeddedDriver(true).endpoints(endpoints)))
        {
            final KvClient alone = new KvClient(client);
            assertEquals(count, alone.scan("order ", 1000).size());
            for (int i = 0; i < 200; i++)
            {
                final boolean isHere = name.equals(store.ring().nodeAt(hash("order " + i, 0)).name());
                assertEquals(isHere ? "value " + i : null, alone.get("order " + i));
            }
        }
    }

    /** As the page says it: what a third cluster takes over is told range by range, and nothing else moves. */
    @Test
    void shouldTellWhatAThirdClusterTakesOver()
    {
        final ConsistentHashRing two = new ConsistentHashRing(
            List.of(new RingNode("orders-1"), new RingNode("orders-2")));
        final ConsistentHashRing three = two.withNode(new RingNode("orders-3"));
        final List<RingMove> moves = two.diff(three);
        int moved = 0;
        for (int i = 0; i < 3000; i++)
        {
            final long hash = hash("order " + i, 0);
            final RingMove move = moves.stream().filter(range -> range.contains(hash)).findFirst().orElse(null);
            if (null == move)
            {
                assertSame(two.nodeAt(hash), three.nodeAt(hash));
            }
            else
            {
                moved++;
                assertEquals("orders-3", move.to().name());
            }
        }
        assertEquals(1000, moved, 150);
        assertNull(moves.stream().filter(move -> move.from().name().equals("orders-3")).findFirst().orElse(null));
    }
}
