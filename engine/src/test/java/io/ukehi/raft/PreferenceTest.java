package io.ukehi.raft;

import static io.ukehi.raft.SoloRaft.TIMEOUT_MAX_NS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Leadership and votes move by themselves to where they are wanted, and nowhere else. */
class PreferenceTest
{
    private final SoloRaft solo = new SoloRaft(3);

    /** Everybody answers each round, and has the whole log. */
    private void passWithAnswers(final long timeNs)
    {
        passWithAnswers(timeNs, 2, 3);
    }

    private void passWithAnswers(final long timeNs, final int... ids)
    {
        for (long past = 0; past < timeNs; past += SoloRaft.HEARTBEAT_NS)
        {
            solo.pass(SoloRaft.HEARTBEAT_NS);
            final PeerMessage.Heartbeat last = solo.sender.last(PeerMessage.Heartbeat.class);
            for (final int id : ids)
            {
                solo.accept(id, 1, last.sequence(), 1, solo.log.lastIndex());
            }
            solo.cycle();
        }
    }

    private long transfers()
    {
        return solo.sender.sent(PeerMessage.TimeoutNow.class).size();
    }

    @Test
    void shouldMakeWayForAHigherPriorityThatHasCaughtUp()
    {
        solo.config.priority(3);
        solo.start().lead();
        solo.raft.onIntroduction(2, 22, 0);
        solo.raft.onIntroduction(3, 33, 4);
        passWithAnswers(3 * TIMEOUT_MAX_NS / 2);
        assertTrue(transfers() > 0);
        assertEquals(3, solo.sender.last(PeerMessage.TimeoutNow.class).to());
    }

    @Test
    void shouldGoOnLeadingWhenNobodyHasAHigherPriority()
    {
        solo.config.priority(4);
        solo.start().lead();
        solo.raft.onIntroduction(2, 22, 4);
        passWithAnswers(5 * TIMEOUT_MAX_NS);
        assertEquals(0, transfers());
    }

    @Test
    void shouldGoOnLeadingWhileThePreferredOneIsBehindOrSilent()
    {
        solo.start().lead();
        solo.raft.onIntroduction(3, 33, 9);
        passWithAnswers(2 * TIMEOUT_MAX_NS, 2);
        assertEquals(0, transfers());
    }

    /** A transfer that comes to nothing holds commands back; so it is not tried again at once. */
    @Test
    void shouldNotTryAgainAtOnceWhenTheTransferComesToNothing()
    {
        solo.start().lead();
        solo.raft.onIntroduction(3, 33, 9);
        passWithAnswers(2 * TIMEOUT_MAX_NS);
        assertTrue(transfers() > 0);
        passWithAnswers(2 * TIMEOUT_MAX_NS);
        final long tried = transfers();
        passWithAnswers(5 * TIMEOUT_MAX_NS);
        assertEquals(tried, transfers());
        assertFalse(solo.raft.isTransferring());
        passWithAnswers(5 * TIMEOUT_MAX_NS);
        assertTrue(transfers() > tried);
    }

    private Configuration configuration()
    {
        return solo.raft.configuration();
    }

    @Test
    void shouldLetASilentVoterLearnUntilItIsBackWhereThatIsWanted()
    {
        solo.config.demotion(4 * TIMEOUT_MAX_NS, 2);
        solo.start().lead();
        passWithAnswers(3 * TIMEOUT_MAX_NS, 2);
        assertEquals(Configuration.ofVoters(1, 2, 3), configuration(), "not so soon");
        passWithAnswers(4 * TIMEOUT_MAX_NS, 2);
        assertEquals("[1, 2], learners [3]", configuration().toString());
        assertTrue(configuration().isDemoted(3));

        passWithAnswers(4 * TIMEOUT_MAX_NS);
        assertEquals("[1, 2, 3]", configuration().toString());
        assertFalse(configuration().isDemoted(3));
    }

    @Test
    void shouldLetNobodyLearnWhenTooFewWouldVoteOrItIsNotWanted()
    {
        solo.config.demotion(4 * TIMEOUT_MAX_NS, 3);
        solo.start().lead();
        passWithAnswers(20 * TIMEOUT_MAX_NS, 2);
        assertEquals("[1, 2, 3]", configuration().toString());

        final SoloRaft other = new SoloRaft(3).start().lead();
        assertEquals(0, other.config.demotionTimeoutNs());
    }
}
