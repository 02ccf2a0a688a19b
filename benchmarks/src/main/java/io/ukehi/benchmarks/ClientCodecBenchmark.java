package io.ukehi.benchmarks;

import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.Consistency;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.ukehi.codecs.client.CommandEncoder;
import io.ukehi.codecs.client.MessageHeaderEncoder;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.transport.ClientAdapter;
import io.ukehi.transport.ClientMessageEncoder;
import io.ukehi.transport.ClientRequests;
import io.ukehi.transport.DropCounters;
import io.ukehi.transport.MessageSeal;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
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
 * What a command and its reply cost a node besides the network: checking and decoding the one, encoding and sealing the
 * other. Run with {@code -prof gc}: it should say 0 B/op.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ClientCodecBenchmark
{
    private static final long CLUSTER_ID = 42;
    private static final int GROUP_ID = 0;
    private static final int NODE_ID = 1;
    private static final int COMMAND_HEAD_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + CommandEncoder.BLOCK_LENGTH;
    private static final int MAX_COMMAND_LENGTH = 1024 * 1024;

    /** Bytes of the user in the command, and in the reply. */
    @Param({"128", "4096"})
    public int length;

    private final Sum sum = new Sum();
    private final DropCounters drops = new DropCounters();
    private final ClientAdapter adapter = new ClientAdapter(CLUSTER_ID, GROUP_ID, sum, drops);
    private final ClientMessageEncoder encoder =
        new ClientMessageEncoder(CLUSTER_ID, GROUP_ID, NODE_ID, MAX_COMMAND_LENGTH);
    private UnsafeBuffer command;
    private UnsafeBuffer answer;
    private long correlationId;

    /** Encodes the command that is decoded again and again. */
    @Setup
    public void setup()
    {
        answer = new UnsafeBuffer(ByteBuffer.allocateDirect(length));
        command = new UnsafeBuffer(ByteBuffer.allocateDirect(COMMAND_HEAD_LENGTH + length));
        new CommandEncoder().wrapAndApplyHeader(command, 0, new MessageHeaderEncoder())
            .groupId(GROUP_ID)
            .clusterId(CLUSTER_ID)
            .sessionId(5)
            .correlationId(6);
        new MessageSeal().seal(command, 0, command.capacity());
        if (Action.CONTINUE != decodeCommand() || 0 != drops.total() || 0 == sum.total)
        {
            throw new IllegalStateException("dropped a good command");
        }
    }

    /** Checks and decodes a command, up to the call of the node. */
    @Benchmark
    public Action decodeCommand()
    {
        return adapter.onMessage(command, 0, command.capacity());
    }

    /** Encodes a reply and seals it together with the state machine's bytes, which stay where they are. */
    @Benchmark
    public int encodeReply()
    {
        correlationId++;
        return encoder.reply(
            5, correlationId, ReplyCode.COMMITTED, correlationId, correlationId, answer, 0, answer.capacity());
    }

    /** Takes what it is given, so that nothing can be left out. */
    private static final class Sum implements ClientRequests
    {
        long total;

        @Override
        public boolean onCommand(
            final long sessionId,
            final long correlationId,
            final DirectBuffer payload,
            final int offset,
            final int length)
        {
            total += sessionId + correlationId + payload.getLong(offset) + length;
            return true;
        }

        @Override
        public void onConnect(
            final long sessionId, final long correlationId, final String responseChannel, final int responseStreamId)
        {
            total++;
        }

        @Override
        public void onQuery(
            final long sessionId,
            final long correlationId,
            final Consistency consistency,
            final long maxLagNs,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            total += sessionId + correlationId + maxLagNs + length;
        }

        @Override
        public void onAdmin(
            final long sessionId, final long correlationId, final AdminOperation operation,
            final int targetId, final String member)
        {
            total += targetId;
        }

        @Override
        public boolean onOpenSession(final long sessionId)
        {
            total++;
            return true;
        }

        @Override
        public void onKeepAlive(final long sessionId)
        {
            total++;
        }

        @Override
        public void onClose(final long sessionId)
        {
            total++;
        }

        @Override
        public void onStatusRequest(
            final long sessionId, final long correlationId, final String responseChannel, final int responseStreamId)
        {
            total++;
        }
    }
}
