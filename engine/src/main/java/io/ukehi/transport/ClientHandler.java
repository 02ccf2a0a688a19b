package io.ukehi.transport;

import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import org.agrona.DirectBuffer;

/** What the node does with what clients ask. Called by the duty-cycle thread from within {@link ClientGateway}. */
public interface ClientHandler
{
    /** The command was taken: its reply comes through {@link ClientGateway#reply}, now or later. */
    int TAKEN = -1;

    /** No room at this moment: polling stops, and the same command is offered again in a later cycle. */
    int LATER = -2;

    /**
     * A sound command of a connected session, no longer than the configured maximum.
     *
     * @param sessionId     of the client; names it at every node.
     * @param correlationId of the command: its number in its session.
     * @param payload       holds the replicated session's id, the command's number, the first unanswered one and the
     *                      user's bytes, exactly as a log entry's payload does; reused, valid during the call.
     * @param offset        of the payload in bytes.
     * @param length        of the payload in bytes, 24 (the three numbers) or more.
     * @return {@link #TAKEN}, {@link #LATER}, or the value of an {@link io.ukehi.codecs.client.ReplyCode} with which
     * the gateway answers at once.
     */
    int onCommand(long sessionId, long correlationId, DirectBuffer payload, int offset, int length);

    /**
     * A sound query of a connected session; its answer comes through {@link ClientGateway#queryReply}, now or later.
     *
     * @param sessionId     of the client.
     * @param correlationId that the client gave the query.
     * @param consistency   what the answer must see.
     * @param maxLagNs      {@link Consistency#STALE}: how old that may be, 0 or more.
     * @param buffer        holds the query; reused, valid during the call.
     * @param offset        of the query in bytes.
     * @param length        of the query in bytes, 0 or more.
     * @return {@link QueryCode#ANSWERED} if it was taken, or the code with which the gateway answers at once.
     */
    QueryCode onQuery(
        long sessionId,
        long correlationId,
        Consistency consistency,
        long maxLagNs,
        DirectBuffer buffer,
        int offset,
        int length);

    /**
     * An operator asks for something; the answer comes through {@link ClientGateway#adminReply}, now or later.
     *
     * @param sessionId     of the client.
     * @param correlationId that the client gave the request.
     * @param operation     what.
     * @param targetId      member it is about, where it is about one.
     * @param member        node that is to be a member, where it is about one; else empty.
     */
    default void onAdmin(
        final long sessionId,
        final long correlationId,
        final AdminOperation operation,
        final int targetId,
        final String member)
    {
    }

    /**
     * A connected client wants a replicated session. The answer comes through {@link ClientGateway#sessionOpened}, now
     * or later.
     *
     * @return {@link #TAKEN}, {@link #LATER}, or the value of a {@link io.ukehi.codecs.client.ConnectCode} with which
     * the gateway answers at once.
     */
    default int onOpenSession(final long sessionId)
    {
        return TAKEN;
    }

    /** A connected client goes, and its replicated session with it. */
    default void onCloseSession(final long sessionId)
    {
    }

    /**
     * A client asks how the node is.
     *
     * @param status to fill in; reused. Who answers, the leader and the number of sessions are filled in already.
     */
    void onStatus(ClientStatus status);
}
