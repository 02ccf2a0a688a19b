package io.ukehi.raft;

/** What an entry of the log is: the byte that stands in its frame. Values are part of the format and never reused. */
public final class EntryType
{
    /** A leader's first entry of its term (Raft section 8); without payload. */
    public static final int NO_OP = 1;

    /** A command for the state machine. */
    public static final int COMMAND = 2;

    /**
     * A command from a log of the earlier implementation: the payload is the user's bytes and nothing before them.
     * Never proposed; its fencing token may be 0, and that of several in a row the same.
     */
    public static final int BARE_COMMAND = 3;

    /** A client's session begins; its id is the index of this entry. */
    public static final int SESSION_OPEN = 4;

    /** A client's session ends as it wants. */
    public static final int SESSION_CLOSE = 5;

    /** A command for the state machine, numbered within its session. */
    public static final int SESSION_COMMAND = 6;

    /** Clients of sessions live. */
    public static final int SESSION_KEEP_ALIVE = 7;

    /** Who the members are: a {@link Configuration}, in force from the moment it is in the log. */
    public static final int CONFIGURATION = 8;

    private EntryType()
    {
    }
}
