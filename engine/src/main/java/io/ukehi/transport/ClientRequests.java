package io.ukehi.transport;

import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.Consistency;
import org.agrona.DirectBuffer;

/** What a client may ask of a node, once it has been found sound and meant for this cluster and group. */
public interface ClientRequests
{
    void onConnect(long sessionId, long correlationId, String responseChannel, int responseStreamId);

    /** Whether a client is connected; what others command is not looked at. */
    default boolean isConnected(final long sessionId)
    {
        return true;
    }

    /**
     * @param payload as in {@link ClientHandler#onCommand}; valid during the call.
     * @return false if the command must be offered again.
     */
    boolean onCommand(long sessionId, long correlationId, DirectBuffer payload, int offset, int length);

    /** As {@link ClientHandler#onQuery}; valid during the call. */
    void onQuery(
        long sessionId,
        long correlationId,
        Consistency consistency,
        long maxLagNs,
        DirectBuffer buffer,
        int offset,
        int length);

    /** As {@link ClientHandler#onAdmin}. */
    void onAdmin(long sessionId, long correlationId, AdminOperation operation, int targetId, String member);

    /** Returns false if the question must be offered again. */
    boolean onOpenSession(long sessionId);

    void onKeepAlive(long sessionId);

    void onClose(long sessionId);

    void onStatusRequest(long sessionId, long correlationId, String responseChannel, int responseStreamId);
}
