package io.ukehi.client;

import io.ukehi.codecs.client.AdminRequestDecoder;
import io.ukehi.codecs.client.AdminReplyEncoder;
import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.MembersEncoder;
import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.FragmentAssembler;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.logbuffer.Header;
import io.ukehi.Crc32c;
import io.ukehi.codecs.client.CloseDecoder;
import io.ukehi.codecs.client.CloseEncoder;
import io.ukehi.codecs.client.CommandDecoder;
import io.ukehi.codecs.client.CommandRecordDecoder;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ConnectDecoder;
import io.ukehi.codecs.client.ConnectReplyEncoder;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.KeepAliveDecoder;
import io.ukehi.codecs.client.KeepAliveEncoder;
import io.ukehi.codecs.client.MessageHeaderDecoder;
import io.ukehi.codecs.client.MessageHeaderEncoder;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.QueryDecoder;
import io.ukehi.codecs.client.QueryReplyEncoder;
import io.ukehi.codecs.client.RedirectEncoder;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.codecs.client.ReplyEncoder;
import io.ukehi.codecs.client.ReplyRecordEncoder;
import io.ukehi.codecs.client.OpenSessionDecoder;
import io.ukehi.codecs.client.SessionOpenedEncoder;
import io.ukehi.codecs.client.StatusReplyEncoder;
import io.ukehi.codecs.client.StatusRequestDecoder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;

/**
 * The client's side of a node, told by a test what to answer. Serves one client at a time and does something only when
 * it is stepped.
 */
public final class FakeNode implements AutoCloseable
{
    /** What a test has a node do with a command. */
    public interface CommandHandler
    {
        void onCommand(FakeNode node, long correlationId, DirectBuffer buffer, int offset, int length);
    }

    /** Answers a command with its own bytes, at an index that is its correlation id. */
    public static final CommandHandler ECHO = (node, correlationId, buffer, offset, length) ->
        node.reply(correlationId, ReplyCode.COMMITTED, correlationId, 1000 + correlationId, buffer, offset, length);

    /** Takes a command and says nothing. */
    public static final CommandHandler SILENT = (node, correlationId, buffer, offset, length) ->
    {
    };

    /** What a test has a node do with a query. */
    public interface QueryHandler
    {
        void onQuery(FakeNode node, long correlationId, DirectBuffer buffer, int offset, int length);
    }

    private static final long CLUSTER_SESSION = 500;

    public final int nodeId;
    /** Answers with the query itself, at index 77. */
    public QueryHandler queryHandler = (node, correlationId, bytes, offset, length) ->
        node.answer(correlationId, QueryCode.ANSWERED, 77, bytes, offset, length);
    public AdminCode adminCode = AdminCode.STARTED;
    public String adminText = "";
    public final List<String> operations = new ArrayList<>();
    /** What happens when an operator has asked for something, before the answer. */
    public Runnable onOperation = () ->
    {
    };
    /** What each query wanted to see. */
    public final List<Consistency> queries = new ArrayList<>();
    public final List<Long> commands = new ArrayList<>();
    public CommandHandler handler = ECHO;
    public ConnectCode connectCode = ConnectCode.REDIRECT;
    public int leaderId = -1;
    public long term = 1;
    public int maxCommandLength = 1024 * 1024;
    /** How it answers the question for a session; null for not at all. */
    public ConnectCode sessionCode = ConnectCode.OK;
    public int window = 64 * 1024;
    public int openCount;
    public int connectCount;
    /** Connects that it has no time for. */
    public int connectsToIgnore;
    public int closeCount;
    public int keepAliveCount;
    public int commandMessageCount;
    public long sessionId;
    /** Whether it reads and says nothing. */
    public boolean isSilent;
    /** Whether it does not even read. */
    public boolean isStopped;

    private final Aeron aeron;
    private final Subscription udp;
    private final Subscription ipc;
    private final FragmentAssembler assembler = new FragmentAssembler(this::onMessage);
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final ConnectDecoder connect = new ConnectDecoder();
    private final CommandDecoder command = new CommandDecoder();
    private final QueryDecoder query = new QueryDecoder();
    private final StatusRequestDecoder statusRequest = new StatusRequestDecoder();
    private final ReplyEncoder reply = new ReplyEncoder();
    private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
    private final Crc32c crc = new Crc32c();
    private final ArrayDeque<byte[]> unsent = new ArrayDeque<>();
    private ExclusivePublication publication;
    private long clusterId;
    private int groupId;

    FakeNode(final Aeron aeron, final int nodeId, final String ingressChannel)
    {
        this.aeron = aeron;
        this.nodeId = nodeId;
        udp = aeron.addSubscription(ingressChannel, 100);
        ipc = aeron.addSubscription("aeron:ipc", 100 + nodeId);
    }

    /** Leads from now on. */
    public void lead(final long newTerm)
    {
        term = newTerm;
        leaderId = nodeId;
        connectCode = ConnectCode.OK;
    }

    /** Follows a leader from now on, or nobody, if it is -1. */
    public void follow(final int id, final long newTerm)
    {
        term = newTerm;
        leaderId = id;
        connectCode = ConnectCode.REDIRECT;
    }

    /** Sends what waits and reads what has come. */
    public int doWork()
    {
        if (isStopped)
        {
            return 0;
        }
        int work = 0;
        while (!unsent.isEmpty() && null != publication && publication.isConnected())
        {
            final byte[] message = unsent.peek();
            buffer.putBytes(0, message);
            if (publication.offer(buffer, 0, message.length) < 0)
            {
                break;
            }
            unsent.remove();
            work++;
        }
        return work + udp.poll(assembler, 16) + ipc.poll(assembler, 16);
    }

    public void reply(
        final long correlationId,
        final ReplyCode code,
        final long index,
        final long token,
        final DirectBuffer bytes,
        final int offset,
        final int length)
    {
        final byte[] answer = new byte[length];
        bytes.getBytes(offset, answer);
        final int from = putReply(correlationId, code, index, token, length);
        buffer.putBytes(from, answer);
        send(BitUtil.align(from + length, Long.BYTES));
    }

    public void answer(
        final long correlationId,
        final QueryCode code,
        final long index,
        final DirectBuffer bytes,
        final int offset,
        final int length)
    {
        final byte[] answer = new byte[length];
        bytes.getBytes(offset, answer);
        final QueryReplyEncoder queryReply = new QueryReplyEncoder();
        queryReply.wrapAndApplyHeader(buffer, 0, headerEncoder)
            .groupId(groupId).clusterId(clusterId).sessionId(sessionId).correlationId(correlationId)
            .index(index).nodeId(nodeId).leaderId(leaderId).code(code);
        buffer.putBytes(queryReply.limit(), answer);
        send(queryReply.limit() + length);
    }

    public void reject(final long correlationId, final ReplyCode code)
    {
        reply(correlationId, code, 0, 0, buffer, 0, 0);
    }

    /** A reply with a code that no version knows yet. */
    void replyOfAnotherVersion(final long correlationId, final int code)
    {
        final int end = putReply(correlationId, ReplyCode.COMMITTED, 0, 0, 0);
        buffer.putByte(
            end - ReplyRecordEncoder.BLOCK_LENGTH + ReplyRecordEncoder.codeEncodingOffset(), (byte)code);
        send(end);
    }

    /** A Reply with one record; returns where the state machine's bytes begin. */
    private int putReply(
        final long correlationId, final ReplyCode code, final long index, final long token, final int length)
    {
        reply.wrapAndApplyHeader(buffer, 0, headerEncoder)
            .groupId(groupId).clusterId(clusterId).sessionId(sessionId).leaderId(leaderId).reserved(0);
        return new ReplyRecordEncoder().wrap(buffer, reply.limit())
            .correlationId(correlationId).index(index).token(token).length(length).code(code).limit();
    }

    void redirect()
    {
        final RedirectEncoder redirect = new RedirectEncoder();
        redirect.wrapAndApplyHeader(buffer, 0, headerEncoder)
            .groupId(groupId).clusterId(clusterId).sessionId(sessionId).term(term).leaderId(leaderId);
        send(redirect.limit());
    }

    void closeSession()
    {
        final CloseEncoder close = new CloseEncoder();
        close.wrapAndApplyHeader(buffer, 0, headerEncoder)
            .groupId(groupId).clusterId(clusterId).sessionId(sessionId);
        send(close.limit());
    }

    /** Sends bytes as they are. */
    void sendRaw(final byte[] bytes)
    {
        unsent.add(bytes);
    }

    /** A sound message of the kind that needs the least, of whatever cluster, group and session. */
    static byte[] keepAlive(final long clusterId, final int groupId, final long sessionId)
    {
        final ExpandableArrayBuffer message = new ExpandableArrayBuffer();
        final KeepAliveEncoder keepAlive = new KeepAliveEncoder();
        keepAlive.wrapAndApplyHeader(message, 0, new MessageHeaderEncoder())
            .groupId(groupId).clusterId(clusterId).sessionId(sessionId);
        final byte[] bytes = new byte[RequestEncoder.seal(message, keepAlive.limit(), new Crc32c())];
        message.getBytes(0, bytes);
        return bytes;
    }

    /** Channel and stream that the client has named. */
    Publication publication()
    {
        return publication;
    }

    @Override
    public void close()
    {
        isStopped = true;
        CloseHelper.closeAll(publication, udp, ipc);
    }

    private void onMessage(final DirectBuffer message, final int offset, final int length, final Header aeronHeader)
    {
        header.wrap(message, offset);
        if (isSilent)
        {
            return;
        }
        if (RequestEncoder.checksum(message, offset, length, crc) !=
            message.getInt(offset + MessageHeaderDecoder.ENCODED_LENGTH, MessageHeaderDecoder.BYTE_ORDER))
        {
            throw new AssertionError("a client's message has a checksum that is not its own");
        }
        switch (header.templateId())
        {
            case ConnectDecoder.TEMPLATE_ID ->
                onConnect(connect.wrapAndApplyHeader(message, offset, header));
            case CommandDecoder.TEMPLATE_ID ->
            {
                command.wrapAndApplyHeader(message, offset, header);
                onCommands(message, command.limit(), offset + length);
            }
            case AdminRequestDecoder.TEMPLATE_ID ->
                onAdmin(new AdminRequestDecoder().wrapAndApplyHeader(message, offset, header));
            case QueryDecoder.TEMPLATE_ID ->
            {
                query.wrapAndApplyHeader(message, offset, header);
                queries.add(query.consistency());
                queryHandler.onQuery(
                    this, query.correlationId(), message, query.limit(), offset + length - query.limit());
            }
            case StatusRequestDecoder.TEMPLATE_ID ->
                onStatusRequest(statusRequest.wrapAndApplyHeader(message, offset, header));
            case OpenSessionDecoder.TEMPLATE_ID -> openSession();
            case KeepAliveDecoder.TEMPLATE_ID ->
            {
                keepAliveCount++;
                unsent.add(keepAlive(clusterId, groupId, sessionId));
            }
            case CloseDecoder.TEMPLATE_ID -> closeCount++;
            default -> throw new AssertionError("a client does not send " + header.templateId());
        }
    }

    private void onCommands(final DirectBuffer message, final int from, final int to)
    {
        commandMessageCount++;
        int at = from;
        while (at < to)
        {
            final CommandRecordDecoder record = new CommandRecordDecoder().wrap(
                message, at, CommandRecordDecoder.BLOCK_LENGTH, CommandRecordDecoder.SCHEMA_VERSION);
            final int length = record.length() - 3 * Long.BYTES;
            commands.add(record.correlationId());
            handler.onCommand(this, record.correlationId(), message, record.limit(), length);
            at = BitUtil.align(record.limit() + length, Long.BYTES);
        }
        if (at != to)
        {
            throw new AssertionError("a client's commands do not end where its message does");
        }
    }

    private void onConnect(final ConnectDecoder message)
    {
        connectCount++;
        if (connectsToIgnore > 0)
        {
            connectsToIgnore--;
            return;
        }
        clusterId = message.clusterId();
        groupId = message.groupId();
        sessionId = message.sessionId();
        final long correlationId = message.correlationId();
        answerOn(message.responseStreamId(), message.responseChannel());
        final ConnectReplyEncoder connectReply = new ConnectReplyEncoder();
        connectReply.wrapAndApplyHeader(buffer, 0, headerEncoder)
            .groupId(groupId).clusterId(clusterId).sessionId(sessionId).correlationId(correlationId)
            .term(term).nodeId(nodeId).leaderId(leaderId).maxCommandLength(maxCommandLength).code(connectCode);
        send(connectReply.limit());
    }

    /** Tells its client who the members are. */
    public void tellMembers(final long index, final String endpoints)
    {
        final MembersEncoder members = new MembersEncoder();
        members.wrapAndApplyHeader(buffer, 0, headerEncoder)
            .groupId(groupId).clusterId(clusterId).sessionId(sessionId).index(index).endpoints(endpoints);
        send(members.limit());
    }

    private void onAdmin(final AdminRequestDecoder message)
    {
        operations.add(message.operation() + " " + message.targetId() +
            (message.memberLength() > 0 ? " " + message.member() : ""));
        onOperation.run();
        final AdminReplyEncoder adminReply = new AdminReplyEncoder();
        adminReply.wrapAndApplyHeader(buffer, 0, headerEncoder)
            .groupId(groupId).clusterId(clusterId).sessionId(sessionId).correlationId(message.correlationId())
            .nodeId(nodeId).leaderId(leaderId).code(adminCode).text(adminText);
        send(adminReply.limit());
    }

    private void openSession()
    {
        openCount++;
        if (null == sessionCode)
        {
            return;
        }
        final SessionOpenedEncoder opened = new SessionOpenedEncoder();
        opened.wrapAndApplyHeader(buffer, 0, headerEncoder)
            .groupId(groupId).clusterId(clusterId).sessionId(sessionId)
            .clusterSession(CLUSTER_SESSION + openCount).window(window).code(sessionCode);
        send(opened.limit());
    }

    private void onStatusRequest(final StatusRequestDecoder message)
    {
        final StatusReplyEncoder status = new StatusReplyEncoder();
        status.wrapAndApplyHeader(buffer, 0, headerEncoder)
            .groupId(message.groupId()).clusterId(message.clusterId()).sessionId(message.sessionId())
            .correlationId(message.correlationId())
            .term(term).firstIndex(1).lastIndex(9).durableIndex(8).commitIndex(7).appliedIndex(6).stateDigest(5)
            .electionCount(4).errorCount(3).doubtfulTo(11)
            .snapshotIndex(12).snapshotTakenBytes(13).nodeId(nodeId).leaderId(leaderId).sessionCount(2)
            .snapshotSentPercent(14).snapshotReceivedPercent(15).snapshotLoadedPercent(-1)
            .role(leaderId == nodeId ? NodeRole.LEADER : NodeRole.FOLLOWER);
        final int length = status.limit();
        answerOn(message.responseStreamId(), message.responseChannel());
        send(length);
    }

    private void answerOn(final int streamId, final String channel)
    {
        if (null == publication || publication.isClosed() || publication.streamId() != streamId ||
            !publication.channel().equals(channel))
        {
            unsent.clear();
            CloseHelper.close(publication);
            publication = aeron.addExclusivePublication(channel, streamId);
        }
    }

    private void send(final int length)
    {
        final byte[] message = new byte[length];
        RequestEncoder.seal(buffer, length, crc);
        buffer.getBytes(0, message);
        unsent.add(message);
    }
}
