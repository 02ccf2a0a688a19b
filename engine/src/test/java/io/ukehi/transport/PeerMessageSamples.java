package io.ukehi.transport;

import io.ukehi.raft.AckKind;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.PeerHandler;
import io.ukehi.raft.PeerSender;
import io.ukehi.raft.SnapshotStatus;
import io.ukehi.raft.VoteKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** What the tests of peer messages share: a link that keeps bytes, a handler that writes down, random messages. */
final class PeerMessageSamples
{
    static final long CLUSTER_ID = 0x1122_3344_5566_7788L;
    static final int GROUP_ID = 3;
    static final int FROM_ID = 1;
    static final int TO_ID = 2;
    static final int[] MEMBERS = {1, 2, 3};
    static final int APPEND = 3;
    static final int REPAIR_REPLY = 10;
    static final int SNAPSHOT_OFFER = 11;
    static final int SNAPSHOT_CHUNK = 12;
    /** Every message there is. */
    static final int[] TEMPLATES = {
        1, 2, APPEND, 4, 5, 6, 7, 8, 9, REPAIR_REPLY, SNAPSHOT_OFFER, SNAPSHOT_CHUNK, 13, 14};
    /** Length of what an append's checksum covers. */
    static final int APPEND_COVERED = 80;
    /** Length of what a repair's checksum covers. */
    static final int REPAIR_COVERED = 64;
    /** Length of what the checksum of a snapshot's offer or chunk covers. */
    static final int SNAPSHOT_COVERED = 56;

    private PeerMessageSamples()
    {
    }

    /** Whether a message has frames behind its block, which its checksum does not cover. */
    static boolean hasFrames(final int template)
    {
        return APPEND == template || REPAIR_REPLY == template ||
            SNAPSHOT_OFFER == template || SNAPSHOT_CHUNK == template;
    }

    static PeerLink.Lane lane(final int template)
    {
        final boolean isSnapshot = SNAPSHOT_OFFER == template || SNAPSHOT_CHUNK == template;
        return isSnapshot ? PeerLink.Lane.SNAPSHOT :
            hasFrames(template) ? PeerLink.Lane.BULK : PeerLink.Lane.CONTROL;
    }

    /** Keeps what was offered last. */
    static final class KeepingLink implements PeerLink
    {
        byte[] message = {};
        int toId;
        Lane lane;
        DirectBuffer body;
        boolean answer = true;

        @Override
        public boolean offer(
            final int to,
            final Lane newLane,
            final DirectBuffer header,
            final int headerOffset,
            final int headerLength,
            final DirectBuffer bodyBuffer,
            final int bodyOffset,
            final int bodyLength)
        {
            toId = to;
            lane = newLane;
            body = bodyBuffer;
            message = new byte[headerLength + bodyLength];
            header.getBytes(headerOffset, message, 0, headerLength);
            if (null != bodyBuffer)
            {
                bodyBuffer.getBytes(bodyOffset, message, headerLength, bodyLength);
            }
            return answer;
        }
    }

    /** Writes each call down as a line. */
    static final class WritingHandler implements PeerHandler
    {
        final List<String> lines = new ArrayList<>();

        @Override
        public void onSnapshotOffer(
            final int fromId, final long term, final long attempt,
            final DirectBuffer offer, final int offset, final int length)
        {
            final byte[] bytes = new byte[length];
            offer.getBytes(offset, bytes);
            lines.add(line("snapshotOffer", fromId, term, attempt, hex(bytes)));
        }

        @Override
        public void onSnapshotChunk(
            final int fromId, final long term, final long attempt, final int chunk,
            final DirectBuffer buffer, final int offset, final int length)
        {
            final byte[] bytes = new byte[length];
            buffer.getBytes(offset, bytes);
            lines.add(line("snapshotChunk", fromId, term, attempt, chunk, hex(bytes)));
        }

        @Override
        public void onSnapshotDigest(final int fromId, final long term, final long index, final long digest)
        {
            lines.add(line("snapshotDigest", fromId, term, index, digest));
        }

        @Override
        public void onSnapshotStatus(
            final int fromId, final SnapshotStatus status, final long term, final long attempt, final long index,
            final int chunk, final int chunkLimit)
        {
            lines.add(line("snapshotStatus", fromId, status, term, attempt, index, chunk, chunkLimit));
        }

        @Override
        public void onVoteRequest(
            final int fromId, final VoteKind kind, final long term, final long lastLogIndex, final long lastLogTerm)
        {
            lines.add(line("voteRequest", fromId, kind, term, lastLogIndex, lastLogTerm));
        }

        @Override
        public void onVoteReply(
            final int fromId, final VoteKind kind, final long term, final long requestTerm, final boolean granted)
        {
            lines.add(line("voteReply", fromId, kind, term, requestTerm, granted));
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
            final byte[] bytes = new byte[length];
            frames.getBytes(offset, bytes);
            lines.add(line("append", fromId, term, sequence, prevIndex, prevTerm, commitIndex, hex(bytes)));
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
            lines.add(line("ack", fromId, kind, term, sequence, heartbeatSequence, incarnation,
                matchIndex, lastIndex, conflictIndex, conflictTerm));
        }

        @Override
        public void onHeartbeat(final int fromId, final long term, final long sequence, final long commitIndex)
        {
            lines.add(line("heartbeat", fromId, term, sequence, commitIndex));
        }

        @Override
        public void onReadIndexRequest(final int fromId, final long term, final long requestId, final long incarnation)
        {
            lines.add(line("readIndexRequest", fromId, term, requestId, incarnation));
        }

        @Override
        public void onReadIndexReply(
            final int fromId, final long term, final long requestId, final long incarnation, final long index)
        {
            lines.add(line("readIndexReply", fromId, term, requestId, incarnation, index));
        }

        @Override
        public void onTimeoutNow(final int fromId, final long term)
        {
            lines.add(line("timeoutNow", fromId, term));
        }

        @Override
        public void onRepairRequest(
            final int fromId, final long term, final long incarnation, final long fromIndex, final long toIndex)
        {
            lines.add(line("repairRequest", fromId, term, incarnation, fromIndex, toIndex));
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
            final byte[] bytes = new byte[length];
            frames.getBytes(offset, bytes);
            lines.add(line("repairReply", fromId, term, incarnation, leaderLastIndex, hex(bytes)));
        }
    }

    /** A run of bytes that stands for entries. */
    static final class Run implements EntryCursor
    {
        private final DirectBuffer buffer;
        private final int offset;
        private final int length;

        Run(final DirectBuffer buffer, final int offset, final int length)
        {
            this.buffer = buffer;
            this.offset = offset;
            this.length = length;
        }

        @Override
        public DirectBuffer buffer()
        {
            return buffer;
        }

        @Override
        public int offset()
        {
            return offset;
        }

        @Override
        public int length()
        {
            return length;
        }

        @Override
        public int count()
        {
            return 0;
        }

        @Override
        public boolean next()
        {
            return false;
        }

        @Override
        public long index()
        {
            return 0;
        }

        @Override
        public long term()
        {
            return 0;
        }

        @Override
        public long token()
        {
            return 0;
        }

        @Override
        public long clusterTimeNs()
        {
            return 0;
        }

        @Override
        public int type()
        {
            return 0;
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

    /**
     * Sends a message with random values.
     *
     * @param template one of {@link #TEMPLATES}.
     * @return the line that a {@link WritingHandler} should write.
     */
    static String sendRandom(final PeerSender sender, final int template, final Random random)
    {
        final long a = random.nextLong();
        final long b = random.nextLong();
        final long c = random.nextLong();
        final long d = random.nextLong();
        final long e = random.nextLong();
        final VoteKind voteKind = VoteKind.values()[random.nextInt(VoteKind.values().length)];
        switch (template)
        {
            case 1:
                sender.sendVoteRequest(TO_ID, voteKind, a, b, c);
                return line("voteRequest", FROM_ID, voteKind, a, b, c);

            case 2:
                final boolean granted = random.nextBoolean();
                sender.sendVoteReply(TO_ID, voteKind, a, b, granted);
                return line("voteReply", FROM_ID, voteKind, a, b, granted);

            case APPEND:
                final byte[] frames = randomFrames(random);
                sender.sendAppend(TO_ID, a, b, c, d, e, run(frames, random));
                return line("append", FROM_ID, a, b, c, d, e, hex(frames));

            case 4:
                final AckKind ackKind = AckKind.values()[random.nextInt(AckKind.values().length)];
                final long f = random.nextLong();
                final long g = random.nextLong();
                final long h = random.nextLong();
                sender.sendAck(TO_ID, ackKind, a, b, c, d, e, f, g, h);
                return line("ack", FROM_ID, ackKind, a, b, c, d, e, f, g, h);

            case 5:
                sender.sendHeartbeat(TO_ID, a, b, c);
                return line("heartbeat", FROM_ID, a, b, c);

            case 7:
                sender.sendReadIndexRequest(TO_ID, a, b, c);
                return line("readIndexRequest", FROM_ID, a, b, c);

            case 8:
                sender.sendReadIndexReply(TO_ID, a, b, c, d);
                return line("readIndexReply", FROM_ID, a, b, c, d);

            case 9:
                sender.sendRepairRequest(TO_ID, a, b, c, d);
                return line("repairRequest", FROM_ID, a, b, c, d);

            case REPAIR_REPLY:
                final byte[] lent = randomFrames(random);
                sender.sendRepairReply(TO_ID, a, b, c, run(lent, random));
                return line("repairReply", FROM_ID, a, b, c, hex(lent));

            case 6:
                sender.sendTimeoutNow(TO_ID, a);
                return line("timeoutNow", FROM_ID, a);

            default:
                return sendRandomSnapshot(sender, template, random);
        }
    }

    private static String sendRandomSnapshot(final PeerSender sender, final int template, final Random random)
    {
        final long a = random.nextLong();
        final long b = random.nextLong();
        final long c = random.nextLong();
        final long d = random.nextLong();
        final long e = random.nextLong();
        switch (template)
        {
            case 11:
                final byte[] manifest = randomFrames(random);
                sender.sendSnapshotOffer(TO_ID, a, b, new UnsafeBuffer(manifest), 0, manifest.length);
                return line("snapshotOffer", FROM_ID, a, b, hex(manifest));

            case 12:
                final byte[] chunk = randomFrames(random);
                sender.sendSnapshotChunk(TO_ID, a, b, (int)c, new UnsafeBuffer(chunk), 0, chunk.length);
                return line("snapshotChunk", FROM_ID, a, b, (int)c, hex(chunk));

            case 13:
                final SnapshotStatus status = SnapshotStatus.values()[random.nextInt(SnapshotStatus.values().length)];
                sender.sendSnapshotStatus(TO_ID, status, a, b, c, (int)d, (int)e);
                return line("snapshotStatus", FROM_ID, status, a, b, c, (int)d, (int)e);

            default:
                sender.sendSnapshotDigest(TO_ID, a, b, c);
                return line("snapshotDigest", FROM_ID, a, b, c);
        }
    }

    private static byte[] randomFrames(final Random random)
    {
        final byte[] frames = new byte[random.nextInt(600)];
        random.nextBytes(frames);
        return frames;
    }

    private static Run run(final byte[] frames, final Random random)
    {
        final UnsafeBuffer log = new UnsafeBuffer(new byte[1000]);
        log.putBytes(200, frames);
        return 0 == frames.length && random.nextBoolean() ? null : new Run(log, 200, frames.length);
    }

    /** Bytes of a random message of this template, from {@link #FROM_ID} to {@link #TO_ID}. */
    static byte[] encodeRandom(final int template, final Random random)
    {
        final KeepingLink link = new KeepingLink();
        sendRandom(new PeerPublisher(CLUSTER_ID, GROUP_ID, FROM_ID, link), template, random);
        return link.message;
    }

    private static String line(final Object... values)
    {
        return java.util.Arrays.toString(values);
    }

    private static String hex(final byte[] bytes)
    {
        return java.util.HexFormat.of().formatHex(bytes);
    }
}
