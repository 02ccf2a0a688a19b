package io.ukehi.client;

import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.AdminReplyDecoder;
import io.ukehi.codecs.client.MembersDecoder;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ConnectReplyDecoder;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.QueryReplyDecoder;
import io.ukehi.codecs.client.RedirectDecoder;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.codecs.client.ReplyRecordDecoder;
import io.ukehi.codecs.client.SessionOpenedDecoder;
import io.ukehi.codecs.client.StatusReplyDecoder;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.NanoClock;

/**
 * A client's conversation with a cluster: joins the link to the leader, the replicated session, the queries and the
 * ways to the members. {@link UkehiClient} is its face to the outside and documents what its methods do.
 * <p>
 * One thread. Everything happens in {@link #offer} and {@link #poll}; a poll first takes what has come, then does what
 * the time calls for, in that order, so that nothing is given up whose answer is there already.
 */
final class Session implements ResponseHandler
{
    private static final ReplyCode[] CODES = codes();

    private final NanoClock clock;
    private final ClientStats stats = new ClientStats();
    private final Listeners listeners = new Listeners();
    private final RequestEncoder encoder;
    private final ResponseAdapter adapter;
    private final ClientTransport transport;
    private final MemberAnswers answers;
    private final LeaderLink leader;
    private final ReplicatedSession replicated;
    private final Queries queries;
    /** What the client calls itself at the nodes: another name for each session. */
    private long clientId = newClientId();
    private int nextMember;
    private long lastAdminId;
    private AdminCode adminCode;
    private String adminText = "";
    private int maxCommandLength = Integer.MAX_VALUE - RequestEncoder.COMMAND_OVERHEAD;
    private boolean isClosed;
    private boolean isCloseAsked;

    /** With concluded settings. */
    Session(final ClientContext ctx)
    {
        clock = ctx.nanoClock();
        encoder = new RequestEncoder(ctx.clusterId(), ctx.groupId(), clientId);
        adapter = new ResponseAdapter(ctx.clusterId(), ctx.groupId(), clientId, stats, this);
        final long nowNs = clock.nanoTime();
        transport = new ClientTransport(ctx, adapter, nowNs);
        answers = new MemberAnswers(transport);
        // Clients begin with different members, so that one that all ask first is not swamped.
        nextMember = (int)(clientId % transport.memberCount());
        leader = new LeaderLink(ctx, transport, encoder, answers, stats, nextMember, nowNs);
        replicated = new ReplicatedSession(ctx, encoder, leader, stats);
        queries = new Queries(ctx, transport, encoder, stats, leader::isOpen);
        leader.search(LeaderFinder.NONE, nowNs);
    }

    private static long newClientId()
    {
        return ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
    }

    long offer(final DirectBuffer buffer, final int offset, final int length)
    {
        if (isClosed)
        {
            return UkehiClient.CLOSED;
        }
        if (length > maxCommandLength)
        {
            return UkehiClient.MESSAGE_TOO_LARGE;
        }
        return isConnected() ? replicated.offer(buffer, offset, length) : absence();
    }

    private boolean isConnected()
    {
        return leader.isFound() && replicated.isOpen();
    }

    /** Why nothing can be sent to a leader. */
    private long absence()
    {
        if (leader.isFound())
        {
            return replicated.isRefused() ? UkehiClient.SESSION_LIMIT : UkehiClient.NOT_CONNECTED;
        }
        return leader.absence();
    }

    /** As {@link UkehiClient#offerQuery}; member {@link UkehiClient#ANY_MEMBER} for any of them. */
    long offerQuery(
        final Consistency consistency,
        final long maxLagNs,
        final int memberId,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        if (isClosed)
        {
            return UkehiClient.CLOSED;
        }
        // In the order in which they were made.
        flush();
        if (Consistency.LINEARIZABLE == consistency || Consistency.LEASE == consistency)
        {
            return isConnected() ?
                queries.offer(leader.member(), true, consistency, maxLagNs, buffer, offset, length) : absence();
        }
        final int member = UkehiClient.ANY_MEMBER == memberId ? anyMember() : transport.indexOf(memberId);
        if (LeaderFinder.NONE == member)
        {
            throw new IllegalArgumentException("there is no member " + memberId);
        }
        final boolean isLeader = isConnected() && member == leader.member();
        final long result = queries.offer(member, isLeader, consistency, maxLagNs, buffer, offset, length);
        if (result < 0)
        {
            nextMember = (member + 1) % transport.memberCount();
        }
        return result;
    }

    /** One that can be reached, and the leader only if there is no other: it has enough to do. */
    private int anyMember()
    {
        final int busy = isConnected() ? leader.member() : LeaderFinder.NONE;
        for (int i = 0; i < transport.memberCount(); i++)
        {
            final int member = (nextMember + i) % transport.memberCount();
            if (member != busy && transport.member(member).isConnected())
            {
                return member;
            }
        }
        return LeaderFinder.NONE == busy ? nextMember : busy;
    }

    /**
     * Asks a member for something, after it has been told who asks.
     *
     * @return false if that cannot be sent now.
     */
    boolean askAdmin(
        final int member, final AdminOperation operation, final int targetId, final String subject)
    {
        adminCode = null;
        if (isClosed || !leader.sendConnect(member, 0))
        {
            return false;
        }
        final int length = encoder.admin(++lastAdminId, operation, targetId, subject);
        return transport.member(member).offer(encoder.buffer(), 0, length) > 0;
    }

    /** What was answered to the last {@link #askAdmin}; null while nothing was. */
    AdminCode adminCode()
    {
        return adminCode;
    }

    /** More about {@link #adminCode()}, for people. */
    String adminText()
    {
        return adminText;
    }

    void forgetQuery(final long correlationId)
    {
        queries.forget(correlationId);
    }

    int queryCount()
    {
        return queries.size();
    }

    int poll(final ReplyListener replyListener)
    {
        return poll(replyListener, Session::nobodyAsks);
    }

    private static void nobodyAsks(
        final long correlationId,
        final QueryCode code,
        final int memberId,
        final long index,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        // A query that its caller does not want to hear of: nothing has changed by it.
    }

    int poll(final ReplyListener replyListener, final QueryListener queryListener)
    {
        listeners.begin(replyListener, queryListener);
        int work = 0;
        try
        {
            if (!isClosed && !transport.isClosed())
            {
                work = flush();
                work += transport.poll();
                work += doWork(clock.nanoTime());
            }
            else
            {
                isClosed = true;
                work = queries.abandon(listeners) + replicated.lose(listeners);
            }
        }
        finally
        {
            listeners.end();
        }
        if (isCloseAsked)
        {
            close();
        }
        listeners.rethrow();
        return work;
    }

    /** Sends what was offered; returns how many commands. */
    int flush()
    {
        return !isClosed && isConnected() && replicated.isDue() ? replicated.flush(clock.nanoTime()) : 0;
    }

    /** At the end of the poll, where a listener calls it. */
    void close()
    {
        if (listeners.isPolling())
        {
            isCloseAsked = true;
            return;
        }
        isCloseAsked = false;
        if (!isClosed && !transport.isClosed())
        {
            flush();
            sayGoodbye();
        }
        isClosed = true;
        transport.close();
    }

    /**
     * Asks a member how it is.
     *
     * @return the question's correlation id, or 0 if the member cannot be sent to now.
     */
    long askStatus(final int index)
    {
        final String channel = transport.responseChannel();
        if (null == channel)
        {
            return 0;
        }
        final long correlationId = answers.nextStatusId();
        final int length = encoder.statusRequest(correlationId, transport.responseStreamId(), channel);
        return transport.member(index).offer(encoder.buffer(), 0, length) > 0 ? correlationId : 0;
    }

    /** Gives a command up, so that nobody is told of its end; false if it has ended already. */
    boolean forget(final long correlationId)
    {
        return replicated.contains(correlationId) && listeners.forget(correlationId);
    }

    int outstandingCount()
    {
        return replicated.size() - listeners.forgottenCount();
    }

    UkehiClient.State state()
    {
        if (isClosed)
        {
            return UkehiClient.State.CLOSED;
        }
        return isConnected() ? UkehiClient.State.CONNECTED : UkehiClient.State.CONNECTING;
    }

    int leaderId()
    {
        return !isClosed && isConnected() ? leader.connection().memberId() : -1;
    }

    long term()
    {
        return leader.term();
    }

    long sessionId()
    {
        return replicated.id();
    }

    int maxCommandLength()
    {
        return maxCommandLength;
    }

    ClientStats stats()
    {
        return stats;
    }

    ClientTransport transport()
    {
        return transport;
    }

    MemberAnswers answers()
    {
        return answers;
    }

    private int doWork(final long nowNs)
    {
        int work = 0;
        if (transport.renew(!leader.isFound(), nowNs))
        {
            // Commands wait for the leader to be found again; queries may have gone down with the driver.
            stats.driversLost++;
            leader.search(LeaderFinder.NONE, nowNs);
            leader.onForgotten(nowNs);
            work += queries.abandon(listeners);
        }
        work += transport.doWork(nowNs);
        for (Integer image = transport.pollLostImage(); null != image; image = transport.pollLostImage())
        {
            leader.onImageGone(image, nowNs);
        }
        work += leader.doWork(nowNs);
        work += queries.doWork(nowNs, listeners);
        if (replicated.isExpired(nowNs))
        {
            // The oldest command has waited for too long: all are given up, and the session with them.
            sayGoodbye();
            work += loseSession(nowNs);
        }
        return work + (leader.isFound() ? replicated.doWork(nowNs) : 0);
    }

    /** There is no session any longer: what is unanswered is unknown, and the next one is another client's. */
    private int loseSession(final long nowNs)
    {
        stats.sessionsLost++;
        clientId = newClientId();
        encoder.clientId(clientId);
        adapter.clientId(clientId);
        leader.search(leader.member(), nowNs);
        // Whatever is answered yet would be to the earlier name.
        leader.onForgotten(nowNs);
        return queries.abandon(listeners) + replicated.lose(listeners);
    }

    private void sayGoodbye()
    {
        final int length = encoder.close();
        for (int i = 0; i < transport.memberCount(); i++)
        {
            if (answers.hasBeenAsked(i))
            {
                transport.member(i).offer(encoder.buffer(), 0, length);
            }
        }
    }

    @Override
    public void onConnectReply(final ConnectReplyDecoder reply, final int aeronSessionId)
    {
        final short rawCode = reply.codeRaw();
        if (rawCode > ConnectCode.SESSION_LIMIT.value() || reply.maxCommandLength() < 0)
        {
            stats.malformed++;
            return;
        }
        final int from = transport.indexOf(reply.nodeId());
        if (LeaderFinder.NONE == from)
        {
            stats.foreign++;
            return;
        }
        final ConnectCode code = ConnectCode.get(rawCode);
        answers.onConnectReply(from, code);
        final long nowNs = clock.nanoTime();
        if (leader.onConnectReply(reply, from, code, aeronSessionId, nowNs))
        {
            onTermOfLeader(nowNs);
        }
    }

    private void onTermOfLeader(final long nowNs)
    {
        replicated.onTermOfLeader(nowNs);
        final int messageLength = leader.connection().maxMessageLength();
        maxCommandLength = Math.min(
            leader.maxCommandLength(), Math.max(0, messageLength - RequestEncoder.COMMAND_OVERHEAD));
    }

    @Override
    public void onReply(
        final ReplyRecordDecoder reply,
        final int leaderId,
        final int aeronSessionId,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        leader.onHeard(aeronSessionId);
        final long sequence = reply.correlationId();
        final ReplyCode code = CODES[reply.codeRaw()];
        switch (code)
        {
            case COMMITTED ->
            {
                final long id = replicated.onCommitted(sequence);
                if (0 != id)
                {
                    listeners.onReply(
                        id, Outcome.COMMITTED, code, reply.index(), reply.token(), buffer, offset, length);
                }
            }
            // Codes of a later version may mean anything; a command that is too long for a new leader bars the way.
            case SESSION_LOST, NULL_VAL, REJECTED_TOO_LARGE -> loseSession(clock.nanoTime());
            default -> onNotTaken(sequence, code, leaderId, aeronSessionId);
        }
    }

    /**
     * The command stays where it is, and will be sent again; some codes say that this is the wrong node. One that led
     * before refuses what came too late for it, and the command is with the next leader already.
     */
    private void onNotTaken(final long sequence, final ReplyCode code, final int leaderId, final int aeronSessionId)
    {
        if (!leader.isFrom(aeronSessionId) || !replicated.isWaiting(sequence))
        {
            return;
        }
        final long nowNs = clock.nanoTime();
        switch (code)
        {
            case REJECTED_NOT_LEADER -> leader.search(transport.indexOf(leaderId), nowNs);
            case REJECTED_RECOVERING -> leader.search(LeaderFinder.NONE, nowNs);
            case REJECTED_NO_SESSION -> leader.search(leader.member(), nowNs);
            default -> replicated.sendAgainLater(nowNs);
        }
    }

    @Override
    public void onQueryReply(
        final QueryReplyDecoder reply,
        final int aeronSessionId,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        leader.onHeard(aeronSessionId);
        final int from = transport.indexOf(reply.nodeId());
        final QueryCode code = queries.onReply(reply, buffer, offset, length, listeners);
        if (QueryCode.REJECTED_NOT_LEADER == code && isConnected() && from == leader.member())
        {
            leader.search(transport.indexOf(reply.leaderId()), clock.nanoTime());
        }
        if (QueryCode.ANSWERED != code && QueryCode.NULL_VAL != code && from == nextMember)
        {
            nextMember = (nextMember + 1) % transport.memberCount();
        }
    }

    @Override
    public void onAdminReply(final AdminReplyDecoder reply)
    {
        if (reply.correlationId() == lastAdminId)
        {
            adminCode = reply.codeRaw() > AdminCode.STOPPED.value() ? AdminCode.NULL_VAL : reply.code();
            adminText = reply.text();
        }
    }

    @Override
    public void onMembers(final MembersDecoder members)
    {
        if (transport.onMembers(members.index(), members.endpoints(), clock.nanoTime()))
        {
            answers.onMembers();
            leader.onMembers();
        }
    }

    @Override
    public void onSessionOpened(final SessionOpenedDecoder opened, final int aeronSessionId)
    {
        leader.onHeard(aeronSessionId);
        if (leader.isFrom(aeronSessionId) && !replicated.isOpen() && !replicated.onOpened(opened))
        {
            leader.search(LeaderFinder.NONE, clock.nanoTime());
        }
    }

    @Override
    public void onRedirect(final RedirectDecoder redirect, final int aeronSessionId)
    {
        final long nowNs = clock.nanoTime();
        final int likely = transport.indexOf(redirect.leaderId());
        if (leader.onRedirect(aeronSessionId, likely, redirect.term(), nowNs))
        {
            onTermOfLeader(nowNs);
        }
    }

    @Override
    public void onKeepAlive(final int aeronSessionId)
    {
        leader.onHeard(aeronSessionId);
    }

    @Override
    public void onClose(final int aeronSessionId)
    {
        leader.onImageGone(aeronSessionId, clock.nanoTime());
    }

    @Override
    public void onStatusReply(final StatusReplyDecoder reply)
    {
        final int from = transport.indexOf(reply.nodeId());
        if (LeaderFinder.NONE == from)
        {
            stats.foreign++;
            return;
        }
        answers.onStatusReply(from, reply);
    }

    private static ReplyCode[] codes()
    {
        final ReplyCode[] codes = new ReplyCode[256];
        Arrays.fill(codes, ReplyCode.NULL_VAL);
        for (final ReplyCode code : ReplyCode.values())
        {
            codes[code.value()] = code;
        }
        return codes;
    }
}
