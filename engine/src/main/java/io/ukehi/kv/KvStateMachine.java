package io.ukehi.kv;

import io.ukehi.Invariant;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.SnapshotLoader;
import io.ukehi.statemachine.SnapshotTask;
import io.ukehi.statemachine.StateMachine;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A replicated map from keys to values, ordered by the bytes of the keys, off heap. {@link KvCodec} tells what it can
 * be asked and what it answers.
 * <p>
 * Commands come from outside: bytes that are no command, and parts that are too long, are answered and change nothing,
 * on every replica alike. The size of the store may be bounded: what counts is {@link #usedBytes()}, a function of
 * content alone, so that all replicas refuse the same command; it is close to, but not, the memory taken
 * ({@link #memoryBytes()}). Direct memory must suffice for the bound: a node that runs out of it stops.
 * <p>
 * A node that serves it needs replies of {@link KvCodec#MAX_REPLY_LENGTH}. All methods are called by the duty-cycle
 * thread. A command takes O(log n) plus its bytes, a scan its reply's bytes; nothing is allocated on the heap, except a
 * few objects for each 2 MiB by which the store grows.
 */
public final class KvStateMachine implements StateMachine
{
    /** A store without a bound. */
    public static final long UNBOUNDED = Long.MAX_VALUE;

    /** What an entry counts beyond the bytes of its key and value: about what its header and its slot take. */
    public static final int ENTRY_OVERHEAD = 64;

    // So that an empty store has a digest other than 0, which would say that none is offered.
    private static final long EMPTY_DIGEST = 0x756B_6568_692D_6B76L;

    private final long maxUsedBytes;
    private final KvArena arena = new KvArena();
    private final KvTree tree = new KvTree(arena);
    private final KvCommandDecoder command = new KvCommandDecoder();
    private final KvLocks locks = new KvLocks(arena);
    private final KvLockCommands lockCommands = new KvLockCommands(this, locks, command);
    private final KvSnapshot snapshot = new KvSnapshot(this);
    private long usedBytes = 0;
    private long hashSum = 0;
    /** Highest version of any record that was ever written. */
    private long lastVersion = 0;

    /** A store that takes what memory holds. */
    public KvStateMachine()
    {
        this(UNBOUNDED);
    }

    /**
     * A store of bounded size.
     *
     * @param maxUsedBytes bound on {@link #usedBytes()}, 0 or more. All replicas must have the same.
     */
    public KvStateMachine(final long maxUsedBytes)
    {
        if (maxUsedBytes < 0)
        {
            throw new IllegalArgumentException("maxUsedBytes must not be negative: " + maxUsedBytes);
        }
        this.maxUsedBytes = maxUsedBytes;
    }

    @Override
    public void onCommand(
        final CommandHeader header, final DirectBuffer buffer, final int offset, final int length, final Reply reply)
    {
        final int status = command.wrap(buffer, offset, length);
        if (KvStatus.OK != status)
        {
            answer(reply, status, KvCodec.NO_VERSION);
            return;
        }
        switch (command.op())
        {
            case KvCodec.OP_PUT:
                onPut(header.index(), reply);
                break;

            case KvCodec.OP_GET:
                onGet(reply);
                break;

            case KvCodec.OP_DELETE:
                onDelete(reply);
                break;

            case KvCodec.OP_CAS:
                onCas(header.index(), reply);
                break;

            case KvCodec.OP_SCAN:
                onScan(header.index(), reply);
                break;

            case KvCodec.OP_ACQUIRE:
                lockCommands.onAcquire(header, reply);
                break;

            case KvCodec.OP_RENEW:
                lockCommands.onRenew(header, reply);
                break;

            case KvCodec.OP_RELEASE:
                lockCommands.onRelease(header, reply);
                break;

            case KvCodec.OP_DIGEST:
                answer(reply, KvStatus.OK, stateDigest());
                break;

            default:
                throw new IllegalStateException("a decoded command has a known operation: " + command.op());
        }
    }

    /** Answers GET, SCAN and DIGEST; anything else is malformed here, since it would change something. */
    @Override
    public boolean onQuery(
        final long index, final DirectBuffer buffer, final int offset, final int length, final Reply reply)
    {
        final int status = command.wrap(buffer, offset, length);
        if (KvStatus.OK != status)
        {
            answer(reply, status, KvCodec.NO_VERSION);
            return true;
        }
        switch (command.op())
        {
            case KvCodec.OP_GET:
                onGet(reply);
                break;

            case KvCodec.OP_SCAN:
                onScan(index, reply);
                break;

            case KvCodec.OP_DIGEST:
                answer(reply, KvStatus.OK, stateDigest());
                break;

            default:
                answer(reply, KvStatus.MALFORMED, KvCodec.NO_VERSION);
                break;
        }
        return true;
    }

    /** Releases the locks that the session holds. */
    @Override
    public void onSessionClosed(final long sessionId, final long clusterTimeNs)
    {
        lockCommands.onSessionClosed(sessionId);
    }

    /**
     * Equal on replicas with equal keys and values, whatever way they came to them: the sum of a 64-bit hash over each
     * pair. Versions do not go in, since they follow from the log. Never 0; takes no time.
     */
    @Override
    public long stateDigest()
    {
        final long digest = EMPTY_DIGEST + hashSum;
        return 0 == digest ? EMPTY_DIGEST : digest;
    }

    @Override
    public SnapshotTask onTakeSnapshot()
    {
        snapshot.begin(lastVersion);
        return snapshot;
    }

    @Override
    public boolean isAppliedDuringSnapshot()
    {
        return true;
    }

    @Override
    public SnapshotLoader onLoadSnapshot()
    {
        snapshot.forget();
        arena.close();
        tree.reset();
        locks.reset();
        usedBytes = 0;
        hashSum = 0;
        lastVersion = 0;
        return this::load;
    }

    /** Takes a record in as it was written. */
    private void load(final DirectBuffer buffer, final int offset, final int length)
    {
        if (length < KvRecord.KEY_OFFSET || length > KvArena.MAX_BLOCK_LENGTH)
        {
            throw new IllegalArgumentException("a snapshot's record of " + length + " bytes cannot be");
        }
        final long record = arena.allocate(length);
        final UnsafeBuffer chunk = arena.chunk(record);
        final int at = KvArena.offset(record);
        chunk.putBytes(at, buffer, offset, length);
        final int keyLength = KvRecord.keyLength(chunk, at);
        final int valueLength = KvRecord.valueLength(chunk, at);
        if (keyLength < 1 || keyLength > KvCodec.MAX_KEY_LENGTH ||
            valueLength < 0 || valueLength != length - KvRecord.length(keyLength, 0))
        {
            throw new IllegalArgumentException("a snapshot's record of " + length + " bytes cannot have a key of " +
                keyLength + " and a value of " + valueLength);
        }
        final long hash = KvRecord.hashOf(chunk, at + KvRecord.KEY_OFFSET, keyLength, valueLength);
        final long found = tree.locate(chunk, at + KvRecord.KEY_OFFSET, keyLength);
        if (hash != KvRecord.hash(chunk, at) || KvArena.NULL != found)
        {
            throw new IllegalArgumentException("a snapshot's record is not what was written");
        }
        tree.insert(record);
        locks.onWritten(record);
        hashSum += hash;
        usedBytes += usedBytesOf(record);
        lastVersion = Math.max(lastVersion, KvRecord.version(chunk, at));
    }

    /** Gives the memory back. */
    @Override
    public void onStop()
    {
        snapshot.forget();
        arena.close();
    }

    /** Number of keys. */
    public long size()
    {
        return tree.size();
    }

    /** Bytes of all keys and values, and {@link #ENTRY_OVERHEAD} for each pair: what the bound is held against. */
    public long usedBytes()
    {
        return usedBytes;
    }

    /** Bytes of direct memory the store has taken. May differ between replicas. */
    public long memoryBytes()
    {
        return arena.capacity();
    }

    KvArena arena()
    {
        return arena;
    }

    KvTree tree()
    {
        return tree;
    }

    private void onPut(final long index, final Reply reply)
    {
        store(locate(), index, reply);
    }

    private void onGet(final Reply reply)
    {
        final long record = locate();
        if (KvArena.NULL == record)
        {
            answer(reply, KvStatus.NOT_FOUND, KvCodec.NO_VERSION);
        }
        else
        {
            answerWithValue(reply, KvStatus.OK, record);
        }
    }

    private void onDelete(final Reply reply)
    {
        final long record = locate();
        if (KvArena.NULL == record)
        {
            answer(reply, KvStatus.NOT_FOUND, KvCodec.NO_VERSION);
            return;
        }
        answer(reply, KvStatus.OK, KvRecord.version(arena.chunk(record), KvArena.offset(record)));
        remove(record);
    }

    private void onCas(final long index, final Reply reply)
    {
        final long record = locate();
        if (isExpected(record))
        {
            store(record, index, reply);
        }
        else if (KvArena.NULL == record)
        {
            answer(reply, KvStatus.CAS_MISMATCH, KvCodec.NO_VERSION);
        }
        else
        {
            answerWithValue(reply, KvStatus.CAS_MISMATCH, record);
        }
    }

    private void onScan(final long index, final Reply reply)
    {
        long record = seek();
        int room = Math.min(command.byteLimit(), KvCodec.MAX_REPLY_LENGTH - KvCodec.REPLY_HEADER_LENGTH);
        if (KvArena.NULL != record)
        {
            // The first entry always has room: a scan that could not move on from a long value would never end.
            room = Math.max(room, entryLength(record));
        }
        final MutableDirectBuffer buffer = reply.buffer(KvCodec.REPLY_HEADER_LENGTH + room);
        final int limit = KvCodec.REPLY_HEADER_LENGTH + room;
        int at = KvCodec.REPLY_HEADER_LENGTH;
        int count = 0;
        int flags = 0;
        while (KvArena.NULL != record && isInRange(record))
        {
            final int entryLength = entryLength(record);
            if (count == command.limit() || entryLength > limit - at)
            {
                flags = KvCodec.SCAN_TRUNCATED;
                break;
            }
            putEntry(buffer, at, record);
            at += entryLength;
            count++;
            record = tree.seekNext();
        }
        KvCodec.putReplyHeader(buffer, KvStatus.OK, KvCodec.OP_SCAN, flags, count, index);
        reply.length(at);
    }

    long locate()
    {
        return tree.locate(command.buffer(), command.keyOffset(), command.keyLength());
    }

    /** The scan begins at the higher one of the key {@code from} and the prefix. */
    private long seek()
    {
        final DirectBuffer buffer = command.buffer();
        final boolean isPrefixHigher = KvRecord.compare(
            buffer, command.prefixOffset(), command.prefixLength(),
            buffer, command.keyOffset(), command.keyLength()) > 0;
        return isPrefixHigher ?
            tree.seek(buffer, command.prefixOffset(), command.prefixLength(), false) :
            tree.seek(buffer, command.keyOffset(), command.keyLength(), command.isAfterFrom());
    }

    private boolean isInRange(final long record)
    {
        final DirectBuffer buffer = command.buffer();
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        final int keyOffset = offset + KvRecord.KEY_OFFSET;
        final int keyLength = KvRecord.keyLength(chunk, offset);
        final int prefixLength = command.prefixLength();
        final boolean isBelowTo = 0 == command.toLength() || KvRecord.compare(
            chunk, keyOffset, keyLength, buffer, command.toOffset(), command.toLength()) < 0;
        return isBelowTo && keyLength >= prefixLength && 0 == KvRecord.compare(
            chunk, keyOffset, prefixLength, buffer, command.prefixOffset(), prefixLength);
    }

    private boolean isExpected(final long record)
    {
        if (KvCodec.EXPECT_ABSENT == command.expectation() || KvArena.NULL == record)
        {
            return KvCodec.EXPECT_ABSENT == command.expectation() && KvArena.NULL == record;
        }
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        if (KvCodec.EXPECT_VERSION == command.expectation())
        {
            return KvRecord.version(chunk, offset) == command.expectedVersion();
        }
        return 0 == KvRecord.compare(
            chunk, KvRecord.valueOffset(chunk, offset), KvRecord.valueLength(chunk, offset),
            command.buffer(), command.expectedOffset(), command.expectedLength());
    }

    /** Sets the value of the key just located, which has the given record or none, to that of the command. */
    private void store(final long oldRecord, final long index, final Reply reply)
    {
        final boolean isDone = set(
            oldRecord, index, command.buffer(), command.valueOffset(), command.valueLength());
        answer(reply, isDone ? KvStatus.OK : KvStatus.FULL, isDone ? index : KvCodec.NO_VERSION);
    }

    /** Sets the value of the key just located, which has the given record or none; false if the store is full. */
    boolean set(
        final long oldRecord, final long index, final DirectBuffer value, final int valueOffset, final int valueLength)
    {
        final int keyLength = command.keyLength();
        final long oldBytes = KvArena.NULL == oldRecord ? 0 : usedBytesOf(oldRecord);
        final long newBytes = (long)keyLength + valueLength + ENTRY_OVERHEAD;
        // A value may shrink at any time, even in a store that is over a bound that was lowered.
        if (newBytes > oldBytes && usedBytes - oldBytes > maxUsedBytes - newBytes)
        {
            return false;
        }
        if (KvArena.NULL != oldRecord)
        {
            locks.onRemoved(oldRecord);
        }
        final int length = KvRecord.length(keyLength, valueLength);
        if (KvArena.NULL == oldRecord)
        {
            final long record = arena.allocate(length);
            write(record, index, value, valueOffset, valueLength);
            tree.insert(record);
        }
        else if (KvArena.isSameBlock(length, blockLengthOf(oldRecord)) && !snapshot.isNeeded(oldRecord))
        {
            hashSum -= KvRecord.hash(arena.chunk(oldRecord), KvArena.offset(oldRecord));
            usedBytes -= oldBytes;
            write(oldRecord, index, value, valueOffset, valueLength);
        }
        else
        {
            final long record = arena.allocate(length);
            write(record, index, value, valueOffset, valueLength);
            tree.replace(record);
            release(oldRecord);
        }
        return true;
    }

    /** Takes the record of the key just located out. */
    void remove(final long record)
    {
        locks.onRemoved(record);
        tree.remove();
        release(record);
    }

    /** Fills a block with the command's key and a value, and counts it in. */
    private void write(
        final long record, final long index, final DirectBuffer value, final int valueOffset, final int valueLength)
    {
        final int keyLength = command.keyLength();
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        final int keyOffset = offset + KvRecord.KEY_OFFSET;
        chunk.putInt(offset + KvRecord.KEY_LENGTH_OFFSET, keyLength);
        chunk.putInt(offset + KvRecord.VALUE_LENGTH_OFFSET, valueLength);
        chunk.putLong(offset + KvRecord.VERSION_OFFSET, index);
        chunk.putBytes(keyOffset, command.buffer(), command.keyOffset(), keyLength);
        chunk.putBytes(keyOffset + keyLength, value, valueOffset, valueLength);
        final long hash = KvRecord.hashOf(chunk, keyOffset, keyLength, valueLength);
        chunk.putLong(offset + KvRecord.HASH_OFFSET, hash);
        hashSum += hash;
        usedBytes += usedBytesOf(record);
        lastVersion = index;
        locks.onWritten(record);
    }

    /** Counts a record out and frees its block, unless a snapshot has yet to write it. */
    private void release(final long record)
    {
        hashSum -= KvRecord.hash(arena.chunk(record), KvArena.offset(record));
        usedBytes -= usedBytesOf(record);
        Invariant.check(usedBytes >= 0, "no more is taken out than was put in", usedBytes);
        if (snapshot.isNeeded(record))
        {
            snapshot.keep(record);
        }
        else
        {
            arena.free(record, blockLengthOf(record));
        }
    }

    private long usedBytesOf(final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        return (long)KvRecord.keyLength(chunk, offset) + KvRecord.valueLength(chunk, offset) + ENTRY_OVERHEAD;
    }

    private int blockLengthOf(final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        return KvRecord.length(KvRecord.keyLength(chunk, offset), KvRecord.valueLength(chunk, offset));
    }

    private int entryLength(final long record)
    {
        return blockLengthOf(record) - KvRecord.KEY_OFFSET + KvCodec.ENTRY_HEADER_LENGTH;
    }

    private void putEntry(final MutableDirectBuffer buffer, final int at, final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        final int keyLength = KvRecord.keyLength(chunk, offset);
        final int valueLength = KvRecord.valueLength(chunk, offset);
        KvCodec.putEntryHeader(buffer, at, keyLength, valueLength, KvRecord.version(chunk, offset));
        buffer.putBytes(
            at + KvCodec.ENTRY_HEADER_LENGTH, chunk, offset + KvRecord.KEY_OFFSET, keyLength + valueLength);
    }

    void answer(final Reply reply, final int status, final long version)
    {
        final MutableDirectBuffer buffer = reply.buffer(KvCodec.REPLY_HEADER_LENGTH);
        KvCodec.putReplyHeader(buffer, status, command.op(), 0, 0, version);
        reply.length(KvCodec.REPLY_HEADER_LENGTH);
    }

    private void answerWithValue(final Reply reply, final int status, final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        final int valueLength = KvRecord.valueLength(chunk, offset);
        final int length = KvCodec.REPLY_HEADER_LENGTH + valueLength;
        final MutableDirectBuffer buffer = reply.buffer(length);
        KvCodec.putReplyHeader(
            buffer, status, command.op(), 0, valueLength, KvRecord.version(chunk, offset));
        buffer.putBytes(
            KvCodec.REPLY_HEADER_LENGTH, chunk, KvRecord.valueOffset(chunk, offset), valueLength);
        reply.length(length);
    }
}
