package io.ukehi.transport;

import io.aeron.Aeron;
import io.ukehi.Invariant;
import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.CommandRecordEncoder;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.ReplyCode;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Where clients reach a node: over UDP, and over IPC from the same machine.
 * <p>
 * All methods but the constructor belong to the duty-cycle thread and never block; the constructor waits for the media
 * driver. A client costs the others nothing: what it does not take is queued for it alone, up to a bound, and beyond
 * that bound its session ends. Commands and replies allocate nothing; connecting does.
 * <p>
 * What a {@link ClientHandler} throws comes out of {@link #poll}, after the polling has ended in order: Aeron would
 * hand it to its error handler and go on. The message counts as taken.
 */
public final class ClientGateway implements AutoCloseable
{
    private static final int IDS_LENGTH =
        CommandRecordEncoder.BLOCK_LENGTH - CommandRecordEncoder.clusterSessionEncodingOffset();
    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final ClientGatewayConfig config;
    private final DropCounters drops;
    private final ClientMessageEncoder encoder;
    private final ClientSessions sessions;
    private final ClientResponders responders;
    private final ClientAdapter adapter;
    /** Over UDP; null if there is no such way in. */
    private final ClientIngress udp;
    /** Over IPC; null if there is no such way in. */
    private final ClientIngress ipc;
    private ClientHandler handler;
    private boolean isIpcFirst;
    /** Before the first cycle nobody knows since when a client is there. */
    private boolean hasTime;
    private long leaderTerm;
    private int leaderId = ClientMessageEncoder.NO_LEADER;
    private ConnectCode connectCode = ConnectCode.RECOVERING;

    /**
     * Opens the ways in.
     *
     * @param aeron  of the node; stays the caller's.
     * @param config concluded here.
     * @param drops  where what is not taken is counted.
     */
    public ClientGateway(final Aeron aeron, final ClientGatewayConfig config, final DropCounters drops)
    {
        this.config = config.conclude();
        this.drops = drops;
        encoder = new ClientMessageEncoder(
            config.clusterId(), config.groupId(), config.nodeId(), config.maxCommandLength());
        sessions = new ClientSessions(aeron, config, encoder, drops);
        responders = new ClientResponders(aeron, config, encoder, sessions, drops);
        adapter = new ClientAdapter(config.clusterId(), config.groupId(), new Requests(), drops);
        final int longest = ClientAdapter.COMMAND_OVERHEAD_LENGTH + config.maxCommandLength();
        udp = null == config.ingressChannel() ? null : new ClientIngress(
            aeron, config.ingressChannel(), config.ingressStreamId(), adapter::onMessage, longest);
        ipc = !config.ipcIngress() ? null : new ClientIngress(
            aeron, "aeron:ipc", config.ingressStreamId() + config.nodeId(), adapter::onMessage, longest);
    }

    /**
     * Reads what clients have sent; nothing before the first {@link #doWork}, which says what time it is.
     *
     * @param to            whom commands and questions go to; asked in {@link #doWork} where an answer had to wait.
     * @param fragmentLimit most fragments to read, over both ways in; each way comes first every other time.
     * @return fragments read.
     */
    public int poll(final ClientHandler to, final int fragmentLimit)
    {
        handler = to;
        if (!hasTime)
        {
            return 0;
        }
        isIpcFirst = !isIpcFirst;
        final ClientIngress first = isIpcFirst ? ipc : udp;
        final ClientIngress second = isIpcFirst ? udp : ipc;
        final int count = null == first ? 0 : first.poll(fragmentLimit);
        return count + (null == second ? 0 : second.poll(fragmentLimit - count));
    }

    /**
     * Sends what could not be sent before, opens what clients listen on, and ends the sessions of silent ones.
     *
     * @param nowNs monotonic time.
     * @return what was done, 0 if nothing.
     */
    public int doWork(final long nowNs)
    {
        hasTime = true;
        return sessions.doWork(nowNs) + responders.doWork(nowNs) +
            (null == udp ? 0 : udp.doWork()) + (null == ipc ? 0 : ipc.doWork());
    }

    /**
     * Tells a client how its command ended, with the next {@link #doWork}: all that is told a client in a cycle goes in
     * as few messages as will hold it. Never blocks: what the client does not take is queued, and if there is no room
     * left its session is closed, and the outcome is unknown to it.
     *
     * @param sessionId     of the client.
     * @param correlationId of the command.
     * @param code          value of a {@link ReplyCode}.
     * @param index         of the command in the log; 0 where it was not taken.
     * @param token         fencing token of the command; 0 where it was not taken.
     * @param buffer        holds the state machine's answer; not looked at if the length is 0.
     * @param offset        of the answer in bytes.
     * @param length        of the answer in bytes, no more than {@link ClientGatewayConfig#maxReplyLength()}.
     * @return false if there is no such session.
     */
    public boolean reply(
        final long sessionId,
        final long correlationId,
        final int code,
        final long index,
        final long token,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        Invariant.check(length >= 0 && length <= config.maxReplyLength(),
            "a reply is no longer than publications and queues were made for", length, config.maxReplyLength());
        final ClientSession session = sessions.get(sessionId);
        if (null == session)
        {
            return false;
        }
        final DirectBuffer payload = 0 == length ? NOTHING : buffer;
        final int payloadOffset = 0 == length ? 0 : offset;
        sessions.reply(
            session, correlationId, ReplyCode.get((short)code), index, token, payload, payloadOffset, length);
        return true;
    }

    /**
     * Tells a client how its query ended; as {@link #reply}.
     *
     * @param sessionId     of the client.
     * @param correlationId of the query.
     * @param code          how it ended.
     * @param index         up to which the state was applied that answered; 0 if none did.
     * @param buffer        holds the state machine's answer; not looked at if the length is 0.
     * @param offset        of the answer in bytes.
     * @param length        of the answer in bytes, no more than {@link ClientGatewayConfig#maxReplyLength()}.
     * @return false if there is no such session.
     */
    public boolean queryReply(
        final long sessionId,
        final long correlationId,
        final QueryCode code,
        final long index,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        Invariant.check(length >= 0 && length <= config.maxReplyLength(),
            "a reply is no longer than publications and queues were made for", length, config.maxReplyLength());
        final ClientSession session = sessions.get(sessionId);
        if (null == session)
        {
            return false;
        }
        session.onQueryEnded();
        final DirectBuffer payload = 0 == length ? NOTHING : buffer;
        final int payloadOffset = 0 == length ? 0 : offset;
        final int headLength =
            encoder.queryReply(sessionId, correlationId, code, index, payload, payloadOffset, length);
        sessions.offer(session, headLength, payload, payloadOffset, length);
        return true;
    }

    /**
     * Tells a client of its replicated session.
     *
     * @param sessionId of the client.
     * @param session   id of the replicated session; 0 if there is none.
     * @param window    commands that may be unanswered at a time.
     * @param code      why there is none, or {@link ConnectCode#OK}.
     * @return false if there is no such client.
     */
    public boolean sessionOpened(
        final long sessionId, final long session, final int window, final ConnectCode code)
    {
        final ClientSession client = sessions.get(sessionId);
        if (null == client)
        {
            return false;
        }
        sessions.offer(client, encoder.sessionOpened(sessionId, session, window, code), NOTHING, 0, 0);
        return true;
    }

    /**
     * Tells a client what became of an operator's request.
     *
     * @param sessionId     of the client.
     * @param correlationId of the request.
     * @param code          what became of it.
     * @param text          more about it, ASCII; cut where it is too long.
     * @return false if there is no such client.
     */
    public boolean adminReply(
        final long sessionId, final long correlationId, final AdminCode code, final String text)
    {
        final ClientSession client = sessions.get(sessionId);
        if (null == client)
        {
            return false;
        }
        sessions.offer(client, encoder.adminReply(sessionId, correlationId, code, text), NOTHING, 0, 0);
        return true;
    }

    /**
     * Who the members are. Every client hears of it.
     *
     * @param index     of the configuration in the log.
     * @param endpoints where they take clients: {@code ID=HOST:PORT}, separated by commas.
     */
    public void onMembers(final long index, final String endpoints)
    {
        encoder.members(index, endpoints);
        sessions.onMembers();
    }

    /** Whether a client is connected and was heard lately: within a quarter of the session timeout. */
    public boolean isPresent(final long sessionId)
    {
        final ClientSession client = sessions.get(sessionId);
        return null != client && client.isHeardLately();
    }

    /**
     * Who leads. If that has changed, every client hears of it; cheap if it has not.
     *
     * @param term         in which it leads.
     * @param id           of the leader, -1 if none is known.
     * @param isThisNode   whether it is this node, and it takes commands.
     * @param isRecovering whether this node replays its log and takes no part yet.
     */
    public void onLeader(final long term, final int id, final boolean isThisNode, final boolean isRecovering)
    {
        final ConnectCode leading = isThisNode ? ConnectCode.OK : ConnectCode.REDIRECT;
        final ConnectCode code = isRecovering ? ConnectCode.RECOVERING : leading;
        if (term != leaderTerm || id != leaderId || code != connectCode)
        {
            leaderTerm = term;
            leaderId = id;
            connectCode = code;
            encoder.leader(term, id);
            sessions.onLeader(code);
        }
    }

    /** Clients connected now. */
    public int sessionCount()
    {
        return sessions.count();
    }

    /** Connects of new clients answered with {@link ConnectCode#SESSION_LIMIT}, or not at all, since the start. */
    public long refusedCount()
    {
        return sessions.refusedCount();
    }

    /** Sessions ended in favour of a newcomer, since their client had said nothing but Connect, since the start. */
    public long halfOpenCount()
    {
        return sessions.halfOpenCount();
    }

    /** Sessions ended because their client was silent, since the start. */
    public long timeoutCount()
    {
        return sessions.timeoutCount();
    }

    /** Sessions ended because their client did not take its replies, or listened no more, since the start. */
    public long slowCount()
    {
        return sessions.slowCount();
    }

    /** Tells the clients, and closes what was opened here. */
    @Override
    public void close()
    {
        sessions.close();
        CloseHelper.closeAll(responders, udp, ipc);
    }

    /** What the adapter has found to be sound. */
    private final class Requests implements ClientRequests
    {
        @Override
        public boolean isConnected(final long sessionId)
        {
            return null != sessions.get(sessionId);
        }

        @Override
        public void onConnect(
            final long sessionId, final long correlationId, final String responseChannel, final int responseStreamId)
        {
            final boolean hasPlace = sessions.hasPlaceFor(sessionId);
            final String channel = accept(responseChannel, responseStreamId,
                hasPlace ? config.responseTermLength() : ClientGatewayConfig.STRANGER_TERM_LENGTH);
            if (null == channel)
            {
                return;
            }
            if (hasPlace)
            {
                sessions.connect(sessionId, correlationId, channel, responseStreamId);
            }
            else
            {
                sessions.onRefused();
                responders.onSessionLimit(sessionId, correlationId, channel, responseStreamId);
            }
        }

        @Override
        public boolean onCommand(
            final long sessionId,
            final long correlationId,
            final DirectBuffer payload,
            final int offset,
            final int length)
        {
            if (null == heard(sessionId))
            {
                return true;
            }
            final int result = length - IDS_LENGTH > config.maxCommandLength() ?
                ReplyCode.REJECTED_TOO_LARGE.value() :
                handler.onCommand(sessionId, correlationId, payload, offset, length);
            if (result >= 0)
            {
                reply(sessionId, correlationId, result, 0, 0, NOTHING, 0, 0);
            }
            return ClientHandler.LATER != result;
        }

        @Override
        public void onQuery(
            final long sessionId,
            final long correlationId,
            final Consistency consistency,
            final long maxLagNs,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            final ClientSession session = heard(sessionId);
            if (null == session)
            {
                return;
            }
            final boolean isGreedy = session.onQuery() > ClientGatewayConfig.QUERY_LIMIT;
            final QueryCode code = isGreedy ? QueryCode.REJECTED_BACK_PRESSURED :
                handler.onQuery(sessionId, correlationId, consistency, maxLagNs, buffer, offset, length);
            if (QueryCode.ANSWERED != code)
            {
                queryReply(sessionId, correlationId, code, 0, NOTHING, 0, 0);
            }
        }

        @Override
        public void onAdmin(
            final long sessionId,
            final long correlationId,
            final AdminOperation operation,
            final int targetId,
            final String member)
        {
            if (null != heard(sessionId))
            {
                handler.onAdmin(sessionId, correlationId, operation, targetId, member);
            }
        }

        @Override
        public boolean onOpenSession(final long sessionId)
        {
            if (null == heard(sessionId))
            {
                return true;
            }
            final int result = handler.onOpenSession(sessionId);
            if (result >= 0)
            {
                sessionOpened(sessionId, 0, 0, ConnectCode.get((short)result));
            }
            return ClientHandler.LATER != result;
        }

        @Override
        public void onKeepAlive(final long sessionId)
        {
            final ClientSession session = heard(sessionId);
            if (null != session)
            {
                session.onKeepAlive();
                sessions.markBusy(session);
            }
        }

        @Override
        public void onClose(final long sessionId)
        {
            final ClientSession session = heard(sessionId);
            if (null != session)
            {
                handler.onCloseSession(sessionId);
                sessions.remove(session);
            }
        }

        @Override
        public void onStatusRequest(
            final long sessionId, final long correlationId, final String responseChannel, final int responseStreamId)
        {
            final String channel =
                accept(responseChannel, responseStreamId, ClientGatewayConfig.STRANGER_TERM_LENGTH);
            if (null != channel)
            {
                responders.onStatusRequest(handler, sessionId, correlationId, channel, responseStreamId);
            }
        }

        /** Null, and counted, if it is not a client that is connected. */
        private ClientSession heard(final long sessionId)
        {
            final ClientSession session = sessions.get(sessionId);
            if (null == session)
            {
                drops.increment(DropReason.UNKNOWN_SESSION);
            }
            else
            {
                sessions.onHeard(session);
            }
            return session;
        }

        private String accept(final String responseChannel, final int responseStreamId, final int termLength)
        {
            final String channel = ClientResponseChannel.accept(
                responseChannel, responseStreamId, config.ingressStreamId(), termLength);
            if (null == channel)
            {
                drops.increment(DropReason.REFUSED_CHANNEL);
            }
            return channel;
        }
    }
}
