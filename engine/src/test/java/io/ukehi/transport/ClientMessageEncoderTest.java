package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.CloseDecoder;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ConnectReplyDecoder;
import io.ukehi.codecs.client.KeepAliveDecoder;
import io.ukehi.codecs.client.MessageHeaderDecoder;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.codecs.client.RedirectDecoder;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.codecs.client.ReplyDecoder;
import io.ukehi.codecs.client.ReplyRecordDecoder;
import io.ukehi.codecs.client.StatusReplyDecoder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class ClientMessageEncoderTest
{
    private static final long CLUSTER_ID = 0x1122334455667788L;
    private static final int GROUP_ID = 3;
    private static final int NODE_ID = 2;

    private final ClientMessageEncoder encoder = new ClientMessageEncoder(CLUSTER_ID, GROUP_ID, NODE_ID, 4096);
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final MessageSeal seal = new MessageSeal();

    private void shouldBeSound(final int length)
    {
        assertTrue(seal.isSound(encoder.buffer(), 0, length));
    }

    @Test
    void shouldTellWhereTheLeaderIs()
    {
        encoder.leader(9, 3);
        shouldBeSound(encoder.connectReply(5, 6, ConnectCode.REDIRECT));
        final ConnectReplyDecoder reply = new ConnectReplyDecoder().wrapAndApplyHeader(encoder.buffer(), 0, header);
        assertEquals(CLUSTER_ID, reply.clusterId());
        assertEquals(GROUP_ID, reply.groupId());
        assertEquals(5, reply.sessionId());
        assertEquals(6, reply.correlationId());
        assertEquals(9, reply.term());
        assertEquals(NODE_ID, reply.nodeId());
        assertEquals(3, reply.leaderId());
        assertEquals(4096, reply.maxCommandLength());
        assertEquals(ConnectCode.REDIRECT, reply.code());

        shouldBeSound(encoder.redirect(5));
        final RedirectDecoder redirect = new RedirectDecoder().wrapAndApplyHeader(encoder.buffer(), 0, header);
        assertEquals(CLUSTER_ID, redirect.clusterId());
        assertEquals(GROUP_ID, redirect.groupId());
        assertEquals(5, redirect.sessionId());
        assertEquals(9, redirect.term());
        assertEquals(3, redirect.leaderId());
    }

    @Test
    void shouldGatherRepliesInOneSealedMessage()
    {
        encoder.leader(9, 3);
        final UnsafeBuffer answer = new UnsafeBuffer(new byte[]{9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
        final UnsafeBuffer target = new UnsafeBuffer(new byte[1024]);
        // What stood there before must not be told.
        target.setMemory(0, target.capacity(), (byte)-1);
        final int from = 16;
        int at = from + ClientMessageEncoder.REPLY_HEAD_LENGTH;
        for (int length = 0; length < 10; length++)
        {
            encoder.putReply(target, at, 6 + length, ReplyCode.COMMITTED, 77, 88, answer, 10 - length, length);
            at += ClientMessageEncoder.replyRecordLength(length);
        }
        encoder.sealReply(target, from, at - from, 5);
        assertTrue(seal.isSound(target, from, at - from));

        final ReplyDecoder reply = new ReplyDecoder().wrapAndApplyHeader(target, from, header);
        assertEquals(from + ClientMessageEncoder.REPLY_HEAD_LENGTH, reply.limit());
        assertEquals(CLUSTER_ID, reply.clusterId());
        assertEquals(GROUP_ID, reply.groupId());
        assertEquals(5, reply.sessionId());
        assertEquals(3, reply.leaderId());
        at = reply.limit();
        for (int length = 0; length < 10; length++)
        {
            final ReplyRecordDecoder record = new ReplyRecordDecoder().wrap(
                target, at, ReplyRecordDecoder.BLOCK_LENGTH, ReplyRecordDecoder.SCHEMA_VERSION);
            assertEquals(6 + length, record.correlationId());
            assertEquals(77, record.index());
            assertEquals(88, record.token());
            assertEquals(ReplyCode.COMMITTED, record.code());
            assertEquals(length, record.length());
            final int next = at + ClientMessageEncoder.replyRecordLength(length);
            for (int i = 0; record.limit() + i < next; i++)
            {
                final byte expected = i < length ? answer.getByte(10 - length + i) : 0;
                assertEquals(expected, target.getByte(record.limit() + i));
            }
            at = next;
        }
    }

    @Test
    void shouldSayThatNoLeaderIsKnownUntilOneIs()
    {
        encoder.redirect(5);
        final DirectBuffer buffer = encoder.buffer();
        assertEquals(-1, new RedirectDecoder().wrapAndApplyHeader(buffer, 0, header).leaderId());
    }

    @Test
    void shouldSaySignsOfLifeAndTheEnd()
    {
        shouldBeSound(encoder.keepAlive(5));
        assertEquals(5, new KeepAliveDecoder().wrapAndApplyHeader(encoder.buffer(), 0, header).sessionId());
        shouldBeSound(encoder.close(5));
        assertEquals(5, new CloseDecoder().wrapAndApplyHeader(encoder.buffer(), 0, header).sessionId());
    }

    @Test
    void shouldTellHowTheNodeIs()
    {
        encoder.leader(9, 3);
        final ClientStatus status = new ClientStatus();
        encoder.fill(status, 4);
        status.role(NodeRole.CANDIDATE).log(10, 20, 19).progress(18, 17).stateDigest(-16).counts(2, 1).doubtfulTo(21)
            .snapshots(22, 23).snapshotPercents(24, 25, 26);
        shouldBeSound(encoder.statusReply(5, 6, status));
        final StatusReplyDecoder reply = new StatusReplyDecoder().wrapAndApplyHeader(encoder.buffer(), 0, header);
        assertEquals(5, reply.sessionId());
        assertEquals(6, reply.correlationId());
        assertEquals(9, reply.term());
        assertEquals(10, reply.firstIndex());
        assertEquals(20, reply.lastIndex());
        assertEquals(19, reply.durableIndex());
        assertEquals(18, reply.commitIndex());
        assertEquals(17, reply.appliedIndex());
        assertEquals(-16, reply.stateDigest());
        assertEquals(2, reply.electionCount());
        assertEquals(1, reply.errorCount());
        assertEquals(21, reply.doubtfulTo());
        assertEquals(22, reply.snapshotIndex());
        assertEquals(23, reply.snapshotTakenBytes());
        assertEquals(24, reply.snapshotSentPercent());
        assertEquals(25, reply.snapshotReceivedPercent());
        assertEquals(26, reply.snapshotLoadedPercent());
        assertEquals(NODE_ID, reply.nodeId());
        assertEquals(3, reply.leaderId());
        assertEquals(4, reply.sessionCount());
        assertEquals(NodeRole.CANDIDATE, reply.role());

        encoder.fill(status, 0);
        encoder.statusReply(5, 6, status);
        reply.wrapAndApplyHeader(encoder.buffer(), 0, header);
        assertEquals(0, reply.commitIndex());
        assertEquals(NodeRole.RECOVERING, reply.role());
    }
}
