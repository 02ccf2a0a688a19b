package io.ukehi.benchmarks;

import io.ukehi.raft.HardStateStore;

/** Term and vote of a member whose disk costs nothing. */
final class MemoryHardState implements HardStateStore
{
    private long term;
    private int votedFor;

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
        term = newTerm;
        votedFor = newVote;
    }
}
