package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Power cuts of a real file system: ext4 in an image on a loop mount that is shut down under a process which appends,
 * without its journal being flushed. Whatever that process was told to be durable is there afterwards. Needs root,
 * {@code mkfs.ext4} and {@code xfs_io}; the system property {@code ukehi.powercuts} says how many cuts.
 */
@Tag("process")
@Timeout(600)
class PowerCutTest
{
    private static final int CUTS = Integer.getInteger("ukehi.powercuts", 3);

    @TempDir
    private Path directory;
    private Path mount;

    @BeforeEach
    void makeFileSystem() throws Exception
    {
        assumeTrue("root".equals(System.getProperty("user.name")), "not root: cannot mount a file system");
        assumeTrue(0 == run("sh", "-c", "command -v mkfs.ext4 && command -v xfs_io && command -v mount"),
            "mkfs.ext4 or xfs_io (package xfsprogs) is not installed");
        final Path image = directory.resolve("image");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw"))
        {
            file.setLength(256L * 1024 * 1024);
        }
        mount = Files.createDirectory(directory.resolve("mount"));
        assertEquals(0, run("mkfs.ext4", "-q", image.toString()));
        assumeTrue(0 == run("mount", "-o", "loop", image.toString(), mount.toString()), "no loop mounts here");
    }

    @AfterEach
    void removeFileSystem() throws Exception
    {
        if (null != mount)
        {
            run("umount", mount.toString());
        }
    }

    private static int run(final String... command) throws IOException, InterruptedException
    {
        final Process process = new ProcessBuilder(command)
            .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> "does not end: " + String.join(" ", command));
        return process.exitValue();
    }

    @Test
    void shouldHoldWhatWasToldDurableWhenPowerGoesUnderLoad() throws Exception
    {
        final SplittableRandom random = new SplittableRandom(1);
        long durable = 0;
        long torn = 0;
        for (int cut = 0; cut < CUTS; cut++)
        {
            durable = Math.max(durable, writeUntilPowerGoes(100 + random.nextInt(400)));
            assertEquals(0, run("umount", mount.toString()));
            assertEquals(0, run("mount", "-o", "loop", directory.resolve("image").toString(), mount.toString()));
            torn += checkHolds(durable);
        }
        System.out.printf("%d power cuts, %,d entries durable, %,d bytes of torn tails%n", CUTS, durable, torn);
        assertTrue(durable > 100 * CUTS, "there was a load");
    }

    /** Returns the last index that the process was told to be durable. */
    private long writeUntilPowerGoes(final int millis) throws Exception
    {
        final Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
            "-cp", System.getProperty("java.class.path"), PowerCutWorker.class.getName(),
            mount.resolve("data").toString())
            .redirectErrorStream(true).start();
        long durable = 0;
        try (BufferedReader output = new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)))
        {
            final String first = output.readLine();
            assertTrue(null != first && first.startsWith("term "), () -> "the process says: " + first);
            final Thread cutter = new Thread(() -> cutPower(millis), "power-cutter");
            cutter.start();
            for (String line = output.readLine(); null != line; line = output.readLine())
            {
                if (line.startsWith("durable "))
                {
                    durable = Long.parseLong(line.substring("durable ".length()));
                }
            }
            cutter.join();
        }
        finally
        {
            process.destroyForcibly();
        }
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        return durable;
    }

    private void cutPower(final int millis)
    {
        try
        {
            Thread.sleep(millis);
            assertEquals(0, run("xfs_io", "-x", "-c", "shutdown", mount.toString()));
        }
        catch (final IOException | InterruptedException ex)
        {
            throw new IllegalStateException(ex);
        }
    }

    private long checkHolds(final long durable)
    {
        try (FileStorage storage = FileStorage.open(mount.resolve("data"));
            SegmentedLog log = SegmentedLog.open(storage, PowerCutWorker.config().bootId(2), System::nanoTime))
        {
            assertTrue(log.lastIndex() >= durable,
                () -> "entry " + durable + " was durable, the log ends with " + log.lastIndex());
            assertEquals(0, log.recovery().doubtfulTo());
            final LogCursor cursor = new LogCursor();
            long index = 1;
            while (index <= log.lastIndex())
            {
                assertTrue(log.read(index, Long.MAX_VALUE, 64 * 1024, cursor) > 0);
                while (cursor.next())
                {
                    assertEquals(index, cursor.index());
                    final byte[] payload = new byte[cursor.payloadLength()];
                    cursor.buffer().getBytes(cursor.payloadOffset(), payload);
                    assertArrayEquals(PowerCutWorker.payload(index), payload);
                    index++;
                }
            }
            return log.recovery().tornBytes();
        }
    }
}
