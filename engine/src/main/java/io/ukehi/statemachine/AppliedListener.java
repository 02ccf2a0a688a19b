package io.ukehi.statemachine;

import org.agrona.DirectBuffer;

/**
 * Hears of every command that was applied, in order: the node answers the clients from here. Called by the duty-cycle
 * thread from within {@link CommandApplier#apply}; it must not append to the log or cut it, since the command still
 * lies there, and must not call the applier.
 */
public interface AppliedListener
{
    /**
     * A command was applied.
     *
     * @param header of the command; reused, valid during the call.
     * @param reply  holds the state machine's answer; reused, valid during the call.
     * @param offset of the answer in bytes.
     * @param length of the answer in bytes, 0 if there is none.
     */
    void onApplied(CommandHeader header, DirectBuffer reply, int offset, int length);

    /**
     * A committed command names no sender, since its payload is too short to, and was passed over: see
     * {@link CommandApplier}. Nobody waits for an answer. It is counted by the applier in any case.
     *
     * @param index         of the entry.
     * @param term          of the entry.
     * @param payloadLength of the entry in bytes.
     */
    default void onMalformed(final long index, final long term, final int payloadLength)
    {
    }

    /**
     * A client's session is open: since this entry, or it was already.
     *
     * @param clientId that asked for it.
     * @param session  that it has; null if it has none because there are as many sessions as there may be.
     */
    default void onSessionOpened(final long clientId, final SessionState session)
    {
    }

    /**
     * A session is no more. Whatever of its commands is not applied yet never will be.
     *
     * @param session   as it was last.
     * @param isExpired whether its client was silent for too long; otherwise it wanted the session closed.
     */
    default void onSessionClosed(final SessionState session, final boolean isExpired)
    {
    }

    /**
     * A command that was applied before was committed again, and its reply is still at hand.
     *
     * @param session  of the command; holds the reply.
     * @param sequence of the command.
     */
    default void onRepeated(final SessionState session, final long sequence)
    {
    }

    /**
     * A command was committed and not applied, because one before it is missing, or the session holds as many replies
     * as it may: its client may send it again, with the same sequence.
     *
     * @param session  of the command.
     * @param sequence of the command.
     */
    default void onNotTaken(final SessionState session, final long sequence)
    {
    }

    /**
     * A command was committed and not applied, because its session is no more.
     *
     * @param sessionId of the command.
     * @param sequence  of the command.
     */
    default void onUnknownSession(final long sessionId, final long sequence)
    {
    }
}
