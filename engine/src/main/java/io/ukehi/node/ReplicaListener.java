package io.ukehi.node;

import io.ukehi.raft.RaftListener;
import io.ukehi.statemachine.CommandHeader;
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

    /** The replica stops, and what becomes of a command taken here is not known. */
    void onAbandoned(long sessionId, long correlationId);

    /** A committed command names no sender and was passed over: see {@link io.ukehi.statemachine.CommandApplier}. */
    void onMalformed(long index, long term, int payloadLength);
}
