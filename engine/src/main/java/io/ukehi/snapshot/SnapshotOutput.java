package io.ukehi.snapshot;

import io.ukehi.Crc32c;
import io.ukehi.Invariant;
import io.ukehi.log.Storage;
import io.ukehi.log.StorageFile;
import io.ukehi.log.StorageFullException;
import java.util.ArrayDeque;
import org.agrona.CloseHelper;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A snapshot on its way to the disk: taken here, or received from a leader. The duty cycle stores chunks into mapped
 * memory that the helper has prepared, and never waits: {@link #hasRoom()} says whether there is any. The helper writes
 * and forces what is stored, and at last the manifest, whose name makes the files a snapshot.
 * <p>
 * A received one begins with its offer: the manifest under another name. Should this process die, the next one finds
 * the offer and which chunks are sound, and goes on from there.
 * <p>
 * Methods are the duty-cycle thread's but for those of {@link SnapshotJob}.
 */
public final class SnapshotOutput implements SnapshotJob
{
    /** How a snapshot's writing ended. */
    public enum Outcome
    {
        /** It has not. */
        UNDER_WAY,

        /** It is durable. */
        DURABLE,

        /** It was given up because the disk is full; nothing of it is left. */
        DISK_FULL,

        /** The chunks received, each sound, are not those of the manifest; nothing of it is left. */
        DAMAGED,

        /** It was given up. What was received stays, to be gone on with. */
        ABANDONED
    }

    /** Written and forced at once: whoever else forces on this disk waits no longer than for that. */
    private static final int STEP_LENGTH = 256 * 1024;

    /** A file of chunks; {@code end} is the number of the first chunk behind it. */
    private record Part(int begin, int end, StorageFile file)
    {
    }

    private final Storage storage;
    private final String stem;
    private final long index;
    private final long term;
    private final int chunkLength;
    private final boolean isReceived;
    private final OneToOneConcurrentArrayQueue<Part> prepared = new OneToOneConcurrentArrayQueue<>(2);

    // The duty cycle's.
    private final Crc32c crc = new Crc32c();
    private final ContentCrc sealedCrc = new ContentCrc();
    private Part current;
    private int nextChunk;

    // From one to the other.
    private volatile int storedChunks;
    private volatile SnapshotManifest manifest;
    private volatile boolean isFinished;
    private volatile boolean isAbandoned;
    private volatile int resumedChunks = -1;
    private volatile int chunkLimit;
    private volatile Outcome outcome = Outcome.UNDER_WAY;

    // The helper's.
    private final ArrayDeque<Part> open = new ArrayDeque<>();
    private final ContentCrc writtenCrc = new ContentCrc();
    private StorageFile preparing;
    private int preparedParts;
    private int writtenChunks;

    SnapshotOutput(final Storage storage, final long index, final long term, final int chunkLength)
    {
        this.storage = storage;
        this.stem = SnapshotFiles.stem(index, term);
        this.index = index;
        this.term = term;
        this.chunkLength = chunkLength;
        this.isReceived = false;
    }

    SnapshotOutput(final Storage storage, final SnapshotManifest offer)
    {
        this.storage = storage;
        this.stem = SnapshotFiles.stem(offer.index(), offer.term());
        this.index = offer.index();
        this.term = offer.term();
        this.chunkLength = offer.chunkLength();
        this.isReceived = true;
        this.manifest = offer;
    }

    /** Index of the last entry that the state contains. */
    public long index()
    {
        return index;
    }

    /** Term of that entry. */
    public long term()
    {
        return term;
    }

    /** What is being received; null for a snapshot that is being taken, until it is finished. */
    public SnapshotManifest manifest()
    {
        return manifest;
    }

    /** Whether it is known how much was there from before, so that storing may begin. */
    public boolean isReady()
    {
        if (resumedChunks < 0)
        {
            return false;
        }
        if (0 == nextChunk && resumedChunks > 0)
        {
            nextChunk = resumedChunks;
        }
        return true;
    }

    /** Number of the chunk to be stored next. */
    public int nextChunk()
    {
        return nextChunk;
    }

    /** The first chunk for which no room is prepared yet. */
    public int chunkLimit()
    {
        return chunkLimit;
    }

    /** Whether the next chunk can be stored at this moment. */
    public boolean hasRoom()
    {
        if (!isReady())
        {
            return false;
        }
        if (null == current || nextChunk == current.end)
        {
            final Part part = prepared.poll();
            if (null == part)
            {
                return false;
            }
            current = part;
        }
        return true;
    }

    /** Where the next chunk's payload goes, from {@link #payloadOffset()}; valid until it is sealed. */
    public MutableDirectBuffer buffer()
    {
        return current.file.buffer();
    }

    /** Where the payload begins in {@link #buffer()}. */
    public int payloadOffset()
    {
        return offsetOf(current, nextChunk) + SnapshotChunk.HEADER_LENGTH;
    }

    /** Bytes of payload that a chunk has room for. */
    public int payloadCapacity()
    {
        return chunkLength - SnapshotChunk.HEADER_LENGTH;
    }

    /** The next chunk's payload is there: hands it over. */
    public void seal(final int payloadLength)
    {
        Invariant.check(!isReceived && null != current && nextChunk < current.end, "a chunk has room", nextChunk);
        sealedCrc.add(SnapshotChunk.seal(
            crc, current.file.buffer(), offsetOf(current, nextChunk), payloadLength, index, term, nextChunk));
        onStored();
    }

    /**
     * Stores a chunk as it was received. Only where there is room, and only the next one.
     *
     * @return false, and nothing is stored, if it is not sound.
     */
    public boolean put(final DirectBuffer source, final int offset, final int length)
    {
        Invariant.check(isReceived && null != current && nextChunk < current.end, "a chunk has room", nextChunk);
        if (length > chunkLength || nextChunk >= manifest.chunkCount() ||
            !SnapshotChunk.isSound(crc, source, offset, length, index, term, nextChunk))
        {
            return false;
        }
        current.file.buffer().putBytes(offsetOf(current, nextChunk), source, offset, length);
        onStored();
        return true;
    }

    private void onStored()
    {
        nextChunk++;
        storedChunks = nextChunk;
    }

    /**
     * All chunks of a snapshot taken here are stored: the rest is the helper's, see {@link #outcome()}.
     *
     * @param whole makes the manifest from the content's CRC32C and the number of chunks.
     */
    public void finish(final ManifestMaker whole)
    {
        Invariant.check(!isReceived && nextChunk > 0, "a snapshot has a chunk", nextChunk);
        manifest = whole.make(nextChunk, sealedCrc.value());
        isFinished = true;
    }

    /** All chunks of a received snapshot are stored. */
    public void finish()
    {
        Invariant.check(isReceived && nextChunk == manifest.chunkCount(), "all chunks are there", nextChunk);
        isFinished = true;
    }

    /** Makes a manifest when all but its sums is known. */
    @FunctionalInterface
    public interface ManifestMaker
    {
        SnapshotManifest make(int chunkCount, int contentCrc);
    }

    /** Gives up. */
    public void abandon()
    {
        isAbandoned = true;
    }

    /** How it ended, if it has. */
    public Outcome outcome()
    {
        return outcome;
    }

    private int offsetOf(final Part part, final int chunk)
    {
        return (chunk - part.begin) * chunkLength;
    }

    @Override
    public int doWork()
    {
        if (isAbandoned)
        {
            end(Outcome.ABANDONED, !isReceived);
            return 1;
        }
        try
        {
            if (resumedChunks < 0)
            {
                begin();
                return 1;
            }
            int workCount = write();
            if (isFinished && writtenChunks == storedChunks)
            {
                complete();
                return 1;
            }
            workCount += prepare();
            return workCount;
        }
        catch (final StorageFullException ex)
        {
            end(Outcome.DISK_FULL, true);
            return 1;
        }
    }

    /** Finds out what is there from before, and removes what is of no use. */
    private void begin()
    {
        if (!isReceived)
        {
            deleteFiles();
            resumedChunks = 0;
            return;
        }
        final SnapshotManifest offered = SnapshotStore.readManifest(storage, stem + SnapshotFiles.OFFER);
        if (null != offered && offered.isSame(manifest))
        {
            resume();
        }
        else
        {
            deleteFiles();
            SnapshotStore.writeManifest(storage, manifest, stem + SnapshotFiles.OFFER);
        }
        // Before the duty cycle may store: what was found counts as stored, and there is nothing to write yet.
        storedChunks = writtenChunks;
        resumedChunks = writtenChunks;
    }

    private void resume()
    {
        boolean isGap = false;
        for (int number = 0; !isGap && writtenChunks < manifest.chunkCount(); number++)
        {
            final Part part = openPart(number);
            isGap = null == part;
            if (!isGap)
            {
                final int last = Math.min(part.end, manifest.chunkCount());
                while (writtenChunks < last && isSound(part, writtenChunks))
                {
                    writtenCrc.add(SnapshotChunk.crc(part.file.buffer(), offsetOf(part, writtenChunks)));
                    writtenChunks++;
                }
                isGap = writtenChunks < last;
                preparedParts = number + 1;
                if (writtenChunks == part.end)
                {
                    part.file.close();
                }
                else
                {
                    open.add(part);
                    part.file.touch(part.file.length());
                    prepared.add(part);
                    chunkLimit = part.end;
                }
            }
        }
        if (writtenChunks > 0)
        {
            rewriteLast();
        }
        // What lies behind a gap is written anew.
        deletePartsFrom(preparedParts);
    }

    /**
     * The life before may have ended because a force failed, and then the pages it was for count as clean: they read as
     * whole, no later force touches them, and they are not on the disk. Those of earlier parts were forced in their
     * time, or this one would not have been begun.
     */
    private void rewriteLast()
    {
        final Part last = openPart(SnapshotFiles.partOf(writtenChunks - 1, chunkLength));
        try (StorageFile file = last.file)
        {
            file.write(0, (writtenChunks - last.begin) * chunkLength);
            file.force();
        }
    }

    private Part openPart(final int number)
    {
        final String name = SnapshotFiles.part(stem, number);
        if (!SnapshotStore.exists(storage, name))
        {
            return null;
        }
        final StorageFile file = storage.open(name, Storage.Mapping.PRIVATE);
        final int chunks = SnapshotFiles.chunksIn(number, chunkLength);
        if (file.length() != chunks * chunkLength)
        {
            file.close();
            return null;
        }
        final int begin = SnapshotFiles.firstChunkOf(number, chunkLength);
        return new Part(begin, begin + chunks, file);
    }

    private boolean isSound(final Part part, final int chunk)
    {
        return SnapshotChunk.isSound(
            crc, part.file.buffer(), offsetOf(part, chunk), chunkLength, index, term, chunk);
    }

    private int write()
    {
        final int to = storedChunks;
        final Part part = open.peek();
        if (writtenChunks == to || null == part)
        {
            return 0;
        }
        final int wanted = Math.min(part.end, writtenChunks + Math.max(1, STEP_LENGTH / chunkLength));
        if (to < wanted && !isReceived && !isFinished)
        {
            // What is received is lost with the process until it is written; what is taken is lost anyway.
            return 0;
        }
        final int end = Math.min(to, wanted);
        final UnsafeBuffer buffer = part.file.buffer();
        part.file.write(offsetOf(part, writtenChunks), (end - writtenChunks) * chunkLength);
        part.file.force();
        for (int chunk = writtenChunks; chunk < end; chunk++)
        {
            writtenCrc.add(SnapshotChunk.crc(buffer, offsetOf(part, chunk)));
        }
        writtenChunks = end;
        if (end == part.end)
        {
            open.poll().file.close();
        }
        return 1;
    }

    private int prepare()
    {
        if (isFinished || !prepared.isEmpty() || (isReceived && preparedChunks() >= manifest.chunkCount()))
        {
            return 0;
        }
        final int chunks = SnapshotFiles.chunksIn(preparedParts, chunkLength);
        if (null == preparing)
        {
            preparing = storage.create(
                SnapshotFiles.part(stem, preparedParts), chunks * chunkLength, Storage.Mapping.PRIVATE);
        }
        if (0 == preparing.touch(STEP_LENGTH))
        {
            final int begin = preparedChunks();
            final Part part = new Part(begin, begin + chunks, preparing);
            preparing = null;
            preparedParts++;
            open.add(part);
            prepared.add(part);
            chunkLimit = part.end;
        }
        return 1;
    }

    private int preparedChunks()
    {
        return SnapshotFiles.firstChunkOf(preparedParts, chunkLength);
    }

    /** The chunks are durable, and so are the parts' names before the manifest gets its own. */
    private void complete()
    {
        final SnapshotManifest whole = manifest;
        if (writtenCrc.value() != whole.contentCrc())
        {
            Invariant.check(isReceived, "what was written is what was sealed", index);
            end(Outcome.DAMAGED, true);
            return;
        }
        closeParts();
        // A part that was prepared and not needed.
        deletePartsFrom(SnapshotFiles.partOf(whole.chunkCount() - 1, chunkLength) + 1);
        storage.forceDirectory();
        if (isReceived)
        {
            storage.rename(stem + SnapshotFiles.OFFER, stem + SnapshotFiles.MANIFEST);
            storage.forceDirectory();
        }
        else
        {
            SnapshotStore.writeManifest(storage, whole, stem + SnapshotFiles.MANIFEST);
        }
        outcome = Outcome.DURABLE;
    }

    private void end(final Outcome how, final boolean isDeleted)
    {
        closeParts();
        if (isDeleted)
        {
            deleteFiles();
        }
        outcome = how;
    }

    private void deleteFiles()
    {
        // Not the manifest of an equal snapshot that is there: then this one is not taken, nor received.
        for (final String name : storage.list())
        {
            if (name.startsWith(stem + '.') && !name.endsWith(SnapshotFiles.MANIFEST))
            {
                storage.delete(name);
            }
        }
        storage.forceDirectory();
    }

    private void deletePartsFrom(final int number)
    {
        for (final String name : storage.list())
        {
            if (name.startsWith(stem + SnapshotFiles.PART) && name.compareTo(SnapshotFiles.part(stem, number)) >= 0)
            {
                storage.delete(name);
            }
        }
    }

    private void closeParts()
    {
        CloseHelper.close(preparing);
        preparing = null;
        open.forEach(part -> part.file.close());
        open.clear();
    }

    @Override
    public boolean isDone()
    {
        return Outcome.UNDER_WAY != outcome;
    }

    @Override
    public void release()
    {
        closeParts();
    }
}
