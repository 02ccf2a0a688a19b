package io.ukehi.raft;

/** What a follower's acknowledgement says. */
public enum AckKind
{
    /** The log matches the leader's up to the match index and is durable as configured. */
    ACCEPTED,

    /** The entry before those of the append is not in the log. */
    REJECTED,

    /** The sender's term is over. */
    STALE_TERM
}
