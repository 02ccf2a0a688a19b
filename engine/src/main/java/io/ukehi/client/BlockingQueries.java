package io.ukehi.client;

import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;

/**
 * A query that is waited for. Since nothing changes by it, it is asked again until it is answered or its time is up: of
 * the leader wherever that is, or of one member after another. Owned by the thread that uses the session.
 */
final class BlockingQueries implements QueryListener
{
    private final Session session;
    private final ClientContext ctx;
    private final NanoClock clock;
    private final IdleStrategy idleStrategy;
    private MutableDirectBuffer reply;
    private long awaitedId;
    private QueryCode code;
    private boolean isEnded;
    private int replyLength;
    private long index;
    private int memberId;

    BlockingQueries(final Session session, final ClientContext ctx)
    {
        this.session = session;
        this.ctx = ctx;
        clock = ctx.nanoClock();
        idleStrategy = ctx.idleStrategy();
    }

    int query(
        final Consistency consistency,
        final long maxLagNs,
        final int member,
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final MutableDirectBuffer replyBuffer,
        final ReplyListener others)
    {
        reply = replyBuffer;
        final long deadlineNs = clock.nanoTime() + ctx.messageTimeoutNs();
        QueryCode refusal = QueryCode.NULL_VAL;
        try
        {
            while (true)
            {
                final long id = session.offerQuery(consistency, maxLagNs, member, buffer, offset, length);
                checkOpen();
                if (id > 0 && await(id, deadlineNs, others))
                {
                    refusal = code;
                    if (QueryCode.ANSWERED == code)
                    {
                        return checkedLength();
                    }
                }
                checkFinal(UkehiClient.MESSAGE_TOO_LARGE == id ? QueryCode.REJECTED_TOO_LARGE : refusal);
                waitBefore(id > 0 ? ctx.backoffMinNs() / 4 : 0, deadlineNs, refusal, others);
            }
        }
        finally
        {
            reply = null;
            awaitedId = 0;
            idleStrategy.reset();
        }
    }

    /** False if the time is up. */
    private boolean await(final long id, final long deadlineNs, final ReplyListener others)
    {
        awaitedId = id;
        isEnded = false;
        while (!isEnded)
        {
            if (clock.nanoTime() - deadlineNs >= 0 || Thread.currentThread().isInterrupted())
            {
                session.forgetQuery(id);
                return false;
            }
            idleStrategy.idle(session.poll(others, this));
        }
        return true;
    }

    private void waitBefore(
        final long pauseNs, final long deadlineNs, final QueryCode refusal, final ReplyListener others)
    {
        final long againNs = clock.nanoTime() + pauseNs;
        do
        {
            if (Thread.currentThread().isInterrupted())
            {
                throw new UkehiClientException("interrupted while waiting for the answer to a query");
            }
            if (clock.nanoTime() - deadlineNs >= 0)
            {
                final String within = " within " + ctx.messageTimeoutNs() / 1_000_000 + " ms";
                throw QueryCode.NULL_VAL == refusal ?
                    new ClientTimeoutException("nobody answered the query" + within + ":" +
                        session.answers().describe()) :
                    new QueryRejectedException(refusal, "not answered" + within + ", at last because of " + refusal);
            }
            idleStrategy.idle(session.poll(others, this));
        }
        while (clock.nanoTime() - againNs < 0);
    }

    /** What no other member and no other time would answer. */
    private static void checkFinal(final QueryCode code)
    {
        if (QueryCode.REJECTED_TOO_LARGE == code || QueryCode.REJECTED_UNSUPPORTED == code)
        {
            throw new QueryRejectedException(code, "the query is refused: " + code);
        }
    }

    private void checkOpen()
    {
        if (UkehiClient.State.CLOSED == session.state())
        {
            throw new UkehiClientException("the client is closed");
        }
    }

    private int checkedLength()
    {
        if (!reply.isExpandable() && reply.capacity() < replyLength)
        {
            throw new UkehiClientException(
                "the answer of " + replyLength + " bytes does not fit the buffer of " + reply.capacity());
        }
        return replyLength;
    }

    /** Of the last answer: up to which index the state was applied. */
    long index()
    {
        return index;
    }

    /** Of the last answer: whose it was. */
    int memberId()
    {
        return memberId;
    }

    @Override
    public void onQuery(
        final long correlationId,
        final QueryCode queryCode,
        final int fromId,
        final long atIndex,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        if (correlationId != awaitedId)
        {
            return;
        }
        isEnded = true;
        code = queryCode;
        replyLength = length;
        index = atIndex;
        memberId = fromId;
        if (reply.isExpandable() || reply.capacity() >= length)
        {
            reply.putBytes(0, buffer, offset, length);
        }
    }
}
