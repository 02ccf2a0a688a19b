package io.ukehi.cli;

import io.ukehi.log.Durability;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.IoUtil;

/**
 * Three members, each a process of its own with its log in a directory of its own. Member 1 uses the media driver of
 * the process that started it, so that a client here reaches it by IPC; the others embed theirs.
 */
final class DemoCluster implements AutoCloseable
{
    static final int SIZE = 3;

    /**
     * For the driver that member 1 shares: what a killed member had subscribed to holds back whoever sends to the next
     * one on the same port, until the driver has given the dead one up. Aeron's default is 10 s.
     */
    static final long CLIENT_LIVENESS_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(4);

    private final Path directory;
    private final String driverDirectory;
    private final Durability durability;
    private final int[] peerPorts = new int[SIZE + 1];
    private final int[] clientPorts = new int[SIZE + 1];
    private final Process[] processes = new Process[SIZE + 1];

    DemoCluster(final Path directory, final String driverDirectory, final Durability durability) throws IOException
    {
        this.directory = directory;
        this.driverDirectory = driverDirectory;
        this.durability = durability;
        drawPorts();
    }

    private void drawPorts() throws IOException
    {
        final List<DatagramSocket> sockets = new ArrayList<>();
        try
        {
            for (int id = 1; id <= SIZE; id++)
            {
                peerPorts[id] = drawPort(sockets);
                clientPorts[id] = drawPort(sockets);
            }
        }
        finally
        {
            CloseHelper.closeAll(sockets);
        }
    }

    private static int drawPort(final List<DatagramSocket> sockets) throws IOException
    {
        final DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName("localhost"));
        sockets.add(socket);
        return socket.getLocalPort();
    }

    /** As a client of the driver's process reaches them. */
    String endpoints()
    {
        return "1=ipc,2=localhost:" + clientPorts[2] + ",3=localhost:" + clientPorts[3];
    }

    void start(final int id) throws IOException
    {
        final Path config = directory.resolve("node-" + id + ".properties");
        Files.writeString(config, settings(id));
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.addAll(List.of(UkehiTool.class.getName(), "node", "--config", config.toString()));
        final ProcessBuilder builder = new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("node-" + id + ".out").toFile()));
        builder.environment().keySet().removeIf(name -> name.startsWith("UKEHI_"));
        processes[id] = builder.start();
    }

    private String settings(final int id)
    {
        final StringBuilder members = new StringBuilder();
        for (int i = 1; i <= SIZE; i++)
        {
            members.append(i > 1 ? "," : "").append(i).append("=localhost:")
                .append(peerPorts[i]).append(':').append(clientPorts[i]);
        }
        final String driver = 1 == id ?
            "ukehi.driver.mode=EXTERNAL\nukehi.aeron.dir=" + driverDirectory + "\n" :
            "ukehi.driver.mode=EMBEDDED\nukehi.aeron.dir=" + driverDirectory + "-" + id + "\n";
        return "ukehi.member.id=" + id + "\n" +
            "ukehi.members=" + members + "\n" +
            "ukehi.data.dir=" + directory.resolve("node-" + id) + "\n" +
            "ukehi.durability=" + durability + "\n" + driver;
    }

    /** SIGKILL: no goodbye, nothing is written any more. */
    void kill(final int id)
    {
        processes[id].destroyForcibly();
        awaitEnd(id);
    }

    private void awaitEnd(final int id)
    {
        try
        {
            if (!processes[id].waitFor(10, TimeUnit.SECONDS))
            {
                throw new ToolException("the process of member " + id + " does not end");
            }
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            throw new ToolException("interrupted");
        }
    }

    /** Throws if a process that should run has ended, with what it printed last. */
    void checkRunning() throws IOException
    {
        for (int id = 1; id <= SIZE; id++)
        {
            if (null != processes[id] && !processes[id].isAlive())
            {
                final List<String> lines = Files.readAllLines(directory.resolve("node-" + id + ".out"));
                throw new ToolException("member " + id + " has ended with code " + processes[id].exitValue() + ": " +
                    String.join("\n  ", lines.subList(Math.max(0, lines.size() - 5), lines.size())));
            }
        }
    }

    void forget(final int id)
    {
        processes[id] = null;
    }

    @Override
    public void close()
    {
        for (final Process process : processes)
        {
            if (null != process)
            {
                process.destroy();
            }
        }
        for (int id = 1; id <= SIZE; id++)
        {
            if (null != processes[id])
            {
                awaitEnd(id);
            }
            IoUtil.delete(new File(driverDirectory + "-" + id), true);
        }
    }
}
