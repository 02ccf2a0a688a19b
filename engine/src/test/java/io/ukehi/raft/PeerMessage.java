package io.ukehi.raft;

import org.agrona.concurrent.UnsafeBuffer;

/** A message between two nodes as a value: what {@link PeerSender} was given, until {@link PeerHandler} gets it. */
public sealed interface PeerMessage
{
    /** Who sent it. */
    int from();

    /** Who is to have it. */
    int to();

    /** The sender's term when it was sent; of a request for a pre-vote the one after. */
    long term();

    /** Hands it to the receiver. */
    void deliver(PeerHandler handler);

    /** See {@link PeerSender#sendVoteRequest}. */
    record VoteRequest(int from, int to, VoteKind kind, long term, long lastLogIndex, long lastLogTerm)
        implements PeerMessage
    {
        @Override
        public void deliver(final PeerHandler handler)
        {
            handler.onVoteRequest(from, kind, term, lastLogIndex, lastLogTerm);
        }
    }

    /** See {@link PeerSender#sendVoteReply}. */
    record VoteReply(int from, int to, VoteKind kind, long term, long requestTerm, boolean granted)
        implements PeerMessage
    {
        @Override
        public void deliver(final PeerHandler handler)
        {
            handler.onVoteReply(from, kind, term, requestTerm, granted);
        }
    }

    /** See {@link PeerSender#sendAppend}; the frames are a copy, {@code count} of them. */
    record Append(
        int from, int to, long term, long sequence, long prevIndex, long prevTerm, long commitIndex,
        int count, byte[] frames) implements PeerMessage
    {
        @Override
        public void deliver(final PeerHandler handler)
        {
            handler.onAppend(
                from, term, sequence, prevIndex, prevTerm, commitIndex, new UnsafeBuffer(frames), 0, frames.length);
        }

        @Override
        public String toString()
        {
            return "Append[" + from + "->" + to + " term=" + term + " seq=" + sequence + " prev=" + prevIndex + "@" +
                prevTerm + " commit=" + commitIndex + " count=" + count + "]";
        }
    }

    /** See {@link PeerSender#sendAck}. */
    record Ack(
        int from, int to, AckKind kind, long term, long sequence, long heartbeatSequence, long incarnation,
        long matchIndex, long lastIndex, long conflictIndex, long conflictTerm) implements PeerMessage
    {
        @Override
        public void deliver(final PeerHandler handler)
        {
            handler.onAck(
                from, kind, term, sequence, heartbeatSequence, incarnation,
                matchIndex, lastIndex, conflictIndex, conflictTerm);
        }
    }

    /** See {@link PeerSender#sendHeartbeat}. */
    record Heartbeat(int from, int to, long term, long sequence, long commitIndex) implements PeerMessage
    {
        @Override
        public void deliver(final PeerHandler handler)
        {
            handler.onHeartbeat(from, term, sequence, commitIndex);
        }
    }

    /** See {@link PeerSender#sendTimeoutNow}. */
    record TimeoutNow(int from, int to, long term) implements PeerMessage
    {
        @Override
        public void deliver(final PeerHandler handler)
        {
            handler.onTimeoutNow(from, term);
        }
    }

    /** See {@link PeerSender#sendRepairRequest}. */
    record RepairRequest(int from, int to, long term, long incarnation, long fromIndex, long toIndex)
        implements PeerMessage
    {
        @Override
        public void deliver(final PeerHandler handler)
        {
            handler.onRepairRequest(from, term, incarnation, fromIndex, toIndex);
        }
    }

    /** See {@link PeerSender#sendRepairReply}; the frames are a copy. */
    record RepairReply(int from, int to, long term, long incarnation, long leaderLastIndex, byte[] frames)
        implements PeerMessage
    {
        @Override
        public void deliver(final PeerHandler handler)
        {
            handler.onRepairReply(
                from, term, incarnation, leaderLastIndex, new UnsafeBuffer(frames), 0, frames.length);
        }
    }

    /** See {@link PeerSender#sendReadIndexRequest}. */
    record ReadIndexRequest(int from, int to, long term, long requestId, long incarnation) implements PeerMessage
    {
        @Override
        public void deliver(final PeerHandler handler)
        {
            handler.onReadIndexRequest(from, term, requestId, incarnation);
        }
    }

    /** See {@link PeerSender#sendReadIndexReply}. */
    record ReadIndexReply(int from, int to, long term, long requestId, long incarnation, long index)
        implements PeerMessage
    {
        @Override
        public void deliver(final PeerHandler handler)
        {
            handler.onReadIndexReply(from, term, requestId, incarnation, index);
        }
    }
}
