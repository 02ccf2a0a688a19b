package io.ukehi.client;

/** How a command ended. Every command that {@link UkehiClient#offer} took ends exactly once, in one of these ways. */
public enum Outcome
{
    /** Committed and applied; the state machine's reply is at hand. */
    COMMITTED,

    /** Certainly not applied, now or later. */
    REJECTED,

    /**
     * The session was lost before the command was answered: it may have been applied, may still be, or may be lost.
     * Only the state machine's content can tell.
     */
    UNKNOWN
}
