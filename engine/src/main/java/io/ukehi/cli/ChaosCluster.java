package io.ukehi.cli;

import io.ukehi.log.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

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
    private final StringBuilder moreSettings = new StringBuilder();
    private final NodeProcesses members;

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
        drawPorts();
        members = new NodeProcesses(size, directory, driverDirectory);
    }

    /** In a namespace of its own each member has all ports to itself. */
    private void drawPorts() throws IOException
    {
        Arrays.fill(peerPorts, PEER_PORT);
        Arrays.fill(clientPorts, CLIENT_PORT);
        if (null == network)
        {
            final int[] ports = NodeProcesses.drawPorts(2 * size);
            System.arraycopy(ports, 0, peerPorts, 1, size);
            System.arraycopy(ports, size, clientPorts, 1, size);
        }
    }

    /** Another setting of all members that are started from here on. */
    ChaosCluster setting(final String property, final Object value)
    {
        moreSettings.append(property).append('=').append(value).append('\n');
        return this;
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
        members.start(id, null == network ? List.of() : network.prefix(id), settings(id));
    }

    private String settings(final int id)
    {
        final StringBuilder list = new StringBuilder();
        for (int i = 1; i <= size; i++)
        {
            list.append(i > 1 ? "," : "").append(i).append('=').append(host(i)).append(':')
                .append(peerPorts[i]).append(':').append(clientPorts[i]);
        }
        return "ukehi.member.id=" + id + "\n" +
            "ukehi.members=" + list + "\n" +
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
        return members.pid(id);
    }

    /** SIGKILL: no goodbye, nothing is written any more. */
    void kill(final int id)
    {
        members.kill(id);
    }

    /** SIGSTOP: the process stands still, and time goes on. */
    void pause(final int id) throws IOException
    {
        members.pause(id);
    }

    /** SIGCONT. */
    void resume(final int id) throws IOException
    {
        members.resume(id);
    }

    /** Throws if a process that should run has ended, with what it printed last. */
    void checkRunning() throws IOException
    {
        members.checkRunning();
    }

    @Override
    public void close()
    {
        members.close();
    }
}
