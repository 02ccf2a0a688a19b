package io.ukehi.cli;

import io.aeron.CncFileDescriptor;
import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.client.ClientContext;
import io.ukehi.client.MemberStatus;
import io.ukehi.client.Outcome;
import io.ukehi.client.UkehiClient;
import io.ukehi.client.UkehiClientException;
import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.kv.KvCodec;
import io.ukehi.log.Durability;
import io.ukehi.node.NodeCounters;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.MappedByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.agrona.CloseHelper;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.status.CountersReader;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.agrona.IoUtil;
import org.HdrHistogram.Histogram;

/**
 * Three members as processes of their own, a client that loads them, and what can be seen of their snapshots from
 * outside: counters, also of a member that was killed, files, and memory.
 */
final class SnapshotWorkbench implements AutoCloseable
{
    private static final long TIMEOUT_NS = TimeUnit.MINUTES.toNanos(1);
    static final int SIZE = 3;
    private static final int MAX_LENGTH = 64 * 1024;
    private static final int MAX_OUTSTANDING = 512;
    private static final int SLOTS = 1 << 20;

    /** What the members get of what is given to the bench. */
    private static final List<String> PASSED_ON =
        List.of("ukehi.driver.mode", "ukehi.idle.strategy", "ukehi.snapshot.write.rate");

    final ChaosCluster cluster;
    final Path directory;
    private final MediaDriver driver;
    private final IdleStrategy idle = new BackoffIdleStrategy(100, 100, 1_000, 50_000);
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[DemoLoad.KEY_LENGTH]);
    private final UnsafeBuffer value = new UnsafeBuffer(new byte[MAX_LENGTH]);
    private final UnsafeBuffer command = new UnsafeBuffer(
        new byte[KvCodec.putLength(DemoLoad.KEY_LENGTH, MAX_LENGTH)]);
    private final long[] dueNs = new long[SLOTS];
    private UkehiClient client;
    private long sent;
    private long ended;
    private long lastAckNs;
    private long longestGapNs;
    private Histogram latencies = new Histogram(60_000_000_000L, 3);

    SnapshotWorkbench(final Path directory, final ChaosNetwork network) throws IOException
    {
        this.directory = directory;
        // What is left of a run that was killed has members at other ports.
        IoUtil.delete(directory.toFile(), true);
        Files.createDirectories(directory);
        final String driverDirectory = CommonContext.generateRandomDirName();
        driver = MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(driverDirectory)
            .threadingMode(ThreadingMode.SHARED)
            .sharedIdleStrategy(new BackoffIdleStrategy(20, 50, 1_000, 100_000))
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true));
        cluster = new ChaosCluster(SIZE, directory, driverDirectory, Durability.BATCH, false, network)
            .setting("ukehi.max.command.length", MAX_LENGTH + 1024)
            .setting("ukehi.snapshot.transfer.rate", Long.getLong("ukehi.test.transfer.rate", 32 << 20));
        for (final String name : PASSED_ON)
        {
            final String set = System.getProperty(name);
            if (null != set)
            {
                cluster.setting(name, set);
            }
        }
    }

    void startAll() throws IOException
    {
        for (int id = 1; id <= SIZE; id++)
        {
            cluster.start(id);
        }
        connect();
        for (int id = 1; id <= SIZE; id++)
        {
            // One that has nothing yet does not vote for who has something: without it, no other may be missing.
            final int member = id;
            await(60, "a vote of member " + id, () -> 0 == status(member).doubtfulTo());
        }
    }

    void connect()
    {
        CloseHelper.close(client);
        client = UkehiClient.connect(new ClientContext()
            .aeronDirectoryName(driver.aeronDirectoryName())
            .endpoints(cluster.endpoints())
            .responseChannel(cluster.responseChannel())
            .connectTimeoutNs(TimeUnit.SECONDS.toNanos(120))
            .messageTimeoutNs(TimeUnit.SECONDS.toNanos(20)));
    }

    UkehiClient client()
    {
        return client;
    }

    int leaderId()
    {
        return client.leaderId();
    }

    /** Any member's but this one's, which does not lead. */
    int followerOtherThan(final int id)
    {
        int follower = 1;
        while (follower == id || follower == leaderId())
        {
            follower++;
        }
        return follower;
    }

    /** As fast as can be, with so many outstanding, keys from a number of them. */
    void fill(final long count, final long keys, final int valueLength)
    {
        final long end = sent + count;
        while (sent < end || ended < sent)
        {
            boolean isWorking = false;
            while (sent < end && sent - ended < MAX_OUTSTANDING && offer(keys, valueLength, System.nanoTime()))
            {
                isWorking = true;
            }
            idle.idle((isWorking ? 1 : 0) + client.poll(this::onReply));
        }
    }

    /** Has each member take a snapshot, one after the other, and waits for it. */
    void takeSnapshots()
    {
        for (int id = 1; id <= SIZE; id++)
        {
            final long wantedIndex = client.status(id, TIMEOUT_NS).appliedIndex();
            final AdminCode code = client.takeSnapshot(id, TIMEOUT_NS);
            if (AdminCode.STARTED != code)
            {
                throw new IllegalStateException("member " + id + " takes no snapshot: " + code);
            }
            while (client.status(id, TIMEOUT_NS).snapshots().index() < wantedIndex)
            {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
        }
    }

    /** At a steady rate, for a time, and while a condition holds. What comes of it is {@link #latencies()}. */
    void load(final int rate, final double seconds, final long keys, final int valueLength, final BooleanSupplier more)
    {
        load(rate, seconds, keys, valueLength, more, () -> false);
    }

    /** The same, but that another condition ends it at once. It is looked at every 10 ms. */
    void load(
        final int rate, final double seconds, final long keys, final int valueLength, final BooleanSupplier more,
        final BooleanSupplier end)
    {
        long lookedNs = System.nanoTime();
        boolean isEnded = false;
        latencies = new Histogram(60_000_000_000L, 3);
        final long beganNs = System.nanoTime();
        final long firstSent = sent;
        lastAckNs = beganNs;
        longestGapNs = 0;
        long nowNs = beganNs;
        while (!isEnded && (nowNs - beganNs < seconds * 1e9 || more.getAsBoolean()))
        {
            if (nowNs - lookedNs > 10_000_000)
            {
                lookedNs = nowNs;
                isEnded = end.getAsBoolean();
            }
            int workCount = 0;
            long due = beganNs + (long)((sent - firstSent) * 1e9 / rate);
            while (due <= nowNs && workCount < 64 && offer(keys, valueLength, due))
            {
                workCount++;
                due = beganNs + (long)((sent - firstSent) * 1e9 / rate);
            }
            idle.idle(workCount + client.poll(this::onReply));
            nowNs = System.nanoTime();
        }
        while (ended < sent)
        {
            idle.idle(client.poll(this::onReply));
        }
    }

    private boolean offer(final long keys, final int valueLength, final long dueAtNs)
    {
        DemoLoad.putKey(key, sent % keys);
        value.putLong(0, sent);
        final int length = KvCodec.encodePut(command, 0, key, 0, DemoLoad.KEY_LENGTH, value, 0, valueLength);
        final long id = client.offer(command, 0, length);
        if (id < 0)
        {
            return false;
        }
        dueNs[(int)id & SLOTS - 1] = dueAtNs;
        sent++;
        return true;
    }

    private void onReply(
        final long correlationId, final Outcome outcome, final ReplyCode code, final long index, final long token,
        final DirectBuffer buffer, final int offset, final int length)
    {
        ended++;
        if (Outcome.COMMITTED == outcome)
        {
            final long nowNs = System.nanoTime();
            latencies.recordValue(Math.min(60_000_000_000L, nowNs - dueNs[(int)correlationId & SLOTS - 1]));
            longestGapNs = Math.max(longestGapNs, nowNs - lastAckNs);
            lastAckNs = nowNs;
        }
    }

    /** Of the load that ran last, in nanoseconds from when a command was due. */
    Histogram latencies()
    {
        return latencies;
    }

    /** Longest time between two acknowledgements. */
    double longestGapMs()
    {
        return longestGapNs / 1e6;
    }

    MemberStatus status(final int id)
    {
        return client.status(id, TimeUnit.SECONDS.toNanos(5));
    }

    /** Waits for something. */
    static void await(final double seconds, final String what, final BooleanSupplier condition)
    {
        final long beganNs = System.nanoTime();
        while (!quietly(condition))
        {
            if (System.nanoTime() - beganNs > seconds * 1e9)
            {
                throw new IllegalStateException("not within " + seconds + " s: " + what);
            }
            sleep(20);
        }
    }

    private static boolean quietly(final BooleanSupplier condition)
    {
        try
        {
            return condition.getAsBoolean();
        }
        catch (final UkehiClientException ex)
        {
            return false;
        }
    }

    /**
     * Leaves a member the processor time that nobody else wants, as if it had a machine of its own: what it costs
     * others to compile its code, to load a state and to replay a log is not what they pay where it has one. A lower
     * priority would not do: whoever has one may still end its slice.
     */
    void leaveItTheRest(final int id)
    {
        final List<String> command =
            List.of("chrt", "--all-tasks", "--idle", "-p", "0", Long.toString(cluster.pid(id)));
        try
        {
            if (0 != new ProcessBuilder(command).inheritIO().start().waitFor())
            {
                throw new ToolException("chrt failed");
            }
        }
        catch (final IOException ex)
        {
            System.out.println("no chrt: the member that comes back takes processor time from the others");
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            throw new ToolException("interrupted");
        }
    }

    static void sleep(final long millis)
    {
        try
        {
            Thread.sleep(millis);
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            throw new ToolException("interrupted");
        }
    }

    /** A counter of a member, as its media driver's file has it; -1 if there is none. Of a killed member the last. */
    long counter(final int id, final NodeCounters.Kind kind)
    {
        final File file = new File(cluster.aeronDirectory(id), CncFileDescriptor.CNC_FILE);
        if (!file.exists() || 0 == file.length())
        {
            return -1;
        }
        final MappedByteBuffer mapped = IoUtil.mapExistingFile(file, "counters");
        try
        {
            final UnsafeBuffer metaData = CncFileDescriptor.createMetaDataBuffer(mapped);
            final CountersReader counters = new CountersReader(
                CncFileDescriptor.createCountersMetaDataBuffer(mapped, metaData),
                CncFileDescriptor.createCountersValuesBuffer(mapped, metaData));
            final long[] found = {-1};
            counters.forEach((counterId, typeId, keyBuffer, label) ->
            {
                if (typeId == NodeCounters.TYPE_ID_BASE + kind.ordinal())
                {
                    found[0] = counters.getCounterValue(counterId);
                }
            });
            return found[0];
        }
        finally
        {
            IoUtil.unmap(mapped);
        }
    }

    /** Bytes of files of a member, by what their names contain. */
    long bytesOf(final int id, final String part)
    {
        try (Stream<Path> files = Files.walk(directory.resolve("node-" + id)))
        {
            return files.filter(file -> file.getFileName().toString().contains(part)).mapToLong(
                file -> file.toFile().isFile() ? file.toFile().length() : 0).sum();
        }
        catch (final IOException | UncheckedIOException ex)
        {
            // A file went while the directory was walked.
            return 0;
        }
    }

    /** Memory of a member's process that is its own, in KiB. */
    long memoryKib(final int id) throws IOException
    {
        for (final String line : Files.readAllLines(Path.of("/proc/" + cluster.pid(id) + "/status")))
        {
            if (line.startsWith("RssAnon:"))
            {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        return 0;
    }

    @Override
    public void close()
    {
        CloseHelper.closeAll(client, cluster, driver);
        IoUtil.delete(directory.toFile(), true);
    }
}
