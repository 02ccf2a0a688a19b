package io.ukehi.raft;

/**
 * What a majority is. Pure computations over the values that voters vouch for, without state, so that a joint
 * configuration (thesis 4.3) can ask twice, once for each set of voters.
 */
final class Quorum
{
    private Quorum()
    {
    }

    /** Votes needed of so many voters: more than half, for even numbers too. */
    static int size(final int voters)
    {
        return voters / 2 + 1;
    }

    /**
     * The highest value that a majority has reached: of the values sorted from the highest, the one at the last place
     * of a majority. Sorts in place; for the few voters there are, insertion beats anything clever.
     *
     * @param values one for each voter; reordered.
     * @param voters how many of them count, 1 or more.
     */
    static long reached(final long[] values, final int voters)
    {
        for (int i = 1; i < voters; i++)
        {
            final long value = values[i];
            int j = i - 1;
            while (j >= 0 && values[j] < value)
            {
                values[j + 1] = values[j];
                j--;
            }
            values[j + 1] = value;
        }
        return values[size(voters) - 1];
    }
}
