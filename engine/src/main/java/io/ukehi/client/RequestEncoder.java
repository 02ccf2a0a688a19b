package io.ukehi.client;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Crc32c;
import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.AdminRequestEncoder;
import io.ukehi.codecs.client.CloseEncoder;
import io.ukehi.codecs.client.CommandEncoder;
import io.ukehi.codecs.client.CommandRecordEncoder;
import io.ukehi.codecs.client.ConnectEncoder;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.KeepAliveEncoder;
import io.ukehi.codecs.client.MessageHeaderEncoder;
import io.ukehi.codecs.client.OpenSessionEncoder;
import io.ukehi.codecs.client.QueryEncoder;
import io.ukehi.codecs.client.StatusRequestEncoder;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Writes what a client says, each message whole and with its checksum, at the beginning of {@link #buffer()} until the
 * next is written.
 * <p>
 * A command's bytes are copied rather than handed to Aeron as a second part: the checksum is then over memory of our
 * own, whatever the caller's buffer stands on, and the copy costs less than the send. The buffer grows with the longest
 * command and then stays. Owned by the thread that uses the client.
 */
final class RequestEncoder
{
    /** Where the first command's record begins in a message of commands. */
    static final int COMMANDS_OFFSET = MessageHeaderEncoder.ENCODED_LENGTH + CommandEncoder.BLOCK_LENGTH;

    /** Most bytes of a message with one command that are not the command's own. */
    static final int COMMAND_OVERHEAD = COMMANDS_OFFSET + CommandRecordEncoder.BLOCK_LENGTH + Long.BYTES;

    private static final int CHECKSUM_OFFSET = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int SUMMED_OFFSET = CHECKSUM_OFFSET + Integer.BYTES;

    private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(4096);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final CommandEncoder command = new CommandEncoder();
    private final CommandRecordEncoder record = new CommandRecordEncoder();
    private final AdminRequestEncoder admin = new AdminRequestEncoder();
    private final QueryEncoder query = new QueryEncoder();
    private final KeepAliveEncoder keepAlive = new KeepAliveEncoder();
    private final ConnectEncoder connect = new ConnectEncoder();
    private final StatusRequestEncoder statusRequest = new StatusRequestEncoder();
    private final OpenSessionEncoder openSession = new OpenSessionEncoder();
    private final CloseEncoder close = new CloseEncoder();
    private final Crc32c crc = new Crc32c();
    private final long clusterId;
    private final int groupId;
    private long sessionId;

    RequestEncoder(final long clusterId, final int groupId, final long clientId)
    {
        this.clusterId = clusterId;
        this.groupId = groupId;
        this.sessionId = clientId;
    }

    /** Who speaks from now on. */
    void clientId(final long clientId)
    {
        sessionId = clientId;
    }

    DirectBuffer buffer()
    {
        return buffer;
    }

    /** Bytes that a command of a length takes in a message of commands. */
    static int recordLength(final int length)
    {
        return BitUtil.align(CommandRecordEncoder.BLOCK_LENGTH + length, Long.BYTES);
    }

    /** Writes a command as one of several, from {@link #COMMANDS_OFFSET} on; returns where the next one begins. */
    int putCommand(
        final int at,
        final long session,
        final long sequence,
        final long firstUnanswered,
        final DirectBuffer bytes,
        final int offset,
        final int length)
    {
        final int end = at + recordLength(length);
        buffer.checkLimit(end);
        buffer.putLong(end - Long.BYTES, 0);
        record.wrap(buffer, at)
            .length(CommandRecordEncoder.BLOCK_LENGTH - CommandRecordEncoder.clusterSessionEncodingOffset() + length)
            .reserved(0)
            .clusterSession(session)
            .correlationId(sequence)
            .firstUnanswered(firstUnanswered);
        buffer.putBytes(at + CommandRecordEncoder.BLOCK_LENGTH, bytes, offset, length);
        return end;
    }

    /** Completes a message of commands that ends where the last one does; returns its length, as all of these do. */
    int commands(final int end)
    {
        command.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId);
        return seal(buffer, end, crc);
    }

    int admin(
        final long correlationId, final AdminOperation operation, final int targetId, final String member)
    {
        admin.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .targetId(targetId)
            .operation(operation)
            .member(member);
        return seal(buffer, admin.limit(), crc);
    }

    int query(
        final long correlationId,
        final Consistency consistency,
        final long maxLagNs,
        final DirectBuffer bytes,
        final int offset,
        final int length)
    {
        final int bytesOffset = MessageHeaderEncoder.ENCODED_LENGTH + QueryEncoder.BLOCK_LENGTH;
        buffer.checkLimit(bytesOffset + length);
        query.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .maxLagNs(maxLagNs)
            .consistency(consistency);
        buffer.putBytes(bytesOffset, bytes, offset, length);
        return seal(buffer, bytesOffset + length, crc);
    }

    int connect(final long correlationId, final int responseStreamId, final String responseChannel)
    {
        connect.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .responseStreamId(responseStreamId)
            .responseChannel(responseChannel);
        return seal(buffer, connect.limit(), crc);
    }

    int statusRequest(final long correlationId, final int responseStreamId, final String responseChannel)
    {
        statusRequest.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .responseStreamId(responseStreamId)
            .responseChannel(responseChannel);
        return seal(buffer, statusRequest.limit(), crc);
    }

    int openSession()
    {
        openSession.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId);
        return seal(buffer, openSession.limit(), crc);
    }

    int keepAlive()
    {
        keepAlive.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId);
        return seal(buffer, keepAlive.limit(), crc);
    }

    int close()
    {
        close.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId);
        return seal(buffer, close.limit(), crc);
    }

    /** Puts the checksum into a message that lies at the beginning of a buffer; returns its length. */
    static int seal(final MutableDirectBuffer message, final int length, final Crc32c crc)
    {
        message.putInt(CHECKSUM_OFFSET, checksum(message, 0, length, crc), LITTLE_ENDIAN);
        return length;
    }

    /** Checksum of a message: over all of its bytes except the four of the checksum itself. */
    static int checksum(final DirectBuffer message, final int offset, final int length, final Crc32c crc)
    {
        return crc.reset()
            .update(message, offset, CHECKSUM_OFFSET)
            .update(message, offset + SUMMED_OFFSET, length - SUMMED_OFFSET)
            .value();
    }
}
