package io.ukehi.raft;

/** What a candidate asks. */
public enum VoteKind
{
    /** Would you vote for me? Binds nobody and moves no term (thesis 9.6). */
    PRE_VOTE,

    /** Vote for me (Raft section 5.2). */
    VOTE,

    /** Vote for me; the leader itself asked for this election, so that loyalty to it does not stand in the way. */
    VOTE_FORCED
}
