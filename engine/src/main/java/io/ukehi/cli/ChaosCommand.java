package io.ukehi.cli;

import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.check.History;
import io.ukehi.check.LinearizabilityChecker;
import io.ukehi.client.ClientContext;
import io.ukehi.client.ClusterStatus;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.log.Durability;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.agrona.IoUtil;
import org.agrona.SystemUtil;
import org.agrona.concurrent.BackoffIdleStrategy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ukehi chaos}: real processes, killed, paused and cut off, and whether clients saw one store all along. */
@Command(
    name = "chaos",
    description = "Runs a cluster of processes, kills, pauses and partitions them every few seconds while clients " +
        "read and write few keys, and checks that what they saw is linearizable. Exit code 0 only then.",
    mixinStandardHelpOptions = true)
final class ChaosCommand implements Callable<Integer>
{
    private static final int CHECK_STEPS = 50_000_000;
    private static final long CONNECT_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long MESSAGE_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(2);

    @Option(names = "--nodes", paramLabel = "N", defaultValue = "3", description = "Default: ${DEFAULT-VALUE}.")
    private int nodes;

    @Option(
        names = "--duration",
        paramLabel = "TIME",
        defaultValue = "60s",
        description = "How long faults and load last, as in 60s. Default: ${DEFAULT-VALUE}.")
    private String duration;

    @Option(
        names = "--faults",
        paramLabel = "LIST",
        split = ",",
        defaultValue = "kill,pause,partition",
        description = "Some of kill, pause and partition, or none. Default: ${DEFAULT-VALUE}.")
    private List<String> faultNames;

    @Option(names = "--history", paramLabel = "FILE", description = "Writes all operations, one JSON object a line.")
    private Path historyFile;

    @Option(names = "--clients", paramLabel = "N", defaultValue = "8", description = "Default: ${DEFAULT-VALUE}.")
    private int clientCount;

    @Option(
        names = "--keys",
        paramLabel = "N",
        defaultValue = "4",
        description = "In use at a time. Default: ${DEFAULT-VALUE}.")
    private int keyCount;

    @Option(
        names = "--durability",
        paramLabel = "LEVEL",
        defaultValue = "BATCH",
        description = "ASYNC, BATCH or EVERY. Default: ${DEFAULT-VALUE}.")
    private Durability durability;

    @Option(names = "--no-lease", description = "Without leases for reads.")
    private boolean isWithoutLease;

    @Option(names = "--seed", paramLabel = "N", description = "Of what is done to whom. Default: drawn.")
    private Long seed;

    @Option(
        names = "--directory",
        paramLabel = "DIRECTORY",
        defaultValue = "ukehi-data/chaos",
        description = "Where the logs lie, on a disk. Default: ${DEFAULT-VALUE}.")
    private Path directory;

    @Option(names = "--keep", description = "Keeps the directory.")
    private boolean isKept;

    private final List<ChaosClient> clients = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final ChaosHistory history = new ChaosHistory();
    private long beganNs;

    @Override
    public Integer call() throws IOException
    {
        final long durationNs = SystemUtil.parseDuration("--duration", duration);
        if (nodes < 1 || nodes > 7 || clientCount < 1 || clientCount > 64 || keyCount < 1 || durationNs < 1_000_000_000)
        {
            throw new ToolException(
                "--nodes must be 1 to 7, --clients 1 to 64, --keys 1 or more, --duration 1s or more");
        }
        final Set<ChaosFaults.Kind> kinds = kinds();
        IoUtil.delete(directory.toFile(), true);
        Files.createDirectories(directory);
        final String driverDirectory = CommonContext.generateRandomDirName();
        final boolean isEqual;
        try (ChaosNetwork network = kinds.contains(ChaosFaults.Kind.PARTITION) ? openNetwork(kinds) : null;
            MediaDriver driver = MediaDriver.launch(new MediaDriver.Context()
                .aeronDirectoryName(driverDirectory)
                .threadingMode(ThreadingMode.SHARED)
                .sharedIdleStrategy(new BackoffIdleStrategy(20, 50, 1_000, 100_000))
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true));
            ChaosCluster cluster = new ChaosCluster(
                nodes, directory, driver.aeronDirectoryName(), durability, !isWithoutLease, network))
        {
            isEqual = run(cluster, network, kinds, driver.aeronDirectoryName(), durationNs);
        }
        finally
        {
            if (!isKept)
            {
                IoUtil.delete(directory.toFile(), true);
            }
        }
        // The members have ended: who judges has the machine to itself.
        final LinearizabilityChecker.Verdict verdict = check();
        return LinearizabilityChecker.Verdict.LINEARIZABLE == verdict && isEqual && history.size() > 0 ? 0 : 1;
    }

    private Set<ChaosFaults.Kind> kinds()
    {
        final Set<ChaosFaults.Kind> kinds = EnumSet.noneOf(ChaosFaults.Kind.class);
        for (final String name : faultNames)
        {
            if (!"none".equals(name))
            {
                try
                {
                    kinds.add(ChaosFaults.Kind.valueOf(name.strip().toUpperCase(Locale.ROOT)));
                }
                catch (final IllegalArgumentException ex)
                {
                    throw new ToolException("--faults: there is no " + name + ", only kill, pause, partition and none");
                }
            }
        }
        return kinds;
    }

    private ChaosNetwork openNetwork(final Set<ChaosFaults.Kind> kinds)
    {
        try
        {
            return ChaosNetwork.open(nodes);
        }
        catch (final IOException ex)
        {
            kinds.remove(ChaosFaults.Kind.PARTITION);
            System.out.println("partitions are left out, since there can be no network namespaces here: " +
                ex.getMessage());
            return null;
        }
    }

    /** Whether the members were equal at the end. */
    private boolean run(
        final ChaosCluster cluster,
        final ChaosNetwork network,
        final Set<ChaosFaults.Kind> kinds,
        final String driverDirectory,
        final long durationNs) throws IOException
    {
        final long usedSeed = null == seed ? System.nanoTime() : seed;
        System.out.printf("%d members, a process each, %s; durability %s, leases %s; %d clients on %d keys; seed %d%n",
            nodes, null == network ? "on loopback" : "in network namespaces", durability,
            isWithoutLease ? "off" : "on", clientCount, keyCount, usedSeed);
        for (int id = 1; id <= nodes; id++)
        {
            cluster.start(id);
        }
        try (UkehiClient observer = UkehiClient.connect(context(cluster, driverDirectory)))
        {
            final ChaosFaults faults = new ChaosFaults(
                cluster, network, kinds, nodes, observer::leaderId, new Random(usedSeed));
            beganNs = System.nanoTime();
            startClients(cluster, driverDirectory, usedSeed);
            try
            {
                drive(cluster, faults, observer, durationNs);
            }
            finally
            {
                stopClients();
            }
            return report(faults, kinds, observer);
        }
    }

    private ClientContext context(final ChaosCluster cluster, final String driverDirectory)
    {
        return new ClientContext()
            .aeronDirectoryName(driverDirectory)
            .endpoints(cluster.endpoints())
            .responseChannel(cluster.responseChannel())
            .connectTimeoutNs(CONNECT_TIMEOUT_NS)
            .messageTimeoutNs(MESSAGE_TIMEOUT_NS);
    }

    private void startClients(final ChaosCluster cluster, final String driverDirectory, final long usedSeed)
    {
        final ChaosKeys keys = new ChaosKeys(keyCount);
        for (int i = 0; i < clientCount; i++)
        {
            final ChaosClient client =
                new ChaosClient(i, beganNs, () -> context(cluster, driverDirectory), keys, usedSeed + 31L * i);
            final Thread thread = new Thread(client, "chaos-client-" + i);
            thread.setDaemon(true);
            clients.add(client);
            threads.add(thread);
            thread.start();
        }
    }

    private void drive(
        final ChaosCluster cluster, final ChaosFaults faults, final UkehiClient observer, final long durationNs)
        throws IOException
    {
        faults.begin(beganNs);
        long nowNs = beganNs;
        while (nowNs - beganNs < durationNs)
        {
            pause(observer);
            cluster.checkRunning();
            report(faults.doWork(nowNs));
            for (final ChaosClient client : clients)
            {
                if (null != client.failure())
                {
                    throw new ToolException("a client has failed: " + client.failure());
                }
            }
            nowNs = System.nanoTime();
        }
        report(faults.end());
    }

    private void report(final String text)
    {
        if (null != text)
        {
            System.out.printf("%6.1fs  %s%n", (System.nanoTime() - beganNs) / 1e9, text);
        }
    }

    private static void pause(final UkehiClient observer)
    {
        observer.poll((correlationId, outcome, code, index, token, buffer, offset, length) ->
        {
            // It only watches who leads.
        });
        try
        {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            throw new ToolException("interrupted");
        }
    }

    private void stopClients()
    {
        clients.forEach(ChaosClient::stop);
        for (final Thread thread : threads)
        {
            try
            {
                thread.join(TimeUnit.NANOSECONDS.toMillis(10 * MESSAGE_TIMEOUT_NS));
            }
            catch (final InterruptedException ex)
            {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean report(final ChaosFaults faults, final Set<ChaosFaults.Kind> kinds, final UkehiClient observer)
        throws IOException
    {
        final double seconds = (System.nanoTime() - beganNs) / 1e9;
        clients.forEach(client -> history.addAll(client.rows()));
        System.out.printf("%n%d operations on %d keys in %.1f s:", history.size(), history.keyCount(), seconds);
        for (final ChaosFaults.Kind kind : kinds)
        {
            System.out.printf(" %d %s", faults.count(kind), kind.name().toLowerCase(Locale.ROOT));
        }
        System.out.println();
        printCounts();
        if (null != historyFile)
        {
            try (BufferedWriter writer = Files.newBufferedWriter(historyFile))
            {
                history.write(writer);
            }
            System.out.println("history without stale reads: " + historyFile);
        }
        return awaitEqual(observer);
    }

    private void printCounts()
    {
        System.out.printf("%8s %10s %10s %10s%n", "", "ok", "fail", "unknown");
        final String[] names = {"put", "get", "del", "cas"};
        for (int kind = 0; kind < names.length; kind++)
        {
            System.out.printf("%8s %10d %10d %10d%n", names[kind], history.count(kind, History.COMMITTED),
                history.count(kind, History.REJECTED), history.count(kind, History.UNKNOWN));
        }
        System.out.print("gets answered:");
        for (final Consistency consistency : new Consistency[]{
            Consistency.LINEARIZABLE, Consistency.LEASE, Consistency.FOLLOWER, Consistency.STALE})
        {
            System.out.printf(" %d %s,", clients.stream().mapToLong(client -> client.readCount(consistency)).sum(),
                consistency.name().toLowerCase(Locale.ROOT));
        }
        System.out.printf(" %d through the log%n", clients.stream().mapToLong(ChaosClient::logReadCount).sum());
        System.out.printf("at most %d writes to one key have no known end%n", history.mostUnknown());
    }

    private static boolean awaitEqual(final UkehiClient observer)
    {
        final ClusterStatus status = new DemoVerifier(observer).awaitEqual();
        StatusCommand.print(status);
        final boolean isEqual = DemoVerifier.hasEqualDigests(status);
        System.out.println(isEqual ?
            "the digests of all members are equal" : "THE MEMBERS DIFFER, or did not catch up in time");
        return isEqual;
    }

    private LinearizabilityChecker.Verdict check()
    {
        final long startNs = System.nanoTime();
        final LinearizabilityChecker checker = new LinearizabilityChecker(history.toHistory(), CHECK_STEPS);
        final LinearizabilityChecker.Verdict verdict = checker.check(history.keyCount());
        final double seconds = (System.nanoTime() - startNs) / 1e9;
        System.out.printf("%s, checked in %.1f s%n", switch (verdict)
        {
            case LINEARIZABLE -> "the history is linearizable";
            case NOT_LINEARIZABLE -> "THE HISTORY IS NOT LINEARIZABLE: key k" + checker.worstKey();
            case UNDECIDED -> "too many ways to try them all: not decided";
        }, seconds);
        return verdict;
    }
}
