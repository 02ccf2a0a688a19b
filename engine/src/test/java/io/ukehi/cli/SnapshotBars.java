package io.ukehi.cli;

import io.ukehi.node.NodeCounters;
import java.io.BufferedInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.agrona.CloseHelper;
import org.agrona.IoUtil;

/**
 * What snapshots must show, at any size: {@code SnapshotBars taking|disk|restart|transfer MIB [SECONDS]}. The tests of
 * {@link SnapshotProcessTest} run it small.
 */
final class SnapshotBars
{
    private static final int FILL_LENGTH = 16 * 1024;
    private static final int SMALL_LENGTH = 64;
    private static final int WARM_UP_SECONDS = 3;

    /** What is compiled while a member takes its first snapshot takes the one of two cores that others wait for. */
    private static final int WARM_UP_MIB = 128;
    private static final long MIB = 1024 * 1024;

    private SnapshotBars()
    {
    }

    public static void main(final String[] args) throws IOException
    {
        final Path directory = Path.of(System.getProperty("ukehi.test.directory", "ukehi-data/snapshot-bars"));
        final long mib = Long.parseLong(args[1]);
        final double seconds = args.length > 2 ? Double.parseDouble(args[2]) : 10;
        final boolean isMet = switch (args[0])
        {
            case "taking" -> taking(directory, mib, seconds, Integer.getInteger("ukehi.test.rate", 5_000));
            case "disk" -> disk(directory, mib, Long.getLong("ukehi.test.segment", 64), seconds);
            case "restart" -> restart(directory, mib, Long.getLong("ukehi.test.entries", 1_000_000));
            case "transfer" -> transfer(
                directory, mib, Integer.getInteger("ukehi.test.cuts", 20), Boolean.getBoolean("ukehi.test.loss"));
            case "behind" -> behind(
                directory, Long.getLong("ukehi.test.entries", 2_000_000), seconds,
                Integer.getInteger("ukehi.test.rate", 5_000));
            default -> throw new IllegalArgumentException(args[0]);
        };
        System.out.println(isMet ? "shown" : "NOT shown");
        System.exit(isMet ? 0 : 1);
    }

    /** Snapshots of all members under load: gaps between acknowledgements, and memory, without and with. */
    static boolean taking(final Path directory, final long mib, final double seconds, final int rate)
        throws IOException
    {
        try (SnapshotWorkbench bench = new SnapshotWorkbench(directory, null))
        {
            final long keys = mib * MIB / FILL_LENGTH;
            final long firstKeys = Math.min(keys, WARM_UP_MIB * MIB / FILL_LENGTH);
            // Due one second after what is compared begins.
            final long due = firstKeys + keys + (long)(rate * (WARM_UP_SECONDS + 1));
            bench.cluster.setting("ukehi.snapshot.entries", due).setting("ukehi.snapshot.retention", 1);
            bench.startAll();
            bench.fill(firstKeys, firstKeys, FILL_LENGTH);
            bench.takeSnapshots();
            bench.fill(keys, keys, FILL_LENGTH);
            bench.load(rate, WARM_UP_SECONDS, 1000, SMALL_LENGTH, () -> false);
            final long[] memory = new long[SnapshotWorkbench.SIZE + 1];
            for (int id = 1; id <= SnapshotWorkbench.SIZE; id++)
            {
                memory[id] = bench.memoryKib(id);
            }
            final long[] peak = memory.clone();
            final long[] sampledNs = {0};
            final long beganNs = System.nanoTime();
            bench.load(rate, seconds, 1000, SMALL_LENGTH, () -> isTaking(bench, due, peak, sampledNs));
            final double tookSeconds = (System.nanoTime() - beganNs) / 1e9;
            final double gapWith = bench.longestGapMs();
            final double p99With = bench.latencies().getValueAtPercentile(99) / 1e3;
            // As long again, and looked at as often: the longest of more gaps is longer, and to look is one as well.
            bench.load(rate, tookSeconds, 1000, SMALL_LENGTH, () -> false, () ->
            {
                isTaking(bench, due, peak, sampledNs);
                return false;
            });
            final double gapWithout = bench.longestGapMs();
            final double p99Without = bench.latencies().getValueAtPercentile(99) / 1e3;
            System.out.printf("%d MiB, %d commands/s: longest gap %.1f ms without, %.1f ms while all take one in " +
                "turn (%.1f s); p99 %.0f us and %.0f us%n",
                mib, rate, gapWithout, gapWith, tookSeconds, p99Without, p99With);
            long grown = 0;
            for (int id = 1; id <= SnapshotWorkbench.SIZE; id++)
            {
                System.out.printf("member %d: snapshot of %d MiB, own memory %d MiB before, %d MiB at most%n",
                    id, bench.bytesOf(id, ".part-") / MIB, memory[id] / 1024, peak[id] / 1024);
                grown = Math.max(grown, peak[id] - memory[id]);
            }
            return gapWith - gapWithout <= 5 && grown / 1024 < Math.max(96, mib / 2);
        }
    }

    private static boolean isTaking(
        final SnapshotWorkbench bench, final long due, final long[] peak, final long[] sampledNs)
    {
        if (System.nanoTime() - sampledNs[0] < 200_000_000)
        {
            return true;
        }
        sampledNs[0] = System.nanoTime();
        boolean isTaking = false;
        for (int id = 1; id <= SnapshotWorkbench.SIZE; id++)
        {
            try
            {
                peak[id] = Math.max(peak[id], bench.memoryKib(id));
            }
            catch (final IOException ex)
            {
                throw new UncheckedIOException(ex);
            }
            isTaking |= bench.counter(id, NodeCounters.Kind.SNAPSHOT_INDEX) < due;
        }
        return isTaking;
    }

    /** The highest rate, with snapshots each 10,000 entries: what the files take. */
    static boolean disk(final Path directory, final long mib, final long segmentMib, final double seconds)
        throws IOException
    {
        try (SnapshotWorkbench bench = new SnapshotWorkbench(directory, null))
        {
            bench.cluster.setting("ukehi.snapshot.retention", 1).setting("ukehi.segment.length", segmentMib * MIB)
                .setting("ukehi.snapshot.tail.entries", DiskUse.TAIL)
                .setting("ukehi.snapshot.lag.entries", DiskUse.TAIL);
            bench.startAll();
            final long keys = mib * MIB / DiskUse.VALUE_LENGTH;
            bench.fill(keys, keys, DiskUse.VALUE_LENGTH);
            final DiskUse use = new DiskUse(bench, keys, segmentMib * MIB);
            final long beganNs = System.nanoTime();
            long commands = 0;
            while ((System.nanoTime() - beganNs) / 1e9 < seconds)
            {
                bench.fill(5_000, keys, DiskUse.VALUE_LENGTH);
                commands += 5_000;
                use.sample();
            }
            final double took = (System.nanoTime() - beganNs) / 1e9;
            System.out.printf("%.0f s at %.0f commands/s, state %d MiB: %s%n", took, commands / took, mib, use);
            return use.isBelow();
        }
    }

    /** A start from a snapshot and the log behind it, beside reading the same files. */
    static boolean restart(final Path directory, final long mib, final long entries) throws IOException
    {
        try (SnapshotWorkbench bench = new SnapshotWorkbench(directory, null))
        {
            bench.cluster.setting("ukehi.snapshot.entries", 0);
            bench.startAll();
            final long keys = mib * MIB / FILL_LENGTH;
            bench.fill(keys, keys, FILL_LENGTH);
            final int id = bench.followerOtherThan(0);
            bench.client().takeSnapshot(id, TimeUnit.SECONDS.toNanos(10));
            SnapshotWorkbench.await(
                120, "a snapshot", () -> bench.counter(id, NodeCounters.Kind.SNAPSHOT_INDEX) > 0);
            final long snapshotIndex = bench.counter(id, NodeCounters.Kind.SNAPSHOT_INDEX);
            bench.fill(entries, 1000, SMALL_LENGTH);
            final long last = bench.status(bench.leaderId()).commitIndex();
            SnapshotWorkbench.await(60, "all applied", () -> bench.status(id).appliedIndex() >= last);
            bench.cluster.kill(id);
            double read = Double.MAX_VALUE;
            for (int i = 0; i < 3; i++)
            {
                read = Math.min(read, readFiles(directory.resolve("node-" + id)));
            }
            final long snapshot = bench.bytesOf(id, ".part-");
            final long log = bench.bytesOf(id, "wal-");
            // What is left of the counters of the life before says nothing of this one.
            IoUtil.delete(new File(bench.cluster.aeronDirectory(id)), true);
            final long beganNs = System.nanoTime();
            bench.cluster.start(id);
            final double up = secondsUntil(beganNs, () -> bench.counter(id, NodeCounters.Kind.REPLAY_TO_INDEX) > 0);
            final double loaded =
                secondsUntil(beganNs, () -> bench.counter(id, NodeCounters.Kind.APPLIED_INDEX) >= snapshotIndex);
            final double took =
                secondsUntil(beganNs, () -> bench.counter(id, NodeCounters.Kind.APPLIED_INDEX) >= last);
            final double bare = loadBare(directory.resolve("node-" + id).resolve("snapshot"));
            System.out.printf("snapshot of %d MiB and %d MiB of log (%d entries): member %d has opened them %.2f s " +
                "after its process was started, loaded the one after %.2f s and applied the other after %.2f s; " +
                "reading the files takes %.2f s%nloading took %.2f s; to map the snapshot, to sum it and to copy it " +
                "into new memory, and nothing else, %.2f s, %.2f of that%n%s%n",
                snapshot / MIB, log / MIB, entries, id, up, loaded, took, read, loaded - up, bare,
                bare / (loaded - up), lastLines(directory.resolve("node-" + id + ".out")));
            // It is no start from a snapshot if there is none; and a small one is loaded before its code is compiled.
            return bench.counter(id, NodeCounters.Kind.SNAPSHOT_INDEX) == snapshotIndex &&
                (mib < 256 || bare >= (loaded - up) / 2);
        }
    }

    /** What no way of loading a state off heap can do without: once over each byte, and as much memory. */
    private static double loadBare(final Path directory) throws IOException
    {
        final long beganNs = System.nanoTime();
        final List<ByteBuffer> state = new ArrayList<>();
        final CRC32C crc = new CRC32C();
        try (Stream<Path> files = Files.list(directory))
        {
            for (final Path part : files.filter(file -> file.toString().contains(".part-")).toList())
            {
                try (FileChannel channel = FileChannel.open(part, StandardOpenOption.READ))
                {
                    final ByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
                    crc.update(mapped);
                    state.add(ByteBuffer.allocateDirect(mapped.capacity()).put(mapped.rewind()));
                }
            }
        }
        final double seconds = (System.nanoTime() - beganNs) / 1e9;
        System.out.printf("sum %08x of %d files%n", crc.getValue(), state.size());
        return seconds;
    }

    private static double secondsUntil(final long beganNs, final BooleanSupplier condition)
    {
        while (!condition.getAsBoolean())
        {
            if (System.nanoTime() - beganNs > TimeUnit.MINUTES.toNanos(2))
            {
                throw new IllegalStateException("not within two minutes");
            }
            SnapshotWorkbench.sleep(5);
        }
        return (System.nanoTime() - beganNs) / 1e9;
    }

    private static String lastLines(final Path file) throws IOException
    {
        final List<String> lines = Files.readAllLines(file);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 4), lines.size()));
    }

    private static double readFiles(final Path directory) throws IOException
    {
        final long beganNs = System.nanoTime();
        final byte[] buffer = new byte[1 << 20];
        try (Stream<Path> files = Files.walk(directory))
        {
            for (final Path file : files.filter(Files::isRegularFile).toList())
            {
                try (InputStream input = new BufferedInputStream(Files.newInputStream(file), 1))
                {
                    while (input.read(buffer) > 0)
                    {
                        // That is all.
                    }
                }
            }
        }
        return (System.nanoTime() - beganNs) / 1e9;
    }

    /** A member without anything is sent a snapshot, and the transfer is cut again and again. */
    static boolean transfer(final Path directory, final long mib, final int cuts, final boolean isLossy)
        throws IOException
    {
        final ChaosNetwork network = isLossy ? ChaosNetwork.open(SnapshotWorkbench.SIZE) : null;
        try (SnapshotWorkbench bench = new SnapshotWorkbench(directory, network))
        {
            final long keys = mib * MIB / FILL_LENGTH;
            bench.cluster.setting("ukehi.snapshot.entries", keys)
                .setting("ukehi.snapshot.tail.entries", 0).setting("ukehi.snapshot.lag.entries", 0)
                .setting("ukehi.segment.length", 8 * MIB);
            bench.startAll();
            final int away = bench.followerOtherThan(0);
            bench.cluster.kill(away);
            bench.fill(keys + keys / 10, keys, FILL_LENGTH);
            for (int id = 1; id <= SnapshotWorkbench.SIZE; id++)
            {
                final int member = id;
                SnapshotWorkbench.await(120 + mib / 4, "a snapshot, and no log below", () -> member == away ||
                    bench.counter(member, NodeCounters.Kind.SNAPSHOT_INDEX) > 0 &&
                    bench.counter(member, NodeCounters.Kind.FIRST_INDEX) > 1);
            }
            // What its values take; its files are longer, since the last part of them is not full.
            final long snapshot = mib * MIB;
            if (isLossy)
            {
                lose(network, away);
            }
            final long beganNs = System.nanoTime();
            final long sent = cutAgainAndAgain(bench, away, cuts, mib);
            System.out.printf("%d MiB sent to member %d%s, cut %d times: %.1f s, %d MiB sent in all, %.2f times what " +
                "it holds%n", snapshot / MIB, away, isLossy ? ", which loses 5 % of what it hears" : "", cuts,
                (System.nanoTime() - beganNs) / 1e9, sent / MIB, (double)sent / snapshot);
            return sent <= 1.3 * snapshot;
        }
        finally
        {
            CloseHelper.close(network);
        }
    }

    private static void lose(final ChaosNetwork network, final int id) throws IOException
    {
        final List<String> command = new ArrayList<>(network.prefix(id));
        command.addAll(List.of("iptables", "-A", "INPUT", "-p", "udp", "-m", "statistic", "--mode", "random",
            "--probability", "0.05", "-j", "DROP"));
        final Process process = new ProcessBuilder(command).inheritIO().start();
        try
        {
            if (0 != process.waitFor())
            {
                throw new IOException("no iptables");
            }
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
        }
    }

    /** The receiver is killed, or the leader is, or leadership goes on to another. Returns the bytes sent. */
    private static long cutAgainAndAgain(
        final SnapshotWorkbench bench, final int away, final int cuts, final long mib) throws IOException
    {
        final SplittableRandom random = new SplittableRandom(7);
        final long[] sentBefore = new long[SnapshotWorkbench.SIZE + 1];
        bench.cluster.start(away);
        for (int cut = 0; cut < cuts; cut++)
        {
            final int wanted = 95 * (cut + 1) / (cuts + 1);
            SnapshotWorkbench.await(60 + mib / 4, "progress to " + wanted + " %", () ->
                bench.counter(away, NodeCounters.Kind.SNAPSHOT_RECEIVED_PERCENT) >= wanted ||
                bench.counter(away, NodeCounters.Kind.SNAPSHOT_INDEX) > 0);
            final int leader = bench.leaderId();
            switch (random.nextInt(3))
            {
                case 0 ->
                {
                    bench.cluster.kill(away);
                    bench.cluster.start(away);
                }
                case 1 ->
                {
                    bench.cluster.kill(leader);
                    sentBefore[leader] += Math.max(0, bench.counter(leader, NodeCounters.Kind.SNAPSHOT_SENT_BYTES));
                    bench.cluster.start(leader);
                    bench.connect();
                }
                default -> bench.client().transferLeadership(
                    SnapshotWorkbench.SIZE * 2 - away - leader, TimeUnit.SECONDS.toNanos(20));
            }
        }
        SnapshotWorkbench.await(60 + mib / 4, "the snapshot is there", () ->
            bench.counter(away, NodeCounters.Kind.SNAPSHOT_INDEX) > 0);
        long sent = Arrays.stream(sentBefore).sum();
        for (int id = 1; id <= SnapshotWorkbench.SIZE; id++)
        {
            sent += id == away ? 0 : Math.max(0, bench.counter(id, NodeCounters.Kind.SNAPSHOT_SENT_BYTES));
        }
        return sent;
    }

    /** A member is away for many entries, and comes back under load. */
    static boolean behind(final Path directory, final long entries, final double seconds, final int rate)
        throws IOException
    {
        try (SnapshotWorkbench bench = new SnapshotWorkbench(directory, null))
        {
            bench.startAll();
            final long keys = Long.getLong("ukehi.test.keys", 400_000);
            // Before: with all members, and the same state as later on.
            bench.fill(keys, keys, SMALL_LENGTH);
            final double before = measure(bench, rate, seconds, keys);
            final int away = bench.followerOtherThan(0);
            bench.cluster.kill(away);
            bench.fill(entries, keys, SMALL_LENGTH);
            final double without = measure(bench, rate, seconds, keys);
            final long leaderSent = bench.counter(bench.leaderId(), NodeCounters.Kind.SNAPSHOT_SENT_BYTES);
            bench.cluster.start(away);
            bench.leaveItTheRest(away);
            bench.load(rate, 60, keys, SMALL_LENGTH, () -> false, () -> bench.counter(
                away, NodeCounters.Kind.SNAPSHOT_RECEIVED_PERCENT) >= 0 ||
                bench.counter(away, NodeCounters.Kind.SNAPSHOT_INDEX) > 0);
            final long beganNs = System.nanoTime();
            bench.load(rate, 120, keys, SMALL_LENGTH, () -> false, () -> isCaughtUp(bench, away));
            final double during = bench.latencies().getValueAtPercentile(99) / 1e3;
            final double took = (System.nanoTime() - beganNs) / 1e9;
            final long sent = bench.counter(bench.leaderId(), NodeCounters.Kind.SNAPSHOT_SENT_BYTES) - leaderSent;
            final double after = measure(bench, rate, seconds, keys);
            System.out.printf("%d entries behind, %d commands/s: p99 %.0f us before, %.0f us with a member away, " +
                "%.0f us during %.1f s of transfer and catching up (%d MiB of snapshot sent), %.0f us after; " +
                "%.2f times%n",
                entries, rate, before, without, during, took, sent / MIB, after, during / before);
            return sent > 0 && during <= 1.5 * before;
        }
    }

    /** p99 in microseconds of some seconds, once it has run for a while. */
    private static double measure(final SnapshotWorkbench bench, final int rate, final double seconds, final long keys)
    {
        bench.load(rate, WARM_UP_SECONDS, keys, SMALL_LENGTH, () -> false);
        bench.load(rate, seconds, keys, SMALL_LENGTH, () -> false);
        return bench.latencies().getValueAtPercentile(99) / 1e3;
    }

    private static boolean isCaughtUp(final SnapshotWorkbench bench, final int away)
    {
        return bench.counter(away, NodeCounters.Kind.APPLIED_INDEX) + 2_000 >
            bench.counter(bench.leaderId(), NodeCounters.Kind.APPLIED_INDEX);
    }
}
