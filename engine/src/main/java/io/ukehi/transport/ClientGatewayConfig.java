package io.ukehi.transport;

import org.agrona.BitUtil;

/**
 * Settings of a {@link ClientGateway}. Fluent; {@link #conclude()} checks them as a whole. Lengths are in bytes, times
 * in nanoseconds.
 */
public final class ClientGatewayConfig
{
    /** Stream of the UDP ingress; that of the IPC ingress is this and the node's id. */
    public static final int INGRESS_STREAM_ID = 100;

    /** Queries that one client may have waiting, so that it leaves room for the others'. */
    public static final int QUERY_LIMIT = 256;

    /** Longest message of Aeron, in bytes, whatever the term length. */
    private static final int AERON_MAX_MESSAGE_LENGTH = 16 * 1024 * 1024;
    private static final int MESSAGES_PER_TERM = 8;
    private static final int MIN_TERM_LENGTH = 256 * 1024;

    /** Term length of the publications to those who have no session: an answer takes less than a KiB. */
    static final int STRANGER_TERM_LENGTH = 64 * 1024;

    private static final int MIN_REPLY_QUEUE_LENGTH = 64 * 1024;

    private long clusterId;
    private int groupId;
    private int nodeId;
    private String ingressChannel;
    private int ingressStreamId = INGRESS_STREAM_ID;
    private boolean isIpcIngress = true;
    private int sessionLimit = 128;
    private long sessionTimeoutNs = 10_000_000_000L;
    private int maxCommandLength = 1024 * 1024;
    private int maxReplyLength = 1024 * 1024;
    private int replyQueueLength;
    private int statusChannelLimit = 8;
    private int halfOpenLimit = 16;

    /** Identity of the cluster, and the Raft group within it. */
    public ClientGatewayConfig group(final long cluster, final int group)
    {
        clusterId = cluster;
        groupId = group;
        return this;
    }

    public long clusterId()
    {
        return clusterId;
    }

    public int groupId()
    {
        return groupId;
    }

    /** Own member id, 1 or greater. */
    public ClientGatewayConfig nodeId(final int id)
    {
        nodeId = id;
        return this;
    }

    public int nodeId()
    {
        return nodeId;
    }

    /** Where clients on other machines send to, as in {@code aeron:udp?endpoint=host:port}; null if none may. */
    public ClientGatewayConfig ingressChannel(final String channel)
    {
        ingressChannel = channel;
        return this;
    }

    public String ingressChannel()
    {
        return ingressChannel;
    }

    /** Stream of the UDP ingress; that of the IPC ingress is this and the node's id. */
    public ClientGatewayConfig ingressStreamId(final int streamId)
    {
        ingressStreamId = streamId;
        return this;
    }

    public int ingressStreamId()
    {
        return ingressStreamId;
    }

    /** Whether clients on the same media driver may connect over IPC. */
    public ClientGatewayConfig ipcIngress(final boolean isOpen)
    {
        isIpcIngress = isOpen;
        return this;
    }

    public boolean ipcIngress()
    {
        return isIpcIngress;
    }

    /** Most clients at a time. */
    public ClientGatewayConfig sessionLimit(final int limit)
    {
        sessionLimit = limit;
        return this;
    }

    public int sessionLimit()
    {
        return sessionLimit;
    }

    /** A client that is silent for this long, and up to an eighth longer, is no longer connected. */
    public ClientGatewayConfig sessionTimeoutNs(final long timeoutNs)
    {
        sessionTimeoutNs = timeoutNs;
        return this;
    }

    public long sessionTimeoutNs()
    {
        return sessionTimeoutNs;
    }

    /** Longest command, without the two ids that stand before the user's bytes. */
    public ClientGatewayConfig maxCommandLength(final int length)
    {
        maxCommandLength = length;
        return this;
    }

    public int maxCommandLength()
    {
        return maxCommandLength;
    }

    /**
     * Longest answer of the state machine. The publications to clients have terms of eight times that, rounded up to a
     * power of two, and may come to use three of them each: 1 MiB makes up to 48 MiB a client, 64 KiB 3 MiB.
     */
    public ClientGatewayConfig maxReplyLength(final int length)
    {
        maxReplyLength = length;
        return this;
    }

    public int maxReplyLength()
    {
        return maxReplyLength;
    }

    /**
     * Most memory for replies that a client does not take at once, for each client; holds at least one longest reply.
     * 0, the default, makes it 64 KiB or one longest reply, whichever is more.
     */
    public ClientGatewayConfig replyQueueLength(final int length)
    {
        replyQueueLength = length;
        return this;
    }

    public int replyQueueLength()
    {
        return replyQueueLength;
    }

    /** Most publications at a time to those who ask something without having a session. */
    public ClientGatewayConfig statusChannelLimit(final int limit)
    {
        statusChannelLimit = limit;
        return this;
    }

    public int statusChannelLimit()
    {
        return statusChannelLimit;
    }

    /**
     * Most clients at a time that have connected and said no more. A client says more as soon as it is answered: these
     * places are enough for many that come at once, and few enough that a flood of Connects costs the others little.
     */
    public ClientGatewayConfig halfOpenLimit(final int limit)
    {
        halfOpenLimit = limit;
        return this;
    }

    public int halfOpenLimit()
    {
        return halfOpenLimit;
    }

    /** Term length of the publications to clients. */
    int responseTermLength()
    {
        return BitUtil.findNextPositivePowerOfTwo(
            Math.max(MIN_TERM_LENGTH, maxReplyMessageLength() * MESSAGES_PER_TERM));
    }

    private int maxReplyMessageLength()
    {
        return ClientMessageEncoder.MAX_OVERHEAD_LENGTH + maxReplyLength;
    }

    /** Checks that the settings fit together. */
    public ClientGatewayConfig conclude()
    {
        require(nodeId > 0, "nodeId must be 1 or greater: " + nodeId);
        require(null != ingressChannel || isIpcIngress, "either ingressChannel or ipcIngress must be given");
        require(sessionLimit > 0, "sessionLimit must be greater than 0: " + sessionLimit);
        require(halfOpenLimit > 0, "halfOpenLimit must be greater than 0: " + halfOpenLimit);
        require(sessionTimeoutNs > 0, "sessionTimeoutNs must be greater than 0: " + sessionTimeoutNs);
        require(statusChannelLimit > 0, "statusChannelLimit must be greater than 0: " + statusChannelLimit);
        final int longestPayload = AERON_MAX_MESSAGE_LENGTH - ClientMessageEncoder.MAX_OVERHEAD_LENGTH;
        require(maxCommandLength >= 0 && maxCommandLength <= longestPayload,
            "maxCommandLength must be within 0.." + longestPayload + ": " + maxCommandLength);
        require(maxReplyLength >= 0 && maxReplyLength <= longestPayload,
            "maxReplyLength must be within 0.." + longestPayload + ": " + maxReplyLength);
        final int longestRecord = ClientReplyQueue.recordLength(maxReplyMessageLength());
        if (0 == replyQueueLength)
        {
            replyQueueLength = Math.max(MIN_REPLY_QUEUE_LENGTH, longestRecord);
        }
        require(replyQueueLength >= longestRecord,
            "replyQueueLength must hold one longest reply of " + longestRecord + ": " + replyQueueLength);
        replyQueueLength = BitUtil.align(replyQueueLength, Long.BYTES);
        return this;
    }

    private static void require(final boolean holds, final String message)
    {
        if (!holds)
        {
            throw new IllegalArgumentException(message);
        }
    }
}
