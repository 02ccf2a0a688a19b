package io.ukehi.sim;

import io.ukehi.raft.HardStateStore;

/** Term and vote of a node as its rules see them, and over all of its lives what it was made to keep. */
final class ObservedHardState implements HardStateStore
{
    private final SimNode node;
    private HardStateStore store;
    private long term;
    private int votedFor;
    private long attemptedTerm;
    private int attemptedVote;

    ObservedHardState(final SimNode node)
    {
        this.node = node;
    }

    /** A life begins: the record is the last one that was stored, or the one at which the life before ended. */
    void attach(final HardStateStore recovered)
    {
        final boolean isLast = recovered.term() == term && recovered.votedFor() == votedFor;
        final boolean isAttempt = recovered.term() == attemptedTerm && recovered.votedFor() == attemptedVote;
        Violation.check(isLast || isAttempt, "term and vote are there after a restart", node.id(), recovered.term());
        store = recovered;
        term = recovered.term();
        votedFor = recovered.votedFor();
        attemptedTerm = term;
        attemptedVote = votedFor;
    }

    void detach()
    {
        store = null;
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
        attemptedTerm = newTerm;
        attemptedVote = newVote;
        store.store(newTerm, newVote);
        term = newTerm;
        votedFor = newVote;
    }
}
