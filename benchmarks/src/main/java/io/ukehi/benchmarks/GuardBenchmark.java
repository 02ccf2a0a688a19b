package io.ukehi.benchmarks;

import io.ukehi.fencing.FencingGuard;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** What a guard costs the resource it guards: the holder of a lock asks again and again, a command once. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class GuardBenchmark
{
    private static final long TOKEN = 5;

    private final FencingGuard guard = new FencingGuard(TOKEN);
    private long next = TOKEN;

    @Benchmark
    @Threads(1)
    public boolean acceptTheHolderAgain()
    {
        return guard.tryAccept(TOKEN);
    }

    @Benchmark
    @Threads(2)
    public boolean acceptTheHolderAgainOfTwoThreads()
    {
        return guard.tryAccept(TOKEN);
    }

    @Benchmark
    @Threads(1)
    public boolean acceptOnce()
    {
        return guard.tryAcceptOnce(++next);
    }

    @Benchmark
    @Threads(1)
    public boolean refuse()
    {
        return guard.tryAccept(1);
    }
}
