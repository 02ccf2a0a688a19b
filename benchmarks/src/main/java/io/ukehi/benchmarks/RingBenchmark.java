package io.ukehi.benchmarks;

import io.ukehi.partition.ConsistentHashRing;
import io.ukehi.partition.RingNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

/** What it costs to find a key's node, with other keys each time, so that neither caches nor branches know the way. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RingBenchmark
{
    private static final int KEY_LENGTH = 24;
    private static final int COPIES = 3;

    @Param("100")
    private int nodes;

    private final UnsafeBuffer key = new UnsafeBuffer(new byte[KEY_LENGTH]);
    private final RingNode[] list = new RingNode[COPIES];
    private ConsistentHashRing ring;
    private long next;

    /** Three zones, as in most regions. */
    @Setup
    public void build()
    {
        final List<RingNode> members = new ArrayList<>();
        for (int i = 0; i < nodes; i++)
        {
            members.add(new RingNode("node-" + i, 1, "zone-" + i % COPIES));
        }
        ring = new ConsistentHashRing(members);
    }

    @Benchmark
    public RingNode nodeForNumber()
    {
        return ring.nodeFor(next++);
    }

    @Benchmark
    public RingNode nodeForBytes()
    {
        key.putLong(0, next++);
        return ring.nodeFor(key, 0, KEY_LENGTH);
    }

    @Benchmark
    public int preferenceListOfThree()
    {
        return ring.preferenceList(next++, list);
    }

    @Benchmark
    public int preferenceListInThreeZones()
    {
        return ring.zonePreferenceList(next++, list);
    }
}
