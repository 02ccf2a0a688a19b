package io.ukehi.kv;

import io.ukehi.Invariant;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A B+ tree over the records of a {@link KvArena}, in unsigned byte order of their keys, on {@link KvNodes}.
 * <p>
 * The first eight bytes of each key lie in the node beside its record, so that most steps of a search stay within the
 * node. Separators in inner nodes are not copies of keys but the least records below themselves, and every change of a
 * leaf's first slot is carried up to the slots that name it.
 * <p>
 * Invariants: every node but the root has at least {@link KvNodes#MIN_COUNT} slots, an inner root two; all leaves have
 * the same depth. The order of records, and with it everything a user sees, depends on the keys alone; the shape of the
 * tree also on the history, which is the same on all replicas but does not matter.
 * <p>
 * An operation begins with {@link #locate}, which remembers the path; {@link #insert}, {@link #replace} and
 * {@link #remove} act where it ended. O(log n); allocates nothing on the heap. Owned by one thread.
 */
final class KvTree
{
    // With at least 15 slots a node, 16 levels would hold more records than there are addresses.
    private static final int MAX_DEPTH = 16;

    // Where a changed tree has left the path of the last search.
    private static final int NOT_LOCATED = -1;

    private final KvArena arena;
    private final KvNodes nodes;
    private final long[] pathNodes = new long[MAX_DEPTH];
    private final int[] pathSlots = new int[MAX_DEPTH];
    private int leafDepth = NOT_LOCATED;
    private boolean isFound;
    private long root;
    private long size = 0;
    private long scanLeaf;
    private int scanSlot;

    KvTree(final KvArena arena)
    {
        this.arena = arena;
        this.nodes = new KvNodes(arena);
        this.root = nodes.newNode(0);
    }

    /** Begins anew in an arena that was emptied. */
    void reset()
    {
        root = nodes.newNode(0);
        size = 0;
        leafDepth = NOT_LOCATED;
    }

    /** Gives back what a tree without records holds; it is not used again. */
    void release()
    {
        Invariant.check(0 == size, "a tree that is given back is empty", size);
        nodes.free(root);
        root = KvArena.NULL;
    }

    /** Number of records. */
    long size()
    {
        return size;
    }

    /**
     * Looks for a key, and remembers the place.
     *
     * @return its record, or {@link KvArena#NULL}.
     */
    long locate(final DirectBuffer key, final int keyOffset, final int keyLength)
    {
        final long prefix = KvRecord.prefix(key, keyOffset, keyLength);
        long node = root;
        int depth = 0;
        while (nodes.level(node) > 0)
        {
            final int found = nodes.search(node, prefix, key, keyOffset, keyLength);
            // Into the child whose least key is not above; a key below all others belongs into the leftmost leaf.
            final int slot = found >= 0 ? found : Math.max(0, ~found - 1);
            pathNodes[depth] = node;
            pathSlots[depth] = slot;
            node = nodes.child(node, slot);
            depth++;
        }
        final int found = nodes.search(node, prefix, key, keyOffset, keyLength);
        isFound = found >= 0;
        pathNodes[depth] = node;
        pathSlots[depth] = isFound ? found : ~found;
        leafDepth = depth;
        return isFound ? nodes.record(node, found) : KvArena.NULL;
    }

    /** Puts a record whose key was just located in vain into its place. */
    void insert(final long record)
    {
        Invariant.check(leafDepth >= 0 && !isFound, "only a key located in vain is inserted");
        final int recordOffset = KvArena.offset(record);
        final UnsafeBuffer recordChunk = arena.chunk(record);
        long prefix = KvRecord.prefix(
            recordChunk, recordOffset + KvRecord.KEY_OFFSET, KvRecord.keyLength(recordChunk, recordOffset));
        long least = record;
        long child = KvArena.NULL;
        int depth = leafDepth;
        int slot = pathSlots[depth];
        if (0 == slot)
        {
            // Only a key below all others comes before the first slot of a leaf: it is the least of every node above.
            for (int i = 0; i < depth; i++)
            {
                nodes.putSlot(pathNodes[i], 0, prefix, record);
            }
        }
        while (KvNodes.MAX_COUNT == nodes.count(pathNodes[depth]))
        {
            final long left = pathNodes[depth];
            final long right = nodes.split(left);
            final int leftCount = nodes.count(left);
            // Never into the first slot on the right: the least key there is settled.
            if (slot > leftCount)
            {
                nodes.insertSlot(right, slot - leftCount, prefix, least, child);
            }
            else
            {
                nodes.insertSlot(left, slot, prefix, least, child);
            }
            prefix = nodes.prefix(right, 0);
            least = nodes.record(right, 0);
            child = right;
            if (0 == depth)
            {
                growRoot(left);
                slot = 1;
                break;
            }
            depth--;
            slot = pathSlots[depth] + 1;
        }
        nodes.insertSlot(pathNodes[depth], slot, prefix, least, child);
        size++;
        leafDepth = NOT_LOCATED;
    }

    /** Puts another record with the same key in the place of the one just located. */
    void replace(final long record)
    {
        Invariant.check(leafDepth >= 0 && isFound, "only a located key is replaced");
        final int slot = pathSlots[leafDepth];
        final long leaf = pathNodes[leafDepth];
        nodes.putSlot(leaf, slot, nodes.prefix(leaf, slot), record);
        carryLeastUp();
    }

    /** Takes the record just located out; its block is the caller's. */
    void remove()
    {
        Invariant.check(leafDepth >= 0 && isFound, "only a located key is removed");
        nodes.removeSlot(pathNodes[leafDepth], pathSlots[leafDepth]);
        size--;
        if (leafDepth > 0)
        {
            carryLeastUp();
        }
        for (int depth = leafDepth; depth > 0 && nodes.count(pathNodes[depth]) < KvNodes.MIN_COUNT; depth--)
        {
            final long parent = pathNodes[depth - 1];
            final int leftSlot = Math.max(0, pathSlots[depth - 1] - 1);
            final long left = nodes.child(parent, leftSlot);
            final long right = nodes.child(parent, leftSlot + 1);
            if (nodes.count(left) + nodes.count(right) > KvNodes.MAX_COUNT)
            {
                nodes.balance(left, right);
                nodes.putSlot(parent, leftSlot + 1, nodes.prefix(right, 0), nodes.record(right, 0));
                break;
            }
            nodes.merge(left, right);
            nodes.removeSlot(parent, leftSlot + 1);
        }
        if (nodes.level(root) > 0 && 1 == nodes.count(root))
        {
            final long oldRoot = root;
            root = nodes.child(oldRoot, 0);
            nodes.free(oldRoot);
        }
        leafDepth = NOT_LOCATED;
    }

    /**
     * Begins a walk in order of keys at the first one that is not below the given one, or above it. It is valid until
     * the tree changes.
     *
     * @param isAfter whether the key itself is left out.
     * @return the first record, or {@link KvArena#NULL} at the end.
     */
    long seek(final DirectBuffer key, final int keyOffset, final int keyLength, final boolean isAfter)
    {
        locate(key, keyOffset, keyLength);
        scanLeaf = pathNodes[leafDepth];
        scanSlot = pathSlots[leafDepth] + (isFound && isAfter ? 1 : 0);
        return scanRecord();
    }

    /** Goes on to the next record of the walk, {@link KvArena#NULL} at the end. */
    long seekNext()
    {
        scanSlot++;
        return scanRecord();
    }

    long root()
    {
        return root;
    }

    KvNodes nodes()
    {
        return nodes;
    }

    private long scanRecord()
    {
        // A leaf other than an empty root has a slot, so this is at most one step.
        while (scanSlot >= nodes.count(scanLeaf))
        {
            final long next = nodes.next(scanLeaf);
            if (KvArena.NULL == next)
            {
                return KvArena.NULL;
            }
            scanLeaf = next;
            scanSlot = 0;
        }
        return nodes.record(scanLeaf, scanSlot);
    }

    /** The first slot of the leaf on the path may have changed: so do the slots above that name it. */
    private void carryLeastUp()
    {
        for (int depth = leafDepth; depth > 0 && 0 == pathSlots[depth]; depth--)
        {
            final long node = pathNodes[depth];
            nodes.putSlot(pathNodes[depth - 1], pathSlots[depth - 1], nodes.prefix(node, 0), nodes.record(node, 0));
        }
    }

    private void growRoot(final long left)
    {
        final long newRoot = nodes.newNode(nodes.level(left) + 1);
        nodes.insertSlot(newRoot, 0, nodes.prefix(left, 0), nodes.record(left, 0), left);
        root = newRoot;
        pathNodes[0] = newRoot;
    }
}
