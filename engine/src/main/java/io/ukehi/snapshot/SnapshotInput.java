package io.ukehi.snapshot;

import io.ukehi.log.Storage;
import io.ukehi.log.StorageFile;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;

/**
 * A snapshot that is being read, to be loaded or to be sent. The helper opens parts ahead of the reader and touches
 * their pages, so that the duty cycle does not wait for the disk: {@link #isReady} says what can be read.
 * <p>
 * Methods are the duty-cycle thread's but for those of {@link SnapshotJob}.
 */
public final class SnapshotInput implements SnapshotJob
{
    private static final int AHEAD_LENGTH = 2 * 1024 * 1024;
    private static final int STEP_LENGTH = 256 * 1024;
    private static final int PAGE_LENGTH = 4096;

    private final Storage storage;
    private final SnapshotManifest manifest;
    private final String stem;
    private final int aheadChunks;
    /** Written by the helper before it raises {@link #readyTo}; taken away below {@link #position} alone. */
    private final StorageFile[] parts;

    private volatile int position;
    private volatile int readyTo;
    private volatile boolean isClosed;
    private int closedParts;
    private int touched;

    SnapshotInput(final Storage storage, final SnapshotManifest manifest, final int fromChunk)
    {
        this.storage = storage;
        this.manifest = manifest;
        this.stem = SnapshotFiles.stem(manifest.index(), manifest.term());
        this.parts = new StorageFile[partOf(manifest.chunkCount() - 1) + 1];
        this.aheadChunks = Math.max(2, AHEAD_LENGTH / manifest.chunkLength());
        this.position = fromChunk;
        this.readyTo = fromChunk;
        this.closedParts = partOf(fromChunk);
    }

    /** What is being read. */
    public SnapshotManifest manifest()
    {
        return manifest;
    }

    /** Chunks before this one are not read any more. Never falls. */
    public void position(final int chunk)
    {
        position = chunk;
    }

    /** The first chunk that may be read. */
    public int position()
    {
        return position;
    }

    /** Whether a chunk from {@link #position()} on is there to be read. */
    public boolean isReady(final int chunk)
    {
        return chunk < readyTo;
    }

    /** The memory in which a chunk lies that is ready. */
    public DirectBuffer buffer(final int chunk)
    {
        return parts[partOf(chunk)].buffer();
    }

    /** Where a chunk begins in {@link #buffer(int)}, header first. */
    public int offset(final int chunk)
    {
        return (chunk - SnapshotFiles.firstChunkOf(partOf(chunk), manifest.chunkLength())) * manifest.chunkLength();
    }

    /** Ends reading. */
    public void close()
    {
        isClosed = true;
    }

    /** Whether reading has ended. */
    public boolean isClosed()
    {
        return isClosed;
    }

    private int partOf(final int chunk)
    {
        return SnapshotFiles.partOf(chunk, manifest.chunkLength());
    }

    @Override
    public int doWork()
    {
        if (isClosed)
        {
            return 0;
        }
        final int from = position;
        int workCount = closeBelow(partOf(Math.min(from, manifest.chunkCount() - 1)));
        int next = Math.max(readyTo, from);
        final int to = (int)Math.min(manifest.chunkCount(), (long)from + aheadChunks);
        int left = STEP_LENGTH;
        while (next < to && left > 0)
        {
            final int part = partOf(next);
            if (null == parts[part])
            {
                parts[part] = storage.open(SnapshotFiles.part(stem, part), Storage.Mapping.READ_ONLY);
            }
            final int offset = offset(next);
            for (int at = 0; at < manifest.chunkLength(); at += PAGE_LENGTH)
            {
                touched += parts[part].buffer().getByte(offset + at);
            }
            left -= manifest.chunkLength();
            next++;
            workCount++;
        }
        readyTo = next;
        return workCount;
    }

    private int closeBelow(final int part)
    {
        int count = 0;
        for (; closedParts < part; closedParts++)
        {
            CloseHelper.close(parts[closedParts]);
            parts[closedParts] = null;
            count++;
        }
        return count;
    }

    @Override
    public boolean isDone()
    {
        return isClosed;
    }

    @Override
    public void release()
    {
        CloseHelper.closeAll(parts);
        java.util.Arrays.fill(parts, null);
    }
}
