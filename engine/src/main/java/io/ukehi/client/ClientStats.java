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
    long sessions;
    long sessionsLost;
    long resent;
    long driversLost;

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

    /** Sessions opened in the cluster. */
    public long sessions()
    {
        return sessions;
    }

    /** Sessions lost: expired in the cluster, or given up because a command has waited for longer than it may. */
    public long sessionsLost()
    {
        return sessionsLost;
    }

    /** Commands sent again, after a leader was lost or refused them. */
    public long resent()
    {
        return resent;
    }

    /** How often the media driver was lost, and another found in its place. */
    public long driversLost()
    {
        return driversLost;
    }

    /** All messages that were dropped because they were not for this client or not whole. */
    public long dropped()
    {
        return malformed + badChecksum + foreign;
    }
}
