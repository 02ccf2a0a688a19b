package io.ukehi.cli;

import java.io.IOException;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * What goes wrong in a chaos run, one thing at a time, so that a majority is always there: a member is killed and
 * started again, stands still for a while, or cannot reach the others, or they it. Most often it is the leader's turn.
 */
final class ChaosFaults
{
    /** Kinds, as named on the command line. */
    enum Kind
    {
        KILL, PAUSE, PARTITION
    }

    private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int MIN_CALM_MS = 700;

    private final ChaosCluster cluster;
    private final ChaosNetwork network;
    private final Kind[] kinds;
    private final int size;
    private final IntSupplier leaderId;
    private final Random random;
    private final int[] counts = new int[Kind.values().length];
    private Kind current;
    private int victim;
    private long nextNs;

    ChaosFaults(
        final ChaosCluster cluster,
        final ChaosNetwork network,
        final Set<Kind> kinds,
        final int size,
        final IntSupplier leaderId,
        final Random random)
    {
        this.cluster = cluster;
        this.network = network;
        this.kinds = kinds.toArray(Kind[]::new);
        this.size = size;
        this.leaderId = leaderId;
        this.random = random;
    }

    int count(final Kind kind)
    {
        return counts[kind.ordinal()];
    }

    void begin(final long nowNs)
    {
        nextNs = nowNs + (MIN_CALM_MS + random.nextInt(1000)) * MS;
    }

    /** Does what is due. Returns what it did, for people; null for nothing. */
    String doWork(final long nowNs) throws IOException
    {
        if (0 == kinds.length || nowNs - nextNs < 0)
        {
            return null;
        }
        if (null != current)
        {
            nextNs = nowNs + (MIN_CALM_MS + random.nextInt(1500)) * MS;
            return end();
        }
        current = kinds[random.nextInt(kinds.length)];
        final int leader = leaderId.getAsInt();
        victim = leader > 0 && random.nextInt(3) > 0 ? leader : 1 + random.nextInt(size);
        nextNs = nowNs + strike() * MS;
        counts[current.ordinal()]++;
        return current.name().toLowerCase(Locale.ROOT) + " of member " + victim +
            (victim == leader ? ", the leader" : "");
    }

    /** Begins the fault; returns how long it lasts in milliseconds. */
    private int strike() throws IOException
    {
        switch (current)
        {
            case KILL:
                cluster.kill(victim);
                return 200 + random.nextInt(1500);

            case PAUSE:
                cluster.pause(victim);
                // From less than an election timeout to more than ten.
                return random.nextBoolean() ? 100 + random.nextInt(400) : 1000 + random.nextInt(2500);

            default:
                final int direction = random.nextInt(3);
                for (int id = 1; id <= size; id++)
                {
                    if (id != victim && direction != 1)
                    {
                        network.cut(victim, id);
                    }
                    if (id != victim && direction != 2)
                    {
                        network.cut(id, victim);
                    }
                }
                return 500 + random.nextInt(2500);
        }
    }

    /** Ends what is going on, if anything is. Returns what it did. */
    String end() throws IOException
    {
        if (null == current)
        {
            return null;
        }
        final Kind ended = current;
        current = null;
        switch (ended)
        {
            case KILL:
                cluster.start(victim);
                return "member " + victim + " is started again";

            case PAUSE:
                cluster.resume(victim);
                return "member " + victim + " goes on";

            default:
                network.heal();
                return "all links are whole again";
        }
    }
}
