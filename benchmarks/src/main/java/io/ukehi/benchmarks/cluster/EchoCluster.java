package io.ukehi.benchmarks.cluster;

import io.aeron.driver.MediaDriver;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.IoUtil;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;

/** A cluster that runs, in this process or one for each member, and a client of it. */
final class EchoCluster implements AutoCloseable
{
    private static final long CONNECT_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final EchoListener NOBODY = stampNs -> {};

    private final EchoSystem system;
    private final ClusterSettings settings;
    private final List<EchoSystem.Member> members = new ArrayList<>();
    private final List<Process> processes = new ArrayList<>();
    private MediaDriver driver;
    private AgentRunner membersRunner;
    private EchoClient client;

    private EchoCluster(final EchoSystem system, final ClusterSettings settings)
    {
        this.system = system;
        this.settings = settings;
    }

    /**
     * Starts anew, on empty directories, and waits for a leader.
     *
     * @param isProcessEach whether each member gets a process of its own.
     */
    static EchoCluster launch(final EchoSystem system, final ClusterSettings settings, final boolean isProcessEach)
        throws Exception
    {
        if (isProcessEach && system.isInProcessOnly())
        {
            throw new IllegalArgumentException(system.title() + " is only measured in one process");
        }
        IoUtil.delete(settings.directory().toFile(), true);
        Files.createDirectories(settings.directory());
        final EchoCluster cluster = new EchoCluster(system, settings);
        try
        {
            if (ClusterSettings.Layout.ONE == settings.layout() && system.isOverAeron())
            {
                cluster.driver = Drivers.launchForAll(settings);
            }
            for (int id = 1; id <= system.memberCount(settings); id++)
            {
                if (isProcessEach)
                {
                    cluster.processes.add(cluster.start(id));
                }
                else
                {
                    cluster.members.add(system.launchMember(settings, id));
                }
            }
            if (system.isMembersThread())
            {
                cluster.startMembersThread();
            }
            cluster.client = system.connect(settings);
            cluster.awaitLeader();
            return cluster;
        }
        catch (final Exception ex)
        {
            cluster.close();
            throw ex;
        }
    }

    private Process start(final int memberId) throws IOException
    {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(MemberMain.class.getName());
        command.add(system.title());
        command.add(Integer.toString(memberId));
        command.addAll(settings.toArguments());
        return new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(
                settings.directory().resolve("member-" + memberId + ".out").toFile()))
            .start();
    }

    private void startMembersThread()
    {
        membersRunner = new AgentRunner(settings.newIdleStrategy(), Throwable::printStackTrace, null, new Agent()
        {
            @Override
            public int doWork()
            {
                return invokeMembers();
            }

            @Override
            public String roleName()
            {
                return "members";
            }
        });
        AgentRunner.startOnThread(membersRunner);
    }

    private void awaitLeader()
    {
        final long deadlineNs = System.nanoTime() + CONNECT_TIMEOUT_NS;
        while (client.leaderId() < 0)
        {
            poll(NOBODY);
            Thread.yield();
            if (System.nanoTime() - deadlineNs > 0)
            {
                throw new IllegalStateException(system.title() + " has no leader");
            }
        }
    }

    boolean offer(final DirectBuffer buffer, final int offset, final int length)
    {
        return client.offer(buffer, offset, length);
    }

    /** Polls the client, and runs members that have no thread. */
    int poll(final EchoListener listener)
    {
        return client.poll(listener) + (null == membersRunner ? invokeMembers() : 0);
    }

    private int invokeMembers()
    {
        int work = 0;
        for (int i = 0; i < members.size(); i++)
        {
            work += members.get(i).invoke();
        }
        return work;
    }

    long term()
    {
        return client.term();
    }

    int leaderId()
    {
        return client.leaderId();
    }

    /** SIGKILL to the process of a member. */
    void kill(final int memberId) throws InterruptedException
    {
        final Process process = processes.get(memberId - 1);
        process.destroyForcibly();
        process.waitFor();
    }

    @Override
    public void close()
    {
        CloseHelper.quietCloseAll(client, membersRunner);
        CloseHelper.quietCloseAll(members);
        for (final Process process : processes)
        {
            process.destroyForcibly();
            try
            {
                process.waitFor();
            }
            catch (final InterruptedException ex)
            {
                Thread.currentThread().interrupt();
            }
        }
        CloseHelper.quietClose(driver);
        for (int id = 0; id <= settings.nodes(); id++)
        {
            IoUtil.delete(new File(settings.driverDirectory(id)), true);
        }
        IoUtil.delete(settings.directory().toFile(), true);
    }
}
