package io.ukehi.raft;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** Where a leader has the snapshots it sends: a port of the rules. Duty-cycle thread. */
public interface SnapshotSource
{
    /** Opens the newest durable snapshot for one peer; null if there is none, or no room for a reader just now. */
    Stream open();

    /** A snapshot that is being sent. It stays until it is closed, and so does the log behind it. */
    interface Stream
    {
        /** Index of the last entry that it contains. */
        long index();

        /** Term of that entry. */
        long term();

        /** Chunks of it, 1 or more. */
        int chunkCount();

        /** Puts what describes it into a buffer that grows; returns the length in bytes. */
        int encodeOffer(MutableDirectBuffer buffer);

        /** Chunks from this one on will be read, those before it not any more, unless it is called again. */
        void seek(int chunk);

        /** Whether a chunk can be read without waiting for the disk. */
        boolean isReady(int chunk);

        /** In which a chunk lies that is ready. */
        DirectBuffer buffer(int chunk);

        /** Where it begins. */
        int offset(int chunk);

        /** Its length in bytes. */
        int length(int chunk);

        /** Ends reading. */
        void close();
    }
}
