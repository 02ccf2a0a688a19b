package io.ukehi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RateLimitTest
{
    private static final long SECOND_NS = 1_000_000_000L;

    @Test
    void shouldGiveOutTheRateWhateverTheCyclesAre()
    {
        for (final long cycleNs : new long[]{3_000, 100_000, 1_000_000})
        {
            final RateLimit limit = new RateLimit(64 << 20, 1 << 20);
            limit.begin(-7 * SECOND_NS);
            long used = 0;
            for (long ns = 0; ns < 2 * SECOND_NS; ns += cycleNs)
            {
                final long allowance = limit.allowance(ns - 7 * SECOND_NS);
                if (allowance >= 4096)
                {
                    used += allowance;
                    limit.use(allowance);
                }
            }
            assertTrue(used <= 128 << 20 && used > 126 << 20, "used " + used);
        }
    }

    @Test
    void shouldKeepNoMoreThanTheBoundWhenThereWasAPause()
    {
        final RateLimit limit = new RateLimit(1L << 31, 1000);
        limit.begin(0);
        assertEquals(0, limit.allowance(0));
        assertEquals(1000, limit.allowance(Long.MAX_VALUE / 2));
    }

    @Test
    void shouldMakeUpForWhatWasUsedTooMuch()
    {
        final RateLimit limit = new RateLimit(1_000, 100);
        limit.begin(0);
        limit.use(500);
        assertEquals(-400, limit.allowance(SECOND_NS / 10));
        assertEquals(100, limit.allowance(SECOND_NS));
    }
}
