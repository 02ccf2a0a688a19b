package io.ukehi.raft;

import org.agrona.DirectBuffer;

/**
 * What a node says to its peers. Called by the duty-cycle thread; never blocks. Each method returns whether the message
 * was handed to the network: false means that it was not sent and never will be (back-pressure, not connected), and the
 * rules send again when it is due. A message that was handed over may be lost, late, repeated or reordered all the
 * same.
 */
public interface PeerSender
{
    /**
     * Asks for a vote.
     *
     * @param toId         member to ask.
     * @param kind         of vote.
     * @param term         the candidate stands in; for a pre-vote the one it would stand in.
     * @param lastLogIndex last index in the candidate's log.
     * @param lastLogTerm  its term.
     */
    boolean sendVoteRequest(int toId, VoteKind kind, long term, long lastLogIndex, long lastLogTerm);

    /**
     * Answers a request for a vote.
     *
     * @param toId        who asked.
     * @param kind        as asked.
     * @param term        the voter's own.
     * @param requestTerm the term of the request.
     * @param granted     whether the vote is given.
     */
    boolean sendVoteReply(int toId, VoteKind kind, long term, long requestTerm, boolean granted);

    /**
     * Sends entries to a follower.
     *
     * @param toId        follower.
     * @param term        the leader's.
     * @param sequence    number of the message in the leader's session with this follower.
     * @param prevIndex   index before the first entry.
     * @param prevTerm    its term.
     * @param commitIndex the leader's.
     * @param entries     run of entries, whole; null in a probe without entries.
     */
    boolean sendAppend(
        int toId, long term, long sequence, long prevIndex, long prevTerm, long commitIndex, EntryCursor entries);

    /**
     * Answers a leader.
     *
     * @param toId              the leader.
     * @param kind              of answer.
     * @param term              the follower's.
     * @param sequence          ACCEPTED: highest append sequence seen of this leader; REJECTED: the one refused.
     * @param heartbeatSequence highest heartbeat sequence seen of this leader in its term, 0 if none.
     * @param incarnation       of the follower's process.
     * @param matchIndex        ACCEPTED: highest index vouched for.
     * @param lastIndex         last index of the follower's log.
     * @param conflictIndex     REJECTED: where the leader should go on looking.
     * @param conflictTerm      REJECTED: term at the previous index, {@link RaftLog#UNKNOWN_TERM} if it is not held.
     */
    boolean sendAck(
        int toId, AckKind kind, long term, long sequence, long heartbeatSequence, long incarnation,
        long matchIndex, long lastIndex, long conflictIndex, long conflictTerm);

    /**
     * Shows a follower that its leader lives.
     *
     * @param toId        follower.
     * @param term        the leader's.
     * @param sequence    number of the heartbeat round in this term, from 1.
     * @param commitIndex the leader's.
     */
    boolean sendHeartbeat(int toId, long term, long sequence, long commitIndex);

    /**
     * Asks a follower to stand for election at once.
     *
     * @param toId follower.
     * @param term the leader's.
     */
    boolean sendTimeoutNow(int toId, long term);

    /**
     * Asks a peer for committed entries, and how far its log reaches if it leads.
     *
     * @param toId        any peer.
     * @param term        of the node that asks.
     * @param incarnation of its process, which the answer repeats.
     * @param fromIndex   first entry wanted; 0 if none is.
     * @param toIndex     last entry wanted.
     */
    boolean sendRepairRequest(int toId, long term, long incarnation, long fromIndex, long toIndex);

    /**
     * Answers a request for entries.
     *
     * @param toId            who asked.
     * @param term            of the node that answers.
     * @param incarnation     as in the request.
     * @param leaderLastIndex last index of the sender's log if it leads in the term, otherwise 0.
     * @param entries         from the first one wanted on, whole and committed; null if there are none.
     */
    boolean sendRepairReply(int toId, long term, long incarnation, long leaderLastIndex, EntryCursor entries);

    /**
     * Asks the leader for a read index (thesis 6.4).
     *
     * @param toId        the leader.
     * @param term        the follower's.
     * @param requestId   number of the question, 1 or greater, never used again in the same life.
     * @param incarnation of the follower's process: its numbers begin anew with each life.
     */
    boolean sendReadIndexRequest(int toId, long term, long requestId, long incarnation);

    /**
     * Answers a follower's question, after a majority has confirmed the leader.
     *
     * @param toId        the follower.
     * @param term        the leader's.
     * @param requestId   as asked.
     * @param incarnation as asked.
     * @param index       commit index after the question.
     */
    boolean sendReadIndexReply(int toId, long term, long requestId, long incarnation, long index);

    /**
     * Offers a snapshot to a follower that has fallen behind the log. A link that carries no snapshots sends none.
     *
     * @param toId    follower.
     * @param term    the leader's.
     * @param attempt number of the offer in this leadership, from 1; what follows and what is answered bears it.
     * @param offer   what describes the snapshot, opaque here, which vouches for itself.
     * @param offset  of it.
     * @param length  of it in bytes.
     */
    default boolean sendSnapshotOffer(
        final int toId, final long term, final long attempt,
        final DirectBuffer offer, final int offset, final int length)
    {
        return false;
    }

    /**
     * Sends a chunk of the snapshot offered.
     *
     * @param toId    follower.
     * @param term    the leader's.
     * @param attempt of the offer.
     * @param chunk   its number, from 0.
     * @param buffer  holds it, with what it vouches for itself by.
     * @param offset  of it.
     * @param length  of it in bytes.
     */
    default boolean sendSnapshotChunk(
        final int toId, final long term, final long attempt, final int chunk,
        final DirectBuffer buffer, final int offset, final int length)
    {
        return false;
    }

    /**
     * Tells the leader how far a follower is with a snapshot.
     *
     * @param toId       the leader.
     * @param status     of the snapshot.
     * @param term       the follower's.
     * @param attempt    of the offer that is answered.
     * @param index      of the snapshot.
     * @param chunk      wanted next.
     * @param chunkLimit first chunk for which there is no room yet.
     */
    default boolean sendSnapshotStatus(
        final int toId, final SnapshotStatus status, final long term, final long attempt, final long index,
        final int chunk, final int chunkLimit)
    {
        return false;
    }

    /**
     * Tells a member the digest of the state in a snapshot that this one has taken.
     *
     * @param toId   the member.
     * @param term   the sender's.
     * @param index  of the snapshot.
     * @param digest of the state.
     */
    default boolean sendSnapshotDigest(final int toId, final long term, final long index, final long digest)
    {
        return false;
    }
}
