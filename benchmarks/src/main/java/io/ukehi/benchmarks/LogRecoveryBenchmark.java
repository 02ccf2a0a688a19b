package io.ukehi.benchmarks;

import io.ukehi.Crc32c;
import io.ukehi.log.Durability;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How long a start takes to follow a log of {@value #LOG_BYTES} bytes of frames that lies in memory, beside the bare
 * CRC32C of as many bytes in ranges as long as the frames.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LogRecoveryBenchmark
{
    static final int LOG_BYTES = 120 * 1024 * 1024;

    private static final int SEGMENT_LENGTH = 64 * 1024 * 1024;
    private static final int HEADER_LENGTH = 48;

    @Param({"64", "288", "4096"})
    private int size;

    private final MemoryStorage storage = new MemoryStorage();
    private final Crc32c crc = new Crc32c();
    private UnsafeBuffer memory;

    @Setup(Level.Trial)
    public void begin()
    {
        memory = new UnsafeBuffer(ByteBuffer.allocateDirect(SEGMENT_LENGTH));
        final SegmentedLog log = open();
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[size]);
        long bytes = 0;
        while (bytes < LOG_BYTES)
        {
            if (log.append(1, 1, 0, 0, payload, 0, size) > 0)
            {
                bytes += HEADER_LENGTH + size;
            }
            else
            {
                log.flush();
                log.flusher().doWork();
            }
        }
        log.close();
    }

    private SegmentedLog open()
    {
        return SegmentedLog.open(storage,
            new LogConfig().segmentLength(SEGMENT_LENGTH).maxPayloadLength(4096).durability(Durability.EVERY).logId(1),
            SystemNanoClock.INSTANCE);
    }

    @Benchmark
    public long recover()
    {
        final SegmentedLog log = open();
        final long last = log.lastIndex();
        log.close();
        return last;
    }

    @Benchmark
    public long bare()
    {
        final int length = HEADER_LENGTH + size;
        long sum = 0;
        int position = 0;
        for (long bytes = 0; bytes < LOG_BYTES; bytes += length)
        {
            sum += crc.compute(memory, position, length);
            position = position + 2 * length > SEGMENT_LENGTH ? 0 : position + length;
        }
        return sum;
    }
}
