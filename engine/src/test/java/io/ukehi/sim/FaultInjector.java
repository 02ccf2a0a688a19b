package io.ukehi.sim;

import java.util.ArrayList;
import java.util.List;

/** Brings misfortune: one stroke at a time, of the kinds and as often as the seed's settings say. */
final class FaultInjector
{
    private static final FaultKind[] CUTS =
        {FaultKind.PARTITION, FaultKind.ISOLATION, FaultKind.BRIDGE, FaultKind.MUTE, FaultKind.DEAF,
         FaultKind.RANDOM_GRAPH};
    private static final FaultKind[] DEATHS =
        {FaultKind.KILL, FaultKind.POWER_CUT, FaultKind.CRASH_AT_SEND, FaultKind.POWER_CUT_AT_DISK,
         FaultKind.KILL_AT_DISK, FaultKind.STOP, FaultKind.PAUSE, FaultKind.PAUSE};
    private static final FaultKind[] STANDSTILLS =
        {FaultKind.PAUSE, FaultKind.PAUSE, FaultKind.STALL, FaultKind.STALL, FaultKind.HELD_UP};
    private static final FaultKind[] DISK_FAULTS =
        {FaultKind.FAILED_WRITE, FaultKind.FAILED_FORCE, FaultKind.FAILED_FILE, FaultKind.DISK_FULL,
         FaultKind.SLOW_DISK, FaultKind.WRITE_BACK};

    /** So much likelier than the fault that nobody should notice is every other one. */
    private static final int WEIGHT = 4;

    /** Number of an act that belongs to no plot: whoever is away may be let back. */
    private static final long LET_BACK = 0;

    private final World world;
    private final SimSettings settings;
    private final SimRandom random;
    private final List<SimNode> full = new ArrayList<>();
    private final DiskDamage damage;
    private final Plots plots;
    /** Who is away until what it lacks is given up by the others; null if nobody is. */
    private SimNode away;
    private long awaySinceIndex;
    private long awayUntilNs;

    FaultInjector(final World world, final SimRandom random)
    {
        this.world = world;
        this.settings = world.settings();
        this.random = random;
        this.damage = new DiskDamage(world, random.split(1));
        this.plots = new Plots(world, random.split(2));
    }

    long nextNs()
    {
        return world.timeNs() + 1 + random.nextLong(2 * settings.faultIntervalNs);
    }

    void strike()
    {
        final int total = settings.networkWeight + settings.crashWeight + settings.diskWeight + settings.orderWeight +
            settings.plotWeight;
        int choice = random.nextInt(WEIGHT * total + 1) / WEIGHT;
        final SimNode node = someNode();
        if (null == away)
        {
            world.latecomers().begin(world.leader());
        }
        if (world.latecomers().isUnderWay() || (null != away && settings.isMuch && random.nextInt(4) > 0))
        {
            // The others need a leader, or nobody who is away is left behind.
            return;
        }
        if (isSomebodyToLeave())
        {
            final SimNode leader = world.leader();
            leaveBehind(null != leader && 0 == random.nextInt(settings.isFifo ? 2 : 3) ? leader : node);
            return;
        }
        if ((choice -= settings.networkWeight) < 0)
        {
            strikeNetwork(node);
        }
        else if ((choice -= settings.crashWeight) < 0)
        {
            strikeNode(node);
        }
        else if ((choice -= settings.diskWeight) < 0)
        {
            strikeDisk(node);
        }
        else if ((choice -= settings.orderWeight) < 0)
        {
            order(node);
        }
        else if ((choice -= settings.plotWeight) < 0)
        {
            final SimNode leader = world.leader();
            if (null != leader)
            {
                plots.begin(leader);
            }
        }
        else
        {
            world.hit(FaultKind.WALL_CLOCK);
            node.clock().setWallClock(random.nextLong(10_000 * SimSettings.MS) - 5_000 * SimSettings.MS);
        }
    }

    /** Something goes on that was begun. */
    void onAct(final long number)
    {
        if (LET_BACK != number)
        {
            plots.onAct(number);
            return;
        }
        letBack();
        if (null != away && !world.isHealed())
        {
            final SimNode leader = world.leader();
            if (null != leader && away != leader && leader.raft().commitIndex() > awaySinceIndex)
            {
                // What it lacks is given up as soon as can be, so that the snapshot holds little more than it has.
                leader.takeSnapshot();
            }
            world.queue().put(SimEvent.Kind.ACT, world.timeNs() + settings.heartbeatNs / 4, 0, LET_BACK);
        }
    }

    /** Any node, the leader more often than others. */
    private SimNode someNode()
    {
        final SimNode leader = world.leader();
        return null != leader && 0 == random.nextInt(3) ? leader : world.node(1 + random.nextInt(settings.size));
    }

    private void strikeNetwork(final SimNode node)
    {
        final int choice = random.nextInt(CUTS.length + 4);
        if (choice < CUTS.length)
        {
            if (settings.size > 1)
            {
                world.hit(CUTS[choice]);
                world.network().cut(CUTS[choice], node.id());
            }
        }
        else if (choice == CUTS.length)
        {
            world.hit(FaultKind.CLOG);
            world.network().clog(
                node.id(), 1 + random.nextInt(settings.size),
                world.timeNs() + random.nextLong(4 * settings.electionMaxNs));
        }
        else
        {
            world.network().joinAll();
        }
    }

    private boolean isSomebodyToLeave()
    {
        return null != settings.snapshots && settings.size > 2 && settings.networkWeight > 0 && null == away &&
            0 == random.nextInt(settings.isMuch ? 2 : settings.isLogShort() ? 4 : 16);
    }

    private void leaveBehind(final SimNode node)
    {
        if (settings.isMuch)
        {
            world.network().joinAll();
        }
        if (node.isUp() && !(settings.isMuch && null == world.leader()))
        {
            world.queue().put(SimEvent.Kind.ACT, world.timeNs() + settings.heartbeatNs / 4, 0, LET_BACK);
            away = node;
            awaySinceIndex = node.raft().commitIndex() + random.nextInt(8);
            awayUntilNs = world.timeNs() + 8 * settings.electionMaxNs;
            world.network().away(node.id(), true);
            final SimNode leader = world.leader();
            if (!settings.isFifo && null != leader && leader != node)
            {
                world.network().stray(leader.id(), node.id());
            }
        }
    }

    /** Somebody has given up a part of its log: as soon as the one who is away needs it, it is let back. */
    void onPurged()
    {
        if (!world.isHealed())
        {
            letBack();
        }
    }

    private void letBack()
    {
        final SimNode leader = null == away ? null : world.leader();
        final boolean isBehind = null != leader && away != leader && leader.log().firstIndex() > awaySinceIndex + 1;
        if (null != away && (isBehind || world.timeNs() > awayUntilNs))
        {
            if (isBehind)
            {
                world.hit(FaultKind.LEFT_BEHIND);
                if (random.nextInt(8) > 0)
                {
                    // So that what it needs does not move on at once.
                    world.lull(random.nextLong(4 * settings.electionMaxNs));
                }
            }
            world.network().away(away.id(), false);
            away = null;
        }
    }

    /** A snapshot gets its name: what if the process ends about now? */
    void beforeSnapshotIsNamed(final SimNode node)
    {
        if (world.latecomers().isUnderWay())
        {
            // What comes of it takes a snapshot that is received whole.
            return;
        }
        plots.onReceived(node);
        if (!world.isHealed() && settings.crashWeight > 0 && 0 == random.nextInt(node.isAstray() ? 2 : 6))
        {
            node.disk().plan(
                random.nextBoolean() ? FaultKind.POWER_CUT_AT_DISK : FaultKind.KILL_AT_DISK, random.nextInt(6));
        }
    }

    private void strikeNode(final SimNode node)
    {
        final FaultKind kind = DEATHS[random.nextInt(DEATHS.length)];
        if (!node.isUp())
        {
            return;
        }
        switch (kind)
        {
            case KILL -> world.end(node, kind, false);
            case POWER_CUT ->
            {
                final boolean isPowerCut = world.mayLosePower(node);
                world.end(node, isPowerCut ? kind : FaultKind.KILL, isPowerCut);
            }
            case CRASH_AT_SEND -> node.dieAtSend(random.nextInt(8));
            case POWER_CUT_AT_DISK ->
            {
                if (random.nextBoolean())
                {
                    node.disk().planAtForce(kind, random.nextInt(60));
                }
                else
                {
                    node.disk().plan(kind, random.nextInt(12));
                }
            }
            case KILL_AT_DISK -> node.disk().plan(kind, random.nextInt(12));
            case STOP -> world.stop(node);
            default ->
            {
                if (!node.isPaused())
                {
                    pause(node);
                }
            }
        }
    }

    private void pause(final SimNode node)
    {
        final FaultKind kind = node.isRecovering() ? FaultKind.PAUSE : STANDSTILLS[random.nextInt(STANDSTILLS.length)];
        world.standStill(
            node, random.nextLong((FaultKind.PAUSE == kind ? 4 : 1) * settings.electionMaxNs), kind);
    }

    /** A leader asks a peer to stand: what then happens may be heard by all others first. */
    void onTimeoutNow(final SimNode leader)
    {
        if (!world.isHealed() && 0 == random.nextInt(3))
        {
            world.hit(FaultKind.UNHEARD_SUCCESSOR);
            final long untilNs = world.timeNs() + random.nextLong(2 * settings.electionMinNs);
            for (int from = 1; from <= settings.size; from++)
            {
                world.network().clog(from, leader.id(), untilNs);
            }
        }
    }

    private void strikeDisk(final SimNode node)
    {
        final FaultKind kind = DISK_FAULTS[random.nextInt(DISK_FAULTS.length)];
        switch (kind)
        {
            case FAILED_WRITE, FAILED_FORCE, FAILED_FILE ->
            {
                if (node.isUp() && 0 == random.nextInt(3))
                {
                    node.disk().plan(kind, random.nextInt(12));
                }
            }
            case DISK_FULL ->
            {
                if (full.remove(node))
                {
                    node.disk().storage().capacity(SimDisk.UNBOUNDED);
                }
                else
                {
                    world.hit(kind);
                    full.add(node);
                    node.disk().storage().capacity(node.disk().storage().allocated());
                }
            }
            case SLOW_DISK ->
            {
                world.hit(kind);
                node.slowUntilNs = world.timeNs() + random.nextLong(4 * settings.electionMaxNs);
            }
            default ->
            {
                world.hit(FaultKind.WRITE_BACK);
                node.disk().storage().writeBack(random);
            }
        }
    }

    private void order(final SimNode some)
    {
        final SimNode leading = world.leader();
        final SimNode node = null != leading && random.nextBoolean() ? leading : some;
        if (settings.isChanging && random.nextInt(4) > 0)
        {
            final SimNode leader = world.leader();
            if (null != leader && !leader.isPaused())
            {
                world.members().ask(leader);
            }
            return;
        }
        if (!node.isUp() || node.isPaused() || node.isRecovering())
        {
            return;
        }
        if (random.nextBoolean())
        {
            if (node.raft().transferLeadership(1 + random.nextInt(settings.size)))
            {
                world.hit(FaultKind.TRANSFER);
                if (settings.isChanging && random.nextBoolean())
                {
                    world.members().ask(node);
                }
            }
        }
        else if (node.raft().stepDown())
        {
            world.hit(FaultKind.STEP_DOWN);
        }
    }

    /** A node is about to start: its disk may have gone bad meanwhile. */
    void beforeStart(final SimNode node)
    {
        if (settings.isDamaging && 0 == random.nextInt(4) && damage.mayLose(node))
        {
            damage.strike(node);
        }
    }

    Plots plots()
    {
        return plots;
    }

    DiskDamage damage()
    {
        return damage;
    }

    /** The weather clears up for good. */
    void calm()
    {
        full.clear();
        for (final SimNode node : world.nodes())
        {
            node.disk().calm();
            node.slowUntilNs = 0;
        }
    }
}
