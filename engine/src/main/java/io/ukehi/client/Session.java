package io.ukehi.client;

import io.aeron.Publication;
import io.ukehi.Invariant;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ConnectReplyDecoder;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.QueryReplyDecoder;
import io.ukehi.codecs.client.RedirectDecoder;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.codecs.client.ReplyDecoder;
import io.ukehi.codecs.client.StatusReplyDecoder;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import org.agrona.DirectBuffer;
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

    private final NanoClock clock;
    private final long messageTimeoutNs;
    private final ClientStats stats = new ClientStats();
    private final OutstandingCommands outstanding;
    private final RequestEncoder encoder;
    private final ClientTransport transport;
    private final LeaderFinder finder;
    private final LeaderWatch watch;
    private int lastLeader = LeaderFinder.NONE;
    private long lastTerm;
    private final MemberAnswers answers;
    private final long sessionId;
    private final Queries queries;
    private final QueryListener tellQuery = this::tellQuery;
    private QueryListener queryListener;
    private int nextMember;
    private UkehiClient.State state = UkehiClient.State.CONNECTING;
    private long lastCorrelationId;
    private long firstIdAtLeader = 1;
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
        sessionId = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
        outstanding = new OutstandingCommands(ctx.maxOutstanding());
        encoder = new RequestEncoder(ctx.clusterId(), ctx.groupId(), sessionId);
        watch = new LeaderWatch(ctx.keepAliveIntervalNs(), ctx.keepAliveTimeoutNs());
        final int memberCount = ctx.members().size();
        // Clients begin with different members, so that one that all ask first is not swamped.
        final int firstMember = (int)(sessionId % memberCount);
        finder = new LeaderFinder(
            memberCount, firstMember, ctx.backoffMinNs(), ctx.backoffMaxNs(), this::sendConnect);
        final long nowNs = clock.nanoTime();
        transport = new ClientTransport(
            ctx, new ResponseAdapter(ctx.clusterId(), ctx.groupId(), sessionId, stats, this), nowNs);
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
            return UkehiClient.NOT_CONNECTED;
        }
        if (outstanding.isFull())
        {
            return UkehiClient.BACK_PRESSURED;
        }
        final long correlationId = lastCorrelationId + 1;
        final int messageLength = encoder.command(correlationId, buffer, offset, length);
        final long result = transport.member(finder.leader()).offer(encoder.buffer(), 0, messageLength);
        if (result > 0)
        {
            lastCorrelationId = correlationId;
            outstanding.add(correlationId, clock.nanoTime() + messageTimeoutNs);
            return correlationId;
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
        return outstanding.remove(correlationId);
    }

    int outstandingCount()
    {
        return outstanding.size();
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
        work += UkehiClient.State.CONNECTED == state ? watchLeader(nowNs) : finder.doWork(nowNs);
        work += queries.doWork(nowNs, tellQuery);
        long expired;
        while (OutstandingCommands.NONE != (expired = outstanding.removeExpired(nowNs)))
        {
            tell(expired, Outcome.UNKNOWN, ReplyCode.NULL_VAL, 0, 0, NOTHING, 0, 0);
            work++;
        }
        return work;
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
        int work = queries.abandon(tellQuery);
        long correlationId;
        while (OutstandingCommands.NONE != (correlationId = outstanding.removeOldest()))
        {
            tell(correlationId, Outcome.UNKNOWN, ReplyCode.NULL_VAL, 0, 0, NOTHING, 0, 0);
            work++;
        }
        return work;
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
            state = UkehiClient.State.CONNECTED;
            stats.connects++;
            leaderImage = aeronSessionId;
            firstIdAtLeader = lastCorrelationId + 1;
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
        final long correlationId = reply.correlationId();
        if (!outstanding.remove(correlationId))
        {
            stats.late++;
            return;
        }
        final ReplyCode code = CODES[reply.codeRaw()];
        switch (code)
        {
            case COMMITTED -> tell(
                correlationId, Outcome.COMMITTED, code, reply.index(), reply.token(), buffer, offset, length);
            // A code of a later version: it may mean anything.
            case NULL_VAL -> tell(correlationId, Outcome.UNKNOWN, code, 0, 0, NOTHING, 0, 0);
            default ->
            {
                onRejected(correlationId, code, reply.leaderId());
                tell(correlationId, Outcome.REJECTED, code, 0, 0, NOTHING, 0, 0);
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

    /** Some rejections say that this is the wrong node; those of commands sent to an earlier leader are no news. */
    private void onRejected(final long correlationId, final ReplyCode code, final int leaderId)
    {
        if (UkehiClient.State.CONNECTED != state || correlationId < firstIdAtLeader)
        {
            return;
        }
        switch (code)
        {
            case REJECTED_NOT_LEADER -> startSearch(transport.indexOf(leaderId), clock.nanoTime());
            case REJECTED_RECOVERING -> startSearch(LeaderFinder.NONE, clock.nanoTime());
            case REJECTED_NO_SESSION -> startSearch(finder.leader(), clock.nanoTime());
            default ->
            {
                // The leader stays the one to ask.
            }
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
        if (UkehiClient.State.CONNECTED == state && aeronSessionId == leaderImage)
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
