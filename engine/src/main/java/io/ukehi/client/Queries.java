package io.ukehi.client;

import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.QueryReplyDecoder;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Queries that have been sent and have not ended. They may go to any member that has said that it knows this client:
 * one that does not would have no way to answer by. Owned by the thread that uses the client; allocates nothing in the
 * steady state.
 */
final class Queries
{
    /** Whether members that do not lead have a way to answer by. */
    @FunctionalInterface
    interface Ways
    {
        /** @return false if a member has not; then it has been asked, and the answer may come soon. */
        boolean isOpen(int member, long nowNs);
    }

    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(new byte[0]);
    private static final QueryCode[] CODES = codes();

    private final ClientTransport transport;
    private final RequestEncoder encoder;
    private final Ways ways;
    private final NanoClock clock;
    private final ClientStats stats;
    private final long timeoutNs;
    private final OutstandingQueries outstanding;
    private long lastCorrelationId;

    Queries(
        final ClientContext ctx,
        final ClientTransport transport,
        final RequestEncoder encoder,
        final ClientStats stats,
        final Ways ways)
    {
        this.transport = transport;
        this.encoder = encoder;
        this.ways = ways;
        this.stats = stats;
        clock = ctx.nanoClock();
        timeoutNs = ctx.messageTimeoutNs();
        outstanding = new OutstandingQueries(ctx.maxOutstanding());
    }

    /** Sends a query to a member; as {@link UkehiClient#offerQuery}. */
    long offer(
        final int member,
        final boolean isLeader,
        final Consistency consistency,
        final long maxLagNs,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        if (outstanding.isFull())
        {
            return UkehiClient.BACK_PRESSURED;
        }
        final MemberConnection connection = transport.member(member);
        final long nowNs = clock.nanoTime();
        // The leader has answered this client before, and hears from it all the time.
        if (!isLeader && !ways.isOpen(member, nowNs))
        {
            return UkehiClient.NOT_CONNECTED;
        }
        final long correlationId = lastCorrelationId + 1;
        final int messageLength = encoder.query(correlationId, consistency, maxLagNs, buffer, offset, length);
        if (messageLength > connection.maxMessageLength())
        {
            return 0 == connection.maxMessageLength() ? UkehiClient.NOT_CONNECTED : UkehiClient.MESSAGE_TOO_LARGE;
        }
        final long result = connection.offer(encoder.buffer(), 0, messageLength);
        if (result < 0)
        {
            return result;
        }
        lastCorrelationId = correlationId;
        outstanding.add(correlationId, nowNs + timeoutNs);
        return correlationId;
    }

    /** A member has answered. */
    QueryCode onReply(
        final QueryReplyDecoder reply,
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final QueryListener listener)
    {
        if (!outstanding.remove(reply.correlationId()))
        {
            stats.late++;
            return QueryCode.NULL_VAL;
        }
        final QueryCode code = CODES[reply.codeRaw()];
        listener.onQuery(reply.correlationId(), code, reply.nodeId(), reply.index(), buffer, offset, length);
        return code;
    }

    /** Ends those that nobody has answered in time. */
    int doWork(final long nowNs, final QueryListener listener)
    {
        int workCount = 0;
        long expired;
        while (OutstandingQueries.NONE != (expired = outstanding.removeExpired(nowNs)))
        {
            listener.onQuery(expired, QueryCode.NULL_VAL, 0, 0, NOTHING, 0, 0);
            workCount++;
        }
        return workCount;
    }

    /** Ends all of them: the client is closed. */
    int abandon(final QueryListener listener)
    {
        int workCount = 0;
        long correlationId;
        while (OutstandingQueries.NONE != (correlationId = outstanding.removeOldest()))
        {
            listener.onQuery(correlationId, QueryCode.NULL_VAL, 0, 0, NOTHING, 0, 0);
            workCount++;
        }
        return workCount;
    }

    /** Gives a query up, so that nobody is told of its end. */
    void forget(final long correlationId)
    {
        outstanding.remove(correlationId);
    }

    int size()
    {
        return outstanding.size();
    }

    private static QueryCode[] codes()
    {
        final QueryCode[] codes = new QueryCode[256];
        Arrays.fill(codes, QueryCode.NULL_VAL);
        for (final QueryCode code : QueryCode.values())
        {
            codes[code.value()] = code;
        }
        return codes;
    }
}
