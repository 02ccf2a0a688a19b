package io.ukehi.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Invariant;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class KvArenaTest
{
    private final KvArena arena = new KvArena();

    @Test
    void shouldNeverHandOutMemoryThatIsInUse()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            final KvArena fresh = new KvArena();
            final Random random = new Random(seed);
            final TreeMap<Long, Integer> blocks = new TreeMap<>();
            for (int i = 0; i < 5000; i++)
            {
                if (blocks.isEmpty() || random.nextInt(5) < 3)
                {
                    final int length = 1 + random.nextInt(1 << (1 + random.nextInt(20)));
                    final long address = fresh.allocate(length);
                    assertTrue(address > KvArena.NULL && 0 == address % 16);
                    final Map.Entry<Long, Integer> before = blocks.floorEntry(address);
                    assertTrue(null == before || before.getKey() + before.getValue() <= address, "seed " + seed);
                    final Map.Entry<Long, Integer> after = blocks.ceilingEntry(address);
                    assertTrue(null == after || address + length <= after.getKey(), "seed " + seed);
                    fresh.chunk(address).setMemory(KvArena.offset(address), length, (byte)-1);
                    blocks.put(address, length);
                }
                else
                {
                    final long near = random.nextLong(fresh.capacity());
                    final Map.Entry<Long, Integer> block =
                        null == blocks.floorEntry(near) ? blocks.firstEntry() : blocks.floorEntry(near);
                    blocks.remove(block.getKey());
                    fresh.free(block.getKey(), block.getValue());
                }
            }
            blocks.forEach(fresh::free);
            assertEquals(0, fresh.allocatedBytes());
            fresh.close();
        }
    }

    @Test
    void shouldNotGrowWhenAsMuchIsTakenAsWasFreed()
    {
        final long[] blocks = new long[10_000];
        for (int round = 0; round < 50; round++)
        {
            for (int i = 0; i < blocks.length; i++)
            {
                blocks[i] = arena.allocate(1 + (i * 31 + round) % 1000);
            }
            if (0 == round)
            {
                assertTrue(arena.capacity() <= 8L << 20, "5 MB in blocks, rounded up: " + arena.capacity());
            }
            for (int i = 0; i < blocks.length; i++)
            {
                arena.free(blocks[i], 1 + (i * 31 + round) % 1000);
            }
        }
        assertTrue(arena.capacity() <= 8L << 20, "grown to " + arena.capacity());
    }

    @Test
    void shouldCutLargeFreeBlocksBeforeItGrowsWhenSmallOnesAreNeeded()
    {
        final long a = arena.allocate(KvArena.MAX_BLOCK_LENGTH);
        arena.allocate(KvArena.MAX_BLOCK_LENGTH - 16);
        final long capacity = arena.capacity();
        arena.free(a, KvArena.MAX_BLOCK_LENGTH);
        for (int i = 0; i < 10_000; i++)
        {
            arena.allocate(96);
        }
        assertEquals(capacity, arena.capacity());
    }

    @Test
    void shouldLoseAtMostAFifthOfABlockToRounding()
    {
        for (int length = 129; length <= KvArena.MAX_BLOCK_LENGTH; length += 1 + length / 100)
        {
            final long before = arena.allocatedBytes();
            final long address = arena.allocate(length);
            final long block = arena.allocatedBytes() - before;
            assertTrue(block >= length && (block - length) * 5 <= block, length + " bytes in " + block);
            arena.free(address, length);
        }
    }

    @Test
    void shouldRefuseABlockOfNoBytesOrMoreThanItHas()
    {
        assertThrows(Invariant.Violation.class, () -> arena.allocate(0));
        assertThrows(Invariant.Violation.class, () -> arena.allocate(KvArena.MAX_BLOCK_LENGTH + 1));
    }
}
