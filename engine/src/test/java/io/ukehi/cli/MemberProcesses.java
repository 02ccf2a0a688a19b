package io.ukehi.cli;

import io.aeron.CommonContext;
import io.ukehi.client.ClientContext;
import io.ukehi.client.ClusterStatus;
import io.ukehi.client.MemberStatus;
import io.ukehi.client.UkehiClient;
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
import java.util.function.BooleanSupplier;
import org.agrona.CloseHelper;
import org.agrona.IoUtil;

/** Three members of {@code ukehi node}, each a process of its own, and how one of them is brought to its end. */
final class MemberProcesses implements AutoCloseable
{
    static final int SIZE = 3;

    private final String driverDirectory = CommonContext.generateRandomDirName();
    private final Path directory;
    private final int[] ports = new int[2 * SIZE];
    private final Process[] processes = new Process[SIZE + 1];

    MemberProcesses(final Path directory) throws IOException
    {
        this.directory = directory;
        final List<DatagramSocket> sockets = new ArrayList<>();
        for (int i = 0; i < ports.length; i++)
        {
            final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
            sockets.add(socket);
            ports[i] = socket.getLocalPort();
        }
        CloseHelper.closeAll(sockets);
    }

    MemberProcesses startAll() throws IOException
    {
        for (int id = 1; id <= SIZE; id++)
        {
            start(id, "TRUNCATE_TO_LAST_GOOD");
        }
        return this;
    }

    void start(final int id, final String policy) throws IOException
    {
        final StringBuilder members = new StringBuilder();
        for (int i = 1; i <= SIZE; i++)
        {
            members.append(i > 1 ? "," : "").append(i).append("=localhost:")
                .append(ports[2 * i - 2]).append(':').append(ports[2 * i - 1]);
        }
        final Path config = directory.resolve(id + ".properties");
        Files.writeString(config, "ukehi.member.id=" + id + "\nukehi.members=" + members + "\nukehi.data.dir=" +
            data(id) + "\nukehi.corruption.policy=" + policy + "\nukehi.segment.length=4194304\n" +
            "ukehi.driver.mode=EMBEDDED\nukehi.aeron.dir=" + driverDirectory + "-" + id + "\n");
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(argument -> argument.startsWith("--add-opens")).forEach(command::add);
        command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
            UkehiTool.class.getName(), "node", "--config", config.toString()));
        final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
            .redirectOutput(directory.resolve(id + ".out").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("UKEHI_"));
        processes[id] = builder.start();
    }

    Path data(final int id)
    {
        return directory.resolve("node-" + id);
    }

    Process process(final int id)
    {
        return processes[id];
    }

    /** What the member's present, or last, process has printed. */
    String output(final int id) throws IOException
    {
        return Files.readString(directory.resolve(id + ".out"));
    }

    /** Waits for the end of a process that was not asked to end; its exit code. */
    int awaitEnd(final int id) throws Exception
    {
        if (!processes[id].waitFor(40, TimeUnit.SECONDS))
        {
            throw new AssertionError("member " + id + " goes on: " + output(id));
        }
        IoUtil.delete(new File(driverDirectory + "-" + id), true);
        return processes[id].exitValue();
    }

    /** SIGKILL. */
    void kill(final int id) throws Exception
    {
        processes[id].destroyForcibly();
        awaitEnd(id);
    }

    UkehiClient connect()
    {
        return UkehiClient.connect(new ClientContext()
            .embeddedDriver(true)
            .endpoints("1=localhost:" + ports[1] + ",2=localhost:" + ports[3] + ",3=localhost:" + ports[5])
            .connectTimeoutNs(TimeUnit.SECONDS.toNanos(40))
            .messageTimeoutNs(TimeUnit.SECONDS.toNanos(40)));
    }

    /** Waits until all members answer, have applied the same, and have the same state. */
    static void awaitEqual(final UkehiClient client)
    {
        final ClusterStatus[] last = new ClusterStatus[1];
        final boolean isEqual = await(() ->
        {
            last[0] = client.clusterStatus(TimeUnit.SECONDS.toNanos(2));
            return last[0].silent().isEmpty() && 1 == last[0].members().stream()
                .map(member -> member.appliedIndex() + " " + member.stateDigest()).distinct().count();
        });
        if (!isEqual)
        {
            throw new AssertionError("the members differ: " + last[0]);
        }
    }

    static int leader(final UkehiClient client)
    {
        final int[] leader = new int[1];
        await(() ->
        {
            final ClusterStatus status = client.clusterStatus(TimeUnit.SECONDS.toNanos(2));
            leader[0] = status.leaderId();
            return leader[0] > 0 && status.members().stream().mapToInt(MemberStatus::nodeId)
                .anyMatch(id -> id == leader[0]);
        });
        return leader[0];
    }

    private static boolean await(final BooleanSupplier condition)
    {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
        boolean holds = condition.getAsBoolean();
        while (!holds && System.nanoTime() - deadlineNs < 0)
        {
            Thread.yield();
            holds = condition.getAsBoolean();
        }
        return holds;
    }

    @Override
    public void close()
    {
        for (int id = 1; id <= SIZE; id++)
        {
            if (null != processes[id])
            {
                processes[id].destroyForcibly().onExit().join();
            }
            IoUtil.delete(new File(driverDirectory + "-" + id), true);
        }
    }
}
