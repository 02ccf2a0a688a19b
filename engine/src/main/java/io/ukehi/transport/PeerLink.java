package io.ukehi.transport;

import org.agrona.DirectBuffer;

/**
 * The way to the peers: takes bytes, may lose them. Production has {@link AeronPeers}, a simulator its own network.
 * Called by the duty-cycle thread.
 */
public interface PeerLink
{
    /** What goes its own way, so that it is never behind the others. */
    enum Lane
    {
        /** Votes, acknowledgements, heartbeats: short, and never late. */
        CONTROL,

        /** Entries: a catch-up delays no control message. */
        BULK,

        /** Snapshots: a transfer delays no entry. */
        SNAPSHOT
    }

    /**
     * Hands one message over, in one part or two, which the receiver sees as one. Never blocks; the buffers are the
     * caller's again when this returns.
     *
     * @param toId         member it is for.
     * @param lane         which way it goes.
     * @param header       first part.
     * @param headerOffset where it begins, in bytes.
     * @param headerLength in bytes, greater than 0.
     * @param body         second part; null if there is none.
     * @param bodyOffset   where it begins, in bytes.
     * @param bodyLength   in bytes, 0 or more; 0 if there is no body.
     * @return false if it was not sent and never will be: the peer is not connected, its window is full, or the message
     * is longer than the link takes.
     */
    boolean offer(
        int toId, Lane lane,
        DirectBuffer header, int headerOffset, int headerLength,
        DirectBuffer body, int bodyOffset, int bodyLength);
}
