package io.ukehi.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.ClientContext;
import io.ukehi.client.UkehiClient;
import io.ukehi.client.UkehiClientException;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.fencing.FencingToken;
import io.ukehi.kv.KvClient;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.kv.LeaderLease;
import io.ukehi.node.NodeContext;
import io.ukehi.node.UkehiNode;
import java.io.IOException;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.CloseHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole of it, on real nodes: a lock, a failover, and a holder that does not know that it is none any more. */
@Tag("cluster")
@Timeout(120)
class LockFailoverTest
{
    private static final long LEASE_NS = TimeUnit.SECONDS.toNanos(1);
    private static final int SIZE = 3;

    @TempDir
    private Path directory;

    private final List<UkehiNode> nodes = new ArrayList<>();
    private String members = "";
    private String endpoints = "";

    @AfterEach
    void stop()
    {
        CloseHelper.closeAll(nodes);
    }

    @Test
    void shouldRefuseTheDeposedHolderAndTakeTheNewOneWhenTheLeaderIsLost() throws Exception
    {
        start();
        try (UkehiClient first = connect();
            UkehiClient second = connect();
            GuardedFile file = new GuardedFile(directory.resolve("orders"));
            Connection connection = DriverManager.getConnection("jdbc:h2:mem:failover"))
        {
            final GuardedTable table = new GuardedTable(connection);
            table.create(1);
            final LeaderLease deposed = new LeaderLease(new KvClient(first), "venue", LEASE_NS);
            final LeaderLease successor = new LeaderLease(new KvClient(second), "venue", LEASE_NS);
            await(() -> isHeld(deposed));
            final long old = deposed.token();
            assertFalse(isHeld(successor));
            assertEquals(LeaderLease.NO_TOKEN, successor.token());
            assertTrue(file.append(old, "first"));
            assertTrue(table.set(old, 1, 100));

            // From here on the holder is paused, in the middle of what it does.
            leader().close();
            await(() -> isHeld(successor));
            assertTrue(FencingToken.isBefore(old, successor.token()));
            assertTrue(FencingToken.term(old) < FencingToken.term(successor.token()));
            assertTrue(file.append(successor.token(), "second"));
            assertTrue(table.set(successor.token(), 1, 200));

            assertEquals(old, deposed.token(), "it knows of nothing");
            assertFalse(file.append(deposed.token(), "late"));
            assertFalse(table.set(deposed.token(), 1, 101));
            assertFalse(table.addOnce(deposed.token(), 1, 1));

            await(() -> !isHeld(deposed) && LeaderLease.NO_TOKEN == deposed.token());
            await(() -> isHeld(successor));
            assertTrue(file.append(successor.token(), "third"));
            assertTrue(table.set(successor.token(), 1, 300));
            assertEquals(300, table.balance(1));
        }
        assertEquals(List.of("first", "second", "third"), Files.readAllLines(directory.resolve("orders")));
    }

    /** A holder that releases need not be waited for, and one that comes again is told the next token. */
    @Test
    void shouldHandALockOverWhenItIsReleased() throws Exception
    {
        start();
        try (UkehiClient first = connect(); UkehiClient second = connect())
        {
            final LeaderLease one = new LeaderLease(new KvClient(first), "venue", TimeUnit.HOURS.toNanos(1));
            final LeaderLease other = new LeaderLease(new KvClient(second), "venue", TimeUnit.HOURS.toNanos(1));
            await(() -> isHeld(one));
            final long token = one.token();
            one.release();
            assertEquals(LeaderLease.NO_TOKEN, one.token());
            await(() -> isHeld(other));
            assertTrue(FencingToken.isBefore(token, other.token()));
            assertFalse(isHeld(one));
        }
    }

    /** A client that closes, or is gone for too long, takes what its session holds with it. */
    @Test
    void shouldFreeTheLockWhenTheSessionOfItsHolderEnds() throws Exception
    {
        start();
        final long token;
        try (UkehiClient first = connect())
        {
            final LeaderLease one = new LeaderLease(new KvClient(first), "venue", TimeUnit.HOURS.toNanos(1));
            await(() -> isHeld(one));
            token = one.token();
        }
        try (UkehiClient second = connect())
        {
            final LeaderLease other = new LeaderLease(new KvClient(second), "venue", LEASE_NS);
            await(() -> isHeld(other));
            assertTrue(FencingToken.isBefore(token, other.token()));
        }
    }

    private static boolean isHeld(final LeaderLease lease)
    {
        try
        {
            return lease.doWork(System.nanoTime());
        }
        catch (final UkehiClientException ex)
        {
            // No leader at this moment, or an answer that was lost with one: ask again.
            return lease.isHeld(System.nanoTime());
        }
    }

    private void start() throws IOException
    {
        for (int id = 1; id <= SIZE; id++)
        {
            try (DatagramSocket peer = new DatagramSocket(0); DatagramSocket client = new DatagramSocket(0))
            {
                final String separator = 1 == id ? "" : ",";
                members += separator + id + "=localhost:" + peer.getLocalPort() + ":" + client.getLocalPort();
                endpoints += separator + id + "=localhost:" + client.getLocalPort();
            }
        }
        for (int id = 1; id <= SIZE; id++)
        {
            nodes.add(UkehiNode.launch(new NodeContext()
                .memberId(id)
                .members(members)
                .aeronDirectoryName(directory.resolve("driver-" + id).toString())
                .segmentLength(4 * 1024 * 1024)
                .dataDirectoryName(directory.resolve("node-" + id).toString())
                .stateMachine(new KvStateMachine())));
        }
        await(() -> nodes.stream().anyMatch(node -> NodeRole.LEADER == node.role()));
    }

    private UkehiNode leader()
    {
        return nodes.stream().filter(node -> NodeRole.LEADER == node.role()).findFirst().orElseThrow();
    }

    private UkehiClient connect()
    {
        return UkehiClient.connect(new ClientContext().embeddedDriver(true).endpoints(endpoints));
    }

    private static void await(final BooleanSupplier condition)
    {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean())
        {
            assertTrue(System.nanoTime() - deadlineNs < 0, "it did not happen within 30 seconds");
            Thread.onSpinWait();
        }
    }
}
