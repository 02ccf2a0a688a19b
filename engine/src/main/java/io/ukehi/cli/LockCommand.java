package io.ukehi.cli;

import io.ukehi.client.UkehiClient;
import io.ukehi.client.UkehiClientException;
import io.ukehi.kv.KvClient;
import io.ukehi.kv.LeaderLease;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ukehi lock NAME -- COMMAND ARGUMENT...}. */
@Command(
    name = "lock",
    description = "Runs a command while it holds a lock, with the fencing token in the variable UKEHI_TOKEN. Exit " +
        "code of the command; 1 if the lock was not to be had in time; 3 if it was lost, and the command was ended.",
    mixinStandardHelpOptions = true)
final class LockCommand implements Callable<Integer>
{
    static final String TOKEN_VARIABLE = "UKEHI_TOKEN";
    static final int EXIT_LOST = 3;

    private static final long POLL_MS = 20;
    private static final long GRACE_SECONDS = 5;

    @Mixin
    private ClusterOptions cluster;

    @Option(
        names = "--lease",
        paramLabel = "SECONDS",
        description = "After how long the lock is free if this process is gone. Default: ${DEFAULT-VALUE}.",
        defaultValue = "10")
    private int leaseSeconds;

    @Parameters(index = "0", paramLabel = "NAME", description = "The lock: a key of the store.")
    private String name;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "COMMAND", description = "What to run, behind \"--\".")
    private List<String> command;

    @Override
    public Integer call() throws IOException, InterruptedException
    {
        try (UkehiClient client = UkehiClient.connect(cluster.context()))
        {
            final LeaderLease lease = new LeaderLease(
                new KvClient(client), name, TimeUnit.SECONDS.toNanos(leaseSeconds));
            if (!acquire(client, lease))
            {
                throw new ToolException("somebody else holds the lock \"" + name + "\"");
            }
            final ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
            builder.environment().put(TOKEN_VARIABLE, Long.toUnsignedString(lease.token()));
            final Process process = builder.start();
            if (!holdWhileRunning(client, lease, process))
            {
                end(process);
                System.err.println("ukehi: the lock \"" + name + "\" is lost");
                return EXIT_LOST;
            }
            lease.release();
            return process.exitValue();
        }
    }

    private boolean acquire(final UkehiClient client, final LeaderLease lease) throws InterruptedException
    {
        final long deadlineNs = System.nanoTime() + cluster.timeoutNs();
        while (!isHeld(client, lease))
        {
            if (System.nanoTime() - deadlineNs >= 0)
            {
                return false;
            }
            Thread.sleep(POLL_MS);
        }
        return true;
    }

    private static boolean holdWhileRunning(final UkehiClient client, final LeaderLease lease, final Process process)
        throws InterruptedException
    {
        while (!process.waitFor(POLL_MS, TimeUnit.MILLISECONDS))
        {
            if (!isHeld(client, lease))
            {
                return false;
            }
        }
        return true;
    }

    private static boolean isHeld(final UkehiClient client, final LeaderLease lease)
    {
        try
        {
            client.poll((correlationId, outcome, code, index, token, buffer, offset, length) -> {});
            return lease.doWork(System.nanoTime());
        }
        catch (final UkehiClientException ex)
        {
            // There may be no leader at this moment: the lease goes on for as long as it was given.
            return lease.isHeld(System.nanoTime());
        }
    }

    private static void end(final Process process) throws InterruptedException
    {
        process.destroy();
        if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS))
        {
            process.destroyForcibly().waitFor();
        }
    }
}
