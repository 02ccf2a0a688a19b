package io.ukehi.transport;

import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.AdminRequestEncoder;
import io.ukehi.codecs.client.CloseEncoder;
import io.ukehi.codecs.client.CommandEncoder;
import io.ukehi.codecs.client.CommandRecordEncoder;
import io.ukehi.codecs.client.ConnectEncoder;
import io.ukehi.codecs.client.KeepAliveEncoder;
import io.ukehi.codecs.client.MessageHeaderEncoder;
import io.ukehi.codecs.client.OpenSessionEncoder;
import io.ukehi.codecs.client.StatusRequestEncoder;
import org.agrona.BitUtil;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;

/** What a client says, encoded and sealed: each method leaves one message at 0 and returns its length. */
final class ClientMessages
{
    static final int COMMANDS_OFFSET = MessageHeaderEncoder.ENCODED_LENGTH + CommandEncoder.BLOCK_LENGTH;

    private final MutableDirectBuffer buffer = new ExpandableArrayBuffer(1024);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final MessageSeal seal = new MessageSeal();
    /** The replicated session that commands name. */
    static final long CLUSTER_SESSION = 77;

    private final long clusterId;
    private final int groupId;

    ClientMessages(final long clusterId, final int groupId)
    {
        this.clusterId = clusterId;
        this.groupId = groupId;
    }

    MutableDirectBuffer buffer()
    {
        return buffer;
    }

    int connect(final long sessionId, final long correlationId, final String channel, final int streamId)
    {
        final ConnectEncoder connect = new ConnectEncoder();
        connect.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .responseStreamId(streamId)
            .responseChannel(channel);
        return seal(connect.limit());
    }

    int statusRequest(final long sessionId, final long correlationId, final String channel, final int streamId)
    {
        final StatusRequestEncoder request = new StatusRequestEncoder();
        request.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .responseStreamId(streamId)
            .responseChannel(channel);
        return seal(request.limit());
    }

    int admin(
        final long sessionId, final long correlationId, final AdminOperation operation, final int targetId,
        final String member)
    {
        final AdminRequestEncoder request = new AdminRequestEncoder();
        request.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .targetId(targetId)
            .operation(operation)
            .member(member);
        return seal(request.limit());
    }

    int command(final long sessionId, final long correlationId, final byte[] bytes)
    {
        return commands(sessionId, correlationId, bytes);
    }

    /** Commands with numbers that rise from the first one's. */
    int commands(final long sessionId, final long firstCorrelationId, final byte[]... commands)
    {
        new CommandEncoder().wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId);
        int at = COMMANDS_OFFSET;
        for (int i = 0; i < commands.length; i++)
        {
            new CommandRecordEncoder().wrap(buffer, at)
                .length(3 * Long.BYTES + commands[i].length)
                .reserved(0)
                .clusterSession(CLUSTER_SESSION)
                .correlationId(firstCorrelationId + i)
                .firstUnanswered(1);
            buffer.putBytes(at + CommandRecordEncoder.BLOCK_LENGTH, commands[i]);
            final int end = at + CommandRecordEncoder.BLOCK_LENGTH + commands[i].length;
            at = BitUtil.align(end, Long.BYTES);
            buffer.setMemory(end, at - end, (byte)0);
        }
        return seal(at);
    }

    int openSession(final long sessionId)
    {
        final OpenSessionEncoder open = new OpenSessionEncoder();
        open.wrapAndApplyHeader(buffer, 0, header).groupId(groupId).clusterId(clusterId).sessionId(sessionId);
        return seal(open.limit());
    }

    int keepAlive(final long sessionId)
    {
        final KeepAliveEncoder keepAlive = new KeepAliveEncoder();
        keepAlive.wrapAndApplyHeader(buffer, 0, header).groupId(groupId).clusterId(clusterId).sessionId(sessionId);
        return seal(keepAlive.limit());
    }

    int close(final long sessionId)
    {
        final CloseEncoder close = new CloseEncoder();
        close.wrapAndApplyHeader(buffer, 0, header).groupId(groupId).clusterId(clusterId).sessionId(sessionId);
        return seal(close.limit());
    }

    int seal(final int length)
    {
        seal.seal(buffer, 0, length);
        return length;
    }
}
