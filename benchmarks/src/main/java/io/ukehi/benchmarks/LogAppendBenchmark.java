package io.ukehi.benchmarks;

import io.ukehi.log.Durability;
import io.ukehi.log.FileStorage;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.IoUtil;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the duty cycle pays to append an entry and hand it over to durability, over real files, while the flusher writes
 * and forces in a thread of its own. One operation is one entry, flushed by itself. Between invocations, which is not
 * measured, the flusher catches up, and a new log is begun where the segment is nearly full: what is measured is no
 * disk's bandwidth. Files lie in {@code -Dukehi.benchmark.dir}, or the temporary directory: on tmpfs there is nothing
 * to force. Run with {@code -prof gc}: it should say 0 B/op, but for what beginning anew allocates.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class LogAppendBenchmark
{
    private static final int BATCH = 5_000;
    private static final int SEGMENT_LENGTH = 64 * 1024 * 1024;
    private static final int FIRST_FRAME = 4096;
    private static final int FRAME_OVERHEAD = 64;
    private static final long MILLISECOND_NS = 1_000_000L;

    @Param({"64", "288", "4096"})
    private int size;

    @Param({"ASYNC", "BATCH"})
    private Durability durability;

    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[4096]);
    private Path directory;
    private FileStorage storage;
    private SegmentedLog log;
    private AgentRunner runner;
    private long sequence;
    private long appendedBytes;

    @Setup(Level.Trial)
    public void begin() throws IOException
    {
        final Path parent = Path.of(System.getProperty("ukehi.benchmark.dir", System.getProperty("java.io.tmpdir")));
        directory = Files.createTempDirectory(parent, "ukehi-log-append");
        open();
    }

    private void open()
    {
        storage = FileStorage.open(directory);
        final LogConfig config = new LogConfig()
            .segmentLength(SEGMENT_LENGTH).maxPayloadLength(4096).durability(durability).logId(1);
        log = SegmentedLog.open(storage, config, SystemNanoClock.INSTANCE);
        while (log.flusher().doWork() > 0)
        {
            // The next segment is made before anything is measured.
            sequence++;
        }
        runner = new AgentRunner(
            new BackoffIdleStrategy(100, 100, 1_000, 50_000), LogAppendBenchmark::fail, null, log.flusher());
        AgentRunner.startOnThread(runner);
    }

    private void close()
    {
        runner.close();
        log.abandon();
        for (final String name : storage.list())
        {
            storage.delete(name);
        }
        storage.close();
    }

    private static void fail(final Throwable thrown)
    {
        throw new IllegalStateException("the flusher failed", thrown);
    }

    /** Room for a whole invocation, and nothing under way. */
    @Setup(Level.Invocation)
    public void makeRoom()
    {
        while (log.durableIndex() < log.lastIndex())
        {
            log.flush();
            Thread.onSpinWait();
        }
        if (appendedBytes + (long)BATCH * (size + FRAME_OVERHEAD) > SEGMENT_LENGTH - FIRST_FRAME)
        {
            log.truncateFrom(1);
            appendedBytes = 0;
        }
        appendedBytes += (long)BATCH * (size + FRAME_OVERHEAD);
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long append()
    {
        long index = 0;
        for (int i = 0; i < BATCH; i++)
        {
            sequence++;
            payload.putLong(0, sequence);
            index = log.append(1, 1, sequence, sequence * MILLISECOND_NS, payload, 0, size);
            log.flush();
        }
        return index;
    }

    @TearDown(Level.Trial)
    public void end()
    {
        close();
        IoUtil.delete(directory.toFile(), false);
    }
}
