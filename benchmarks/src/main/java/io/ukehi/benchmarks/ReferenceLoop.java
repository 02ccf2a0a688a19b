package io.ukehi.benchmarks;

import java.util.concurrent.TimeUnit;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What others are divided by, in the same run, so that a slow machine, or a slow hour of it, is no slow code: a copy of
 * 4 KiB and a sum over them in which each step waits for the one before. Nothing of Ukehi is in it, and it must stay as
 * it is: a change makes all stored ratios void.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ReferenceLoop
{
    private static final int LENGTH = 4096;
    private static final long FACTOR = 0x9E3779B97F4A7C15L;

    private final UnsafeBuffer from = new UnsafeBuffer(BufferUtil.allocateDirectAligned(LENGTH, 64));
    private final UnsafeBuffer to = new UnsafeBuffer(BufferUtil.allocateDirectAligned(LENGTH, 64));
    private long sum;

    /** Bytes that are not all alike. */
    @Setup
    public void fill()
    {
        for (int i = 0; i < LENGTH; i++)
        {
            from.putByte(i, (byte)(i * 31));
        }
    }

    @Benchmark
    public long copyAndSum()
    {
        from.putLong(0, sum);
        to.putBytes(0, from, 0, LENGTH);
        long mixed = sum;
        for (int i = 0; i < LENGTH; i += Long.BYTES)
        {
            mixed = (mixed ^ to.getLong(i)) * FACTOR;
        }
        sum = mixed;
        return mixed;
    }
}
