package io.ukehi.benchmarks;

import io.ukehi.fencing.FencingTokenState;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** What a fencing token costs: for one thread alone, as a node issues them, and where two contend for the next. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class TokenBenchmark
{
    private FencingTokenState tokens;
    private long term;

    /** Issues are counted per term: a new one keeps a long run from using it up. */
    @Setup(Level.Iteration)
    public void begin()
    {
        tokens = new FencingTokenState();
        term++;
        tokens.beginTerm(term);
    }

    @Benchmark
    @Threads(1)
    public long issue()
    {
        return tokens.issue();
    }

    @Benchmark
    @Threads(2)
    public long issueContended()
    {
        return tokens.issue();
    }
}
