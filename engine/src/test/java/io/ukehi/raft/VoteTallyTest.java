package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Raft section 5.2: votes are counted as a set of voters. */
class VoteTallyTest
{
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7})
    void shouldBeWonWhenAMajorityWithItsOwnVoteHasVoted(final int size)
    {
        final VoteTally tally = new VoteTally(membership(size));
        tally.begin();
        int votes = 1;
        for (int voter = 2; voter <= size; voter++)
        {
            assertEquals(2 * votes > size, tally.isWon());
            tally.add(voter);
            votes++;
        }
        assertTrue(tally.isWon());
    }

    /** Catalogue row 3. */
    @Test
    void shouldCountAVoterOnceAndStrangersAndItselfNever()
    {
        final VoteTally tally = new VoteTally(membership(5));
        tally.begin();
        tally.add(4);
        tally.add(4);
        tally.add(99);
        tally.add(0);
        tally.add(-1);
        tally.add(1);
        assertFalse(tally.isWon());
        assertTrue(tally.hasVoted(2));
        assertFalse(tally.hasVoted(0));
        tally.add(2);
        assertTrue(tally.isWon());
    }

    @Test
    void shouldForgetWhenItBeginsAnew()
    {
        final VoteTally tally = new VoteTally(membership(3));
        assertFalse(tally.isWon());
        tally.begin();
        tally.add(2);
        assertTrue(tally.isWon());
        tally.begin();
        assertFalse(tally.isWon());
        assertFalse(tally.hasVoted(0));
    }

    private static Membership membership(final int size)
    {
        final int[] voters = new int[size];
        for (int i = 0; i < size; i++)
        {
            voters[i] = i + 1;
        }
        return new Membership(1, Configuration.NO_LOG, Configuration.ofVoters(voters), 0);
    }
}
