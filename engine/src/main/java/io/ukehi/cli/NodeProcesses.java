package io.ukehi.cli;

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
 * Members of a cluster on this machine, each a process of its own: {@code ukehi node} with a file of settings, what it
 * prints beside it. What they have in common with this process are its class path and the flags of its JVM.
 */
final class NodeProcesses implements AutoCloseable
{
    private static final int LINES_TOLD = 5;

    private final Path directory;
    private final String driverDirectory;
    private final Process[] processes;

    /**
     * @param size            members, from 1.
     * @param directory       of settings and of what is printed.
     * @param driverDirectory of the member's own media drivers, with {@code -ID} behind it; removed at the end.
     */
    NodeProcesses(final int size, final Path directory, final String driverDirectory)
    {
        this.directory = directory;
        this.driverDirectory = driverDirectory;
        processes = new Process[size + 1];
    }

    /** UDP ports of loopback that nobody uses at this moment, each another. */
    static int[] drawPorts(final int count) throws IOException
    {
        final List<DatagramSocket> sockets = new ArrayList<>();
        try
        {
            final int[] ports = new int[count];
            for (int i = 0; i < count; i++)
            {
                final DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName("localhost"));
                sockets.add(socket);
                ports[i] = socket.getLocalPort();
            }
            return ports;
        }
        finally
        {
            CloseHelper.closeAll(sockets);
        }
    }

    /**
     * Starts a member.
     *
     * @param prefix   of the command; empty where it runs as it is.
     * @param settings its file of properties.
     */
    void start(final int id, final List<String> prefix, final String settings) throws IOException
    {
        final Path config = directory.resolve("node-" + id + ".properties");
        Files.writeString(config, settings);
        final List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.addAll(List.of(UkehiTool.class.getName(), "node", "--config", config.toString()));
        final ProcessBuilder builder = new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output(id).toFile()));
        builder.environment().keySet().removeIf(name -> name.startsWith("UKEHI_"));
        processes[id] = builder.start();
    }

    private Path output(final int id)
    {
        return directory.resolve("node-" + id + ".out");
    }

    /** Process id of a member that runs. */
    long pid(final int id)
    {
        return processes[id].pid();
    }

    /** SIGKILL: no goodbye, nothing is written any more. The member is not expected to run then. */
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
            throw interrupted();
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
            throw interrupted();
        }
    }

    private static ToolException interrupted()
    {
        Thread.currentThread().interrupt();
        return new ToolException("interrupted");
    }

    /** Throws if a process that should run has ended, with what it printed last. */
    void checkRunning() throws IOException
    {
        for (int id = 1; id < processes.length; id++)
        {
            if (null != processes[id] && !processes[id].isAlive())
            {
                final List<String> lines = Files.readAllLines(output(id));
                throw new ToolException("member " + id + " has ended with code " + processes[id].exitValue() + ": " +
                    String.join("\n  ", lines.subList(Math.max(0, lines.size() - LINES_TOLD), lines.size())));
            }
        }
    }

    /** Ends all that run: asks them to (SIGTERM), and kills those that stand still. */
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
        for (int id = 1; id < processes.length; id++)
        {
            if (null != processes[id])
            {
                end(id);
            }
            IoUtil.delete(new File(driverDirectory + "-" + id), true);
        }
    }

    private void end(final int id)
    {
        try
        {
            if (!processes[id].waitFor(10, TimeUnit.SECONDS))
            {
                kill(id);
            }
        }
        catch (final InterruptedException ex)
        {
            processes[id].destroyForcibly();
            throw interrupted();
        }
    }
}
