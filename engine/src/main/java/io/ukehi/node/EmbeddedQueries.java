package io.ukehi.node;

import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * The way of the embedding program's queries: any thread puts them into a ring, the duty cycle takes them out, asks the
 * replica and completes each one's future.
 */
final class EmbeddedQueries
{
    /** What the duty cycle does with a query. */
    interface Asker
    {
        /** @return {@link QueryCode#ANSWERED} if the answer will come, or why there will be none. */
        QueryCode ask(
            long correlationId, Consistency consistency, long maxLagNs, DirectBuffer buffer, int offset, int length);
    }

    private static final int CORRELATION_OFFSET = 0;
    private static final int LAG_OFFSET = 8;
    private static final int HEADER_LENGTH = 16;
    private static final Consistency[] CONSISTENCIES = Consistency.values();
    private static final DirectBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final ManyToOneRingBuffer ring;
    private final AtomicLong nextCorrelationId = new AtomicLong(1);
    private final ConcurrentHashMap<Long, CompletableFuture<QueryResult>> futures = new ConcurrentHashMap<>();
    private final MessageHandler handler = this::onMessage;
    private Asker asker;
    private volatile boolean isClosed;

    /** @param ringLength in bytes, a power of two; an eighth of it is the longest query. */
    EmbeddedQueries(final int ringLength)
    {
        ring = new ManyToOneRingBuffer(new UnsafeBuffer(BufferUtil.allocateDirectAligned(
            ringLength + RingBufferDescriptor.TRAILER_LENGTH, BitUtil.CACHE_LINE_LENGTH)));
    }

    /** Any thread: as {@link UkehiNode#query}. */
    CompletableFuture<QueryResult> query(
        final Consistency consistency,
        final long maxLagNs,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        final CompletableFuture<QueryResult> future = new CompletableFuture<>();
        final long correlationId = nextCorrelationId.getAndIncrement();
        final QueryCode refusal = put(future, correlationId, consistency, maxLagNs, buffer, offset, length);
        if (null != refusal)
        {
            futures.remove(correlationId);
            future.complete(QueryResult.rejected(refusal));
        }
        return future;
    }

    private QueryCode put(
        final CompletableFuture<QueryResult> future,
        final long correlationId,
        final Consistency consistency,
        final long maxLagNs,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        if (length > ring.maxMsgLength() - HEADER_LENGTH)
        {
            return QueryCode.REJECTED_TOO_LARGE;
        }
        futures.put(correlationId, future);
        final int claim = isClosed ? -1 : ring.tryClaim(1 + consistency.value(), HEADER_LENGTH + length);
        if (claim < 0)
        {
            return isClosed ? QueryCode.REJECTED_NO_LEADER : QueryCode.REJECTED_BACK_PRESSURED;
        }
        boolean isTaken = false;
        try
        {
            // Asked again behind the claim: close() either sees the claim and waits for it, or is seen here.
            if (!isClosed)
            {
                final MutableDirectBuffer target = ring.buffer();
                target.putLong(claim + CORRELATION_OFFSET, correlationId);
                target.putLong(claim + LAG_OFFSET, maxLagNs);
                target.putBytes(claim + HEADER_LENGTH, buffer, offset, length);
                isTaken = true;
            }
        }
        finally
        {
            if (isTaken)
            {
                ring.commit(claim);
            }
            else
            {
                ring.abort(claim);
            }
        }
        return isTaken ? null : QueryCode.REJECTED_NO_LEADER;
    }

    /** Duty-cycle thread: takes queries out, up to a limit. */
    int poll(final Asker to, final int limit)
    {
        asker = to;
        return ring.read(handler, limit);
    }

    private void onMessage(final int type, final MutableDirectBuffer buffer, final int offset, final int length)
    {
        final long correlationId = buffer.getLong(offset + CORRELATION_OFFSET);
        final QueryCode code = asker.ask(
            correlationId, CONSISTENCIES[type - 1], buffer.getLong(offset + LAG_OFFSET),
            buffer, offset + HEADER_LENGTH, length - HEADER_LENGTH);
        if (QueryCode.ANSWERED != code)
        {
            onEnded(correlationId, code, 0, NOTHING, 0, 0);
        }
    }

    /** Duty-cycle thread: a query has ended. */
    void onEnded(
        final long correlationId,
        final QueryCode code,
        final long index,
        final DirectBuffer reply,
        final int offset,
        final int length)
    {
        final CompletableFuture<QueryResult> future = futures.remove(correlationId);
        if (null != future)
        {
            final byte[] bytes = new byte[length];
            reply.getBytes(offset, bytes);
            future.complete(new QueryResult(code, index, bytes));
        }
    }

    /** Duty-cycle thread, last: nothing more is answered. */
    void close()
    {
        isClosed = true;
        final long end = ring.producerPosition();
        while (ring.consumerPosition() < end)
        {
            poll(
                (id, consistency, maxLagNs, buffer, offset, length) -> QueryCode.REJECTED_NO_LEADER,
                Integer.MAX_VALUE);
            Thread.onSpinWait();
        }
        for (final CompletableFuture<QueryResult> future : futures.values())
        {
            future.complete(QueryResult.rejected(QueryCode.REJECTED_NO_LEADER));
        }
        futures.clear();
    }
}
