package io.ukehi.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ukehi.statemachine.SnapshotLoader;
import io.ukehi.statemachine.SnapshotTask;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of locks, command by command. */
class KvLockTest
{
    private static final long LEASE = 1_000;
    private static final byte[] NAME = "venue".getBytes(UTF_8);

    private final KvHarness kv = new KvHarness();
    private final UnsafeBuffer name = new UnsafeBuffer(NAME);

    private int acquire(final long session, final long leaseNs)
    {
        kv.session = session;
        return kv.apply(KvCodec.encodeAcquire(kv.command, 0, name, 0, name.capacity(), leaseNs));
    }

    private int acquire(final long session)
    {
        return acquire(session, LEASE);
    }

    private int renew(final long session, final long token)
    {
        kv.session = session;
        return kv.apply(KvCodec.encodeRenew(kv.command, 0, name, 0, name.capacity(), token, LEASE));
    }

    private int release(final long session, final long token)
    {
        kv.session = session;
        return kv.apply(KvCodec.encodeRelease(kv.command, 0, name, 0, name.capacity(), token));
    }

    private long leaseEnd()
    {
        assertEquals(Long.BYTES, kv.reply.valueLength());
        return kv.reply.buffer().getLong(kv.reply.valueOffset(), ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void shouldGiveAFreeLockUnderTheTokenOfTheCommand()
    {
        kv.clusterTimeNs = 50;
        assertEquals(KvStatus.OK, acquire(7));
        assertEquals(kv.fencingToken(), kv.reply.version());
        assertEquals(50 + LEASE, leaseEnd());
    }

    @Test
    void shouldTellWhoHoldsItWhenAnotherAsks()
    {
        acquire(7);
        final long token = kv.reply.version();
        kv.clusterTimeNs = LEASE - 1;
        assertEquals(KvStatus.HELD, acquire(8));
        assertEquals(token, kv.reply.version());
        assertEquals(LEASE, leaseEnd());
    }

    @Test
    void shouldGiveItToAnotherUnderAGreaterTokenWhenTheLeaseIsOver()
    {
        acquire(7);
        final long token = kv.reply.version();
        kv.clusterTimeNs = LEASE;
        assertEquals(KvStatus.OK, acquire(8));
        assertTrue(Long.compareUnsigned(kv.reply.version(), token) > 0);
        assertEquals(KvStatus.NOT_HELD, renew(7, token));
        assertEquals(KvStatus.NOT_HELD, release(7, token));
        assertEquals(KvStatus.HELD, acquire(7));
    }

    @Test
    void shouldKeepItsTokenWhenTheHolderAsksAgain()
    {
        acquire(7);
        final long token = kv.reply.version();
        kv.clusterTimeNs = 400;
        assertEquals(KvStatus.OK, acquire(7));
        assertEquals(token, kv.reply.version());
        assertEquals(400 + LEASE, leaseEnd());
    }

    /** Between the end of the lease and now another may have held it and released it. */
    @Test
    void shouldGetAnotherTokenWhenTheHolderComesTooLate()
    {
        acquire(7);
        final long token = kv.reply.version();
        kv.clusterTimeNs = LEASE;
        assertEquals(KvStatus.NOT_HELD, renew(7, token));
        assertEquals(KvStatus.OK, acquire(7));
        assertNotEquals(token, kv.reply.version());
    }

    @Test
    void shouldRenewUnderTheSameToken()
    {
        acquire(7);
        final long token = kv.reply.version();
        kv.clusterTimeNs = LEASE - 1;
        assertEquals(KvStatus.OK, renew(7, token));
        assertEquals(token, kv.reply.version());
        assertEquals(2 * LEASE - 1, leaseEnd());
        assertEquals(KvStatus.NOT_HELD, renew(7, token + 1));
        assertEquals(KvStatus.NOT_HELD, renew(8, token), "another's session");
    }

    @Test
    void shouldBeFreeOnceReleased()
    {
        acquire(7);
        final long token = kv.reply.version();
        assertEquals(KvStatus.NOT_HELD, release(7, token + 1));
        assertEquals(KvStatus.NOT_HELD, release(8, token));
        assertEquals(KvStatus.OK, release(7, token));
        assertEquals(KvStatus.NOT_HELD, release(7, token));
        assertEquals(0, kv.store.size());
        assertEquals(KvStatus.OK, acquire(8));
    }

    @Test
    void shouldGiveUpWhatASessionHoldsWhenItEnds()
    {
        acquire(7);
        for (int i = 0; i < 100; i++)
        {
            name.wrap(("lock " + i).getBytes(UTF_8));
            assertEquals(KvStatus.OK, acquire(0 == i % 2 ? 7 : 8));
        }
        kv.put("lock".getBytes(UTF_8), NAME);
        kv.store.onSessionClosed(7, 10);
        assertEquals(51, kv.store.size());
        kv.store.onSessionClosed(9, 10);
        kv.store.onSessionClosed(8, 10);
        assertEquals(1, kv.store.size());
        final KvHarness other = new KvHarness();
        other.put("lock".getBytes(UTF_8), NAME);
        assertEquals(other.store.stateDigest(), kv.store.stateDigest());
        assertEquals(other.store.usedBytes(), kv.store.usedBytes());
    }

    @Test
    void shouldNotTouchAValueThatIsNoLock()
    {
        kv.put(NAME, new byte[KvLocks.LENGTH]);
        assertEquals(KvStatus.NOT_A_LOCK, acquire(7));
        assertEquals(KvStatus.NOT_HELD, renew(7, 0));
        assertEquals(KvStatus.NOT_HELD, release(7, 0));
        assertEquals(KvStatus.OK, kv.get(NAME));
        assertEquals(KvLocks.LENGTH, kv.reply.valueLength());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldBeBrokenByWhoeverWritesToItsKey(final boolean isDeleted)
    {
        acquire(7);
        final long token = kv.reply.version();
        assertEquals(KvStatus.OK, isDeleted ? kv.delete(NAME) : kv.put(NAME, NAME));
        assertEquals(KvStatus.NOT_HELD, renew(7, token));
        kv.store.onSessionClosed(7, 0);
        assertEquals(isDeleted ? KvStatus.NOT_FOUND : KvStatus.OK, kv.get(NAME), "nothing is left in the index");
    }

    @Test
    void shouldBeRefusedWhenTheStoreIsFull()
    {
        final KvHarness small = new KvHarness(100);
        final int length = KvCodec.encodeAcquire(small.command, 0, name, 0, name.capacity(), LEASE);
        assertEquals(KvStatus.FULL, small.apply(length));
        assertEquals(0, small.store.usedBytes());
        small.store.onSessionClosed(1, 0);
    }

    @Test
    void shouldTellDigestsApartByHolderTokenAndLease()
    {
        final long[] digests = new long[4];
        for (int i = 0; i < digests.length; i++)
        {
            final KvHarness other = new KvHarness();
            other.session = 1 == i ? 8 : 7;
            if (2 == i)
            {
                other.get(NAME);
            }
            other.apply(KvCodec.encodeAcquire(other.command, 0, name, 0, name.capacity(), 3 == i ? 2 : 1));
            digests[i] = other.store.stateDigest();
        }
        for (int i = 1; i < digests.length; i++)
        {
            assertNotEquals(digests[0], digests[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE, KvCodec.MAX_LEASE_NS + 1})
    void shouldRefuseALeaseThatCannotBe(final long leaseNs)
    {
        assertThrows(IllegalArgumentException.class, () -> acquire(7, leaseNs));
        KvCodec.encodeAcquire(kv.command, 0, name, 0, name.capacity(), 1);
        kv.command.putLong(KvCodec.LEASE_OFFSET, leaseNs, ByteOrder.LITTLE_ENDIAN);
        assertEquals(KvStatus.MALFORMED, kv.apply(KvCodec.ACQUIRE_KEY_OFFSET + NAME.length));
    }

    @Test
    void shouldRefuseCommandsThatAreCutOrLengthened()
    {
        final int[] lengths = {
            KvCodec.encodeAcquire(kv.command, 0, name, 0, name.capacity(), LEASE),
            KvCodec.encodeRenew(kv.command, 100, name, 0, name.capacity(), 5, LEASE),
            KvCodec.encodeRelease(kv.command, 200, name, 0, name.capacity(), 5)};
        for (int i = 0; i < lengths.length; i++)
        {
            kv.command.putBytes(0, kv.command, 100 * i, lengths[i]);
            for (int length = 1; length < lengths[i] + 4; length++)
            {
                assertEquals(length != lengths[i], KvStatus.MALFORMED == kv.apply(length), i + ": " + length);
            }
            kv.command.putByte(KvCodec.FLAGS_OFFSET, (byte)1);
            assertEquals(KvStatus.MALFORMED, kv.apply(lengths[i]));
        }
    }

    /** A replica that loaded its state from a snapshot gives up the same locks when a session ends. */
    @Test
    void shouldFindASessionsLocksAgainInASnapshot()
    {
        for (int i = 0; i < 50; i++)
        {
            name.wrap(("lock " + i).getBytes(UTF_8));
            assertEquals(KvStatus.OK, acquire(7 + i % 3));
        }
        final KvHarness loaded = new KvHarness();
        final SnapshotLoader loader = loaded.store.onLoadSnapshot();
        final SnapshotTask task = kv.store.onTakeSnapshot();
        assertTrue(task.doWork((buffer, offset, length) ->
        {
            loader.onRecord(buffer, offset, length);
            return true;
        }));
        task.close();
        loader.onEnd();
        for (int session = 7; session < 10; session++)
        {
            assertEquals(kv.store.stateDigest(), loaded.store.stateDigest());
            assertTrue(loaded.store.size() > 0);
            kv.store.onSessionClosed(session, 0);
            loaded.store.onSessionClosed(session, 0);
        }
        assertEquals(0, loaded.store.size());
        assertEquals(0, kv.store.size());
    }

    /** What a snapshot has frozen is kept for it when a session ends meanwhile. */
    @Test
    void shouldLeaveASnapshotAsItIsWhenASessionEnds()
    {
        acquire(7);
        final long digest = kv.store.stateDigest();
        final SnapshotTask task = kv.store.onTakeSnapshot();
        kv.store.onSessionClosed(7, 0);
        final KvHarness loaded = new KvHarness();
        final SnapshotLoader loader = loaded.store.onLoadSnapshot();
        assertTrue(task.doWork((buffer, offset, length) ->
        {
            loader.onRecord(buffer, offset, length);
            return true;
        }));
        task.close();
        assertEquals(digest, loaded.store.stateDigest());
        assertEquals(0, kv.store.size());
    }

    @Test
    void shouldAllocateNothingWhenLocksComeAndGo()
    {
        final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
        final byte[][] names = new byte[100][];
        for (int i = 0; i < names.length; i++)
        {
            names[i] = ("lock " + i).getBytes(UTF_8);
        }
        final int commands = 50_000;
        long allocated = Long.MAX_VALUE;
        // The compiler's own warming up ends at some time; one round without a byte shows that the code needs none.
        for (int round = 0; round < 20 && allocated > commands / 100; round++)
        {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < commands; i++)
            {
                name.wrap(names[i * 7 % names.length]);
                kv.clusterTimeNs += 100;
                acquire(1 + i % 5);
                renew(1 + i % 5, kv.reply.version());
                if (0 == i % 3)
                {
                    release(1 + i % 5, kv.reply.version());
                }
                if (0 == i % 50)
                {
                    kv.store.onSessionClosed(1 + i % 5, kv.clusterTimeNs);
                }
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertTrue(allocated <= commands / 100, "bytes allocated by " + commands + " rounds: " + allocated);
    }
}
