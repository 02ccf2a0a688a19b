package io.ukehi.raft;

import org.agrona.DirectBuffer;

/** Where a follower puts the snapshot it is sent: a port of the rules. Duty-cycle thread. */
public interface SnapshotSink
{
    /** What has become of a snapshot that is being received. */
    enum State
    {
        /** None is being received. */
        IDLE,

        /** It is not known yet how much of it is here from before. */
        OPENING,

        /** Chunks are taken. */
        RECEIVING,

        /** All chunks are here, and are being made durable. */
        FINISHING,

        /** It is durable, and waits to be {@link #install installed}. */
        DURABLE
    }

    /**
     * Reads an offer.
     *
     * @return null if the bytes are none, or of another group.
     */
    Offer read(DirectBuffer buffer, int offset, int length);

    /** A snapshot as it was offered. */
    interface Offer
    {
        /** Index of the last entry that it contains. */
        long index();

        /** Term of that entry. */
        long term();

        /** Fencing token of that entry. */
        long token();

        /** The configuration that it holds. */
        Configuration configuration();

        /** Whether both are the same snapshot, bit for bit. */
        boolean isSame(Offer other);
    }

    /**
     * Begins to receive a snapshot, or goes on with what is here of it from before. What else is being received is
     * given up.
     *
     * @return false if that cannot be done at this moment.
     */
    boolean begin(Offer offer);

    /** What is being received; null if nothing is. */
    Offer current();

    /** What has become of it. */
    State state();

    /** The chunk that is wanted next; all before it are here. */
    int nextChunk();

    /** The first chunk for which there is no room yet. */
    int chunkLimit();

    /**
     * Takes a chunk.
     *
     * @return false if it is not the one wanted next, has no room, or is not sound.
     */
    boolean put(int chunk, DirectBuffer buffer, int offset, int length);

    /**
     * Puts the durable snapshot in the place of the state, and of the log unless the log holds its last entry, with all
     * that follows (Raft section 7).
     *
     * @return false if that cannot be done at this moment.
     */
    boolean install();

    /** Lets the durable snapshot be, since the log has come past it. */
    void ignore();
}
