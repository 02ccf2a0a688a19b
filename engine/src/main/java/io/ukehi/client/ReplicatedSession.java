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
    /** Bytes of commands taken since the last message. */
    private int gatheredLength;
    /** Number behind the last command that was ever sent. */
    private long sentTo = 1;
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
     * Takes a command for the leader, which there is, and a session; {@link #flush} sends it, or a later call of this,
     * once a message's worth of commands is there.
     *
     * @return its correlation id, greater than 0; or {@link UkehiClient#BACK_PRESSURED}.
     */
    long offer(final DirectBuffer buffer, final int offset, final int length)
    {
        if (!window.hasRoom(length, windowLimit))
        {
            return UkehiClient.BACK_PRESSURED;
        }
        final long nowNs = clock.nanoTime();
        final int recordLength = RequestEncoder.recordLength(length);
        if (gatheredLength > 0 && gatheredLength + recordLength > longestMessage() && isHeldUp(nowNs))
        {
            return UkehiClient.BACK_PRESSURED;
        }
        final long sequence = window.next();
        window.add(buffer, offset, length, nowNs + messageTimeoutNs);
        gatheredLength += recordLength;
        return baseId + sequence;
    }

    private int longestMessage()
    {
        return leader.connection().maxPayloadLength() - RequestEncoder.COMMANDS_OFFSET;
    }

    private boolean isHeldUp(final long nowNs)
    {
        flush(nowNs);
        return isDue();
    }

    /** Whether there is something to be sent. */
    boolean isDue()
    {
        return 0 != window.due();
    }

    /** With a leader: sends what is due, as many commands in a message as go in one piece. Returns how many. */
    int flush(final long nowNs)
    {
        int sent = 0;
        while (leader.isFound() && 0 != window.due() && nowNs - resendDueNs >= 0)
        {
            final int count = sendMessage(nowNs);
            if (0 == count)
            {
                return sent;
            }
            sent += count;
        }
        return sent;
    }

    private int sendMessage(final long nowNs)
    {
        final long first = window.due();
        final int limit = RequestEncoder.COMMANDS_OFFSET + longestMessage();
        int end = RequestEncoder.COMMANDS_OFFSET;
        int count = 0;
        int again = 0;
        long sequence = first;
        long last = first;
        while (0 != sequence &&
            (0 == count || end + RequestEncoder.recordLength(window.length(sequence)) <= limit))
        {
            end = encoder.putCommand(end, id, sequence, window.firstUnanswered(), window.buffer(),
                window.offset(sequence), window.length(sequence));
            window.onSent();
            count++;
            again += sequence < sentTo ? 1 : 0;
            last = sequence;
            sequence = window.due();
        }
        final long result = leader.connection().offer(encoder.buffer(), 0, encoder.commands(end));
        if (result <= 0)
        {
            window.backTo(first);
            if (Publication.NOT_CONNECTED == result)
            {
                leader.search(LeaderFinder.NONE, nowNs);
            }
            return 0;
        }
        gatheredLength = 0;
        sentTo = Math.max(sentTo, last + 1);
        stats.resent += again;
        return count;
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
        return flush(nowNs);
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
        gatheredLength = 0;
        sentTo = 1;
        return ended;
    }
}
