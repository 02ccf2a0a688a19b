package io.ukehi.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ukehi.log.Durability;
import io.ukehi.log.HardStateFile;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import io.ukehi.log.StorageException;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * Found by the swarm. A force fails and the node stops, as it must; a new process finds in the page cache what never
 * reached the platter, in pages that count as clean. To force again changes nothing: whatever of it may be spoken of
 * has to be written again.
 */
class RestartAfterFailedForceTest
{
    private static final LogConfig CONFIG = new LogConfig()
        .segmentLength(8192).maxPayloadLength(256).durability(Durability.EVERY).logId(1);

    private static SimDisk killAfterFailedForce(final SimDisk disk)
    {
        return disk.afterKill().faults(SimDiskFaults.NONE);
    }

    @Test
    void shouldKeepTheVoteThatWasFoundWhenPowerIsLostLater()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            final SimDisk first = new SimDisk();
            final HardStateFile file = HardStateFile.open(first);
            file.store(1, 1);
            first.faults(SimDiskFaults.failing(SimDiskFaults.Operation.FORCE, () -> true));
            assertThrows(StorageException.class, () -> file.store(2, 3));

            final SimDisk second = killAfterFailedForce(first);
            final HardStateFile found = HardStateFile.open(second);
            final HardStateFile last = HardStateFile.open(second.afterPowerCut(new SimRandom(seed)));

            assertEquals(found.term(), last.term());
            assertEquals(found.votedFor(), last.votedFor());
        }
    }

    /** Seeds 700019735 and 700025120: the second copy was written again, the first one on the platter was old. */
    @Test
    void shouldKeepTheVoteThatWasFoundWhenPowerIsLostLaterAndEitherCopyIsDamaged()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            for (int failing = 0; failing < 2; failing++)
            {
                final SimDisk first = new SimDisk();
                final HardStateFile file = HardStateFile.open(first);
                file.store(1, 1);
                final int[] forces = {failing};
                first.faults(SimDiskFaults.failing(SimDiskFaults.Operation.FORCE, () -> 0 == forces[0]--));
                assertThrows(StorageException.class, () -> file.store(2, 3));

                final SimDisk second = killAfterFailedForce(first);
                final HardStateFile found = HardStateFile.open(second);
                final SimRandom chance = new SimRandom(seed);
                final SimDisk third = second.afterPowerCut(chance);
                third.randomizeSector(HardStateFile.FILE_NAME, seed & 1, chance);
                final HardStateFile last = HardStateFile.open(third);

                assertEquals(found.term(), last.term());
                assertEquals(found.votedFor(), last.votedFor());
            }
        }
    }

    @Test
    void shouldKeepTheEntriesThatWereFoundWhenPowerIsLostLater()
    {
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[100]);
        for (int seed = 0; seed < 50; seed++)
        {
            final SimDisk first = new SimDisk();
            final SegmentedLog log = SegmentedLog.open(first, CONFIG, () -> 0);
            log.append(2, 1, 1L << 32 | 1, 1, payload, 0, 100);
            log.flush();
            log.append(2, 1, 1L << 32 | 2, 1, payload, 0, 100);
            first.faults(SimDiskFaults.failing(SimDiskFaults.Operation.FORCE, () -> true));
            assertThrows(StorageException.class, log::flush);

            final SimDisk second = killAfterFailedForce(first);
            final SegmentedLog found = SegmentedLog.open(second, CONFIG, () -> 0);
            final long durable = found.durableIndex();
            final SegmentedLog last = SegmentedLog.open(
                second.afterPowerCut(new SimRandom(seed)), CONFIG, () -> 0);

            assertEquals(durable, last.lastIndex());
        }
    }

    @Test
    void shouldStartAfterACutWhoseZerosNeverReachedTheDisk()
    {
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[256]);
        for (int cut = 2; cut <= 26; cut++)
        {
            for (int length = 150; length <= 256; length += 8)
            {
                final SimDisk first = new SimDisk();
                final SegmentedLog log = SegmentedLog.open(first, CONFIG, () -> 0);
                append(log, payload, 1, 26, 100);
                // The mark is forced, the zeros are not.
                final int[] forces = {0};
                first.faults(SimDiskFaults.failing(SimDiskFaults.Operation.FORCE, () -> forces[0]++ > 0));
                final long from = cut;
                assertThrows(StorageException.class, () -> log.truncateFrom(from));

                final SimDisk second = killAfterFailedForce(first);
                final SegmentedLog found = SegmentedLog.open(second, CONFIG, () -> 0);
                assertEquals(cut - 1, found.lastIndex());
                while (found.flusher().doWork() > 0)
                {
                    // The next segment is being prepared.
                }
                append(found, payload, 2, 30, length);
                final long lastIndex = found.lastIndex();
                final SegmentedLog last = SegmentedLog.open(
                    second.afterPowerCut(new SimRandom(length)), CONFIG, () -> 0);

                assertEquals(lastIndex, last.lastIndex());
            }
        }
    }

    @Test
    void shouldNotTakeForCommittedWhatCameBackFromBehindACut()
    {
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[256]);
        int backCount = 0;
        for (int seed = 0; seed < 2000; seed++)
        {
            final SimRandom random = new SimRandom(seed);
            final int cut = random.between(2, 26);
            final SimDisk first = new SimDisk();
            final SegmentedLog log = SegmentedLog.open(first, CONFIG, () -> 0);
            append(log, payload, 1, 26, 100);
            final int[] forces = {0};
            first.faults(SimDiskFaults.failing(SimDiskFaults.Operation.FORCE, () -> forces[0]++ > 0));
            assertThrows(StorageException.class, () -> log.truncateFrom(cut));

            final SimDisk second = killAfterFailedForce(first);
            final SegmentedLog found = SegmentedLog.open(second, CONFIG, () -> 0);
            found.append(2, 2, 2L << 32 | 1, 1, payload, 0, 200);
            found.onCommit(cut);
            second.faults((operation, name, number) -> SimDiskFaults.Operation.FORCE == operation ?
                SimDiskFaults.Fate.POWER_CUT : SimDiskFaults.Fate.DONE);
            assertThrows(SimDisk.PowerCut.class, found::flush);
            final SegmentedLog last = SegmentedLog.open(second.afterPowerCut(random), CONFIG, () -> 0);

            backCount += last.lastIndex() >= cut && 1 == last.termAt(cut) ? 1 : 0;
            assertEquals(true, last.recovery().commitIndex() < cut || 2 == last.termAt(cut), "seed " + seed);
        }
        assertEquals(true, backCount > 0, "nothing came back");
    }

    private static void append(
        final SegmentedLog log, final UnsafeBuffer payload, final long term, final int count, final int length)
    {
        for (int i = 1; i <= count; i++)
        {
            log.append(2, term, term << 32 | i, 1, payload, 0, length);
            log.flush();
        }
    }
}
