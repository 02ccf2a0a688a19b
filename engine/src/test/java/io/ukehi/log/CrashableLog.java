package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import java.util.SplittableRandom;

/**
 * A log on a simulated disk whose power may go at any operation, and what must be found afterwards: the first entries
 * of {@link #most}, at least as many as were {@link #durable}.
 */
final class CrashableLog
{
    static final int SEGMENT_LENGTH = 8 * 1024;

    final SimDisk disk;
    final LogHarness harness;
    /** All that may be found. While a cut is under way: what was there before it. */
    LogHistory most;
    /** How much of it must be found. */
    long durable;
    /** Highest index ever called committed. */
    long committed;

    CrashableLog(final SimDisk disk, final Durability durability)
    {
        this(disk, durability, new LogHistory(), 0);
    }

    CrashableLog(final SimDisk disk, final Durability durability, final LogHistory most, final long durable)
    {
        this.disk = disk;
        this.most = most;
        this.durable = durable;
        harness = new LogHarness(disk, durability);
        harness.segmentLength = SEGMENT_LENGTH;
        harness.history = most;
    }

    /** Opens the log and checks what it holds; from then on all of that counts as durable. */
    CrashableLog open()
    {
        harness.open();
        final long last = most.checkPrefix(harness.log);
        assertTrue(last >= durable, () -> "entry " + durable + " was durable, the log ends with " + last);
        assertEquals(last, harness.log.durableIndex());
        if (last < most.lastIndex())
        {
            most = most.copy();
            most.cutTo(harness.log);
            harness.history = most;
        }
        durable = last;
        // A majority may have committed more than this log had on its disk.
        committed = Math.min(committed, last);
        final long commitIndex = harness.log.recovery().commitIndex();
        assertTrue(commitIndex <= committed, () -> "committed " + committed + ", found " + commitIndex);
        return this;
    }

    /** Appends if there is room; whether there was. */
    boolean append(final int payloadLength)
    {
        final long index = most.append(harness.log, payloadLength);
        checkPower();
        return index > 0;
    }

    /** Appends, with the flusher's help where a segment is full. */
    void appendSurely(final int payloadLength)
    {
        if (!append(payloadLength))
        {
            while (flusherStep())
            {
                harness.nowNs++;
            }
            assertTrue(append(payloadLength), "room in a new segment");
        }
    }

    void flush()
    {
        harness.log.flush();
        collect();
    }

    boolean flusherStep()
    {
        final boolean hasWorked = harness.log.flusher().doWork() > 0;
        checkPower();
        collect();
        return hasWorked;
    }

    void sync()
    {
        flush();
        while (flusherStep())
        {
            harness.nowNs++;
        }
        assertEquals(most.lastIndex(), durable);
    }

    private void collect()
    {
        final long index = harness.log.durableIndex();
        assertTrue(index >= durable && index <= most.lastIndex(), () -> "durable index fell to " + index);
        durable = index;
    }

    void commit(final long index)
    {
        committed = index;
        harness.log.onCommit(index);
    }

    void truncateFrom(final long index)
    {
        final LogHistory cut = most.copy();
        cut.truncateFrom(index);
        durable = Math.min(durable, index - 1);
        harness.log.truncateFrom(index);
        most = cut;
        harness.history = cut;
        assertEquals(index - 1, harness.log.durableIndex());
        durable = index - 1;
    }

    void closeAndOpen()
    {
        harness.log.close();
        durable = most.lastIndex();
        open();
        assertTrue(harness.log.recovery().isClosedClean());
        assertEquals(0, harness.log.recovery().tornBytes());
    }

    void abandonAndOpen()
    {
        harness.log.abandon();
        open();
    }

    /** The flusher keeps what it stumbles over to itself: ask the disk. */
    void checkPower()
    {
        if (disk.isOff())
        {
            throw new StorageException("the power is gone");
        }
    }

    /** A number of operations from now on, power goes. */
    void cutPowerAfter(final long operations)
    {
        disk.faults(SimDiskFaults.powerCutAt(disk.operations() + operations));
    }

    /** The log as the next process finds it. */
    CrashableLog afterKill()
    {
        return on(disk.afterKill());
    }

    /** The log as it is found when power is back. */
    CrashableLog afterPowerCut(final SplittableRandom random)
    {
        return on(disk.afterPowerCut(random));
    }

    CrashableLog on(final SimDisk otherDisk)
    {
        final CrashableLog next = new CrashableLog(otherDisk, harness.durability, most.copy(), durable);
        next.committed = committed;
        return next;
    }
}
