package io.ukehi.sim;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.log.Durability;
import io.ukehi.log.EntryFrame;
import io.ukehi.log.HardStateFile;
import io.ukehi.log.SegmentHeader;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The fault atlas: damages what is durable on the disk of a node that is down, anywhere and in any way that a real disk
 * does, and knows which nodes are struck. What is <b>promised</b> is that every committed entry is safe as long as the
 * nodes that may have lost something are fewer than half: then each majority of the others holds an intact copy of it.
 * Damage goes up to just under that; at its edge ({@link World}) the cluster has to halt.
 * <p>
 * Where an operator repairs ({@code REFUSE_START}, or a node on its own), one node is struck at a time.
 * <p>
 * Damage keeps to what a durable mark on the platter vouches for. The newest batch lies behind that: if it is damaged,
 * nothing tells it from the torn end of a batch that was never reported.
 */
final class DiskDamage
{
    private static final FaultKind[] KINDS =
        {FaultKind.BIT_FLIP, FaultKind.NOISE, FaultKind.MISDIRECTION, FaultKind.STALE_SECTOR};
    private static final int NEAR_END_LENGTH = 1024;
    private static final int SECTOR_LENGTH = SimDisk.SECTOR_LENGTH;
    // Of a segment's header; see DurableMark.
    private static final int[] MARK_OFFSETS = {512, 1024};
    private static final int MARK_CRC_OFFSET = 8;
    private static final int MARK_FLAGS_OFFSET = 12;
    private static final int MARK_CLEAN = 1;
    private static final int MARK_POSITION_OFFSET = 24;

    /** What a file held before: what an operator puts back from a copy. */
    private record Before(String name, byte[] contents)
    {
    }

    private static final Before UNFORCED = new Before("", new byte[0]);

    private final World world;
    private final SimSettings settings;
    private final SimRandom random;
    /** By id, of nodes that were struck and have not started since: what was there. */
    private final Before[] struck;
    /** By id, of nodes of which a copy was struck and that have not started since: the other copy is needed. */
    private final Before[] copyStruck;

    DiskDamage(final World world, final SimRandom random)
    {
        this.world = world;
        this.settings = world.settings();
        this.random = random;
        this.struck = new Before[settings.size + 1];
        this.copyStruck = new Before[settings.size + 1];
    }

    /** Whether what is lost is made good by the other nodes, and not by an operator. */
    private boolean isRepairedByPeers()
    {
        return settings.size > 1 && settings.isDamageRepaired();
    }

    boolean isStruck(final SimNode node)
    {
        return null != struck[node.id()];
    }

    /**
     * Whether a mark of a node that has not started since was struck: it counts as having vouched for whatever is torn
     * behind it, so that the node may find itself damaged where it has lost nothing, or nothing but what was being cut.
     */
    private boolean isMarkStruck(final SimNode node)
    {
        final Before before = copyStruck[node.id()];
        return null != before && !HardStateFile.FILE_NAME.equals(before.name);
    }

    /** Nodes but for one that may have lost something, or are about to find out. */
    int doubtful(final SimNode except)
    {
        int count = 0;
        for (final SimNode node : world.nodes())
        {
            count += node != except && (isStruck(node) || isMarkStruck(node) || node.isDoubtful()) ? 1 : 0;
        }
        return count;
    }

    /** Most nodes that may have lost something for all that is committed to be safe, and the group to go on. */
    private int minority()
    {
        return (settings.size - 1) / 2;
    }

    /** Whether a machine may die: where nothing is forced, as long as the others are a majority. */
    boolean mayLosePower(final SimNode node)
    {
        return Durability.ASYNC != settings.durability || doubtful(node) < minority();
    }

    /** Whether a node may lose something without more being lost than is promised to be survived. */
    boolean mayLose(final SimNode node)
    {
        return doubtful(node) < (isRepairedByPeers() ? minority() : 1);
    }

    /** Damages some durable place of a node that is down; nothing if it has none. */
    void strike(final SimNode node)
    {
        final SimDisk disk = node.disk().storage();
        if (isStruck(node) || null != copyStruck[node.id()])
        {
            return;
        }
        if (0 == random.nextInt(8))
        {
            strikeCopy(node, disk);
            return;
        }
        final List<String> names = segments(disk);
        if (!names.isEmpty())
        {
            final String name = names.get(random.nextInt(names.size()));
            final int end = durableEnd(disk, name, name.equals(names.getLast()));
            if (end > SegmentHeader.LENGTH)
            {
                final boolean isHeader = 0 == random.nextInt(6);
                // As often as anywhere, shortly before the end: what stands there may never be committed.
                final int from = random.nextBoolean() ? SegmentHeader.LENGTH :
                    Math.max(SegmentHeader.LENGTH, end - NEAR_END_LENGTH);
                strike(node, name, isHeader ? random.nextInt(SECTOR_LENGTH) : random.between(from, end - 1),
                    isHeader ? SECTOR_LENGTH : end);
            }
        }
    }

    /** Damages an entry on the disk of a node that is down; false if it is not there, or not vouched for. */
    boolean strikeEntry(final SimNode node, final long index)
    {
        final SimDisk disk = node.disk().storage();
        final List<String> names = segments(disk);
        for (final String name : names)
        {
            final UnsafeBuffer buffer = new UnsafeBuffer(disk.platter(name));
            final int end = durableEnd(disk, name, name.equals(names.getLast()));
            int at = SegmentHeader.LENGTH;
            while (at < end && EntryFrame.length(buffer, at) >= EntryFrame.HEADER_LENGTH)
            {
                final int length = EntryFrame.length(buffer, at);
                if (EntryFrame.index(buffer, at) == index)
                {
                    return strike(node, name, at + random.nextInt(Math.min(length, end - at)), end);
                }
                at += BitUtil.align(length, EntryFrame.ALIGNMENT);
            }
        }
        return false;
    }

    /** One of two copies of a record: term and vote, or a mark. Hardly anybody is to notice. */
    private void strikeCopy(final SimNode node, final SimDisk disk)
    {
        final List<String> names = segments(disk);
        final boolean isMark = !names.isEmpty() && random.nextBoolean();
        final String name = isMark ? names.get(random.nextInt(names.size())) : HardStateFile.FILE_NAME;
        if (Arrays.asList(disk.list()).contains(name))
        {
            final int copy = random.nextInt(2);
            final int from = isMark ? MARK_OFFSETS[copy] : copy * SECTOR_LENGTH;
            final byte[] contents = disk.contents(name);
            if (from + SECTOR_LENGTH <= contents.length)
            {
                final byte[] noise = new byte[SECTOR_LENGTH];
                random.nextBytes(noise);
                disk.overwrite(name, from, noise);
                copyStruck[node.id()] = new Before(name, contents);
                say(node, FaultKind.DAMAGED_COPY, name, from);
                world.hit(FaultKind.DAMAGED_COPY);
            }
        }
    }

    /** Damages the sector around a place, up to an end. */
    private boolean strike(final SimNode node, final String name, final int at, final int end)
    {
        final SimDisk disk = node.disk().storage();
        final byte[] contents = disk.contents(name);
        final int from = at / SECTOR_LENGTH * SECTOR_LENGTH;
        final int to = Math.min(from + SECTOR_LENGTH, end);
        final FaultKind kind = KINDS[random.nextInt(KINDS.length)];
        final byte[] bytes = Arrays.copyOfRange(contents, from, to);
        switch (kind)
        {
            case BIT_FLIP -> bytes[at - from] ^= (byte)(1 << random.nextInt(8));
            case NOISE -> random.nextBytes(bytes);
            case STALE_SECTOR -> System.arraycopy(disk.stale(name), from, bytes, 0, bytes.length);
            default -> System.arraycopy(
                contents, random.nextInt(end / SECTOR_LENGTH) * SECTOR_LENGTH, bytes, 0,
                Math.min(bytes.length, SECTOR_LENGTH));
        }
        if (Arrays.equals(contents, from, to, bytes, 0, bytes.length))
        {
            return false;
        }
        struck[node.id()] = new Before(name, contents);
        world.hit(kind);
        say(node, kind, name, from);
        disk.overwrite(name, from, bytes);
        return true;
    }

    private void say(final SimNode node, final FaultKind kind, final String name, final int offset)
    {
        if (world.isTraced())
        {
            world.say(kind + " on the disk of node " + node.id() + ": " + name + " at " + offset);
        }
    }

    private static List<String> segments(final SimDisk disk)
    {
        return Arrays.stream(disk.list()).filter(name -> name.startsWith("wal-") && name.endsWith(".seg")).toList();
    }

    /** Up to where a segment is durable as its marks say, on the platter and in the page cache. */
    private static int durableEnd(final SimDisk disk, final String name, final boolean isLast)
    {
        // A mark in the page cache alone may be gone with the next power cut, and what it vouched for with it.
        return Math.min(durableEnd(disk.contents(name), isLast), durableEnd(disk.platter(name), isLast));
    }

    private static int durableEnd(final byte[] contents, final boolean isLast)
    {
        if (contents.length < SegmentHeader.LENGTH)
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
            final long number = number(contents, offset);
            if (number > newest)
            {
                newest = number;
                end = (int)buffer.getLong(offset + MARK_POSITION_OFFSET, LITTLE_ENDIAN);
            }
        }
        return end;
    }

    /** Of a mark; 0 if it is not sound. */
    private static long number(final byte[] contents, final int offset)
    {
        return contents.length >= SegmentHeader.LENGTH && isSound(contents, offset) ?
            new UnsafeBuffer(contents).getLong(offset, LITTLE_ENDIAN) : 0;
    }

    private static boolean isSound(final byte[] contents, final int offset)
    {
        final CRC32C crc = new CRC32C();
        crc.update(contents, offset, MARK_CRC_OFFSET);
        crc.update(contents, offset + MARK_CRC_OFFSET + Integer.BYTES, SECTOR_LENGTH - MARK_CRC_OFFSET - Integer.BYTES);
        return (int)crc.getValue() == new UnsafeBuffer(contents).getInt(offset + MARK_CRC_OFFSET, LITTLE_ENDIAN);
    }

    /** Whether a node may refuse to start. */
    boolean isRefused(final SimNode node)
    {
        return !isRepairedByPeers() &&
            (isMarkStruck(node) || (isStruck(node) && !struck[node.id()].name.isEmpty()));
    }

    /** An operator puts back what was there. */
    void repair(final SimNode node)
    {
        final Before before = isMarkStruck(node) ? copyStruck[node.id()] : struck[node.id()];
        copyStruck[node.id()] = null;
        if (Arrays.asList(node.disk().storage().list()).contains(before.name))
        {
            node.disk().storage().overwrite(before.name, 0, before.contents);
        }
        // Power may have gone too, and what it took no operator has.
        struck[node.id()] = Durability.ASYNC == settings.durability ? UNFORCED : null;
    }

    /** Power has gone; with it went what nobody had forced. */
    void onPowerCut(final SimNode node)
    {
        if (Durability.ASYNC == settings.durability)
        {
            world.hit(FaultKind.UNFORCED_LOSS);
            if (!isStruck(node))
            {
                struck[node.id()] = UNFORCED;
            }
        }
    }

    /**
     * All nodes end, and while they are down disks are struck where the same committed entry lies: as many as leave
     * one copy less than would be lost, or one more.
     *
     * @return whether it is more than is promised to be survived.
     */
    boolean strikeTogether()
    {
        final long committed = world.invariants().committedIndex();
        if (FaultKind.MINORITY_STRUCK != settings.finale && FaultKind.MAJORITY_STRUCK != settings.finale ||
            !isRepairedByPeers() || 0 == committed)
        {
            return false;
        }
        boolean isKnown = true;
        for (final SimNode node : world.nodes())
        {
            if (node.isUp())
            {
                world.end(node, FaultKind.KILL, false);
            }
            isKnown &= !isMarkStruck(node);
        }
        if (!isKnown)
        {
            // How many will be in doubt is not known before they have started.
            return false;
        }
        world.loseMessages();
        final int wanted = minority() + (FaultKind.MAJORITY_STRUCK == settings.finale ? 1 : 0);
        final long index = 1 + random.nextLong(committed);
        final int first = random.nextInt(settings.size);
        for (int i = 0; i < settings.size && doubtful(null) < wanted; i++)
        {
            final SimNode node = world.nodes().get((first + i) % settings.size);
            if (!isStruck(node) && !node.isDoubtful() && null == copyStruck[node.id()])
            {
                strikeEntry(node, index);
            }
        }
        world.hit(settings.finale);
        return lost() > minority();
    }

    /** Nodes that will doubt what they have: a machine that died before its node knew of a term has lost nothing. */
    private int lost()
    {
        int count = 0;
        for (final SimNode node : world.nodes())
        {
            final boolean hasLived = null != node.hardState() && node.hardState().term() > 0;
            final boolean isWhole = UNFORCED == struck[node.id()] && isClosedInOrder(node.disk().storage());
            count += (isStruck(node) && hasLived && !isWhole) || node.isDoubtful() ? 1 : 0;
        }
        return count;
    }

    /** Whether power has gone when everything was forced, and nothing new had been begun. */
    private static boolean isClosedInOrder(final SimDisk disk)
    {
        long newest = 0;
        boolean isClosed = false;
        for (final String name : segments(disk))
        {
            final byte[] contents = disk.platter(name);
            for (final int offset : MARK_OFFSETS)
            {
                final long number = number(contents, offset);
                if (number > newest)
                {
                    newest = number;
                    isClosed = 0 != (contents[offset + MARK_FLAGS_OFFSET] & MARK_CLEAN);
                }
            }
        }
        return isClosed;
    }

    /** A node has started: from here on it says itself whether it is in doubt. */
    void onStart(final SimNode node)
    {
        struck[node.id()] = null;
        copyStruck[node.id()] = null;
    }
}
