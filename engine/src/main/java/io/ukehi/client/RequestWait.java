package io.ukehi.client;

import io.ukehi.codecs.client.ReplyCode;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** Waits for one command's end among those that a poll tells of, and passes the others on. */
final class RequestWait implements ReplyListener
{
    private long awaitedId;
    private MutableDirectBuffer reply;
    private ReplyListener others;
    private Outcome outcome;
    private ReplyCode code;
    private int length;

    void begin(final MutableDirectBuffer replyBuffer, final ReplyListener listenerOfOthers)
    {
        reply = replyBuffer;
        others = listenerOfOthers;
        await(0);
    }

    /** Waits for a command; 0 for none. */
    void await(final long correlationId)
    {
        awaitedId = correlationId;
        outcome = null;
        code = ReplyCode.NULL_VAL;
        length = 0;
    }

    /** How the command ended, or null while it has not. */
    Outcome outcome()
    {
        return outcome;
    }

    ReplyCode code()
    {
        return code;
    }

    /** Length of the state machine's reply in bytes. */
    int length()
    {
        return length;
    }

    void end()
    {
        reply = null;
        others = null;
        awaitedId = 0;
    }

    @Override
    public void onReply(
        final long correlationId,
        final Outcome replyOutcome,
        final ReplyCode replyCode,
        final long index,
        final long token,
        final DirectBuffer buffer,
        final int offset,
        final int replyLength)
    {
        if (correlationId == awaitedId)
        {
            outcome = replyOutcome;
            code = replyCode;
            length = replyLength;
            if (reply.isExpandable() || reply.capacity() >= replyLength)
            {
                reply.putBytes(0, buffer, offset, replyLength);
            }
        }
        else
        {
            others.onReply(correlationId, replyOutcome, replyCode, index, token, buffer, offset, replyLength);
        }
    }
}
