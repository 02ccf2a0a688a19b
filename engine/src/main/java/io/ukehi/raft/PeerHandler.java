package io.ukehi.raft;

import org.agrona.DirectBuffer;

/**
 * What a node hears from its peers: the mirror of {@link PeerSender}, with the sender's id in front. The caller has
 * checked that a message is whole, of this cluster and group, and addressed to this node. It has not checked that the
 * sender is a member, nor anything about terms, indexes and frames: the rules do. Any message may be late, repeated,
 * reordered or from a term long gone.
 */
public interface PeerHandler
{
    /** See {@link PeerSender#sendVoteRequest}. */
    void onVoteRequest(int fromId, VoteKind kind, long term, long lastLogIndex, long lastLogTerm);

    /** See {@link PeerSender#sendVoteReply}. */
    void onVoteReply(int fromId, VoteKind kind, long term, long requestTerm, boolean granted);

    /**
     * See {@link PeerSender#sendAppend}; the entries are a range of bytes yet to be verified, valid during the call.
     */
    void onAppend(
        int fromId, long term, long sequence, long prevIndex, long prevTerm, long commitIndex,
        DirectBuffer frames, int offset, int length);

    /** See {@link PeerSender#sendAck}. */
    void onAck(
        int fromId, AckKind kind, long term, long sequence, long heartbeatSequence, long incarnation,
        long matchIndex, long lastIndex, long conflictIndex, long conflictTerm);

    /** See {@link PeerSender#sendHeartbeat}. */
    void onHeartbeat(int fromId, long term, long sequence, long commitIndex);

    /** See {@link PeerSender#sendTimeoutNow}. */
    void onTimeoutNow(int fromId, long term);

    /** See {@link PeerSender#sendRepairRequest}. */
    void onRepairRequest(int fromId, long term, long incarnation, long fromIndex, long toIndex);

    /**
     * See {@link PeerSender#sendRepairReply}; the entries are a range of bytes yet to be verified, valid during the
     * call.
     */
    void onRepairReply(
        int fromId, long term, long incarnation, long leaderLastIndex, DirectBuffer frames, int offset, int length);

    /** See {@link PeerSender#sendReadIndexRequest}. */
    void onReadIndexRequest(int fromId, long term, long requestId, long incarnation);

    /** See {@link PeerSender#sendReadIndexReply}. */
    void onReadIndexReply(int fromId, long term, long requestId, long incarnation, long index);

    /** See {@link PeerSender#sendSnapshotOffer}; valid during the call. */
    default void onSnapshotOffer(
        final int fromId, final long term, final long attempt,
        final DirectBuffer offer, final int offset, final int length)
    {
    }

    /** See {@link PeerSender#sendSnapshotChunk}; yet to be verified, valid during the call. */
    default void onSnapshotChunk(
        final int fromId, final long term, final long attempt, final int chunk,
        final DirectBuffer buffer, final int offset, final int length)
    {
    }

    /** See {@link PeerSender#sendSnapshotStatus}. */
    default void onSnapshotStatus(
        final int fromId, final SnapshotStatus status, final long term, final long attempt, final long index,
        final int chunk, final int chunkLimit)
    {
    }

    /** See {@link PeerSender#sendSnapshotDigest}. */
    default void onSnapshotDigest(final int fromId, final long term, final long index, final long digest)
    {
    }
}
