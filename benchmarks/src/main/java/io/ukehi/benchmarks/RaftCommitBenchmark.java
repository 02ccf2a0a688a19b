package io.ukehi.benchmarks;

import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The commit path of three nodes in one thread, without network and disk: a command is proposed, framed, sent to two
 * followers, verified and appended there, acknowledged, and committed. What is measured is the rules and the log, three
 * times.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {
    "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "-XX:MaxDirectMemorySize=12g", "-Xms1g", "-Xmx1g"})
public class RaftCommitBenchmark
{
    /** Length of a command in bytes. */
    @Param({"64", "288", "4096"})
    private int length;

    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[4096]);
    private MemoryGroup group;

    /** Elects a leader over empty logs. */
    @Setup(Level.Iteration)
    public void elect()
    {
        group = new MemoryGroup();
    }

    /** Gives the logs' memory back. */
    @TearDown(Level.Iteration)
    public void release()
    {
        group.release();
    }

    /** One command, from proposal to commit. */
    @Benchmark
    public long commit()
    {
        group.pass(1_000);
        final long index = group.propose(payload, length);
        group.cycle();
        if (group.commitIndex() < index || index < 0)
        {
            throw new IllegalStateException("not committed: " + index + ", " + group.commitIndex());
        }
        return index;
    }
}
