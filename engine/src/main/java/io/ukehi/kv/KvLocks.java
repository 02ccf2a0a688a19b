package io.ukehi.kv;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Locks: values of a layout of their own among all others, and an index that finds those of a session.
 * <pre>
 *   0               8              16         24            32
 *  +---------------+--------------+----------+-------------+
 *  |  "ukehilck"   |  session i64 | token u64| leaseEnd i64|    little-endian
 *  +---------------+--------------+----------+-------------+
 * </pre>
 * A lock is held by the session until the cluster's time reaches the end of the lease, the session ends, or the key is
 * deleted or gets another value. Being a value, it is in the digest, in snapshots and in scans as any other; whoever
 * may write to the store may break it, and the holder's token then says so to everything that is guarded.
 * <p>
 * The <b>index</b> has a record for each lock, with the session and the lock's key as its key. It follows from the
 * values alone, so that it is the same on a replica that loaded them from a snapshot. Owned by the duty-cycle thread;
 * allocates nothing on the heap.
 */
final class KvLocks
{
    static final int LENGTH = 32;
    /** "ukehilck". */
    private static final long MAGIC = 0x6B63_6C69_6865_6B75L;
    private static final int SESSION_OFFSET = 8;
    private static final int TOKEN_OFFSET = 16;
    private static final int LEASE_END_OFFSET = 24;
    private static final int INDEX_KEY_OFFSET = Long.BYTES;

    private final KvArena arena;
    private final KvTree index;
    private final UnsafeBuffer indexKey = new UnsafeBuffer(new byte[INDEX_KEY_OFFSET + KvCodec.MAX_KEY_LENGTH]);
    private final UnsafeBuffer value = new UnsafeBuffer(new byte[LENGTH]);
    private long found = KvArena.NULL;

    KvLocks(final KvArena arena)
    {
        this.arena = arena;
        this.index = new KvTree(arena);
    }

    /** The arena is empty again. */
    void reset()
    {
        index.reset();
    }

    /** Whether a record of the store is a lock. */
    boolean isLock(final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        return LENGTH == KvRecord.valueLength(chunk, offset) &&
            MAGIC == chunk.getLong(KvRecord.valueOffset(chunk, offset), LITTLE_ENDIAN);
    }

    long session(final long record)
    {
        return get(record, SESSION_OFFSET);
    }

    long token(final long record)
    {
        return get(record, TOKEN_OFFSET);
    }

    /** Cluster time in nanoseconds since the epoch. */
    long leaseEndNs(final long record)
    {
        return get(record, LEASE_END_OFFSET);
    }

    private long get(final long record, final int field)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        return chunk.getLong(KvRecord.valueOffset(chunk, KvArena.offset(record)) + field, LITTLE_ENDIAN);
    }

    /** The value of a lock, {@link #LENGTH} bytes, until the next call. */
    DirectBuffer value(final long session, final long token, final long leaseEndNs)
    {
        value.putLong(0, MAGIC, LITTLE_ENDIAN);
        value.putLong(SESSION_OFFSET, session, LITTLE_ENDIAN);
        value.putLong(TOKEN_OFFSET, token, LITTLE_ENDIAN);
        value.putLong(LEASE_END_OFFSET, leaseEndNs, LITTLE_ENDIAN);
        return value;
    }

    /** A record has come into the store. */
    void onWritten(final long record)
    {
        if (isLock(record))
        {
            final int length = wrapIndexKey(record);
            final long entry = arena.allocate(KvRecord.length(length, 0));
            final UnsafeBuffer chunk = arena.chunk(entry);
            final int offset = KvArena.offset(entry);
            chunk.putInt(offset + KvRecord.KEY_LENGTH_OFFSET, length);
            chunk.putInt(offset + KvRecord.VALUE_LENGTH_OFFSET, 0);
            chunk.putBytes(offset + KvRecord.KEY_OFFSET, indexKey, 0, length);
            index.locate(indexKey, 0, length);
            index.insert(entry);
        }
    }

    /** A record is about to leave the store. */
    void onRemoved(final long record)
    {
        if (isLock(record))
        {
            final int length = wrapIndexKey(record);
            final long entry = index.locate(indexKey, 0, length);
            index.remove();
            arena.free(entry, KvRecord.length(length, 0));
        }
    }

    private int wrapIndexKey(final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        final int keyLength = KvRecord.keyLength(chunk, offset);
        indexKey.putLong(0, session(record), BIG_ENDIAN);
        indexKey.putBytes(INDEX_KEY_OFFSET, chunk, offset + KvRecord.KEY_OFFSET, keyLength);
        return INDEX_KEY_OFFSET + keyLength;
    }

    /**
     * Looks for the first lock of a session.
     *
     * @return length of its key, which is at {@link #foundKeyOffset()} of {@link #foundBuffer()} until anything
     * changes; 0 if the session has none.
     */
    int find(final long session)
    {
        indexKey.putLong(0, session, BIG_ENDIAN);
        found = index.seek(indexKey, 0, INDEX_KEY_OFFSET, false);
        if (KvArena.NULL == found)
        {
            return 0;
        }
        final UnsafeBuffer chunk = arena.chunk(found);
        final int offset = KvArena.offset(found);
        return session == chunk.getLong(offset + KvRecord.KEY_OFFSET, BIG_ENDIAN) ?
            KvRecord.keyLength(chunk, offset) - INDEX_KEY_OFFSET : 0;
    }

    DirectBuffer foundBuffer()
    {
        return arena.chunk(found);
    }

    int foundKeyOffset()
    {
        return KvArena.offset(found) + KvRecord.KEY_OFFSET + INDEX_KEY_OFFSET;
    }
}
