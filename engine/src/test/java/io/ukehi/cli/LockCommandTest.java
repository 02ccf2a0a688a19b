package io.ukehi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.ClientContext;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.fencing.FencingToken;
import io.ukehi.kv.KvClient;
import io.ukehi.kv.KvLock;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.node.NodeContext;
import io.ukehi.node.UkehiNode;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ukehi lock} against a real node: the command has the token, and runs only while the lock is held. */
@Tag("cluster")
@Timeout(120)
class LockCommandTest
{
    private static final long HOUR_NS = TimeUnit.HOURS.toNanos(1);

    @TempDir
    private Path directory;

    private UkehiNode node;
    private String endpoints;

    @BeforeEach
    void start() throws Exception
    {
        final String members;
        try (DatagramSocket peer = new DatagramSocket(0); DatagramSocket client = new DatagramSocket(0))
        {
            members = "1=localhost:" + peer.getLocalPort() + ":" + client.getLocalPort();
            endpoints = "1=localhost:" + client.getLocalPort();
        }
        node = UkehiNode.launch(new NodeContext()
            .memberId(1)
            .members(members)
            .segmentLength(4 * 1024 * 1024)
            .dataDirectoryName(directory.resolve("node").toString())
            .stateMachine(new KvStateMachine()));
        while (NodeRole.LEADER != node.role())
        {
            Thread.onSpinWait();
        }
    }

    @AfterEach
    void stop()
    {
        node.close();
    }

    private int lock(final int timeoutSeconds, final String script)
    {
        return UkehiTool.run("lock", "-e", endpoints, "--timeout", Integer.toString(timeoutSeconds), "venue", "--",
            "sh", "-c", script);
    }

    @Test
    void shouldGiveEachCommandATokenGreaterThanTheOneBeforeAndItsExitCode() throws Exception
    {
        final Path file = directory.resolve("tokens");
        assertEquals(0, lock(10, "echo $" + LockCommand.TOKEN_VARIABLE + " >> " + file));
        assertEquals(7, lock(10, "echo $" + LockCommand.TOKEN_VARIABLE + " >> " + file + "; exit 7"));
        final long first = Long.parseUnsignedLong(Files.readAllLines(file).get(0));
        final long second = Long.parseUnsignedLong(Files.readAllLines(file).get(1));
        assertNotEquals(FencingToken.NONE, first);
        assertTrue(FencingToken.isBefore(first, second));
    }

    @Test
    void shouldNotRunTheCommandWhileAnotherHoldsTheLock()
    {
        final Path file = directory.resolve("ran");
        try (UkehiClient client = UkehiClient.connect(new ClientContext().embeddedDriver(true).endpoints(endpoints)))
        {
            final KvLock held = new KvClient(client).acquire("venue", HOUR_NS);
            assertEquals(1, lock(5, "touch " + file));
            assertFalse(Files.exists(file));
            assertTrue(new KvClient(client).release(held));
        }
        assertEquals(0, lock(10, "touch " + file));
        assertTrue(Files.exists(file));
    }

    /** Somebody breaks the lock: at the next renewal the command is ended. */
    @Test
    void shouldEndTheCommandWhenTheLockIsLost()
    {
        final Thread breaker = new Thread(() ->
        {
            try (UkehiClient client = UkehiClient.connect(
                new ClientContext().embeddedDriver(true).endpoints(endpoints)))
            {
                final KvClient store = new KvClient(client);
                while (!store.delete("venue"))
                {
                    Thread.onSpinWait();
                }
            }
        });
        breaker.start();
        assertEquals(LockCommand.EXIT_LOST, UkehiTool.run("lock", "-e", endpoints, "--timeout", "10", "--lease", "3",
            "venue", "--", "sleep", "100"));
    }
}
