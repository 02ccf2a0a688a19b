package io.ukehi.transport;

import io.aeron.Aeron;
import io.ukehi.Invariant;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ReplyCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.collections.Long2ObjectHashMap;

/**
 * All clients connected to this node. Belongs to the duty-cycle thread.
 * <p>
 * Silence is measured in ticks, {@link #TICKS} to a session timeout, and a tick needs a duty cycle to happen: a node
 * that stood still does not close the sessions of clients whose messages are waiting to be read.
 */
final class ClientSessions implements AutoCloseable
{
    private static final int TICKS = 8;

    /** More publications than sessions may be opened at once: clients come and go. */
    private static final int OPEN_SLACK = 64;

    /**
     * So long a client may take to say more than Connect, before it makes room for a newcomer: much longer than an
     * answer takes to it and back, with a publication to be opened on the way. No more than a quarter of a session
     * timeout, where that is short. With few such places it bounds what a flood of Connects can have opened.
     */
    private static final long HALF_OPEN_TIME_NS = TimeUnit.SECONDS.toNanos(1);

    /** And so many a second after that: a flood of newcomers costs those who are there little. */
    static final int OPENS_PER_SECOND = 50;

    private final Aeron aeron;
    private final ClientGatewayConfig config;
    private final ClientMessageEncoder encoder;
    private final DropCounters drops;
    private final OpenBudget budget;
    private final long tickNs;
    private final long halfOpenTimeNs;
    private final Long2ObjectHashMap<ClientSession> byId = new Long2ObjectHashMap<>();
    private final ArrayList<ClientSession> all;
    private final ArrayList<ClientSession> busy;
    /** Those that may be half-open, in the order in which they came; some have got further, or have gone. */
    private final ArrayDeque<ClientSession> newcomers;
    private final ArrayDeque<ClientReplyQueue> freeQueues = new ArrayDeque<>();
    /** Whether clients can be told who the members are. */
    private boolean hasMembers;
    private ConnectCode connectCode = ConnectCode.RECOVERING;
    private long nextTickNs;
    private boolean isTicking;
    /** Of the last cycle: while this node stands still, nobody's time runs. */
    private long nowNs;
    /** Those that are half-open now. */
    private int halfOpen;
    private long timeoutCount;
    private long slowCount;
    private long refusedCount;
    private long halfOpenCount;

    ClientSessions(
        final Aeron aeron,
        final ClientGatewayConfig config,
        final ClientMessageEncoder encoder,
        final DropCounters drops)
    {
        this.aeron = aeron;
        this.config = config;
        this.encoder = encoder;
        this.drops = drops;
        this.budget = new OpenBudget(config.sessionLimit() + OPEN_SLACK, OPENS_PER_SECOND);
        this.tickNs = Math.max(1, config.sessionTimeoutNs() / TICKS);
        this.halfOpenTimeNs = Math.min(HALF_OPEN_TIME_NS, config.sessionTimeoutNs() / 4);
        this.all = new ArrayList<>(config.sessionLimit());
        this.busy = new ArrayList<>(config.sessionLimit());
        this.newcomers = new ArrayDeque<>(config.sessionLimit());
    }

    int count()
    {
        return all.size();
    }

    long timeoutCount()
    {
        return timeoutCount;
    }

    long slowCount()
    {
        return slowCount;
    }

    long refusedCount()
    {
        return refusedCount;
    }

    long halfOpenCount()
    {
        return halfOpenCount;
    }

    ClientSession get(final long sessionId)
    {
        return byId.get(sessionId);
    }

    /** What a Connect is answered with from now on; news to those who are connected. */
    void onLeader(final ConnectCode code)
    {
        connectCode = code;
        for (int i = 0; i < all.size(); i++)
        {
            all.get(i).onLeader();
            markBusy(all.get(i));
        }
    }

    /** The members have changed: news to those who are connected. */
    void onMembers()
    {
        hasMembers = true;
        for (int i = 0; i < all.size(); i++)
        {
            all.get(i).onMembers();
            markBusy(all.get(i));
        }
    }

    /** Whether a client has a place, or can have one: a free one, or that of one that is half-open for too long. */
    boolean hasPlaceFor(final long sessionId)
    {
        return all.size() < config.sessionLimit() || null != byId.get(sessionId) || null != overdueHalfOpen();
    }

    /** Something other than a Connect came from a client. */
    void onHeard(final ClientSession session)
    {
        if (session.onHeard())
        {
            halfOpen--;
        }
    }

    /** A client that there is no place for has come. */
    void onRefused()
    {
        refusedCount++;
    }

    /**
     * A client that there is a place for makes itself known. Passed over, and counted, where too many have come lately;
     * it will ask again.
     */
    void connect(final long sessionId, final long correlationId, final String channel, final int streamId)
    {
        ClientSession session = byId.get(sessionId);
        final boolean isToBeOpened = null == session || session.egress().isDead() ||
            !session.egress().isTo(channel, streamId);
        if (isToBeOpened && (null == session && !canBeHalfOpen() || !budget.take()))
        {
            drops.increment(DropReason.NO_ROOM_TO_ANSWER);
            refusedCount += null == session ? 1 : 0;
            return;
        }
        if (null == session)
        {
            makePlace();
            session = open(sessionId, channel, streamId);
        }
        else if (isToBeOpened)
        {
            session.egress(new ClientEgress(aeron, channel, streamId));
        }
        session.onConnect(correlationId);
        if (hasMembers)
        {
            session.onMembers();
        }
        markBusy(session);
    }

    private boolean canBeHalfOpen()
    {
        return halfOpen < config.halfOpenLimit() || null != overdueHalfOpen();
    }

    private void makePlace()
    {
        if (all.size() >= config.sessionLimit() || halfOpen >= config.halfOpenLimit())
        {
            final ClientSession overdue = overdueHalfOpen();
            Invariant.check(null != overdue, "who has no place is refused", all.size());
            halfOpenCount++;
            overdue.egress().abandon();
            remove(overdue);
        }
    }

    /** The one that has said nothing but Connect, however often, for longest, if it had its time; null if none has. */
    private ClientSession overdueHalfOpen()
    {
        ClientSession oldest;
        while (null != (oldest = newcomers.peek()) && (oldest.isClosed || oldest.isEstablished()))
        {
            newcomers.remove();
        }
        return null != oldest && nowNs - oldest.sinceNs() >= halfOpenTimeNs ? oldest : null;
    }

    private ClientSession open(final long sessionId, final String channel, final int streamId)
    {
        final ClientReplyQueue queue =
            freeQueues.isEmpty() ? new ClientReplyQueue(config.replyQueueLength()) : freeQueues.pop();
        final ClientSession session = new ClientSession(
            sessionId, new ClientEgress(aeron, channel, streamId), queue, nowNs);
        halfOpen++;
        session.listIndex = all.size();
        all.add(session);
        byId.put(sessionId, session);
        newcomers.add(session);
        return session;
    }

    /** Gathers how a command ended, for the end of the cycle; ends the session if there is no room for it. */
    void reply(
        final ClientSession session,
        final long correlationId,
        final ReplyCode code,
        final long index,
        final long token,
        final DirectBuffer payload,
        final int offset,
        final int length)
    {
        onAnswered(session, session.reply(encoder, correlationId, code, index, token, payload, offset, length));
    }

    /** Sends or queues a message that the encoder holds the head of; ends the session if that cannot be. */
    void offer(
        final ClientSession session,
        final int headLength,
        final DirectBuffer payload,
        final int offset,
        final int length)
    {
        onAnswered(session, session.offer(encoder, headLength, payload, offset, length));
    }

    private void onAnswered(final ClientSession session, final boolean isTaken)
    {
        if (!isTaken)
        {
            slowCount++;
            close(session);
        }
        else if (session.hasWork())
        {
            markBusy(session);
        }
    }

    void markBusy(final ClientSession session)
    {
        if (!session.isBusy)
        {
            session.isBusy = true;
            busy.add(session);
        }
    }

    /** Ends a session and tells the client, if it can be told. */
    void close(final ClientSession session)
    {
        final ClientEgress egress = session.egress();
        if (egress.isConnected())
        {
            egress.offer(encoder.buffer(), 0, encoder.close(session.sessionId()));
        }
        remove(session);
    }

    /** Ends a session without a word. */
    void remove(final ClientSession session)
    {
        byId.remove(session.sessionId());
        final ClientSession last = all.remove(all.size() - 1);
        if (last != session)
        {
            last.listIndex = session.listIndex;
            all.set(session.listIndex, last);
        }
        session.isClosed = true;
        halfOpen -= session.isEstablished() ? 0 : 1;
        session.egress().close();
        session.queue().clear();
        freeQueues.push(session.queue());
    }

    int doWork(final long now)
    {
        nowNs = now;
        budget.onCycle(now);
        return doBusy() + doTick();
    }

    private int doBusy()
    {
        int workCount = 0;
        for (int i = busy.size() - 1; i >= 0; i--)
        {
            final ClientSession session = busy.get(i);
            if (!session.isClosed)
            {
                final int sent = session.doWork(encoder, connectCode);
                if (ClientEgress.DEAD == sent)
                {
                    onDead(session);
                }
                workCount += Math.abs(sent);
            }
            if (session.isClosed || !session.hasWork())
            {
                session.isBusy = false;
                final ClientSession last = busy.remove(busy.size() - 1);
                if (last != session)
                {
                    busy.set(i, last);
                }
            }
        }
        return workCount;
    }

    private void onDead(final ClientSession session)
    {
        if (session.egress().isRefused())
        {
            drops.increment(DropReason.REFUSED_CHANNEL);
        }
        else
        {
            slowCount++;
        }
        remove(session);
    }

    private int doTick()
    {
        if (!isTicking)
        {
            isTicking = true;
            nextTickNs = nowNs + tickNs;
        }
        if (nowNs - nextTickNs < 0)
        {
            return 0;
        }
        nextTickNs = nowNs + tickNs;
        newcomers.removeIf(newcomer -> newcomer.isClosed || newcomer.isEstablished());
        int workCount = 0;
        for (int i = all.size() - 1; i >= 0; i--)
        {
            final ClientSession session = all.get(i);
            if (session.onTick() > TICKS)
            {
                timeoutCount++;
                close(session);
                workCount++;
            }
        }
        return workCount;
    }

    @Override
    public void close()
    {
        while (!all.isEmpty())
        {
            close(all.get(all.size() - 1));
        }
        busy.clear();
        newcomers.clear();
        while (!freeQueues.isEmpty())
        {
            freeQueues.pop().free();
        }
    }
}
