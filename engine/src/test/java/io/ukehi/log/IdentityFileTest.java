package io.ukehi.log;

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
    void shouldRefuseADamagedIdentity()
    {
        for (int bit = 0; bit < 4096 * 8; bit += 13)
        {
            final SimDisk disk = claimed();
            disk.flipBit(NAME, bit / 8, bit % 8);
            assertRefused("damaged", disk, 1, 2, 3);
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
