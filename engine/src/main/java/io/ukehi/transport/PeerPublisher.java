package io.ukehi.transport;

import io.ukehi.codecs.peer.AckEncoder;
import io.ukehi.codecs.peer.AppendEncoder;
import io.ukehi.codecs.peer.Flag;
import io.ukehi.codecs.peer.HeartbeatEncoder;
import io.ukehi.codecs.peer.IntroductionEncoder;
import io.ukehi.codecs.peer.MessageHeaderEncoder;
import io.ukehi.codecs.peer.RepairReplyEncoder;
import io.ukehi.codecs.peer.RepairRequestEncoder;
import io.ukehi.codecs.peer.ReadIndexReplyEncoder;
import io.ukehi.codecs.peer.ReadIndexRequestEncoder;
import io.ukehi.codecs.peer.SnapshotChunkEncoder;
import io.ukehi.codecs.peer.SnapshotDigestEncoder;
import io.ukehi.codecs.peer.SnapshotOfferEncoder;
import io.ukehi.codecs.peer.SnapshotStatusEncoder;
import io.ukehi.codecs.peer.SnapshotStatusKind;
import io.ukehi.codecs.peer.TimeoutNowEncoder;
import io.ukehi.codecs.peer.VoteReplyEncoder;
import io.ukehi.codecs.peer.VoteRequestEncoder;
import io.ukehi.raft.AckKind;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.PeerSender;
import io.ukehi.raft.SnapshotStatus;
import io.ukehi.raft.VoteKind;
import io.ukehi.Stage;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Encodes what the rules say to peers, seals it and hands it to the {@link PeerLink}. The mirror of
 * {@link PeerAdapter}.
 * <p>
 * The entries of an append or a repair are not touched: they go as the message's second part, straight out of the log,
 * and carry their own checksums.
 * <p>
 * Owned by the duty-cycle thread. Allocates nothing after construction.
 */
public final class PeerPublisher implements PeerSender
{
    private static final int HEADER_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH;

    /** Holds the longest message there is, but for the entries of an append. */
    private static final int BUFFER_LENGTH =
        BitUtil.align(HEADER_LENGTH + AckEncoder.BLOCK_LENGTH, BitUtil.CACHE_LINE_LENGTH);

    private final long clusterId;
    private final int groupId;
    private final int nodeId;
    private final PeerLink link;
    private final MessageSeal seal = new MessageSeal();
    private final UnsafeBuffer buffer =
        new UnsafeBuffer(BufferUtil.allocateDirectAligned(BUFFER_LENGTH, BitUtil.CACHE_LINE_LENGTH));
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final VoteRequestEncoder voteRequest = new VoteRequestEncoder();
    private final VoteReplyEncoder voteReply = new VoteReplyEncoder();
    private final AppendEncoder append = new AppendEncoder();
    private final AckEncoder ack = new AckEncoder();
    private final HeartbeatEncoder heartbeat = new HeartbeatEncoder();
    private final TimeoutNowEncoder timeoutNow = new TimeoutNowEncoder();
    private final ReadIndexRequestEncoder readIndexRequest = new ReadIndexRequestEncoder();
    private final ReadIndexReplyEncoder readIndexReply = new ReadIndexReplyEncoder();
    private final RepairRequestEncoder repairRequest = new RepairRequestEncoder();
    private final RepairReplyEncoder repairReply = new RepairReplyEncoder();
    private final IntroductionEncoder introduction = new IntroductionEncoder();
    private final SnapshotOfferEncoder snapshotOffer = new SnapshotOfferEncoder();
    private final SnapshotChunkEncoder snapshotChunk = new SnapshotChunkEncoder();
    private final SnapshotDigestEncoder snapshotDigest = new SnapshotDigestEncoder();
    private final SnapshotStatusEncoder snapshotStatus = new SnapshotStatusEncoder();

    /**
     * @param clusterId identity of the cluster.
     * @param groupId   Raft group within it.
     * @param nodeId    own member id.
     * @param link      to the peers.
     */
    public PeerPublisher(final long clusterId, final int groupId, final int nodeId, final PeerLink link)
    {
        this.clusterId = clusterId;
        this.groupId = groupId;
        this.nodeId = nodeId;
        this.link = link;
    }

    @Override
    public boolean sendVoteRequest(
        final int toId, final VoteKind kind, final long term, final long lastLogIndex, final long lastLogTerm)
    {
        voteRequest.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .lastLogIndex(lastLogIndex)
            .lastLogTerm(lastLogTerm)
            .kind(toWire(kind));
        return send(toId, VoteRequestEncoder.BLOCK_LENGTH);
    }

    @Override
    public boolean sendVoteReply(
        final int toId, final VoteKind kind, final long term, final long requestTerm, final boolean granted)
    {
        voteReply.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .requestTerm(requestTerm)
            .kind(toWire(kind))
            .granted(granted ? Flag.YES : Flag.NO);
        return send(toId, VoteReplyEncoder.BLOCK_LENGTH);
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
        final int framesLength = null == entries ? 0 : entries.length();
        append.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .sequence(sequence)
            .prevIndex(prevIndex)
            .prevTerm(prevTerm)
            .commitIndex(commitIndex)
            .framesLength(framesLength)
            .reserved(0);
        final long beginNs = Stage.nowNs();
        final boolean isSent = sendFrames(toId, AppendEncoder.BLOCK_LENGTH, entries, framesLength);
        if (Stage.isOn() && isSent && null != entries)
        {
            Stage.SEND.mark(toId, prevIndex + 1, prevIndex + entries.count(), beginNs);
        }
        return isSent;
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
        ack.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .sequence(sequence)
            .heartbeatSequence(heartbeatSequence)
            .incarnation(incarnation)
            .matchIndex(matchIndex)
            .lastIndex(lastIndex)
            .conflictIndex(conflictIndex)
            .conflictTerm(conflictTerm)
            .kind(toWire(kind));
        return send(toId, AckEncoder.BLOCK_LENGTH);
    }

    @Override
    public boolean sendHeartbeat(final int toId, final long term, final long sequence, final long commitIndex)
    {
        heartbeat.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .sequence(sequence)
            .commitIndex(commitIndex);
        return send(toId, HeartbeatEncoder.BLOCK_LENGTH);
    }

    @Override
    public boolean sendTimeoutNow(final int toId, final long term)
    {
        timeoutNow.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term);
        return send(toId, TimeoutNowEncoder.BLOCK_LENGTH);
    }

    @Override
    public boolean sendRepairRequest(
        final int toId, final long term, final long incarnation, final long fromIndex, final long toIndex)
    {
        repairRequest.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .incarnation(incarnation)
            .fromIndex(fromIndex)
            .toIndex(toIndex);
        return send(toId, RepairRequestEncoder.BLOCK_LENGTH);
    }

    @Override
    public boolean sendRepairReply(
        final int toId, final long term, final long incarnation, final long leaderLastIndex, final EntryCursor entries)
    {
        final int framesLength = null == entries ? 0 : entries.length();
        repairReply.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .incarnation(incarnation)
            .leaderLastIndex(leaderLastIndex)
            .framesLength(framesLength)
            .reserved(0);
        return sendFrames(toId, RepairReplyEncoder.BLOCK_LENGTH, entries, framesLength);
    }

    /**
     * Tells a node who this one is: see {@link Introductions}.
     *
     * @param toId     member id of the node.
     * @param logId    of this node's log, not 0.
     * @param priority of this node as a leader, 0 or more.
     * @param address  where it is reached: {@link PeerEndpoint#address()} in ASCII, at most
     *                 {@link PeerAdapter#MAX_ADDRESS_LENGTH} bytes.
     * @return false if it was not sent.
     */
    public boolean sendIntroduction(
        final int toId, final long logId, final int priority, final DirectBuffer address)
    {
        introduction.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .logId(logId)
            .length(address.capacity())
            .priority(priority);
        final int length = HEADER_LENGTH + IntroductionEncoder.BLOCK_LENGTH;
        seal.seal(buffer, 0, length, address, 0, address.capacity());
        return link.offer(toId, PeerLink.Lane.CONTROL, buffer, 0, length, address, 0, address.capacity());
    }

    private boolean sendFrames(
        final int toId, final int blockLength, final EntryCursor entries, final int framesLength)
    {
        final int length = HEADER_LENGTH + blockLength;
        seal.seal(buffer, 0, length);
        final DirectBuffer frames = 0 == framesLength ? null : entries.buffer();
        final int framesOffset = 0 == framesLength ? 0 : entries.offset();
        return link.offer(toId, PeerLink.Lane.BULK, buffer, 0, length, frames, framesOffset, framesLength);
    }

    @Override
    public boolean sendReadIndexRequest(
        final int toId, final long term, final long requestId, final long incarnation)
    {
        readIndexRequest.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .requestId(requestId)
            .incarnation(incarnation);
        return send(toId, ReadIndexRequestEncoder.BLOCK_LENGTH);
    }

    @Override
    public boolean sendReadIndexReply(
        final int toId, final long term, final long requestId, final long incarnation, final long index)
    {
        readIndexReply.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .requestId(requestId)
            .incarnation(incarnation)
            .index(index);
        return send(toId, ReadIndexReplyEncoder.BLOCK_LENGTH);
    }

    private boolean send(final int toId, final int blockLength)
    {
        final int length = HEADER_LENGTH + blockLength;
        seal.seal(buffer, 0, length);
        return link.offer(toId, PeerLink.Lane.CONTROL, buffer, 0, length, null, 0, 0);
    }

    @Override
    public boolean sendSnapshotOffer(
        final int toId, final long term, final long attempt,
        final DirectBuffer offer, final int offset, final int length)
    {
        snapshotOffer.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .attempt(attempt)
            .length(length)
            .reserved(0);
        return sendSnapshot(toId, SnapshotOfferEncoder.BLOCK_LENGTH, offer, offset, length);
    }

    @Override
    public boolean sendSnapshotChunk(
        final int toId, final long term, final long attempt, final int chunk,
        final DirectBuffer chunkBuffer, final int offset, final int length)
    {
        snapshotChunk.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .attempt(attempt)
            .chunk(chunk)
            .length(length);
        return sendSnapshot(toId, SnapshotChunkEncoder.BLOCK_LENGTH, chunkBuffer, offset, length);
    }

    @Override
    public boolean sendSnapshotStatus(
        final int toId, final SnapshotStatus status, final long term, final long attempt, final long index,
        final int chunk, final int chunkLimit)
    {
        snapshotStatus.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .attempt(attempt)
            .index(index)
            .chunk(chunk)
            .chunkLimit(chunkLimit)
            .kind(SnapshotStatusKind.get((short)status.ordinal()));
        return send(toId, SnapshotStatusEncoder.BLOCK_LENGTH);
    }

    @Override
    public boolean sendSnapshotDigest(final int toId, final long term, final long index, final long digest)
    {
        snapshotDigest.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .fromId(nodeId)
            .toId(toId)
            .term(term)
            .index(index)
            .digest(digest);
        return send(toId, SnapshotDigestEncoder.BLOCK_LENGTH);
    }

    private boolean sendSnapshot(
        final int toId, final int blockLength, final DirectBuffer body, final int offset, final int bodyLength)
    {
        final int length = HEADER_LENGTH + blockLength;
        seal.seal(buffer, 0, length);
        return link.offer(toId, PeerLink.Lane.SNAPSHOT, buffer, 0, length, body, offset, bodyLength);
    }

    private static io.ukehi.codecs.peer.VoteKind toWire(final VoteKind kind)
    {
        return switch (kind)
        {
            case PRE_VOTE -> io.ukehi.codecs.peer.VoteKind.PRE_VOTE;
            case VOTE -> io.ukehi.codecs.peer.VoteKind.VOTE;
            case VOTE_FORCED -> io.ukehi.codecs.peer.VoteKind.VOTE_FORCED;
        };
    }

    private static io.ukehi.codecs.peer.AckKind toWire(final AckKind kind)
    {
        return switch (kind)
        {
            case ACCEPTED -> io.ukehi.codecs.peer.AckKind.ACCEPTED;
            case REJECTED -> io.ukehi.codecs.peer.AckKind.REJECTED;
            case STALE_TERM -> io.ukehi.codecs.peer.AckKind.STALE_TERM;
        };
    }
}
