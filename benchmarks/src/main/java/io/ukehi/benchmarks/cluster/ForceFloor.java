package io.ukehi.benchmarks.cluster;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What the disk itself takes: 4 KiB written and forced (fdatasync), one after the other, to a file that was allocated
 * before. Whatever is acknowledged only when it is durable cannot be faster, but for what it forces together.
 */
final class ForceFloor
{
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 4096;
    private static final int FORCES = 4 * BLOCKS;
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(5);

    private ForceFloor()
    {
    }

    static void run(final Path directory, final PrintStream out) throws IOException
    {
        Files.createDirectories(directory);
        final Path path = directory.resolve("force-floor");
        final Histogram histogram = new Histogram(TimeUnit.SECONDS.toNanos(60), 3);
        final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE))
        {
            for (int i = 0; i < BLOCKS; i++)
            {
                file.write(block.clear(), (long)i * BLOCK);
            }
            file.force(true);
            final long beganNs = System.nanoTime();
            for (int i = 0; i < FORCES && System.nanoTime() - beganNs < LIMIT_NS; i++)
            {
                final long fromNs = System.nanoTime();
                block.putInt(0, i);
                file.write(block.clear(), (long)(i % BLOCKS) * BLOCK);
                file.force(false);
                histogram.recordValue(System.nanoTime() - fromNs);
            }
        }
        finally
        {
            Files.delete(path);
        }
        out.printf("%na bare force of 4 KiB on this disk: p50 %.1f us, p99 %.1f us (%d of them)%n",
            histogram.getValueAtPercentile(50) / 1e3, histogram.getValueAtPercentile(99) / 1e3,
            histogram.getTotalCount());
    }
}
