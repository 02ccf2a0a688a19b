package io.ukehi.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.log.Storage;
import io.ukehi.sim.SimDisk;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/** A store on a simulated disk, and snapshots whose content follows from their index. */
final class Snapshots
{
    static final int CHUNK_LENGTH = 512;
    static final SnapshotConfig CONFIG = new SnapshotConfig(7, 3, CHUNK_LENGTH, 2);

    final SnapshotStore store;

    Snapshots(final Storage storage)
    {
        store = SnapshotStore.open(storage, CONFIG);
    }

    /** The bytes of a chunk's payload; the last one is shorter. */
    static byte[] payload(final long index, final int chunk, final int chunkCount)
    {
        final SplittableRandom random = new SplittableRandom(index * 1000 + chunk);
        final int capacity = CHUNK_LENGTH - SnapshotChunk.HEADER_LENGTH;
        final byte[] bytes = new byte[chunk == chunkCount - 1 ? capacity / 3 : capacity];
        random.nextBytes(bytes);
        return bytes;
    }

    static SnapshotManifest manifest(final long index, final int chunkCount, final int contentCrc)
    {
        return new SnapshotManifest(7, 3, CHUNK_LENGTH, index, term(index), index << 8, index * 10, index * 31,
            (int)index ^ 0x5A5A, chunkCount, contentCrc, new byte[]{1, 2, 3});
    }

    static long term(final long index)
    {
        return 1 + index / 100;
    }

    /** Lets the helper work until it has nothing to do. */
    void work()
    {
        for (int i = 0; i < 1000 && store.worker().doWork() > 0; i++)
        {
            // Goes on.
        }
    }

    /** Takes a snapshot as far as it goes; how it ended. */
    SnapshotOutput.Outcome take(final long index, final int chunkCount)
    {
        final SnapshotOutput output = store.take(index, term(index));
        work();
        for (int chunk = 0; chunk < chunkCount && !output.isDone(); chunk++)
        {
            while (!output.hasRoom() && !output.isDone())
            {
                step();
            }
            if (!output.isDone())
            {
                final byte[] bytes = payload(index, chunk, chunkCount);
                output.buffer().putBytes(output.payloadOffset(), bytes);
                output.seal(bytes.length);
            }
        }
        if (!output.isDone())
        {
            output.finish((count, crc) -> manifest(index, count, crc));
        }
        return end(output);
    }

    /** Receives chunks of another store's newest snapshot, at most so many; returns the output. */
    SnapshotOutput receive(final Snapshots source, final int maxChunks)
    {
        final SnapshotManifest offer = source.store.newest();
        final SnapshotOutput output = store.receive(offer);
        while (!output.isReady() && !output.isDone())
        {
            step();
        }
        final SnapshotInput input = source.store.read(offer, output.nextChunk());
        source.work();
        for (int i = 0; i < maxChunks && !output.isDone() && output.nextChunk() < offer.chunkCount(); i++)
        {
            while (!output.hasRoom() && !output.isDone())
            {
                step();
            }
            if (!output.isDone())
            {
                final int chunk = output.nextChunk();
                assertTrue(input.isReady(chunk));
                assertTrue(output.put(input.buffer(chunk), input.offset(chunk), CHUNK_LENGTH));
            }
        }
        input.close();
        return output;
    }

    SnapshotOutput.Outcome end(final SnapshotOutput output)
    {
        for (int i = 0; i < 1000 && !output.isDone(); i++)
        {
            step();
        }
        assertEquals(output, store.doWork());
        return output.outcome();
    }

    void step()
    {
        store.worker().doWork();
        store.worker().checkFailure();
    }

    /** Checks that the newest snapshot can be read and is what was written. */
    void checkNewest()
    {
        final SnapshotManifest manifest = store.newest();
        assertEquals(
            manifest(manifest.index(), manifest.chunkCount(), manifest.contentCrc()).length(), manifest.length());
        final SnapshotInput input = store.read(manifest, 0);
        for (int chunk = 0; chunk < manifest.chunkCount(); chunk++)
        {
            input.position(chunk);
            while (!input.isReady(chunk))
            {
                step();
            }
            final DirectBuffer buffer = input.buffer(chunk);
            final byte[] expected = payload(manifest.index(), chunk, manifest.chunkCount());
            assertEquals(expected.length, SnapshotChunk.payloadLength(buffer, input.offset(chunk)));
            final UnsafeBuffer found = new UnsafeBuffer(
                buffer, input.offset(chunk) + SnapshotChunk.HEADER_LENGTH, expected.length);
            assertEquals(0, new UnsafeBuffer(expected).compareTo(found), "chunk " + chunk);
        }
        input.close();
        work();
    }

    static long newestOn(final SimDisk disk)
    {
        final SnapshotManifest newest = new Snapshots(disk).store.newest();
        return null == newest ? 0 : newest.index();
    }
}
