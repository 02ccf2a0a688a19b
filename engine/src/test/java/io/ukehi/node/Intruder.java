package io.ukehi.node;

import io.aeron.Aeron;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.ExclusivePublication;
import io.ukehi.codecs.client.CloseEncoder;
import io.ukehi.codecs.client.CommandEncoder;
import io.ukehi.codecs.client.CommandRecordEncoder;
import io.ukehi.codecs.client.ConnectEncoder;
import io.ukehi.codecs.client.KeepAliveEncoder;
import io.ukehi.codecs.client.MessageHeaderEncoder;
import io.ukehi.codecs.client.StatusRequestEncoder;
import io.ukehi.raft.AckKind;
import io.ukehi.raft.VoteKind;
import io.ukehi.transport.MessageSeal;
import io.ukehi.transport.PeerLink;
import io.ukehi.transport.PeerPublisher;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.agrona.BitUtil;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;

/** Sends to nodes what they have not asked for. It knows the protocol well, and has a media driver of its own. */
final class Intruder implements AutoCloseable
{
    /** Of the cluster whose members are bothered: the default. */
    static final long CLUSTER_ID = 1;

    private static final int PEER_KINDS = 6;
    private static final int CLIENT_KINDS = 5;
    private static final String[] CHANNELS = {
        "", "aeron", "aeron:udp", "aeron:udp?endpoint=localhost:70000", "aeron-spy:aeron:ipc", "http://localhost:1",
        "aeron:udp?control=localhost:1|control-mode=dynamic", "aeron:udp?endpoint=localhost:0|term-length=1g",
        "aeron:udp?endpoint=" + "x".repeat(2000) + ":1", "\u0000\u0001\ufffd"};

    private final Random random = new Random(5);
    private final MessageSeal seal = new MessageSeal();
    private final Map<String, ExclusivePublication> publications = new HashMap<>();
    private final Path directory;
    private MediaDriver driver;
    private Aeron aeron;

    /** @param directory of its media driver, which it launches when it has something to send. */
    Intruder(final Path directory)
    {
        this.directory = directory;
    }

    private Aeron aeron()
    {
        if (null == aeron)
        {
            driver = MediaDriver.launch(new MediaDriver.Context()
                .aeronDirectoryName(directory.toString())
                .threadingMode(ThreadingMode.SHARED)
                .termBufferSparseFile(true)
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true));
            aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(driver.aeronDirectoryName()));
        }
        return aeron;
    }

    /** Random bytes. */
    byte[] garbage(final int maxLength)
    {
        final byte[] bytes = new byte[random.nextInt(maxLength + 1)];
        random.nextBytes(bytes);
        return bytes;
    }

    /** A message that is spoilt somehow, so that a member of the cluster must drop it. */
    byte[] badPeerMessage(final int toId)
    {
        return switch (random.nextInt(7))
        {
            case 0 -> garbage(4000);
            case 1 -> peerMessage(CLUSTER_ID + 1 + random.nextInt(100), 0, toId % 3 + 1, toId);
            case 2 -> peerMessage(CLUSTER_ID, 7, toId % 3 + 1, toId);
            case 3 -> peerMessage(CLUSTER_ID, 0, random.nextBoolean() ? 9 : toId, toId);
            case 4 -> peerMessage(CLUSTER_ID, 0, toId, toId % 3 + 1);
            case 5 -> truncated(peerMessage(CLUSTER_ID, 0, toId % 3 + 1, toId));
            default -> flipped(peerMessage(CLUSTER_ID, 0, toId % 3 + 1, toId));
        };
    }

    byte[] badClientMessage()
    {
        return switch (random.nextInt(6))
        {
            case 0 -> garbage(4000);
            case 1 -> clientMessage(CLUSTER_ID + 1 + random.nextInt(100), 0);
            case 2 -> clientMessage(CLUSTER_ID, 7);
            case 3 -> truncated(clientMessage(CLUSTER_ID, 0));
            case 4 -> flipped(clientMessage(CLUSTER_ID, 0));
            default -> clientMessage(CLUSTER_ID, 0);
        };
    }

    private byte[] truncated(final byte[] message)
    {
        return Arrays.copyOf(message, random.nextInt(Math.min(message.length, 100)));
    }

    /** Behind the part that says how long the block is, since what follows the frames' header vouches for itself. */
    private byte[] flipped(final byte[] message)
    {
        final byte[] copy = message.clone();
        copy[random.nextInt(Math.min(message.length, 60))] ^= (byte)(1 << random.nextInt(8));
        return copy;
    }

    /** Sound, of terms that would matter if anybody believed it. */
    byte[] peerMessage(final long clusterId, final int groupId, final int fromId, final int toId)
    {
        final Keeper keeper = new Keeper();
        final PeerPublisher publisher = new PeerPublisher(clusterId, groupId, fromId, keeper);
        final long term = 1000 + random.nextInt(1000);
        switch (random.nextInt(PEER_KINDS))
        {
            case 0 -> publisher.sendVoteRequest(toId, VoteKind.VOTE_FORCED, term, 1_000_000, term);
            case 1 -> publisher.sendVoteReply(toId, VoteKind.VOTE, term, term, true);
            case 2 -> publisher.sendAppend(toId, term, 1, 0, 0, 1_000_000, null);
            case 3 -> publisher.sendAck(
                toId, AckKind.ACCEPTED, term, 1, 1, 1, 1_000_000, 1_000_000, 0, 0);
            case 4 -> publisher.sendHeartbeat(toId, term, 1, 1_000_000);
            default -> publisher.sendTimeoutNow(toId, term);
        }
        return keeper.message;
    }

    /** Sound, of a session that nobody has, or with a channel to answer on that no client may choose. */
    private byte[] clientMessage(final long clusterId, final int groupId)
    {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final MessageHeaderEncoder header = new MessageHeaderEncoder();
        final String channel = CHANNELS[random.nextInt(CHANNELS.length)];
        final long sessionId = random.nextLong();
        final int length = switch (random.nextInt(CLIENT_KINDS))
        {
            case 0 -> new ConnectEncoder().wrapAndApplyHeader(buffer, 0, header).groupId(groupId).clusterId(clusterId)
                .sessionId(sessionId).correlationId(1).responseStreamId(7).responseChannel(channel).limit();
            case 1 -> new StatusRequestEncoder().wrapAndApplyHeader(buffer, 0, header).groupId(groupId)
                .clusterId(clusterId).sessionId(sessionId).correlationId(1).responseStreamId(7)
                .responseChannel(channel).limit();
            case 2 -> new KeepAliveEncoder().wrapAndApplyHeader(buffer, 0, header).groupId(groupId)
                .clusterId(clusterId).sessionId(sessionId).limit();
            case 3 -> new CloseEncoder().wrapAndApplyHeader(buffer, 0, header).groupId(groupId)
                .clusterId(clusterId).sessionId(sessionId).limit();
            default -> commands(buffer, new CommandEncoder().wrapAndApplyHeader(buffer, 0, header)
                .groupId(groupId).clusterId(clusterId).sessionId(sessionId).limit());
        };
        buffer.checkLimit(length);
        seal.seal(buffer, 0, length);
        final byte[] message = new byte[length];
        buffer.getBytes(0, message);
        return message;
    }

    private int commands(final ExpandableArrayBuffer buffer, final int from)
    {
        int at = from;
        for (int i = 0; i <= random.nextInt(4); i++)
        {
            final int length = random.nextInt(1000);
            new CommandRecordEncoder().wrap(buffer, at).length(24 + length).correlationId(i + 1);
            at = BitUtil.align(at + CommandRecordEncoder.BLOCK_LENGTH + length, Long.BYTES);
        }
        return at;
    }

    /** Sends to an endpoint over Aeron; returns once it is on its way. */
    void send(final String endpoint, final int streamId, final byte[] message)
    {
        final ExclusivePublication publication = publications.computeIfAbsent(
            endpoint + " " + streamId,
            key -> aeron().addExclusivePublication("aeron:udp?endpoint=" + endpoint, streamId));
        final UnsafeBuffer buffer = new UnsafeBuffer(message);
        TestCluster.await(() -> publication.offer(buffer, 0, message.length) > 0);
    }

    /** A datagram that looks like one of Aeron's at first sight. */
    byte[] datagram()
    {
        final byte[] bytes = garbage(1400);
        if (bytes.length > 32 && random.nextInt(4) > 0)
        {
            final UnsafeBuffer frame = new UnsafeBuffer(bytes);
            frame.putInt(0, random.nextBoolean() ? bytes.length : random.nextInt(2 * bytes.length));
            frame.putByte(4, (byte)0);
            frame.putShort(6, (short)random.nextInt(10));
            if (random.nextBoolean())
            {
                frame.putInt(16, 10 + random.nextInt(2));
            }
        }
        return bytes;
    }

    /** Sends a datagram past Aeron. */
    static void sendRaw(final DatagramSocket from, final int port, final byte[] bytes) throws IOException
    {
        from.send(new DatagramPacket(bytes, bytes.length, new InetSocketAddress("localhost", port)));
    }

    @Override
    public void close()
    {
        CloseHelper.closeAll(aeron, driver);
    }

    /** Keeps the message that was sent last. */
    private static final class Keeper implements PeerLink
    {
        private byte[] message = {};

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
            message = new byte[headerLength + bodyLength];
            header.getBytes(headerOffset, message, 0, headerLength);
            return true;
        }
    }
}
