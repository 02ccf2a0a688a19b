package io.ukehi.raft;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/**
 * A network that delays, loses, repeats and reorders messages, brings back old ones, and is cut in two or wherever a
 * test wants it, one way or both. What happens follows from the seed and the calls made.
 */
public final class SimulatedNetwork
{
    private static final int HISTORY_LENGTH = 1024;

    private record InFlight(long dueNs, long number, PeerMessage message)
    {
    }

    private record Hold(int from, int to, Predicate<PeerMessage> what, List<PeerMessage> kept)
    {
        boolean covers(final PeerMessage message)
        {
            return message.from() == from && message.to() == to && what.test(message);
        }
    }

    private final PriorityQueue<InFlight> inFlight = new PriorityQueue<>(
        Comparator.comparingLong(InFlight::dueNs).thenComparingLong(InFlight::number));
    private final List<Hold> drops = new ArrayList<>();
    private final List<Hold> holds = new ArrayList<>();
    private final PeerMessage[] history = new PeerMessage[HISTORY_LENGTH];
    private final SplittableRandom random;
    private final boolean[][] isCut;
    private long sentCount;
    private long inFlightNumber;
    private long nowNs;
    private long minDelayNs;
    private long maxDelayNs;
    private double lossRate;
    private double duplicateRate;
    private double slowRate;
    private double replayRate;
    private double refusalRate;

    /** For nodes 1 to size. */
    public SimulatedNetwork(final int size, final long seed)
    {
        this.random = new SplittableRandom(seed);
        this.isCut = new boolean[size + 1][size + 1];
    }

    /** Every message takes this long, drawn between the two bounds: with different bounds they overtake one another. */
    public void delayNs(final long minNs, final long maxNs)
    {
        minDelayNs = minNs;
        maxDelayNs = maxNs;
    }

    /** How many of all messages are lost, 0 to 1. */
    public void lossRate(final double rate)
    {
        lossRate = rate;
    }

    /** How many of all messages arrive twice, 0 to 1. */
    public void duplicateRate(final double rate)
    {
        duplicateRate = rate;
    }

    /** How many of all messages take twenty times as long, 0 to 1. */
    public void slowRate(final double rate)
    {
        slowRate = rate;
    }

    /** How often, with each message, some message of long ago arrives once more; 0 to 1. */
    public void replayRate(final double rate)
    {
        replayRate = rate;
    }

    /** How often the network takes no message, and says so; 0 to 1. */
    public void refusalRate(final double rate)
    {
        refusalRate = rate;
    }

    /** No more faults of any kind, and no message of the past. */
    public void heal()
    {
        lossRate(0);
        duplicateRate(0);
        slowRate(0);
        replayRate(0);
        refusalRate(0);
        joinAll();
        drops.clear();
        holds.clear();
    }

    /** Cuts a link in one direction, or joins it. */
    public void cut(final int from, final int to, final boolean isCutNow)
    {
        isCut[from][to] = isCutNow;
    }

    /** Whether messages from one node reach another. */
    public boolean isJoined(final int from, final int to)
    {
        return !isCut[from][to];
    }

    /** Joins all links. */
    public void joinAll()
    {
        for (final boolean[] row : isCut)
        {
            Arrays.fill(row, false);
        }
    }

    /** From now on loses messages of a kind on a link, until {@link #pass}. */
    public void drop(final int from, final int to, final Predicate<PeerMessage> what)
    {
        drops.add(new Hold(from, to, what, List.of()));
    }

    /** Ends what {@link #drop} began on a link. */
    public void pass(final int from, final int to)
    {
        drops.removeIf(drop -> drop.from == from && drop.to == to);
    }

    /** From now on keeps messages of a kind on a link back, until {@link #release}. */
    public void hold(final int from, final int to, final Predicate<PeerMessage> what)
    {
        holds.add(new Hold(from, to, what, new ArrayList<>()));
    }

    /** Sends what {@link #hold} kept back on a link on its way, at once, in order or the last one first. */
    public int release(final int from, final int to, final boolean isReversed)
    {
        final List<PeerMessage> kept = new ArrayList<>();
        for (final Hold hold : holds)
        {
            if (hold.from == from && hold.to == to)
            {
                kept.addAll(hold.kept);
            }
        }
        holds.removeIf(hold -> hold.from == from && hold.to == to);
        if (isReversed)
        {
            Collections.reverse(kept);
        }
        kept.forEach(message -> enqueue(message, nowNs));
        return kept.size();
    }

    /** Delivers messages of a kind that were sent long ago on a link once more, oldest first. */
    public int replay(final int from, final int to, final Predicate<PeerMessage> what)
    {
        int count = 0;
        for (long i = Math.max(0, sentCount - HISTORY_LENGTH); i < sentCount; i++)
        {
            final PeerMessage message = history[(int)(i % HISTORY_LENGTH)];
            if (message.from() == from && message.to() == to && what.test(message))
            {
                enqueue(message, nowNs);
                count++;
            }
        }
        return count;
    }

    /** Takes a message; false if it does not and tells the sender so. */
    public boolean send(final PeerMessage message)
    {
        if (refusalRate > 0 && random.nextDouble() < refusalRate)
        {
            return false;
        }
        history[(int)(sentCount++ % HISTORY_LENGTH)] = message;
        if (replayRate > 0 && random.nextDouble() < replayRate)
        {
            enqueue(history[(int)random.nextLong(Math.min(sentCount, HISTORY_LENGTH))], nowNs + delay());
        }
        for (final Hold drop : drops)
        {
            if (drop.covers(message))
            {
                return true;
            }
        }
        for (final Hold hold : holds)
        {
            if (hold.covers(message))
            {
                hold.kept.add(message);
                return true;
            }
        }
        if (0 == lossRate || random.nextDouble() >= lossRate)
        {
            enqueue(message, nowNs + delay());
        }
        if (duplicateRate > 0 && random.nextDouble() < duplicateRate)
        {
            enqueue(message, nowNs + delay());
        }
        return true;
    }

    private long delay()
    {
        final long delayNs = minDelayNs < maxDelayNs ? random.nextLong(minDelayNs, maxDelayNs) : minDelayNs;
        return slowRate > 0 && random.nextDouble() < slowRate ? 20 * delayNs : delayNs;
    }

    private void enqueue(final PeerMessage message, final long dueNs)
    {
        inFlight.add(new InFlight(dueNs, inFlightNumber++, message));
    }

    /** The next message that arrives until now; null if there is none. */
    public PeerMessage poll(final long newNowNs)
    {
        nowNs = newNowNs;
        while (!inFlight.isEmpty() && inFlight.peek().dueNs <= newNowNs)
        {
            final PeerMessage message = inFlight.poll().message;
            if (!isCut[message.from()][message.to()])
            {
                return message;
            }
        }
        return null;
    }
}
