package io.ukehi.raft;

/**
 * Term and vote: one durable record (Raft figure 2, persistent state). Called by the duty-cycle thread.
 */
public interface HardStateStore
{
    /** No vote given in the term. Member ids begin at 1. */
    int NO_VOTE = 0;

    /** Highest term that was stored, 0 at the beginning. */
    long term();

    /** Who got this node's vote in {@link #term()}, or {@link #NO_VOTE}. */
    int votedFor();

    /**
     * Stores both, at once and durably: when this returns, a power cut does not lose them. A failure is thrown, and the
     * node ends without having spoken of the new values.
     *
     * @param term     at least {@link #term()}.
     * @param votedFor a member, or {@link #NO_VOTE}.
     */
    void store(long term, int votedFor);
}
