package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.log.Durability;
import io.ukehi.log.FileStorage;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FlusherIdleStrategyTest
{
    private static final long TIMEOUT_NS = 20_000_000_000L;

    @TempDir
    private Path directory;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    /** It sleeps for ever, so that nothing but being woken lets it do what is waited for. */
    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldWakeTheFlusherWhenSomebodyWaitsForIt(final Durability durability)
    {
        try (FileStorage storage = FileStorage.open(directory))
        {
            final SegmentedLog log = SegmentedLog.open(
                storage, new LogConfig().durability(durability).maxPayloadLength(1024).segmentLength(1024 * 1024),
                System::nanoTime);
            final AgentRunner runner = new AgentRunner(
                new FlusherIdleStrategy(log.flusher(), Long.MAX_VALUE), failure::set, null, log.flusher());
            try
            {
                final Thread thread = AgentRunner.startOnThread(runner);
                await("asleep", () -> Thread.State.TIMED_WAITING == thread.getState());
                for (int i = 1; i <= 3; i++)
                {
                    final long index = i;
                    assertEquals(index, log.append(1, 1, i, i, new UnsafeBuffer(new byte[8]), 0, 8));
                    log.flush();
                    await("durable", () -> index == log.durableIndex());
                    await("asleep", () -> Thread.State.TIMED_WAITING == thread.getState());
                }
                log.truncateFrom(2);
                assertEquals(1, log.durableIndex());
                await("asleep", () -> Thread.State.TIMED_WAITING == thread.getState());
            }
            finally
            {
                // It is not woken by the end of its runner, but by the interrupt that follows.
                runner.close(1, thread -> {});
                log.close();
            }
            assertEquals(null, failure.get());
        }
    }

    private static void await(final String what, final BooleanSupplier condition)
    {
        final long deadlineNs = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean())
        {
            assertTrue(System.nanoTime() - deadlineNs < 0, what);
            Thread.yield();
        }
    }
}
