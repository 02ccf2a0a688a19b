package io.ukehi.transport;

import static io.aeron.logbuffer.ControlledFragmentHandler.Action.ABORT;
import static io.aeron.logbuffer.ControlledFragmentHandler.Action.CONTINUE;

import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.AdminRequestDecoder;
import io.ukehi.codecs.client.CloseDecoder;
import io.ukehi.codecs.client.CommandDecoder;
import io.ukehi.codecs.client.CommandRecordDecoder;
import io.ukehi.codecs.client.ConnectDecoder;
import io.ukehi.codecs.client.KeepAliveDecoder;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.MessageHeaderDecoder;
import io.ukehi.codecs.client.OpenSessionDecoder;
import io.ukehi.codecs.client.QueryDecoder;
import io.ukehi.codecs.client.StatusRequestDecoder;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;

/**
 * Checks and decodes what clients say. The mirror of {@link ClientMessageEncoder}.
 * <p>
 * What is not a whole, sound message of this schema, cluster and group is counted by its {@link DropReason} and
 * dropped. No bytes whatever make this class throw; what {@link ClientRequests} throws goes through, for it is a
 * failure of this node and not of the message. Versions are treated as {@link PeerAdapter} does: a later extension of
 * the schema may have appended fields to a block. Only the records in a Command are what they are, since each holds the
 * payload of a log entry.
 * <p>
 * Owned by the duty-cycle thread. Messages that carry a channel allocate, others do not.
 */
public final class ClientAdapter
{
    private static final int MIN_VERSION = 1;
    private static final int MAJOR_SHIFT = 8;
    private static final int NO_SUCH_TEMPLATE = -1;
    /** An id, a host name and two ports. */
    private static final int MAX_MEMBER_LENGTH = 300;
    private static final int HEADER_LENGTH = MessageHeaderDecoder.ENCODED_LENGTH;

    // The fields with which every block begins. KeepAlive has them and no more.
    private static final int GROUP_ID_OFFSET = KeepAliveDecoder.groupIdEncodingOffset();
    private static final int CLUSTER_ID_OFFSET = KeepAliveDecoder.clusterIdEncodingOffset();
    private static final int SESSION_ID_OFFSET = KeepAliveDecoder.sessionIdEncodingOffset();

    private static final int PAYLOAD_OFFSET = CommandRecordDecoder.clusterSessionEncodingOffset();
    private static final int LEAST_PAYLOAD_LENGTH = CommandRecordDecoder.BLOCK_LENGTH - PAYLOAD_OFFSET;

    /** Most bytes of a message with one command that are not the user's. */
    static final int COMMAND_OVERHEAD_LENGTH =
        HEADER_LENGTH + CommandDecoder.BLOCK_LENGTH + CommandRecordDecoder.BLOCK_LENGTH + Long.BYTES;

    /** By value; the last one stands for none. */
    private static final Consistency[] CONSISTENCIES = Consistency.values();
    private static final AdminOperation[] OPERATIONS = AdminOperation.values();

    private final long clusterId;
    private final int groupId;
    private final ClientRequests requests;
    private final DropCounters drops;
    private final MessageSeal seal = new MessageSeal();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final CommandRecordDecoder record = new CommandRecordDecoder();
    private final ConnectDecoder connect = new ConnectDecoder();
    private final AdminRequestDecoder admin = new AdminRequestDecoder();
    private final QueryDecoder query = new QueryDecoder();
    private final StatusRequestDecoder statusRequest = new StatusRequestDecoder();
    private Action action;

    /**
     * @param clusterId identity of the cluster.
     * @param groupId   Raft group within it.
     * @param requests  called for each good message.
     * @param drops     where the others are counted.
     */
    public ClientAdapter(
        final long clusterId, final int groupId, final ClientRequests requests, final DropCounters drops)
    {
        this.clusterId = clusterId;
        this.groupId = groupId;
        this.requests = requests;
        this.drops = drops;
    }

    /**
     * Takes one whole message.
     *
     * @param buffer that holds it; what it says is valid during the call only.
     * @param offset where it begins, in bytes.
     * @param length in bytes, 0 or more; within the buffer.
     * @return ABORT if the same message must be offered again, else CONTINUE.
     */
    public Action onMessage(final DirectBuffer buffer, final int offset, final int length)
    {
        action = CONTINUE;
        final DropReason fault = dispatch(buffer, offset, length);
        if (null != fault)
        {
            drops.increment(fault);
        }
        return action;
    }

    /** Null if the message was passed on, or will be. */
    private DropReason dispatch(final DirectBuffer buffer, final int offset, final int length)
    {
        if (length < HEADER_LENGTH)
        {
            return DropReason.TOO_SHORT;
        }
        header.wrap(buffer, offset);
        final DropReason formFault = formFault(length);
        if (null != formFault)
        {
            return formFault;
        }
        if (!seal.isSound(buffer, offset, length))
        {
            return DropReason.BAD_CHECKSUM;
        }
        final int blockOffset = offset + HEADER_LENGTH;
        final DropReason addressFault = addressFault(buffer, blockOffset);
        if (null != addressFault)
        {
            return addressFault;
        }
        final long sessionId = buffer.getLong(blockOffset + SESSION_ID_OFFSET, MessageHeaderDecoder.BYTE_ORDER);
        final int restLength = length - HEADER_LENGTH - header.blockLength();
        return switch (header.templateId())
        {
            case CommandDecoder.TEMPLATE_ID ->
                onCommands(buffer, blockOffset + header.blockLength(), offset + length, sessionId);
            case AdminRequestDecoder.TEMPLATE_ID -> onAdmin(buffer, blockOffset, restLength, sessionId);
            case QueryDecoder.TEMPLATE_ID -> onQuery(buffer, blockOffset, restLength, sessionId);
            case ConnectDecoder.TEMPLATE_ID -> onConnect(buffer, blockOffset, restLength, sessionId);
            case StatusRequestDecoder.TEMPLATE_ID -> onStatusRequest(buffer, blockOffset, restLength, sessionId);
            default -> onSign(restLength, sessionId);
        };
    }

    /** Whether the header is one that can be read on, and the block lies within the message. */
    private DropReason formFault(final int length)
    {
        if (MessageHeaderDecoder.SCHEMA_ID != header.schemaId())
        {
            return DropReason.WRONG_SCHEMA;
        }
        final int version = header.version();
        if (version < MIN_VERSION || version >> MAJOR_SHIFT != MessageHeaderDecoder.SCHEMA_VERSION >> MAJOR_SHIFT)
        {
            return DropReason.UNSUPPORTED_VERSION;
        }
        final int knownLength = knownBlockLength(header.templateId());
        if (NO_SUCH_TEMPLATE == knownLength)
        {
            return DropReason.UNKNOWN_TEMPLATE;
        }
        final int blockLength = header.blockLength();
        if (blockLength > length - HEADER_LENGTH)
        {
            return DropReason.TOO_SHORT;
        }
        final boolean isBlockGood = isKnownVersion() ? blockLength == knownLength : blockLength >= knownLength;
        return isBlockGood ? null : DropReason.MALFORMED;
    }

    private boolean isKnownVersion()
    {
        return header.version() <= MessageHeaderDecoder.SCHEMA_VERSION;
    }

    private static int knownBlockLength(final int templateId)
    {
        return switch (templateId)
        {
            case ConnectDecoder.TEMPLATE_ID -> ConnectDecoder.BLOCK_LENGTH;
            case CommandDecoder.TEMPLATE_ID -> CommandDecoder.BLOCK_LENGTH;
            case AdminRequestDecoder.TEMPLATE_ID -> AdminRequestDecoder.BLOCK_LENGTH;
            case QueryDecoder.TEMPLATE_ID -> QueryDecoder.BLOCK_LENGTH;
            case KeepAliveDecoder.TEMPLATE_ID -> KeepAliveDecoder.BLOCK_LENGTH;
            case CloseDecoder.TEMPLATE_ID -> CloseDecoder.BLOCK_LENGTH;
            case OpenSessionDecoder.TEMPLATE_ID -> OpenSessionDecoder.BLOCK_LENGTH;
            case StatusRequestDecoder.TEMPLATE_ID -> StatusRequestDecoder.BLOCK_LENGTH;
            default -> NO_SUCH_TEMPLATE;
        };
    }

    private DropReason addressFault(final DirectBuffer buffer, final int blockOffset)
    {
        if (buffer.getLong(blockOffset + CLUSTER_ID_OFFSET, MessageHeaderDecoder.BYTE_ORDER) != clusterId)
        {
            return DropReason.WRONG_CLUSTER;
        }
        return buffer.getInt(blockOffset + GROUP_ID_OFFSET, MessageHeaderDecoder.BYTE_ORDER) == groupId ?
            null : DropReason.WRONG_GROUP;
    }

    /**
     * One command after the other. Where one has to wait the whole message comes again, and with it those before, which
     * their session knows.
     */
    private DropReason onCommands(final DirectBuffer buffer, final int from, final int to, final long sessionId)
    {
        if (!areWhole(buffer, from, to))
        {
            return DropReason.MALFORMED;
        }
        if (!requests.isConnected(sessionId))
        {
            // Counted once, however many commands there are.
            return DropReason.UNKNOWN_SESSION;
        }
        int at = from;
        while (at < to)
        {
            final int payloadLength = buffer.getInt(at, MessageHeaderDecoder.BYTE_ORDER);
            record.wrap(buffer, at, CommandRecordDecoder.BLOCK_LENGTH, CommandRecordDecoder.SCHEMA_VERSION);
            if (!requests.onCommand(sessionId, record.correlationId(), buffer, at + PAYLOAD_OFFSET, payloadLength))
            {
                action = ABORT;
                return null;
            }
            at += PAYLOAD_OFFSET + BitUtil.align(payloadLength, Long.BYTES);
        }
        return null;
    }

    /** Whether there is a record at least, and each ends where the next begins or the message ends. */
    private static boolean areWhole(final DirectBuffer buffer, final int from, final int to)
    {
        int at = from;
        while (to - at >= CommandRecordDecoder.BLOCK_LENGTH)
        {
            final int length = buffer.getInt(at, MessageHeaderDecoder.BYTE_ORDER);
            if (length < LEAST_PAYLOAD_LENGTH || length > to - at - PAYLOAD_OFFSET)
            {
                return false;
            }
            at += PAYLOAD_OFFSET + BitUtil.align(length, Long.BYTES);
        }
        return at == to && from < to;
    }

    private DropReason onAdmin(
        final DirectBuffer buffer, final int blockOffset, final int restLength, final long sessionId)
    {
        if (restLength < AdminRequestDecoder.memberHeaderLength())
        {
            return DropReason.TOO_SHORT;
        }
        admin.wrap(buffer, blockOffset, header.blockLength(), header.version());
        final int operation = admin.operationRaw();
        if (operation >= OPERATIONS.length - 1 || admin.memberLength() > MAX_MEMBER_LENGTH)
        {
            return DropReason.MALFORMED;
        }
        final DropReason fault =
            textFault(admin.memberLength(), restLength - AdminRequestDecoder.memberHeaderLength());
        if (null == fault)
        {
            requests.onAdmin(
                sessionId, admin.correlationId(), OPERATIONS[operation], admin.targetId(), admin.member());
        }
        return fault;
    }

    private DropReason onQuery(
        final DirectBuffer buffer, final int blockOffset, final int restLength, final long sessionId)
    {
        query.wrap(buffer, blockOffset, header.blockLength(), header.version());
        final int consistency = query.consistencyRaw();
        if (consistency >= CONSISTENCIES.length - 1 || query.maxLagNs() < 0)
        {
            return DropReason.MALFORMED;
        }
        requests.onQuery(
            sessionId, query.correlationId(), CONSISTENCIES[consistency], query.maxLagNs(),
            buffer, blockOffset + header.blockLength(), restLength);
        return null;
    }

    private DropReason onConnect(
        final DirectBuffer buffer, final int blockOffset, final int restLength, final long sessionId)
    {
        if (restLength < ConnectDecoder.responseChannelHeaderLength())
        {
            return DropReason.TOO_SHORT;
        }
        connect.wrap(buffer, blockOffset, header.blockLength(), header.version());
        final DropReason fault =
            channelFault(connect.responseChannelLength(), restLength - ConnectDecoder.responseChannelHeaderLength());
        if (null == fault)
        {
            requests.onConnect(
                sessionId, connect.correlationId(), connect.responseChannel(), connect.responseStreamId());
        }
        return fault;
    }

    private DropReason onStatusRequest(
        final DirectBuffer buffer, final int blockOffset, final int restLength, final long sessionId)
    {
        if (restLength < StatusRequestDecoder.responseChannelHeaderLength())
        {
            return DropReason.TOO_SHORT;
        }
        statusRequest.wrap(buffer, blockOffset, header.blockLength(), header.version());
        final DropReason fault = channelFault(
            statusRequest.responseChannelLength(), restLength - StatusRequestDecoder.responseChannelHeaderLength());
        if (null == fault)
        {
            requests.onStatusRequest(
                sessionId,
                statusRequest.correlationId(),
                statusRequest.responseChannel(),
                statusRequest.responseStreamId());
        }
        return fault;
    }

    private DropReason channelFault(final int statedLength, final int restLength)
    {
        final DropReason fault = textFault(statedLength, restLength);
        return null == fault && statedLength > ClientResponseChannel.MAX_LENGTH ? DropReason.REFUSED_CHANNEL : fault;
    }

    /** The length is what 32 unsigned bits said, and must be what is left; refused before a string is made of it. */
    private DropReason textFault(final int statedLength, final int restLength)
    {
        if (statedLength < 0 || statedLength > restLength)
        {
            return DropReason.TOO_SHORT;
        }
        return statedLength < restLength && isKnownVersion() ? DropReason.MALFORMED : null;
    }

    /** A message that only says that it was sent. */
    private DropReason onSign(final int restLength, final long sessionId)
    {
        if (0 != restLength && isKnownVersion())
        {
            return DropReason.MALFORMED;
        }
        switch (header.templateId())
        {
            case CloseDecoder.TEMPLATE_ID -> requests.onClose(sessionId);
            case OpenSessionDecoder.TEMPLATE_ID -> action = requests.onOpenSession(sessionId) ? CONTINUE : ABORT;
            default -> requests.onKeepAlive(sessionId);
        }
        return null;
    }
}
