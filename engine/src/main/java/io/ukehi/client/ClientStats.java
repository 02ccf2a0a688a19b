package io.ukehi.client;

/**
 * What a client has counted since it was opened. Written by the thread that uses the client; another thread that reads
 * sees values that may be old.
 */
public final class ClientStats
{
    long malformed;
    long badChecksum;
    long foreign;
    long late;
    long searches;
    long connects;

    ClientStats()
    {
    }

    /** Messages that were too short, of another schema or not for a client. Dropped. */
    public long malformed()
    {
        return malformed;
    }

    /** Messages whose checksum is not that of their bytes. Dropped. */
    public long badChecksum()
    {
        return badChecksum;
    }

    /** Messages of another cluster, group or session, or from a node that is not among the endpoints. Dropped. */
    public long foreign()
    {
        return foreign;
    }

    /** Replies to commands that had ended already, most of them as {@link Outcome#UNKNOWN}. Dropped. */
    public long late()
    {
        return late;
    }

    /** How often a leader was looked for, the first time included. */
    public long searches()
    {
        return searches;
    }

    /** How often a leader was found. */
    public long connects()
    {
        return connects;
    }

    /** All messages that were dropped because they were not for this client or not whole. */
    public long dropped()
    {
        return malformed + badChecksum + foreign;
    }
}
