package io.ukehi.raft;

/**
 * What the consensus rules tell the node they run in. Called on the duty-cycle thread, from within the rules: cheap.
 */
public interface RaftListener
{
    /** No leader is known. Member ids begin at 1. */
    int NO_LEADER = -1;

    /**
     * Role, term or known leader have changed; state is already the new one.
     *
     * @param role     now.
     * @param term     now.
     * @param leaderId now, or {@link #NO_LEADER}.
     */
    void onRoleChange(Role role, long term, int leaderId);

    /**
     * Another configuration is in force: one has come into the log, or was cut away.
     *
     * @param configuration in force.
     * @param index         of its entry; 0 if it is the one the node was started with.
     */
    default void onConfiguration(final Configuration configuration, final long index)
    {
    }

    /**
     * A change that {@link Raft#reconfigure} began has ended.
     *
     * @param target  as asked for.
     * @param outcome of it.
     */
    default void onReconfigured(final Configuration target, final ReconfigurationOutcome outcome)
    {
    }

    /**
     * Another entry is the first that is damaged in the log, or none is any more.
     *
     * @param index of the entry; 0 if there is none.
     */
    default void onDamage(final long index)
    {
    }

    /**
     * A damaged entry was repaired with what a peer had.
     *
     * @param index  of the entry.
     * @param fromId of the peer.
     */
    default void onRepaired(final long index, final int fromId)
    {
    }

    /**
     * A message was dropped because it breaks a rule that no correct peer breaks: damaged frames, an append that would
     * cut what is committed, two leaders of one term. Counted, reported, and without effect.
     *
     * @param fromId sender.
     * @param reason constant text.
     */
    void onRefused(int fromId, String reason);

    /**
     * Questions of {@link Raft#askReadIndex()} are answered: a state that contains the index contains all that was
     * committed before they were asked.
     *
     * @param ticket  the newest of them; those before it that were not answered or lost yet are answered as well.
     * @param index   not below that of any answer before in the same term.
     * @param sinceNs monotonic time of this node, not before the questions: the state also contains all that was
     *                committed before this time.
     */
    default void onReadIndex(final long ticket, final long index, final long sinceNs)
    {
    }

    /**
     * Questions will not be answered: leadership has moved. Whoever asked may ask again.
     *
     * @param ticket the newest of them; those before it that were not answered are lost as well.
     */
    default void onReadIndexLost(final long ticket)
    {
    }

    /**
     * Another member's state at an index is not the same as this one's, and neither is known to be that of a majority:
     * something is not deterministic, or memory has gone bad.
     *
     * @param index of the snapshots compared.
     */
    default void onStateDifference(final long index)
    {
    }
}
