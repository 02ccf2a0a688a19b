package io.ukehi.sim;

import io.ukehi.Invariant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A file of a {@link SimDisk} apart from its name: the page cache, the platter, and the writes that have reached the
 * one and not the other yet, in their order.
 */
final class SimDiskFile
{
    private static final int SECTOR_LENGTH = SimDisk.SECTOR_LENGTH;

    private final byte[] cache;
    private final byte[] platter;
    /** Of each sector of the platter, what it held before its last write; null as long as there was none. */
    private byte[] stale;
    /** The page cache when it was last looked through for stores of shared mappings; null as long as there are none. */
    private byte[] seen;
    private final List<Write> pending = new ArrayList<>();
    private int allocated;
    /** Whether the length is durable. */
    private boolean isForced;

    private record Write(int offset, byte[] bytes)
    {
    }

    SimDiskFile(final int length)
    {
        cache = new byte[length];
        platter = new byte[length];
    }

    private SimDiskFile(final byte[] cache, final byte[] platter)
    {
        this.cache = cache;
        this.platter = platter;
    }

    static SimDiskFile durable(final byte[] contents)
    {
        final SimDiskFile file = new SimDiskFile(contents.clone(), contents.clone());
        file.allocated = contents.length;
        file.isForced = true;
        return file;
    }

    SimDiskFile copy()
    {
        collectStores();
        final SimDiskFile copy = new SimDiskFile(cache.clone(), platter.clone());
        copy.pending.addAll(pending);
        copy.allocated = allocated;
        copy.isForced = isForced;
        return copy;
    }

    SimDiskFile afterPowerCut(final RandomGenerator chance)
    {
        collectStores();
        final byte[] survived = platter.clone();
        persistSome(survived, chance);
        return durable(Arrays.copyOf(survived, lengthAfterPowerCut(chance)));
    }

    /** As {@link #afterPowerCut}, but it is this very file that goes on, if its length does. */
    SimDiskFile losePower(final RandomGenerator chance)
    {
        collectStores();
        persistSome(platter, chance);
        final int length = lengthAfterPowerCut(chance);
        if (length != platter.length)
        {
            return durable(Arrays.copyOf(platter, length));
        }
        pending.clear();
        System.arraycopy(platter, 0, cache, 0, length);
        seen = null;
        allocated = length;
        isForced = true;
        return this;
    }

    private int lengthAfterPowerCut(final RandomGenerator chance)
    {
        if (isForced)
        {
            return platter.length;
        }
        return switch (chance.nextInt(3))
        {
            case 0 -> 0;
            case 1 -> chance.nextInt(platter.length / SECTOR_LENGTH + 1) * SECTOR_LENGTH;
            default -> platter.length;
        };
    }

    /** Puts any subset of sectors on a platter, each as some write since the last force left it. */
    private void persistSome(final byte[] target, final RandomGenerator chance)
    {
        final int sectors = (target.length + SECTOR_LENGTH - 1) / SECTOR_LENGTH;
        final int[] touches = new int[sectors];
        for (final Write write : pending)
        {
            for (int i = firstSector(write); i <= lastSector(write); i++)
            {
                touches[i]++;
            }
        }
        // A generous or a mean disk now and then: nearly all or nearly nothing arrives.
        final int temper = chance.nextInt(4);
        for (int i = 0; i < sectors; i++)
        {
            if (touches[i] > 0)
            {
                touches[i] = switch (temper)
                {
                    case 0 -> 0 == chance.nextInt(16) ? 0 : touches[i];
                    case 1 -> 0 == chance.nextInt(16) ? touches[i] : 0;
                    default -> chance.nextInt(touches[i] + 1);
                };
            }
        }
        for (final Write write : pending)
        {
            for (int i = firstSector(write); i <= lastSector(write); i++)
            {
                if (touches[i]-- > 0)
                {
                    final int from = Math.max(i * SECTOR_LENGTH, write.offset);
                    final int to = Math.min((i + 1) * SECTOR_LENGTH, write.offset + write.bytes.length);
                    System.arraycopy(write.bytes, from - write.offset, target, from, to - from);
                }
            }
        }
    }

    private static int firstSector(final Write write)
    {
        return write.offset / SECTOR_LENGTH;
    }

    private static int lastSector(final Write write)
    {
        return (write.offset + write.bytes.length - 1) / SECTOR_LENGTH;
    }

    void writeBack(final RandomGenerator chance)
    {
        collectStores();
        persistSome(platter, chance);
    }

    /** From now on stores go straight into {@link #cache()}. */
    void share()
    {
        if (null == seen)
        {
            seen = cache.clone();
        }
    }

    /** Turns stores of shared mappings since the last call into writes of whole sectors. */
    private void collectStores()
    {
        if (null == seen)
        {
            return;
        }
        for (int from = 0; from < cache.length; from += SECTOR_LENGTH)
        {
            final int to = Math.min(cache.length, from + SECTOR_LENGTH);
            if (!Arrays.equals(cache, from, to, seen, from, to))
            {
                Invariant.check(to <= allocated, "a store into a part that has no room on the disk", from, allocated);
                pending.add(new Write(from, Arrays.copyOfRange(cache, from, to)));
                System.arraycopy(cache, from, seen, from, to - from);
            }
        }
    }

    /** Puts a range of somebody's memory into the page cache; without a trace behind it if the write is lost. */
    void write(final byte[] source, final int offset, final int length, final boolean isLost)
    {
        Invariant.check(offset >= 0 && offset + length <= allocated, "what is written is allocated", offset, length);
        if (0 == length)
        {
            return;
        }
        collectStores();
        final Write write = new Write(offset, Arrays.copyOfRange(source, offset, offset + length));
        System.arraycopy(write.bytes, 0, cache, offset, length);
        if (null != seen)
        {
            System.arraycopy(write.bytes, 0, seen, offset, length);
        }
        if (!isLost)
        {
            pending.add(write);
        }
    }

    void force()
    {
        collectStores();
        for (final Write write : pending)
        {
            keepStale(write);
            System.arraycopy(write.bytes, 0, platter, write.offset, write.bytes.length);
        }
        pending.clear();
        isForced = true;
    }

    private void keepStale(final Write write)
    {
        if (null == stale)
        {
            stale = new byte[platter.length];
        }
        final int from = firstSector(write) * SECTOR_LENGTH;
        final int to = Math.min(platter.length, (lastSector(write) + 1) * SECTOR_LENGTH);
        System.arraycopy(platter, from, stale, from, to - from);
    }

    /** What the sectors held before they were forced last. */
    byte[] stale()
    {
        return null == stale ? new byte[platter.length] : stale.clone();
    }

    /** Some of it may have arrived; the rest never will, and nobody will be told again. */
    void failForce(final RandomGenerator chance)
    {
        collectStores();
        persistSome(platter, chance);
        pending.clear();
    }

    void damage(final int offset, final byte[] bytes)
    {
        collectStores();
        System.arraycopy(bytes, 0, cache, offset, bytes.length);
        System.arraycopy(bytes, 0, platter, offset, bytes.length);
        if (null != seen)
        {
            System.arraycopy(bytes, 0, seen, offset, bytes.length);
        }
    }

    byte read(final int offset)
    {
        return cache[offset];
    }

    byte[] contents()
    {
        return cache.clone();
    }

    byte[] platter()
    {
        return platter.clone();
    }

    byte[] cache()
    {
        return cache;
    }

    int allocated()
    {
        return allocated;
    }

    void allocated(final int end)
    {
        allocated = end;
    }
}
