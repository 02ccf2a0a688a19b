package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.agrona.IoUtil;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The flusher in a thread of its own, under load, while its owner cuts and reads what it likes. */
class LogFlusherThreadTest
{
    private static final int STEPS = 5_000;

    @TempDir
    private Path directory;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldHoldWhatItShouldWhenCutWhileTheFlusherIsAtWork(final Durability durability) throws Exception
    {
        final LogHistory history;
        try (FileStorage storage = FileStorage.open(directory))
        {
            final LogHarness harness = new LogHarness(storage, durability).open();
            history = harness.history;
            try (AgentRunner runner = new AgentRunner(
                new YieldingIdleStrategy(), failure::set, null, harness.log.flusher()))
            {
                AgentRunner.startOnThread(runner);
                work(harness);
            }
            assertEquals(null, failure.get());
            harness.check();
            harness.close();
        }
        try (FileStorage storage = FileStorage.open(directory))
        {
            final LogHarness again = new LogHarness(storage, durability).open();
            history.checkEqual(again.log);
            again.close();
        }
    }

    /** On a file system that forces at once the flusher is at work all the time, in the very segment that grows. */
    @Test
    void shouldSealEveryFrameRightWhenTheFlusherIsNeverIdle() throws Exception
    {
        final Path memory = Path.of("/dev/shm");
        final Path place = Files.isDirectory(memory) ? Files.createTempDirectory(memory, "ukehi-log") : directory;
        try (FileStorage storage = FileStorage.open(place))
        {
            final LogConfig config = LogHarness.config(Durability.BATCH).segmentLength(32 * 1024 * 1024);
            final SegmentedLog log = SegmentedLog.open(storage, config, System::nanoTime);
            final UnsafeBuffer payload = new UnsafeBuffer(new byte[40]);
            try (AgentRunner runner = new AgentRunner(
                new YieldingIdleStrategy(), failure::set, null, log.flusher()))
            {
                AgentRunner.startOnThread(runner);
                for (int i = 1; i <= 300_000; i++)
                {
                    log.append(1, 1, i, i, payload, 0, 40);
                    log.flush();
                }
            }
            assertEquals(null, failure.get());
            assertEquals(300_000, log.lastIndex());
            log.close();
            final SegmentedLog again = SegmentedLog.open(storage, config, System::nanoTime);
            assertEquals(300_000, again.lastIndex());
            again.close();
        }
        finally
        {
            if (place != directory)
            {
                IoUtil.delete(place.toFile(), false);
            }
        }
    }

    private static void work(final LogHarness harness)
    {
        final SplittableRandom random = new SplittableRandom(11);
        final LogHistory history = harness.history;
        final LogCursor cursor = new LogCursor();
        long durable = 0;
        for (int i = 0; i < STEPS; i++)
        {
            final long index = history.append(harness.log, random.nextInt(300));
            if (index < 0 || 0 == random.nextInt(4))
            {
                harness.log.flush();
                Thread.yield();
            }
            final long now = harness.log.durableIndex();
            assertTrue(now >= durable && now <= history.lastIndex(), "the durable index rises");
            durable = now;
            if (0 == random.nextInt(500))
            {
                final long from = Math.max(1, history.lastIndex() - random.nextInt(200));
                harness.truncateFrom(from);
                durable = from - 1;
                assertEquals(durable, harness.log.durableIndex());
            }
            if (0 == random.nextInt(50) && history.lastIndex() > 0)
            {
                harness.log.read(1 + random.nextLong(history.lastIndex()), Long.MAX_VALUE, 1_000, cursor);
                assertTrue(cursor.next());
                assertEquals(history.termAt(cursor.index()), cursor.term());
            }
        }
        final long deadline = System.nanoTime() + 20_000_000_000L;
        while (harness.log.durableIndex() < history.lastIndex())
        {
            harness.log.flush();
            assertTrue(System.nanoTime() < deadline, "everything becomes durable");
            Thread.yield();
        }
    }
}
