package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Test;

/** Whose directory it is. */
class IdentityFileTest
{
    private static final String NAME = IdentityFile.FILE_NAME;

    @Test
    void shouldGiveBackTheLogIdOfTheFirstStart(@TempDir final Path directory)
    {
        try (FileStorage storage = FileStorage.open(directory))
        {
            assertEquals(99, IdentityFile.claim(storage, 1, 2, 3, 99));
            assertEquals(99, IdentityFile.claim(storage, 1, 2, 3, 100));
        }
    }

    @Test
    void shouldRefuseAnotherMembersDirectory()
    {
        final SimDisk disk = claimed();
        assertRefused("belongs to member 3 of group 2 of cluster 1", disk, 9, 2, 3);
        assertRefused("belongs to member 3 of group 2 of cluster 1", disk, 1, 9, 3);
        assertRefused("not to member 9 of group 2 of cluster 1", disk, 1, 2, 9);
        assertEquals(99, IdentityFile.claim(disk, 1, 2, 3, 100));
    }

    @Test
    void shouldRefuseAnIdentityOfWhichBothCopiesAreDamaged()
    {
        for (int bit = 0; bit < 512 * 8; bit += 13)
        {
            final SimDisk disk = claimed();
            disk.flipBit(NAME, bit / 8, bit % 8);
            assertEquals(99, IdentityFile.claim(disk.afterKill(), 1, 2, 3, 100));
            disk.flipBit(NAME, 512 + bit / 8, bit % 8);
            final byte[] before = disk.contents(NAME);
            assertRefused("damaged", disk, 1, 2, 3);
            assertArrayEquals(before, disk.contents(NAME));
        }
        final SimDisk disk = claimed();
        disk.put(NAME, new byte[100]);
        assertRefused("damaged", disk, 1, 2, 3);
    }

    @Test
    void shouldRefuseALogWithoutAnIdentity()
    {
        final SimDisk disk = claimed();
        HardStateFile.open(disk).close();
        disk.lose(NAME);
        assertRefused("is missing", disk, 1, 2, 3);
    }

    @Test
    void shouldStartAnewOrGoOnWhenPowerGoesAtAnyOperation()
    {
        for (long operation = 0; true; operation++)
        {
            final SimDisk disk = new SimDisk().faults(SimDiskFaults.powerCutAt(operation));
            try
            {
                IdentityFile.claim(disk, 1, 2, 3, 99);
                return;
            }
            catch (final SimDisk.PowerCut ex)
            {
                for (int i = 0; i < 30; i++)
                {
                    final SimDisk found = disk.afterPowerCut(new SplittableRandom(i));
                    final long logId = IdentityFile.claim(found, 1, 2, 3, 100);
                    assertTrue(99 == logId || 100 == logId);
                    assertEquals(logId, IdentityFile.claim(found, 1, 2, 3, 101));
                }
                final SimDisk killed = disk.afterKill();
                final long logId = IdentityFile.claim(killed, 1, 2, 3, 100);
                for (int i = 0; i < 30; i++)
                {
                    final SimDisk found = killed.afterPowerCut(new SplittableRandom(i));
                    assertEquals(logId, IdentityFile.claim(found, 1, 2, 3, 101));
                }
            }
        }
    }

    /** A converted log becomes somebody's: from then on, or from before, and nobody else's in between. */
    @Test
    void shouldBelongToNobodyOrToWhoClaimsItWhenPowerGoesAtAnyOperation()
    {
        final SimDisk converted = new SimDisk();
        IdentityFile.create(converted, 0, 0, IdentityFile.UNCLAIMED, 99);
        boolean isClaimed = false;
        for (long operation = 0; !isClaimed; operation++)
        {
            final SimDisk disk = converted.afterKill();
            disk.faults(SimDiskFaults.powerCutAt(operation));
            try
            {
                IdentityFile.claim(disk, 1, 2, 3, 100);
                isClaimed = true;
            }
            catch (final SimDisk.PowerCut ex)
            {
                assertTrue(disk.isOff());
            }
            for (int i = 0; i < 30; i++)
            {
                final SimDisk found = disk.afterPowerCut(new SplittableRandom(i));
                if (isClaimed)
                {
                    assertRefused("belongs to member 3", found, 1, 2, 4);
                }
                assertEquals(99, IdentityFile.claim(found, 1, 2, 3, 100));
            }
        }
    }

    private static SimDisk claimed()
    {
        final SimDisk disk = new SimDisk();
        IdentityFile.claim(disk, 1, 2, 3, 99);
        return disk;
    }

    private static void assertRefused(
        final String why, final SimDisk disk, final long cluster, final int group, final int member)
    {
        final StorageException refused =
            assertThrows(StorageException.class, () -> IdentityFile.claim(disk, cluster, group, member, 100));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }
}
