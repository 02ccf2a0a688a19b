package io.ukehi.sim;

import io.ukehi.transport.PeerLink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.DirectBuffer;

/**
 * Carries the encoded bytes of messages between nodes: late, in any order, twice, damaged or not at all; brings back
 * old ones; is cut anywhere, one way or both. Members have ids from 1.
 */
final class SimNetwork
{
    private static final int HISTORY_LENGTH = 256;
    private static final int MAX_STRAGGLERS = 64;
    /** What is longer than this has entries in it. */
    private static final int ENTRIES_LENGTH = 128;

    private final World world;
    private final SimSettings settings;
    private final SimRandom random;
    private final int size;
    private final boolean[][] isCut;
    private final boolean[] isAway;
    private final long[][] clogEndNs;
    private final long[][] lastDueNs;
    private final SimEvent[] history = new SimEvent[HISTORY_LENGTH];
    private long historyCount;
    /** What was said on a link that is cut, and is not lost but on its way. */
    private final List<SimEvent> stragglers = new ArrayList<>();
    private int strayFrom;
    private int strayTo;
    private boolean isHealed;

    SimNetwork(final World world, final SimRandom random)
    {
        this.world = world;
        this.settings = world.settings();
        this.random = random;
        this.size = settings.size;
        this.isCut = new boolean[size + 1][size + 1];
        this.isAway = new boolean[size + 1];
        this.clogEndNs = new long[size + 1][size + 1];
        this.lastDueNs = new long[size + 1][size + 1];
    }

    /** The way from a node to its peers. */
    PeerLink linkOf(final SimNode node)
    {
        return (toId, lane, header, headerOffset, headerLength, body, bodyOffset, bodyLength) ->
            offer(node, toId, header, headerOffset, headerLength, body, bodyOffset, bodyLength);
    }

    private boolean offer(
        final SimNode node, final int to,
        final DirectBuffer header, final int headerOffset, final int headerLength,
        final DirectBuffer body, final int bodyOffset, final int bodyLength)
    {
        node.beforeSend();
        if (to > size)
        {
            // Nobody is there.
            return true;
        }
        final int from = node.id();
        if (!isHealed && random.chance(settings.backPressureRate))
        {
            world.hit(FaultKind.BACK_PRESSURE);
            return false;
        }
        final SimEvent event = world.queue().take(SimEvent.Kind.DELIVER, 0, to);
        event.from = from;
        event.message(header, headerOffset, headerLength, body, bodyOffset, bodyLength);
        if (isHealed)
        {
            send(event);
            return true;
        }
        if (world.latecomers().takes(event))
        {
            return true;
        }
        if (settings.replayRate > 0)
        {
            remember(event);
        }
        if (from == strayFrom && to == strayTo && event.length > ENTRIES_LENGTH && stragglers.size() < MAX_STRAGGLERS)
        {
            stragglers.add(copy(event));
        }
        if (random.chance(settings.duplicateRate))
        {
            world.hit(FaultKind.DUPLICATE);
            send(copy(event));
        }
        if (random.chance(settings.lossRate) || !isJoined(from, to))
        {
            world.hit(FaultKind.LOSS);
            world.queue().recycle(event);
            return true;
        }
        if (random.chance(settings.corruptionRate))
        {
            corrupt(event);
        }
        send(event);
        return true;
    }

    private void send(final SimEvent event)
    {
        final int from = event.from;
        final int to = event.node;
        long delayNs = settings.minDelayNs;
        if (!isHealed)
        {
            delayNs += random.nextLong(settings.maxDelayNs - settings.minDelayNs + 1);
            if (random.chance(settings.lateRate))
            {
                world.hit(FaultKind.LATE);
                delayNs *= random.between(2, 40);
            }
        }
        long dueNs = world.timeNs() + delayNs;
        if (clogEndNs[from][to] > dueNs)
        {
            dueNs = clogEndNs[from][to];
        }
        if (dueNs < lastDueNs[from][to])
        {
            if (settings.isFifo)
            {
                dueNs = lastDueNs[from][to];
            }
            else
            {
                world.hit(FaultKind.REORDER);
            }
        }
        else
        {
            lastDueNs[from][to] = dueNs;
        }
        event.timeNs = dueNs;
        world.queue().put(event);
    }

    private SimEvent copy(final SimEvent event)
    {
        final SimEvent copy = world.queue().take(SimEvent.Kind.DELIVER, 0, event.node);
        copy.from = event.from;
        copy.isDamaged = event.isDamaged;
        copy.message(event.buffer, 0, event.length, null, 0, 0);
        return copy;
    }

    private void remember(final SimEvent event)
    {
        final int slot = (int)(historyCount++ % HISTORY_LENGTH);
        if (null == history[slot])
        {
            history[slot] = new SimEvent();
        }
        final SimEvent kept = history[slot];
        kept.node = event.node;
        kept.from = event.from;
        kept.message(event.buffer, 0, event.length, null, 0, 0);
        if (random.chance(settings.replayRate))
        {
            world.hit(FaultKind.REPLAY);
            send(copy(history[random.nextInt((int)Math.min(historyCount, HISTORY_LENGTH))]));
        }
    }

    private void corrupt(final SimEvent event)
    {
        world.hit(FaultKind.CORRUPTION);
        event.isDamaged = true;
        // Up to three bits: more than a checksum of 16 bits is sure to see, fewer than CRC32C could miss.
        final int bit = random.nextInt(8 * event.length);
        final int count = random.nextInt(3);
        flip(event, bit);
        for (int i = 1; i <= count; i++)
        {
            flip(event, (bit + 1 + random.nextInt(31)) % (8 * event.length));
        }
    }

    private static void flip(final SimEvent event, final int bit)
    {
        final byte old = event.buffer.getByte(bit >> 3);
        event.buffer.putByte(bit >> 3, (byte)(old ^ 1 << (bit & 7)));
    }

    /** Whether a message that arrives now is heard. */
    boolean isJoined(final int from, final int to)
    {
        return !isCut[from][to] && !isAway[from] && !isAway[to];
    }

    /** Cuts a node off, whatever becomes of other cuts, or lets it back. */
    void away(final int id, final boolean isSo)
    {
        isAway[id] = isSo;
    }

    /** From now on the first entries that are sent on a link are on their way, whether they seem lost or not. */
    void stray(final int from, final int to)
    {
        stragglers.clear();
        strayFrom = from;
        strayTo = to;
    }

    /** Whether something has been on its way to a node for long. */
    boolean hasStragglers(final int from, final int to)
    {
        return from == strayFrom && to == strayTo && !stragglers.isEmpty();
    }

    /** What has been on its way for long arrives, or some of it. */
    void bringStragglers(final long timeNs)
    {
        world.hit(FaultKind.STRAGGLERS);
        final int to = random.nextBoolean() ? stragglers.size() : 1 + random.nextInt(stragglers.size());
        for (final SimEvent event : stragglers.subList(random.nextInt(3) > 0 ? 0 : to - 1, to))
        {
            event.timeNs = timeNs;
            world.queue().put(event);
        }
        stray(0, 0);
    }

    /**
     * Cuts the cluster in two, but for one node that stays with both.
     *
     * @param side   a bit for each node of one part, by its id.
     * @param bridge id of the node that is joined to all; 0 if there is none.
     */
    void cutBetween(final int side, final int bridge)
    {
        for (int from = 1; from <= size; from++)
        {
            for (int to = 1; to <= size; to++)
            {
                isCut[from][to] = from != bridge && to != bridge && (side >> from & 1) != (side >> to & 1);
            }
        }
    }

    /** Nothing comes through to or from a node, but after a time. */
    void clogAround(final int id, final long toUntilNs, final long fromUntilNs)
    {
        for (int other = 1; other <= size; other++)
        {
            clogEndNs[other][id] = toUntilNs;
            clogEndNs[id][other] = fromUntilNs;
        }
    }

    /** Nothing comes through on a link until a time. */
    void clog(final int from, final int to, final long untilNs)
    {
        clogEndNs[from][to] = untilNs;
    }

    void joinAll()
    {
        for (final boolean[] row : isCut)
        {
            Arrays.fill(row, false);
        }
    }

    /** Cuts as a kind of fault says. */
    void cut(final FaultKind kind, final int some)
    {
        joinAll();
        final int side = random.nextInt(1 << size + 1);
        for (int from = 1; from <= size; from++)
        {
            for (int to = 1; to <= size; to++)
            {
                final boolean isAcross = (side >> from & 1) != (side >> to & 1);
                isCut[from][to] = from != to && switch (kind)
                {
                    case PARTITION -> isAcross;
                    case ISOLATION -> from == some || to == some;
                    case BRIDGE -> isAcross && from != some && to != some;
                    case MUTE -> from == some;
                    case DEAF -> to == some;
                    default -> 0 == random.nextInt(3);
                };
            }
        }
    }

    /** From here on every message arrives, once, soon and whole. */
    void heal()
    {
        isHealed = true;
        stray(0, 0);
        joinAll();
        Arrays.fill(isAway, false);
        for (int from = 1; from <= size; from++)
        {
            Arrays.fill(clogEndNs[from], 0);
            Arrays.fill(lastDueNs[from], 0);
        }
    }
}
