package io.ukehi.fencing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

/** A guard accepts what is not stale, refuses what is, and never forgets. */
class FencingGuardTest
{
    @Test
    void shouldAcceptWhatIsNewAndTheSameAgain()
    {
        final FencingGuard guard = new FencingGuard();
        assertEquals(FencingToken.NONE, guard.highest());
        assertTrue(guard.tryAccept(FencingToken.of(3, 7)));
        assertTrue(guard.tryAccept(FencingToken.of(3, 7)));
        assertTrue(guard.tryAccept(FencingToken.of(3, 9)));
        assertEquals(FencingToken.of(3, 9), guard.highest());
    }

    @Test
    void shouldRefuseWhatIsStaleAndStayWhereItIs()
    {
        final FencingGuard guard = new FencingGuard();
        assertTrue(guard.tryAccept(FencingToken.of(4, 1)));
        assertFalse(guard.tryAccept(FencingToken.of(3, 4_000_000_000L)));
        assertFalse(guard.tryAccept(FencingToken.of(4, 0)));
        assertFalse(guard.tryAcceptOnce(FencingToken.of(3, 4_000_000_000L)));
        assertEquals(FencingToken.of(4, 1), guard.highest());
    }

    @Test
    void shouldAcceptATokenOnceWhenAskedForOnce()
    {
        final FencingGuard guard = new FencingGuard();
        assertTrue(guard.tryAcceptOnce(FencingToken.of(1, 1)));
        assertFalse(guard.tryAcceptOnce(FencingToken.of(1, 1)));
        assertTrue(guard.tryAccept(FencingToken.of(1, 1)));
        assertTrue(guard.tryAcceptOnce(FencingToken.of(1, 2)));
        assertTrue(guard.tryAccept(FencingToken.of(1, 3)));
        assertFalse(guard.tryAcceptOnce(FencingToken.of(1, 3)));
    }

    @Test
    void shouldNeverAcceptTheTokenThatIsNone()
    {
        final FencingGuard guard = new FencingGuard();
        assertFalse(guard.tryAccept(FencingToken.NONE));
        assertFalse(guard.tryAcceptOnce(FencingToken.NONE));
    }

    /** Unsigned: a token of a term beyond 2^31 is negative as a long, and newer all the same. */
    @Test
    void shouldCompareUnsigned()
    {
        final FencingGuard guard = new FencingGuard();
        assertTrue(guard.tryAccept(FencingToken.of(0x7FFF_FFFFL, 5)));
        assertTrue(guard.tryAcceptOnce(FencingToken.of(0x8000_0000L, 1)));
        assertFalse(guard.tryAccept(FencingToken.of(0x7FFF_FFFFL, 6)));
        assertTrue(guard.tryAccept(-1L));
        assertFalse(guard.tryAcceptOnce(-1L));
    }

    @Test
    void shouldGoOnFromWhatTheResourceRemembers()
    {
        final FencingGuard guard = new FencingGuard(FencingToken.of(9, 9));
        assertFalse(guard.tryAccept(FencingToken.of(9, 8)));
        assertTrue(guard.tryAccept(FencingToken.of(9, 9)));
    }

    /** Many threads, every token tried once strictly and often otherwise: accepted tokens rise for each of them. */
    @Test
    void shouldAcceptEachTokenAtMostOnceAndInOrderWhenManyThreadsAsk() throws InterruptedException
    {
        final int tokens = 20_000;
        final FencingGuard guard = new FencingGuard();
        final AtomicIntegerArray accepted = new AtomicIntegerArray(tokens + 1);
        final CountDownLatch start = new CountDownLatch(1);
        final boolean[] isRising = {true, true, true, true};
        final Thread[] threads = new Thread[isRising.length];
        for (int i = 0; i < threads.length; i++)
        {
            final int number = i;
            threads[i] = new Thread(
                () -> isRising[number] = claim(guard, accepted, new SplittableRandom(number), start));
            threads[i].start();
        }
        start.countDown();
        for (final Thread thread : threads)
        {
            thread.join();
        }
        for (int i = 0; i <= tokens; i++)
        {
            assertTrue(accepted.get(i) <= 1, "accepted once");
        }
        for (final boolean isOne : isRising)
        {
            assertTrue(isOne, "what one thread was told yes about rises");
        }
        assertEquals(tokens, guard.highest());
    }

    private static boolean claim(
        final FencingGuard guard,
        final AtomicIntegerArray accepted,
        final SplittableRandom random,
        final CountDownLatch start)
    {
        try
        {
            start.await();
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            return false;
        }
        boolean isRising = true;
        long last = 0;
        for (int i = 1; i < accepted.length(); i++)
        {
            final long token = Math.max(1, i - random.nextInt(3));
            if (guard.tryAcceptOnce(token))
            {
                accepted.incrementAndGet((int)token);
                isRising &= token > last;
                last = token;
            }
        }
        guard.tryAccept(accepted.length() - 1);
        return isRising && !guard.tryAccept(1);
    }
}
