package io.ukehi.kv;

import io.ukehi.Invariant;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The nodes of a {@link KvTree}: blocks of a {@link KvArena}, named by their addresses.
 * <pre>
 *   0         4         8        16                264               512              760
 *  +---------+---------+--------+-----------------+-----------------+-----------------+
 *  |  count  |  level  |  next  |  31 prefixes    |  31 records     |  31 children    |
 *  |   i32   |   i32   |  i64   |  i64            |  i64            |  i64            |
 *  +---------+---------+--------+-----------------+-----------------+-----------------+
 *                                                  a leaf (level 0) ends here ^
 * </pre>
 * A leaf's slot holds a record and the first eight bytes of its key. An inner node's slot holds a child, and the record
 * and prefix of the least key below it. {@code next} links the nodes of a level from left to right. Allocates nothing
 * on the heap. Owned by one thread.
 */
final class KvNodes
{
    static final int MAX_COUNT = 31;
    static final int MIN_COUNT = MAX_COUNT / 2;

    private static final int COUNT_OFFSET = 0;
    private static final int LEVEL_OFFSET = 4;
    private static final int NEXT_OFFSET = 8;
    private static final int PREFIXES_OFFSET = 16;
    private static final int RECORDS_OFFSET = PREFIXES_OFFSET + MAX_COUNT * Long.BYTES;
    private static final int CHILDREN_OFFSET = RECORDS_OFFSET + MAX_COUNT * Long.BYTES;
    private static final int LEAF_LENGTH = CHILDREN_OFFSET;
    private static final int INNER_LENGTH = CHILDREN_OFFSET + MAX_COUNT * Long.BYTES;

    private final KvArena arena;

    KvNodes(final KvArena arena)
    {
        this.arena = arena;
    }

    long newNode(final int level)
    {
        final long node = arena.allocate(level > 0 ? INNER_LENGTH : LEAF_LENGTH);
        final UnsafeBuffer chunk = arena.chunk(node);
        final int offset = KvArena.offset(node);
        chunk.putInt(offset + COUNT_OFFSET, 0);
        chunk.putInt(offset + LEVEL_OFFSET, level);
        chunk.putLong(offset + NEXT_OFFSET, KvArena.NULL);
        return node;
    }

    /** Gives a node's block back. */
    void free(final long node)
    {
        arena.free(node, level(node) > 0 ? INNER_LENGTH : LEAF_LENGTH);
    }

    int count(final long node)
    {
        return arena.chunk(node).getInt(KvArena.offset(node) + COUNT_OFFSET);
    }

    int level(final long node)
    {
        return arena.chunk(node).getInt(KvArena.offset(node) + LEVEL_OFFSET);
    }

    long next(final long node)
    {
        return arena.chunk(node).getLong(KvArena.offset(node) + NEXT_OFFSET);
    }

    long prefix(final long node, final int slot)
    {
        return arena.chunk(node).getLong(KvArena.offset(node) + PREFIXES_OFFSET + slot * Long.BYTES);
    }

    long record(final long node, final int slot)
    {
        return arena.chunk(node).getLong(KvArena.offset(node) + RECORDS_OFFSET + slot * Long.BYTES);
    }

    long child(final long node, final int slot)
    {
        return arena.chunk(node).getLong(KvArena.offset(node) + CHILDREN_OFFSET + slot * Long.BYTES);
    }

    /**
     * Looks for a key in a node.
     *
     * @return the slot that holds it, or, complemented as {@link java.util.Arrays#binarySearch} does, the slot before
     * which it belongs.
     */
    int search(
        final long node, final long prefix, final DirectBuffer key, final int keyOffset, final int keyLength)
    {
        final UnsafeBuffer chunk = arena.chunk(node);
        final int nodeOffset = KvArena.offset(node);
        int low = 0;
        int high = chunk.getInt(nodeOffset + COUNT_OFFSET);
        while (low < high)
        {
            final int middle = (low + high) >>> 1;
            final int at = nodeOffset + middle * Long.BYTES;
            int comparison = Long.compareUnsigned(prefix, chunk.getLong(at + PREFIXES_OFFSET));
            if (0 == comparison)
            {
                comparison = compareToRecord(key, keyOffset, keyLength, chunk.getLong(at + RECORDS_OFFSET));
                if (0 == comparison)
                {
                    return middle;
                }
            }
            if (comparison > 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return ~low;
    }

    void putSlot(final long node, final int slot, final long prefix, final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(node);
        final int at = KvArena.offset(node) + slot * Long.BYTES;
        chunk.putLong(at + PREFIXES_OFFSET, prefix);
        chunk.putLong(at + RECORDS_OFFSET, record);
    }

    void insertSlot(
        final long node, final int slot, final long prefix, final long record, final long child)
    {
        final int count = count(node);
        Invariant.check(count < MAX_COUNT && slot <= count, "a slot is inserted where there is room", slot, count);
        copySlots(node, slot, node, slot + 1, count - slot);
        putSlot(node, slot, prefix, record);
        if (level(node) > 0)
        {
            arena.chunk(node).putLong(KvArena.offset(node) + CHILDREN_OFFSET + slot * Long.BYTES, child);
        }
        putCount(node, count + 1);
    }

    void removeSlot(final long node, final int slot)
    {
        final int count = count(node);
        Invariant.check(slot < count, "only a slot in use is removed", slot, count);
        copySlots(node, slot + 1, node, slot, count - slot - 1);
        putCount(node, count - 1);
    }

    long split(final long left)
    {
        final long right = newNode(level(left));
        final int leftCount = count(left) / 2;
        final int moved = count(left) - leftCount;
        copySlots(left, leftCount, right, 0, moved);
        putCount(left, leftCount);
        putCount(right, moved);
        putNext(right, next(left));
        putNext(left, right);
        return right;
    }

    void merge(final long left, final long right)
    {
        final int leftCount = count(left);
        final int moved = count(right);
        copySlots(right, 0, left, leftCount, moved);
        putCount(left, leftCount + moved);
        putNext(left, next(right));
        free(right);
    }

    void balance(final long left, final long right)
    {
        final int leftCount = count(left);
        final int rightCount = count(right);
        final int newLeftCount = (leftCount + rightCount) / 2;
        final int moved = Math.abs(newLeftCount - leftCount);
        if (newLeftCount > leftCount)
        {
            copySlots(right, 0, left, leftCount, moved);
            copySlots(right, moved, right, 0, rightCount - moved);
        }
        else
        {
            copySlots(right, 0, right, moved, rightCount);
            copySlots(left, newLeftCount, right, 0, moved);
        }
        putCount(left, newLeftCount);
        putCount(right, leftCount + rightCount - newLeftCount);
    }

    private void copySlots(
        final long source, final int sourceSlot, final long target, final int targetSlot, final int count)
    {
        copyArray(PREFIXES_OFFSET, source, sourceSlot, target, targetSlot, count);
        copyArray(RECORDS_OFFSET, source, sourceSlot, target, targetSlot, count);
        if (level(source) > 0)
        {
            copyArray(CHILDREN_OFFSET, source, sourceSlot, target, targetSlot, count);
        }
    }

    private void copyArray(
        final int array, final long source, final int sourceSlot,
        final long target, final int targetSlot, final int count)
    {
        arena.chunk(target).putBytes(
            KvArena.offset(target) + array + targetSlot * Long.BYTES,
            arena.chunk(source),
            KvArena.offset(source) + array + sourceSlot * Long.BYTES,
            count * Long.BYTES);
    }

    private void putCount(final long node, final int count)
    {
        arena.chunk(node).putInt(KvArena.offset(node) + COUNT_OFFSET, count);
    }

    private void putNext(final long node, final long next)
    {
        arena.chunk(node).putLong(KvArena.offset(node) + NEXT_OFFSET, next);
    }

    private int compareToRecord(
        final DirectBuffer key, final int keyOffset, final int keyLength, final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        return KvRecord.compare(
            key, keyOffset, keyLength, chunk, offset + KvRecord.KEY_OFFSET, KvRecord.keyLength(chunk, offset));
    }
}
