package io.ukehi.transport;

import io.aeron.Aeron;
import io.ukehi.codecs.client.ConnectCode;
import org.agrona.CloseHelper;

/**
 * Answers those who have no session: who asks for a node's status, and who finds it full.
 * <p>
 * A few publications are kept open for those who ask again and again; each holds one question that cannot be answered
 * yet, a later one replaces it. One that is not used for the session timeout is closed, and the longest unused with no
 * open question makes room for a new one. Belongs to the duty-cycle thread.
 */
final class ClientResponders implements AutoCloseable
{
    private static final int OPENS_PER_SLOT = 4;

    /** Fewer than clients may have that find a place. */
    private static final int OPENS_PER_SECOND = 20;

    private static final int NOTHING = 0;
    private static final int STATUS = 1;
    private static final int SESSION_LIMIT = 2;

    private final Aeron aeron;
    private final ClientMessageEncoder encoder;
    private final ClientSessions sessions;
    private final DropCounters drops;
    private final OpenBudget budget;
    private final Slot[] slots;
    private final long timeoutNs;
    private final ClientStatus status = new ClientStatus();
    private ClientHandler handler;
    private long nowNs;

    private static final class Slot
    {
        ClientEgress egress;
        /** Stamped by the first cycle that sees a question: what was asked before may have waited long to be read. */
        long usedNs;
        boolean isStampDue;
        long sessionId;
        long correlationId;
        int question = NOTHING;
    }

    ClientResponders(
        final Aeron aeron,
        final ClientGatewayConfig config,
        final ClientMessageEncoder encoder,
        final ClientSessions sessions,
        final DropCounters drops)
    {
        this.aeron = aeron;
        this.encoder = encoder;
        this.sessions = sessions;
        this.drops = drops;
        this.timeoutNs = config.sessionTimeoutNs();
        this.budget = new OpenBudget(OPENS_PER_SLOT * config.statusChannelLimit(), OPENS_PER_SECOND);
        this.slots = new Slot[config.statusChannelLimit()];
        for (int i = 0; i < slots.length; i++)
        {
            slots[i] = new Slot();
        }
    }

    void onStatusRequest(
        final ClientHandler asked,
        final long sessionId,
        final long correlationId,
        final String channel,
        final int streamId)
    {
        handler = asked;
        onQuestion(STATUS, sessionId, correlationId, channel, streamId);
    }

    void onSessionLimit(final long sessionId, final long correlationId, final String channel, final int streamId)
    {
        onQuestion(SESSION_LIMIT, sessionId, correlationId, channel, streamId);
    }

    private void onQuestion(
        final int question,
        final long sessionId,
        final long correlationId,
        final String channel,
        final int streamId)
    {
        final Slot slot = slotOf(channel, streamId);
        if (null == slot)
        {
            drops.increment(DropReason.NO_ROOM_TO_ANSWER);
            return;
        }
        slot.question = question;
        slot.sessionId = sessionId;
        slot.correlationId = correlationId;
        slot.usedNs = nowNs;
        slot.isStampDue = true;
        answer(slot);
    }

    private Slot slotOf(final String channel, final int streamId)
    {
        Slot unused = null;
        for (final Slot slot : slots)
        {
            if (null != slot.egress && slot.egress.isTo(channel, streamId))
            {
                return slot;
            }
            if (isBetter(slot, unused))
            {
                unused = slot;
            }
        }
        if (null == unused || !budget.take())
        {
            return null;
        }
        CloseHelper.close(unused.egress);
        unused.egress = new ClientEgress(aeron, channel, streamId);
        return unused;
    }

    /** Whether the one makes room sooner than the other: empty, or else without a question and unused for longer. */
    private static boolean isBetter(final Slot slot, final Slot other)
    {
        if (NOTHING != slot.question)
        {
            return false;
        }
        return null == other ||
            (null != other.egress && (null == slot.egress || slot.usedNs - other.usedNs < 0));
    }

    private int answer(final Slot slot)
    {
        final int result = slot.egress.isConnected() ?
            slot.egress.offer(encoder.buffer(), 0, encode(slot)) : ClientEgress.LATER;
        if (ClientEgress.SENT == result)
        {
            slot.question = NOTHING;
            return 1;
        }
        if (slot.egress.isDead())
        {
            drops.increment(DropReason.REFUSED_CHANNEL);
            free(slot);
        }
        return 0;
    }

    private int encode(final Slot slot)
    {
        if (SESSION_LIMIT == slot.question)
        {
            return encoder.connectReply(slot.sessionId, slot.correlationId, ConnectCode.SESSION_LIMIT);
        }
        encoder.fill(status, sessions.count());
        handler.onStatus(status);
        return encoder.statusReply(slot.sessionId, slot.correlationId, status);
    }

    int doWork(final long now)
    {
        nowNs = now;
        budget.onCycle(now);
        int workCount = 0;
        for (final Slot slot : slots)
        {
            if (null == slot.egress)
            {
                continue;
            }
            if (slot.isStampDue)
            {
                slot.isStampDue = false;
                slot.usedNs = now;
            }
            if (NOTHING != slot.question)
            {
                workCount += answer(slot);
            }
            if (null != slot.egress && now - slot.usedNs > timeoutNs)
            {
                free(slot);
                workCount++;
            }
        }
        return workCount;
    }

    private static void free(final Slot slot)
    {
        CloseHelper.close(slot.egress);
        slot.egress = null;
        slot.question = NOTHING;
    }

    @Override
    public void close()
    {
        for (final Slot slot : slots)
        {
            free(slot);
        }
    }
}
