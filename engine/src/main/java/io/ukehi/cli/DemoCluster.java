package io.ukehi.cli;

import io.ukehi.log.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

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
    /** Two of each member, from 1: for peers and for clients. */
    private final int[] ports = NodeProcesses.drawPorts(2 * (SIZE + 1));
    private final NodeProcesses members;

    DemoCluster(final Path directory, final String driverDirectory, final Durability durability) throws IOException
    {
        this.directory = directory;
        this.driverDirectory = driverDirectory;
        this.durability = durability;
        members = new NodeProcesses(SIZE, directory, driverDirectory);
    }

    private int clientPort(final int id)
    {
        return ports[2 * id + 1];
    }

    /** As a client of the driver's process reaches them. */
    String endpoints()
    {
        return "1=ipc,2=localhost:" + clientPort(2) + ",3=localhost:" + clientPort(3);
    }

    void start(final int id) throws IOException
    {
        members.start(id, List.of(), settings(id));
    }

    private String settings(final int id)
    {
        final StringBuilder list = new StringBuilder();
        for (int i = 1; i <= SIZE; i++)
        {
            list.append(i > 1 ? "," : "").append(i).append("=localhost:")
                .append(ports[2 * i]).append(':').append(clientPort(i));
        }
        final String driver = 1 == id ?
            "ukehi.driver.mode=EXTERNAL\nukehi.aeron.dir=" + driverDirectory + "\n" :
            "ukehi.driver.mode=EMBEDDED\nukehi.aeron.dir=" + driverDirectory + "-" + id + "\n";
        return "ukehi.member.id=" + id + "\n" +
            "ukehi.members=" + list + "\n" +
            "ukehi.data.dir=" + directory.resolve("node-" + id) + "\n" +
            "ukehi.durability=" + durability + "\n" + driver;
    }

    /** SIGKILL: no goodbye, nothing is written any more. */
    void kill(final int id)
    {
        members.kill(id);
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
