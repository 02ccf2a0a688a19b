package io.ukehi.sim;

import io.ukehi.raft.AckKind;
import io.ukehi.raft.DoubtStore;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.PeerSender;
import io.ukehi.raft.Role;
import io.ukehi.raft.SnapshotStatus;
import io.ukehi.raft.VoteKind;
import org.agrona.DirectBuffer;

/** Stands between a node's rules and what encodes their words: a node may say nothing that a crash could belie. */
final class CheckedSender implements PeerSender
{
    private final SimNode node;
    private final PeerSender next;

    CheckedSender(final SimNode node, final PeerSender next)
    {
        this.node = node;
        this.next = next;
    }

    private void require(final boolean holds, final String rule, final long value)
    {
        Violation.check(holds, rule, node.id(), value);
    }

    /** Rule 6: who has lost what it acknowledged takes part in no decision before it has it back. */
    private void requireNoLoss(final long value)
    {
        require(DoubtStore.NO_DOUBT == node.doubtfulTo(),
            "who has lost what it acknowledged neither votes, stands nor vouches", value);
    }

    private void requireLeader(final long term)
    {
        require(Role.LEADER == node.raft().role() && node.raft().term() == term && node.hardState().term() == term,
            "only the leader of a term speaks as one", term);
    }

    @Override
    public boolean sendVoteRequest(
        final int toId, final VoteKind kind, final long term, final long lastLogIndex, final long lastLogTerm)
    {
        requireNoLoss(term);
        final boolean isBinding = VoteKind.PRE_VOTE != kind;
        require(!isBinding || node.id() == node.hardState().votedFor(),
            "a candidate's own vote is durable before it asks", term);
        require(node.hardState().term() == term - (isBinding ? 0 : 1),
            "a term is durable before it is spoken of", term);
        require(lastLogIndex == node.log().lastIndex() && lastLogTerm == node.log().lastTerm(),
            "a candidate tells of its log as it is", lastLogIndex);
        return next.sendVoteRequest(toId, kind, term, lastLogIndex, lastLogTerm);
    }

    @Override
    public boolean sendVoteReply(
        final int toId, final VoteKind kind, final long term, final long requestTerm, final boolean granted)
    {
        require(node.hardState().term() == term, "a term is durable before it is spoken of", term);
        if (granted)
        {
            requireNoLoss(requestTerm);
        }
        require(!granted || VoteKind.PRE_VOTE != kind || !node.isLoyal(),
            "who hears a leader helps nobody to take its place", requestTerm);
        require(!granted || VoteKind.PRE_VOTE == kind ||
            (node.hardState().term() == requestTerm && node.hardState().votedFor() == toId),
            "a vote is durable before it is given", requestTerm);
        return next.sendVoteReply(toId, kind, term, requestTerm, granted);
    }

    @Override
    public boolean sendAppend(
        final int toId,
        final long term,
        final long sequence,
        final long prevIndex,
        final long prevTerm,
        final long commitIndex,
        final EntryCursor entries)
    {
        requireLeader(term);
        require(node.log().termAt(prevIndex) == prevTerm, "an append tells of the log as it is", prevIndex);
        require(commitIndex <= node.raft().commitIndex(), "no more is called committed than is", commitIndex);
        return next.sendAppend(toId, term, sequence, prevIndex, prevTerm, commitIndex, entries);
    }

    @Override
    public boolean sendAck(
        final int toId,
        final AckKind kind,
        final long term,
        final long sequence,
        final long heartbeatSequence,
        final long incarnation,
        final long matchIndex,
        final long lastIndex,
        final long conflictIndex,
        final long conflictTerm)
    {
        require(node.hardState().term() == term, "a term is durable before it is spoken of", term);
        if (AckKind.ACCEPTED == kind)
        {
            if (matchIndex > 0)
            {
                requireNoLoss(matchIndex);
            }
            require(matchIndex <= node.log().durableIndex(), "what is acknowledged is durable", matchIndex);
            node.checkVouched(term, matchIndex);
        }
        return next.sendAck(
            toId, kind, term, sequence, heartbeatSequence, incarnation, matchIndex, lastIndex, conflictIndex,
            conflictTerm);
    }

    @Override
    public boolean sendHeartbeat(final int toId, final long term, final long sequence, final long commitIndex)
    {
        requireLeader(term);
        require(commitIndex <= node.raft().commitIndex(), "no more is called committed than is", commitIndex);
        return next.sendHeartbeat(toId, term, sequence, commitIndex);
    }

    @Override
    public boolean sendTimeoutNow(final int toId, final long term)
    {
        requireLeader(term);
        node.beforeTimeoutNow();
        return next.sendTimeoutNow(toId, term);
    }

    @Override
    public boolean sendRepairRequest(
        final int toId, final long term, final long incarnation, final long fromIndex, final long toIndex)
    {
        require(node.hardState().term() == term, "a term is durable before it is spoken of", term);
        return next.sendRepairRequest(toId, term, incarnation, fromIndex, toIndex);
    }

    @Override
    public boolean sendRepairReply(
        final int toId, final long term, final long incarnation, final long leaderLastIndex, final EntryCursor entries)
    {
        require(node.hardState().term() == term, "a term is durable before it is spoken of", term);
        require(0 == leaderLastIndex ||
            (Role.LEADER == node.raft().role() && node.log().lastIndex() == leaderLastIndex),
            "only a leader says how far its log reaches", leaderLastIndex);
        return next.sendRepairReply(toId, term, incarnation, leaderLastIndex, entries);
    }

    @Override
    public boolean sendReadIndexRequest(
        final int toId, final long term, final long requestId, final long incarnation)
    {
        require(Role.FOLLOWER == node.raft().role() && node.raft().leaderId() == toId,
            "a follower asks its leader for a read index", term);
        return next.sendReadIndexRequest(toId, term, requestId, incarnation);
    }

    @Override
    public boolean sendReadIndexReply(
        final int toId, final long term, final long requestId, final long incarnation, final long index)
    {
        requireLeader(term);
        require(index <= node.raft().commitIndex() && node.log().termAt(node.raft().commitIndex()) == term,
            "a read index is committed, and of a leader that has committed in its term", index);
        return next.sendReadIndexReply(toId, term, requestId, incarnation, index);
    }

    @Override
    public boolean sendSnapshotOffer(
        final int toId, final long term, final long attempt,
        final DirectBuffer offer, final int offset, final int length)
    {
        requireLeader(term);
        return next.sendSnapshotOffer(toId, term, attempt, offer, offset, length);
    }

    @Override
    public boolean sendSnapshotChunk(
        final int toId, final long term, final long attempt, final int chunk,
        final DirectBuffer buffer, final int offset, final int length)
    {
        requireLeader(term);
        require(node.hasAnsweredOffer(toId, term, attempt), "a chunk is sent to who has answered its offer", attempt);
        return next.sendSnapshotChunk(toId, term, attempt, chunk, buffer, offset, length);
    }

    @Override
    public boolean sendSnapshotStatus(
        final int toId, final SnapshotStatus status, final long term, final long attempt, final long index,
        final int chunk, final int chunkLimit)
    {
        require(node.hardState().term() == term, "a term is durable before it is spoken of", term);
        require(SnapshotStatus.INSTALLED != status || node.raft().commitIndex() >= index,
            "what is called installed is committed here", index);
        node.onOfferAnswered(term, attempt, index);
        return next.sendSnapshotStatus(toId, status, term, attempt, index, chunk, chunkLimit);
    }

    @Override
    public boolean sendSnapshotDigest(final int toId, final long term, final long index, final long digest)
    {
        return next.sendSnapshotDigest(toId, term, index, digest);
    }
}
