package io.ukehi.node;

import io.ukehi.codecs.client.QueryCode;
import io.ukehi.raft.RaftListener;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.SessionState;
import org.agrona.DirectBuffer;

/** What a {@link Replica} tells the node around it. Duty-cycle thread, from within the replica: quick, no calls in. */
public interface ReplicaListener extends RaftListener
{
    /** What the log was known to hold as committed is applied: the replica takes part from here on. */
    void onRecovered();

    /**
     * A command was committed and applied.
     *
     * @param header         of the command; reused, valid during the call.
     * @param reply          of the state machine; reused, valid during the call.
     * @param offset         of the reply in bytes.
     * @param length         of the reply in bytes.
     * @param isProposedHere whether this replica took the command and has not told its sender yet.
     */
    void onCommitted(CommandHeader header, DirectBuffer reply, int offset, int length, boolean isProposedHere);

    /** Another entry was committed in the place of a command taken here: it was not applied and never will be. */
    void onSuperseded(long sessionId, long correlationId);

    /**
     * A query that was taken has ended.
     *
     * @param sessionId     as given to {@link Replica#query}.
     * @param correlationId as given.
     * @param code          how it ended.
     * @param index         up to which the state was applied that answered; 0 if none did.
     * @param reply         of the state machine; reused, valid during the call.
     * @param offset        of the reply in bytes.
     * @param length        of the reply in bytes.
     */
    default void onQuery(
        final long sessionId,
        final long correlationId,
        final QueryCode code,
        final long index,
        final DirectBuffer reply,
        final int offset,
        final int length)
    {
    }

    /** The replica stops, and what becomes of a command taken here is not known. */
    void onAbandoned(long sessionId, long correlationId);

    /** A committed command names no sender and was passed over: see {@link io.ukehi.statemachine.CommandApplier}. */
    void onMalformed(long index, long term, int payloadLength);

    /**
     * A client's session is open: now, or it was already. Told on every replica, and by {@link SessionGate#open}.
     *
     * @param session null if the client has none because there are as many as there may be.
     */
    default void onSessionOpened(final long clientId, final SessionState session)
    {
    }

    /** A session is no more: closed by its client, or expired. Told on every replica. */
    default void onSessionClosed(final SessionState session, final boolean isExpired)
    {
    }

    /**
     * A command that was applied before was sent again, and its reply is at hand. Told on every replica where it was
     * committed again, and by {@link SessionGate#propose}.
     */
    default void onRepeated(final SessionState session, final long sequence)
    {
    }

    /** A command was committed and not applied: its client has to send it again. Told on every replica. */
    default void onNotTaken(final SessionState session, final long sequence)
    {
    }

    /** A command was committed whose session is no more. Told on every replica. */
    default void onUnknownSession(final long sessionId, final long sequence)
    {
    }
}
