package io.ukehi.fencing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens rise strictly, and never go back: whoever asks, in whatever order, from however many threads. */
class FencingTokenStateTest
{
    @Test
    void shouldIssueFromTheFirstSequenceOfATerm()
    {
        final FencingTokenState tokens = new FencingTokenState();
        assertEquals(FencingToken.NONE, tokens.last());
        tokens.beginTerm(3);
        assertEquals(FencingToken.of(3, 1), tokens.issue());
        assertEquals(FencingToken.of(3, 2), tokens.issue());
        assertEquals(FencingToken.of(3, 2), tokens.last());
    }

    @Test
    void shouldGoOnAfterWhatWasObserved()
    {
        final FencingTokenState tokens = new FencingTokenState();
        tokens.observe(FencingToken.of(3, 77));
        assertEquals(FencingToken.of(3, 78), tokens.issue());
    }

    @Test
    void shouldNeverGoBackWhenATermOrTokenIsOlder()
    {
        final FencingTokenState tokens = new FencingTokenState();
        tokens.observe(FencingToken.of(5, 10));
        tokens.beginTerm(5);
        tokens.beginTerm(4);
        tokens.observe(FencingToken.of(5, 9));
        tokens.observe(FencingToken.of(4, 4_000_000_000L));
        tokens.observe(FencingToken.NONE);
        assertEquals(FencingToken.of(5, 11), tokens.issue());
    }

    /** Unsigned order: a term beyond 2^31 is later than one before. */
    @Test
    void shouldNeverGoBackWhenTheTokenIsNegativeAsALong()
    {
        final FencingTokenState tokens = new FencingTokenState();
        tokens.observe(FencingToken.of(0x8000_0000L, 5));
        tokens.beginTerm(7);
        assertEquals(FencingToken.of(0x8000_0000L, 6), tokens.issue());
        tokens.beginTerm(FencingToken.MAX_PART);
        assertEquals(FencingToken.of(FencingToken.MAX_PART, 1), tokens.issue());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 1000, FencingToken.MAX_PART})
    void shouldIssueNoMoreThanATermHasAndLeaveTheTermAlone(final long maxSequence)
    {
        final FencingTokenState tokens = new FencingTokenState(maxSequence);
        tokens.observe(FencingToken.of(9, maxSequence - 1));
        assertEquals(1, tokens.remaining());
        assertEquals(FencingToken.of(9, maxSequence), tokens.issue());
        for (int i = 0; i < 3; i++)
        {
            assertEquals(0, tokens.remaining());
            assertEquals(FencingTokenState.EXHAUSTED, tokens.issue());
            assertEquals(FencingToken.of(9, maxSequence), tokens.last(), "no carry into the next term");
        }
        tokens.beginTerm(10);
        assertEquals(maxSequence, tokens.remaining());
        assertEquals(FencingToken.of(10, 1), tokens.issue());
    }

    @Test
    void shouldHaveNothingLeftWhenSomebodyElseIssuedMoreThanItMay()
    {
        final FencingTokenState tokens = new FencingTokenState(10);
        tokens.observe(FencingToken.of(2, 500));
        assertEquals(0, tokens.remaining());
        assertEquals(FencingTokenState.EXHAUSTED, tokens.issue());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, FencingToken.MAX_PART + 1})
    void shouldRefuseALimitThatCannotBe(final long maxSequence)
    {
        assertThrows(IllegalArgumentException.class, () -> new FencingTokenState(maxSequence));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, FencingToken.MAX_PART + 1})
    void shouldRefuseATermThatDoesNotFit(final long term)
    {
        final FencingTokenState tokens = new FencingTokenState();
        assertThrows(IllegalArgumentException.class, () -> tokens.beginTerm(term));
        assertEquals(FencingToken.NONE, tokens.last());
    }

    @Test
    void shouldRiseStrictlyWhateverIsAskedOfItInWhateverOrder()
    {
        for (int seed = 1; seed <= 2000; seed++)
        {
            final SplittableRandom random = new SplittableRandom(seed);
            final FencingTokenState tokens = new FencingTokenState(1 + random.nextInt(20));
            long highest = FencingToken.NONE;
            for (int i = 0; i < 100; i++)
            {
                final long term = random.nextInt(1, 30);
                switch (random.nextInt(4))
                {
                    case 0 -> tokens.beginTerm(term);
                    case 1 ->
                    {
                        final long token = FencingToken.of(term, random.nextInt(25));
                        tokens.observe(token);
                        highest = FencingToken.isBefore(highest, token) ? token : highest;
                    }
                    default ->
                    {
                        final long token = tokens.issue();
                        if (FencingTokenState.EXHAUSTED != token)
                        {
                            assertTrue(FencingToken.isBefore(highest, token), "seed " + seed);
                            highest = token;
                        }
                    }
                }
            }
        }
    }

    /** Four threads issue while one moves the terms on: every token is issued once, and rises for each thread. */
    @Test
    void shouldIssueEachTokenOnceWhenManyThreadsAsk() throws InterruptedException
    {
        final int threads = 4;
        final int each = 50_000;
        final FencingTokenState tokens = new FencingTokenState(10_000);
        tokens.beginTerm(1);
        final long[][] issued = new long[threads][each];
        final CountDownLatch start = new CountDownLatch(1);
        final Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            final long[] mine = issued[i];
            workers[i] = new Thread(() -> issue(tokens, mine, start));
            workers[i].start();
        }
        start.countDown();
        for (final Thread worker : workers)
        {
            worker.join();
        }

        final long[] all = new long[threads * each];
        for (int i = 0; i < threads; i++)
        {
            for (int j = 0; j < each; j++)
            {
                assertTrue(0 == j || FencingToken.isBefore(issued[i][j - 1], issued[i][j]), "rises for each thread");
                all[i * each + j] = issued[i][j];
            }
        }
        Arrays.sort(all);
        for (int i = 1; i < all.length; i++)
        {
            assertTrue(all[i - 1] != all[i], "issued once");
        }
        assertEquals(FencingToken.of(20, 10_000), tokens.last(), "no token is skipped");
    }

    private static void issue(final FencingTokenState tokens, final long[] mine, final CountDownLatch start)
    {
        try
        {
            start.await();
        }
        catch (final InterruptedException interrupted)
        {
            Thread.currentThread().interrupt();
            return;
        }
        for (int i = 0; i < mine.length; i++)
        {
            mine[i] = tokens.issue();
            while (FencingTokenState.EXHAUSTED == mine[i])
            {
                // Whoever finds the term used up moves it on; others who do so as well change nothing.
                tokens.beginTerm(FencingToken.term(tokens.last()) + (0 == tokens.remaining() ? 1 : 0));
                mine[i] = tokens.issue();
            }
        }
    }
}
