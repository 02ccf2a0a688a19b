package io.ukehi.node;

/** How a command of the embedding program ended. */
public enum CommandOutcome
{
    /** Committed and applied; the state machine's reply is there. */
    COMMITTED,

    /** Not taken: this node does not lead. */
    NOT_LEADER,

    /** Not taken: this node replays its log. */
    RECOVERING,

    /** Not taken: the node's disk is full. */
    STORAGE_FULL,

    /** Taken, but another leader's entry was committed in its place: certainly not applied. */
    SUPERSEDED,

    /** The node stopped before the end was known: the command may have been applied, or may be yet. */
    UNKNOWN
}
