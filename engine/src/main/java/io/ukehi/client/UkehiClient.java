package io.ukehi.client;

import io.aeron.Publication;
import io.ukehi.Invariant;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ConnectReplyDecoder;
import io.ukehi.codecs.client.RedirectDecoder;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.codecs.client.ReplyDecoder;
import io.ukehi.codecs.client.StatusReplyDecoder;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * An application's way to a cluster: finds the leader, sends it commands, follows it when leadership moves, and tells
 * of every command how it ended.
 * <pre>{@code
 * try (UkehiClient client = UkehiClient.connect(new ClientContext()
 *     .embeddedDriver(true)
 *     .endpoints("1=host1:9010,2=host2:9010,3=host3:9010")))
 * {
 *     final long correlationId = client.offer(buffer, 0, length);
 *     ...
 *     client.poll(listener); // again and again: the listener is told of each command's end, by correlation id
 * }
 * }</pre>
 * <b>One thread uses a client</b>: all methods are called by the same thread, or by threads that take turns with a
 * happens-before between them. A client does nothing while it is not called: it must be polled, also when nothing is
 * expected, several times per keep-alive interval.
 * <p>
 * <b>Nothing is sent twice.</b> {@link #offer} and {@link #poll} never repeat a command, since the cluster does not yet
 * tell repetitions apart and would apply both. A command that was sent when the connection was lost stays outstanding:
 * the next leader may answer it. If nobody has within the message timeout, its outcome is
 * {@link Outcome#UNKNOWN}, and a reply that comes later is ignored. Commands arrive in the order they were offered as
 * long as the leader stays; across a change of leader, some of them may be missing between others.
 * <p>
 * In the steady state, {@link #offer} and {@link #poll} allocate nothing.
 */
public final class UkehiClient implements AutoCloseable
{
    /** No leader is known at this moment: poll and try again. The command was not sent. */
    public static final long NOT_CONNECTED = Publication.NOT_CONNECTED;

    /** Too much is on its way, here or there: poll and try again. The command was not sent. */
    public static final long BACK_PRESSURED = Publication.BACK_PRESSURED;

    /** The client is closed. The command was not sent. */
    public static final long CLOSED = Publication.CLOSED;

    /** Longer than the cluster takes, or than the term buffer allows. The command was not sent. */
    public static final long TOO_LARGE = -6;

    /** Where a client is. */
    public enum State
    {
        /** A leader is looked for. */
        CONNECTING,

        /** A leader has been found. */
        CONNECTED,

        /** Closed, or Aeron was closed under it. */
        CLOSED
    }

    private static final UnsafeBuffer EMPTY = new UnsafeBuffer(new byte[0]);
    private static final ReplyCode[] CODES = codes();

    private final ClientContext ctx;
    private final NanoClock clock;
    private final ClientStats stats = new ClientStats();
    private final OutstandingCommands outstanding;
    private final RequestEncoder encoder;
    private final ClientTransport transport;
    private final LeaderFinder finder;
    private final LeaderWatch watch;
    private final ConnectCode[] lastAnswers;
    private final boolean[] hasBeenAsked;
    private final Blocking blocking;
    private final long sessionId;
    private State state = State.CONNECTING;
    private long lastCorrelationId;
    private long firstIdAtLeader = 1;
    private int maxCommandLength = Integer.MAX_VALUE - RequestEncoder.COMMAND_OFFSET;
    private int leaderImage;
    private ReplyListener listener;
    private RuntimeException listenerFailure;
    private boolean isPolling;
    private boolean isCloseAsked;

    private UkehiClient(final ClientContext context)
    {
        ctx = context.conclude();
        clock = ctx.nanoClock();
        sessionId = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
        outstanding = new OutstandingCommands(ctx.maxOutstanding());
        encoder = new RequestEncoder(ctx.clusterId(), ctx.groupId(), sessionId);
        watch = new LeaderWatch(ctx.keepAliveIntervalNs(), ctx.keepAliveTimeoutNs());
        final int memberCount = ctx.members().size();
        lastAnswers = new ConnectCode[memberCount];
        hasBeenAsked = new boolean[memberCount];
        // Clients begin with different members, so that one that all ask first is not swamped.
        final int firstMember = (int)(sessionId % memberCount);
        finder = new LeaderFinder(
            memberCount, firstMember, ctx.backoffMinNs(), ctx.backoffMaxNs(), this::sendConnect);
        final long nowNs = clock.nanoTime();
        final ResponseAdapter adapter =
            new ResponseAdapter(ctx.clusterId(), ctx.groupId(), sessionId, stats, new Responses());
        transport = new ClientTransport(ctx, adapter, nowNs);
        blocking = new Blocking(this, ctx);
        startSearch(LeaderFinder.NONE, nowNs);
    }

    /**
     * Opens a client and waits until it has found a leader.
     *
     * @param ctx settings; concluded here.
     * @return a connected client, to be closed.
     * @throws ClientConfigurationException if settings are wrong.
     * @throws ClientTimeoutException       if no leader was found within the connect timeout; it tells what each member
     *                                      said.
     * @throws UkehiClientException         if there is no media driver.
     */
    public static UkehiClient connect(final ClientContext ctx)
    {
        final UkehiClient client = open(ctx);
        try
        {
            client.blocking.awaitConnected(ctx.connectTimeoutNs());
            return client;
        }
        catch (final RuntimeException ex)
        {
            client.close();
            throw ex;
        }
    }

    /**
     * Opens a client without waiting for a leader: it looks for one whenever it is polled. The way to ask members of a
     * cluster without a leader how they are.
     *
     * @param ctx settings; concluded here.
     * @return a client, to be closed.
     * @throws ClientConfigurationException if settings are wrong.
     * @throws UkehiClientException         if there is no media driver.
     */
    public static UkehiClient open(final ClientContext ctx)
    {
        return new UkehiClient(ctx);
    }

    /**
     * Sends a command to the leader, if it can be sent at once.
     *
     * @param buffer holds the command; it may be used again after the call.
     * @param offset of the command.
     * @param length in bytes, 0 or more.
     * @return a correlation id, greater than 0 and greater than all before: the listener will be told exactly once how
     * the command with this id ended. Or, when nothing was sent, {@link #NOT_CONNECTED}, {@link #BACK_PRESSURED},
     * {@link #TOO_LARGE} or {@link #CLOSED}.
     * @throws IndexOutOfBoundsException if the buffer does not hold the range.
     */
    public long offer(final DirectBuffer buffer, final int offset, final int length)
    {
        if (State.CLOSED == state)
        {
            return CLOSED;
        }
        if (length > maxCommandLength)
        {
            return TOO_LARGE;
        }
        if (State.CONNECTED != state)
        {
            return NOT_CONNECTED;
        }
        if (outstanding.isFull())
        {
            return BACK_PRESSURED;
        }
        final long correlationId = lastCorrelationId + 1;
        final int messageLength = encoder.command(correlationId, buffer, offset, length);
        final MemberConnection leader = transport.member(finder.leader());
        final long result = leader.offer(encoder.buffer(), 0, messageLength);
        if (result > 0)
        {
            lastCorrelationId = correlationId;
            outstanding.add(correlationId, clock.nanoTime() + ctx.messageTimeoutNs());
            return correlationId;
        }
        if (Publication.NOT_CONNECTED == result)
        {
            startSearch(LeaderFinder.NONE, clock.nanoTime());
        }
        return result;
    }

    /**
     * Takes what has come, tells the listener of commands that have ended, and does whatever else is due: keep-alives,
     * looking for the leader, timeouts. To be called again and again.
     * <p>
     * After {@link #close()} it tells, once, of all commands that were still outstanding, as unknown.
     *
     * @param replyListener told on this thread, during the call.
     * @return a measure of the work done; 0 if there was nothing to do.
     */
    public int poll(final ReplyListener replyListener)
    {
        Invariant.check(!isPolling, "a listener does not poll");
        isPolling = true;
        listener = replyListener;
        int work = 0;
        try
        {
            if (State.CLOSED != state && !transport.isClosed())
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

    /**
     * Sends a command and waits for its reply. It is sent again as long as it was certainly not applied (no leader,
     * back-pressure, leadership has moved, another entry stands in its place), until the message timeout.
     * <p>
     * Commands of {@link #offer} may not be outstanding, since nobody would be told of them; with
     * {@link #request(DirectBuffer, int, int, MutableDirectBuffer, ReplyListener)} they may.
     *
     * @param buffer holds the command.
     * @param offset of the command.
     * @param length in bytes.
     * @param reply  gets the state machine's reply at 0; expandable, or long enough for it.
     * @return length of the reply in bytes.
     * @throws CommandRejectedException if it was refused to the last: certainly not applied.
     * @throws ClientTimeoutException   if no leader could be sent to: certainly not applied.
     * @throws OutcomeUnknownException  if it was sent and nobody answered in time, or the thread was interrupted.
     * @throws UkehiClientException     if the client is closed, or the reply is too long for its buffer.
     */
    public int request(
        final DirectBuffer buffer, final int offset, final int length, final MutableDirectBuffer reply)
    {
        return blocking.request(buffer, offset, length, reply, null);
    }

    /**
     * As {@link #request(DirectBuffer, int, int, MutableDirectBuffer)}, beside commands that are outstanding.
     *
     * @param others told of other commands that end meanwhile.
     */
    public int request(
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final MutableDirectBuffer reply,
        final ReplyListener others)
    {
        return blocking.request(buffer, offset, length, reply, others);
    }

    /**
     * Asks one member how it is. No leader is needed for it. Commands of {@link #offer} may not be outstanding.
     *
     * @param memberId  one of the endpoints.
     * @param timeoutNs how long to wait, in nanoseconds.
     * @return what it says.
     * @throws IllegalArgumentException if there is no such member.
     * @throws ClientTimeoutException   if it does not answer in time.
     */
    public MemberStatus status(final int memberId, final long timeoutNs)
    {
        return blocking.status(memberId, timeoutNs);
    }

    /**
     * Asks every member how it is, all at the same time. Commands of {@link #offer} may not be outstanding.
     *
     * @param timeoutNs how long to wait for all of them together, in nanoseconds.
     * @return what those said that answered in time.
     */
    public ClusterStatus clusterStatus(final long timeoutNs)
    {
        return blocking.clusterStatus(timeoutNs);
    }

    /** Id of the leader the client is connected to, or -1. */
    public int leaderId()
    {
        final int leader = finder.leader();
        return State.CONNECTED != state || LeaderFinder.NONE == leader ? -1 : transport.member(leader).memberId();
    }

    /** Highest term the client has heard of; 0 before it has heard of any. */
    public long term()
    {
        return finder.term();
    }

    public State state()
    {
        return state;
    }

    /** The client's name at the nodes, drawn at random. */
    public long sessionId()
    {
        return sessionId;
    }

    /** Commands that were sent and have not ended. */
    public int outstandingCount()
    {
        return outstanding.size();
    }

    /** Longest command in bytes that the leader takes; the last one's, where there is none at this moment. */
    public int maxCommandLength()
    {
        return maxCommandLength;
    }

    /** What has been counted. */
    public ClientStats stats()
    {
        return stats;
    }

    /**
     * Ends the session and frees what the client has. Of commands still outstanding, a further {@link #poll} tells that
     * their outcome is unknown. Called by a listener, it takes effect at the end of the poll. May be called again.
     */
    @Override
    public void close()
    {
        if (isPolling)
        {
            isCloseAsked = true;
            return;
        }
        isCloseAsked = false;
        if (State.CLOSED != state && !transport.isClosed())
        {
            sayGoodbye();
        }
        state = State.CLOSED;
        transport.close();
    }

    /** Gives a command up, so that nobody is told of its end; false if it has ended already. */
    boolean forget(final long correlationId)
    {
        return outstanding.remove(correlationId);
    }

    boolean hasOutstanding()
    {
        return outstanding.size() > 0;
    }

    ClientTransport transport()
    {
        return transport;
    }

    RequestEncoder encoder()
    {
        return encoder;
    }

    /** What is known of each member, one in each line, for people. */
    String describeSearch()
    {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < transport.memberCount(); i++)
        {
            final MemberConnection member = transport.member(i);
            text.append("\n  member ").append(member.memberId()).append(": ");
            if (!member.isConnected())
            {
                text.append("not connected: ").append(member.disconnectedReason());
            }
            else if (null == lastAnswers[i])
            {
                text.append(hasBeenAsked[i] ? "asked, no answer" : "connected, not asked");
            }
            else
            {
                text.append("answered ").append(lastAnswers[i]);
            }
        }
        return text.toString();
    }

    private int doWork(final long nowNs)
    {
        int work = transport.doWork(nowNs);
        for (Integer image = transport.pollLostImage(); null != image; image = transport.pollLostImage())
        {
            if (State.CONNECTED == state && image == leaderImage)
            {
                startSearch(LeaderFinder.NONE, nowNs);
            }
        }
        work += State.CONNECTED == state ? watchLeader(nowNs) : finder.doWork(nowNs);
        long expired;
        while (OutstandingCommands.NONE != (expired = outstanding.removeExpired(nowNs)))
        {
            tell(expired, Outcome.UNKNOWN, ReplyCode.NULL_VAL, 0, 0, EMPTY, 0, 0);
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
        state = State.CONNECTING;
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
        hasBeenAsked[index] = true;
        return member.offer(encoder.buffer(), 0, length) > 0;
    }

    private int abandon()
    {
        state = State.CLOSED;
        int work = 0;
        long correlationId;
        while (OutstandingCommands.NONE != (correlationId = outstanding.removeOldest()))
        {
            tell(correlationId, Outcome.UNKNOWN, ReplyCode.NULL_VAL, 0, 0, EMPTY, 0, 0);
            work++;
        }
        return work;
    }

    private void sayGoodbye()
    {
        final int length = encoder.close();
        for (int i = 0; i < hasBeenAsked.length; i++)
        {
            if (hasBeenAsked[i])
            {
                transport.member(i).offer(encoder.buffer(), 0, length);
            }
        }
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
            // Thrown through Aeron's poll it would end in Aeron's error handler; the caller of ours is to have it.
            if (null == listenerFailure)
            {
                listenerFailure = ex;
            }
            else if (ex != listenerFailure)
            {
                listenerFailure.addSuppressed(ex);
            }
        }
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

    /** What messages of nodes do. */
    private final class Responses implements ResponseHandler
    {
        @Override
        public void onConnectReply(final ConnectReplyDecoder reply, final int aeronSessionId)
        {
            final int from = transport.indexOf(reply.nodeId());
            final short rawCode = reply.codeRaw();
            if (rawCode > ConnectCode.SESSION_LIMIT.value() || reply.maxCommandLength() < 0)
            {
                stats.malformed++;
                return;
            }
            if (LeaderFinder.NONE == from)
            {
                stats.foreign++;
                return;
            }
            final ConnectCode code = ConnectCode.get(rawCode);
            lastAnswers[from] = code;
            final int likely = transport.indexOf(reply.leaderId());
            final long nowNs = clock.nanoTime();
            if (finder.onConnectReply(reply.correlationId(), from, likely, reply.term(), code, nowNs))
            {
                state = State.CONNECTED;
                stats.connects++;
                leaderImage = aeronSessionId;
                firstIdAtLeader = lastCorrelationId + 1;
                final int messageLength = transport.member(from).maxMessageLength();
                maxCommandLength = Math.min(
                    reply.maxCommandLength(), Math.max(0, messageLength - RequestEncoder.COMMAND_OFFSET));
                watch.onConnected(nowNs);
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
            final ReplyCode code = CODES[reply.codeRaw() & 0xFF];
            switch (code)
            {
                case COMMITTED -> tell(
                    correlationId, Outcome.COMMITTED, code, reply.index(), reply.token(), buffer, offset, length);
                // A code of a later version: it may mean anything.
                case NULL_VAL -> tell(correlationId, Outcome.UNKNOWN, code, 0, 0, EMPTY, 0, 0);
                default ->
                {
                    onRejected(correlationId, code, reply.leaderId());
                    tell(correlationId, Outcome.REJECTED, code, 0, 0, EMPTY, 0, 0);
                }
            }
        }

        /** Some rejections say that this is the wrong node; those of commands sent to an earlier leader are no news. */
        private void onRejected(final long correlationId, final ReplyCode code, final int leaderId)
        {
            if (State.CONNECTED != state || correlationId < firstIdAtLeader)
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
            if (State.CONNECTED == state && aeronSessionId == leaderImage)
            {
                startSearch(LeaderFinder.NONE, clock.nanoTime());
            }
        }

        @Override
        public void onStatusReply(final StatusReplyDecoder reply)
        {
            blocking.onStatusReply(reply);
        }
    }
}
