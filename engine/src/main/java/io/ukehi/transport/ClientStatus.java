package io.ukehi.transport;

import io.ukehi.codecs.client.NodeRole;

/**
 * How a node is, for whoever asks: the fields of a StatusReply. One reusable holder, filled by
 * {@link ClientHandler#onStatus}; belongs to the duty-cycle thread.
 */
public final class ClientStatus
{
    private static final int NONE = -1;

    long term;
    long firstIndex;
    long lastIndex;
    long durableIndex;
    long commitIndex;
    long appliedIndex;
    long stateDigest;
    long electionCount;
    long errorCount;
    long doubtfulTo;
    long snapshotIndex;
    long snapshotTakenBytes;
    int snapshotSentPercent;
    int snapshotReceivedPercent;
    int snapshotLoadedPercent;
    int leaderId;
    int sessionCount;
    NodeRole role;

    ClientStatus()
    {
    }

    void clear()
    {
        term = 0;
        firstIndex = 0;
        lastIndex = 0;
        durableIndex = 0;
        commitIndex = 0;
        appliedIndex = 0;
        stateDigest = 0;
        electionCount = 0;
        errorCount = 0;
        doubtfulTo = 0;
        snapshots(0, NONE).snapshotPercents(NONE, NONE, NONE);
        leaderId = ClientMessageEncoder.NO_LEADER;
        sessionCount = 0;
        role = NodeRole.RECOVERING;
    }

    /** Current term, and who leads it; -1 says that none is known. */
    public ClientStatus term(final long currentTerm, final int currentLeaderId)
    {
        term = currentTerm;
        leaderId = currentLeaderId;
        return this;
    }

    public ClientStatus role(final NodeRole currentRole)
    {
        role = currentRole;
        return this;
    }

    /** What the log holds; {@code last + 1 == first} where it is empty. */
    public ClientStatus log(final long first, final long last, final long durable)
    {
        firstIndex = first;
        lastIndex = last;
        durableIndex = durable;
        return this;
    }

    /** How far the group has decided, and how far this node has followed. */
    public ClientStatus progress(final long committed, final long applied)
    {
        commitIndex = committed;
        appliedIndex = applied;
        return this;
    }

    /** Digest of the state machine at the applied index. */
    public ClientStatus stateDigest(final long digest)
    {
        stateDigest = digest;
        return this;
    }

    /** Highest index that this node may have acknowledged without holding it; 0 if it is in no doubt. */
    public ClientStatus doubtfulTo(final long index)
    {
        doubtfulTo = index;
        return this;
    }

    /** Index of the newest durable snapshot, 0 if there is none; bytes written of one being taken, -1 for none. */
    public ClientStatus snapshots(final long newestIndex, final long takenBytes)
    {
        snapshotIndex = newestIndex;
        snapshotTakenBytes = takenBytes;
        return this;
    }

    /** Hundredths of the snapshots that are being sent, received and loaded; -1 where none is. */
    public ClientStatus snapshotPercents(final int sent, final int received, final int loaded)
    {
        snapshotSentPercent = sent;
        snapshotReceivedPercent = received;
        snapshotLoadedPercent = loaded;
        return this;
    }

    /** Elections this node stood in, and entries of its error log, since it started. */
    public ClientStatus counts(final long elections, final long errors)
    {
        electionCount = elections;
        errorCount = errors;
        return this;
    }
}
