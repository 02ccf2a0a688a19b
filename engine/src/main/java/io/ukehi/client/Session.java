package io.ukehi.client;

import io.aeron.Publication;
import io.ukehi.Invariant;
import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.AdminReplyDecoder;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ConnectReplyDecoder;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.QueryReplyDecoder;
import io.ukehi.codecs.client.RedirectDecoder;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.codecs.client.ReplyDecoder;
import io.ukehi.codecs.client.SessionOpenedDecoder;
import io.ukehi.codecs.client.StatusReplyDecoder;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import org.agrona.DirectBuffer;
import org.agrona.collections.LongHashSet;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A client's conversation with a cluster: joins the search for the leader, the watch over it, the commands that are
 * outstanding and the ways to the members. {@link UkehiClient} is its face to the outside and documents what its
 * methods do.
 * <p>
 * One thread. Everything happens in {@link #offer} and {@link #poll}; a poll first takes what has come, then does what
 * the time calls for, in that order, so that nothing is given up whose answer is there already.
 */
final class Session implements ResponseHandler
{
    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(new byte[0]);
    private static final ReplyCode[] CODES = codes();
    private static final long NO_SESSION = 0;
    private static final int MAX_WINDOW_LENGTH = 32 * 1024 * 1024;
    /** Without any reply for so long, what is unanswered is sent again, even if all seems to be well. */
    private static final long RESEND_NS = 1_000_000_000L;

    private final NanoClock clock;
    private final long messageTimeoutNs;
    private final ClientStats stats = new ClientStats();
    private final CommandWindow window;
    private final LongHashSet forgotten = new LongHashSet();
    private final RequestEncoder encoder;
    private final ClientTransport transport;
    private final LeaderFinder finder;
    private final LeaderWatch watch;
    private int lastLeader = LeaderFinder.NONE;
    private long lastTerm;
    private final MemberAnswers answers;
    private final Queries queries;
    private final QueryListener tellQuery = this::tellQuery;
    private QueryListener queryListener;
    private int nextMember;
    private final ResponseAdapter adapter;
    private final int maxOutstanding;
    private final long backoffMinNs;
    private final long backoffMaxNs;
    /** What the client calls itself at the nodes: another name for each session. */
    private long clientId;
    /** The replicated session, 0 while there is none. */
    private long sessionId = NO_SESSION;
    private int windowLimit;
    private boolean hasLeader;
    private boolean isSessionLimited;
    private long openDueNs;
    private long resendDueNs;
    private boolean hasProgressed;
    private long progressNs;
    private long lastAdminId;
    private AdminCode adminCode;
    private UkehiClient.State state = UkehiClient.State.CONNECTING;
    /** Of the last command of the session before: what is added to a command's number to get its correlation id. */
    private long baseId;
    private int maxCommandLength = Integer.MAX_VALUE - RequestEncoder.COMMAND_OFFSET;
    private int leaderImage;
    private ReplyListener listener;
    private RuntimeException listenerFailure;
    private boolean isPolling;
    private boolean isCloseAsked;

    /** With concluded settings. */
    Session(final ClientContext ctx)
    {
        clock = ctx.nanoClock();
        messageTimeoutNs = ctx.messageTimeoutNs();
        maxOutstanding = ctx.maxOutstanding();
        backoffMinNs = ctx.backoffMinNs();
        backoffMaxNs = ctx.backoffMaxNs();
        window = new CommandWindow(maxOutstanding, MAX_WINDOW_LENGTH);
        clientId = newClientId();
        encoder = new RequestEncoder(ctx.clusterId(), ctx.groupId(), clientId);
        watch = new LeaderWatch(ctx.keepAliveIntervalNs(), ctx.keepAliveTimeoutNs());
        final int memberCount = ctx.members().size();
        // Clients begin with different members, so that one that all ask first is not swamped.
        final int firstMember = (int)(clientId % memberCount);
        finder = new LeaderFinder(
            memberCount, firstMember, ctx.backoffMinNs(), ctx.backoffMaxNs(), this::sendConnect);
        final long nowNs = clock.nanoTime();
        adapter = new ResponseAdapter(ctx.clusterId(), ctx.groupId(), clientId, stats, this);
        transport = new ClientTransport(ctx, adapter, nowNs);
        answers = new MemberAnswers(transport);
        queries = new Queries(ctx, transport, encoder, stats, member -> sendConnect(member, 0));
        nextMember = firstMember;
        startSearch(LeaderFinder.NONE, nowNs);
    }

    long offer(final DirectBuffer buffer, final int offset, final int length)
    {
        if (UkehiClient.State.CLOSED == state)
        {
            return UkehiClient.CLOSED;
        }
        if (length > maxCommandLength)
        {
            return UkehiClient.TOO_LARGE;
        }
        if (UkehiClient.State.CONNECTED != state)
        {
            return isSessionLimited ? UkehiClient.SESSION_LIMIT : UkehiClient.NOT_CONNECTED;
        }
        if (!window.hasRoom(length, windowLimit) || !isAllSent())
        {
            return UkehiClient.BACK_PRESSURED;
        }
        final long sequence = window.next();
        final int messageLength = encoder.command(
            sessionId, sequence, window.firstUnanswered(), buffer, offset, length);
        final long result = transport.member(finder.leader()).offer(encoder.buffer(), 0, messageLength);
        if (result > 0)
        {
            window.add(buffer, offset, length, clock.nanoTime() + messageTimeoutNs);
            return baseId + sequence;
        }
        if (Publication.NOT_CONNECTED == result)
        {
            startSearch(LeaderFinder.NONE, clock.nanoTime());
        }
        return result;
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
        if (UkehiClient.State.CLOSED == state)
        {
            return UkehiClient.CLOSED;
        }
        final boolean isConnected = UkehiClient.State.CONNECTED == state;
        if (Consistency.LINEARIZABLE == consistency || Consistency.LEASE == consistency)
        {
            return !isConnected ? UkehiClient.NOT_CONNECTED :
                queries.offer(finder.leader(), true, consistency, maxLagNs, buffer, offset, length);
        }
        final int member = UkehiClient.ANY_MEMBER == memberId ? anyMember() : transport.indexOf(memberId);
        if (LeaderFinder.NONE == member)
        {
            throw new IllegalArgumentException("there is no member " + memberId);
        }
        final boolean isLeader = isConnected && member == finder.leader();
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
        final int leader = UkehiClient.State.CONNECTED == state ? finder.leader() : LeaderFinder.NONE;
        for (int i = 0; i < transport.memberCount(); i++)
        {
            final int member = (nextMember + i) % transport.memberCount();
            if (member != leader && transport.member(member).isConnected())
            {
                return member;
            }
        }
        return LeaderFinder.NONE == leader ? nextMember : leader;
    }

    /**
     * Asks a member for something, after it has been told who asks.
     *
     * @return false if that cannot be sent now.
     */
    boolean askAdmin(final int member, final AdminOperation operation, final int targetId)
    {
        adminCode = null;
        if (UkehiClient.State.CLOSED == state || !sendConnect(member, 0))
        {
            return false;
        }
        final int length = encoder.admin(++lastAdminId, operation, targetId);
        return transport.member(member).offer(encoder.buffer(), 0, length) > 0;
    }

    /** What was answered to the last {@link #askAdmin}; null while nothing was. */
    AdminCode adminCode()
    {
        return adminCode;
    }

    void forgetQuery(final long correlationId)
    {
        queries.forget(correlationId);
    }

    int queryCount()
    {
        return queries.size();
    }

    private boolean isAllSent()
    {
        return 0 == window.due() || resend(clock.nanoTime()) >= 0 && 0 == window.due();
    }

    /** Sends what is to be sent again, as far as it is taken; returns how many. */
    private int resend(final long nowNs)
    {
        int sent = 0;
        long sequence = window.due();
        while (0 != sequence && nowNs - resendDueNs >= 0)
        {
            final int length = encoder.command(
                sessionId, sequence, window.firstUnanswered(), window.buffer(), window.offset(sequence),
                window.length(sequence));
            if (transport.member(finder.leader()).offer(encoder.buffer(), 0, length) <= 0)
            {
                break;
            }
            window.onSent();
            stats.resent++;
            sent++;
            sequence = window.due();
        }
        return sent;
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

    int poll(final ReplyListener replyListener, final QueryListener queriesListener)
    {
        Invariant.check(!isPolling, "a listener does not poll");
        isPolling = true;
        listener = replyListener;
        queryListener = queriesListener;
        int work = 0;
        try
        {
            if (UkehiClient.State.CLOSED != state && !transport.isClosed())
            {
                work = transport.poll();
                work += doWork(clock.nanoTime());
            }
            else
            {
                work = abandon();
            }
        }
        finally
        {
            isPolling = false;
            listener = null;
            queryListener = null;
        }
        if (isCloseAsked)
        {
            close();
        }
        if (null != listenerFailure)
        {
            final RuntimeException failure = listenerFailure;
            listenerFailure = null;
            throw failure;
        }
        return work;
    }

    /** At the end of the poll, where a listener calls it. */
    void close()
    {
        if (isPolling)
        {
            isCloseAsked = true;
            return;
        }
        isCloseAsked = false;
        if (UkehiClient.State.CLOSED != state && !transport.isClosed())
        {
            sayGoodbye();
        }
        state = UkehiClient.State.CLOSED;
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
        return window.contains(correlationId - baseId) && forgotten.add(correlationId);
    }

    int outstandingCount()
    {
        return window.size() - forgotten.size();
    }

    UkehiClient.State state()
    {
        return state;
    }

    int leaderId()
    {
        return UkehiClient.State.CONNECTED == state ? transport.member(finder.leader()).memberId() : -1;
    }

    long term()
    {
        return finder.term();
    }

    long clientId()
    {
        return clientId;
    }

    long sessionId()
    {
        return sessionId;
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
        int work = transport.doWork(nowNs);
        for (Integer image = transport.pollLostImage(); null != image; image = transport.pollLostImage())
        {
            onImageGone(image, nowNs);
        }
        work += hasLeader ? watchLeader(nowNs) : finder.doWork(nowNs);
        work += queries.doWork(nowNs, tellQuery);
        if (window.isExpired(nowNs))
        {
            work += giveUpSession(nowNs);
        }
        return work + (hasLeader ? doSession(nowNs) : 0);
    }

    /** Asks for a session while there is none, and sends what is unanswered again where it may be lost. */
    private int doSession(final long nowNs)
    {
        if (NO_SESSION == sessionId)
        {
            if (nowNs - openDueNs < 0)
            {
                return 0;
            }
            openDueNs = nowNs + backoffMaxNs;
            transport.member(finder.leader()).offer(encoder.buffer(), 0, encoder.openSession());
            return 1;
        }
        if (hasProgressed || 0 == window.size())
        {
            hasProgressed = false;
            progressNs = nowNs;
        }
        else if (nowNs - progressNs >= RESEND_NS)
        {
            progressNs = nowNs;
            window.rewind();
        }
        return resend(nowNs);
    }

    /** The oldest command has waited for too long: all are given up, and the session with them. */
    private int giveUpSession(final long nowNs)
    {
        sayGoodbye();
        return loseSession(nowNs);
    }

    /** There is no session any longer: what is unanswered is unknown, and the next one is another client's. */
    private int loseSession(final long nowNs)
    {
        final int likely = finder.leader();
        stats.sessionsLost++;
        clientId = newClientId();
        encoder.clientId(clientId);
        adapter.clientId(clientId);
        sessionId = NO_SESSION;
        isSessionLimited = false;
        startSearch(likely, nowNs);
        // Answers to queries would be to the earlier name.
        queries.onForgotten();
        return queries.abandon(tellQuery) + tellAllUnknown();
    }

    private int tellAllUnknown()
    {
        int work = 0;
        for (long sequence = window.firstUnanswered(); sequence < window.next(); sequence++)
        {
            if (window.remove(sequence))
            {
                tell(baseId + sequence, Outcome.UNKNOWN, ReplyCode.NULL_VAL, 0, 0, NOTHING, 0, 0);
                work++;
            }
        }
        baseId += window.next() - 1;
        window.clear();
        return work;
    }

    private static long newClientId()
    {
        return ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
    }

    private int watchLeader(final long nowNs)
    {
        final MemberConnection leader = transport.member(finder.leader());
        final boolean isDue = watch.isDue(nowNs);
        if (!leader.isConnected() || watch.isLost(nowNs))
        {
            startSearch(LeaderFinder.NONE, nowNs);
            return 1;
        }
        if (isDue)
        {
            // If it cannot be sent, the leader takes nothing: as good a sign that it is lost as no answer.
            leader.offer(encoder.buffer(), 0, encoder.keepAlive());
            return 1;
        }
        return 0;
    }

    private void startSearch(final int likely, final long nowNs)
    {
        state = UkehiClient.State.CONNECTING;
        hasLeader = false;
        stats.searches++;
        finder.search(likely, nowNs);
    }

    private boolean sendConnect(final int index, final long correlationId)
    {
        final MemberConnection member = transport.member(index);
        final String channel = transport.responseChannel();
        if (null == channel || !member.isConnected())
        {
            return false;
        }
        final int length = encoder.connect(correlationId, transport.responseStreamId(), channel);
        answers.onAsked(index);
        return member.offer(encoder.buffer(), 0, length) > 0;
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

    private int abandon()
    {
        state = UkehiClient.State.CLOSED;
        return queries.abandon(tellQuery) + tellAllUnknown();
    }

    private void tell(
        final long correlationId,
        final Outcome outcome,
        final ReplyCode code,
        final long index,
        final long token,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        if (forgotten.remove(correlationId))
        {
            return;
        }
        try
        {
            listener.onReply(correlationId, outcome, code, index, token, buffer, offset, length);
        }
        catch (final RuntimeException ex)
        {
            keepFailure(ex);
        }
    }

    /** Thrown through Aeron's poll it would end in Aeron's error handler; the caller of ours is to have it. */
    private void keepFailure(final RuntimeException ex)
    {
        if (null == listenerFailure)
        {
            listenerFailure = ex;
        }
        else if (ex != listenerFailure)
        {
            listenerFailure.addSuppressed(ex);
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
        final int likely = transport.indexOf(reply.leaderId());
        final long nowNs = clock.nanoTime();
        if (finder.onConnectReply(reply.correlationId(), from, likely, reply.term(), code, nowNs))
        {
            hasLeader = true;
            state = NO_SESSION == sessionId ? UkehiClient.State.CONNECTING : UkehiClient.State.CONNECTED;
            stats.connects++;
            leaderImage = aeronSessionId;
            openDueNs = nowNs;
            onTermOfLeader(nowNs);
            final int messageLength = transport.member(from).maxMessageLength();
            maxCommandLength = Math.min(
                reply.maxCommandLength(), Math.max(0, messageLength - RequestEncoder.COMMAND_OFFSET));
            watch.onConnected(nowNs);
            if (from == lastLeader && reply.term() == lastTerm)
            {
                watch.onFalseAlarm();
            }
            else
            {
                watch.onNewLeader();
            }
            lastLeader = from;
            lastTerm = reply.term();
        }
    }

    @Override
    public void onReply(final ReplyDecoder reply, final DirectBuffer buffer, final int offset, final int length)
    {
        watch.onHeard();
        final long sequence = reply.correlationId();
        final ReplyCode code = CODES[reply.codeRaw()];
        switch (code)
        {
            case COMMITTED ->
            {
                if (window.remove(sequence))
                {
                    hasProgressed = true;
                    tell(baseId + sequence, Outcome.COMMITTED, code, reply.index(), reply.token(), buffer, offset,
                        length);
                }
                else
                {
                    stats.late++;
                }
            }
            // Codes of a later version may mean anything; a command that is too long for a new leader bars the way.
            case SESSION_LOST, NULL_VAL, REJECTED_TOO_LARGE -> loseSession(clock.nanoTime());
            default -> onNotTaken(sequence, code, reply.leaderId());
        }
    }

    /** The command stays where it is, and will be sent again; some codes say that this is the wrong node. */
    private void onNotTaken(final long sequence, final ReplyCode code, final int leaderId)
    {
        if (!hasLeader || !window.contains(sequence))
        {
            return;
        }
        final long nowNs = clock.nanoTime();
        switch (code)
        {
            case REJECTED_NOT_LEADER -> startSearch(transport.indexOf(leaderId), nowNs);
            case REJECTED_RECOVERING -> startSearch(LeaderFinder.NONE, nowNs);
            case REJECTED_NO_SESSION -> startSearch(finder.leader(), nowNs);
            default ->
            {
                // What was sent behind it is refused as well: once is enough.
                if (nowNs - resendDueNs >= 0)
                {
                    resendDueNs = nowNs + backoffMinNs;
                    window.rewind();
                }
            }
        }
    }

    @Override
    public void onQueryReply(
        final QueryReplyDecoder reply, final DirectBuffer buffer, final int offset, final int length)
    {
        watch.onHeard();
        final int from = transport.indexOf(reply.nodeId());
        final QueryCode code = queries.onReply(reply, buffer, offset, length, tellQuery);
        if (QueryCode.REJECTED_NOT_LEADER == code && UkehiClient.State.CONNECTED == state &&
            from == finder.leader())
        {
            startSearch(transport.indexOf(reply.leaderId()), clock.nanoTime());
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
            adminCode = reply.codeRaw() > AdminCode.UNSUPPORTED.value() ? AdminCode.NULL_VAL : reply.code();
        }
    }

    private void tellQuery(
        final long correlationId,
        final QueryCode code,
        final int memberId,
        final long index,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        try
        {
            queryListener.onQuery(correlationId, code, memberId, index, buffer, offset, length);
        }
        catch (final RuntimeException ex)
        {
            keepFailure(ex);
        }
    }

    /** What was sent in an earlier term may be lost. */
    private void onTermOfLeader(final long nowNs)
    {
        window.rewind();
        resendDueNs = nowNs;
        progressNs = nowNs;
    }

    @Override
    public void onSessionOpened(final SessionOpenedDecoder opened)
    {
        watch.onHeard();
        if (NO_SESSION != sessionId || !hasLeader)
        {
            return;
        }
        final long nowNs = clock.nanoTime();
        final short code = opened.codeRaw();
        if (code == ConnectCode.OK.value() && opened.clusterSession() > 0 && opened.window() > 0)
        {
            sessionId = opened.clusterSession();
            windowLimit = Math.min(maxOutstanding, opened.window());
            isSessionLimited = false;
            state = UkehiClient.State.CONNECTED;
            stats.sessions++;
        }
        else if (code == ConnectCode.SESSION_LIMIT.value())
        {
            isSessionLimited = true;
        }
        else
        {
            startSearch(LeaderFinder.NONE, nowNs);
        }
    }

    @Override
    public void onRedirect(final RedirectDecoder redirect)
    {
        final int likely = transport.indexOf(redirect.leaderId());
        if (finder.onRedirect(likely, redirect.term()))
        {
            startSearch(likely, clock.nanoTime());
        }
        else if (hasLeader && likely == finder.leader() && redirect.term() > lastTerm)
        {
            lastTerm = redirect.term();
            onTermOfLeader(clock.nanoTime());
        }
    }

    @Override
    public void onKeepAlive()
    {
        watch.onHeard();
    }

    @Override
    public void onClose(final int aeronSessionId)
    {
        queries.onForgotten();
        onImageGone(aeronSessionId, clock.nanoTime());
    }

    /** Other members than the leader end sessions too, when they have not heard from the client for a while. */
    private void onImageGone(final int aeronSessionId, final long nowNs)
    {
        if (hasLeader && aeronSessionId == leaderImage)
        {
            startSearch(LeaderFinder.NONE, nowNs);
        }
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
