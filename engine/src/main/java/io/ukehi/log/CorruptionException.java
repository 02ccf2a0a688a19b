package io.ukehi.log;

/**
 * Something that had been durable reads differently now: a flipped bit, a lost or misplaced write, a missing file. The
 * node does not start, since to go on without it might forget what it acknowledged; nothing on the disk was changed.
 */
public final class CorruptionException extends StorageException
{
    private static final long serialVersionUID = 1L;

    private final transient WalFault fault;

    /**
     * @param fault    what was found, and where.
     * @param hasPeers whether there are other members that may hold what is lost.
     */
    public CorruptionException(final WalFault fault, final boolean hasPeers)
    {
        super(fault.file() + " is damaged at offset " + fault.offset() + " (entry " + fault.index() + "): " +
            fault.row().text() + ", " + fault.what() + ". " + whatToDo(hasPeers));
        this.fault = fault;
    }

    private static String whatToDo(final boolean hasPeers)
    {
        return hasPeers ?
            "The node does not start on it, and has left the log as it was. Put the file back from a copy, or let " +
            "the other members repair this one: policy " + CorruptionPolicy.TRUNCATE_TO_LAST_GOOD + " keeps what " +
            "lies before the damage and sets the rest aside" :
            "The node does not start on it, and has left the log as it was. It is the only voter, so that nobody can " +
            "repair it: put the file back from a copy, or see with `ukehi wal verify DIR` what is lost and save the " +
            "rest with `ukehi wal salvage DIR TARGET`";
    }

    /** What was found. */
    public WalFault fault()
    {
        return fault;
    }
}
