package io.ukehi.kv;

import io.ukehi.Invariant;
import io.ukehi.statemachine.SnapshotTask;
import io.ukehi.statemachine.SnapshotWriter;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes the store as it was at one index, in order of keys, while commands go on.
 * <p>
 * A walk goes through the tree. Behind it a command may do what it likes; what is written ahead of it has a version
 * above the frozen index and is passed over; and a record of the frozen state that a command would overwrite or
 * remove ahead of it is <b>kept</b>: its block is not freed but goes into a second tree, and the walk takes the lesser
 * of what the two trees hold next. So the bytes depend on the frozen state alone, and what freezing costs is a block
 * for each record that is changed before the walk has come by.
 * <p>
 * The records are the blocks of {@link KvRecord} as they lie in memory, hash included; members of a cluster have the
 * same byte order. Owned by the duty-cycle thread; allocates nothing on the heap once begun.
 */
final class KvSnapshot implements SnapshotTask
{
    /** Records passed over without one to be written, before the cycle goes on with other things. */
    private static final int MAX_SKIPS = 512;

    private final KvStateMachine store;
    private final KvArena arena;
    private KvTree kept;
    /** All keys up to this one, inclusive, are written. */
    private final UnsafeBuffer position = new UnsafeBuffer(new byte[KvCodec.MAX_KEY_LENGTH]);
    private int positionLength;
    private boolean hasBegun;
    private long frozenIndex;
    private long frozenLength;
    private boolean isOpen;

    KvSnapshot(final KvStateMachine store)
    {
        this.store = store;
        this.arena = store.arena();
    }

    /** Freezes the state, which contains what was written up to an index. */
    void begin(final long index)
    {
        Invariant.check(!isOpen, "one snapshot at a time", index);
        kept = new KvTree(arena);
        isOpen = true;
        hasBegun = false;
        positionLength = 0;
        frozenIndex = index;
        frozenLength = store.usedBytes();
    }

    @Override
    public long expectedLength()
    {
        return frozenLength;
    }

    /** Whether a record must outlive its place in the store: it is frozen and not written yet. */
    boolean isNeeded(final long record)
    {
        if (!isOpen)
        {
            return false;
        }
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        return KvRecord.version(chunk, offset) <= frozenIndex && (!hasBegun || KvRecord.compare(
            chunk, offset + KvRecord.KEY_OFFSET, KvRecord.keyLength(chunk, offset),
            position, 0, positionLength) > 0);
    }

    /** Takes a record over that is needed; its block is freed here. */
    void keep(final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        final long found = kept.locate(
            chunk, offset + KvRecord.KEY_OFFSET, KvRecord.keyLength(chunk, offset));
        Invariant.check(KvArena.NULL == found, "a key is frozen once", record);
        kept.insert(record);
    }

    @Override
    public boolean doWork(final SnapshotWriter writer)
    {
        long live = seek(store.tree());
        long old = seek(kept);
        int skips = 0;
        while (KvArena.NULL != live || KvArena.NULL != old)
        {
            final int order = KvArena.NULL == live ? 1 : KvArena.NULL == old ? -1 : compare(live, old);
            if (order < 0 && KvRecord.version(arena.chunk(live), KvArena.offset(live)) > frozenIndex)
            {
                // Newer than what was frozen, and nothing frozen is left up to it.
                moveTo(live);
                if (++skips == MAX_SKIPS)
                {
                    return false;
                }
            }
            else
            {
                final long record = order < 0 ? live : old;
                if (!write(writer, record))
                {
                    return false;
                }
                moveTo(record);
                if (order >= 0)
                {
                    free(record);
                    old = seek(kept);
                }
            }
            if (order <= 0)
            {
                live = store.tree().seekNext();
            }
        }
        return true;
    }

    private boolean write(final SnapshotWriter writer, final long record)
    {
        return writer.write(arena.chunk(record), KvArena.offset(record), lengthOf(record));
    }

    private int lengthOf(final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        return KvRecord.length(KvRecord.keyLength(chunk, offset), KvRecord.valueLength(chunk, offset));
    }

    /** Lets a kept record go. */
    private void free(final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        kept.locate(chunk, offset + KvRecord.KEY_OFFSET, KvRecord.keyLength(chunk, offset));
        kept.remove();
        arena.free(record, lengthOf(record));
    }

    private long seek(final KvTree tree)
    {
        return tree.seek(position, 0, positionLength, hasBegun);
    }

    private int compare(final long a, final long b)
    {
        final UnsafeBuffer chunkA = arena.chunk(a);
        final UnsafeBuffer chunkB = arena.chunk(b);
        final int offsetA = KvArena.offset(a);
        final int offsetB = KvArena.offset(b);
        return KvRecord.compare(
            chunkA, offsetA + KvRecord.KEY_OFFSET, KvRecord.keyLength(chunkA, offsetA),
            chunkB, offsetB + KvRecord.KEY_OFFSET, KvRecord.keyLength(chunkB, offsetB));
    }

    private void moveTo(final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        positionLength = KvRecord.keyLength(chunk, offset);
        position.putBytes(0, chunk, offset + KvRecord.KEY_OFFSET, positionLength);
        hasBegun = true;
    }

    @Override
    public void close()
    {
        if (isOpen)
        {
            isOpen = false;
            hasBegun = false;
            for (long record = seek(kept); KvArena.NULL != record; record = seek(kept))
            {
                free(record);
            }
            kept.release();
            kept = null;
        }
    }

    /** The arena is gone, with all that was kept. */
    void forget()
    {
        isOpen = false;
        kept = null;
    }
}
