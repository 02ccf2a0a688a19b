package io.ukehi.statemachine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyCacheTest
{
    private static final int MAX_LENGTH = 300;

    private final ReplyCache cache = new ReplyCache();
    private final TreeMap<Long, byte[]> model = new TreeMap<>();

    /** Beside a map, which cannot be wrong: however long replies are, and however many are kept at a time. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldKeepEachReplyUntilItIsReleased(final long seed)
    {
        final Random random = new Random(seed);
        final int mostKept = 1 + random.nextInt(60);
        long next = 1;
        for (int i = 0; i < 5_000; i++)
        {
            if (model.size() < mostKept && random.nextInt(3) > 0)
            {
                final byte[] reply = new byte[random.nextInt(4) > 0 ? random.nextInt(20) : random.nextInt(MAX_LENGTH)];
                random.nextBytes(reply);
                cache.add(next, 10 * next, ~next, new UnsafeBuffer(reply), 0, reply.length);
                model.put(next++, reply);
            }
            else
            {
                final long below = next - random.nextInt(1 + model.size());
                cache.releaseBelow(below);
                model.headMap(below).clear();
            }
            check(next);
        }
    }

    private void check(final long next)
    {
        final long first = model.isEmpty() ? next : model.firstKey();
        assertFalse(cache.contains(first - 1));
        assertFalse(cache.contains(next));
        long bytes = 0;
        for (long sequence = next - 1; sequence >= first; sequence--)
        {
            final byte[] expected = model.get(sequence);
            final byte[] found = new byte[cache.length(sequence)];
            cache.buffer().getBytes(cache.offset(sequence), found);
            assertTrue(cache.contains(sequence) && Arrays.equals(expected, found), "reply " + sequence);
            assertEquals(10 * sequence, cache.index(sequence));
            assertEquals(~sequence, cache.token(sequence));
            bytes += expected.length;
            assertEquals(bytes, cache.bytesFrom(sequence));
        }
    }
}
