package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Invariant;
import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import io.ukehi.sim.SimDiskFaults.Operation;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Term and vote: they survive everything, never go back, and no vote is ever made up. */
class HardStateFileTest
{
    private static final String NAME = HardStateFile.FILE_NAME;

    @Test
    void shouldBeginWithoutTermAndVote()
    {
        final SimDisk disk = new SimDisk();
        try (HardStateFile file = HardStateFile.open(disk))
        {
            assertHolds(0, 0, file);
        }
        assertEquals(1, disk.list().length);
        assertHolds(0, 0, HardStateFile.open(disk.afterPowerCut(new SplittableRandom(1))));
    }

    @Test
    void shouldHoldWhatWasStoredOnRealFiles(@TempDir final Path directory)
    {
        try (FileStorage storage = FileStorage.open(directory); HardStateFile file = HardStateFile.open(storage))
        {
            file.store(7, 3);
            file.store(8, 0);
            file.store(8, -2);
        }
        try (FileStorage storage = FileStorage.open(directory); HardStateFile file = HardStateFile.open(storage))
        {
            assertHolds(8, -2, file);
        }
    }

    @Test
    void shouldRefuseATermThatFallsAndASecondVote()
    {
        final HardStateFile file = HardStateFile.open(new SimDisk());
        file.store(7, 0);
        file.store(7, 3);
        file.store(7, 3);
        assertThrows(Invariant.Violation.class, () -> file.store(6, 3));
        assertThrows(Invariant.Violation.class, () -> file.store(7, 2));
        assertThrows(Invariant.Violation.class, () -> file.store(7, 0));
        assertHolds(7, 3, file);
    }

    /** The story of a node that takes part in elections; the record under way when power goes may be there or not. */
    @Test
    void shouldNeverGoBackNorInventAVoteWhenPowerGoesAtAnyOperation()
    {
        for (long operation = 0; true; operation++)
        {
            final SimDisk disk = new SimDisk();
            disk.faults(SimDiskFaults.powerCutAt(operation));
            final long told = vote(disk, 0);
            if (20 == told)
            {
                assertTrue(operation > 40);
                return;
            }
            for (int i = 0; i < 30; i++)
            {
                final SplittableRandom random = new SplittableRandom(operation * 100 + i);
                final long found = open(disk.afterPowerCut(random), told);
                open(disk.afterKill(), told);
                // Whoever was told of what a killed process had only written may rely on it.
                final SimDisk killed = disk.afterKill();
                final long foundAfterKill = open(killed, told);
                assertEquals(foundAfterKill, open(killed.afterPowerCut(random), foundAfterKill));
                recoverInManyTries(disk, told, random);
                assertTrue(found <= told + 1);
            }
        }
    }

    /** Stores record after record, the n-th being that of {@link #termOf} and {@link #voteOf}; how many were stored. */
    private static long vote(final SimDisk disk, final long from)
    {
        long told = from;
        try
        {
            final HardStateFile file = HardStateFile.open(disk);
            while (told < 20)
            {
                file.store(termOf(told + 1), voteOf(told + 1));
                told++;
            }
        }
        catch (final SimDisk.PowerCut ex)
        {
            assertTrue(disk.isOff());
        }
        return told;
    }

    /** Every term is entered without a vote, then voted in. */
    private static long termOf(final long record)
    {
        return (record + 1) / 2;
    }

    private static int voteOf(final long record)
    {
        return record > 0 && 0 == record % 2 ? (int)(1 + record * 7 % 5) : 0;
    }

    /** Opens what is left, and checks that it is the last record somebody was told of, or the one after it. */
    private static long open(final SimDisk disk, final long told)
    {
        try (HardStateFile file = HardStateFile.open(disk))
        {
            final boolean isNext = told < 20 && file.term() == termOf(told + 1) && file.votedFor() == voteOf(told + 1);
            if (!isNext)
            {
                assertHolds(termOf(told), voteOf(told), file);
            }
            return isNext ? told + 1 : told;
        }
    }

    private static void recoverInManyTries(final SimDisk disk, final long told, final SplittableRandom random)
    {
        final SimDisk found = disk.afterPowerCut(random);
        final SimDisk probe = found.afterKill();
        open(probe, told);
        for (long i = 0; i < probe.operations(); i++)
        {
            final SimDisk broken = found.afterKill().faults(SimDiskFaults.powerCutAt(i));
            assertThrows(SimDisk.PowerCut.class, () -> HardStateFile.open(broken));
            open(broken.afterPowerCut(random), told);
        }
    }

    /** The first process dies between the rename and the force of the directory; the second votes, and power goes. */
    @Test
    void shouldNotLoseTheFileOfAProcessThatDiedWhileItMadeIt()
    {
        for (long operation = 0; operation < 12; operation++)
        {
            final SimDisk first = new SimDisk();
            first.faults(SimDiskFaults.powerCutAt(operation));
            vote(first, 0);
            for (int i = 0; i < 10; i++)
            {
                final SimDisk second = first.afterKill();
                HardStateFile.open(second).store(9, 2);
                assertHolds(9, 2, HardStateFile.open(second.afterPowerCut(new SplittableRandom(i))));
            }
        }
    }

    @Test
    void shouldHoldTheNewestRecordWhenEitherCopyIsDamaged()
    {
        for (int sector = 0; sector < 2; sector++)
        {
            final SimDisk disk = stored();
            disk.randomizeSector(NAME, sector, new SplittableRandom(sector));
            try (HardStateFile file = HardStateFile.open(disk))
            {
                assertHolds(9, 2, file);
            }
            // It was mended: now the other one may go.
            disk.randomizeSector(NAME, 1 - sector, new SplittableRandom(sector));
            try (HardStateFile file = HardStateFile.open(disk))
            {
                assertHolds(9, 2, file);
                file.store(10, 1);
            }
            assertHolds(10, 1, HardStateFile.open(disk));
        }
    }

    /** A torn first copy of the next record must not cost the only sound one when the next is stored. */
    @Test
    void shouldHoldTheNewestRecordWhenAStoreFollowsOnADamagedCopy()
    {
        for (int sector = 0; sector < 2; sector++)
        {
            for (int i = 0; i < 60; i++)
            {
                final SimDisk disk = stored();
                disk.randomizeSector(NAME, sector, new SplittableRandom(1));
                disk.faults(SimDiskFaults.powerCutAt(disk.operations() + i % 12));
                try
                {
                    HardStateFile.open(disk).store(10, 1);
                }
                catch (final SimDisk.PowerCut ex)
                {
                    assertTrue(disk.isOff());
                }
                try (HardStateFile file = HardStateFile.open(disk.afterPowerCut(new SplittableRandom(i))))
                {
                    assertTrue(9 == file.term() && 2 == file.votedFor() || 10 == file.term() && 1 == file.votedFor());
                }
            }
        }
    }

    @Test
    void shouldRefuseToStartWhenBothCopiesAreDamaged()
    {
        final SimDisk disk = stored();
        disk.flipBit(NAME, 17, 0);
        disk.flipBit(NAME, 512 + 400, 7);
        assertRefused("no sound record", disk);
    }

    @Test
    void shouldRefuseToStartWhenTheFileIsCutShort()
    {
        final SimDisk disk = stored();
        disk.put(NAME, Arrays.copyOf(disk.contents(NAME), 512));
        assertRefused("no sound record", disk);
        disk.put(NAME, new byte[0]);
        assertRefused("no sound record", disk);
    }

    @Test
    void shouldRefuseToStartWhenItIsMissingBesideALog()
    {
        final SimDisk disk = stored();
        SegmentedLog.open(disk, LogHarness.config(Durability.BATCH), () -> 0).close();
        disk.lose(NAME);
        assertRefused("is missing", disk);
    }

    @Test
    void shouldFindAnyBitTurnedOverInOneCopy()
    {
        final byte[] good = stored().contents(NAME);
        for (int bit = 0; bit < 512 * 8; bit++)
        {
            final SimDisk disk = new SimDisk();
            disk.put(NAME, good);
            disk.flipBit(NAME, bit / 8, bit % 8);
            try (HardStateFile file = HardStateFile.open(disk))
            {
                assertHolds(9, 2, file);
            }
            assertEquals(good[bit / 8], disk.contents(NAME)[bit / 8], "mended");
        }
    }

    @ParameterizedTest
    @EnumSource(value = Operation.class, names = {"WRITE", "FORCE"})
    void shouldStoreNothingMoreWhenAStoreFailed(final Operation operation)
    {
        final SimDisk disk = stored();
        final HardStateFile file = HardStateFile.open(disk);
        disk.faults(SimDiskFaults.failing(operation, () -> true));
        assertThrows(StorageException.class, () -> file.store(10, 1));
        disk.faults(SimDiskFaults.NONE);
        final long operations = disk.operations();
        assertThrows(StorageException.class, () -> file.store(11, 1));
        assertEquals(operations, disk.operations());
        assertHolds(9, 2, file);
    }

    private static SimDisk stored()
    {
        final SimDisk disk = new SimDisk();
        try (HardStateFile file = HardStateFile.open(disk))
        {
            file.store(8, 1);
            file.store(9, 0);
            file.store(9, 2);
        }
        return disk;
    }

    private static void assertRefused(final String why, final SimDisk disk)
    {
        final StorageException refused = assertThrows(StorageException.class, () -> HardStateFile.open(disk));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
        assertTrue(refused.getMessage().contains("must not vote"), refused.getMessage());
        assertFalse(refused instanceof StorageFullException);
    }

    private static void assertHolds(final long term, final int vote, final HardStateFile file)
    {
        assertEquals(term + "/" + vote, file.term() + "/" + file.votedFor());
    }
}
