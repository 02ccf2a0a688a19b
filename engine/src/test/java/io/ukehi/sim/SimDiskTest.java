package io.ukehi.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Invariant;
import io.ukehi.log.Storage;
import io.ukehi.log.StorageException;
import io.ukehi.log.StorageFile;
import io.ukehi.log.StorageFullException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The simulated disk keeps what it promises, and everything beyond is left to chance. */
class SimDiskTest
{
    private static final int LENGTH = 4096;

    private final SimDisk disk = new SimDisk();

    /** A file of zeros whose name is durable. */
    private StorageFile file(final Storage.Mapping mapping)
    {
        final StorageFile file = disk.create("a", LENGTH, mapping);
        file.allocate(LENGTH);
        disk.forceDirectory();
        return file;
    }

    private static long at(final SimDisk found, final int sector)
    {
        return found.contents("a")[sector * SimDisk.SECTOR_LENGTH];
    }

    @ParameterizedTest
    @EnumSource(value = Storage.Mapping.class, names = {"PRIVATE", "SHARED"})
    void shouldKeepWhatWasForced(final Storage.Mapping mapping)
    {
        final StorageFile file = file(mapping);
        file.buffer().setMemory(0, LENGTH, (byte)7);
        file.write(0, LENGTH);
        file.force();
        for (int i = 0; i < 20; i++)
        {
            final SimDisk found = disk.afterPowerCut(new SplittableRandom(i));
            assertArrayEquals(disk.contents("a"), found.contents("a"));
            assertEquals(7, at(found, 3));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Storage.Mapping.class, names = {"PRIVATE", "SHARED"})
    void shouldKeepAnySubsetOfTheSectorsThatWereNotForced(final Storage.Mapping mapping)
    {
        final StorageFile file = file(mapping);
        file.buffer().setMemory(0, LENGTH, (byte)7);
        file.write(0, LENGTH);
        final Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 400; i++)
        {
            final SimDisk found = disk.afterPowerCut(new SplittableRandom(i));
            long subset = 0;
            for (int sector = 0; sector < 8; sector++)
            {
                subset = subset << 1 | (7 == at(found, sector) ? 1 : 0);
            }
            seen.add(subset);
        }
        assertTrue(seen.size() > 100, "of 256 subsets seen: " + seen.size());
        assertTrue(seen.containsAll(List.of(0L, 255L)), "all and nothing among them");
        assertEquals(7, at(disk.afterKill(), 0), "a process that dies loses nothing that was written");
    }

    @Test
    void shouldKeepNothingOfAPrivateMappingThatWasNotWritten()
    {
        final StorageFile file = file(Storage.Mapping.PRIVATE);
        file.buffer().setMemory(0, LENGTH, (byte)7);
        file.force();
        assertEquals(0, at(disk.afterKill(), 0));
        assertEquals(0, at(disk.afterPowerCut(new SplittableRandom(0)), 0));
    }

    @Test
    void shouldKeepAnyStateOfASectorSinceTheLastForce()
    {
        final StorageFile file = file(Storage.Mapping.PRIVATE);
        for (int value = 1; value <= 3; value++)
        {
            file.buffer().putByte(0, (byte)value);
            file.write(0, 1);
        }
        final Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 100; i++)
        {
            seen.add(at(disk.afterPowerCut(new SplittableRandom(i)), 0));
        }
        assertEquals(Set.of(0L, 1L, 2L, 3L), seen);
    }

    @Test
    void shouldLeaveUnforcedNamesToChance()
    {
        disk.create("old", LENGTH, Storage.Mapping.PRIVATE).allocate(LENGTH);
        disk.create("gone", LENGTH, Storage.Mapping.PRIVATE).allocate(LENGTH);
        disk.forceDirectory();
        disk.create("new", LENGTH, Storage.Mapping.PRIVATE).allocate(LENGTH);
        disk.rename("old", "renamed");
        disk.delete("gone");
        final Set<List<String>> seen = new HashSet<>();
        for (int i = 0; i < 100; i++)
        {
            final List<String> names = List.of(disk.afterPowerCut(new SplittableRandom(i)).list());
            assertTrue(names.contains("old") != names.contains("renamed"), "a rename is atomic: " + names);
            seen.add(names);
        }
        assertEquals(8, seen.size());
        assertEquals(List.of("new", "renamed"), List.of(disk.afterKill().list()));
        disk.forceDirectory();
        assertEquals(List.of("new", "renamed"), List.of(disk.afterPowerCut(new SplittableRandom(1)).list()));
    }

    @Test
    void shouldLeaveTheLengthToChanceWhenAFileWasNeverForced()
    {
        disk.create("a", LENGTH, Storage.Mapping.PRIVATE);
        disk.forceDirectory();
        final Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < 100; i++)
        {
            seen.add(disk.afterPowerCut(new SplittableRandom(i)).contents("a").length);
        }
        assertTrue(seen.containsAll(Set.of(0, LENGTH)) && seen.size() > 4, "lengths " + seen);
    }

    @Test
    void shouldForgetWhatAFailedForceWasToKeepAndSucceedWithoutItLater()
    {
        final StorageFile file = file(Storage.Mapping.PRIVATE);
        file.buffer().setMemory(0, LENGTH, (byte)7);
        file.write(0, LENGTH);
        disk.faults(SimDiskFaults.failing(SimDiskFaults.Operation.FORCE, () -> true));
        assertThrows(StorageException.class, file::force);
        disk.faults(SimDiskFaults.NONE);
        file.force();
        assertEquals(7, at(disk.afterKill(), 0));
        final byte[] found = disk.afterPowerCut(new SplittableRandom(1)).contents("a");
        int missing = 0;
        for (int sector = 0; sector < 8; sector++)
        {
            missing += 0 == found[sector * SimDisk.SECTOR_LENGTH] ? 1 : 0;
        }
        assertTrue(missing > 0, "some of it never arrives");
        file.write(0, LENGTH);
        file.force();
        assertEquals(7, at(disk.afterPowerCut(new SplittableRandom(1)), 7), "unless it is written again");
    }

    @Test
    void shouldLoseAWriteInSilence()
    {
        final StorageFile file = file(Storage.Mapping.PRIVATE);
        disk.faults((operation, name, number) ->
            SimDiskFaults.Operation.WRITE == operation ? SimDiskFaults.Fate.LOST : SimDiskFaults.Fate.DONE);
        file.buffer().putByte(0, (byte)7);
        file.write(0, 1);
        file.force();
        assertEquals(7, at(disk.afterKill(), 0));
        assertEquals(0, at(disk.afterPowerCut(new SplittableRandom(1)), 0));
    }

    @Test
    void shouldRefuseWhatDoesNotFit()
    {
        disk.capacity(LENGTH);
        file(Storage.Mapping.PRIVATE);
        final StorageFile more = disk.create("b", LENGTH, Storage.Mapping.PRIVATE);
        assertThrows(StorageFullException.class, () -> more.allocate(LENGTH));
        disk.delete("a");
        assertEquals(0, more.allocate(LENGTH));
    }

    @Test
    void shouldNotTakeStoresIntoAPartThatWasNotAllocated()
    {
        final StorageFile file = disk.create("a", LENGTH, Storage.Mapping.SHARED);
        file.allocate(1024);
        file.buffer().putByte(2048, (byte)1);
        assertThrows(Invariant.Violation.class, file::force);
        assertThrows(Invariant.Violation.class, () -> file.write(1024, 1));
    }

    @Test
    void shouldDoNothingMoreWhenThePowerIsGone()
    {
        final StorageFile file = file(Storage.Mapping.PRIVATE);
        disk.faults(SimDiskFaults.powerCutAt(disk.operations() + 1));
        file.write(0, 512);
        assertThrows(SimDisk.PowerCut.class, file::force);
        assertTrue(disk.isOff());
        assertThrows(SimDisk.PowerCut.class, disk::list);
        assertThrows(SimDisk.PowerCut.class, () -> disk.open("a", Storage.Mapping.READ_ONLY));
        assertEquals(1, disk.afterPowerCut(new SplittableRandom(1)).list().length);
    }

    @Test
    void shouldShowReadersWhatWasWritten()
    {
        final StorageFile writer = file(Storage.Mapping.PRIVATE);
        final StorageFile reader = disk.open("a", Storage.Mapping.READ_ONLY);
        writer.buffer().putByte(5, (byte)7);
        assertEquals(0, reader.buffer().getByte(5));
        writer.write(5, 1);
        assertEquals(7, reader.buffer().getByte(5));
        writer.force();
        disk.flipBit("a", 5, 0);
        assertEquals(6, reader.buffer().getByte(5));
        assertEquals(6, disk.afterPowerCut(new SplittableRandom(2)).contents("a")[5]);
    }
}
