package io.ukehi.statemachine;

import org.agrona.DirectBuffer;

/** Rebuilds a state from a snapshot's records: see {@link StateMachine#onLoadSnapshot()}. Duty-cycle thread. */
public interface SnapshotLoader
{
    /**
     * The next record, as it was written.
     *
     * @param buffer valid during the call, not to be stored into.
     */
    void onRecord(DirectBuffer buffer, int offset, int length);

    /** There are no more: the state is whole. */
    default void onEnd()
    {
    }
}
