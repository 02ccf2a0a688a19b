package io.ukehi.raft;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.agrona.DirectBuffer;

/** Keeps what a node says, as values; or hands it on; or says that there is no room. */
public final class RecordingSender implements PeerSender
{
    private static final byte[] NOTHING = {};

    private final int fromId;
    private final Predicate<PeerMessage> network;
    private final List<PeerMessage> sent = new ArrayList<>();
    private final List<String> snapshots = new ArrayList<>();
    private boolean isBackPressured;

    /** Keeps everything. */
    public RecordingSender(final int fromId)
    {
        this.fromId = fromId;
        this.network = sent::add;
    }

    /**
     * Hands everything on and keeps nothing.
     *
     * @param network returns false if it does not take the message.
     */
    public RecordingSender(final int fromId, final Predicate<PeerMessage> network)
    {
        this.fromId = fromId;
        this.network = network;
    }

    /** Whether every message is refused from now on. */
    public void backPressured(final boolean isRefusing)
    {
        isBackPressured = isRefusing;
    }

    /** What was sent since the last {@link #clear()}. */
    public List<PeerMessage> sent()
    {
        return sent;
    }

    public void clear()
    {
        sent.clear();
    }

    /** Messages of one type, in order. */
    public <T extends PeerMessage> List<T> sent(final Class<T> type)
    {
        return sent.stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** Messages of one type to one peer, in order. */
    public <T extends PeerMessage> List<T> sent(final Class<T> type, final int toId)
    {
        return sent(type).stream().filter(message -> toId == message.to()).toList();
    }

    /** The newest message of a type; fails if there is none. */
    public <T extends PeerMessage> T last(final Class<T> type)
    {
        return sent(type).getLast();
    }

    private boolean send(final PeerMessage message)
    {
        return !isBackPressured && network.test(message);
    }

    @Override
    public boolean sendVoteRequest(
        final int toId, final VoteKind kind, final long term, final long lastLogIndex, final long lastLogTerm)
    {
        return send(new PeerMessage.VoteRequest(fromId, toId, kind, term, lastLogIndex, lastLogTerm));
    }

    @Override
    public boolean sendVoteReply(
        final int toId, final VoteKind kind, final long term, final long requestTerm, final boolean granted)
    {
        return send(new PeerMessage.VoteReply(fromId, toId, kind, term, requestTerm, granted));
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
        byte[] frames = NOTHING;
        int count = 0;
        if (null != entries)
        {
            frames = new byte[entries.length()];
            entries.buffer().getBytes(entries.offset(), frames);
            count = entries.count();
        }
        return send(new PeerMessage.Append(
            fromId, toId, term, sequence, prevIndex, prevTerm, commitIndex, count, frames));
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
        return send(new PeerMessage.Ack(
            fromId, toId, kind, term, sequence, heartbeatSequence, incarnation,
            matchIndex, lastIndex, conflictIndex, conflictTerm));
    }

    @Override
    public boolean sendHeartbeat(final int toId, final long term, final long sequence, final long commitIndex)
    {
        return send(new PeerMessage.Heartbeat(fromId, toId, term, sequence, commitIndex));
    }

    @Override
    public boolean sendTimeoutNow(final int toId, final long term)
    {
        return send(new PeerMessage.TimeoutNow(fromId, toId, term));
    }

    @Override
    public boolean sendRepairRequest(
        final int toId, final long term, final long incarnation, final long fromIndex, final long toIndex)
    {
        return send(new PeerMessage.RepairRequest(fromId, toId, term, incarnation, fromIndex, toIndex));
    }

    @Override
    public boolean sendRepairReply(
        final int toId, final long term, final long incarnation, final long leaderLastIndex, final EntryCursor entries)
    {
        final byte[] frames = null == entries ? NOTHING : new byte[entries.length()];
        if (null != entries)
        {
            entries.buffer().getBytes(entries.offset(), frames);
        }
        return send(new PeerMessage.RepairReply(fromId, toId, term, incarnation, leaderLastIndex, frames));
    }

    @Override
    public boolean sendReadIndexRequest(
        final int toId, final long term, final long requestId, final long incarnation)
    {
        return send(new PeerMessage.ReadIndexRequest(fromId, toId, term, requestId, incarnation));
    }

    @Override
    public boolean sendReadIndexReply(
        final int toId, final long term, final long requestId, final long incarnation, final long index)
    {
        return send(new PeerMessage.ReadIndexReply(fromId, toId, term, requestId, incarnation, index));
    }

    /** What was said of snapshots, one line for each message; not part of {@link #sent()}. */
    public List<String> snapshots()
    {
        return snapshots;
    }

    @Override
    public boolean sendSnapshotOffer(
        final int toId, final long term, final long attempt,
        final DirectBuffer offer, final int offset, final int length)
    {
        return !isBackPressured && snapshots.add("offer " + attempt + " to " + toId);
    }

    @Override
    public boolean sendSnapshotChunk(
        final int toId, final long term, final long attempt, final int chunk,
        final DirectBuffer buffer, final int offset, final int length)
    {
        return !isBackPressured && snapshots.add("chunk " + chunk + " of " + attempt + " to " + toId);
    }

    @Override
    public boolean sendSnapshotStatus(
        final int toId, final SnapshotStatus status, final long term, final long attempt, final long index,
        final int chunk, final int chunkLimit)
    {
        return !isBackPressured && snapshots.add(status + " " + chunk + " of " + attempt + " to " + toId);
    }
}
