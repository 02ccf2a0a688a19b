package io.ukehi.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.log.FileStorage;
import io.ukehi.log.StorageException;
import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotStoreTest
{
    private final SimDisk disk = new SimDisk();

    @Test
    void shouldGiveBackWhatWasWrittenWhenOpenedAgain()
    {
        assertEquals(SnapshotOutput.Outcome.DURABLE, new Snapshots(disk).take(10, 37));
        final Snapshots again = new Snapshots(disk.afterKill());
        assertEquals(10, again.store.newest().index());
        assertEquals(37, again.store.newest().chunkCount());
        assertArrayEquals(new byte[]{1, 2, 3}, again.store.newest().members());
        again.checkNewest();
    }

    @Test
    void shouldWriteToRealFiles(@TempDir final Path directory)
    {
        try (FileStorage storage = FileStorage.open(directory))
        {
            assertEquals(SnapshotOutput.Outcome.DURABLE, new Snapshots(storage).take(10, 70));
        }
        try (FileStorage storage = FileStorage.open(directory))
        {
            new Snapshots(storage).checkNewest();
        }
    }

    @Test
    void shouldMakeTheSameFilesWhenTheStateIsTheSame()
    {
        final SimDisk other = new SimDisk();
        new Snapshots(disk).take(10, 5);
        new Snapshots(other).take(10, 5);
        assertArrayEquals(disk.list(), other.list());
        for (final String name : disk.list())
        {
            assertArrayEquals(disk.contents(name), other.contents(name), name);
        }
    }

    @Test
    void shouldLieEachChunkInOnePartOnly()
    {
        for (final int chunkLength : new int[]{512, 32 * 1024, 96 * 1024, 1024 * 1024})
        {
            int chunk = 0;
            for (int part = 0; part < 40; part++)
            {
                assertEquals(chunk, SnapshotFiles.firstChunkOf(part, chunkLength));
                final int count = SnapshotFiles.chunksIn(part, chunkLength);
                assertTrue(count >= 1 && (long)count * chunkLength <= 16 * 1024 * 1024);
                for (int i = 0; i < Math.min(count, 3); i++)
                {
                    assertEquals(part, SnapshotFiles.partOf(chunk + i, chunkLength));
                }
                chunk += count;
                assertEquals(part, SnapshotFiles.partOf(chunk - 1, chunkLength));
            }
        }
    }

    @Test
    void shouldKeepNoMoreThanRetained()
    {
        final Snapshots snapshots = new Snapshots(disk);
        for (int index = 10; index <= 50; index += 10)
        {
            snapshots.take(index, 3);
            snapshots.work();
        }
        assertEquals(2, snapshots.store.count());
        assertEquals(50, snapshots.store.newest().index());
        assertEquals(2, Arrays.stream(disk.list()).filter(name -> name.endsWith(".manifest")).count());
        assertTrue(Arrays.stream(disk.list()).noneMatch(name -> name.contains("00030")));
    }

    /** A snapshot loses its manifest, durably, before anything else of it goes. */
    @Test
    void shouldLeaveNoManifestWithoutItsPartsWhenPowerGoesWhileTheOldestIsRemoved()
    {
        final Snapshots snapshots = new Snapshots(disk);
        snapshots.take(10, 5);
        final String stem = SnapshotFiles.stem(10, Snapshots.term(10));
        final List<String> whole = filesOf(stem, disk);
        assertTrue(whole.size() > 2, "several parts");
        snapshots.take(20, 5);
        snapshots.take(30, 5);
        int steps = 0;
        do
        {
            for (int seed = 0; seed < 20; seed++)
            {
                checkWholeOrNone(stem, whole, disk.afterPowerCut(new SplittableRandom(100 * steps + seed)));
            }
            checkWholeOrNone(stem, whole, disk.afterKill());
            steps++;
        }
        while (snapshots.store.worker().doWork() > 0);
        assertEquals(List.of(), filesOf(stem, disk));
        assertTrue(steps > whole.size(), "a step for each file");
    }

    private static void checkWholeOrNone(final String stem, final List<String> whole, final SimDisk found)
    {
        final List<String> left = filesOf(stem, found);
        if (left.contains(stem + SnapshotFiles.MANIFEST))
        {
            assertEquals(whole, left);
        }
    }

    private static List<String> filesOf(final String stem, final SimDisk disk)
    {
        return Arrays.stream(disk.list()).filter(name -> name.startsWith(stem)).toList();
    }

    @Test
    void shouldKeepASnapshotWhileItIsRead()
    {
        final Snapshots snapshots = new Snapshots(disk);
        snapshots.take(10, 3);
        final SnapshotInput input = snapshots.store.read(snapshots.store.newest(), 0);
        snapshots.take(20, 3);
        snapshots.take(30, 3);
        assertEquals(3, snapshots.store.count());
        input.close();
        snapshots.store.doWork();
        assertEquals(2, snapshots.store.count());
    }

    @Test
    void shouldNotTakeWhatIsThereAlready()
    {
        final Snapshots snapshots = new Snapshots(disk);
        snapshots.take(10, 3);
        assertNull(snapshots.store.take(10, 1));
        assertNull(snapshots.store.take(9, 1));
        assertNull(snapshots.store.receive(snapshots.store.newest()));
        assertNotNull(snapshots.store.take(11, 1));
        assertNull(snapshots.store.take(12, 1), "one at a time");
    }

    @Test
    void shouldFallBackWhenTheNewestIsDamaged()
    {
        final Snapshots snapshots = new Snapshots(disk);
        snapshots.take(10, 3);
        snapshots.take(20, 5);
        disk.flipBit(SnapshotFiles.part(SnapshotFiles.stem(20, Snapshots.term(20)), 2), 700, 3);
        final Snapshots again = new Snapshots(disk);
        assertEquals(10, again.store.newest().index());
        assertEquals(1, again.store.damaged().size());
        again.checkNewest();
        assertEquals(SnapshotOutput.Outcome.DURABLE, again.take(20, 5));
    }

    @Test
    void shouldFallBackWhenAPartIsMissing()
    {
        final Snapshots snapshots = new Snapshots(disk);
        snapshots.take(10, 3);
        snapshots.take(20, 5);
        disk.lose(SnapshotFiles.part(SnapshotFiles.stem(20, Snapshots.term(20)), 1));
        assertEquals(10, Snapshots.newestOn(disk));
    }

    @Test
    void shouldNoticeEveryBitThatMatters()
    {
        new Snapshots(disk).take(10, 2);
        final byte[][] contents = Arrays.stream(disk.list()).map(disk::contents).toArray(byte[][]::new);
        final String[] names = disk.list();
        int noticed = 0;
        for (int file = 0; file < names.length; file++)
        {
            for (int bit = 0; bit < 8 * contents[file].length; bit++)
            {
                final SimDisk flipped = new SimDisk();
                for (int i = 0; i < names.length; i++)
                {
                    flipped.put(names[i], contents[i]);
                }
                flipped.flipBit(names[file], bit / 8, bit % 8);
                final Snapshots found = new Snapshots(flipped);
                if (null == found.store.newest())
                {
                    noticed++;
                }
                else
                {
                    found.checkNewest();
                }
            }
        }
        // Everything but the unused room behind the last payload and behind the manifest.
        final int lastPayload = Snapshots.payload(10, 1, 2).length;
        assertEquals(8 * (512 + SnapshotChunk.HEADER_LENGTH + lastPayload + 96 + 3), noticed);
    }

    @Test
    void shouldRefuseASnapshotOfAnotherGroup()
    {
        new Snapshots(disk).take(10, 3);
        final SnapshotConfig other = new SnapshotConfig(7, 4, 512, 2);
        assertThrows(StorageException.class, () -> SnapshotStore.open(disk, other));
    }

    @Test
    void shouldGoOnWithWhatWasReceivedWhenStartedAgain()
    {
        final SimDisk sourceDisk = new SimDisk();
        final Snapshots source = new Snapshots(sourceDisk);
        source.take(10, 20);
        final Snapshots first = new Snapshots(disk);
        first.receive(source, 13);
        first.work();
        final SimDisk next = disk.afterKill();
        final Snapshots second = new Snapshots(next);
        assertNull(second.store.newest());
        final SnapshotOutput output = second.receive(source, 0);
        assertEquals(13, output.nextChunk());
        output.abandon();
        assertEquals(SnapshotOutput.Outcome.ABANDONED, second.end(output));
        final SnapshotOutput third = second.receive(source, 100);
        third.finish();
        assertEquals(SnapshotOutput.Outcome.DURABLE, second.end(third));
        second.checkNewest();
        assertArrayEquals(sourceDisk.list(), next.list());
    }

    /** Seeds 700007008 and 800025181 of the simulator: the helper is quicker than the duty cycle. */
    @Test
    void shouldWriteNothingWhenNothingWasStoredSinceItWentOn()
    {
        final Snapshots source = new Snapshots(new SimDisk());
        source.take(10, 20);
        final Snapshots first = new Snapshots(disk);
        first.receive(source, 13);
        first.work();
        final Snapshots second = new Snapshots(disk.afterKill());
        final SnapshotOutput output = second.store.receive(source.store.newest());
        for (int i = 0; i < 10; i++)
        {
            second.step();
        }
        assertTrue(output.isReady());
        assertEquals(13, output.nextChunk());
    }

    /** Seed 2026112951114 of the simulator: pages whose force failed count as clean, and are not on the disk. */
    @Test
    void shouldWriteAnewWhatAFailedForceMayHaveLeftInThePageCacheAlone()
    {
        final Snapshots source = new Snapshots(new SimDisk());
        source.take(10, 20);
        for (int received = 1; received < 20; received++)
        {
            final SimDisk failing = new SimDisk();
            final Snapshots first = new Snapshots(failing);
            first.receive(source, received);
            failing.faults(SimDiskFaults.failing(SimDiskFaults.Operation.FORCE, () -> true));
            first.work();
            assertThrows(StorageException.class, first.store::doWork);
            final SimDisk next = failing.afterKill();
            final Snapshots second = new Snapshots(next);
            final SnapshotOutput output = second.receive(source, 100);
            output.finish();
            assertEquals(SnapshotOutput.Outcome.DURABLE, second.end(output));
            for (int seed = 0; seed < 10; seed++)
            {
                new Snapshots(next.afterPowerCut(new SplittableRandom(seed))).checkNewest();
            }
        }
    }

    @Test
    void shouldBeginAgainWhenAnotherSnapshotIsOffered()
    {
        final Snapshots source = new Snapshots(new SimDisk());
        source.take(10, 20);
        final Snapshots target = new Snapshots(disk);
        target.receive(source, 13);
        target.work();
        source.take(20, 4);
        final Snapshots again = new Snapshots(disk.afterKill());
        final SnapshotOutput output = again.receive(source, 100);
        output.finish();
        assertEquals(SnapshotOutput.Outcome.DURABLE, again.end(output));
        again.checkNewest();
        assertEquals(20, again.store.newest().index());
    }

    @Test
    void shouldRefuseChunksThatAreNotTheNextOrNotSound()
    {
        final Snapshots source = new Snapshots(new SimDisk());
        source.take(10, 4);
        final SnapshotInput input = source.store.read(source.store.newest(), 0);
        source.work();
        final Snapshots target = new Snapshots(disk);
        final SnapshotOutput output = target.store.receive(source.store.newest());
        target.work();
        assertTrue(output.hasRoom());
        assertFalse(output.put(input.buffer(1), input.offset(1), 512));
        final UnsafeBuffer flipped = new UnsafeBuffer(new byte[512]);
        flipped.putBytes(0, input.buffer(0), input.offset(0), 512);
        assertTrue(output.put(flipped, 0, 512));
        target.work();
        assertTrue(output.hasRoom());
        flipped.putBytes(0, input.buffer(1), input.offset(1), 512);
        flipped.putByte(100, (byte)~flipped.getByte(100));
        assertFalse(output.put(flipped, 0, 512));
        assertEquals(1, output.nextChunk());
    }

    @Test
    void shouldLeaveNothingBehindWhenTheDiskIsFull()
    {
        final Snapshots snapshots = new Snapshots(disk);
        snapshots.take(10, 2);
        final long before = disk.allocated();
        disk.capacity(before + 2048);
        assertEquals(SnapshotOutput.Outcome.DISK_FULL, snapshots.take(20, 30));
        assertEquals(before, disk.allocated());
        disk.capacity(SimDisk.UNBOUNDED);
        assertEquals(SnapshotOutput.Outcome.DURABLE, snapshots.take(30, 30));
    }

    @Test
    void shouldSayThatStorageFailedWhenAForceFails()
    {
        final Snapshots snapshots = new Snapshots(disk);
        final SnapshotOutput output = snapshots.store.take(10, 1);
        snapshots.work();
        assertTrue(output.hasRoom());
        output.seal(0);
        disk.faults(SimDiskFaults.failing(SimDiskFaults.Operation.FORCE, () -> true));
        snapshots.work();
        assertThrows(StorageException.class, snapshots.store::doWork);
        assertEquals(SnapshotOutput.Outcome.UNDER_WAY, output.outcome());
    }
}
