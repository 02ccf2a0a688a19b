package io.ukehi.transport;

import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import io.ukehi.Invariant;
import io.ukehi.codecs.peer.AckDecoder;
import io.ukehi.codecs.peer.AppendDecoder;
import io.ukehi.codecs.peer.Flag;
import io.ukehi.codecs.peer.HeartbeatDecoder;
import io.ukehi.codecs.peer.IntroductionDecoder;
import io.ukehi.codecs.peer.MessageHeaderDecoder;
import io.ukehi.codecs.peer.RepairReplyDecoder;
import io.ukehi.codecs.peer.RepairRequestDecoder;
import io.ukehi.codecs.peer.ReadIndexReplyDecoder;
import io.ukehi.codecs.peer.ReadIndexRequestDecoder;
import io.ukehi.codecs.peer.SnapshotChunkDecoder;
import io.ukehi.codecs.peer.SnapshotDigestDecoder;
import io.ukehi.codecs.peer.SnapshotOfferDecoder;
import io.ukehi.codecs.peer.SnapshotStatusDecoder;
import io.ukehi.codecs.peer.TimeoutNowDecoder;
import io.ukehi.codecs.peer.VoteReplyDecoder;
import io.ukehi.codecs.peer.VoteRequestDecoder;
import io.ukehi.raft.AckKind;
import io.ukehi.raft.PeerHandler;
import io.ukehi.raft.SnapshotStatus;
import io.ukehi.raft.VoteKind;
import org.agrona.DirectBuffer;

/**
 * Checks and decodes what peers say and passes it to the rules. The mirror of {@link PeerPublisher}.
 * <p>
 * What is not a whole, sound message of this schema, cluster and group, from a known sender to this node, is counted
 * by its {@link DropReason} and dropped. Known are the members, and who has introduced himself ({@link AeronPeers}). No
 * bytes whatever make this class throw; what the {@link PeerHandler} throws goes through, for it is a failure of this
 * node and not of the message.
 * <p>
 * <b>Versions.</b> The high byte of the schema's version is its major part, 0 for now, the low byte counts extensions,
 * which only append fields to blocks or add messages. So a message of a later extension is read up to the end of the
 * block as it is known here, and the rest is stepped over by the block length it states. In a message of a known
 * version nothing may be left over.
 * <p>
 * Owned by the duty-cycle thread. Allocates nothing after construction.
 */
public final class PeerAdapter implements FragmentHandler
{
    /** Longest address of an introduction in bytes: a host name, a colon and a port. */
    public static final int MAX_ADDRESS_LENGTH = 262;

    /** Oldest version of the schema that is read. */
    static final int MIN_VERSION = 1;

    private static final int HEADER_LENGTH = MessageHeaderDecoder.ENCODED_LENGTH;
    private static final int MAJOR_SHIFT = 8;
    private static final int NO_SUCH_TEMPLATE = -1;

    // The fields with which every block begins. TimeoutNow has them and little else.
    private static final int GROUP_ID_OFFSET = TimeoutNowDecoder.groupIdEncodingOffset();
    private static final int CLUSTER_ID_OFFSET = TimeoutNowDecoder.clusterIdEncodingOffset();
    private static final int FROM_ID_OFFSET = TimeoutNowDecoder.fromIdEncodingOffset();
    private static final int TO_ID_OFFSET = TimeoutNowDecoder.toIdEncodingOffset();

    private static final VoteKind[] VOTE_KINDS = VoteKind.values();
    private static final AckKind[] ACK_KINDS = AckKind.values();
    private static final SnapshotStatus[] SNAPSHOT_STATUSES = SnapshotStatus.values();

    private final long clusterId;
    private final int groupId;
    private final int nodeId;
    private int[] senderIds;
    private Introductions introductions = (fromId, logId, priority, buffer, offset, length) -> {};
    private final PeerHandler handler;
    private final DropCounters drops;
    private final MessageSeal seal = new MessageSeal();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final VoteRequestDecoder voteRequest = new VoteRequestDecoder();
    private final VoteReplyDecoder voteReply = new VoteReplyDecoder();
    private final AppendDecoder append = new AppendDecoder();
    private final AckDecoder ack = new AckDecoder();
    private final HeartbeatDecoder heartbeat = new HeartbeatDecoder();
    private final TimeoutNowDecoder timeoutNow = new TimeoutNowDecoder();
    private final ReadIndexRequestDecoder readIndexRequest = new ReadIndexRequestDecoder();
    private final ReadIndexReplyDecoder readIndexReply = new ReadIndexReplyDecoder();
    private final RepairRequestDecoder repairRequest = new RepairRequestDecoder();
    private final RepairReplyDecoder repairReply = new RepairReplyDecoder();
    private final IntroductionDecoder introduction = new IntroductionDecoder();
    private final SnapshotOfferDecoder snapshotOffer = new SnapshotOfferDecoder();
    private final SnapshotChunkDecoder snapshotChunk = new SnapshotChunkDecoder();
    private final SnapshotDigestDecoder snapshotDigest = new SnapshotDigestDecoder();
    private final SnapshotStatusDecoder snapshotStatus = new SnapshotStatusDecoder();

    /**
     * @param clusterId identity of the cluster.
     * @param groupId   Raft group within it.
     * @param nodeId    own member id.
     * @param senderIds who is heard; this node's own id may be among them or not.
     * @param handler   that is called for each good message.
     * @param drops     where the others are counted.
     */
    public PeerAdapter(
        final long clusterId,
        final int groupId,
        final int nodeId,
        final int[] senderIds,
        final PeerHandler handler,
        final DropCounters drops)
    {
        Invariant.check(nodeId > 0, "a member id is greater than 0", nodeId);
        this.clusterId = clusterId;
        this.groupId = groupId;
        this.nodeId = nodeId;
        this.senderIds = senderIds.clone();
        this.handler = handler;
        this.drops = drops;
    }

    /** Who is heard from now on; everybody may introduce himself all the same. */
    public void senders(final int[] ids)
    {
        senderIds = ids.clone();
    }

    /** Names who is told of introductions; nobody is by default. */
    public PeerAdapter introductions(final Introductions newIntroductions)
    {
        introductions = newIntroductions;
        return this;
    }

    /** A whole message: behind an assembler of fragments. */
    @Override
    public void onFragment(final DirectBuffer buffer, final int offset, final int length, final Header ignored)
    {
        onMessage(buffer, offset, length);
    }

    /**
     * Takes one message.
     *
     * @param buffer that holds it; what it says is valid during the call only.
     * @param offset where it begins, in bytes.
     * @param length in bytes, 0 or more; within the buffer.
     */
    public void onMessage(final DirectBuffer buffer, final int offset, final int length)
    {
        final DropReason fault = dispatch(buffer, offset, length);
        if (null != fault)
        {
            drops.increment(fault);
        }
    }

    /** Null if the message was passed on. */
    private DropReason dispatch(final DirectBuffer buffer, final int offset, final int length)
    {
        if (length < HEADER_LENGTH)
        {
            return DropReason.TOO_SHORT;
        }
        header.wrap(buffer, offset);
        final DropReason formFault = formFault(length);
        if (null != formFault)
        {
            return formFault;
        }
        final int blockLength = header.blockLength();
        final int templateId = header.templateId();
        // Frames vouch for themselves, and are checked where they are read.
        final int coveredLength = hasFrames(templateId) ? HEADER_LENGTH + blockLength : length;
        if (!seal.isSound(buffer, offset, coveredLength))
        {
            return DropReason.BAD_CHECKSUM;
        }
        final int blockOffset = offset + HEADER_LENGTH;
        final boolean isIntroduction = IntroductionDecoder.TEMPLATE_ID == templateId;
        final DropReason addressFault = addressFault(buffer, blockOffset, isIntroduction);
        if (null != addressFault)
        {
            return addressFault;
        }
        final int restLength = length - HEADER_LENGTH - blockLength;
        final int version = header.version();
        if (AppendDecoder.TEMPLATE_ID == templateId)
        {
            append.wrap(buffer, blockOffset, blockLength, version);
            return onAppend(buffer, blockOffset + blockLength, restLength);
        }
        if (RepairReplyDecoder.TEMPLATE_ID == templateId)
        {
            repairReply.wrap(buffer, blockOffset, blockLength, version);
            return onRepairReply(buffer, blockOffset + blockLength, restLength);
        }
        if (SnapshotOfferDecoder.TEMPLATE_ID == templateId)
        {
            snapshotOffer.wrap(buffer, blockOffset, blockLength, version);
            return onSnapshotOffer(buffer, blockOffset + blockLength, restLength);
        }
        if (SnapshotChunkDecoder.TEMPLATE_ID == templateId)
        {
            snapshotChunk.wrap(buffer, blockOffset, blockLength, version);
            return onSnapshotChunk(buffer, blockOffset + blockLength, restLength);
        }
        if (isIntroduction)
        {
            introduction.wrap(buffer, blockOffset, blockLength, version);
            return onIntroduction(buffer, blockOffset + blockLength, restLength);
        }
        if (0 != restLength && version <= MessageHeaderDecoder.SCHEMA_VERSION)
        {
            return DropReason.MALFORMED;
        }
        return dispatchControl(buffer, blockOffset, blockLength, version, templateId);
    }

    private static boolean hasFrames(final int templateId)
    {
        return AppendDecoder.TEMPLATE_ID == templateId || RepairReplyDecoder.TEMPLATE_ID == templateId ||
            SnapshotOfferDecoder.TEMPLATE_ID == templateId || SnapshotChunkDecoder.TEMPLATE_ID == templateId;
    }

    /** Whether the header is one that can be read on, and the block lies within the message. */
    private DropReason formFault(final int length)
    {
        if (MessageHeaderDecoder.SCHEMA_ID != header.schemaId())
        {
            return DropReason.WRONG_SCHEMA;
        }
        final int version = header.version();
        if (version < MIN_VERSION || version >> MAJOR_SHIFT != MessageHeaderDecoder.SCHEMA_VERSION >> MAJOR_SHIFT)
        {
            return DropReason.UNSUPPORTED_VERSION;
        }
        final int knownLength = knownBlockLength(header.templateId());
        if (NO_SUCH_TEMPLATE == knownLength)
        {
            return DropReason.UNKNOWN_TEMPLATE;
        }
        final int blockLength = header.blockLength();
        if (blockLength > length - HEADER_LENGTH)
        {
            return DropReason.TOO_SHORT;
        }
        // Versions before the present one would have shorter blocks; there are none yet.
        final boolean isBlockGood = MessageHeaderDecoder.SCHEMA_VERSION == version ?
            blockLength == knownLength : blockLength >= knownLength;
        return isBlockGood ? null : DropReason.MALFORMED;
    }

    private static int knownBlockLength(final int templateId)
    {
        return switch (templateId)
        {
            case VoteRequestDecoder.TEMPLATE_ID -> VoteRequestDecoder.BLOCK_LENGTH;
            case VoteReplyDecoder.TEMPLATE_ID -> VoteReplyDecoder.BLOCK_LENGTH;
            case AppendDecoder.TEMPLATE_ID -> AppendDecoder.BLOCK_LENGTH;
            case AckDecoder.TEMPLATE_ID -> AckDecoder.BLOCK_LENGTH;
            case HeartbeatDecoder.TEMPLATE_ID -> HeartbeatDecoder.BLOCK_LENGTH;
            case TimeoutNowDecoder.TEMPLATE_ID -> TimeoutNowDecoder.BLOCK_LENGTH;
            case ReadIndexRequestDecoder.TEMPLATE_ID -> ReadIndexRequestDecoder.BLOCK_LENGTH;
            case ReadIndexReplyDecoder.TEMPLATE_ID -> ReadIndexReplyDecoder.BLOCK_LENGTH;
            case RepairRequestDecoder.TEMPLATE_ID -> RepairRequestDecoder.BLOCK_LENGTH;
            case RepairReplyDecoder.TEMPLATE_ID -> RepairReplyDecoder.BLOCK_LENGTH;
            case SnapshotOfferDecoder.TEMPLATE_ID -> SnapshotOfferDecoder.BLOCK_LENGTH;
            case SnapshotChunkDecoder.TEMPLATE_ID -> SnapshotChunkDecoder.BLOCK_LENGTH;
            case SnapshotDigestDecoder.TEMPLATE_ID -> SnapshotDigestDecoder.BLOCK_LENGTH;
            case SnapshotStatusDecoder.TEMPLATE_ID -> SnapshotStatusDecoder.BLOCK_LENGTH;
            case IntroductionDecoder.TEMPLATE_ID -> IntroductionDecoder.BLOCK_LENGTH;
            default -> NO_SUCH_TEMPLATE;
        };
    }

    private DropReason addressFault(final DirectBuffer buffer, final int blockOffset, final boolean isIntroduction)
    {
        if (buffer.getLong(blockOffset + CLUSTER_ID_OFFSET, MessageHeaderDecoder.BYTE_ORDER) != clusterId)
        {
            return DropReason.WRONG_CLUSTER;
        }
        if (buffer.getInt(blockOffset + GROUP_ID_OFFSET, MessageHeaderDecoder.BYTE_ORDER) != groupId)
        {
            return DropReason.WRONG_GROUP;
        }
        if (buffer.getInt(blockOffset + TO_ID_OFFSET, MessageHeaderDecoder.BYTE_ORDER) != nodeId)
        {
            return DropReason.WRONG_ADDRESSEE;
        }
        final int fromId = buffer.getInt(blockOffset + FROM_ID_OFFSET, MessageHeaderDecoder.BYTE_ORDER);
        final boolean isHeard = isIntroduction ? fromId > 0 && fromId != nodeId : isSender(fromId);
        return isHeard ? null : DropReason.UNKNOWN_SENDER;
    }

    private boolean isSender(final int memberId)
    {
        if (memberId == nodeId)
        {
            return false;
        }
        // At most a handful: a scan is the quickest look-up there is.
        for (final int id : senderIds)
        {
            if (id == memberId)
            {
                return true;
            }
        }
        return false;
    }

    private DropReason dispatchControl(
        final DirectBuffer buffer,
        final int blockOffset,
        final int blockLength,
        final int version,
        final int templateId)
    {
        switch (templateId)
        {
            case VoteRequestDecoder.TEMPLATE_ID:
                voteRequest.wrap(buffer, blockOffset, blockLength, version);
                return onVoteRequest();

            case VoteReplyDecoder.TEMPLATE_ID:
                voteReply.wrap(buffer, blockOffset, blockLength, version);
                return onVoteReply();

            case AckDecoder.TEMPLATE_ID:
                ack.wrap(buffer, blockOffset, blockLength, version);
                return onAck();

            case HeartbeatDecoder.TEMPLATE_ID:
                heartbeat.wrap(buffer, blockOffset, blockLength, version);
                handler.onHeartbeat(
                    heartbeat.fromId(), heartbeat.term(), heartbeat.sequence(), heartbeat.commitIndex());
                return null;

            case TimeoutNowDecoder.TEMPLATE_ID:
                timeoutNow.wrap(buffer, blockOffset, blockLength, version);
                handler.onTimeoutNow(timeoutNow.fromId(), timeoutNow.term());
                return null;

            case RepairRequestDecoder.TEMPLATE_ID:
                repairRequest.wrap(buffer, blockOffset, blockLength, version);
                handler.onRepairRequest(
                    repairRequest.fromId(), repairRequest.term(), repairRequest.incarnation(),
                    repairRequest.fromIndex(), repairRequest.toIndex());
                return null;

            case ReadIndexRequestDecoder.TEMPLATE_ID:
                readIndexRequest.wrap(buffer, blockOffset, blockLength, version);
                handler.onReadIndexRequest(
                    readIndexRequest.fromId(),
                    readIndexRequest.term(),
                    readIndexRequest.requestId(),
                    readIndexRequest.incarnation());
                return null;

            case ReadIndexReplyDecoder.TEMPLATE_ID:
                readIndexReply.wrap(buffer, blockOffset, blockLength, version);
                handler.onReadIndexReply(
                    readIndexReply.fromId(),
                    readIndexReply.term(),
                    readIndexReply.requestId(),
                    readIndexReply.incarnation(),
                    readIndexReply.index());
                return null;

            case SnapshotDigestDecoder.TEMPLATE_ID:
                snapshotDigest.wrap(buffer, blockOffset, blockLength, version);
                handler.onSnapshotDigest(
                    snapshotDigest.fromId(), snapshotDigest.term(), snapshotDigest.index(), snapshotDigest.digest());
                return null;

            case SnapshotStatusDecoder.TEMPLATE_ID:
                snapshotStatus.wrap(buffer, blockOffset, blockLength, version);
                return onSnapshotStatus();

            default:
                return DropReason.UNKNOWN_TEMPLATE;
        }
    }

    private DropReason onVoteRequest()
    {
        final int kind = voteRequest.kindRaw();
        if (kind >= VOTE_KINDS.length)
        {
            return DropReason.MALFORMED;
        }
        handler.onVoteRequest(
            voteRequest.fromId(),
            VOTE_KINDS[kind],
            voteRequest.term(),
            voteRequest.lastLogIndex(),
            voteRequest.lastLogTerm());
        return null;
    }

    private DropReason onVoteReply()
    {
        final int kind = voteReply.kindRaw();
        final int granted = voteReply.grantedRaw();
        if (kind >= VOTE_KINDS.length || granted > Flag.YES.value())
        {
            return DropReason.MALFORMED;
        }
        handler.onVoteReply(
            voteReply.fromId(),
            VOTE_KINDS[kind],
            voteReply.term(),
            voteReply.requestTerm(),
            Flag.YES.value() == granted);
        return null;
    }

    private DropReason onAppend(final DirectBuffer buffer, final int framesOffset, final int restLength)
    {
        final int framesLength = append.framesLength();
        if (framesLength != restLength)
        {
            return framesLength > restLength ? DropReason.TOO_SHORT : DropReason.MALFORMED;
        }
        handler.onAppend(
            append.fromId(),
            append.term(),
            append.sequence(),
            append.prevIndex(),
            append.prevTerm(),
            append.commitIndex(),
            buffer,
            framesOffset,
            framesLength);
        return null;
    }

    private DropReason onRepairReply(final DirectBuffer buffer, final int framesOffset, final int restLength)
    {
        final int framesLength = repairReply.framesLength();
        if (framesLength != restLength)
        {
            return framesLength > restLength ? DropReason.TOO_SHORT : DropReason.MALFORMED;
        }
        handler.onRepairReply(
            repairReply.fromId(), repairReply.term(), repairReply.incarnation(), repairReply.leaderLastIndex(),
            buffer, framesOffset, framesLength);
        return null;
    }

    /** Null if what follows a block is as long as the block says. */
    private static DropReason restFault(final int statedLength, final int restLength)
    {
        if (statedLength == restLength)
        {
            return null;
        }
        return statedLength > restLength ? DropReason.TOO_SHORT : DropReason.MALFORMED;
    }

    private DropReason onIntroduction(final DirectBuffer buffer, final int restOffset, final int restLength)
    {
        final DropReason fault = restFault(introduction.length(), restLength);
        if (null != fault)
        {
            return fault;
        }
        if (restLength < 1 || restLength > MAX_ADDRESS_LENGTH || 0 == introduction.logId() ||
            introduction.priority() < 0)
        {
            return DropReason.MALFORMED;
        }
        introductions.onIntroduction(
            introduction.fromId(), introduction.logId(), introduction.priority(), buffer, restOffset, restLength);
        return null;
    }

    private DropReason onSnapshotOffer(final DirectBuffer buffer, final int restOffset, final int restLength)
    {
        final DropReason fault = restFault(snapshotOffer.length(), restLength);
        if (null == fault)
        {
            handler.onSnapshotOffer(
                snapshotOffer.fromId(), snapshotOffer.term(), snapshotOffer.attempt(), buffer, restOffset, restLength);
        }
        return fault;
    }

    private DropReason onSnapshotChunk(final DirectBuffer buffer, final int restOffset, final int restLength)
    {
        final DropReason fault = restFault(snapshotChunk.length(), restLength);
        if (null == fault)
        {
            handler.onSnapshotChunk(
                snapshotChunk.fromId(), snapshotChunk.term(), snapshotChunk.attempt(), snapshotChunk.chunk(),
                buffer, restOffset, restLength);
        }
        return fault;
    }

    private DropReason onSnapshotStatus()
    {
        final int kind = snapshotStatus.kindRaw();
        if (kind >= SNAPSHOT_STATUSES.length)
        {
            return DropReason.MALFORMED;
        }
        handler.onSnapshotStatus(
            snapshotStatus.fromId(), SNAPSHOT_STATUSES[kind], snapshotStatus.term(), snapshotStatus.attempt(),
            snapshotStatus.index(), snapshotStatus.chunk(), snapshotStatus.chunkLimit());
        return null;
    }

    private DropReason onAck()
    {
        final int kind = ack.kindRaw();
        if (kind >= ACK_KINDS.length)
        {
            return DropReason.MALFORMED;
        }
        handler.onAck(
            ack.fromId(),
            ACK_KINDS[kind],
            ack.term(),
            ack.sequence(),
            ack.heartbeatSequence(),
            ack.incarnation(),
            ack.matchIndex(),
            ack.lastIndex(),
            ack.conflictIndex(),
            ack.conflictTerm());
        return null;
    }
}
