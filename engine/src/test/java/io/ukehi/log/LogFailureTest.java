package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import io.ukehi.sim.SimDiskFaults.Fate;
import io.ukehi.sim.SimDiskFaults.Operation;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a log does on a disk that fails, once, or is full. */
class LogFailureTest
{
    private final SimDisk disk = new SimDisk();
    private LogHarness harness;
    private Operation failing;
    private long writes;

    @BeforeEach
    void countWritesAndFailOnce()
    {
        disk.faults((operation, name, number) ->
        {
            writes += Operation.WRITE == operation || Operation.FORCE == operation ? 1 : 0;
            if (operation == failing)
            {
                failing = null;
                return Fate.FAIL;
            }
            return Fate.DONE;
        });
    }

    private LogHarness open(final Durability durability)
    {
        harness = new LogHarness(disk, durability).open();
        return harness;
    }

    @ParameterizedTest
    @EnumSource(value = Operation.class, names = {"WRITE", "FORCE"})
    void shouldNeverWriteAgainWhenTheFlusherFailedOnce(final Operation operation)
    {
        open(Durability.BATCH);
        harness.append(5);
        harness.sync();
        harness.append(5);
        failing = operation;
        harness.log.flush();
        harness.pump();
        assertEquals(5, harness.log.durableIndex());
        harness.append(1);
        assertStaysFailed();
        assertEquals(5, harness.log.durableIndex());
        assertPrefixSurvives(5);
    }

    @ParameterizedTest
    @EnumSource(value = Operation.class, names = {"WRITE", "FORCE"})
    void shouldNeverWriteAgainWhenTheDutyCycleFailedOnce(final Operation operation)
    {
        open(Durability.EVERY);
        harness.append(5);
        harness.sync();
        harness.append(5);
        failing = operation;
        assertThrows(StorageException.class, () -> harness.log.flush());
        assertEquals(5, harness.log.durableIndex());
        harness.append(1);
        assertStaysFailed();
        assertEquals(5, harness.log.durableIndex());
        assertPrefixSurvives(5);
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldNeverWriteAgainWhenACutFailedOnce(final Durability durability)
    {
        for (final Operation operation : new Operation[] {Operation.FORCE, Operation.DELETE, Operation.FORCE_DIRECTORY})
        {
            final LogFailureTest other = new LogFailureTest();
            other.countWritesAndFailOnce();
            other.failCut(durability, operation);
        }
    }

    private void failCut(final Durability durability, final Operation operation)
    {
        open(durability);
        harness.append(200);
        harness.sync();
        failing = operation;
        assertThrows(StorageException.class, () -> harness.log.truncateFrom(30));
        assertStaysFailed();
        if (Durability.ASYNC != durability)
        {
            assertPrefixSurvives(29);
        }
    }

    @Test
    void shouldCloseItsFilesWhenACutFailedBetweenTwoSegments()
    {
        open(Durability.BATCH);
        harness.append(200);
        harness.sync();
        final AtomicInteger deletions = new AtomicInteger();
        disk.faults((operation, name, number) ->
            Operation.DELETE == operation && 3 == deletions.incrementAndGet() ? Fate.FAIL : Fate.DONE);
        assertThrows(StorageException.class, () -> harness.log.truncateFrom(30));
        assertEquals(3, deletions.get());
        assertThrows(StorageException.class, () -> harness.log.close());
        assertPrefixSurvives(29);
    }

    @ParameterizedTest
    @EnumSource(value = Operation.class, names = {"CREATE", "ALLOCATE", "FORCE", "FORCE_DIRECTORY"})
    void shouldStopWhenASegmentCannotBePrepared(final Operation operation)
    {
        open(Durability.BATCH);
        harness.append(1);
        failing = operation;
        harness.pump();
        assertStaysFailed();
    }

    /** Whatever is tried from now on ends in an exception, and touches the disk no more. */
    private void assertStaysFailed()
    {
        final long before = writes;
        final long operations = disk.operations();
        assertThrows(StorageException.class, () -> harness.log.flush());
        assertThrows(StorageException.class, () -> harness.log.flush());
        harness.pump();
        assertThrows(StorageException.class, () -> harness.log.truncateFrom(harness.log.lastIndex()));
        assertThrows(StorageException.class, () -> harness.log.close());
        harness.log.close();
        assertEquals(before, writes, "writes after the failure");
        assertEquals(operations, disk.operations());
    }

    private void assertPrefixSurvives(final long durable)
    {
        for (int i = 0; i < 20; i++)
        {
            final LogHarness next = new LogHarness(disk.afterPowerCut(new SplittableRandom(i)), harness.durability);
            assertTrue(harness.history.checkPrefix(next.open().log) >= durable);
            assertFalse(next.log.recovery().isClosedClean());
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldRefuseEntriesAndRecoverWhenTheDiskIsFullForAWhile(final Durability durability)
    {
        open(durability);
        harness.append(3);
        disk.capacity(disk.allocated());
        harness.pump();
        long index = 0;
        while (index >= 0)
        {
            index = harness.history.append(harness.log, 400);
        }
        assertEquals(SegmentedLog.STORAGE_FULL, index);
        harness.sync();
        harness.check();
        assertEquals(SegmentedLog.STORAGE_FULL, harness.history.append(harness.log, 400));
        // Nothing is left behind of what was tried, and it is not tried all the time.
        assertEquals(1, disk.list().length);
        final long operations = disk.operations();
        harness.pump();
        assertEquals(operations, disk.operations());

        disk.capacity(SimDisk.UNBOUNDED);
        assertEquals(SegmentedLog.STORAGE_FULL, harness.history.append(harness.log, 400));
        harness.nowNs += 1_000_000_000L;
        harness.pump();
        harness.append(100);
        harness.sync();
        harness.check();
    }

    @Test
    void shouldRefuseFramesWhenTheDiskIsFull()
    {
        final LogHarness leader = new LogHarness(new SimDisk(), Durability.BATCH).open();
        leader.append(200);
        open(Durability.BATCH);
        disk.capacity(disk.allocated());
        harness.pump();
        final LogCursor run = new LogCursor();
        long result = 0;
        while (result >= 0)
        {
            leader.log.read(harness.log.lastIndex() + 1, 200, 2_000, run);
            assertTrue(run.next());
            result = harness.log.appendFrames(run);
        }
        assertEquals(SegmentedLog.STORAGE_FULL, result);
        assertTrue(leader.history.checkPrefix(harness.log) > 20);
    }

    @Test
    void shouldCutAndGoOnInAFullDisk()
    {
        open(Durability.BATCH);
        harness.append(200);
        harness.sync();
        disk.capacity(disk.allocated());
        harness.truncateFrom(20);
        harness.append(200);
        harness.sync();
        harness.check();
    }

    @Test
    void shouldSayThatThereIsNoRoomWhenTheFirstSegmentDoesNotFit()
    {
        disk.capacity(LogHarness.SEGMENT_LENGTH - 1);
        assertThrows(StorageFullException.class, () -> open(Durability.BATCH));
        assertEquals(0, disk.list().length);
    }

    @Test
    void shouldOpenOnAFullDiskWhatIsThere()
    {
        open(Durability.BATCH);
        harness.append(50);
        harness.close();
        disk.capacity(0);
        final LogHarness next = new LogHarness(disk, Durability.BATCH).open();
        harness.history.checkEqual(next.log);
    }

    @Test
    void shouldNotTakeALostForceForDone()
    {
        open(Durability.BATCH);
        harness.append(5);
        harness.log.flush();
        disk.faults(SimDiskFaults.failing(Operation.FORCE, () -> true));
        harness.pump();
        disk.faults(SimDiskFaults.NONE);
        harness.pump();
        assertEquals(0, harness.log.durableIndex());
    }
}
