package io.ukehi.statemachine;

/** Writes a state that was frozen: see {@link StateMachine#onTakeSnapshot()}. Duty-cycle thread. */
public interface SnapshotTask
{
    /**
     * Writes the next records, until the writer has no room or there are none left. Called once a cycle, so that it
     * should not go through more than some thousand things of its own without writing one.
     *
     * @return true once the last record is written.
     */
    boolean doWork(SnapshotWriter writer);

    /**
     * Bytes that the records will have together, roughly, if that is known before they are written; 0 if it is not.
     * Members write their snapshots one after the other, and reckon with it: that of the last snapshot counts where it
     * is not known.
     */
    default long expectedLength()
    {
        return 0;
    }

    /** Lets the frozen state go. Called once: after the last record, or when the snapshot is given up. */
    default void close()
    {
    }
}
