package io.ukehi.node;

import org.agrona.DirectBuffer;

/**
 * Told how each command offered with {@link UkehiNode#offer} ended: once each. Called by the duty-cycle thread: quick,
 * without blocking.
 */
@FunctionalInterface
public interface CommandListener
{
    /**
     * @param correlationId that offer returned.
     * @param outcome       how it ended.
     * @param index         in the log, 0 unless committed.
     * @param fencingToken  of the command, 0 unless committed.
     * @param reply         of the state machine; reused, valid during the call.
     * @param offset        of the reply in bytes.
     * @param length        of the reply in bytes, 0 unless committed.
     */
    void onCommand(
        long correlationId,
        CommandOutcome outcome,
        long index,
        long fencingToken,
        DirectBuffer reply,
        int offset,
        int length);
}
