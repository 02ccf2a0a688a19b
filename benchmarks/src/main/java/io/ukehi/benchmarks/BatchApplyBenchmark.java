package io.ukehi.benchmarks;

import io.ukehi.kv.KvCodec;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Commands of a session that lie in the log of a replica that is alone: from there to the state machine, the reply kept
 * for the session, and the listener told. One operation is one command; so many are applied together. Proposing them is
 * not measured. Run with {@code -prof gc}: it should say 0 B/op.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class BatchApplyBenchmark
{
    private static final int BATCH = 1_000;
    private static final int LENGTH = 64;
    private static final int KEYS = 100_000;
    private static final long CLIENT_ID = 7;

    /** What they are applied to: {@code echo} answers with the command, {@code kv} overwrites one of 100,000 keys. */
    @Param({"echo", "kv"})
    private String machine;

    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[SoleReplica.BLOCK_LENGTH + 1024]);
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Long.BYTES]);
    private final UnsafeBuffer value = new UnsafeBuffer(new byte[LENGTH]);
    private SoleReplica sole;
    private long sessionId;
    private long sequence;

    /** One session, and every key there. */
    @Setup
    public void open()
    {
        sole = new SoleReplica(1);
        sole.newReplica("kv".equals(machine) ? new KvStateMachine() : new Echo()).start();
        sole.lead();
        sessionId = sole.open(CLIENT_ID);
        while (sequence < KEYS)
        {
            propose();
            apply();
        }
    }

    @TearDown
    public void close()
    {
        sole.close();
    }

    /** A batch is in the log. */
    @Setup(Level.Invocation)
    public void propose()
    {
        sole.makeRoom();
        sole.begin();
        for (int i = 0; i < BATCH; i++)
        {
            sequence++;
            final int length = encode();
            if (sole.propose(CLIENT_ID, sessionId, sequence, sequence - i, payload, length) <= 0)
            {
                throw new IllegalStateException("not taken: " + sequence);
            }
        }
    }

    private int encode()
    {
        // A step that is prime to the number of keys, so that neighbours in time are none in the tree.
        key.putLong(0, sequence * 7_919 % KEYS);
        return "kv".equals(machine) ?
            KvCodec.encodePut(payload, SoleReplica.BLOCK_LENGTH, key, 0, Long.BYTES, value, 0, LENGTH) : LENGTH;
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long apply()
    {
        final long before = sole.committed();
        while (sole.committed() < before + BATCH)
        {
            sole.replica().doWork();
        }
        return sole.committed();
    }

    private static final class Echo implements StateMachine
    {
        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            reply.put(buffer, offset, length);
        }
    }
}
