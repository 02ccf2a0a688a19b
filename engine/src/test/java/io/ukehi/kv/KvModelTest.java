package io.ukehi.kv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Random commands against a {@link TreeMap}, seed by seed. A failure names its seed. */
class KvModelTest
{
    private static final byte[] EMPTY = new byte[0];

    private record Versioned(byte[] value, long version)
    {
    }

    @Test
    void shouldAnswerAsATreeMapWouldOverManySeeds()
    {
        for (int seed = 1; seed <= 3000; seed++)
        {
            final Random random = new Random(seed);
            // From stores whose keys nearly all collide to those that grow to several levels.
            final int keys = 1 + random.nextInt(1 << random.nextInt(9));
            final Run run = new Run(seed, random, keys, 1 << random.nextInt(7));
            run.run(200);
            run.kv.store.onStop();
        }
    }

    @Test
    void shouldAnswerAsATreeMapWouldWhenTheTreeIsDeepAndShrinksToNothing()
    {
        for (int seed = 1; seed <= 6; seed++)
        {
            final Run run = new Run(seed, new Random(seed), 20_000, 48);
            run.run(30_000);
            assertTrue(run.kv.store.size() > 5_000);
            final long peak = run.kv.store.memoryBytes();
            run.deleteAll();
            assertEquals(0, run.kv.store.size());
            assertEquals(0, run.kv.store.usedBytes());
            run.run(30_000);
            assertTrue(run.kv.store.memoryBytes() <= 2 * peak, "freed blocks are reused");
        }
    }

    @Test
    void shouldAnswerAsATreeMapWouldWhenValuesAreLarge()
    {
        for (int seed = 1; seed <= 4; seed++)
        {
            new Run(seed, new Random(seed), 12, KvCodec.MAX_VALUE_LENGTH).run(150);
        }
    }

    /** One store beside its model. */
    private static final class Run
    {
        final KvHarness kv = new KvHarness();
        private final NavigableMap<byte[], Versioned> model = new TreeMap<>(Arrays::compareUnsigned);
        private final int seed;
        private final Random random;
        private final byte[][] keys;
        private final int maxValueLength;

        Run(final int seed, final Random random, final int keyCount, final int maxValueLength)
        {
            this.seed = seed;
            this.random = random;
            this.maxValueLength = maxValueLength;
            keys = new byte[keyCount][];
            final byte[] stem = randomBytes(random.nextInt(12));
            for (int i = 0; i < keyCount; i++)
            {
                keys[i] = randomKey(stem);
            }
        }

        void run(final int commands)
        {
            for (int i = 0; i < commands; i++)
            {
                step();
                if (0 == random.nextInt(commands))
                {
                    verify();
                }
            }
            verify();
        }

        void deleteAll()
        {
            final List<byte[]> rest = new ArrayList<>(model.keySet());
            Collections.shuffle(rest, random);
            for (int i = 0; i < rest.size(); i++)
            {
                assertEquals(KvStatus.OK, kv.delete(rest.get(i)), at());
                model.remove(rest.get(i));
                if (0 == i % 2048)
                {
                    verify();
                }
            }
            verify();
        }

        private void step()
        {
            final byte[] key = keys[random.nextInt(keys.length)];
            final Versioned old = model.get(key);
            switch (random.nextInt(12))
            {
                case 0, 1, 2, 3, 4 -> put(key);
                case 5, 6 -> get(key, old);
                case 7, 8 -> delete(key, old);
                case 9, 10 -> cas(key, old);
                default -> scan();
            }
        }

        private void put(final byte[] key)
        {
            final byte[] value = randomBytes(random.nextInt(maxValueLength + 1));
            assertEquals(KvStatus.OK, kv.put(key, value), at());
            assertEquals(kv.index(), kv.reply.version(), at());
            model.put(key, new Versioned(value, kv.index()));
        }

        private void get(final byte[] key, final Versioned old)
        {
            final int status = kv.get(key);
            assertEquals(null == old ? KvStatus.NOT_FOUND : KvStatus.OK, status, at());
            assertCurrent(old);
        }

        private void delete(final byte[] key, final Versioned old)
        {
            final int status = kv.delete(key);
            assertEquals(null == old ? KvStatus.NOT_FOUND : KvStatus.OK, status, at());
            assertEquals(null == old ? KvCodec.NO_VERSION : old.version, kv.reply.version(), at());
            model.remove(key);
        }

        private void cas(final byte[] key, final Versioned old)
        {
            final byte[] value = randomBytes(random.nextInt(Math.min(maxValueLength, 4096) + 1));
            final boolean isFitting = random.nextBoolean();
            final int status;
            final boolean isExpected;
            switch (random.nextInt(3))
            {
                case 0 ->
                {
                    isExpected = null == old;
                    status = kv.casAbsent(key, value);
                }
                case 1 ->
                {
                    final byte[] expected = isFitting && null != old ? old.value : randomBytes(random.nextInt(3));
                    isExpected = null != old && Arrays.equals(old.value, expected);
                    status = kv.cas(key, expected, value);
                }
                default ->
                {
                    final long expected = isFitting && null != old ? old.version : random.nextInt(64);
                    isExpected = null != old && old.version == expected;
                    status = kv.casVersion(key, expected, value);
                }
            }
            assertEquals(isExpected ? KvStatus.OK : KvStatus.CAS_MISMATCH, status, at());
            if (isExpected)
            {
                assertEquals(kv.index(), kv.reply.version(), at());
                model.put(key, new Versioned(value, kv.index()));
            }
            else
            {
                assertCurrent(old);
            }
        }

        private void scan()
        {
            final byte[] from = randomBound();
            final byte[] to = randomBound();
            final byte[] prefix = randomBound();
            final boolean isAfter = random.nextBoolean();
            final int limit = 1 + random.nextInt(40);
            final int byteLimit = 1 + random.nextInt(4096);
            assertEquals(KvStatus.OK, kv.scan(from, isAfter, to, prefix, limit, byteLimit), at());
            final Iterator<Map.Entry<byte[], Versioned>> expected = model.entrySet().stream()
                .filter((e) -> Arrays.compareUnsigned(e.getKey(), from) >= (isAfter && 0 != from.length ? 1 : 0))
                .filter((e) -> 0 == to.length || Arrays.compareUnsigned(e.getKey(), to) < 0)
                .filter((e) -> e.getKey().length >= prefix.length &&
                    Arrays.equals(e.getKey(), 0, prefix.length, prefix, 0, prefix.length))
                .iterator();
            int count = 0;
            int bytes = 0;
            while (kv.reply.nextEntry())
            {
                final Map.Entry<byte[], Versioned> entry = expected.next();
                assertArrayEquals(entry.getKey(), kv.key(), at());
                assertCurrent(entry.getValue());
                count++;
                bytes += KvCodec.ENTRY_HEADER_LENGTH + entry.getKey().length + entry.getValue().value.length;
            }
            assertTrue(count <= limit && (bytes <= byteLimit || 1 == count), at());
            assertEquals(expected.hasNext(), kv.reply.isTruncated(), at());
            if (expected.hasNext())
            {
                final Map.Entry<byte[], Versioned> next = expected.next();
                final int nextLength =
                    KvCodec.ENTRY_HEADER_LENGTH + next.getKey().length + next.getValue().value.length;
                assertTrue(count == limit || (count > 0 && bytes + nextLength > byteLimit),
                    "ends early only at a limit, " + at());
            }
        }

        private void verify()
        {
            final long hashSum = KvTreeVerifier.verify(kv.store);
            assertEquals(model.size(), kv.store.size(), at());
            long used = 0;
            for (final Map.Entry<byte[], Versioned> entry : model.entrySet())
            {
                used += entry.getKey().length + entry.getValue().value.length + KvStateMachine.ENTRY_OVERHEAD;
                assertEquals(KvStatus.OK, kv.get(entry.getKey()), at());
                assertCurrent(entry.getValue());
            }
            assertEquals(used, kv.store.usedBytes(), at());
            assertEquals(new KvStateMachine().stateDigest() + hashSum, kv.store.stateDigest(), at());
        }

        private void assertCurrent(final Versioned expected)
        {
            assertEquals(null == expected ? KvCodec.NO_VERSION : expected.version, kv.reply.version(), at());
            assertArrayEquals(null == expected ? EMPTY : expected.value, kv.value(), at());
        }

        private byte[] randomBound()
        {
            final byte[] key = keys[random.nextInt(keys.length)];
            return switch (random.nextInt(4))
            {
                case 0, 1 -> EMPTY;
                case 2 -> key;
                default -> Arrays.copyOf(key, random.nextInt(key.length + 1));
            };
        }

        /** Keys share stems longer and shorter than the prefix in a node, end in zeros, and reach the longest. */
        private byte[] randomKey(final byte[] stem)
        {
            final int length = 0 == random.nextInt(200) ? KvCodec.MAX_KEY_LENGTH : 1 + random.nextInt(20);
            final byte[] key = new byte[length];
            for (int i = 0; i < length; i++)
            {
                key[i] = i < stem.length && 0 != random.nextInt(8) ? stem[i] :
                    random.nextBoolean() ? (byte)random.nextInt(256) : (byte)(255 * random.nextInt(2));
            }
            return key;
        }

        private byte[] randomBytes(final int length)
        {
            final byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            return bytes;
        }

        private String at()
        {
            return "seed " + seed + ", command " + kv.index();
        }
    }

    @Test
    void shouldOrderKeysByUnsignedBytesWhenOneIsTheBeginningOfAnother()
    {
        final KvHarness kv = new KvHarness();
        final byte[][] keys = {{0}, {0, 0}, {1}, {1, 0}, {127}, {(byte)128}, {(byte)255}, {(byte)255, 0}};
        for (int i = keys.length - 1; i >= 0; i--)
        {
            kv.put(keys[i], new byte[]{(byte)i});
        }
        assertEquals(KvStatus.OK, kv.scan(EMPTY, false, EMPTY, EMPTY, 100, 10_000));
        for (final byte[] key : keys)
        {
            assertTrue(kv.reply.nextEntry());
            assertArrayEquals(key, kv.key());
        }
        assertFalse(kv.reply.nextEntry());
    }
}
