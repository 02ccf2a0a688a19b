package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a node may have acknowledged and does not hold: it never forgets that, and never makes it less than it is. */
class DoubtFileTest
{
    private static final String NAME = DoubtFile.FILE_NAME;

    private static void assertHolds(
        final long index, final long term, final DoubtFile.Reason reason, final SimDisk disk)
    {
        try (DoubtFile file = DoubtFile.open(disk))
        {
            assertEquals(index + "/" + term + "/" + reason, file.doubtfulTo() + "/" + file.term() + "/" +
                file.reason());
        }
    }

    private static SimDisk raised()
    {
        final SimDisk disk = new SimDisk();
        try (DoubtFile file = DoubtFile.open(disk))
        {
            file.raise(40, 3, DoubtFile.Reason.DAMAGE);
        }
        return disk;
    }

    @Test
    void shouldBeInNoDoubtWhenNothingWasEverRaised()
    {
        final SimDisk disk = new SimDisk();
        try (DoubtFile file = DoubtFile.open(disk))
        {
            file.clear();
            assertNull(file.reason());
        }
        assertHolds(0, 0, null, disk);
        assertEquals(0, disk.list().length, "no file without need");
    }

    @Test
    void shouldKeepTheLargerIndexAndTermWhenDoubtIsRaisedTwice()
    {
        final SimDisk disk = raised();
        try (DoubtFile file = DoubtFile.open(disk))
        {
            file.raise(30, 5, DoubtFile.Reason.UNFORCED_TAIL);
        }
        assertHolds(40, 5, DoubtFile.Reason.DAMAGE, disk);
        try (DoubtFile file = DoubtFile.open(disk))
        {
            file.raise(DoubtFile.UNBOUNDED, 4, DoubtFile.Reason.UNFORCED_TAIL);
        }
        assertHolds(DoubtFile.UNBOUNDED, 5, DoubtFile.Reason.DAMAGE, disk);
    }

    @Test
    void shouldForgetEverythingWhenItIsCleared()
    {
        final SimDisk disk = raised();
        try (DoubtFile file = DoubtFile.open(disk))
        {
            file.clear();
        }
        assertHolds(0, 0, null, disk.afterPowerCut(new SplittableRandom(1)));
        try (DoubtFile file = DoubtFile.open(disk))
        {
            file.raise(7, 2, DoubtFile.Reason.UNFORCED_TAIL);
        }
        assertHolds(7, 2, DoubtFile.Reason.UNFORCED_TAIL, disk.afterPowerCut(new SplittableRandom(2)));
    }

    /** Raised, raised again, cleared, raised: what was told is there, or what was under way when power went. */
    @Test
    void shouldHoldWhatItSaidOrWhatItWasAboutToSayWhenPowerGoesAtAnyOperation()
    {
        final String[] said = {"0/0/null", "10/1/DAMAGE", "20/2/DAMAGE", "0/0/null", "5/4/UNFORCED_TAIL"};
        for (long operation = 0; true; operation++)
        {
            final SimDisk disk = new SimDisk().faults(SimDiskFaults.powerCutAt(operation));
            int told = 0;
            try (DoubtFile file = DoubtFile.open(disk))
            {
                file.raise(10, 1, DoubtFile.Reason.DAMAGE);
                told++;
                file.raise(20, 2, DoubtFile.Reason.DAMAGE);
                told++;
                file.clear();
                told++;
                file.raise(5, 4, DoubtFile.Reason.UNFORCED_TAIL);
                assertTrue(operation > 12);
                return;
            }
            catch (final SimDisk.PowerCut ex)
            {
                assertTrue(disk.isOff());
            }
            for (int i = 0; i < 30; i++)
            {
                final SimDisk found = 0 == i % 3 ? disk.afterKill() : disk.afterPowerCut(new SplittableRandom(i));
                final String first = read(found);
                assertTrue(first.equals(said[told]) || first.equals(said[told + 1]), first);
                assertEquals(first, read(found.afterPowerCut(new SplittableRandom(i))), "what was read stays");
            }
        }
    }

    private static String read(final SimDisk disk)
    {
        try (DoubtFile file = DoubtFile.open(disk))
        {
            return file.doubtfulTo() + "/" + file.term() + "/" + file.reason();
        }
    }

    @Test
    void shouldHoldTheDoubtWhenAnyBitIsTurnedOver()
    {
        final byte[] good = raised().contents(NAME);
        for (int bit = 0; bit < good.length * 8; bit++)
        {
            final SimDisk disk = new SimDisk();
            disk.put(NAME, good);
            disk.flipBit(NAME, bit / 8, bit % 8);
            assertTrue(!WalReader.inspect(disk).isSound(), "a tool sees it");
            assertEquals(40, WalReader.inspect(disk).doubt().doubtfulTo());
            assertHolds(40, 3, DoubtFile.Reason.DAMAGE, disk);
        }
    }

    @Test
    void shouldAssumeTheWorstWhenNoCopyIsSound()
    {
        final SimDisk disk = raised();
        try (HardStateFile hardState = HardStateFile.open(disk))
        {
            hardState.store(9, 1);
        }
        disk.flipBit(NAME, 20, 1);
        disk.flipBit(NAME, 512 + 20, 1);
        assertEquals(DoubtFile.UNBOUNDED, WalReader.inspect(disk).doubt().doubtfulTo());
        for (long operation = 0; operation < 8; operation++)
        {
            final SimDisk broken = disk.afterKill().faults(SimDiskFaults.powerCutAt(operation));
            try (DoubtFile file = DoubtFile.open(broken))
            {
                assertEquals(9, file.term());
            }
            catch (final SimDisk.PowerCut ex)
            {
                assertTrue(broken.isOff());
            }
            assertHolds(DoubtFile.UNBOUNDED, 9, DoubtFile.Reason.DAMAGE,
                broken.afterPowerCut(new SplittableRandom(operation)));
        }
    }
}
