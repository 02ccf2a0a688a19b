package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Damage to what lies sealed on a running node's disk: never given to anybody, found early, repaired in place. */
class ScrubAndRepairTest
{
    private static final String SECOND = LogSegment.fileName(1);

    private final SimDisk disk = new SimDisk();
    private final LogHarness harness = new LogHarness(disk, Durability.BATCH);
    private final SimDisk otherDisk = new SimDisk();
    private final LogHarness other = new LogHarness(otherDisk, Durability.BATCH);
    private final LogCursor cursor = new LogCursor();
    private final LogCursor run = new LogCursor();

    /** Two members with the same entries in four segments. */
    @BeforeEach
    void fill()
    {
        for (final LogHarness each : new LogHarness[] {harness, other})
        {
            each.segmentLength = 8 * 1024;
            each.open();
            while (each.firstOfSegment(3) > each.history.lastIndex())
            {
                each.append(1);
            }
            each.append(2);
            each.sync();
            each.log.flush();
            each.pump();
            each.log.flush();
        }
        assertArrayEquals(
            Arrays.copyOfRange(disk.contents(SECOND), 4096, 8192),
            Arrays.copyOfRange(otherDisk.contents(SECOND), 4096, 8192), "byte for byte");
    }

    private int positionOf(final long index, final String name)
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(otherDisk.contents(name));
        int at = SegmentHeader.LENGTH;
        while (EntryFrame.index(bytes, at) != index)
        {
            at += EntryFrame.alignedLength(EntryFrame.length(bytes, at) - EntryFrame.HEADER_LENGTH);
        }
        return at;
    }

    /** Reads everything as a leader does that sends it; the first entry that cannot be read, 0 if there is none. */
    private long readAll(final long from)
    {
        long index = from;
        while (index <= harness.log.lastIndex())
        {
            final int length = harness.log.read(index, Long.MAX_VALUE, 700, cursor);
            if (SegmentedLog.DAMAGED == length)
            {
                return harness.log.damagedIndex();
            }
            assertTrue(length > 0);
            while (cursor.next())
            {
                assertEquals(index, cursor.index());
                index++;
            }
        }
        return 0;
    }

    private boolean repairFrom(final long index)
    {
        final int length = other.log.read(index, index, 1, cursor);
        assertTrue(length > 0);
        assertTrue(harness.log.verify(run, cursor.buffer(), cursor.offset(), length));
        assertTrue(run.next());
        return harness.log.repairFrames(run);
    }

    @Test
    void shouldGiveNoEntryToAnybodyWhenAnyBitOfItIsWrong()
    {
        final long first = harness.firstOfSegment(1);
        final long end = harness.firstOfSegment(2);
        assertEquals(0, readAll(1));
        for (long index = first; index < end; index += 5)
        {
            final int at = positionOf(index, SECOND);
            for (int bit = 0; bit < 100 * 8; bit += 7)
            {
                disk.flipBit(SECOND, at + bit / 8, bit % 8);
                final long found = readAll(1);
                assertTrue(found >= index && found <= index + 2, "entry " + index + ", found " + found);
                assertEquals(found, readAll(first));
                assertEquals(found, readAll(Math.max(first, index)));
                disk.flipBit(SECOND, at + bit / 8, bit % 8);
            }
        }
        assertEquals(0, readAll(1));
    }

    @Test
    void shouldRepairInPlaceWhatAnotherMemberHolds()
    {
        final byte[] whole = disk.contents(SECOND);
        final long first = harness.firstOfSegment(1);
        final long last = harness.firstOfSegment(2) - 1;
        for (final long index : new long[] {first, first + 3, last})
        {
            for (final int bit : new int[] {0, 2, 8 * 5, 8 * 17 + 3, 8 * 45, 8 * 50})
            {
                disk.flipBit(SECOND, positionOf(index, SECOND) + bit / 8, bit % 8);
                assertEquals(index, readAll(first));
                assertTrue(repairFrom(index));
                assertEquals(0, harness.log.damagedIndex());
                assertEquals(0, readAll(1));
                assertArrayEquals(whole, disk.contents(SECOND));
            }
        }
        harness.log.close();
        harness.open();
        harness.check();
    }

    @Test
    void shouldRepairOneAfterTheOtherWhenSeveralInARowAreDamaged()
    {
        final long first = harness.firstOfSegment(1);
        final byte[] whole = disk.contents(SECOND);
        disk.overwrite(SECOND, positionOf(first + 1, SECOND),
            new byte[positionOf(first + 4, SECOND) - positionOf(first + 1, SECOND)]);
        for (long index = first + 1; index < first + 4; index++)
        {
            assertEquals(index, readAll(first));
            assertEquals(first + 3, harness.log.damagedTo());
            assertTrue(repairFrom(index));
        }
        assertEquals(0, readAll(1));
        assertArrayEquals(whole, disk.contents(SECOND));
    }

    @Test
    void shouldStoreNothingWhenFramesDoNotFit()
    {
        final long first = harness.firstOfSegment(1);
        final SimDisk stranger = new SimDisk();
        final LogHarness foreign = new LogHarness(stranger, Durability.BATCH);
        foreign.history.nextTerm();
        foreign.open();
        foreign.append((int)harness.history.lastIndex());
        final byte[] before = disk.contents(SECOND);
        for (long index = first; index < first + 6; index++)
        {
            final int length = foreign.log.read(index, index, 1, cursor);
            assertTrue(harness.log.verify(run, cursor.buffer(), cursor.offset(), length));
            assertTrue(run.next());
            assertFalse(harness.log.repairFrames(run));
        }
        assertArrayEquals(before, disk.contents(SECOND));
        assertFalse(repairFrom(harness.log.lastIndex()), "the active segment lies in memory");
    }

    @Test
    void shouldFindWhatNobodyReadsAndGoOnWhenItIsRepaired()
    {
        final long index = harness.firstOfSegment(1) + 2;
        disk.flipBit(SECOND, positionOf(index, SECOND) + 40, 1);
        scrubFor(20);
        assertEquals(index, harness.log.damagedIndex());
        assertTrue(repairFrom(index));
        assertEquals(0, harness.log.damagedIndex());
        final long before = harness.log.scrubbedBytes();
        scrubFor(20);
        assertEquals(0, harness.log.damagedIndex());
        assertTrue(harness.log.scrubbedBytes() > before + 8 * 1024, "everything was read again");
    }

    private void scrubFor(final int slices)
    {
        for (int i = 0; i < slices; i++)
        {
            harness.log.flush();
            harness.nowNs += 20_000_000;
            harness.log.flusher().doWork();
        }
    }

    @Test
    void shouldReadNoMoreThanItMayInATime()
    {
        final long before = harness.log.scrubbedBytes();
        for (int i = 0; i < 1_000; i++)
        {
            harness.log.flush();
            harness.log.flusher().doWork();
        }
        assertEquals(before, harness.log.scrubbedBytes(), "no time has passed");
    }

    @Test
    void shouldTakeNothingForDamageWhenTheLogIsCutWhileItIsRead()
    {
        harness.nowNs += 20_000_000;
        harness.log.flush();
        harness.log.flusher().doWork();
        harness.truncateFrom(harness.firstOfSegment(1) + 1);
        scrubFor(20);
        harness.append(40);
        harness.sync();
        scrubFor(40);
        assertEquals(0, harness.log.damagedIndex());
        harness.check();
    }

    @Test
    void shouldTellHowLongTheDiskTakesWhileItTakesIt()
    {
        final ForceTime time = new ForceTime();
        assertEquals(0, time.currentNs(1_000));
        time.begin(1_000);
        assertEquals(500, time.currentNs(1_500));
        time.end(3_000);
        time.begin(4_000);
        assertEquals(2_000, time.currentNs(4_100), "the last one took longer so far");
        time.end(4_200);
        assertEquals(200, time.currentNs(9_000));
        assertEquals(2_000, time.longestNs());
        disk.faults((operation, name, number) ->
        {
            harness.nowNs += 7;
            return SimDiskFaults.Fate.DONE;
        });
        harness.append(1);
        harness.sync();
        assertTrue(harness.log.forceTimeNs(harness.nowNs) >= 7);
        assertTrue(harness.log.longestForceNs() >= 7);
    }
}
