package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Raft section 5.2 and 5.3: what a majority is, and how far it has come. */
class QuorumTest
{
    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "3, 2", "4, 3", "5, 3", "6, 4", "7, 4"})
    void shouldNeedMoreThanHalf(final int voters, final int expected)
    {
        assertEquals(expected, Quorum.size(voters));
    }

    /** By definition: the highest value that so many voters have reached, found by trying all. */
    @Test
    void shouldFindWhatAMajorityHasReachedWhateverTheOrder()
    {
        final SplittableRandom random = new SplittableRandom(5);
        for (int run = 0; run < 20_000; run++)
        {
            final int voters = 1 + random.nextInt(RaftConfig.MAX_MEMBERS);
            final long[] values = new long[voters + random.nextInt(2)];
            for (int i = 0; i < values.length; i++)
            {
                values[i] = 0 == random.nextInt(4) ? random.nextLong() : random.nextInt(-3, 4);
            }
            long expected = Long.MIN_VALUE;
            for (int i = 0; i < voters; i++)
            {
                int count = 0;
                for (int j = 0; j < voters; j++)
                {
                    count += values[j] >= values[i] ? 1 : 0;
                }
                expected = count >= Quorum.size(voters) ? Math.max(expected, values[i]) : expected;
            }
            assertEquals(expected, Quorum.reached(values, voters));
        }
    }
}
