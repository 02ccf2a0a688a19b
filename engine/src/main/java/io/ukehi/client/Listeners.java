package io.ukehi.client;

import io.ukehi.Invariant;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.ReplyCode;
import org.agrona.DirectBuffer;
import org.agrona.collections.LongHashSet;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Whom a poll tells of commands and queries that have ended. What a listener throws is kept until the poll is over:
 * thrown through Aeron's poll it would end in Aeron's error handler, and the caller of ours is to have it. Owned by the
 * thread that uses the client.
 */
final class Listeners implements QueryListener
{
    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final LongHashSet forgotten = new LongHashSet();
    private ReplyListener replyListener;
    private QueryListener queryListener;
    private RuntimeException failure;
    private boolean isPolling;

    /** A poll begins. */
    void begin(final ReplyListener replies, final QueryListener queries)
    {
        Invariant.check(!isPolling, "a listener does not poll");
        isPolling = true;
        replyListener = replies;
        queryListener = queries;
    }

    /** The poll is over. */
    void end()
    {
        isPolling = false;
        replyListener = null;
        queryListener = null;
    }

    /** Whether a listener may be what calls. */
    boolean isPolling()
    {
        return isPolling;
    }

    /** Throws what listeners have thrown, the first with the others suppressed. */
    void rethrow()
    {
        if (null != failure)
        {
            final RuntimeException thrown = failure;
            failure = null;
            throw thrown;
        }
    }

    /** Nobody wants to hear of a command's end; false if that was known. */
    boolean forget(final long correlationId)
    {
        return forgotten.add(correlationId);
    }

    /** Commands whose end nobody wants to hear of. */
    int forgottenCount()
    {
        return forgotten.size();
    }

    /** A command's outcome will not be known. */
    void onUnknown(final long correlationId)
    {
        onReply(correlationId, Outcome.UNKNOWN, ReplyCode.NULL_VAL, 0, 0, NOTHING, 0, 0);
    }

    /** A command has ended. */
    void onReply(
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
            replyListener.onReply(correlationId, outcome, code, index, token, buffer, offset, length);
        }
        catch (final RuntimeException ex)
        {
            keep(ex);
        }
    }

    @Override
    public void onQuery(
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
            keep(ex);
        }
    }

    private void keep(final RuntimeException ex)
    {
        if (null == failure)
        {
            failure = ex;
        }
        else if (ex != failure)
        {
            failure.addSuppressed(ex);
        }
    }
}
