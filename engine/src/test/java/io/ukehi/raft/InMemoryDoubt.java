package io.ukehi.raft;

/** What a node may have lost, in memory: outlives its process. */
public final class InMemoryDoubt implements DoubtStore
{
    private long doubtfulTo;
    private int clearCount;

    /** Entries up to an index may have been acknowledged and are gone; a second doubt adds to the first. */
    public InMemoryDoubt raise(final long index)
    {
        doubtfulTo = Math.max(doubtfulTo, index);
        return this;
    }

    /** How often the doubt was cleared. */
    public int clearCount()
    {
        return clearCount;
    }

    @Override
    public long doubtfulTo()
    {
        return doubtfulTo;
    }

    @Override
    public void clear()
    {
        clearCount++;
        doubtfulTo = NO_DOUBT;
    }
}
