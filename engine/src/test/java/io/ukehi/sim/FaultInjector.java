package io.ukehi.sim;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.log.Durability;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/** Brings misfortune: one stroke at a time, of the kinds and as often as the seed's settings say. */
final class FaultInjector
{
    private static final FaultKind[] CUTS =
        {FaultKind.PARTITION, FaultKind.ISOLATION, FaultKind.BRIDGE, FaultKind.MUTE, FaultKind.DEAF,
         FaultKind.RANDOM_GRAPH};
    private static final FaultKind[] DEATHS =
        {FaultKind.KILL, FaultKind.POWER_CUT, FaultKind.CRASH_AT_SEND, FaultKind.POWER_CUT_AT_DISK,
         FaultKind.KILL_AT_DISK, FaultKind.STOP, FaultKind.PAUSE, FaultKind.PAUSE};
    private static final FaultKind[] DISK_FAULTS =
        {FaultKind.FAILED_WRITE, FaultKind.FAILED_FORCE, FaultKind.FAILED_FILE, FaultKind.DISK_FULL,
         FaultKind.SLOW_DISK, FaultKind.WRITE_BACK};
    private static final FaultKind[] DAMAGES = {FaultKind.BIT_FLIP, FaultKind.NOISE, FaultKind.MISDIRECTION};
    // Of a segment's header; see DurableMark. What lies behind the durable position is not promised by anybody.
    private static final int HEADER_LENGTH = 4096;
    private static final int[] MARK_OFFSETS = {512, 1024};
    private static final int MARK_POSITION_OFFSET = 24;

    /** What a node's file held before it was damaged: what an operator puts back from a copy. */
    private record Damage(SimNode node, String name, int offset, byte[] bytes)
    {
    }

    /** So much likelier than the fault that nobody should notice is every other one. */
    private static final int WEIGHT = 4;

    private final World world;
    private final SimSettings settings;
    private final SimRandom random;
    private final List<SimNode> full = new ArrayList<>();
    private Damage damage;

    FaultInjector(final World world, final SimRandom random)
    {
        this.world = world;
        this.settings = world.settings();
        this.random = random;
    }

    long nextNs()
    {
        return world.timeNs() + 1 + random.nextLong(2 * settings.faultIntervalNs);
    }

    void strike()
    {
        final int total = settings.networkWeight + settings.crashWeight + settings.diskWeight + settings.orderWeight;
        int choice = random.nextInt(WEIGHT * total + 1) / WEIGHT;
        final SimNode node = someNode();
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
        else
        {
            world.hit(FaultKind.WALL_CLOCK);
            node.clock().setWallClock(random.nextLong(10_000 * SimSettings.MS) - 5_000 * SimSettings.MS);
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

    private void strikeNode(final SimNode node)
    {
        final FaultKind kind = DEATHS[random.nextInt(DEATHS.length)];
        if (!node.isUp())
        {
            return;
        }
        // Without a force nothing is promised to survive the machine.
        final boolean isMachineSafe = Durability.ASYNC != settings.durability;
        switch (kind)
        {
            case KILL -> world.end(node, kind, false);
            case POWER_CUT -> world.end(node, isMachineSafe ? kind : FaultKind.KILL, isMachineSafe);
            case CRASH_AT_SEND -> node.dieAtSend(random.nextInt(8));
            case POWER_CUT_AT_DISK ->
            {
                final FaultKind death = isMachineSafe ? kind : FaultKind.KILL_AT_DISK;
                if (random.nextBoolean())
                {
                    node.disk().planAtForce(death, random.nextInt(60));
                }
                else
                {
                    node.disk().plan(death, random.nextInt(12));
                }
            }
            case KILL_AT_DISK -> node.disk().plan(kind, random.nextInt(12));
            case STOP -> world.stop(node);
            default ->
            {
                if (!node.isPaused())
                {
                    world.hit(FaultKind.PAUSE);
                    node.pausedUntilNs = world.timeNs() + random.nextLong(4 * settings.electionMaxNs);
                    world.queue().put(SimEvent.Kind.RESUME, node.pausedUntilNs, node.id(), 0);
                }
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

    private void order(final SimNode node)
    {
        if (!node.isUp() || node.isPaused() || node.isRecovering())
        {
            return;
        }
        if (random.nextBoolean())
        {
            if (node.raft().transferLeadership(1 + random.nextInt(settings.size)))
            {
                world.hit(FaultKind.TRANSFER);
            }
        }
        else if (node.raft().stepDown())
        {
            world.hit(FaultKind.STEP_DOWN);
        }
    }

    /** A node is about to start: its disk may have gone bad meanwhile, of one node at a time. */
    void beforeStart(final SimNode node)
    {
        if (!settings.isDamaging || null != damage || 0 != random.nextInt(4) ||
            Durability.ASYNC == settings.durability || 2 * 1 >= settings.size)
        {
            return;
        }
        final SimDisk disk = node.disk().storage();
        final List<String> names = new ArrayList<>(Arrays.asList(disk.list()));
        names.removeIf(name -> !name.endsWith(".seg"));
        if (names.isEmpty())
        {
            return;
        }
        final String name = names.get(random.nextInt(names.size()));
        final byte[] contents = disk.contents(name);
        // A mark in the page cache may be gone with the next power cut, and what it vouched for with it.
        final boolean isLast = name.equals(names.getLast());
        final int end = Math.min(durableEnd(contents, isLast), durableEnd(disk.platter(name), isLast));
        if (end <= HEADER_LENGTH)
        {
            return;
        }
        final int at = random.between(HEADER_LENGTH, end - 1);
        final int from = at / SimDisk.SECTOR_LENGTH * SimDisk.SECTOR_LENGTH;
        final int to = Math.min(from + SimDisk.SECTOR_LENGTH, end);
        damage = new Damage(node, name, from, Arrays.copyOfRange(contents, from, to));
        final FaultKind kind = DAMAGES[random.nextInt(DAMAGES.length)];
        world.hit(kind);
        switch (kind)
        {
            case BIT_FLIP -> disk.flipBit(name, at, random.nextInt(8));
            case NOISE ->
            {
                final byte[] noise = new byte[to - from];
                random.nextBytes(noise);
                disk.overwrite(name, from, noise);
            }
            default ->
            {
                final int source = HEADER_LENGTH + random.nextInt((end - HEADER_LENGTH) / SimDisk.SECTOR_LENGTH + 1) *
                    SimDisk.SECTOR_LENGTH;
                disk.overwrite(name, from, Arrays.copyOfRange(contents, source, source + to - from));
            }
        }
    }

    /** Up to where a segment was durable as its marks say; the newest batch lies behind that. */
    private static int durableEnd(final byte[] contents, final boolean isLast)
    {
        if (contents.length < HEADER_LENGTH)
        {
            return 0;
        }
        final UnsafeBuffer buffer = new UnsafeBuffer(contents);
        if (!isLast && 0 == buffer.getLong(0))
        {
            return 0;
        }
        long newest = 0;
        int end = 0;
        for (final int offset : MARK_OFFSETS)
        {
            final long number = buffer.getLong(offset, LITTLE_ENDIAN);
            if (number > newest)
            {
                newest = number;
                end = (int)buffer.getLong(offset + MARK_POSITION_OFFSET, LITTLE_ENDIAN);
            }
        }
        return end;
    }

    /** Whether a node may refuse to start, or be refused by its disk. */
    boolean isDamaged(final SimNode node)
    {
        return null != damage && damage.node == node;
    }

    /** An operator puts back what was there. */
    void repair(final SimNode node)
    {
        if (isDamaged(node))
        {
            if (Arrays.asList(node.disk().storage().list()).contains(damage.name))
            {
                node.disk().storage().overwrite(damage.name, damage.offset, damage.bytes);
            }
            damage = null;
        }
    }

    /** A node has started although its disk was struck: it has found nothing wrong, and nothing was. */
    void forget(final SimNode node)
    {
        if (isDamaged(node))
        {
            damage = null;
        }
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
