package io.ukehi.raft;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Draws faults for a cluster from a seed: how often each kind strikes is drawn once for a run, so that runs differ in
 * character and not only in detail. Takes everything back with {@link #heal()}.
 */
final class RandomFaults
{
    private static final long MS = 1_000_000;

    private final SimulatedCluster cluster;
    private final SplittableRandom random;
    private final int size;
    private final double crashRate;
    private final double restartRate;
    private final double pauseRate;
    private final double topologyRate;
    private final double diskRate;
    private final double brokenStoreRate;
    private final double slowFlushRate;
    private final double orderRate;
    private final double clockRate;
    private final double memberRate;
    private final double purgeRate;
    private final double lossRate;
    private final double damageRate;
    private boolean isHealed;
    private int victim;

    RandomFaults(final SimulatedCluster cluster, final SplittableRandom random)
    {
        this.cluster = cluster;
        this.random = random;
        this.size = cluster.nodes().size();
        this.crashRate = sometimes(0.001);
        this.restartRate = 0.005 + 0.05 * random.nextDouble();
        this.pauseRate = sometimes(0.004);
        this.topologyRate = sometimes(0.02);
        this.diskRate = sometimes(0.01);
        this.brokenStoreRate = sometimes(0.002);
        this.slowFlushRate = sometimes(0.9);
        this.orderRate = sometimes(0.004);
        this.clockRate = sometimes(0.01);
        this.memberRate = 0 == random.nextInt(3) ? 0.03 * random.nextDouble() : 0;
        // Which nodes are a minority is counted over all of them.
        this.lossRate = memberRate > 0 || cluster.settings().voters > 0 ? 0 : sometimes(0.004);
        // There are no snapshots here: who has lost what others have purged could never get it back.
        this.purgeRate = memberRate > 0 || lossRate > 0 ? 0 : sometimes(0.02);
        this.damageRate = memberRate > 0 || cluster.settings().voters > 0 ? 0 : sometimes(0.02);
        final SimulatedNetwork network = cluster.network();
        network.delayNs(MS / 10, MS + random.nextLong(1 + random.nextLong(40 * MS)));
        network.lossRate(sometimes(0.3));
        network.duplicateRate(sometimes(0.3));
        network.slowRate(sometimes(0.1));
        network.replayRate(sometimes(0.2));
        network.refusalRate(sometimes(0.2));
        cluster.stepListener(this::afterStep);
        for (final SimulatedNode node : cluster.nodes())
        {
            // Monotonic clocks start anywhere, on both sides of the overflow too, and run a little fast or slow.
            final long origin = random.nextBoolean() ? random.nextLong() : Long.MAX_VALUE - random.nextLong(4000 * MS);
            node.clock(origin, 0.97 + 0.06 * random.nextDouble());
            node.epoch(random.nextLong(1000 * MS));
            node.log().holdFlushes(slowFlushRate > 0);
        }
    }

    private double sometimes(final double most)
    {
        return 0 == random.nextInt(3) ? 0 : most * random.nextDouble() * random.nextDouble();
    }

    private boolean happens(final double rate)
    {
        return rate > 0 && random.nextDouble() < rate;
    }

    private void afterStep(final SimulatedNode node)
    {
        if (!isHealed && node.isUp() && happens(crashRate))
        {
            final InMemoryLog log = node.log();
            // A process that dies leaves all it wrote; a machine that dies leaves what was durable, or some more.
            final long keep = log.durableIndex() + random.nextLong(log.lastIndex() - log.durableIndex() + 1);
            cluster.crash(node.id(), random.nextBoolean() ? log.durableIndex() : keep);
        }
    }

    /** Between two ticks. */
    void beforeTick()
    {
        for (final SimulatedNode node : cluster.nodes())
        {
            strike(node);
        }
        if (happens(topologyRate))
        {
            changeTopology();
        }
        if (happens(purgeRate))
        {
            purge();
        }
        if (happens(memberRate))
        {
            changeMembers();
        }
    }

    /** Any set of voters and learners into any other, whether or not those who lead are among them, or up at all. */
    private void changeMembers()
    {
        final int[] ids = random.ints(1, size + 1).distinct().limit(1 + random.nextInt(size)).toArray();
        final int voters = 1 + random.nextInt(Math.min(ids.length, Configuration.MAX_VOTERS));
        final Configuration target = Configuration.of(
            Arrays.copyOf(ids, voters), Arrays.copyOfRange(ids, voters, ids.length), Map.of());
        for (final SimulatedNode node : cluster.nodes())
        {
            if (node.isLeader() && !node.isPaused())
            {
                if (random.nextBoolean())
                {
                    cluster.changeConfiguration(node.id(), target);
                }
                else
                {
                    cluster.reconfigure(node.id(), target);
                }
            }
        }
    }

    private void strike(final SimulatedNode node)
    {
        if (!node.isUp() && happens(restartRate))
        {
            cluster.restart(node.id());
        }
        if (node.isPaused() ? happens(0.02) : happens(pauseRate))
        {
            node.pause(!node.isPaused());
        }
        if (!happens(slowFlushRate))
        {
            node.log().completeOldestFlush();
        }
        if (happens(diskRate))
        {
            strikeDisk(node.log());
        }
        if (happens(brokenStoreRate))
        {
            final InMemoryHardState.Fault[] faults = InMemoryHardState.Fault.values();
            node.hardState().fault(faults[random.nextInt(faults.length)]);
            node.log().failAfter(random.nextInt(20));
        }
        if (happens(clockRate))
        {
            node.epoch(random.nextLong(1000 * MS));
        }
        if (happens(lossRate))
        {
            loseTail(node);
        }
        if (node.isUp() && happens(damageRate))
        {
            damage(node.log());
        }
        if (node.isUp() && happens(orderRate))
        {
            if (random.nextBoolean())
            {
                node.raft().transferLeadership(1 + random.nextInt(size));
            }
            else
            {
                node.raft().stepDown();
            }
        }
    }

    /** Any part of what was durable is gone, and the node knows it; never with a majority at the same time. */
    private void loseTail(final SimulatedNode node)
    {
        long inDoubt = 1;
        long kept = 0;
        for (final SimulatedNode other : cluster.nodes())
        {
            inDoubt += other != node && other.doubtfulTo() > 0 ? 1 : 0;
            // What the others have purged nobody could give back.
            kept = Math.max(kept, other.log().firstIndex() - 1);
        }
        final InMemoryLog log = node.log();
        if (inDoubt <= (size - 1) / 2 && kept <= log.durableIndex())
        {
            final long doubtfulTo = random.nextBoolean() ? Long.MAX_VALUE : log.durableIndex();
            cluster.lose(node.id(), kept + random.nextLong(log.durableIndex() - kept + 1), doubtfulTo);
        }
    }

    /** An entry that all nodes have committed durably can be read no more on one of them, and on one alone. */
    private void damage(final InMemoryLog log)
    {
        long committed = Long.MAX_VALUE;
        long first = 1;
        boolean isIntact = true;
        for (final SimulatedNode other : cluster.nodes())
        {
            committed = Math.min(committed, Math.min(other.log().commitMark(), other.log().durableIndex()));
            first = Math.max(first, other.log().firstIndex());
            isIntact &= other.log() == log || !other.log().isDamaged();
        }
        if (isIntact && committed >= first && size > 2)
        {
            log.damage(first + random.nextLong(committed - first + 1));
            if (random.nextBoolean())
            {
                log.scrub();
            }
        }
    }

    private void strikeDisk(final InMemoryLog log)
    {
        switch (random.nextInt(6))
        {
            case 0 -> log.full(true);
            case 1 -> log.room(random.nextInt(4));
            default ->
            {
                log.full(false);
                log.ampleRoom();
            }
        }
    }

    /** Joined, cut in two, one alone, a bridge, one way only, or any graph at all. */
    private void changeTopology()
    {
        cluster.network().joinAll();
        final int leader = cluster.leader();
        final boolean isAimed = leader > 0 && 0 == random.nextInt(3);
        final int kind = isAimed ? 1 + random.nextInt(5) : random.nextInt(11);
        final int some = isAimed ? leader : 1 + random.nextInt(size);
        final long side = random.nextLong(1L << size + 1);
        victim = isAimed ? leader : 0;
        for (int from = 1; from <= size; from++)
        {
            for (int to = 1; to <= size; to++)
            {
                final boolean isAcross = (side >> from & 1) != (side >> to & 1);
                final boolean isCut = switch (kind)
                {
                    case 1 -> isAcross;
                    case 2 -> from == some || to == some;
                    case 3 -> isAcross && from != some && to != some;
                    case 4 -> from == some;
                    case 5 -> to == some;
                    case 6 -> random.nextInt(3) == 0;
                    default -> false;
                };
                cluster.network().cut(from, to, isCut && from != to);
            }
        }
    }

    /** A leader that the last change of topology was aimed at, named once; 0 if there is none. */
    int takeVictim()
    {
        final int taken = victim;
        victim = 0;
        return taken;
    }

    /** What all nodes hold durably and know committed may go: as far as that, nobody will ever ask. */
    private void purge()
    {
        long index = Long.MAX_VALUE;
        for (final SimulatedNode node : cluster.nodes())
        {
            final long known = node.isUp() ? node.raft().commitIndex() : 0;
            index = Math.min(index, Math.min(known, Math.min(node.log().commitMark(), node.log().durableIndex())));
        }
        for (final SimulatedNode node : cluster.nodes())
        {
            if (index > node.log().firstIndex() && random.nextBoolean())
            {
                node.log().purgeTo(index);
            }
        }
    }

    /** No more faults; all nodes run. Clocks go on as they are. */
    void heal()
    {
        isHealed = true;
        cluster.network().heal();
        cluster.network().delayNs(MS / 10, 5 * MS);
        for (final SimulatedNode node : cluster.nodes())
        {
            node.pause(false);
            node.hardState().fault(InMemoryHardState.Fault.NONE);
            node.log().failAfter(Integer.MAX_VALUE);
            node.log().full(false);
            node.log().ampleRoom();
            node.log().holdFlushes(false);
            node.log().completeFlush();
            if (!node.isUp())
            {
                cluster.restart(node.id());
            }
        }
    }
}
