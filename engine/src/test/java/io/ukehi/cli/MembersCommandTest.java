package io.ukehi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.NodeRole;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.node.NodeContext;
import io.ukehi.node.UkehiNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ukehi members} and its subcommands, of a cluster of one that becomes one of two and of one again. */
@Tag("aeron")
@Timeout(60)
class MembersCommandTest
{
    private final int[] ports = new int[4];
    private String printed;

    @TempDir
    private Path directory;

    private String address(final int id)
    {
        return id + "=localhost:" + ports[2 * id - 2] + ":" + ports[2 * id - 1];
    }

    private UkehiNode launch(final int id)
    {
        return UkehiNode.launch(new NodeContext()
            .memberId(id)
            .members(address(id))
            .joining(id > 1)
            .dataDirectoryName(directory.resolve("node-" + id).toString())
            .segmentLength(8 * 1024 * 1024)
            .stateMachine(new KvStateMachine()));
    }

    private int run(final String... words)
    {
        final List<String> args = new ArrayList<>(List.of(words));
        args.addAll(List.of("-e", "1=localhost:" + ports[1] + ",2=localhost:" + ports[3], "--timeout", "20"));
        final PrintStream console = System.out;
        final PrintStream errors = System.err;
        final ByteArrayOutputStream output = new ByteArrayOutputStream();
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        System.setErr(System.out);
        try
        {
            return UkehiTool.run(args.toArray(new String[0]));
        }
        finally
        {
            System.setOut(console);
            System.setErr(errors);
            printed = output.toString(StandardCharsets.UTF_8);
        }
    }

    @Test
    void shouldChangeTheMembersAndSayWhoTheyAre() throws Exception
    {
        final List<DatagramSocket> sockets = new ArrayList<>();
        for (int i = 0; i < ports.length; i++)
        {
            sockets.add(new DatagramSocket(0, InetAddress.getLoopbackAddress()));
            ports[i] = sockets.get(i).getLocalPort();
        }
        CloseHelper.closeAll(sockets);
        try (UkehiNode first = launch(1); UkehiNode second = launch(2))
        {
            while (NodeRole.LEADER != first.role())
            {
                Thread.onSpinWait();
            }
            assertEquals(1, run("members", "remove", "7"), printed);
            assertTrue(printed.contains("there is no member 7"), printed);
            assertEquals(1, run("members", "add", "2=localhost"), printed);
            assertTrue(printed.contains("ID=HOST:PEERPORT:CLIENTPORT"), printed);

            assertEquals(0, run("members", "add", address(2), "--learner"), printed);
            assertEquals(0, run("members"), printed);
            assertTrue(printed.contains("learner"), printed);
            assertEquals(0, run("members", "promote", "2"), printed);
            assertEquals(0, run("members"), printed);
            assertEquals(2, printed.split("voter").length - 1, printed);
            assertTrue(printed.contains("leads") && printed.contains("heard"), printed);

            assertEquals(0, run("members", "remove", "1"), printed);
            while (NodeRole.LEADER != second.role())
            {
                Thread.onSpinWait();
            }
        }
    }
}
