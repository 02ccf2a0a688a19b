package io.ukehi.cli;

import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.client.ClientContext;
import io.ukehi.client.ClusterStatus;
import io.ukehi.client.UkehiClient;
import io.ukehi.log.Durability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.IoUtil;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ukehi demo}: three processes under load, one SIGKILL, and the proof that nothing was lost. */
@Command(
    name = "demo",
    description = "Runs a cluster of three processes under load, kills its leader in the middle, and checks that " +
        "nothing that was acknowledged is lost. Exit code 0 only then.",
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer>
{
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99, 100};
    private static final long RESTART_DELAY_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long DRAIN_NS = TimeUnit.SECONDS.toNanos(10);

    @Option(
        names = "--duration",
        paramLabel = "SECONDS",
        description = "How long the load runs. Default: ${DEFAULT-VALUE}.",
        defaultValue = "15")
    private int durationSeconds;

    @Option(
        names = "--rate",
        paramLabel = "PER_SECOND",
        description = "Writes due each second. Default: ${DEFAULT-VALUE}.",
        defaultValue = "10000")
    private int rate;

    @Option(
        names = "--outstanding",
        paramLabel = "N",
        description = "Instead of a rate: always so many writes under way, the next one when one ends.")
    private int outstanding;

    @Option(
        names = "--durability",
        paramLabel = "LEVEL",
        description = "ASYNC, BATCH or EVERY. Default: ${DEFAULT-VALUE}.",
        defaultValue = "BATCH")
    private Durability durability;

    @Option(
        names = "--value-length",
        paramLabel = "BYTES",
        description = "Length of each value. Default: ${DEFAULT-VALUE}.",
        defaultValue = "64")
    private int valueLength;

    @Option(
        names = "--directory",
        paramLabel = "DIRECTORY",
        description = "Where the logs lie, on a disk. Default: ${DEFAULT-VALUE}.",
        defaultValue = "ukehi-data/demo")
    private Path directory;

    @Option(names = "--keep", description = "Keeps the directory.")
    private boolean isKept;

    @Option(names = "--no-kill", description = "Leaves the leader alive.")
    private boolean isPeaceful;

    private final IdleStrategy idle = new BackoffIdleStrategy(
        100, 100, TimeUnit.MICROSECONDS.toNanos(1), TimeUnit.MICROSECONDS.toNanos(50));
    private UkehiClient client;
    private DemoLoad load;
    private DemoCluster cluster;
    private long beganNs;
    private long killedNs;
    private int killedId;
    private boolean isRestarted;
    private long lineNs;

    @Override
    public Integer call() throws IOException
    {
        checkOptions();
        IoUtil.delete(directory.toFile(), true);
        Files.createDirectories(directory);
        final String driverDirectory = CommonContext.generateRandomDirName();
        try (MediaDriver driver = MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(driverDirectory)
            .threadingMode(ThreadingMode.SHARED)
            .clientLivenessTimeoutNs(DemoCluster.CLIENT_LIVENESS_TIMEOUT_NS)
            .sharedIdleStrategy(new BackoffIdleStrategy(20, 50, 1_000, 100_000))
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true));
            DemoCluster members = new DemoCluster(directory, driver.aeronDirectoryName(), durability))
        {
            cluster = members;
            return run(driver.aeronDirectoryName());
        }
        finally
        {
            if (isKept)
            {
                System.out.println("logs and output of the members: " + directory);
            }
            else
            {
                IoUtil.delete(directory.toFile(), true);
            }
        }
    }

    private void checkOptions()
    {
        if (durationSeconds < 1 || rate < 1 || outstanding < 0 || outstanding > 1 << 15 ||
            valueLength < 0 || valueLength > 65_536 ||
            (long)rate * durationSeconds > Integer.MAX_VALUE)
        {
            throw new ToolException("--duration and --rate must be 1 or more and together write less than 2^31 " +
                "values; --value-length must be 0 to 65536, --outstanding 1 to 32768");
        }
    }

    private int run(final String driverDirectory) throws IOException
    {
        System.out.printf("%d members, a process each, on loopback UDP; logs in %s, durability %s%n",
            DemoCluster.SIZE, directory, durability);
        final long startNs = System.nanoTime();
        for (int id = 1; id <= DemoCluster.SIZE; id++)
        {
            cluster.start(id);
        }
        try (UkehiClient connected = UkehiClient.connect(new ClientContext()
            .aeronDirectoryName(driverDirectory)
            .endpoints(cluster.endpoints())
            .connectTimeoutNs(TimeUnit.SECONDS.toNanos(30))
            .messageTimeoutNs(TimeUnit.SECONDS.toNanos(5))))
        {
            client = connected;
            load = 0 == outstanding ?
                DemoLoad.atRate(client, rate, valueLength) :
                DemoLoad.withOutstanding(client, outstanding, valueLength);
            System.out.printf("member %d leads %.1f s after the first process was started%n%n",
                client.leaderId(), (System.nanoTime() - startNs) / 1e9);
            System.out.printf(
                "%6s %10s %10s %10s %10s  %s%n", "time", "writes/s", "p50 us", "p99 us", "leader", "term");
            drive();
            return verify();
        }
    }

    private void drive() throws IOException
    {
        beganNs = System.nanoTime();
        lineNs = beganNs;
        final long untilNs = beganNs + TimeUnit.SECONDS.toNanos(durationSeconds);
        final long killNs = beganNs + TimeUnit.SECONDS.toNanos(durationSeconds) / 2;
        load.begin(beganNs);
        long nowNs = beganNs;
        while (!load.isDone(nowNs, untilNs) && nowNs - untilNs < DRAIN_NS)
        {
            idle.idle(load.doWork(nowNs, untilNs));
            nowNs = System.nanoTime();
            if (!isPeaceful && 0 == killedId && nowNs - killNs >= 0 && client.leaderId() > 0)
            {
                killLeader();
            }
            if (0 != killedId && !isRestarted && nowNs - killedNs > RESTART_DELAY_NS)
            {
                restart();
            }
            if (nowNs - lineNs >= 1_000_000_000L)
            {
                printLine(nowNs);
                cluster.checkRunning();
            }
        }
        if (0 != killedId && !isRestarted)
        {
            restart();
        }
        if (load.recent().getTotalCount() > 0)
        {
            printLine(nowNs);
        }
    }

    private void killLeader()
    {
        killedId = client.leaderId();
        cluster.kill(killedId);
        killedNs = System.nanoTime();
        load.watchGap(killedNs);
        System.out.printf("%5.1fs  SIGKILL to member %d, the leader%n", (killedNs - beganNs) / 1e9, killedId);
    }

    private void restart() throws IOException
    {
        isRestarted = true;
        cluster.start(killedId);
        System.out.printf("%5.1fs  member %d is started again%n", (System.nanoTime() - beganNs) / 1e9, killedId);
    }

    private void printLine(final long nowNs)
    {
        final Histogram recent = load.recent();
        System.out.printf("%5.0fs %10.0f %10s %10s %10s  %d%n",
            (nowNs - beganNs) / 1e9,
            recent.getTotalCount() * 1e9 / (nowNs - lineNs),
            recent.getTotalCount() > 0 ? micros(recent.getValueAtPercentile(50)) : "-",
            recent.getTotalCount() > 0 ? micros(recent.getValueAtPercentile(99)) : "-",
            client.leaderId() > 0 ? Integer.toString(client.leaderId()) : "none",
            client.term());
        recent.reset();
        lineNs = nowNs;
    }

    private static String micros(final long ns)
    {
        return String.format("%,.0f", ns / 1e3);
    }

    private int verify()
    {
        System.out.println();
        final DemoVerifier verifier = new DemoVerifier(client);
        verifier.readAll(valueLength);
        final ClusterStatus status = verifier.awaitEqual();
        StatusCommand.print(status);
        System.out.println();
        printLatencies();
        final long lost = verifier.lostCount(load.acknowledged());
        final long ghosts = verifier.ghostCount(load.acknowledged(), load.unknown());
        final boolean isEqual = DemoVerifier.hasEqualDigests(status);
        System.out.printf("%d writes were due, %d acknowledged, %d unknown (%d of them are there), " +
            "%d rejections sent again%n", load.sentCount(), load.acknowledged().cardinality(),
            load.unknown().cardinality(), verifier.presentOf(load.unknown()), load.rejectedCount());
        if (0 != killedId)
        {
            System.out.printf("no write was acknowledged for %d ms after the leader was killed%n",
                TimeUnit.NANOSECONDS.toMillis(load.longestGapNs()));
        }
        System.out.printf("%d acknowledged writes lost, %d wrong values, %d writes that nobody made, " +
            "%d that the store refused%n", lost, verifier.wrongCount(), ghosts, load.badReplyCount());
        System.out.println(isEqual ?
            "the digests of all members are equal" : "THE MEMBERS DIFFER, or did not catch up in time");
        final boolean isGood = 0 == lost && 0 == verifier.wrongCount() && 0 == ghosts &&
            0 == load.badReplyCount() && isEqual && load.acknowledged().cardinality() > 0;
        return isGood ? 0 : 1;
    }

    private void printLatencies()
    {
        System.out.println("latency of acknowledged writes, from when they were due (us, " +
            (0 == outstanding ? rate + " writes/s)" : outstanding + " under way)"));
        for (final double percentile : PERCENTILES)
        {
            System.out.printf("  %-7s %12s%n", 100 == percentile ? "max" : "p" + trim(percentile),
                micros(load.total().getValueAtPercentile(percentile)));
        }
        System.out.println();
    }

    private static String trim(final double percentile)
    {
        return percentile == Math.rint(percentile) ?
            Long.toString(Math.round(percentile)) : Double.toString(percentile);
    }
}
