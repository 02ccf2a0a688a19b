package io.ukehi.benchmarks;

import io.ukehi.Crc32c;
import java.util.concurrent.TimeUnit;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the checksum costs that every frame, message and chunk has, over direct memory, as segments and Aeron's buffers
 * are, and over an array. Run with {@code -prof gc}: it should say 0 B/op.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class Crc32cBenchmark
{
    /** Bytes summed. */
    @Param({"64", "288", "4096", "1048576"})
    private int length;

    private final Crc32c crc = new Crc32c();
    private UnsafeBuffer direct;
    private UnsafeBuffer array;

    /** Bytes that are not all alike. */
    @Setup
    public void fill()
    {
        direct = new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, 64));
        array = new UnsafeBuffer(new byte[length]);
        for (int i = 0; i < length; i++)
        {
            direct.putByte(i, (byte)(i * 31));
            array.putByte(i, (byte)(i * 31));
        }
    }

    @Benchmark
    public int overDirectMemory()
    {
        return crc.compute(direct, 0, length);
    }

    @Benchmark
    public int overArray()
    {
        return crc.compute(array, 0, length);
    }
}
