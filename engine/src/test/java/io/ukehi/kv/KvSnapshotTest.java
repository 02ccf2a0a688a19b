package io.ukehi.kv;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.statemachine.SnapshotLoader;
import io.ukehi.statemachine.SnapshotTask;
import io.ukehi.statemachine.SnapshotWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;

/** What a snapshot holds is the state at its beginning, whatever is done to the store while it is written. */
class KvSnapshotTest
{
    /** Keeps records; has room for some at a time. */
    private static final class Records implements SnapshotWriter
    {
        final List<byte[]> records = new ArrayList<>();
        private int room;

        boolean write(final SnapshotTask task, final int records)
        {
            room = records;
            return task.doWork(this);
        }

        @Override
        public boolean write(final DirectBuffer buffer, final int offset, final int length)
        {
            if (0 == room)
            {
                return false;
            }
            room--;
            final byte[] record = new byte[length];
            buffer.getBytes(offset, record);
            records.add(record);
            return true;
        }
    }

    private static void step(final KvHarness kv, final Random random, final int keys)
    {
        final byte[] key = ("key-" + random.nextInt(keys)).getBytes(US_ASCII);
        if (0 == random.nextInt(3))
        {
            kv.delete(key);
        }
        else
        {
            // Some in the same block as before, some not.
            kv.put(key, new byte[random.nextInt(60)]);
        }
    }

    private static void assertSame(final List<byte[]> expected, final List<byte[]> found, final int seed)
    {
        assertEquals(expected.size(), found.size(), "seed " + seed);
        for (int i = 0; i < expected.size(); i++)
        {
            assertArrayEquals(expected.get(i), found.get(i), "seed " + seed + ", record " + i);
        }
    }

    private static KvHarness load(final List<byte[]> records)
    {
        final KvHarness loaded = new KvHarness();
        loaded.put(new byte[]{1}, new byte[]{2});
        final SnapshotLoader loader = loaded.store.onLoadSnapshot();
        for (final byte[] record : records)
        {
            loader.onRecord(new UnsafeBuffer(record), 0, record.length);
        }
        loader.onEnd();
        return loaded;
    }

    @Test
    void shouldHoldTheStateOfItsBeginningWhateverIsDoneMeanwhile()
    {
        for (int seed = 1; seed <= 400; seed++)
        {
            final Random random = new Random(seed);
            final int keys = 1 + random.nextInt(1 << random.nextInt(11));
            final KvHarness kv = new KvHarness();
            for (int i = random.nextInt(4 * keys); i > 0; i--)
            {
                step(kv, random, keys);
            }
            final long digest = kv.store.stateDigest();
            final long size = kv.store.size();
            final long usedBytes = kv.store.usedBytes();
            final Records undisturbed = new Records();
            final SnapshotTask first = kv.store.onTakeSnapshot();
            assertTrue(undisturbed.write(first, Integer.MAX_VALUE));
            first.close();

            final Records disturbed = new Records();
            final SnapshotTask second = kv.store.onTakeSnapshot();
            while (!disturbed.write(second, 1 + random.nextInt(1 + keys / 4)))
            {
                for (int i = random.nextInt(1 + keys / 2); i > 0; i--)
                {
                    step(kv, random, keys);
                }
            }
            second.close();
            KvTreeVerifier.verify(kv.store);
            assertSame(undisturbed.records, disturbed.records, seed);

            final KvHarness loaded = load(disturbed.records);
            KvTreeVerifier.verify(loaded.store);
            assertEquals(digest, loaded.store.stateDigest(), "seed " + seed);
            assertEquals(size, loaded.store.size());
            assertEquals(usedBytes, loaded.store.usedBytes());
            kv.store.onStop();
            loaded.store.onStop();
        }
    }

    @Test
    void shouldComeToItsEndWhenFarMoreIsNewThanWasFrozen()
    {
        final KvHarness kv = new KvHarness();
        kv.put("z".getBytes(US_ASCII), new byte[1]);
        final SnapshotTask task = kv.store.onTakeSnapshot();
        for (int i = 0; i < 5000; i++)
        {
            kv.put(("a" + i).getBytes(US_ASCII), new byte[1]);
        }
        kv.delete("z".getBytes(US_ASCII));
        final Records records = new Records();
        int cycles = 1;
        while (!records.write(task, 10))
        {
            cycles++;
            assertTrue(cycles < 100);
        }
        assertTrue(cycles > 5, "no cycle goes through all of it: " + cycles);
        assertEquals(1, records.records.size());
    }

    @Test
    void shouldGiveBackWhatWasKeptWhenItEndsOrIsGivenUp()
    {
        final KvHarness kv = new KvHarness();
        final long empty = kv.store.arena().allocatedBytes();
        for (int i = 0; i < 500; i++)
        {
            kv.put(("key-" + i).getBytes(US_ASCII), new byte[i]);
        }
        for (int round = 0; round < 3; round++)
        {
            final SnapshotTask task = kv.store.onTakeSnapshot();
            final Records records = new Records();
            for (int i = 0; i < 500; i++)
            {
                kv.put(("key-" + i).getBytes(US_ASCII), new byte[500 - i]);
                if (i < 100)
                {
                    assertFalse(records.write(task, 1));
                }
            }
            if (0 == round)
            {
                assertTrue(records.write(task, Integer.MAX_VALUE));
            }
            task.close();
        }
        for (int i = 0; i < 500; i++)
        {
            kv.delete(("key-" + i).getBytes(US_ASCII));
        }
        assertEquals(empty, kv.store.arena().allocatedBytes());
    }

    @Test
    void shouldRefuseARecordThatIsNotWhatWasWritten()
    {
        final KvHarness kv = new KvHarness();
        kv.put("key".getBytes(US_ASCII), new byte[20]);
        final Records records = new Records();
        assertTrue(records.write(kv.store.onTakeSnapshot(), 10));
        final byte[] record = records.records.getFirst();
        for (int bit = 0; bit < 8 * record.length; bit++)
        {
            final byte[] flipped = record.clone();
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            if (bit / 8 < KvRecord.VERSION_OFFSET || bit / 8 >= KvRecord.HASH_OFFSET)
            {
                assertThrows(IllegalArgumentException.class, () -> load(List.of(flipped)), "bit " + bit);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> load(List.of(record, record)));
    }
}
