package io.ukehi.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.log.StorageException;
import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Power goes at every operation of the disk, and again at every operation of the recovery that follows; whatever the
 * disk kept of what was not forced, the newest snapshot that was ever called durable is there, or a newer one, whole.
 */
class SnapshotCrashTest
{
    private static final int SUBSETS = 6;

    private long durable;
    private Snapshots source;

    /** Snapshots are taken and removed, one is received in two goes with a restart between. */
    private void tell(final SimDisk disk)
    {
        final Snapshots first = new Snapshots(disk);
        take(first, 10, 5);
        take(first, 20, 2);
        take(first, 30, 9);
        final SnapshotOutput part = first.receive(source, 7);
        first.work();
        part.abandon();
        first.end(part);
        final Snapshots second = new Snapshots(disk);
        final SnapshotOutput rest = second.receive(source, 100);
        rest.finish();
        durable = SnapshotOutput.Outcome.DURABLE == second.end(rest) ? 100 : durable;
        second.work();
        take(second, 110, 3);
        second.work();
    }

    private void take(final Snapshots snapshots, final long index, final int chunks)
    {
        if (SnapshotOutput.Outcome.DURABLE == snapshots.take(index, chunks))
        {
            durable = index;
        }
        snapshots.work();
    }

    private SimDisk run(final long operations)
    {
        durable = 0;
        source = new Snapshots(new SimDisk());
        source.take(100, 12);
        final SimDisk disk = new SimDisk();
        disk.faults(SimDiskFaults.powerCutAt(operations));
        try
        {
            tell(disk);
        }
        catch (final SimDisk.PowerCut | StorageException ex)
        {
            assertTrue(disk.isOff(), () -> "failed while power was there: " + ex);
        }
        return disk;
    }

    @Test
    void shouldKeepWhatWasDurableWhenPowerGoesAtAnyOperation()
    {
        long operations = 0;
        for (SimDisk disk = run(operations); disk.isOff(); disk = run(++operations))
        {
            for (int subset = 0; subset < SUBSETS; subset++)
            {
                final SimDisk found = disk.afterPowerCut(new SplittableRandom(operations * 100 + subset));
                final String where = "power cut at operation " + operations + ", subset " + subset;
                checkRecovery(found, where);
                check(found, where);
            }
            check(disk.afterKill(), "kill at operation " + operations);
        }
        assertTrue(operations > 100, "the story has operations: " + operations);
        assertEquals(110, durable);
    }

    /** The recovery itself is cut short at each of its operations. */
    private void checkRecovery(final SimDisk found, final String where)
    {
        for (long operations = 0; ; operations++)
        {
            final SimDisk disk = found.afterKill();
            disk.faults(SimDiskFaults.powerCutAt(operations));
            try
            {
                new Snapshots(disk);
            }
            catch (final SimDisk.PowerCut ex)
            {
                check(disk.afterPowerCut(new SplittableRandom(operations)), where + ", recovery at " + operations);
                continue;
            }
            return;
        }
    }

    private void check(final SimDisk disk, final String where)
    {
        final Snapshots snapshots = new Snapshots(disk);
        final SnapshotManifest newest = snapshots.store.newest();
        final long index = null == newest ? 0 : newest.index();
        assertTrue(index >= durable, () -> where + ": " + durable + " was durable, found " + index);
        assertTrue(snapshots.store.damaged().isEmpty(), () -> where + ": taken for damage");
        if (null != newest)
        {
            snapshots.checkNewest();
        }
        // And snapshots go on from there.
        assertEquals(SnapshotOutput.Outcome.DURABLE, snapshots.take(index + 500, 4), where);
        snapshots.checkNewest();
    }
}
