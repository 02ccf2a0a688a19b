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
}
