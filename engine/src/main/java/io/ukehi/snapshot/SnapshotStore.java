package io.ukehi.snapshot;

import io.ukehi.Crc32c;
import io.ukehi.log.Storage;
import io.ukehi.log.StorageFile;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The snapshots in a directory. A snapshot is there if its manifest is: it gets its name, durably, after everything
 * else of the snapshot is durable, and loses it before anything else goes. So whatever a power cut leaves is a whole
 * snapshot, one that is being received and can be gone on with, or files without a manifest, which {@link #open}
 * removes.
 * <p>
 * One snapshot is written at a time, any number are read. Methods are the duty-cycle thread's.
 */
public final class SnapshotStore
{
    private final Storage storage;
    private final SnapshotConfig config;
    private final SnapshotWorker worker = new SnapshotWorker();
    /** The newest last. */
    private final List<SnapshotManifest> snapshots = new ArrayList<>();
    private final List<SnapshotInput> inputs = new ArrayList<>();
    private final List<String> damaged = new ArrayList<>();
    private SnapshotOutput output;

    private SnapshotStore(final Storage storage, final SnapshotConfig config)
    {
        this.storage = storage;
        this.config = config;
    }

    /**
     * Opens the directory: removes what is left of snapshots that came to nothing, and verifies the newest one whole;
     * if it is damaged it is removed, and the next one counts. Takes as long as reading the newest snapshot.
     *
     * @param storage that this store uses for files named {@code snapshot-*}; the caller closes it.
     */
    public static SnapshotStore open(final Storage storage, final SnapshotConfig config)
    {
        final SnapshotStore store = new SnapshotStore(storage, config);
        store.find();
        store.removeLeftovers();
        while (!store.snapshots.isEmpty() && !store.isSound(store.snapshots.getLast()))
        {
            final SnapshotManifest bad = store.snapshots.removeLast();
            store.damaged.add(SnapshotFiles.stem(bad.index(), bad.term()));
            store.deleteNow(SnapshotFiles.stem(bad.index(), bad.term()));
        }
        // Its names may be left by a process that died before they were durable.
        storage.forceDirectory();
        return store;
    }

    private void find()
    {
        for (final String name : storage.list())
        {
            if (SnapshotFiles.isOurs(name) && name.endsWith(SnapshotFiles.MANIFEST))
            {
                final SnapshotManifest manifest = readManifest(storage, name);
                final String stem = SnapshotFiles.stemOf(name);
                if (null == manifest || !stem.equals(SnapshotFiles.stem(manifest.index(), manifest.term())))
                {
                    damaged.add(stem);
                    deleteNow(stem);
                }
                else if (!isOurs(manifest))
                {
                    throw new SnapshotException("the snapshot " + name + " is of group " + manifest.groupId() +
                        " of cluster " + manifest.clusterId() + ", not of group " + config.groupId() +
                        " of cluster " + config.clusterId());
                }
                else
                {
                    snapshots.add(manifest);
                }
            }
        }
        snapshots.sort(Comparator.comparingLong(SnapshotManifest::index).thenComparingLong(SnapshotManifest::term));
    }

    private void removeLeftovers()
    {
        final List<String> names = List.of(storage.list());
        for (final String name : names)
        {
            final String stem = SnapshotFiles.stemOf(name);
            final boolean isKept = names.contains(stem + SnapshotFiles.MANIFEST) ?
                name.endsWith(SnapshotFiles.MANIFEST) || name.contains(SnapshotFiles.PART) :
                names.contains(stem + SnapshotFiles.OFFER) && !name.endsWith(SnapshotFiles.NEW);
            if (SnapshotFiles.isOurs(name) && !isKept)
            {
                storage.delete(name);
            }
        }
    }

    private boolean isSound(final SnapshotManifest manifest)
    {
        final Crc32c crc = new Crc32c();
        final ContentCrc content = new ContentCrc();
        final String stem = SnapshotFiles.stem(manifest.index(), manifest.term());
        final int length = manifest.chunkLength();
        int chunk = 0;
        for (int part = 0; chunk < manifest.chunkCount(); part++)
        {
            final String name = SnapshotFiles.part(stem, part);
            if (!exists(storage, name))
            {
                return false;
            }
            try (StorageFile file = storage.open(name, Storage.Mapping.READ_ONLY))
            {
                final int chunks = SnapshotFiles.chunksIn(part, length);
                if (file.length() != chunks * length)
                {
                    return false;
                }
                for (int i = 0; i < chunks && chunk < manifest.chunkCount(); i++, chunk++)
                {
                    if (!SnapshotChunk.isSound(
                        crc, file.buffer(), i * length, length, manifest.index(), manifest.term(), chunk))
                    {
                        return false;
                    }
                    content.add(SnapshotChunk.crc(file.buffer(), i * length));
                }
            }
        }
        return content.value() == manifest.contentCrc();
    }

    /** Removes a snapshot: first that it is one, then the rest. */
    private void deleteNow(final String stem)
    {
        deleteManifest(stem);
        filesOf(stem).forEach(storage::delete);
    }

    private void deleteManifest(final String stem)
    {
        if (exists(storage, stem + SnapshotFiles.MANIFEST))
        {
            storage.delete(stem + SnapshotFiles.MANIFEST);
            storage.forceDirectory();
        }
    }

    private ArrayDeque<String> filesOf(final String stem)
    {
        final ArrayDeque<String> names = new ArrayDeque<>();
        for (final String name : storage.list())
        {
            if (name.startsWith(stem + '.'))
            {
                names.add(name);
            }
        }
        return names;
    }

    /** Whether a manifest is of this cluster and group. */
    public boolean isOurs(final SnapshotManifest manifest)
    {
        return manifest.clusterId() == config.clusterId() && manifest.groupId() == config.groupId();
    }

    /** The newest snapshot that is whole; null if there is none. */
    public SnapshotManifest newest()
    {
        return snapshots.isEmpty() ? null : snapshots.getLast();
    }

    /** A snapshot that is here and the same as the given one; null if there is none. */
    public boolean has(final SnapshotManifest manifest)
    {
        return snapshots.stream().anyMatch(manifest::isSame);
    }

    /** Snapshots that are whole. */
    public int count()
    {
        return snapshots.size();
    }

    /** Names of the snapshots that were found damaged when the directory was opened, and removed. */
    public List<String> damaged()
    {
        return List.copyOf(damaged);
    }

    /** Bytes of the chunks of all snapshots that are whole. */
    public long contentLength()
    {
        return snapshots.stream().mapToLong(SnapshotManifest::contentLength).sum();
    }

    /** The helper, for a thread of its own. */
    public SnapshotWorker worker()
    {
        return worker;
    }

    /** Settings. */
    public SnapshotConfig config()
    {
        return config;
    }

    /**
     * Begins a snapshot of the state at an index.
     *
     * @return null if one is being written, or one of this index is there.
     */
    public SnapshotOutput take(final long index, final long term)
    {
        final SnapshotManifest newest = newest();
        if (null != output || (null != newest && newest.index() >= index))
        {
            return null;
        }
        return begin(new SnapshotOutput(storage, index, term, config.chunkLength()));
    }

    /**
     * Begins to receive a snapshot, or goes on with it.
     *
     * @return null if one is being written, or one of this index or a later one is there.
     */
    public SnapshotOutput receive(final SnapshotManifest offer)
    {
        final SnapshotManifest newest = newest();
        if (null != output || (null != newest && newest.index() >= offer.index()))
        {
            return null;
        }
        return begin(new SnapshotOutput(storage, offer));
    }

    private SnapshotOutput begin(final SnapshotOutput begun)
    {
        if (!worker.submit(begun))
        {
            return null;
        }
        output = begun;
        return begun;
    }

    /**
     * Opens a snapshot for reading. It is not removed before the reader has closed it.
     *
     * @param fromChunk first chunk that will be read.
     * @return null if there is no room at this moment.
     */
    public SnapshotInput read(final SnapshotManifest manifest, final int fromChunk)
    {
        final SnapshotInput input = new SnapshotInput(storage, manifest, fromChunk);
        if (!worker.submit(input))
        {
            return null;
        }
        inputs.add(input);
        return input;
    }

    /**
     * Collects what has ended, and removes what is not kept. Throws if storage has failed.
     *
     * @return what was written, if its writing has ended since the last call; else null.
     */
    public SnapshotOutput doWork()
    {
        worker.checkFailure();
        inputs.removeIf(SnapshotInput::isClosed);
        SnapshotOutput ended = null;
        if (null != output && output.isDone())
        {
            ended = output;
            output = null;
            if (SnapshotOutput.Outcome.DURABLE == ended.outcome())
            {
                snapshots.add(ended.manifest());
            }
        }
        removeOldest();
        return ended;
    }

    private void removeOldest()
    {
        while (snapshots.size() > config.retention())
        {
            final SnapshotManifest oldest = snapshots.getFirst();
            if (inputs.stream().anyMatch(input -> oldest == input.manifest()) ||
                !worker.submit(new Removal(SnapshotFiles.stem(oldest.index(), oldest.term()))))
            {
                return;
            }
            snapshots.removeFirst();
        }
    }

    static boolean exists(final Storage storage, final String name)
    {
        for (final String existing : storage.list())
        {
            if (existing.equals(name))
            {
                return true;
            }
        }
        return false;
    }

    /** Reads a manifest's file; null if it is not there or not sound. */
    static SnapshotManifest readManifest(final Storage storage, final String name)
    {
        if (!exists(storage, name))
        {
            return null;
        }
        try (StorageFile file = storage.open(name, Storage.Mapping.READ_ONLY))
        {
            return SnapshotManifest.decode(file.buffer(), 0, file.length());
        }
    }

    /** Writes a manifest's file so that it is there whole or not at all, and durable on return. */
    static void writeManifest(final Storage storage, final SnapshotManifest manifest, final String name)
    {
        final String newName = SnapshotFiles.stemOf(name) + SnapshotFiles.NEW;
        if (exists(storage, newName))
        {
            storage.delete(newName);
        }
        try (StorageFile file = storage.create(newName, SnapshotManifest.FILE_LENGTH, Storage.Mapping.PRIVATE))
        {
            file.allocate(SnapshotManifest.FILE_LENGTH);
            manifest.encode(file.buffer(), 0);
            file.write(0, SnapshotManifest.FILE_LENGTH);
            file.force();
        }
        storage.rename(newName, name);
        storage.forceDirectory();
    }

    /** Removes a snapshot, step by step. */
    private final class Removal implements SnapshotJob
    {
        private final String stem;
        /** Files that are left; null as long as they are a snapshot. */
        private ArrayDeque<String> names;
        private boolean isDone;

        Removal(final String stem)
        {
            this.stem = stem;
        }

        @Override
        public int doWork()
        {
            if (null == names)
            {
                deleteManifest(stem);
                names = filesOf(stem);
            }
            else if (!names.isEmpty() && storage.deletePart(names.getFirst(), Storage.DELETED_LENGTH))
            {
                names.removeFirst();
            }
            isDone = names.isEmpty();
            return 1;
        }

        @Override
        public boolean isDone()
        {
            return isDone;
        }

        @Override
        public void release()
        {
        }
    }
}
