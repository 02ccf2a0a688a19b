package io.ukehi.benchmarks;

import io.ukehi.raft.AckKind;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.PeerHandler;
import io.ukehi.raft.VoteKind;
import io.ukehi.transport.DropCounters;
import io.ukehi.transport.PeerAdapter;
import io.ukehi.transport.PeerLink;
import io.ukehi.transport.PeerPublisher;
import java.util.concurrent.TimeUnit;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a peer message costs besides the network: encoding and sealing it, and checking and decoding it. Run with
 * {@code -prof gc}: it should say 0 B/op.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PeerCodecBenchmark
{
    private static final long CLUSTER_ID = 42;
    private static final int GROUP_ID = 0;
    private static final int LEADER_ID = 1;
    private static final int FOLLOWER_ID = 2;
    private static final int[] MEMBERS = {LEADER_ID, FOLLOWER_ID, 3};
    private static final int FRAME_LENGTH = 288;

    private final CopyingLink link = new CopyingLink();
    private final Sum sum = new Sum();
    private final DropCounters drops = new DropCounters();
    private final PeerPublisher publisher = new PeerPublisher(CLUSTER_ID, GROUP_ID, LEADER_ID, link);
    private final PeerAdapter adapter =
        new PeerAdapter(CLUSTER_ID, GROUP_ID, FOLLOWER_ID, MEMBERS, sum, drops);
    private final OneFrame frame = new OneFrame();
    private UnsafeBuffer append;
    private int appendLength;
    private UnsafeBuffer ack;
    private int ackLength;
    private long sequence;

    /** Encodes the messages that are decoded again and again. */
    @Setup
    public void setup()
    {
        encodeAppend();
        append = link.copy();
        appendLength = link.length;
        encodeAck();
        ack = link.copy();
        ackLength = link.length;
        decodeAppend();
        decodeAck();
        if (0 != drops.total())
        {
            throw new IllegalStateException("dropped what it said itself");
        }
    }

    /** Append of one frame of 288 bytes: encode, seal, copy both parts as Aeron would. */
    @Benchmark
    public boolean encodeAppend()
    {
        sequence++;
        return publisher.sendAppend(FOLLOWER_ID, 7, sequence, sequence, 7, sequence, frame);
    }

    /** The same message: check, decode, hand over. The frame is not looked at. */
    @Benchmark
    public long decodeAppend()
    {
        adapter.onMessage(append, 0, appendLength);
        return sum.value;
    }

    @Benchmark
    public boolean encodeAck()
    {
        sequence++;
        return publisher.sendAck(
            FOLLOWER_ID, AckKind.ACCEPTED, 7, sequence, sequence, 99, sequence, sequence, 0, 0);
    }

    @Benchmark
    public long decodeAck()
    {
        adapter.onMessage(ack, 0, ackLength);
        return sum.value;
    }

    /** Copies into a buffer, which is what an offer to Aeron comes down to. */
    private static final class CopyingLink implements PeerLink
    {
        private final UnsafeBuffer term = new UnsafeBuffer(BufferUtil.allocateDirectAligned(4096, 64));
        private int length;

        @Override
        public boolean offer(
            final int toId,
            final Lane lane,
            final DirectBuffer header,
            final int headerOffset,
            final int headerLength,
            final DirectBuffer body,
            final int bodyOffset,
            final int bodyLength)
        {
            term.putBytes(0, header, headerOffset, headerLength);
            if (null != body)
            {
                term.putBytes(headerLength, body, bodyOffset, bodyLength);
            }
            length = headerLength + bodyLength;
            return true;
        }

        private UnsafeBuffer copy()
        {
            final UnsafeBuffer buffer = new UnsafeBuffer(BufferUtil.allocateDirectAligned(4096, 64));
            buffer.putBytes(0, term, 0, length);
            return buffer;
        }
    }

    /** Uses what it is told, so that none of it is optimised away. */
    private static final class Sum implements PeerHandler
    {
        private long value;

        @Override
        public void onVoteRequest(
            final int fromId, final VoteKind kind, final long term, final long lastLogIndex, final long lastLogTerm)
        {
            value += term + lastLogIndex + lastLogTerm;
        }

        @Override
        public void onVoteReply(
            final int fromId, final VoteKind kind, final long term, final long requestTerm, final boolean granted)
        {
            value += term + requestTerm;
        }

        @Override
        public void onAppend(
            final int fromId,
            final long term,
            final long sequence,
            final long prevIndex,
            final long prevTerm,
            final long commitIndex,
            final DirectBuffer frames,
            final int offset,
            final int length)
        {
            value += fromId + term + sequence + prevIndex + prevTerm + commitIndex + offset + length;
        }

        @Override
        public void onAck(
            final int fromId,
            final AckKind kind,
            final long term,
            final long sequence,
            final long heartbeatSequence,
            final long incarnation,
            final long matchIndex,
            final long lastIndex,
            final long conflictIndex,
            final long conflictTerm)
        {
            value += fromId + kind.ordinal() + term + sequence + heartbeatSequence + incarnation + matchIndex +
                lastIndex + conflictIndex + conflictTerm;
        }

        @Override
        public void onHeartbeat(final int fromId, final long term, final long sequence, final long commitIndex)
        {
            value += term + sequence + commitIndex;
        }

        @Override
        public void onReadIndexRequest(final int fromId, final long term, final long requestId, final long incarnation)
        {
            value += requestId;
        }

        @Override
        public void onReadIndexReply(
            final int fromId, final long term, final long requestId, final long incarnation, final long index)
        {
            value += index;
        }

        @Override
        public void onTimeoutNow(final int fromId, final long term)
        {
            value += term;
        }

        @Override
        public void onRepairRequest(
            final int fromId, final long term, final long incarnation, final long fromIndex, final long toIndex)
        {
            value += term + incarnation + fromIndex + toIndex;
        }

        @Override
        public void onRepairReply(
            final int fromId,
            final long term,
            final long incarnation,
            final long leaderLastIndex,
            final DirectBuffer frames,
            final int offset,
            final int length)
        {
            value += term + incarnation + leaderLastIndex + offset + length;
        }
    }

    /** A run of one frame; only its bytes matter here. */
    private static final class OneFrame implements EntryCursor
    {
        private final UnsafeBuffer buffer = new UnsafeBuffer(BufferUtil.allocateDirectAligned(1024, 64));

        @Override
        public DirectBuffer buffer()
        {
            return buffer;
        }

        @Override
        public int offset()
        {
            return 64;
        }

        @Override
        public int length()
        {
            return FRAME_LENGTH;
        }

        @Override
        public int count()
        {
            return 1;
        }

        @Override
        public boolean next()
        {
            return false;
        }

        @Override
        public long index()
        {
            return 1;
        }

        @Override
        public long term()
        {
            return 1;
        }

        @Override
        public long token()
        {
            return 1;
        }

        @Override
        public long clusterTimeNs()
        {
            return 1;
        }

        @Override
        public int type()
        {
            return 1;
        }

        @Override
        public int payloadOffset()
        {
            return 0;
        }

        @Override
        public int payloadLength()
        {
            return 0;
        }
    }
}
