package io.ukehi.client;

import io.aeron.Publication;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.QueryReplyDecoder;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Queries that have been sent and have not ended. They may go to any member: one that does not lead is told who asks
 * first, and again whenever it has not been spoken to for so long that it may have forgotten. Owned by the thread that
 * uses the client; allocates nothing in the steady state.
 */
final class Queries
{
    /** Makes this client known to a member. */
    interface Introduction
    {
        /** @return false if that cannot be sent now. */
        boolean introduce(int member);
    }

    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(new byte[0]);
    private static final QueryCode[] CODES = codes();

    private final ClientTransport transport;
    private final RequestEncoder encoder;
    private final Introduction introduction;
    private final NanoClock clock;
    private final ClientStats stats;
    private final long timeoutNs;
    private final long introductionNs;
    private final OutstandingQueries outstanding;
    private boolean[] isIntroduced;
    private long[] spokenNs;
    private long lastCorrelationId;

    Queries(
        final ClientContext ctx,
        final ClientTransport transport,
        final RequestEncoder encoder,
        final ClientStats stats,
        final Introduction introduction)
    {
        this.transport = transport;
        this.encoder = encoder;
        this.introduction = introduction;
        this.stats = stats;
        clock = ctx.nanoClock();
        timeoutNs = ctx.messageTimeoutNs();
        // Much shorter than the time after which a member forgets a client that says nothing.
        introductionNs = 10 * ctx.keepAliveIntervalNs();
        outstanding = new OutstandingQueries(ctx.maxOutstanding());
        isIntroduced = new boolean[transport.memberCount()];
        spokenNs = new long[transport.memberCount()];
    }

    /** There are more members than before. */
    void onMembers()
    {
        isIntroduced = Arrays.copyOf(isIntroduced, transport.memberCount());
        spokenNs = Arrays.copyOf(spokenNs, transport.memberCount());
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
        if (!isLeader && (!isIntroduced[member] || nowNs - spokenNs[member] > introductionNs))
        {
            isIntroduced[member] = connection.isConnected() && introduction.introduce(member);
            if (!isIntroduced[member])
            {
                return UkehiClient.NOT_CONNECTED;
            }
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
            isIntroduced[member] &= Publication.NOT_CONNECTED != result;
            return result;
        }
        lastCorrelationId = correlationId;
        spokenNs[member] = nowNs;
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
            // Whoever was silent may have forgotten this client.
            Arrays.fill(isIntroduced, false);
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

    /** A member has ended the session, or its answers come by another way now. */
    void onForgotten()
    {
        Arrays.fill(isIntroduced, false);
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
