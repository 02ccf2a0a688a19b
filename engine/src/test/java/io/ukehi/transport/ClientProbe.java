package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.FragmentAssembler;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.logbuffer.Header;
import io.ukehi.codecs.client.AdminReplyDecoder;
import io.ukehi.codecs.client.CloseDecoder;
import io.ukehi.codecs.client.ConnectReplyDecoder;
import io.ukehi.codecs.client.KeepAliveDecoder;
import io.ukehi.codecs.client.MembersDecoder;
import io.ukehi.codecs.client.MessageHeaderDecoder;
import io.ukehi.codecs.client.RedirectDecoder;
import io.ukehi.codecs.client.ReplyDecoder;
import io.ukehi.codecs.client.ReplyRecordDecoder;
import io.ukehi.codecs.client.StatusReplyDecoder;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;

/** A client that says what it is told to and writes down what it hears, one line a message. */
final class ClientProbe implements AutoCloseable
{
    final List<String> heard = new ArrayList<>();
    final long sessionId;
    final ClientMessages messages;
    /** Bytes of the last reply. */
    byte[] reply = {};
    int replyCount;
    int replyMessageCount;

    private final Aeron aeron;
    private final ExclusivePublication publication;
    private final FragmentAssembler assembler = new FragmentAssembler(this::onMessage);
    private final MessageSeal seal = new MessageSeal();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private Subscription subscription;
    private String responseChannel;
    private int responseStreamId;

    ClientProbe(
        final Aeron aeron,
        final long sessionId,
        final ClientMessages messages,
        final String ingressChannel,
        final int ingressStreamId)
    {
        this.aeron = aeron;
        this.sessionId = sessionId;
        this.messages = messages;
        publication = aeron.addExclusivePublication(ingressChannel, ingressStreamId);
    }

    ClientProbe listen(final String channel, final int streamId)
    {
        CloseHelper.close(subscription);
        subscription = aeron.addSubscription(channel, streamId);
        responseChannel = channel;
        responseStreamId = streamId;
        return this;
    }

    void connect(final long correlationId)
    {
        connect(correlationId, responseChannel, responseStreamId);
    }

    void connect(final long correlationId, final String channel, final int streamId)
    {
        send(messages.connect(sessionId, correlationId, channel, streamId));
    }

    void askStatus(final long correlationId)
    {
        send(messages.statusRequest(sessionId, correlationId, responseChannel, responseStreamId));
    }

    void command(final long correlationId, final byte[] bytes)
    {
        send(messages.command(sessionId, correlationId, bytes));
    }

    void keepAlive()
    {
        send(messages.keepAlive(sessionId));
    }

    void sendClose()
    {
        send(messages.close(sessionId));
    }

    boolean isConnected()
    {
        return publication.isConnected();
    }

    /** Whether the node has a publication to here. */
    boolean isListenedTo()
    {
        return subscription.isConnected();
    }

    void send(final int length)
    {
        final long deadlineNs = System.nanoTime() + ClientGatewayHarness.TIMEOUT_NS;
        long result;
        while ((result = publication.offer(messages.buffer(), 0, length)) < 0)
        {
            assertTrue(Publication.CLOSED != result && System.nanoTime() - deadlineNs < 0, "cannot send: " + result);
            Thread.yield();
        }
    }

    int poll()
    {
        return subscription.poll(assembler, 10);
    }

    private void onMessage(final DirectBuffer buffer, final int offset, final int length, final Header ignored)
    {
        assertTrue(seal.isSound(buffer, offset, length));
        header.wrap(buffer, offset);
        final int blockOffset = offset + MessageHeaderDecoder.ENCODED_LENGTH;
        final int blockLength = header.blockLength();
        final int version = header.version();
        switch (header.templateId())
        {
            case ConnectReplyDecoder.TEMPLATE_ID ->
                onConnectReply(new ConnectReplyDecoder().wrap(buffer, blockOffset, blockLength, version));
            case ReplyDecoder.TEMPLATE_ID ->
            {
                replyMessageCount++;
                onReplies(
                    new ReplyDecoder().wrap(buffer, blockOffset, blockLength, version), buffer, offset + length);
            }
            case RedirectDecoder.TEMPLATE_ID ->
                onRedirect(new RedirectDecoder().wrap(buffer, blockOffset, blockLength, version));
            case StatusReplyDecoder.TEMPLATE_ID ->
                onStatusReply(new StatusReplyDecoder().wrap(buffer, blockOffset, blockLength, version));
            case KeepAliveDecoder.TEMPLATE_ID ->
            {
                assertEquals(
                    sessionId, new KeepAliveDecoder().wrap(buffer, blockOffset, blockLength, version).sessionId());
                heard.add("keep alive");
            }
            case CloseDecoder.TEMPLATE_ID ->
            {
                assertEquals(
                    sessionId, new CloseDecoder().wrap(buffer, blockOffset, blockLength, version).sessionId());
                heard.add("close");
            }
            case MembersDecoder.TEMPLATE_ID ->
            {
                final MembersDecoder members = new MembersDecoder().wrap(buffer, blockOffset, blockLength, version);
                heard.add("members " + members.index() + " " + members.endpoints());
            }
            case AdminReplyDecoder.TEMPLATE_ID ->
            {
                final AdminReplyDecoder admin = new AdminReplyDecoder().wrap(buffer, blockOffset, blockLength, version);
                heard.add("admin " + admin.correlationId() + " " + admin.code() + " " + admin.text());
            }
            default -> heard.add("template " + header.templateId());
        }
    }

    private void onConnectReply(final ConnectReplyDecoder decoder)
    {
        assertEquals(sessionId, decoder.sessionId());
        heard.add("connected " + decoder.correlationId() + " " + decoder.code() + " node " + decoder.nodeId() +
            " leader " + decoder.leaderId() + " term " + decoder.term());
    }

    private void onReplies(final ReplyDecoder decoder, final DirectBuffer buffer, final int end)
    {
        assertEquals(sessionId, decoder.sessionId());
        int at = decoder.limit();
        while (at < end)
        {
            final ReplyRecordDecoder record = new ReplyRecordDecoder().wrap(
                buffer, at, ReplyRecordDecoder.BLOCK_LENGTH, ReplyRecordDecoder.SCHEMA_VERSION);
            heard.add("reply " + record.correlationId() + " " + record.code() + " index " + record.index() +
                " token " + record.token() + " leader " + decoder.leaderId());
            replyCount++;
            reply = new byte[record.length()];
            buffer.getBytes(record.limit(), reply);
            at = BitUtil.align(record.limit() + reply.length, Long.BYTES);
        }
        assertEquals(end, at);
    }

    private void onRedirect(final RedirectDecoder decoder)
    {
        assertEquals(sessionId, decoder.sessionId());
        heard.add("redirect " + decoder.leaderId() + " term " + decoder.term());
    }

    private void onStatusReply(final StatusReplyDecoder decoder)
    {
        assertEquals(sessionId, decoder.sessionId());
        heard.add("status " + decoder.correlationId() + " " + decoder.role() + " node " + decoder.nodeId() +
            " leader " + decoder.leaderId() + " commit " + decoder.commitIndex() +
            " sessions " + decoder.sessionCount());
    }

    @Override
    public void close()
    {
        CloseHelper.closeAll(publication, subscription);
    }
}
