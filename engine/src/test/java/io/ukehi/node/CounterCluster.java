package io.ukehi.node;

import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.client.ClientContext;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.IoUtil;

/**
 * {@link CounterProcess}es on loopback, each with its media driver, and a driver for the clients of the test. The first
 * of them begin the cluster, the others join it.
 */
final class CounterCluster implements AutoCloseable
{
    /** What the nodes get of what is given to the test. */
    private static final List<String> PASSED_ON = List.of(
        "--add-opens", "-D" + NodeContext.DRIVER_MODE_PROP_NAME, "-D" + CounterProcess.ELECTION_TIMEOUT_PROP_NAME);

    private final String driverDirectory = CommonContext.generateRandomDirName();
    private final Path directory;
    private final int size;
    private final int[] ports;
    private final Process[] processes;
    private final int[] lives;
    private final MediaDriver driver;

    /**
     * @param size  of the cluster at its begin.
     * @param count of all nodes.
     */
    CounterCluster(final Path directory, final int size, final int count) throws IOException
    {
        this.directory = directory;
        this.size = size;
        processes = new Process[count + 1];
        lives = new int[count + 1];
        ports = TestCluster.freePorts(2 * count);
        driver = MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(driverDirectory)
            .threadingMode(ThreadingMode.SHARED)
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true));
    }

    int count()
    {
        return processes.length - 1;
    }

    String address(final int id)
    {
        return id + "=localhost:" + ports[2 * id - 2] + ":" + ports[2 * id - 1];
    }

    private String members()
    {
        final String[] addresses = new String[size];
        Arrays.setAll(addresses, i -> address(i + 1));
        return String.join(",", addresses);
    }

    /** Settings of a client that knows all nodes. */
    ClientContext client()
    {
        return client(allIds());
    }

    private int[] allIds()
    {
        final int[] ids = new int[count()];
        Arrays.setAll(ids, i -> i + 1);
        return ids;
    }

    /** Settings of a client that knows some nodes. */
    ClientContext client(final int... ids)
    {
        final StringBuilder endpoints = new StringBuilder();
        for (final int id : ids)
        {
            endpoints.append(endpoints.isEmpty() ? "" : ",").append(id).append("=localhost:").append(ports[2 * id - 1]);
        }
        return new ClientContext()
            .aeronDirectoryName(driverDirectory)
            .endpoints(endpoints.toString())
            .connectTimeoutNs(TimeUnit.SECONDS.toNanos(60))
            .messageTimeoutNs(TimeUnit.SECONDS.toNanos(120));
    }

    void startFirst() throws IOException
    {
        for (int id = 1; id <= size; id++)
        {
            start(id);
        }
    }

    void start(final int id) throws IOException
    {
        final boolean isJoining = id > size;
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(argument -> PASSED_ON.stream().anyMatch(argument::startsWith))
            .forEach(command::add);
        command.addAll(List.of(
            // With more processes than processors, compilers and collectors of those that start hold up all others.
            "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
            "-cp", System.getProperty("java.class.path"), CounterProcess.class.getName(),
            Integer.toString(id), isJoining ? address(id) : members(), data(id).toString(),
            driverDirectory(id), Boolean.toString(isJoining)));
        processes[id] = new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve(id + ".out").toFile()))
            .start();
        lives[id]++;
    }

    private Path data(final int id)
    {
        return directory.resolve("node-" + id);
    }

    private String driverDirectory(final int id)
    {
        return driverDirectory + "-" + id;
    }

    boolean isRunning(final int id)
    {
        return null != processes[id];
    }

    /** How often a node was started. */
    int lives(final int id)
    {
        return lives[id];
    }

    /** SIGKILL. */
    void kill(final int id)
    {
        processes[id].destroyForcibly().onExit().join();
        processes[id] = null;
        IoUtil.delete(new File(driverDirectory(id)), true);
    }

    /** Removes what a node has stored; it is not running. */
    void wipe(final int id)
    {
        IoUtil.delete(data(id).toFile(), true);
    }

    /**
     * SIGSTOP, and waits until it has stopped the last thread: the signal is only given to one of them, which tells the
     * others as soon as it has a processor again, and on a busy machine they answer what comes until then.
     */
    void pause(final int id) throws Exception
    {
        signal(id, "-STOP");
        final long untilNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!isStopped(processes[id].pid()))
        {
            if (System.nanoTime() - untilNs > 0)
            {
                throw new IOException("node " + id + " does not stand still");
            }
            Thread.sleep(1);
        }
    }

    /** SIGCONT. */
    void resume(final int id) throws Exception
    {
        signal(id, "-CONT");
    }

    private void signal(final int id, final String signal) throws Exception
    {
        final Process kill = new ProcessBuilder("kill", signal, Long.toString(processes[id].pid())).start();
        if (0 != kill.waitFor())
        {
            throw new IOException("kill " + signal + " failed");
        }
    }

    /** Whether every thread is in state {@code T} (proc(5), {@code stat}: it comes after the name in brackets). */
    private static boolean isStopped(final long pid) throws IOException
    {
        final File[] threads = new File("/proc/" + pid + "/task").listFiles();
        for (final File thread : null == threads ? new File[0] : threads)
        {
            final String stat = Files.readString(thread.toPath().resolve("stat"));
            if ('T' != stat.charAt(stat.lastIndexOf(')') + 2))
            {
                return false;
            }
        }
        return null != threads;
    }

    /** What the nodes that have ended by themselves, or had something to say, have printed. */
    String complaints() throws IOException
    {
        final StringBuilder text = new StringBuilder();
        for (final int id : allIds())
        {
            final Path output = directory.resolve(id + ".out");
            if (Files.exists(output) && Files.size(output) > 0)
            {
                text.append("\nnode ").append(id).append(": ").append(Files.readString(output).strip());
            }
        }
        return text.toString();
    }

    @Override
    public void close()
    {
        for (final int id : allIds())
        {
            if (isRunning(id))
            {
                kill(id);
            }
        }
        driver.close();
    }
}
