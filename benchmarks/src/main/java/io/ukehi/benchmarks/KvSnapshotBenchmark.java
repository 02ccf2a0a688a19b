package io.ukehi.benchmarks;

import io.ukehi.kv.KvCodec;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.node.Replica;
import io.ukehi.node.SnapshotPolicy;
import io.ukehi.snapshot.SnapshotConfig;
import io.ukehi.snapshot.SnapshotStore;
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
 * A snapshot of the key-value store, taken by a replica that has nothing else to do, in slices as in a node, and loaded
 * by one that starts; over memory instead of a disk, and with the helper's work done in the same thread. Keys have
 * {@value #KEY_LENGTH} bytes, values {@value #VALUE_LENGTH}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KvSnapshotBenchmark
{
    static final int KEY_LENGTH = 16;
    static final int VALUE_LENGTH = 100;

    private static final int BATCH = 1_000;
    private static final long CLIENT_ID = 7;

    /** Keys in the store. */
    @Param({"10000", "200000"})
    private int keys;

    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[SoleReplica.BLOCK_LENGTH + 1024]);
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[KEY_LENGTH]);
    private final UnsafeBuffer value = new UnsafeBuffer(new byte[VALUE_LENGTH]);
    private final MemoryStorage storage = new MemoryStorage();
    private SoleReplica sole;
    private SnapshotStore store;
    private long sessionId;
    private long sequence;

    /** Fills the store, and takes a first snapshot. */
    @Setup
    public void fill()
    {
        store = SnapshotStore.open(storage, new SnapshotConfig(1, 0, SnapshotConfig.CHUNK_LENGTH_DEFAULT, 1));
        sole = new SoleReplica(1);
        start();
        sole.lead();
        sessionId = sole.open(CLIENT_ID);
        while (sequence < keys)
        {
            put();
            if (0 == sequence % BATCH)
            {
                sole.settle();
                sole.makeRoom();
            }
        }
        sole.settle();
        write();
    }

    private void start()
    {
        sole.newReplica(new KvStateMachine()).snapshots(store, SnapshotPolicy.BY_HAND).start();
    }

    private void put()
    {
        key.putLong(0, sequence % keys * 0x9E3779B97F4A7C15L);
        key.putLong(Long.BYTES, sequence % keys);
        sequence++;
        final int length = KvCodec.encodePut(
            payload, SoleReplica.BLOCK_LENGTH, key, 0, KEY_LENGTH, value, 0, VALUE_LENGTH);
        if (sole.propose(CLIENT_ID, sessionId, sequence, payload, length) <= 0)
        {
            throw new IllegalStateException("not taken: " + sequence);
        }
    }

    @TearDown
    public void close()
    {
        sole.close();
        storage.close();
    }

    /** A snapshot is of an index that has none: there is something new. */
    @Setup(Level.Invocation)
    public void change()
    {
        sole.lead();
        sole.makeRoom();
        put();
        sole.settle();
    }

    /** From the request until it is durable and the one before it is gone. */
    @Benchmark
    public long write()
    {
        final Replica replica = sole.replica();
        replica.takeSnapshot();
        while (replica.snapshotIndex() < replica.appliedIndex())
        {
            sole.cycle();
            store.worker().doWork();
        }
        return replica.snapshotIndex();
    }

    /** A replica that stops, and one that starts on its snapshot, until its state is whole. */
    @Benchmark
    public long load()
    {
        sole.replica().stop();
        start();
        while (sole.replica().isRecovering() && sole.replica().snapshotLoadedPercent() >= 0)
        {
            sole.cycle();
            store.worker().doWork();
        }
        return sole.replica().appliedIndex();
    }
}
