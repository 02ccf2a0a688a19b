package io.ukehi.transport;

import io.ukehi.raft.AckKind;
import io.ukehi.raft.PeerHandler;
import io.ukehi.raft.VoteKind;
import org.agrona.DirectBuffer;

/** Hears everything and keeps nothing. */
class DeafHandler implements PeerHandler
{
    @Override
    public void onVoteRequest(
        final int fromId, final VoteKind kind, final long term, final long lastLogIndex, final long lastLogTerm)
    {
    }

    @Override
    public void onVoteReply(
        final int fromId, final VoteKind kind, final long term, final long requestTerm, final boolean granted)
    {
    }

    @Override
    public void onAppend(
        final int fromId,
        final long term,
        final long sequence,
        final long prevIndex,
        final long prevTerm,
        final long commitIndex,
        final DirectBuffer frames,
        final int offset,
        final int length)
    {
    }

    @Override
    public void onAck(
        final int fromId,
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
    }

    @Override
    public void onHeartbeat(final int fromId, final long term, final long sequence, final long commitIndex)
    {
    }

    @Override
    public void onTimeoutNow(final int fromId, final long term)
    {
    }

    @Override
    public void onRepairRequest(
        final int fromId, final long term, final long incarnation, final long fromIndex, final long toIndex)
    {
    }

    @Override
    public void onRepairReply(
        final int fromId,
        final long term,
        final long incarnation,
        final long leaderLastIndex,
        final DirectBuffer frames,
        final int offset,
        final int length)
    {
    }

    @Override
    public void onReadIndexRequest(final int fromId, final long term, final long requestId, final long incarnation)
    {
    }

    @Override
    public void onReadIndexReply(
        final int fromId, final long term, final long requestId, final long incarnation, final long index)
    {
    }
}
