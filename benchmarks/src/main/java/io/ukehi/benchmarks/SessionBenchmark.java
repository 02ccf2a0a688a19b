package io.ukehi.benchmarks;

import io.ukehi.kv.KvCodec;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.statemachine.SessionState;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What exactly-once costs before a command is in the log: finding its session, and a command that was applied before,
 * which is answered with the reply that was kept. Run with {@code -prof gc}: it should say 0 B/op.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SessionBenchmark
{
    private static final int FIRST_CLIENT = 1_000;

    /** Sessions there are; each in turn, with a step that no cache line holds two of. */
    @Param({"1", "128", "4096"})
    private int sessions;

    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[SoleReplica.BLOCK_LENGTH + 1024]);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private SoleReplica sole;
    private long[] ids;
    private int length;
    private int at;

    /** Each session has a command that is applied, and whose reply its client may not have. */
    @Setup
    public void open()
    {
        sole = new SoleReplica(sessions);
        sole.newReplica(new KvStateMachine()).start();
        sole.lead();
        ids = new long[sessions];
        length = KvCodec.encodePut(
            payload, SoleReplica.BLOCK_LENGTH, bytes, 0, Long.BYTES, bytes, 0, bytes.capacity());
        for (int i = 0; i < sessions; i++)
        {
            ids[i] = sole.open(FIRST_CLIENT + i);
            if (sole.propose(FIRST_CLIENT + i, ids[i], 1, payload, length) <= 0)
            {
                throw new IllegalStateException("not taken: " + i);
            }
            sole.settle();
        }
    }

    @TearDown
    public void close()
    {
        sole.close();
    }

    private int next()
    {
        at = (at + 61) % sessions;
        return at;
    }

    /** By the id that a command names. */
    @Benchmark
    public SessionState find()
    {
        return sole.replica().sessions().get(ids[next()]);
    }

    /** By the name that its client has given itself. */
    @Benchmark
    public SessionState findByClient()
    {
        return sole.replica().sessions().ofClient(FIRST_CLIENT + next());
    }

    /** A command is sent again, and answered from the session's table, without an entry. */
    @Benchmark
    public long repeat()
    {
        final int session = next();
        final long before = sole.repeated();
        sole.propose(FIRST_CLIENT + session, ids[session], 1, payload, length);
        if (sole.repeated() == before)
        {
            throw new IllegalStateException("no reply for session " + session);
        }
        return sole.repeated();
    }
}
