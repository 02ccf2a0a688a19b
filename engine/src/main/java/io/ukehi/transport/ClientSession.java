package io.ukehi.transport;

import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.Stage;
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
    private final long sinceNs;
    private final ReplyStages stages = Stage.isOn() ? new ReplyStages() : null;
    private ClientEgress egress;
    private long connectCorrelationId;
    private int due;
    private int silentTicks;
    private boolean isEstablished;
    private int queryCount;
    /** Position in the list of all sessions. */
    int listIndex;
    /** Whether it stands in the list of those with something to send. */
    boolean isBusy;
    boolean isClosed;

    ClientSession(final long sessionId, final ClientEgress egress, final ClientReplyQueue queue, final long sinceNs)
    {
        this.sessionId = sessionId;
        this.egress = egress;
        this.queue = queue;
        this.sinceNs = sinceNs;
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
        silentTicks = 0;
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

    /**
     * Something other than a Connect came. Who listens nowhere cannot have been answered, whatever it says.
     *
     * @return whether it is established by this.
     */
    boolean onHeard()
    {
        silentTicks = 0;
        if (isEstablished || !egress.isConnected())
        {
            return false;
        }
        isEstablished = true;
        return true;
    }

    boolean isEstablished()
    {
        return isEstablished;
    }

    /** Monotonic time since when it is here. */
    long sinceNs()
    {
        return sinceNs;
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

    /**
     * Gathers how commands ended, to be sent by {@link #doWork}, or once a message's worth is there. False if there is
     * no room.
     */
    boolean reply(
        final ClientMessageEncoder encoder,
        final long correlationId,
        final ReplyCode code,
        final long index,
        final long token,
        final DirectBuffer payload,
        final int offset,
        final int length)
    {
        final int recordLength = ClientMessageEncoder.replyRecordLength(length);
        int at = queue.extend(recordLength, egress.maxPayloadLength());
        if (ClientReplyQueue.NONE == at)
        {
            sendQueued(encoder);
            at = queue.begin(ClientMessageEncoder.REPLY_HEAD_LENGTH + recordLength);
            if (ClientReplyQueue.NONE == at)
            {
                return false;
            }
            at += ClientMessageEncoder.REPLY_HEAD_LENGTH;
        }
        encoder.putReply(queue.buffer(), at, correlationId, code, index, token, payload, offset, length);
        return true;
    }

    private void closeReply(final ClientMessageEncoder encoder)
    {
        if (queue.isOpen())
        {
            encoder.sealReply(queue.buffer(), queue.openOffset(), queue.openLength(), sessionId);
            queue.closeOpen();
        }
    }

    /** Sends or queues a message that the encoder holds the head of. False if there is no room, or nobody listens. */
    boolean offer(
        final ClientMessageEncoder encoder,
        final int headLength,
        final DirectBuffer payload,
        final int offset,
        final int length)
    {
        if (queue.isEmpty())
        {
            final int result = egress.offer(encoder.buffer(), 0, headLength, payload, offset, length);
            if (ClientEgress.LATER != result)
            {
                return ClientEgress.SENT == result;
            }
        }
        closeReply(encoder);
        return queue.offer(encoder.buffer(), headLength, payload, offset, length);
    }

    /** Sends what waits, until the publication has no more room; {@link ClientEgress#DEAD} or the number sent. */
    int doWork(final ClientMessageEncoder encoder, final ConnectCode connectCode)
    {
        int sent = sendQueued(encoder);
        // To encode for who does not listen yet would cost as much in every cycle.
        while (0 != due && queue.isEmpty() && egress.isConnected())
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
        return egress.isDead() ? ClientEgress.DEAD : sent;
    }

    private int sendQueued(final ClientMessageEncoder encoder)
    {
        closeReply(encoder);
        int sent = 0;
        while (!queue.isEmpty())
        {
            if (Stage.isOn())
            {
                stages.onSend(queue.buffer(), queue.headOffset(), queue.headLength());
            }
            final int result = egress.offer(queue.buffer(), queue.headOffset(), queue.headLength());
            if (ClientEgress.SENT != result)
            {
                return ClientEgress.DEAD == result ? result : sent;
            }
            queue.removeHead();
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
