package io.ukehi.raft;

import java.util.ArrayList;
import java.util.List;

/** Term and vote in memory: outlives the node's process, remembers all that was stored, and can fail. */
public final class InMemoryHardState implements HardStateStore
{
    /** What was stored, once. */
    public record Stored(long term, int votedFor)
    {
    }

    /** The store has failed: the node has to end. */
    public static final class FailedException extends RuntimeException
    {
        private static final long serialVersionUID = 1L;

        FailedException()
        {
            super("term and vote cannot be stored");
        }
    }

    /** What becomes of the next store. */
    public enum Fault
    {
        /** Nothing: it works. */
        NONE,

        /** It fails, and the old values stay. */
        LOST,

        /** It fails, and yet the new values are on disk. */
        WRITTEN
    }

    private final List<Stored> history = new ArrayList<>();
    private Fault fault = Fault.NONE;
    private long term;
    private int votedFor;

    /** As of a disk found with these values on it. */
    public InMemoryHardState found(final long foundTerm, final int foundVote)
    {
        term = foundTerm;
        votedFor = foundVote;
        return this;
    }

    /** What happens at every store from now on. */
    public void fault(final Fault newFault)
    {
        fault = newFault;
    }

    /** All that was ever stored, oldest first. */
    public List<Stored> history()
    {
        return history;
    }

    @Override
    public long term()
    {
        return term;
    }

    @Override
    public int votedFor()
    {
        return votedFor;
    }

    @Override
    public void store(final long newTerm, final int newVote)
    {
        if (Fault.LOST != fault)
        {
            term = newTerm;
            votedFor = newVote;
            history.add(new Stored(newTerm, newVote));
        }
        if (Fault.NONE != fault)
        {
            throw new FailedException();
        }
    }
}
