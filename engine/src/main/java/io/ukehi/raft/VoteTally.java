package io.ukehi.raft;

/** Who has voted for this node in the election under way: a set, so that a repeated answer counts once. */
final class VoteTally
{
    private final Membership membership;
    private long granted;
    private boolean ownVote;

    VoteTally(final Membership membership)
    {
        this.membership = membership;
    }

    /** Begins with nobody's vote but the node's own. */
    void begin()
    {
        granted = 0;
        ownVote = true;
    }

    /** Takes a vote, unless it comes from somebody who is no peer; that of a learner will not count. */
    void add(final int voterId)
    {
        final int position = membership.positionOf(voterId);
        if (position >= 0)
        {
            granted |= 1L << position;
        }
    }

    boolean hasVoted(final int position)
    {
        return 0 != (granted & 1L << position);
    }

    boolean isWon()
    {
        return membership.isMajority(granted, ownVote);
    }
}
