package io.ukehi.benchmarks;

import io.ukehi.Crc32c;
import io.ukehi.log.Durability;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.BitUtil;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * What framing costs beyond what cannot be saved: {@link #append} puts an entry into a segment in memory, {@link #bare}
 * copies the same bytes into memory of the same size and sums them, and nothing else. One operation is one entry. The
 * rest of the log's work, writing and forcing, is {@link LogAppendBenchmark}'s.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LogFrameBenchmark
{
    private static final int BATCH = 5_000;
    private static final int SEGMENT_LENGTH = 64 * 1024 * 1024;
    private static final int FIRST_FRAME = 4096;
    private static final int HEADER_LENGTH = 48;
    private static final long MILLISECOND_NS = 1_000_000L;

    @Param({"64", "288", "4096"})
    private int size;

    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[4096]);
    private final Crc32c crc = new Crc32c();
    private SegmentedLog log;
    private UnsafeBuffer memory;
    private int position;
    private long sequence;
    private long appendedBytes;

    @Setup(Level.Trial)
    public void begin()
    {
        log = SegmentedLog.open(new MemoryStorage(),
            new LogConfig().segmentLength(SEGMENT_LENGTH).maxPayloadLength(4096).durability(Durability.EVERY).logId(1),
            SystemNanoClock.INSTANCE);
        memory = new UnsafeBuffer(ByteBuffer.allocateDirect(SEGMENT_LENGTH));
        position = FIRST_FRAME;
    }

    /** Room for a whole invocation. */
    @Setup(Level.Invocation)
    public void makeRoom()
    {
        final long bytes = (long)BATCH * BitUtil.align(size + HEADER_LENGTH, 8);
        if (appendedBytes + bytes > SEGMENT_LENGTH - FIRST_FRAME)
        {
            if (log.lastIndex() > 0)
            {
                log.truncateFrom(1);
            }
            memory.setMemory(0, SEGMENT_LENGTH, (byte)0);
            position = FIRST_FRAME;
            appendedBytes = 0;
        }
        appendedBytes += bytes;
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
        }
        return index;
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long bare()
    {
        long sum = 0;
        for (int i = 0; i < BATCH; i++)
        {
            sequence++;
            payload.putLong(0, sequence);
            memory.putBytes(position + HEADER_LENGTH, payload, 0, size);
            sum += crc.compute(memory, position, HEADER_LENGTH + size);
            position += BitUtil.align(HEADER_LENGTH + size, 8);
        }
        return sum;
    }
}
