package io.ukehi.raft;

/** What a node is in its current term. */
public enum Role
{
    /** Follows a leader, or waits for one. */
    FOLLOWER,

    /** Asks whether it would be elected, before it moves the term (thesis 9.6). */
    PRE_CANDIDATE,

    /** Stands for election. */
    CANDIDATE,

    /** Leads. */
    LEADER
}
