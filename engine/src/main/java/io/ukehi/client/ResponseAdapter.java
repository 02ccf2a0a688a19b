package io.ukehi.client;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import io.ukehi.Crc32c;
import io.ukehi.codecs.client.AdminReplyDecoder;
import io.ukehi.codecs.client.CloseDecoder;
import io.ukehi.codecs.client.ConnectReplyDecoder;
import io.ukehi.codecs.client.KeepAliveDecoder;
import io.ukehi.codecs.client.MembersDecoder;
import io.ukehi.codecs.client.MessageHeaderDecoder;
import io.ukehi.codecs.client.QueryReplyDecoder;
import io.ukehi.codecs.client.RedirectDecoder;
import io.ukehi.codecs.client.ReplyDecoder;
import io.ukehi.codecs.client.ReplyRecordDecoder;
import io.ukehi.codecs.client.SessionOpenedDecoder;
import io.ukehi.codecs.client.StatusReplyDecoder;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;

/**
 * Reads messages of nodes, after reassembly, and hands on those that are whole and meant for this client. Anyone can
 * send to a client's port: whatever else comes is counted and dropped.
 * <p>
 * Every message begins alike, which is what is checked first: SBE header (8 bytes), checksum (4), group (4), cluster
 * (8), session (8). A later version's block may be longer than ours and is read as far as we know it.
 * <p>
 * Owned by the thread that uses the client; allocates nothing.
 */
final class ResponseAdapter implements FragmentHandler
{
    /** The part of a version's number that changes where older readers can no longer read on. */
    private static final int MAJOR_SHIFT = 8;
    private static final int HEADER_LENGTH = MessageHeaderDecoder.ENCODED_LENGTH;
    private static final int GROUP_ID_OFFSET = HEADER_LENGTH + KeepAliveDecoder.groupIdEncodingOffset();
    private static final int CLUSTER_ID_OFFSET = HEADER_LENGTH + KeepAliveDecoder.clusterIdEncodingOffset();
    private static final int SESSION_ID_OFFSET = HEADER_LENGTH + KeepAliveDecoder.sessionIdEncodingOffset();

    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final ConnectReplyDecoder connectReply = new ConnectReplyDecoder();
    private final ReplyDecoder reply = new ReplyDecoder();
    private final ReplyRecordDecoder record = new ReplyRecordDecoder();
    private final AdminReplyDecoder adminReply = new AdminReplyDecoder();
    private final QueryReplyDecoder queryReply = new QueryReplyDecoder();
    private final SessionOpenedDecoder sessionOpened = new SessionOpenedDecoder();
    private final RedirectDecoder redirect = new RedirectDecoder();
    private final MembersDecoder members = new MembersDecoder();
    private final StatusReplyDecoder statusReply = new StatusReplyDecoder();
    private final Crc32c crc = new Crc32c();
    private final long clusterId;
    private final int groupId;
    private long sessionId;
    private final ClientStats stats;
    private final ResponseHandler handler;

    ResponseAdapter(
        final long clusterId,
        final int groupId,
        final long clientId,
        final ClientStats stats,
        final ResponseHandler handler)
    {
        this.clusterId = clusterId;
        this.groupId = groupId;
        this.sessionId = clientId;
        this.stats = stats;
        this.handler = handler;
    }

    /** Whose messages are taken from now on. */
    void clientId(final long clientId)
    {
        sessionId = clientId;
    }

    @Override
    public void onFragment(final DirectBuffer buffer, final int offset, final int length, final Header aeronHeader)
    {
        if (length < HEADER_LENGTH + KeepAliveDecoder.BLOCK_LENGTH)
        {
            stats.malformed++;
            return;
        }
        header.wrap(buffer, offset);
        final int blockLength = header.blockLength();
        if (!isOurSchema() || !isWhole(blockLength, length - HEADER_LENGTH - blockLength))
        {
            stats.malformed++;
        }
        else if (RequestEncoder.checksum(buffer, offset, length, crc) !=
            buffer.getInt(offset + HEADER_LENGTH, LITTLE_ENDIAN))
        {
            stats.badChecksum++;
        }
        else if (buffer.getInt(offset + GROUP_ID_OFFSET, LITTLE_ENDIAN) != groupId ||
            buffer.getLong(offset + CLUSTER_ID_OFFSET, LITTLE_ENDIAN) != clusterId ||
            buffer.getLong(offset + SESSION_ID_OFFSET, LITTLE_ENDIAN) != sessionId)
        {
            stats.foreign++;
        }
        else
        {
            dispatch(buffer, offset, length, blockLength, aeronHeader.sessionId());
        }
    }

    private void dispatch(
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final int blockLength,
        final int aeronSessionId)
    {
        final int blockOffset = offset + HEADER_LENGTH;
        final int version = header.version();
        switch (header.templateId())
        {
            case ReplyDecoder.TEMPLATE_ID ->
            {
                reply.wrap(buffer, blockOffset, blockLength, version);
                onReplies(reply.leaderId(), aeronSessionId, buffer, blockOffset + blockLength, offset + length);
            }
            case QueryReplyDecoder.TEMPLATE_ID ->
            {
                final int dataOffset = blockOffset + blockLength;
                queryReply.wrap(buffer, blockOffset, blockLength, version);
                handler.onQueryReply(queryReply, aeronSessionId, buffer, dataOffset, offset + length - dataOffset);
            }
            case AdminReplyDecoder.TEMPLATE_ID ->
            {
                if (isText(buffer, blockOffset + blockLength, offset + length - blockOffset - blockLength))
                {
                    handler.onAdminReply(adminReply.wrap(buffer, blockOffset, blockLength, version));
                }
                else
                {
                    stats.malformed++;
                }
            }
            case MembersDecoder.TEMPLATE_ID ->
            {
                if (isText(buffer, blockOffset + blockLength, offset + length - blockOffset - blockLength))
                {
                    handler.onMembers(members.wrap(buffer, blockOffset, blockLength, version));
                }
                else
                {
                    stats.malformed++;
                }
            }
            case ConnectReplyDecoder.TEMPLATE_ID ->
                handler.onConnectReply(
                    connectReply.wrap(buffer, blockOffset, blockLength, version), aeronSessionId);
            case RedirectDecoder.TEMPLATE_ID ->
                handler.onRedirect(redirect.wrap(buffer, blockOffset, blockLength, version), aeronSessionId);
            case SessionOpenedDecoder.TEMPLATE_ID ->
                handler.onSessionOpened(
                    sessionOpened.wrap(buffer, blockOffset, blockLength, version), aeronSessionId);
            case KeepAliveDecoder.TEMPLATE_ID -> handler.onKeepAlive(aeronSessionId);
            case CloseDecoder.TEMPLATE_ID -> handler.onClose(aeronSessionId);
            default -> handler.onStatusReply(statusReply.wrap(buffer, blockOffset, blockLength, version));
        }
    }

    /** One reply after the other, for as long as the client is who it was when the message was sent to it. */
    private void onReplies(
        final int leaderId, final int aeronSessionId, final DirectBuffer buffer, final int from, final int to)
    {
        final long clientId = sessionId;
        int at = from;
        while (to - at >= ReplyRecordDecoder.BLOCK_LENGTH && clientId == sessionId)
        {
            record.wrap(buffer, at, ReplyRecordDecoder.BLOCK_LENGTH, ReplyRecordDecoder.SCHEMA_VERSION);
            final int length = record.length();
            final int dataOffset = at + ReplyRecordDecoder.BLOCK_LENGTH;
            if (length < 0 || length > to - dataOffset)
            {
                break;
            }
            handler.onReply(record, leaderId, aeronSessionId, buffer, dataOffset, length);
            at = dataOffset + BitUtil.align(length, Long.BYTES);
        }
        if (clientId == sessionId && (at != to || at == from))
        {
            stats.malformed++;
        }
    }

    /** In a message of a version that we know, nothing is left over; only a reply has data behind its block. */
    private boolean isWhole(final int blockLength, final int restLength)
    {
        final int knownLength = knownBlockLength(header.templateId());
        if (0 == knownLength || restLength < 0)
        {
            return false;
        }
        if (header.version() > MessageHeaderDecoder.SCHEMA_VERSION)
        {
            return blockLength >= knownLength;
        }
        return blockLength == knownLength && switch (header.templateId())
        {
            case ReplyDecoder.TEMPLATE_ID, QueryReplyDecoder.TEMPLATE_ID -> true;
            case AdminReplyDecoder.TEMPLATE_ID, MembersDecoder.TEMPLATE_ID -> restLength >= Integer.BYTES;
            default -> 0 == restLength;
        };
    }

    /** Text behind a block: its length stands before it, and what it says must be there. */
    private static boolean isText(final DirectBuffer buffer, final int offset, final int restLength)
    {
        return buffer.getInt(offset, LITTLE_ENDIAN) == restLength - Integer.BYTES;
    }

    private boolean isOurSchema()
    {
        final int version = header.version();
        return MessageHeaderDecoder.SCHEMA_ID == header.schemaId() && version > 0 &&
            version >> MAJOR_SHIFT == MessageHeaderDecoder.SCHEMA_VERSION >> MAJOR_SHIFT;
    }

    /** Length of the block of a message as we know it, or 0 where it is none that a node sends. */
    private static int knownBlockLength(final int templateId)
    {
        return switch (templateId)
        {
            case ReplyDecoder.TEMPLATE_ID -> ReplyDecoder.BLOCK_LENGTH;
            case QueryReplyDecoder.TEMPLATE_ID -> QueryReplyDecoder.BLOCK_LENGTH;
            case AdminReplyDecoder.TEMPLATE_ID -> AdminReplyDecoder.BLOCK_LENGTH;
            case MembersDecoder.TEMPLATE_ID -> MembersDecoder.BLOCK_LENGTH;
            case ConnectReplyDecoder.TEMPLATE_ID -> ConnectReplyDecoder.BLOCK_LENGTH;
            case RedirectDecoder.TEMPLATE_ID -> RedirectDecoder.BLOCK_LENGTH;
            case SessionOpenedDecoder.TEMPLATE_ID -> SessionOpenedDecoder.BLOCK_LENGTH;
            case KeepAliveDecoder.TEMPLATE_ID -> KeepAliveDecoder.BLOCK_LENGTH;
            case CloseDecoder.TEMPLATE_ID -> CloseDecoder.BLOCK_LENGTH;
            case StatusReplyDecoder.TEMPLATE_ID -> StatusReplyDecoder.BLOCK_LENGTH;
            default -> 0;
        };
    }
}
