package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Thesis 4.1 and 4.3: what is in force, and what a majority of it is. */
class MembershipTest
{
    private static final Configuration THREE = Configuration.ofVoters(1, 2, 3);
    private static final Configuration FOUR_FIVE = Configuration.of(new int[]{4, 5}, new int[]{6}, Map.of());

    @Test
    void shouldPutAConfigurationInForceWhenItIsAppendedAndTakeItBackWhenItIsCut()
    {
        final Membership membership = new Membership(1, Configuration.NO_LOG, THREE, 0);
        assertEquals(0, membership.index());
        membership.onAppended(10, THREE.joinedWith(FOUR_FIVE));
        membership.onAppended(12, FOUR_FIVE);
        assertEquals(12, membership.index());
        assertFalse(membership.isSelfVoter());
        assertFalse(membership.onCut(13));
        assertTrue(membership.onCut(12));
        assertTrue(membership.current().isJoint());
        assertTrue(membership.isSelfVoter());
        assertSame(THREE, membership.at(9));
        assertTrue(membership.onCut(5));
        assertSame(THREE, membership.current());
    }

    @Test
    void shouldForgetOlderConfigurationsWhenOneIsCommittedAndOnlyThose()
    {
        final Membership membership = new Membership(1, Configuration.NO_LOG, THREE, 0);
        for (int i = 1; i <= 20; i++)
        {
            membership.onAppended(10 * i, Configuration.ofVoters(1, 2, 3 + i));
        }
        membership.onCommitted(155);
        assertEquals(200, membership.index());
        assertArrayEquals(new int[]{1, 2, 18}, membership.at(154).voters());
        assertTrue(membership.onCut(160));
        assertEquals(150, membership.index());
        membership.reset(500, FOUR_FIVE);
        assertEquals(500, membership.index());
        assertSame(FOUR_FIVE, membership.current());
    }

    @Test
    void shouldKnowItsPeersByPositionLearnersAmongThem()
    {
        final Membership membership = new Membership(5, Configuration.NO_LOG, FOUR_FIVE, 0);
        assertEquals(2, membership.peerCount());
        assertEquals(4, membership.peer(0));
        assertEquals(6, membership.peer(1));
        assertEquals(-1, membership.positionOf(5));
        assertEquals(-1, membership.positionOf(99));
        assertEquals(1, membership.positionOf(6));
        assertTrue(membership.isVoter(0));
        assertFalse(membership.isVoter(1));
        assertFalse(membership.isAlone());
        final Configuration alone = Configuration.of(new int[]{5}, new int[]{6}, Map.of());
        assertTrue(new Membership(5, Configuration.NO_LOG, alone, 0).isAlone());
    }

    @Test
    void shouldReachNothingWhenNobodyVotes()
    {
        final Membership membership = new Membership(1, Configuration.NO_LOG, Configuration.NONE, 0);
        assertFalse(membership.isMajority(~0L, true));
        assertEquals(Long.MIN_VALUE, membership.reached(new long[0], 7));
        assertFalse(membership.isSelfVoter());
    }

    /** A snapshot of what was before tells of members whom it never heard of: nobody may start from it. */
    @Test
    void shouldNotKnowWhoWereMembersBeforeItJoined()
    {
        final Membership membership = new Membership(4, Configuration.NO_LOG, Configuration.NONE, 0);
        assertFalse(membership.isKnownAt(0));
        membership.onAppended(7, Configuration.ofVoters(1, 2, 4));
        assertFalse(membership.isKnownAt(6));
        assertTrue(membership.isKnownAt(7));
        membership.onCommitted(9);
        assertFalse(membership.isKnownAt(6));
        assertTrue(membership.isKnownAt(9));
    }

    /** Against counting by hand, over random sets, joint ones and ones without this node among them. */
    @Test
    void shouldNeedAMajorityOfEachSetWhoeverCounts()
    {
        final SplittableRandom random = new SplittableRandom(3);
        for (int run = 0; run < 20_000; run++)
        {
            final Configuration from = random(random);
            final Configuration to = random(random);
            final boolean isJoint = random.nextBoolean();
            final Configuration configuration = isJoint ? from.joinedWith(to) : to;
            final Membership membership = new Membership(1, Configuration.NO_LOG, configuration, 0);
            final long[] byId = new long[12];
            final long[] values = new long[membership.peerCount()];
            for (int id = 1; id < byId.length; id++)
            {
                byId[id] = random.nextInt(5);
                final int position = membership.positionOf(id);
                if (position >= 0)
                {
                    values[position] = byId[id];
                }
            }
            final long limit = random.nextInt(5);
            final boolean isReached = isMajority(to.voters(), byId, limit) &&
                (!isJoint || isMajority(from.voters(), byId, limit));
            assertEquals(isReached, membership.reached(values, byId[1]) >= limit, configuration.toString());
            long yes = 0;
            for (int i = 0; i < values.length; i++)
            {
                yes |= values[i] >= limit ? 1L << i : 0;
            }
            assertEquals(isReached, membership.isMajority(yes, byId[1] >= limit), configuration.toString());
        }
    }

    private static boolean isMajority(final int[] voters, final long[] byId, final long limit)
    {
        int count = 0;
        for (final int voter : voters)
        {
            count += byId[voter] >= limit ? 1 : 0;
        }
        return 2 * count > voters.length;
    }

    private static Configuration random(final SplittableRandom random)
    {
        final int[] ids = random.ints(1, 12).distinct().limit(1 + random.nextInt(7)).toArray();
        final int[] learners = random.ints(1, 12).distinct().limit(random.nextInt(4))
            .filter(id -> Arrays.stream(ids).noneMatch(voter -> voter == id)).toArray();
        return Configuration.of(ids, learners, Map.of());
    }
}
