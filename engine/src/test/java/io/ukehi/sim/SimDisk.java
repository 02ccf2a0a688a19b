package io.ukehi.sim;

import io.ukehi.Invariant;
import io.ukehi.log.Storage;
import io.ukehi.log.StorageException;
import io.ukehi.log.StorageFile;
import io.ukehi.log.StorageFullException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * A directory on a simulated disk that keeps what it was made to keep and nothing that can be relied on beyond.
 * <p>
 * Of each file there are three images: what a process sees mapped, what was <b>written</b> (the page cache) and what
 * was <b>forced</b> (the platter). Names have two: the directory as it is seen, and as it was forced. From these,
 * <ul>
 *   <li>{@link #afterKill()} is the disk that the next process finds when this one died: all that was written, and
 *   still no more forced than before;</li>
 *   <li>{@link #afterPowerCut(RandomGenerator)} is the disk that is found when the machine died: all that was forced,
 *   and of the rest any subset of 512-byte sectors, each as any of the writes since the last force left it, any subset
 *   of the creations, renames and deletions, and any length of a file that was never forced.</li>
 * </ul>
 * Both give a new disk and leave this one alone, so that many power cuts can be tried at one point of a run; the
 * process that died keeps the old one, where nothing it still does matters.
 * <p>
 * Faults come from {@link SimDiskFaults}, which is asked before every operation, and from {@link #flipBit} and
 * {@link #randomizeSector}. A failed force behaves like Linux: the pages count as clean from then on and a later force
 * of the same file succeeds without them. Deterministic: the same calls and the same random numbers give the same disk.
 * One thread. What is assumed to hold of a real disk and is not simulated: a sector of 512 bytes is never torn.
 */
public final class SimDisk implements Storage
{
    /** Bytes that reach the platter all together or not at all. */
    public static final int SECTOR_LENGTH = 512;

    /** What {@link #capacity(long)} begins with. */
    public static final long UNBOUNDED = Long.MAX_VALUE;

    private final TreeMap<String, SimDiskFile> names = new TreeMap<>();
    private final TreeMap<String, SimDiskFile> forcedNames = new TreeMap<>();
    private final List<NameChange> nameChanges = new ArrayList<>();
    private final SimRandom random = new SimRandom(1);
    private SimDiskFaults faults = SimDiskFaults.NONE;
    private long operations;
    private long capacity = UNBOUNDED;
    private boolean isOff;

    /** A creation ({@code from} is null), a rename, or a deletion ({@code to} is null) not forced yet. */
    private record NameChange(String from, String to, SimDiskFile file)
    {
    }

    /** Power is gone: thrown by the operation at which it went, and by all after it. */
    public static final class PowerCut extends RuntimeException
    {
        private static final long serialVersionUID = 1L;

        PowerCut()
        {
            super("the power is gone", null, false, false);
        }
    }

    /** Sets who is asked before every operation whether it works. */
    public SimDisk faults(final SimDiskFaults newFaults)
    {
        faults = newFaults;
        return this;
    }

    /** Bounds the bytes allocated by all files together. */
    public SimDisk capacity(final long bytes)
    {
        capacity = bytes;
        return this;
    }

    /** Operations so far that may change something: all but lists, opens and closes. */
    public long operations()
    {
        return operations;
    }

    /** Whether power is gone. */
    public boolean isOff()
    {
        return isOff;
    }

    /** Bytes allocated by all files together. */
    public long allocated()
    {
        return names.values().stream().mapToLong(SimDiskFile::allocated).sum();
    }

    /** The disk as the next process finds it. */
    public SimDisk afterKill()
    {
        final SimDisk next = new SimDisk();
        final Map<SimDiskFile, SimDiskFile> copies = new IdentityHashMap<>();
        names.forEach((name, file) -> next.names.put(name, copies.computeIfAbsent(file, SimDiskFile::copy)));
        forcedNames.forEach(
            (name, file) -> next.forcedNames.put(name, copies.computeIfAbsent(file, SimDiskFile::copy)));
        for (final NameChange change : nameChanges)
        {
            next.nameChanges.add(new NameChange(
                change.from, change.to, copies.computeIfAbsent(change.file, SimDiskFile::copy)));
        }
        next.capacity = capacity;
        return next;
    }

    /** The disk as it is found when power is back. */
    public SimDisk afterPowerCut(final RandomGenerator chance)
    {
        final SimDisk next = new SimDisk();
        for (final Map.Entry<String, SimDiskFile> survivor : survivors(chance).entrySet())
        {
            final SimDiskFile file = survivor.getValue().afterPowerCut(chance);
            next.names.put(survivor.getKey(), file);
            next.forcedNames.put(survivor.getKey(), file);
        }
        next.capacity = capacity;
        return next;
    }

    /** What bears which name when power is back: any subset of the changes that were not forced. */
    private TreeMap<String, SimDiskFile> survivors(final RandomGenerator chance)
    {
        final TreeMap<String, SimDiskFile> survivors = new TreeMap<>(forcedNames);
        for (final NameChange change : nameChanges)
        {
            if (chance.nextBoolean())
            {
                if (null != change.from)
                {
                    survivors.remove(change.from, change.file);
                }
                if (null != change.to)
                {
                    survivors.put(change.to, change.file);
                }
            }
        }
        return survivors;
    }

    /**
     * As {@link #afterKill()}, but the files themselves change hands: much cheaper, and only right where nobody will
     * do anything with this disk any more. Whoever tries finds it without power.
     */
    SimDisk handOver()
    {
        final SimDisk next = new SimDisk();
        next.names.putAll(names);
        next.forcedNames.putAll(forcedNames);
        next.nameChanges.addAll(nameChanges);
        next.capacity = capacity;
        isOff = true;
        return next;
    }

    /** As {@link #afterPowerCut(RandomGenerator)}, and as {@link #handOver()}. */
    SimDisk handOverAfterPowerCut(final RandomGenerator chance)
    {
        final SimDisk next = new SimDisk();
        survivors(chance).forEach((name, file) ->
        {
            final SimDiskFile survivor = file.losePower(chance);
            next.names.put(name, survivor);
            next.forcedNames.put(name, survivor);
        });
        next.capacity = capacity;
        isOff = true;
        return next;
    }

    /**
     * Makes any subset of what is not forced durable, as an operating system does of its own accord at any time. Names
     * stay as they are.
     */
    public void writeBack(final RandomGenerator chance)
    {
        names.values().forEach(file -> file.writeBack(chance));
    }

    /** Turns a bit of a file over, on the platter and in the page cache. */
    public void flipBit(final String name, final int offset, final int bit)
    {
        final SimDiskFile file = file(name);
        final byte[] bytes = {(byte)(file.read(offset) ^ 1 << bit)};
        file.damage(offset, bytes);
    }

    /** Replaces bytes of a file, on the platter and in the page cache. */
    public void overwrite(final String name, final int offset, final byte[] bytes)
    {
        file(name).damage(offset, bytes);
    }

    /** Replaces a sector of a file by noise, on the platter and in the page cache. */
    public void randomizeSector(final String name, final int sector, final RandomGenerator chance)
    {
        final byte[] bytes = new byte[SECTOR_LENGTH];
        chance.nextBytes(bytes);
        file(name).damage(sector * SECTOR_LENGTH, bytes);
    }

    /** A copy of what a process would read. */
    public byte[] contents(final String name)
    {
        return file(name).contents();
    }

    /** A copy of what is left of a file if power goes now and the disk is mean. */
    public byte[] platter(final String name)
    {
        return file(name).platter();
    }

    /** A copy of a file as it would be if the last write of each sector had never reached the platter. */
    public byte[] stale(final String name)
    {
        return file(name).stale();
    }

    /** Puts a file there that is durable at once, in place of one of that name if there is one. */
    public void put(final String name, final byte[] contents)
    {
        final SimDiskFile file = SimDiskFile.durable(contents);
        names.put(name, file);
        forcedNames.put(name, file);
    }

    /** Takes a file away, durably, as if it had never been. */
    public void lose(final String name)
    {
        final SimDiskFile file = file(name);
        names.remove(name);
        forcedNames.remove(name);
        nameChanges.removeIf(change -> change.file == file);
    }

    private SimDiskFile file(final String name)
    {
        final SimDiskFile file = names.get(name);
        if (null == file)
        {
            throw new StorageException("no file " + name);
        }
        return file;
    }

    @Override
    public String[] list()
    {
        checkPower();
        return names.keySet().toArray(new String[0]);
    }

    @Override
    public StorageFile create(final String name, final int length, final Mapping mapping)
    {
        before(SimDiskFaults.Operation.CREATE, name, null);
        if (names.containsKey(name))
        {
            throw new StorageException("cannot create " + name + ": it exists");
        }
        final SimDiskFile file = new SimDiskFile(length);
        names.put(name, file);
        nameChanges.add(new NameChange(null, name, file));
        return new SimDiskHandle(this, name, file, mapping);
    }

    @Override
    public StorageFile open(final String name, final Mapping mapping)
    {
        checkPower();
        return new SimDiskHandle(this, name, file(name), mapping);
    }

    @Override
    public void rename(final String from, final String to)
    {
        before(SimDiskFaults.Operation.RENAME, from, null);
        final SimDiskFile file = file(from);
        names.remove(from);
        names.put(to, file);
        nameChanges.add(new NameChange(from, to, file));
    }

    @Override
    public void delete(final String name)
    {
        before(SimDiskFaults.Operation.DELETE, name, null);
        final SimDiskFile file = file(name);
        names.remove(name);
        nameChanges.add(new NameChange(name, null, file));
    }

    @Override
    public void forceDirectory()
    {
        before(SimDiskFaults.Operation.FORCE_DIRECTORY, "", null);
        forcedNames.clear();
        forcedNames.putAll(names);
        nameChanges.clear();
    }

    @Override
    public void close()
    {
    }

    /** Counts an operation and lets it fail if that is its fate. True if what it writes is to be lost in silence. */
    boolean before(final SimDiskFaults.Operation operation, final String name, final SimDiskFile file)
    {
        checkPower();
        final SimDiskFaults.Fate fate = faults.before(operation, name, operations++);
        switch (fate)
        {
            case POWER_CUT ->
            {
                isOff = true;
                throw new PowerCut();
            }
            case FULL -> throw new StorageFullException("cannot " + operation + " " + name + ": disk full", null);
            case FAIL ->
            {
                if (SimDiskFaults.Operation.FORCE == operation)
                {
                    file.failForce(random);
                }
                throw new StorageException("cannot " + operation + " " + name + ": input/output error");
            }
            default ->
            {
                return SimDiskFaults.Fate.LOST == fate;
            }
        }
    }

    void checkPower()
    {
        if (isOff)
        {
            throw new PowerCut();
        }
    }

    void checkRoom(final String name, final long bytes)
    {
        Invariant.check(bytes >= 0, "bytes to allocate", bytes);
        if (allocated() > capacity - bytes)
        {
            throw new StorageFullException("cannot allocate " + bytes + " bytes of " + name + ": disk full", null);
        }
    }
}
