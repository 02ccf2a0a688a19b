package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A log whose beginning is given up, or which is replaced by a snapshot: that, and power cuts at every operation. */
class LogPurgeTest
{
    private static final long SNAPSHOT_INDEX = 500;
    private static final long SNAPSHOT_TERM = 9;
    private static final long SNAPSHOT_TOKEN = SNAPSHOT_TERM << 32 | 3;
    private static final long SNAPSHOT_TIME = 400_000;
    private static final int SNAPSHOT_CRC = 0x1234_5678;

    private static LogHarness log(final SimDisk disk, final Durability durability)
    {
        final LogHarness harness = new LogHarness(disk, durability);
        harness.segmentLength = 8 * 1024;
        return harness.open();
    }

    private static long segmentFiles(final SimDisk disk)
    {
        return Arrays.stream(disk.list()).filter(name -> LogSegment.sequenceOf(name) >= 0).count();
    }

    private static void reset(final LogHarness harness)
    {
        harness.log.resetTo(SNAPSHOT_INDEX, SNAPSHOT_TERM, SNAPSHOT_TOKEN, SNAPSHOT_TIME, SNAPSHOT_CRC);
        harness.history.resetTo(SNAPSHOT_INDEX, SNAPSHOT_TERM, SNAPSHOT_TOKEN, SNAPSHOT_TIME);
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldGiveUpWholeSegmentsBelowAnIndex(final Durability durability)
    {
        final SimDisk disk = new SimDisk();
        final LogHarness harness = log(disk, durability);
        harness.append(120);
        harness.sync();
        harness.log.flush();
        while (harness.log.flush() > 0)
        {
            harness.pump();
        }
        final long filesBefore = segmentFiles(disk);
        final long second = harness.firstOfSegment(1);
        final long third = harness.firstOfSegment(2);
        final int crc = harness.log.frameCrcAt(second - 1);
        assertEquals(1, harness.log.purgeTo(second - 1));
        assertEquals(second, harness.log.purgeTo(third - 1));
        assertEquals(crc, harness.log.frameCrcAt(second - 1));
        harness.history.purgeTo(second);
        harness.check();
        harness.pump();
        assertEquals(filesBefore - 1, segmentFiles(disk));
        harness.append(10);
        harness.sync();
        harness.log.close();
        harness.open();
        assertEquals(second, harness.log.firstIndex());
        assertEquals(crc, harness.log.frameCrcAt(second - 1));
        harness.check();
    }

    @Test
    void shouldKeepTheSegmentInUseWhateverIsPurged()
    {
        final LogHarness harness = log(new SimDisk(), Durability.BATCH);
        harness.append(5);
        harness.sync();
        assertEquals(1, harness.log.purgeTo(6));
        harness.check();
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldBeginBehindASnapshotWhenReset(final Durability durability)
    {
        final SimDisk disk = new SimDisk();
        final LogHarness harness = log(disk, durability);
        harness.append(60);
        harness.log.flush();
        reset(harness);
        assertEquals(SNAPSHOT_INDEX + 1, harness.log.firstIndex());
        assertEquals(SNAPSHOT_INDEX, harness.log.lastIndex());
        assertEquals(SNAPSHOT_INDEX, harness.log.durableIndex());
        assertEquals(SNAPSHOT_TERM, harness.log.termAt(SNAPSHOT_INDEX));
        assertEquals(SegmentedLog.UNKNOWN_TERM, harness.log.termAt(SNAPSHOT_INDEX - 1));
        assertEquals(SNAPSHOT_CRC, harness.log.frameCrcAt(SNAPSHOT_INDEX));
        harness.check();
        harness.append(50);
        harness.sync();
        harness.log.close();
        harness.open();
        harness.check();
        assertEquals(SNAPSHOT_CRC, harness.log.frameCrcAt(SNAPSHOT_INDEX));
    }

    @Test
    void shouldBeTheOldLogOrTheNewOneWhenPowerGoesWhileItIsReset()
    {
        long operations = 0;
        boolean isCut = true;
        while (isCut)
        {
            final SimDisk disk = new SimDisk();
            final LogHarness harness = log(disk, Durability.BATCH);
            harness.append(60);
            harness.sync();
            final LogHistory old = harness.history.copy();
            disk.faults(SimDiskFaults.powerCutAt(disk.operations() + operations));
            isCut = false;
            try
            {
                reset(harness);
            }
            catch (final SimDisk.PowerCut ex)
            {
                isCut = true;
            }
            for (int subset = 0; subset < 8; subset++)
            {
                final SimDisk found = disk.afterPowerCut(new SplittableRandom(operations * 31 + subset));
                checkFound(found, isCut, old, "operation " + operations + ", subset " + subset);
            }
            operations++;
        }
        assertTrue(operations > 8, "a reset has operations: " + operations);
    }

    private static void checkFound(final SimDisk found, final boolean isCut, final LogHistory old, final String where)
    {
        final LogHarness again = log(found, Durability.BATCH);
        assertNotNull(again.log, where);
        if (SNAPSHOT_INDEX == again.log.lastIndex())
        {
            assertEquals(SNAPSHOT_CRC, again.log.frameCrcAt(SNAPSHOT_INDEX), where);
        }
        else
        {
            assertTrue(isCut, () -> where + ": the reset was durable");
            old.checkPrefix(again.log);
        }
        reset(again);
        again.append(5);
        again.sync();
        again.check();
    }

    @Test
    void shouldHaveNoGapWhenPowerGoesWhileSegmentsAreGivenUp()
    {
        for (long operations = 0; operations < 40; operations++)
        {
            final SimDisk disk = new SimDisk();
            final LogHarness harness = log(disk, Durability.BATCH);
            harness.append(200);
            harness.sync();
            while (harness.log.flush() > 0)
            {
                harness.pump();
            }
            final long first = harness.log.purgeTo(150);
            assertTrue(first > 50, "segments are given up: " + first);
            harness.history.purgeTo(first);
            disk.faults(SimDiskFaults.powerCutAt(disk.operations() + operations));
            harness.pump();
            for (int subset = 0; subset < 4; subset++)
            {
                final LogHarness again = log(
                    disk.afterPowerCut(new SplittableRandom(operations * 31 + subset)), Durability.BATCH);
                again.history = harness.history.copy();
                again.check();
            }
        }
    }

    @Test
    void shouldBeInDoubtWhenTheOnlyMarkThatWasForcedIsGivenUpAndTheMachineDies()
    {
        for (int subset = 0; subset < 40; subset++)
        {
            final SimDisk disk = new SimDisk();
            try (HardStateFile hardState = HardStateFile.open(disk))
            {
                final LogHarness harness = log(disk, Durability.ASYNC);
                hardState.store(1, 0);
                harness.append(200);
                harness.sync();
                while (harness.log.flush() > 0)
                {
                    harness.pump();
                }
                assertTrue(harness.log.purgeTo(150) > 50);
                harness.pump();
            }
            final SegmentedLog again = SegmentedLog.open(
                disk.afterPowerCut(new SplittableRandom(subset)),
                LogHarness.config(Durability.ASYNC).segmentLength(8 * 1024).bootId(LogHarness.BOOT_ID + 1), () -> 0);
            assertTrue(again.recovery().doubtfulTo() >= 200 || again.lastIndex() >= 200,
                "subset " + subset + " ends with " + again.lastIndex());
        }
    }
}
