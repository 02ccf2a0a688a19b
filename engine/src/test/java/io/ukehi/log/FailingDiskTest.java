package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * System calls of a real process that fail from some moment on, by {@code strace}: it says so and ends, tells nobody of
 * anything durable any more, and what it told before is there. {@code msync} is not in use: a mapping is never forced,
 * its file is.
 */
@Tag("process")
@Timeout(120)
class FailingDiskTest
{
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "fdatasync, EIO, 30, cannot force",
        "fdatasync, ENOSPC, 31, cannot force",
        "fdatasync, EIO, 60, cannot force",
        "pwrite64, EIO, 180, cannot write",
        "pwrite64, EIO, 401, cannot write",
        "pwrite64, ENOSPC, 180, cannot write",
        "pwrite64, ENOSPC, 402, cannot write"})
    void shouldEndAndHoldWhatItToldWhenASystemCallFails(
        final String systemCall, final String error, final int when, final String message) throws Exception
    {
        assumeTrue(hasStrace(), "strace is not installed, or may not trace");
        final Path data = directory.resolve("data");
        final Process process = new ProcessBuilder(
            "strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + systemCall,
            "-e", "inject=" + systemCall + ":error=" + error + ":when=" + when + "+",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
            "-cp", System.getProperty("java.class.path"), PowerCutWorker.class.getName(), data.toString())
            .redirectErrorStream(true).start();
        long durable = 0;
        String last = "";
        try (BufferedReader output = new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)))
        {
            for (String line = output.readLine(); null != line; line = output.readLine())
            {
                last = line;
                durable = line.startsWith("durable ") ? Long.parseLong(line.substring(8)) : durable;
            }
        }
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        assertEquals(1, process.exitValue());
        final String said = last;
        assertTrue(said.startsWith("failed ") && said.contains(message), said);
        checkHolds(data, durable);
    }

    private static boolean hasStrace() throws InterruptedException
    {
        try
        {
            return 0 == new ProcessBuilder("strace", "-f", "-qq", "-o", "/dev/null", "true").start().waitFor();
        }
        catch (final IOException ex)
        {
            return false;
        }
    }

    private static void checkHolds(final Path data, final long durable)
    {
        try (FileStorage storage = FileStorage.open(data);
            SegmentedLog log = SegmentedLog.open(storage, PowerCutWorker.config(), System::nanoTime))
        {
            assertTrue(log.lastIndex() >= durable,
                () -> "entry " + durable + " was durable, the log ends with " + log.lastIndex());
            final LogCursor cursor = new LogCursor();
            long index = 1;
            while (index <= log.lastIndex())
            {
                assertTrue(log.read(index, Long.MAX_VALUE, 64 * 1024, cursor) > 0);
                while (cursor.next())
                {
                    final byte[] payload = new byte[cursor.payloadLength()];
                    cursor.buffer().getBytes(cursor.payloadOffset(), payload);
                    assertArrayEquals(PowerCutWorker.payload(index), payload);
                    index++;
                }
            }
        }
    }
}
