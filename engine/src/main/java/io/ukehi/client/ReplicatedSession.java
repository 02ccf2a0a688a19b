package io.ukehi.client;

import io.aeron.Publication;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.SessionOpenedDecoder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.NanoClock;

/**
 * The session that the cluster keeps for a client, and the commands in it: asked for when a leader is found and there
 * is none, its commands numbered, and sent again, in order, wherever they may be lost. Owned by the thread that uses
 * the client.
 */
final class ReplicatedSession
{
    private static final long NONE = 0;
    private static final int MAX_WINDOW_LENGTH = 32 * 1024 * 1024;
    /** Without any reply for so long, what is unanswered is sent again, even if all seems to be well. */
    private static final long RESEND_NS = 1_000_000_000L;

    private final NanoClock clock;
    private final RequestEncoder encoder;
    private final LeaderLink leader;
    private final ClientStats stats;
    private final CommandWindow window;
    private final long messageTimeoutNs;
    private final int maxOutstanding;
    private final long backoffMinNs;
    private final long backoffMaxNs;
    private long id = NONE;
    private int windowLimit;
    private boolean isRefused;
    private long openDueNs;
    private long resendDueNs;
    private boolean hasProgressed;
    private long progressNs;
    /** Of the last command of the session before: what is added to a command's number to get its correlation id. */
    private long baseId;

    ReplicatedSession(
        final ClientContext ctx, final RequestEncoder encoder, final LeaderLink leader, final ClientStats stats)
    {
        this.encoder = encoder;
        this.leader = leader;
        this.stats = stats;
        clock = ctx.nanoClock();
        messageTimeoutNs = ctx.messageTimeoutNs();
        maxOutstanding = ctx.maxOutstanding();
        backoffMinNs = ctx.backoffMinNs();
        backoffMaxNs = ctx.backoffMaxNs();
        window = new CommandWindow(maxOutstanding, MAX_WINDOW_LENGTH);
    }

    boolean isOpen()
    {
        return NONE != id;
    }

    /** Id in the cluster, 0 while there is none. */
    long id()
    {
        return id;
    }

    /** Whether the cluster has as many sessions as it may. */
    boolean isRefused()
    {
        return isRefused;
    }

    /** Commands that have not ended. */
    int size()
    {
        return window.size();
    }

    /** Whether a command has not ended. */
    boolean contains(final long correlationId)
    {
        return window.contains(correlationId - baseId);
    }

    /** Whether the oldest command has waited for as long as it may. */
    boolean isExpired(final long nowNs)
    {
        return window.isExpired(nowNs);
    }

    /**
     * Sends a command to the leader; there is one, and a session.
     *
     * @return its correlation id, greater than 0; or {@link UkehiClient#BACK_PRESSURED} or
     * {@link UkehiClient#NOT_CONNECTED}.
     */
    long offer(final DirectBuffer buffer, final int offset, final int length)
    {
        if (!window.hasRoom(length, windowLimit) || !isAllSent())
        {
            return UkehiClient.BACK_PRESSURED;
        }
        final long sequence = window.next();
        final int messageLength = encoder.command(id, sequence, window.firstUnanswered(), buffer, offset, length);
        final long result = leader.connection().offer(encoder.buffer(), 0, messageLength);
        if (result > 0)
        {
            window.add(buffer, offset, length, clock.nanoTime() + messageTimeoutNs);
            return baseId + sequence;
        }
        if (Publication.NOT_CONNECTED == result)
        {
            leader.search(LeaderFinder.NONE, clock.nanoTime());
        }
        return result;
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
                id, sequence, window.firstUnanswered(), window.buffer(), window.offset(sequence),
                window.length(sequence));
            if (leader.connection().offer(encoder.buffer(), 0, length) <= 0)
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

    /** With a leader: asks for a session while there is none, and sends again what is unanswered and may be lost. */
    int doWork(final long nowNs)
    {
        if (NONE == id)
        {
            if (nowNs - openDueNs < 0)
            {
                return 0;
            }
            openDueNs = nowNs + backoffMaxNs;
            leader.connection().offer(encoder.buffer(), 0, encoder.openSession());
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

    /** A leader was found, or elected again: what was sent in an earlier term may be lost. */
    void onTermOfLeader(final long nowNs)
    {
        window.rewind();
        openDueNs = nowNs;
        resendDueNs = nowNs;
        progressNs = nowNs;
    }

    /**
     * The leader has answered the question for a session.
     *
     * @return false if it is the wrong one to ask.
     */
    boolean onOpened(final SessionOpenedDecoder opened)
    {
        final short code = opened.codeRaw();
        if (code == ConnectCode.OK.value() && opened.clusterSession() > 0 && opened.window() > 0)
        {
            id = opened.clusterSession();
            windowLimit = Math.min(maxOutstanding, opened.window());
            isRefused = false;
            stats.sessions++;
            return true;
        }
        isRefused = code == ConnectCode.SESSION_LIMIT.value();
        return isRefused;
    }

    /** A command is committed: its correlation id, or 0 if it had ended before. */
    long onCommitted(final long sequence)
    {
        if (!window.remove(sequence))
        {
            stats.late++;
            return 0;
        }
        hasProgressed = true;
        return baseId + sequence;
    }

    /** Whether a command has not ended, by its number in the session. */
    boolean isWaiting(final long sequence)
    {
        return window.contains(sequence);
    }

    /** A leader does not take a command now. What was sent behind it is refused as well: once is enough. */
    void sendAgainLater(final long nowNs)
    {
        if (nowNs - resendDueNs >= 0)
        {
            resendDueNs = nowNs + backoffMinNs;
            window.rewind();
        }
    }

    /** The session is no more, and nobody will know what became of what is unanswered; returns how much that is. */
    int lose(final Listeners listeners)
    {
        id = NONE;
        isRefused = false;
        int ended = 0;
        for (long sequence = window.firstUnanswered(); sequence < window.next(); sequence++)
        {
            if (window.remove(sequence))
            {
                listeners.onUnknown(baseId + sequence);
                ended++;
            }
        }
        baseId += window.next() - 1;
        window.clear();
        return ended;
    }
}
