package io.ukehi.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * Random locks, sessions that end, leases that run out and keys that are written over, against a plain map: at no time
 * are there two holders, and tokens of a lock rise.
 */
class KvLockModelTest
{
    private record Held(long session, long token, long leaseEndNs)
    {
    }

    private final Map<String, Held> model = new TreeMap<>();
    private final Map<String, Long> tokens = new TreeMap<>();
    private final UnsafeBuffer name = new UnsafeBuffer(0, 0);

    @Test
    void shouldHoldAsAPlainMapWould()
    {
        for (int seed = 1; seed <= 150; seed++)
        {
            model.clear();
            tokens.clear();
            final KvHarness kv = new KvHarness();
            final Random random = new Random(seed);
            final int names = 1 + random.nextInt(1 << random.nextInt(8));
            for (int i = 0; i < 300; i++)
            {
                kv.clusterTimeNs += random.nextInt(20);
                kv.session = 1 + random.nextInt(4);
                step(kv, random, "lock-" + random.nextInt(names), seed);
                assertEquals(model.size(), kv.store.size(), "seed " + seed);
            }
            for (int session = 1; session <= 4; session++)
            {
                kv.store.onSessionClosed(session, kv.clusterTimeNs);
            }
            assertEquals(0, kv.store.size());
            assertEquals(0, kv.store.usedBytes());
            assertEquals(new KvHarness().store.stateDigest(), kv.store.stateDigest());
            kv.store.onStop();
        }
    }

    private void step(final KvHarness kv, final Random random, final String lock, final int seed)
    {
        name.wrap(lock.getBytes(UTF_8));
        final Held held = model.get(lock);
        final boolean isHeld = null != held && kv.clusterTimeNs < held.leaseEndNs;
        final long lease = 1 + random.nextInt(100);
        final long token = null == held || random.nextInt(4) == 0 ? random.nextInt(50) : held.token;
        switch (random.nextInt(8))
        {
            case 0, 1, 2 -> acquire(kv, lock, held, isHeld, lease, seed);
            case 3, 4 ->
            {
                final boolean isRenewed = isHeld && held.session == kv.session && held.token == token;
                final int length = KvCodec.encodeRenew(kv.command, 0, name, 0, name.capacity(), token, lease);
                assertEquals(isRenewed ? KvStatus.OK : KvStatus.NOT_HELD, kv.apply(length), "seed " + seed);
                if (isRenewed)
                {
                    model.put(lock, new Held(kv.session, token, kv.clusterTimeNs + lease));
                }
            }
            case 5 ->
            {
                final boolean isReleased = null != held && held.session == kv.session && held.token == token;
                final int length = KvCodec.encodeRelease(kv.command, 0, name, 0, name.capacity(), token);
                assertEquals(isReleased ? KvStatus.OK : KvStatus.NOT_HELD, kv.apply(length), "seed " + seed);
                if (isReleased)
                {
                    model.remove(lock);
                }
            }
            case 6 ->
            {
                final int closed = 1 + random.nextInt(4);
                kv.store.onSessionClosed(closed, kv.clusterTimeNs);
                model.values().removeIf(one -> one.session == closed);
            }
            default ->
            {
                assertEquals(null == held ? KvStatus.NOT_FOUND : KvStatus.OK, kv.delete(lock.getBytes(UTF_8)));
                model.remove(lock);
            }
        }
    }

    private void acquire(
        final KvHarness kv, final String lock, final Held held, final boolean isHeld, final long lease, final int seed)
    {
        final int status = kv.apply(KvCodec.encodeAcquire(kv.command, 0, name, 0, name.capacity(), lease));
        if (isHeld && held.session != kv.session)
        {
            assertEquals(KvStatus.HELD, status, "seed " + seed);
            assertEquals(held.token, kv.reply.version());
            return;
        }
        assertEquals(KvStatus.OK, status, "seed " + seed);
        final long token = kv.reply.version();
        if (isHeld)
        {
            assertEquals(held.token, token, "seed " + seed);
        }
        else
        {
            assertEquals(kv.fencingToken(), token);
            assertTrue(token > tokens.getOrDefault(lock, 0L), "seed " + seed);
        }
        tokens.put(lock, token);
        model.put(lock, new Held(kv.session, token, kv.clusterTimeNs + lease));
    }
}
