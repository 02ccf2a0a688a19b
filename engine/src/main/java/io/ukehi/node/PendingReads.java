package io.ukehi.node;

import io.ukehi.CoverageMark;
import io.ukehi.Invariant;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.raft.Raft;
import io.ukehi.statemachine.CommandApplier;
import org.agrona.BufferUtil;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.ControlledMessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Queries from when they are asked until the state that answers them is there. None puts anything into the log.
 * <p>
 * A query that needs to know what is committed (thesis 6.4) gets a ticket and stands in a ring in the order of tickets.
 * What becomes of tickets is a row of <b>verdicts</b>, each about all tickets up to one: confirmed at an index, which
 * must be applied before they are answered; or lost. When there are too many verdicts the last ones are joined, to a
 * loss if one of them is: to reject a query is always safe.
 * <p>
 * A query that needs to know what time it is (by lease, or of bounded age) waits in another ring for the next cycle:
 * the time of the present one may have been read long before the query came, if the process stood still meanwhile.
 * <p>
 * The state's age is counted from questions to the leader: whoever knows that an index covers all that was committed
 * before a time, and has applied it, is no older than that time. A leader's heartbeats would not do: they may have been
 * on their way for long, or come from one that is leader no more. So a query of bounded age that this node cannot
 * answer asks the leader as well.
 * <p>
 * Duty-cycle thread. Allocates nothing after construction.
 */
final class PendingReads
{
    /** Whom the end of a query is told. */
    interface Sink
    {
        /** As {@link ReplicaListener#onQuery}. */
        void onQuery(
            long sessionId, long correlationId, QueryCode code, long index, DirectBuffer reply, int offset, int length);
    }

    /** Room for verdicts, a power of two. */
    private static final int MAX_VERDICTS = 64;
    private static final long LOST = -1;
    private static final int SESSION_OFFSET = 0;
    private static final int CORRELATION_OFFSET = 8;
    /** Of those that wait for a verdict: the ticket. Of those that wait for a cycle: how old the state may be. */
    private static final int NUMBER_OFFSET = 16;
    private static final int HEADER_LENGTH = 24;
    private static final Consistency[] CONSISTENCIES = Consistency.values();
    private static final DirectBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final Raft raft;
    private final CommandApplier applier;
    private final Sink sink;
    private final int limit;
    private final OneToOneRingBuffer waiting;
    private final OneToOneRingBuffer arrived;
    private final ControlledMessageHandler onWaiting = this::onWaiting;
    private final ControlledMessageHandler onArrived = this::onArrived;
    private final long[] verdictTickets = new long[MAX_VERDICTS];
    private final long[] verdictIndexes = new long[MAX_VERDICTS];
    private final long[] verdictSinceNs = new long[MAX_VERDICTS];
    private long verdictHead;
    private long verdictTail;
    /** Whether the next query waits for a later verdict. */
    private boolean isBeyond;
    private long nowNs;
    /** What has arrived before the time of this cycle was read. */
    private long arrivedBefore;
    private long freshNs;
    private boolean isFreshKnown;

    /**
     * @param raft        who knows what is committed.
     * @param applier     who asks the state machine.
     * @param sink        told of every query that was taken, once.
     * @param limit       queries answered in a cycle, of each ring.
     * @param queueLength of each ring in bytes, a power of two; a query takes an eighth of it at most.
     */
    PendingReads(
        final Raft raft, final CommandApplier applier, final Sink sink, final int limit, final int queueLength)
    {
        this.raft = raft;
        this.applier = applier;
        this.sink = sink;
        this.limit = limit;
        this.waiting = ring(queueLength);
        this.arrived = ring(queueLength);
    }

    private static OneToOneRingBuffer ring(final int length)
    {
        return new OneToOneRingBuffer(new UnsafeBuffer(BufferUtil.allocateDirectAligned(
            length + RingBufferDescriptor.TRAILER_LENGTH, BitUtil.CACHE_LINE_LENGTH)));
    }

    /** Longest query in bytes. */
    int maxLength()
    {
        return waiting.maxMsgLength() - HEADER_LENGTH;
    }

    /** As {@link Replica#query}. */
    QueryCode ask(
        final long sessionId,
        final long correlationId,
        final Consistency consistency,
        final long maxLagNs,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        if (length > maxLength())
        {
            return QueryCode.REJECTED_TOO_LARGE;
        }
        if (Consistency.LEASE == consistency || Consistency.STALE == consistency)
        {
            return put(arrived, sessionId, correlationId, consistency, maxLagNs, buffer, offset, length) ?
                QueryCode.ANSWERED : QueryCode.REJECTED_BACK_PRESSURED;
        }
        return await(sessionId, correlationId, consistency, buffer, offset, length);
    }

    private static boolean put(
        final OneToOneRingBuffer ring,
        final long sessionId,
        final long correlationId,
        final Consistency consistency,
        final long number,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        final int claim = ring.tryClaim(1 + consistency.value(), HEADER_LENGTH + length);
        if (claim < 0)
        {
            return false;
        }
        final MutableDirectBuffer target = ring.buffer();
        target.putLong(claim + SESSION_OFFSET, sessionId);
        target.putLong(claim + CORRELATION_OFFSET, correlationId);
        target.putLong(claim + NUMBER_OFFSET, number);
        target.putBytes(claim + HEADER_LENGTH, buffer, offset, length);
        ring.commit(claim);
        return true;
    }

    private QueryCode await(
        final long sessionId,
        final long correlationId,
        final Consistency consistency,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        final long ticket = raft.askReadIndex();
        if (Raft.NOT_LEADER == ticket)
        {
            return codeOfLoss(consistency);
        }
        // A ticket that nobody holds harms nobody.
        return put(waiting, sessionId, correlationId, consistency, ticket, buffer, offset, length) ?
            QueryCode.ANSWERED : QueryCode.REJECTED_BACK_PRESSURED;
    }

    /** A cycle begins, and its time has just been read. */
    void onCycle(final long newNowNs)
    {
        nowNs = newNowNs;
        arrivedBefore = arrived.producerPosition();
    }

    /** As {@link io.ukehi.raft.RaftListener#onReadIndex}. */
    void onConfirmed(final long ticket, final long index, final long sinceNs)
    {
        add(ticket, index, sinceNs);
    }

    /** As {@link io.ukehi.raft.RaftListener#onReadIndexLost}. */
    void onLost(final long ticket)
    {
        add(ticket, LOST, 0);
    }

    private void add(final long ticket, final long index, final long sinceNs)
    {
        if (verdictTail - verdictHead < MAX_VERDICTS)
        {
            final int slot = (int)verdictTail++ & MAX_VERDICTS - 1;
            verdictTickets[slot] = ticket;
            verdictIndexes[slot] = index;
            verdictSinceNs[slot] = sinceNs;
            return;
        }
        final int last = (int)(verdictTail - 1) & MAX_VERDICTS - 1;
        Invariant.check(ticket >= verdictTickets[last], "tickets rise", ticket);
        verdictTickets[last] = ticket;
        // The older time stays: it is true of the later index as well.
        verdictIndexes[last] = LOST == index || LOST == verdictIndexes[last] ? LOST : index;
    }

    /** Answers what can be answered with what is applied now. Work done. */
    int doWork()
    {
        int workCount = 0;
        while (verdictHead < verdictTail && workCount < limit)
        {
            final int slot = (int)verdictHead & MAX_VERDICTS - 1;
            final boolean isLost = LOST == verdictIndexes[slot];
            if (!isLost && verdictIndexes[slot] > applier.appliedIndex())
            {
                CoverageMark.READ_WAITS_FOR_APPLY.hit();
                break;
            }
            if (!isLost)
            {
                onFresh(verdictSinceNs[slot]);
            }
            isBeyond = false;
            while (!isBeyond && waiting.consumerPosition() < waiting.producerPosition() && workCount < limit)
            {
                // Up to the end of the ring's memory at most; the rest is for the next round.
                workCount += waiting.controlledRead(onWaiting, limit - workCount);
            }
            if (!isBeyond && waiting.consumerPosition() < waiting.producerPosition())
            {
                break;
            }
            verdictHead++;
        }
        return workCount + doArrived();
    }

    private int doArrived()
    {
        int workCount = 0;
        while (arrived.consumerPosition() < arrivedBefore && workCount < limit)
        {
            workCount += arrived.controlledRead(onArrived, limit - workCount);
        }
        return workCount;
    }

    private void onFresh(final long sinceNs)
    {
        if (!isFreshKnown || sinceNs - freshNs > 0)
        {
            isFreshKnown = true;
            freshNs = sinceNs;
        }
    }

    private ControlledMessageHandler.Action onWaiting(
        final int type, final MutableDirectBuffer buffer, final int offset, final int length)
    {
        final int slot = (int)verdictHead & MAX_VERDICTS - 1;
        if (buffer.getLong(offset + NUMBER_OFFSET) > verdictTickets[slot])
        {
            isBeyond = true;
            return ControlledMessageHandler.Action.ABORT;
        }
        if (LOST == verdictIndexes[slot])
        {
            reject(buffer, offset, codeOfLoss(CONSISTENCIES[type - 1]));
        }
        else
        {
            answer(buffer, offset, length);
        }
        return ControlledMessageHandler.Action.CONTINUE;
    }

    private static QueryCode codeOfLoss(final Consistency consistency)
    {
        return switch (consistency)
        {
            case LINEARIZABLE, LEASE -> QueryCode.REJECTED_NOT_LEADER;
            case STALE -> QueryCode.REJECTED_TOO_STALE;
            default -> QueryCode.REJECTED_NO_LEADER;
        };
    }

    private ControlledMessageHandler.Action onArrived(
        final int type, final MutableDirectBuffer buffer, final int offset, final int length)
    {
        if (arrived.consumerPosition() >= arrivedBefore)
        {
            return ControlledMessageHandler.Action.ABORT;
        }
        final Consistency consistency = CONSISTENCIES[type - 1];
        if (isKnownGood(consistency, buffer.getLong(offset + NUMBER_OFFSET)))
        {
            answer(buffer, offset, length);
        }
        else
        {
            final QueryCode code = await(
                buffer.getLong(offset + SESSION_OFFSET), buffer.getLong(offset + CORRELATION_OFFSET), consistency,
                buffer, offset + HEADER_LENGTH, length - HEADER_LENGTH);
            if (QueryCode.ANSWERED != code)
            {
                reject(buffer, offset, code);
            }
        }
        // Committed one by one, so that the position tells which query is next.
        return ControlledMessageHandler.Action.COMMIT;
    }

    private boolean isKnownGood(final Consistency consistency, final long maxLagNs)
    {
        final long leaseIndex = raft.leaseReadIndex();
        if (leaseIndex >= 0 && leaseIndex <= applier.appliedIndex())
        {
            CoverageMark.READ_BY_LEASE.hit();
            return true;
        }
        return Consistency.STALE == consistency &&
            (Long.MAX_VALUE == maxLagNs || (isFreshKnown && nowNs - freshNs <= maxLagNs));
    }

    private void answer(final MutableDirectBuffer buffer, final int offset, final int length)
    {
        final int replyLength = applier.query(buffer, offset + HEADER_LENGTH, length - HEADER_LENGTH);
        if (CommandApplier.UNSUPPORTED == replyLength)
        {
            reject(buffer, offset, QueryCode.REJECTED_UNSUPPORTED);
        }
        else
        {
            sink.onQuery(
                buffer.getLong(offset + SESSION_OFFSET), buffer.getLong(offset + CORRELATION_OFFSET),
                QueryCode.ANSWERED, applier.appliedIndex(), applier.queryReply(), 0, replyLength);
        }
    }

    private void reject(final MutableDirectBuffer buffer, final int offset, final QueryCode code)
    {
        sink.onQuery(
            buffer.getLong(offset + SESSION_OFFSET), buffer.getLong(offset + CORRELATION_OFFSET),
            code, 0, NOTHING, 0, 0);
    }
}
