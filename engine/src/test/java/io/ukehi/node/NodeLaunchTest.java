package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.log.StorageException;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What keeps a node from starting is said in a sentence, and nothing is left behind: the next attempt succeeds. */
@Tag("cluster")
@Timeout(60)
class NodeLaunchTest
{
    @TempDir
    private Path directory;

    private final List<Throwable> errors = new ArrayList<>();

    private NodeContext context(final int memberId, final int peerPort, final int clientPort)
    {
        return new NodeContext()
            .memberId(memberId)
            .members(memberId + "=localhost:" + peerPort + ":" + clientPort)
            .dataDirectoryName(directory.resolve("data").toString())
            .aeronDirectoryName(directory.resolve("driver").toString())
            .segmentLength(4 * 1024 * 1024)
            .stateMachine(new KvStateMachine())
            .errorHandler(errors::add);
    }

    private static Set<Thread> threads()
    {
        return Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.isAlive() && (thread.getName().contains("ukehi") ||
                thread.getName().contains("driver") || thread.getName().contains("aeron")))
            .collect(Collectors.toSet());
    }

    /** The message of the failure, if it leaves nothing behind. */
    private String failure(final Class<? extends Exception> type, final NodeContext context)
    {
        final Set<Thread> before = threads();
        final Exception ex = assertThrows(type, () -> UkehiNode.launch(context).close());
        assertEquals(before, threads());
        assertFalse(Files.exists(directory.resolve("driver")), "the media driver's directory is gone");
        return ex.getMessage();
    }

    private static boolean commits(final UkehiNode node) throws Exception
    {
        TestCluster.await(() -> NodeRole.LEADER == node.role());
        return TestCluster.put(node, "a", "1").isCommitted();
    }

    private void assertStarts(final NodeContext context) throws Exception
    {
        try (UkehiNode node = UkehiNode.launch(context))
        {
            assertTrue(commits(node));
        }
        assertFalse(Files.exists(Path.of(context.aeronDirectoryName())), "the media driver's directory is gone");
    }

    @ParameterizedTest
    @EnumSource(value = DriverMode.class, names = {"EMBEDDED", "INVOKER"})
    void shouldSayWhichPortIsInUseByWhom(final DriverMode mode) throws Exception
    {
        final int[] ports = TestCluster.freePorts(2);
        for (int i = 0; i < 2; i++)
        {
            try (DatagramSocket socket = new DatagramSocket(ports[i], InetAddress.getByName("localhost")))
            {
                assertTrue(socket.isBound());
                final String message = failure(
                    LaunchException.class, context(1, ports[0], ports[1]).driverMode(mode));
                final String whom = 0 == i ? "peers" : "clients";
                assertTrue(message.startsWith("cannot listen for " + whom + " on localhost:" + ports[i]), message);
                assertTrue(message.contains("in use"), message);
            }
        }
        assertStarts(context(1, ports[0], ports[1]).driverMode(mode));
    }

    @Test
    void shouldSayThatAHostIsNotKnown() throws Exception
    {
        final int[] ports = TestCluster.freePorts(2);
        final String message = failure(LaunchException.class,
            context(1, 1, 2).members("1=no-such-host.invalid:" + ports[0] + ":" + ports[1]));
        assertTrue(message.contains("no-such-host.invalid"), message);
    }

    @Test
    void shouldSayThatTheDataDirectoryIsInUse() throws Exception
    {
        final int[] ports = TestCluster.freePorts(4);
        try (UkehiNode node = UkehiNode.launch(context(1, ports[0], ports[1])))
        {
            final NodeContext second = context(1, ports[2], ports[3]).aeronDirectoryName(null);
            final StorageException ex = assertThrows(StorageException.class, () -> UkehiNode.launch(second));
            assertEquals("data directory " + directory.resolve("data") + " is in use by another node",
                ex.getMessage());
            assertTrue(commits(node), "the first goes on");
        }
        assertStarts(context(1, ports[2], ports[3]));
    }

    @Test
    void shouldSayWhoseTheDataDirectoryIs() throws Exception
    {
        final int[] ports = TestCluster.freePorts(2);
        assertStarts(context(1, ports[0], ports[1]));
        assertEquals(
            "the data directory belongs to member 1 of group 0 of cluster 1, not to member 2 of group 0 of cluster 1",
            failure(StorageException.class, context(2, ports[0], ports[1])));
        assertEquals(
            "the data directory belongs to member 1 of group 0 of cluster 1, not to member 1 of group 3 of cluster 9",
            failure(StorageException.class, context(1, ports[0], ports[1]).clusterId(9).groupId(3)));
        assertStarts(context(1, ports[0], ports[1]));
    }

    @Test
    void shouldSayThatADirectoryCannotBeMade() throws Exception
    {
        final Path file = Files.createFile(directory.resolve("file"));
        final int[] ports = TestCluster.freePorts(2);
        final String message = failure(StorageException.class,
            context(1, ports[0], ports[1]).dataDirectoryName(file.resolve("data").toString()));
        assertTrue(message.startsWith("cannot use " + file.resolve("data") + " as data directory"), message);
        assertThrows(ConfigurationException.class,
            () -> UkehiNode.launch(context(1, ports[0], ports[1]).dataDirectoryName(file.toString())));
    }

    @Test
    void shouldSayThatTheIdentityIsDamagedOrMissing() throws Exception
    {
        final int[] ports = TestCluster.freePorts(2);
        assertStarts(context(1, ports[0], ports[1]));
        final Path identity = directory.resolve("data").resolve("identity");
        final byte[] good = Files.readAllBytes(identity);
        good[20] ^= 1;
        Files.write(identity, good, StandardOpenOption.WRITE);
        assertStarts(context(1, ports[0], ports[1]));
        // Now both copies.
        good[512 + 20] ^= 1;
        Files.write(identity, good, StandardOpenOption.WRITE);
        assertTrue(failure(StorageException.class, context(1, ports[0], ports[1])).contains("damaged"));
        Files.delete(identity);
        assertTrue(failure(StorageException.class, context(1, ports[0], ports[1])).contains("is missing"));
    }

    @Test
    void shouldSayThatNoMediaDriverRuns() throws Exception
    {
        final int[] ports = TestCluster.freePorts(2);
        assertEquals("no media driver runs in " + directory.resolve("driver"),
            failure(LaunchException.class, context(1, ports[0], ports[1]).driverMode(DriverMode.EXTERNAL)));
    }

    @Test
    void shouldSayThatAMediaDriverCannotBeLaunched() throws Exception
    {
        final Path file = Files.createFile(directory.resolve("file"));
        final int[] ports = TestCluster.freePorts(2);
        final String name = file.resolve("driver").toString();
        final String message = failure(
            LaunchException.class, context(1, ports[0], ports[1]).aeronDirectoryName(name));
        assertTrue(message.startsWith("cannot launch a media driver in " + name), message);
    }

    @Test
    void shouldLeaveTheMediaDriverOfOthersAlone() throws Exception
    {
        final int[] ports = TestCluster.freePorts(2);
        final Path shared = directory.resolve("shared");
        try (MediaDriver driver = MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(shared.toString()).threadingMode(ThreadingMode.SHARED).dirDeleteOnShutdown(true)))
        {
            final String message = failure(LaunchException.class,
                context(1, ports[0], ports[1]).aeronDirectoryName(driver.aeronDirectoryName()));
            assertTrue(message.startsWith("a media driver runs in " + shared + " already"), message);
            try (UkehiNode node = UkehiNode.launch(context(1, ports[0], ports[1])
                .driverMode(DriverMode.EXTERNAL).aeronDirectoryName(driver.aeronDirectoryName())))
            {
                assertTrue(commits(node));
            }
            assertTrue(Files.exists(shared), "it stays when the node closes");
        }
    }

    @Test
    void shouldWaitForAMediaDriverThatIsJustBeingStarted() throws Exception
    {
        final int[] ports = TestCluster.freePorts(2);
        final Path shared = directory.resolve("shared");
        final MediaDriver[] driver = new MediaDriver[1];
        final Thread starter = new Thread(() ->
        {
            try
            {
                Thread.sleep(300);
            }
            catch (final InterruptedException ex)
            {
                throw new AssertionError(ex);
            }
            driver[0] = MediaDriver.launch(new MediaDriver.Context().aeronDirectoryName(shared.toString())
                .threadingMode(ThreadingMode.SHARED).dirDeleteOnShutdown(true));
        });
        starter.start();
        try (UkehiNode node = UkehiNode.launch(context(1, ports[0], ports[1])
            .driverMode(DriverMode.EXTERNAL).aeronDirectoryName(shared.toString())))
        {
            assertTrue(commits(node));
            assertNull(node.failure());
        }
        finally
        {
            starter.join();
            driver[0].close();
        }
    }

    @Test
    void shouldNameItsThreadsAndCommitItsFirstCommandWithinASecond() throws Exception
    {
        final int[] ports = TestCluster.freePorts(2);
        long bestNs = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++)
        {
            final long beganNs = System.nanoTime();
            try (UkehiNode node = UkehiNode.launch(context(1, ports[0], ports[1])))
            {
                assertTrue(commits(node));
                bestNs = Math.min(bestNs, System.nanoTime() - beganNs);
                final Set<String> names = threads().stream().map(Thread::getName).collect(Collectors.toSet());
                assertTrue(names.containsAll(Set.of("ukehi-node-1", "ukehi-node-1-flusher")), names::toString);
            }
        }
        assertTrue(bestNs < 1_000_000_000L, "from nothing to a commit in " + bestNs + " ns");
    }

    @Test
    void shouldReportNothingWhenItStartsAndStopsInOrder() throws Exception
    {
        final Set<Thread> before = threads();
        final int[] ports = TestCluster.freePorts(2);
        assertStarts(context(1, ports[0], ports[1]));
        assertStarts(context(1, ports[0], ports[1]));
        assertEquals(List.of(), errors);
        assertEquals(before, threads());
        assertEquals(List.of(), mapped());
    }

    /** Files below the test's directory that this process has mapped; none where the system does not tell. */
    private List<String> mapped() throws IOException
    {
        final Path maps = Path.of("/proc/self/maps");
        if (!Files.exists(maps))
        {
            return List.of();
        }
        try (Stream<String> lines = Files.lines(maps))
        {
            return lines.filter(line -> line.contains(directory.toString())).toList();
        }
    }
}
