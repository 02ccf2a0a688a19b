package io.ukehi.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.agrona.concurrent.UnsafeBuffer;

/** Checks every invariant of a tree, node by node. */
final class KvTreeVerifier
{
    private final KvArena arena;
    private final KvTree tree;
    private final KvNodes nodes;
    private long records;
    private long lastRecord;
    private long lastLeaf;
    private long hashSum;

    private KvTreeVerifier(final KvStateMachine store)
    {
        arena = store.arena();
        tree = store.tree();
        nodes = tree.nodes();
    }

    /** Gives the sum of the hashes, computed anew from keys and values. */
    static long verify(final KvStateMachine store)
    {
        final KvTreeVerifier verifier = new KvTreeVerifier(store);
        final long root = verifier.tree.root();
        if (verifier.nodes.level(root) > 0)
        {
            assertTrue(verifier.nodes.count(root) >= 2, "an inner root has two slots");
        }
        verifier.verifyNode(root, true);
        assertEquals(verifier.tree.size(), verifier.records, "every record is reached");
        if (KvArena.NULL != verifier.lastLeaf)
        {
            assertEquals(KvArena.NULL, verifier.nodes.next(verifier.lastLeaf), "the last leaf has no next");
        }
        return verifier.hashSum;
    }

    private void verifyNode(final long node, final boolean isRoot)
    {
        final int count = nodes.count(node);
        assertTrue(count <= KvNodes.MAX_COUNT && (isRoot || count >= KvNodes.MIN_COUNT), "fill of a node");
        final int level = nodes.level(node);
        if (0 == level && KvArena.NULL != lastLeaf)
        {
            assertEquals(node, nodes.next(lastLeaf), "leaves are linked from left to right");
        }
        if (0 == level)
        {
            lastLeaf = node;
        }
        for (int i = 0; i < count; i++)
        {
            final long record = nodes.record(node, i);
            assertEquals(prefix(record), nodes.prefix(node, i), "the prefix is the record's");
            if (0 == level)
            {
                verifyRecord(record);
            }
            else
            {
                final long child = nodes.child(node, i);
                assertEquals(level - 1, nodes.level(child), "all leaves have the same depth");
                assertEquals(nodes.record(child, 0), record, "a slot names the least record below it");
                verifyNode(child, false);
            }
        }
    }

    private void verifyRecord(final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        final int keyLength = KvRecord.keyLength(chunk, offset);
        if (0 != records)
        {
            final UnsafeBuffer lastChunk = arena.chunk(lastRecord);
            final int lastOffset = KvArena.offset(lastRecord);
            assertTrue(KvRecord.compare(
                lastChunk, lastOffset + KvRecord.KEY_OFFSET, KvRecord.keyLength(lastChunk, lastOffset),
                chunk, offset + KvRecord.KEY_OFFSET, keyLength) < 0, "keys rise");
        }
        final long hash = KvRecord.hashOf(
            chunk, offset + KvRecord.KEY_OFFSET, keyLength, KvRecord.valueLength(chunk, offset));
        assertEquals(hash, KvRecord.hash(chunk, offset), "the hash is that of the content");
        hashSum += hash;
        lastRecord = record;
        records++;
    }

    private long prefix(final long record)
    {
        final UnsafeBuffer chunk = arena.chunk(record);
        final int offset = KvArena.offset(record);
        return KvRecord.prefix(chunk, offset + KvRecord.KEY_OFFSET, KvRecord.keyLength(chunk, offset));
    }
}
