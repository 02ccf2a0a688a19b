package io.ukehi.transport;

import io.ukehi.codecs.client.ConnectCode;
import org.agrona.DirectBuffer;

/**
 * One client at this node: where it listens, what it has not taken yet, and since when it has been silent.
 * <p>
 * Replies are queued in order. What is only about the present moment (the answer to a Connect, where the leader is, a
 * sign of life) is a flag instead, and is encoded when it can be sent: a client that reads late reads what is true
 * then. Belongs to the duty-cycle thread.
 */
final class ClientSession
{
    private static final int DUE_CONNECT_REPLY = 1;
    private static final int DUE_REDIRECT = 2;
    private static final int DUE_KEEP_ALIVE = 4;
    private static final int DUE_MEMBERS = 8;

    private final long sessionId;
    private final ClientReplyQueue queue;
    private ClientEgress egress;
    private long connectCorrelationId;
    private int due;
    private int silentTicks;
    private int queryCount;
    /** Position in the list of all sessions. */
    int listIndex;
    /** Whether it stands in the list of those with something to send. */
    boolean isBusy;
    boolean isClosed;

    ClientSession(final long sessionId, final ClientEgress egress, final ClientReplyQueue queue)
    {
        this.sessionId = sessionId;
        this.egress = egress;
        this.queue = queue;
    }

    long sessionId()
    {
        return sessionId;
    }

    ClientEgress egress()
    {
        return egress;
    }

    ClientReplyQueue queue()
    {
        return queue;
    }

    /** The client has moved, or what it listened on has ended; what is queued goes to the new place. */
    void egress(final ClientEgress newEgress)
    {
        egress.close();
        egress = newEgress;
    }

    void onConnect(final long correlationId)
    {
        connectCorrelationId = correlationId;
        due |= DUE_CONNECT_REPLY;
    }

    void onMembers()
    {
        due |= DUE_MEMBERS;
    }

    void onLeader()
    {
        // The answer to a Connect that is still to come says the same.
        due |= 0 == (due & DUE_CONNECT_REPLY) ? DUE_REDIRECT : 0;
    }

    void onKeepAlive()
    {
        due |= DUE_KEEP_ALIVE;
    }

    void onHeard()
    {
        silentTicks = 0;
    }

    /** A query more waits for its answer; returns how many do. */
    int onQuery()
    {
        return ++queryCount;
    }

    void onQueryEnded()
    {
        queryCount = Math.max(0, queryCount - 1);
    }

    /** Within the last two ticks, of the eight that make a session timeout. */
    boolean isHeardLately()
    {
        return silentTicks <= 2;
    }

    /** One more tick without a word; returns how many. */
    int onTick()
    {
        return ++silentTicks;
    }

    boolean hasWork()
    {
        return 0 != due || !queue.isEmpty();
    }

    /** Sends or queues a reply. False if there is no room for it, or nobody to send it to. */
    boolean reply(
        final DirectBuffer head, final int headLength, final DirectBuffer payload, final int offset, final int length)
    {
        if (queue.isEmpty())
        {
            final int result = egress.offer(head, 0, headLength, payload, offset, length);
            if (ClientEgress.LATER != result)
            {
                return ClientEgress.SENT == result;
            }
        }
        return queue.offer(head, headLength, payload, offset, length);
    }

    /** Sends what waits, until the publication has no more room; {@link ClientEgress#DEAD} or the number sent. */
    int doWork(final ClientMessageEncoder encoder, final ConnectCode connectCode)
    {
        int sent = 0;
        while (!queue.isEmpty())
        {
            final int result = egress.offer(queue.buffer(), queue.headOffset(), queue.headLength());
            if (ClientEgress.SENT != result)
            {
                return ClientEgress.DEAD == result ? result : sent;
            }
            queue.removeHead();
            sent++;
        }
        while (0 != due)
        {
            final int which = Integer.lowestOneBit(due);
            final int result = egress.offer(encoder.buffer(), 0, encode(which, encoder, connectCode));
            if (ClientEgress.SENT != result)
            {
                return ClientEgress.DEAD == result ? result : sent;
            }
            due ^= which;
            sent++;
        }
        return sent;
    }

    private int encode(final int which, final ClientMessageEncoder encoder, final ConnectCode connectCode)
    {
        return switch (which)
        {
            case DUE_CONNECT_REPLY -> encoder.connectReply(sessionId, connectCorrelationId, connectCode);
            case DUE_REDIRECT -> encoder.redirect(sessionId);
            case DUE_MEMBERS -> encoder.members(sessionId);
            default -> encoder.keepAlive(sessionId);
        };
    }
}
