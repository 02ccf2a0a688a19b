package io.ukehi.kv;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KvStateMachineTest
{
    private static final byte[] EMPTY = new byte[0];

    private final KvHarness kv = new KvHarness();

    @Test
    void shouldTellTheVersionOfTheLastWriteWhenAValueIsRead()
    {
        kv.put(bytes("a"), bytes("1"));
        kv.put(bytes("b"), bytes("2"));
        kv.put(bytes("a"), bytes("3"));
        final long version = kv.index();
        kv.put(bytes("b"), bytes("4"));

        assertEquals(KvStatus.OK, kv.get(bytes("a")));
        assertArrayEquals(bytes("3"), kv.value());
        assertEquals(version, kv.reply.version());
    }

    @Test
    void shouldTellAnEmptyValueFromNone()
    {
        kv.put(bytes("empty"), EMPTY);
        assertEquals(KvStatus.OK, kv.get(bytes("empty")));
        assertEquals(0, kv.reply.valueLength());
        assertEquals(KvStatus.NOT_FOUND, kv.get(bytes("none")));
        assertEquals(KvStatus.CAS_MISMATCH, kv.casAbsent(bytes("empty"), bytes("x")));
        assertEquals(KvStatus.CAS_MISMATCH, kv.cas(bytes("none"), EMPTY, bytes("x")));
        assertEquals(KvStatus.OK, kv.cas(bytes("empty"), EMPTY, bytes("x")));
    }

    @Test
    void shouldNotTakeAnOlderVersionForACurrentOneWhenAKeyWasDeletedAndPutAgain()
    {
        kv.put(bytes("a"), bytes("same"));
        final long version = kv.index();
        kv.delete(bytes("a"));
        kv.put(bytes("a"), bytes("same"));
        assertEquals(KvStatus.CAS_MISMATCH, kv.casVersion(bytes("a"), version, bytes("new")));
        assertArrayEquals(bytes("same"), kv.value());
        assertEquals(KvStatus.OK, kv.casVersion(bytes("a"), kv.reply.version(), bytes("new")));
        assertEquals(KvStatus.CAS_MISMATCH, kv.casVersion(bytes("none"), 0, bytes("new")));
    }

    @Test
    void shouldVisitEveryKeyOnceWhenAScanIsContinuedWhileKeysComeAndGo()
    {
        final List<String> keys = new ArrayList<>();
        for (int i = 0; i < 1000; i++)
        {
            keys.add(String.format("key-%04d", i));
            kv.put(bytes(keys.get(i)), new byte[i % 50]);
        }
        final List<String> seen = new ArrayList<>();
        byte[] from = EMPTY;
        boolean isTruncated = true;
        int rounds = 0;
        while (isTruncated)
        {
            assertEquals(KvStatus.OK, kv.scan(from, 0 != rounds, EMPTY, bytes("key-"), 7, 300));
            isTruncated = kv.reply.isTruncated();
            while (kv.reply.nextEntry())
            {
                from = kv.key();
                seen.add(new String(from, US_ASCII));
            }
            // The very key from which the scan goes on is gone by then.
            kv.delete(from);
            kv.put(bytes("a-" + rounds), EMPTY);
            rounds++;
        }
        assertEquals(keys, seen);
        assertTrue(rounds > 100);
    }

    @Test
    void shouldReturnOneEntryWhenItAloneIsLongerThanTheByteLimit()
    {
        final byte[] longest = new byte[KvCodec.MAX_KEY_LENGTH];
        kv.put(longest, new byte[KvCodec.MAX_VALUE_LENGTH]);
        kv.put(bytes("z"), EMPTY);
        assertEquals(KvStatus.OK, kv.scan(EMPTY, false, EMPTY, EMPTY, 100, 1));
        assertEquals(1, kv.reply.entriesLeft());
        assertTrue(kv.reply.isTruncated());
        assertEquals(KvStatus.OK, kv.scan(longest, true, EMPTY, EMPTY, 100, Integer.MAX_VALUE));
        assertEquals(1, kv.reply.entriesLeft());
        assertFalse(kv.reply.isTruncated());
    }

    @Test
    void shouldKeepAReplyWithinItsBoundWhenAScanAsksForEverything()
    {
        for (int i = 0; i < 20; i++)
        {
            kv.put(new byte[]{(byte)i}, new byte[100_000]);
        }
        assertEquals(KvStatus.OK, kv.scan(EMPTY, false, EMPTY, EMPTY, Integer.MAX_VALUE, Integer.MAX_VALUE));
        assertTrue(kv.reply.isTruncated());
        assertEquals(10, kv.reply.entriesLeft());
        assertTrue(kv.replyLength() <= KvCodec.MAX_REPLY_LENGTH);
    }

    @Test
    void shouldRefuseAPutAndChangeNothingWhenTheStoreIsFull()
    {
        final int entry = 1 + 9 + KvStateMachine.ENTRY_OVERHEAD;
        final KvHarness bounded = new KvHarness(3 * entry);
        for (int i = 0; i < 3; i++)
        {
            assertEquals(KvStatus.OK, bounded.put(new byte[]{(byte)i}, new byte[9]));
        }
        final long digest = bounded.store.stateDigest();
        assertEquals(KvStatus.FULL, bounded.put(new byte[]{3}, EMPTY));
        assertEquals(KvStatus.FULL, bounded.casAbsent(new byte[]{3}, EMPTY));
        assertEquals(KvStatus.FULL, bounded.put(new byte[]{1}, new byte[10]));
        assertEquals(digest, bounded.store.stateDigest());
        assertEquals(3 * entry, bounded.store.usedBytes());

        assertEquals(KvStatus.OK, bounded.put(new byte[]{1}, new byte[9]));
        assertEquals(KvStatus.OK, bounded.put(new byte[]{1}, new byte[8]));
        assertEquals(KvStatus.OK, bounded.put(new byte[]{0}, new byte[10]));
        assertEquals(KvStatus.OK, bounded.delete(new byte[]{2}));
        assertEquals(KvStatus.OK, bounded.put(new byte[]{3}, new byte[9]));
        assertEquals(KvStatus.FULL, bounded.put(new byte[]{4}, EMPTY));
    }

    @Test
    void shouldHaveEqualDigestsWhenContentIsEqualWhateverTheHistory()
    {
        final Random random = new Random(7);
        final List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 5000; i++)
        {
            order.add(i);
        }
        final KvHarness straight = new KvHarness();
        for (final int i : order)
        {
            straight.put(bytes("key" + i), bytes("value" + i));
        }
        for (int round = 0; round < 5; round++)
        {
            final KvHarness other = new KvHarness();
            for (int i = 0; i < 3000; i++)
            {
                other.put(bytes("key" + random.nextInt(9000)), new byte[random.nextInt(300)]);
            }
            for (int i = 5000; i < 9000; i++)
            {
                other.delete(bytes("key" + i));
            }
            Collections.shuffle(order, random);
            for (final int i : order)
            {
                other.put(bytes("key" + i), bytes("value" + i));
            }
            assertEquals(straight.store.stateDigest(), other.store.stateDigest());
            assertEquals(straight.store.usedBytes(), other.store.usedBytes());

            final byte[] changed = bytes("key" + random.nextInt(5000));
            other.put(changed, bytes("value."));
            assertNotEquals(straight.store.stateDigest(), other.store.stateDigest());
        }
    }

    @Test
    void shouldHaveDifferentDigestsWhenContentDiffersInTheLeast()
    {
        final Set<Long> digests = new HashSet<>();
        assertNotEquals(0, kv.store.stateDigest());
        digests.add(kv.store.stateDigest());
        int states = 1;
        // Every split of the same bytes into key and value, zeros included, which a careless hash takes for one.
        for (int length = 1; length <= 24; length++)
        {
            for (int keyLength = 1; keyLength <= length; keyLength++)
            {
                kv.put(new byte[keyLength], new byte[length - keyLength]);
                digests.add(kv.store.stateDigest());
                kv.delete(new byte[keyLength]);
                states++;
            }
        }
        final byte[] value = new byte[100];
        for (int bit = 0; bit < 800; bit++)
        {
            value[bit / 8] ^= (byte)(1 << (bit % 8));
            kv.put(bytes("key"), value);
            value[bit / 8] ^= (byte)(1 << (bit % 8));
            digests.add(kv.store.stateDigest());
            states++;
        }
        assertEquals(states, digests.size());
        // Two values that change places.
        kv.put(bytes("a"), bytes("1"));
        kv.put(bytes("b"), bytes("2"));
        final long digest = kv.store.stateDigest();
        kv.put(bytes("a"), bytes("2"));
        kv.put(bytes("b"), bytes("1"));
        assertNotEquals(digest, kv.store.stateDigest());
    }

    @Test
    void shouldAllocateNothingWhenCommandsRunInASteadyState()
    {
        final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
        final byte[][] keys = new byte[5000][];
        for (int i = 0; i < keys.length; i++)
        {
            keys[i] = bytes("key" + i);
        }
        final byte[][] values = {new byte[8], new byte[64], new byte[300], new byte[2000]};
        final int commands = 100_000;
        long allocated = Long.MAX_VALUE;
        // The compiler's own warming up ends at some time; one round without a byte shows that the code needs none.
        for (int round = 0; round < 20 && allocated > commands / 100; round++)
        {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < commands; i++)
            {
                final byte[] key = keys[(int)((i * 2654435761L) % keys.length)];
                switch (i % 8)
                {
                    case 0, 1, 2 -> kv.put(key, values[i % values.length]);
                    case 3, 4 -> kv.get(key);
                    case 5 -> kv.delete(key);
                    case 6 -> kv.casAbsent(key, values[1]);
                    default -> kv.scan(key, false, EMPTY, EMPTY, 10, 10_000);
                }
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertTrue(allocated <= commands / 100, "bytes allocated by " + commands + " commands: " + allocated);
    }

    @Test
    void shouldGiveItsMemoryBackOnceWhenStopped()
    {
        kv.put(bytes("a"), bytes("1"));
        assertNotEquals(0, kv.store.memoryBytes());
        kv.store.onStop();
        kv.store.onStop();
        assertEquals(0, kv.store.memoryBytes());
    }

    private static byte[] bytes(final String text)
    {
        return text.getBytes(US_ASCII);
    }
}
