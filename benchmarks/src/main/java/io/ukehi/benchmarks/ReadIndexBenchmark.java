package io.ukehi.benchmarks;

import io.ukehi.raft.Raft;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Reads without an entry in the log, among three members in one thread: what finding out costs, from which state on a
 * read may be answered. Run with {@code -prof gc}: it should say 0 B/op.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ReadIndexBenchmark
{
    private static final int CYCLES_LIMIT = 100;

    private MemoryGroup group;

    /** Elects a leader. */
    @Setup
    public void elect()
    {
        group = new MemoryGroup();
        if (group.leader().leaseReadIndex() <= 0 && askLeader() <= 0)
        {
            throw new IllegalStateException("the leader knows nothing to read");
        }
    }

    /** Gives the logs' memory back. */
    @TearDown
    public void release()
    {
        group.release();
    }

    /** The leader asks a majority whether it still leads: a round of heartbeats and the answers. */
    @Benchmark
    public long askLeader()
    {
        return ask(group.leader());
    }

    /** A follower asks its leader, which asks a majority. */
    @Benchmark
    public long askFollower()
    {
        return ask(group.follower());
    }

    /** The leader asks nobody as long as its lease holds; now and then a round renews it. */
    @Benchmark
    public long lease()
    {
        final long index = group.leader().leaseReadIndex();
        return index < 0 ? askLeader() : index;
    }

    private long ask(final Raft raft)
    {
        final long ticket = raft.askReadIndex();
        int cycles = 0;
        while (group.answeredTicket(raft) < ticket)
        {
            group.pass(1_000);
            group.cycle();
            if (ticket < 0 || ++cycles > CYCLES_LIMIT)
            {
                throw new IllegalStateException("no answer for ticket " + ticket);
            }
        }
        return ticket;
    }
}
