package io.ukehi.benchmarks;

import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.Consistency;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.ukehi.codecs.client.CommandEncoder;
import io.ukehi.codecs.client.CommandRecordEncoder;
import io.ukehi.codecs.client.MessageHeaderEncoder;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.transport.ClientAdapter;
import io.ukehi.transport.ClientMessageEncoder;
import io.ukehi.transport.ClientRequests;
import io.ukehi.transport.DropCounters;
import io.ukehi.transport.MessageSeal;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.BitUtil;
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
 * What commands and their replies cost a node besides the network, by the message: checking and decoding those of the
 * one, encoding and sealing those of the other. Run with {@code -prof gc}: it should say 0 B/op.
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
    private static final int COMMANDS_OFFSET = MessageHeaderEncoder.ENCODED_LENGTH + CommandEncoder.BLOCK_LENGTH;
    private static final int MAX_COMMAND_LENGTH = 1024 * 1024;

    /** Bytes of the user in the command, and in the reply. */
    @Param({"64", "4096"})
    public int length;

    /** Commands in a message, and replies. */
    @Param({"1", "16"})
    public int count;

    private final Sum sum = new Sum();
    private final DropCounters drops = new DropCounters();
    private final ClientAdapter adapter = new ClientAdapter(CLUSTER_ID, GROUP_ID, sum, drops);
    private final ClientMessageEncoder encoder =
        new ClientMessageEncoder(CLUSTER_ID, GROUP_ID, NODE_ID, MAX_COMMAND_LENGTH);
    private UnsafeBuffer command;
    private UnsafeBuffer answer;
    private UnsafeBuffer reply;
    private long correlationId;

    /** Encodes the command that is decoded again and again. */
    @Setup
    public void setup()
    {
        answer = new UnsafeBuffer(ByteBuffer.allocateDirect(length));
        final int recordLength = BitUtil.align(CommandRecordEncoder.BLOCK_LENGTH + length, Long.BYTES);
        command = new UnsafeBuffer(ByteBuffer.allocateDirect(COMMANDS_OFFSET + count * recordLength));
        new CommandEncoder().wrapAndApplyHeader(command, 0, new MessageHeaderEncoder())
            .groupId(GROUP_ID)
            .clusterId(CLUSTER_ID)
            .sessionId(5);
        for (int i = 0; i < count; i++)
        {
            new CommandRecordEncoder().wrap(command, COMMANDS_OFFSET + i * recordLength)
                .length(
                    CommandRecordEncoder.BLOCK_LENGTH - CommandRecordEncoder.clusterSessionEncodingOffset() + length)
                .correlationId(6 + i);
        }
        new MessageSeal().seal(command, 0, command.capacity());
        reply = new UnsafeBuffer(ByteBuffer.allocateDirect(ClientMessageEncoder.REPLY_HEAD_LENGTH +
            count * ClientMessageEncoder.replyRecordLength(length)));
        if (Action.CONTINUE != decodeCommands() || 0 != drops.total() || 0 == sum.total)
        {
            throw new IllegalStateException("dropped good commands");
        }
    }

    /** Checks and decodes a message of commands, up to the call of the node for each. */
    @Benchmark
    public Action decodeCommands()
    {
        return adapter.onMessage(command, 0, command.capacity());
    }

    /** Gathers replies, with the state machine's bytes, in a message, and seals it. */
    @Benchmark
    public int encodeReplies()
    {
        int at = ClientMessageEncoder.REPLY_HEAD_LENGTH;
        for (int i = 0; i < count; i++)
        {
            correlationId++;
            encoder.putReply(
                reply, at, correlationId, ReplyCode.COMMITTED, correlationId, correlationId, answer, 0, length);
            at += ClientMessageEncoder.replyRecordLength(length);
        }
        encoder.sealReply(reply, 0, at, 5);
        return at;
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
