package io.ukehi.statemachine;

/** What the log knows about a command. Reused for every command: read what you need, do not keep it. */
public interface CommandHeader
{
    /** Position in the log; rises by at least one from command to command. */
    long index();

    /** Term of the leader that took the command. */
    long term();

    /**
     * Fencing token of the command, strictly rising (unsigned) from command to command, over all leaders: hand it to
     * whatever must refuse writes that are late. See {@link io.ukehi.fencing.FencingToken}.
     */
    long fencingToken();

    /** Time the leader stamped on the command, nanoseconds since the epoch; never falls. The only clock to use. */
    long clusterTimeNs();

    /** Who sent it: a client's session (greater than 0), or the embedding process (less than 0); 0 if unknown. */
    long sessionId();

    /** The number its sender gave it: in a client's session 1, 2, 3, and so on without gaps. */
    long correlationId();
}
