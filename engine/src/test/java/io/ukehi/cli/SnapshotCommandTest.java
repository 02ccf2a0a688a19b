package io.ukehi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.kv.KvStateMachine;
import io.ukehi.node.NodeContext;
import io.ukehi.node.NodeCounters;
import io.ukehi.node.UkehiNode;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotCommandTest
{
    private static int freePort() throws Exception
    {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress()))
        {
            return socket.getLocalPort();
        }
    }

    @Test
    void shouldEndWhenTheSnapshotIsDurable(@TempDir final Path directory) throws Exception
    {
        final NodeContext context = new NodeContext()
            .memberId(1)
            .members("1=localhost:" + freePort() + ":" + freePort())
            .snapshotEntries(0)
            .dataDirectoryName(directory.toString())
            .stateMachine(new KvStateMachine());
        try (UkehiNode node = UkehiNode.launch(context))
        {
            final String endpoints = "1=" + context.ownAddress().clientEndpoint();
            assertEquals(0, UkehiTool.run("put", "-e", endpoints, "key", "value"));
            assertEquals(0, node.counter(NodeCounters.Kind.SNAPSHOT_INDEX));
            final long applied = node.counter(NodeCounters.Kind.APPLIED_INDEX);
            assertEquals(0, UkehiTool.run("snapshot", "-e", endpoints, "1"));
            assertTrue(node.counter(NodeCounters.Kind.SNAPSHOT_INDEX) >= applied);
            assertEquals(0, UkehiTool.run("status", "-e", endpoints));
        }
    }
}
