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
 * Members as processes of their own, each with its media driver, its log in a directory of its own and, where there is
 * a {@link ChaosNetwork}, a network namespace of its own.
 */
final class ChaosCluster implements AutoCloseable
{
    private static final int PEER_PORT = 9001;
    private static final int CLIENT_PORT = 9101;

    private final int size;
    private final Path directory;
    private final String driverDirectory;
    private final Durability durability;
    private final boolean isLease;
    private final ChaosNetwork network;
    private final int[] peerPorts;
    private final int[] clientPorts;
    private final Process[] processes;
    private final StringBuilder moreSettings = new StringBuilder();

    /** @param network null for loopback, without partitions. */
    ChaosCluster(
        final int size,
        final Path directory,
        final String driverDirectory,
        final Durability durability,
        final boolean isLease,
        final ChaosNetwork network) throws IOException
    {
        this.size = size;
        this.directory = directory;
        this.driverDirectory = driverDirectory;
        this.durability = durability;
        this.isLease = isLease;
        this.network = network;
        peerPorts = new int[size + 1];
        clientPorts = new int[size + 1];
        processes = new Process[size + 1];
        drawPorts();
    }

    private void drawPorts() throws IOException
    {
        final List<DatagramSocket> sockets = new ArrayList<>();
        try
        {
            for (int id = 1; id <= size; id++)
            {
                peerPorts[id] = null == network ? drawPort(sockets) : PEER_PORT;
                clientPorts[id] = null == network ? drawPort(sockets) : CLIENT_PORT;
            }
        }
        finally
        {
            CloseHelper.closeAll(sockets);
        }
    }

    /** Another setting of all members that are started from here on. */
    ChaosCluster setting(final String property, final Object value)
    {
        moreSettings.append(property).append('=').append(value).append('\n');
        return this;
    }

    private static int drawPort(final List<DatagramSocket> sockets) throws IOException
    {
        final DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName("localhost"));
        sockets.add(socket);
        return socket.getLocalPort();
    }

    private String host(final int id)
    {
        return null == network ? "localhost" : network.host(id);
    }

    /** As clients reach them. */
    String endpoints()
    {
        final StringBuilder text = new StringBuilder();
        for (int id = 1; id <= size; id++)
        {
            text.append(id > 1 ? "," : "").append(id).append('=').append(host(id)).append(':')
                .append(clientPorts[id]);
        }
        return text.toString();
    }

    /** Where clients listen. */
    String responseChannel()
    {
        return "aeron:udp?endpoint=" + (null == network ? "localhost" : network.clientHost()) + ":0";
    }

    void start(final int id) throws IOException
    {
        final Path config = directory.resolve("node-" + id + ".properties");
        Files.writeString(config, settings(id));
        final List<String> command = new ArrayList<>(null == network ? List.of() : network.prefix(id));
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
        for (int i = 1; i <= size; i++)
        {
            members.append(i > 1 ? "," : "").append(i).append('=').append(host(i)).append(':')
                .append(peerPorts[i]).append(':').append(clientPorts[i]);
        }
        return "ukehi.member.id=" + id + "\n" +
            "ukehi.members=" + members + "\n" +
            "ukehi.data.dir=" + directory.resolve("node-" + id) + "\n" +
            "ukehi.durability=" + durability + "\n" +
            "ukehi.read.lease=" + isLease + "\n" +
            "ukehi.driver.mode=EMBEDDED\n" +
            "ukehi.aeron.dir=" + aeronDirectory(id) + "\n" + moreSettings;
    }

    /** Where the media driver of a member has its files, also when the member was killed. */
    String aeronDirectory(final int id)
    {
        return driverDirectory + "-" + id;
    }

    /** Process id of a member that runs. */
    long pid(final int id)
    {
        return processes[id].pid();
    }

    /** SIGKILL: no goodbye, nothing is written any more. */
    void kill(final int id)
    {
        processes[id].destroyForcibly();
        awaitEnd(id);
        processes[id] = null;
    }

    /** SIGSTOP: the process stands still, and time goes on. */
    void pause(final int id) throws IOException
    {
        signal(id, "-STOP");
    }

    /** SIGCONT. */
    void resume(final int id) throws IOException
    {
        signal(id, "-CONT");
    }

    private void signal(final int id, final String signal) throws IOException
    {
        final Process kill = new ProcessBuilder("kill", signal, Long.toString(processes[id].pid())).start();
        try
        {
            if (0 != kill.waitFor())
            {
                throw new IOException("kill " + signal + " of member " + id + " failed");
            }
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            throw new ToolException("interrupted");
        }
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
        for (int id = 1; id <= size; id++)
        {
            if (null != processes[id] && !processes[id].isAlive())
            {
                final List<String> lines = Files.readAllLines(directory.resolve("node-" + id + ".out"));
                throw new ToolException("member " + id + " has ended with code " + processes[id].exitValue() + ": " +
                    String.join("\n  ", lines.subList(Math.max(0, lines.size() - 5), lines.size())));
            }
        }
    }

    @Override
    public void close()
    {
        for (int id = 1; id <= size; id++)
        {
            if (null != processes[id])
            {
                processes[id].destroyForcibly();
                awaitEnd(id);
            }
            IoUtil.delete(new File(driverDirectory + "-" + id), true);
        }
    }
}
