package io.ukehi.transport;

import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.AdminReplyEncoder;
import io.ukehi.codecs.client.CloseEncoder;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ConnectReplyEncoder;
import io.ukehi.codecs.client.KeepAliveEncoder;
import io.ukehi.codecs.client.MembersEncoder;
import io.ukehi.codecs.client.MessageHeaderEncoder;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.QueryReplyEncoder;
import io.ukehi.codecs.client.RedirectEncoder;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.codecs.client.ReplyEncoder;
import io.ukehi.codecs.client.ReplyRecordEncoder;
import io.ukehi.codecs.client.SessionOpenedEncoder;
import io.ukehi.codecs.client.StatusReplyEncoder;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What a node says to clients, encoded and sealed, one message at a time in one small buffer; the user's bytes of a
 * reply stay where they are and are only summed. Belongs to the duty-cycle thread; allocates nothing.
 */
public final class ClientMessageEncoder
{
    /** Says that no leader is known. */
    public static final int NO_LEADER = -1;

    /** Bytes of a Reply before its first record. */
    public static final int REPLY_HEAD_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + ReplyEncoder.BLOCK_LENGTH;

    /** Most bytes of a message that are not the state machine's, for a single command or query. */
    public static final int MAX_OVERHEAD_LENGTH =
        REPLY_HEAD_LENGTH + ReplyRecordEncoder.BLOCK_LENGTH + Long.BYTES;

    /** Of an answer to an operator, or of the list of members, which has at most 30 entries. */
    static final int MAX_TEXT_LENGTH = 15 * 1024;

    private static final int MAX_LENGTH = 16 * 1024;

    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[MAX_LENGTH]);
    private final MessageSeal seal = new MessageSeal();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ConnectReplyEncoder connectReply = new ConnectReplyEncoder();
    private final ReplyEncoder reply = new ReplyEncoder();
    private final ReplyRecordEncoder replyRecord = new ReplyRecordEncoder();
    private final AdminReplyEncoder adminReply = new AdminReplyEncoder();
    private final MembersEncoder membersMessage = new MembersEncoder();
    private final QueryReplyEncoder queryReply = new QueryReplyEncoder();
    private final RedirectEncoder redirect = new RedirectEncoder();
    private final SessionOpenedEncoder sessionOpened = new SessionOpenedEncoder();
    private final KeepAliveEncoder keepAlive = new KeepAliveEncoder();
    private final CloseEncoder close = new CloseEncoder();
    private final StatusReplyEncoder statusReply = new StatusReplyEncoder();
    private final long clusterId;
    private final int groupId;
    private final int nodeId;
    private final int maxCommandLength;
    private String members = "";
    private long membersIndex;
    private long term;
    private int leaderId = NO_LEADER;

    /**
     * @param clusterId        identity of the cluster.
     * @param groupId          Raft group within it.
     * @param nodeId           who speaks.
     * @param maxCommandLength in bytes, that clients are told.
     */
    public ClientMessageEncoder(
        final long clusterId, final int groupId, final int nodeId, final int maxCommandLength)
    {
        this.clusterId = clusterId;
        this.groupId = groupId;
        this.nodeId = nodeId;
        this.maxCommandLength = maxCommandLength;
    }

    /** Who leads from now on, as told to clients; {@link #NO_LEADER} if nobody is known to. */
    public void leader(final long leaderTerm, final int id)
    {
        term = leaderTerm;
        leaderId = id;
    }

    /** Who the members are from now on, as told to clients: {@code ID=HOST:PORT}, separated by commas. */
    public void members(final long index, final String endpoints)
    {
        membersIndex = index;
        members = fitting(endpoints);
    }

    /** Where every message begins, at 0. */
    public DirectBuffer buffer()
    {
        return buffer;
    }

    /** The answer to a Connect; returns its length. */
    public int connectReply(final long sessionId, final long correlationId, final ConnectCode code)
    {
        connectReply.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .term(term)
            .nodeId(nodeId)
            .leaderId(leaderId)
            .maxCommandLength(maxCommandLength)
            .code(code);
        return sealed(ConnectReplyEncoder.BLOCK_LENGTH);
    }

    /** Bytes of a record with so many of the state machine's. */
    public static int replyRecordLength(final int length)
    {
        return BitUtil.align(ReplyRecordEncoder.BLOCK_LENGTH + length, Long.BYTES);
    }

    /**
     * Writes how a command ended, as a record of a Reply, of {@link #replyRecordLength} bytes.
     *
     * @param target        where the Reply is being gathered.
     * @param at            where the record begins in it, in bytes.
     * @param correlationId of the command.
     * @param code          how it ended.
     * @param index         of the command in the log; 0 where it was not taken.
     * @param token         fencing token of the command; 0 where it was not taken.
     * @param payload       holds the state machine's bytes.
     * @param offset        of these bytes.
     * @param length        of these bytes.
     */
    public void putReply(
        final MutableDirectBuffer target,
        final int at,
        final long correlationId,
        final ReplyCode code,
        final long index,
        final long token,
        final DirectBuffer payload,
        final int offset,
        final int length)
    {
        // What is left over at the end may not tell of others' replies that stood there before.
        target.putLong(at + replyRecordLength(length) - Long.BYTES, 0);
        replyRecord.wrap(target, at)
            .correlationId(correlationId)
            .index(index)
            .token(token)
            .length(length)
            .code(code);
        target.putBytes(at + ReplyRecordEncoder.BLOCK_LENGTH, payload, offset, length);
    }

    /**
     * Writes the head of a Reply whose records are there, and seals it.
     *
     * @param target    where it lies.
     * @param at        where it begins, in bytes.
     * @param length    of the whole, in bytes.
     * @param sessionId of the client.
     */
    public void sealReply(final MutableDirectBuffer target, final int at, final int length, final long sessionId)
    {
        reply.wrapAndApplyHeader(target, at, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .leaderId(leaderId)
            .reserved(0);
        seal.seal(target, at, length);
    }

    /**
     * How a query ended: the part before the state machine's bytes, sealed together with them. Returns its length, at
     * most {@link #MAX_OVERHEAD_LENGTH}.
     *
     * @param sessionId     of the client.
     * @param correlationId of the query.
     * @param code          how it ended.
     * @param index         up to which the state was applied that answered.
     * @param payload       holds the bytes that will follow.
     * @param offset        of these bytes.
     * @param length        of these bytes.
     */
    public int queryReply(
        final long sessionId,
        final long correlationId,
        final QueryCode code,
        final long index,
        final DirectBuffer payload,
        final int offset,
        final int length)
    {
        queryReply.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .index(index)
            .nodeId(nodeId)
            .leaderId(leaderId)
            .code(code);
        final int headLength = MessageHeaderEncoder.ENCODED_LENGTH + QueryReplyEncoder.BLOCK_LENGTH;
        seal.seal(buffer, 0, headLength, payload, offset, length);
        return headLength;
    }

    /** What became of an operator's request; returns the message's length. */
    public int adminReply(final long sessionId, final long correlationId, final AdminCode code, final String text)
    {
        adminReply.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .nodeId(nodeId)
            .leaderId(leaderId)
            .code(code)
            .text(fitting(text));
        return sealedTo(adminReply.limit());
    }

    /** Who the members are and where they take clients; returns the message's length. */
    public int members(final long sessionId)
    {
        membersMessage.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .index(membersIndex)
            .endpoints(members);
        return sealedTo(membersMessage.limit());
    }

    private static String fitting(final String text)
    {
        return text.length() <= MAX_TEXT_LENGTH ? text : text.substring(0, MAX_TEXT_LENGTH);
    }

    /** Tells that leadership has moved; returns the message's length. */
    public int redirect(final long sessionId)
    {
        redirect.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .term(term)
            .leaderId(leaderId);
        return sealed(RedirectEncoder.BLOCK_LENGTH);
    }

    /** Tells of a replicated session; returns the message's length. */
    public int sessionOpened(final long sessionId, final long session, final int window, final ConnectCode code)
    {
        sessionOpened.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .clusterSession(session)
            .window(window)
            .code(code);
        return sealed(SessionOpenedEncoder.BLOCK_LENGTH);
    }

    /** Answers a KeepAlive; returns the message's length. */
    public int keepAlive(final long sessionId)
    {
        keepAlive.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId);
        return sealed(KeepAliveEncoder.BLOCK_LENGTH);
    }

    /** Ends a session; returns the message's length. */
    public int close(final long sessionId)
    {
        close.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId);
        return sealed(CloseEncoder.BLOCK_LENGTH);
    }

    /** Tells how the node is; returns the message's length. */
    public int statusReply(final long sessionId, final long correlationId, final ClientStatus status)
    {
        statusReply.wrapAndApplyHeader(buffer, 0, header)
            .groupId(groupId)
            .clusterId(clusterId)
            .sessionId(sessionId)
            .correlationId(correlationId)
            .term(status.term)
            .firstIndex(status.firstIndex)
            .lastIndex(status.lastIndex)
            .durableIndex(status.durableIndex)
            .commitIndex(status.commitIndex)
            .appliedIndex(status.appliedIndex)
            .stateDigest(status.stateDigest)
            .electionCount(status.electionCount)
            .errorCount(status.errorCount)
            .doubtfulTo(status.doubtfulTo)
            .snapshotIndex(status.snapshotIndex)
            .snapshotTakenBytes(status.snapshotTakenBytes)
            .nodeId(nodeId)
            .leaderId(status.leaderId)
            .sessionCount(status.sessionCount)
            .snapshotSentPercent(status.snapshotSentPercent)
            .snapshotReceivedPercent(status.snapshotReceivedPercent)
            .snapshotLoadedPercent(status.snapshotLoadedPercent)
            .role(status.role);
        return sealed(StatusReplyEncoder.BLOCK_LENGTH);
    }

    /** What {@link ClientHandler#onStatus} finds filled in. */
    void fill(final ClientStatus status, final int sessionCount)
    {
        status.clear();
        status.term = term;
        status.leaderId = leaderId;
        status.sessionCount = sessionCount;
    }

    private int sealed(final int blockLength)
    {
        return sealedTo(MessageHeaderEncoder.ENCODED_LENGTH + blockLength);
    }

    private int sealedTo(final int length)
    {
        seal.seal(buffer, 0, length);
        return length;
    }
}
