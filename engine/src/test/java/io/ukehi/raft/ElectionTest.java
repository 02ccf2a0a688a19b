package io.ukehi.raft;

import static io.ukehi.raft.SoloRaft.HEARTBEAT_NS;
import static io.ukehi.raft.SoloRaft.MS;
import static io.ukehi.raft.SoloRaft.TIMEOUT_MAX_NS;
import static io.ukehi.raft.SoloRaft.TIMEOUT_MIN_NS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Raft section 5.2 and 5.4.1; thesis 4.2.3 (loyalty), 9.6 (PreVote). */
class ElectionTest
{
    // ---- timers and candidates

    /** Section 5.2: "When servers start up, they begin as followers." */
    @Test
    void shouldBeAFollowerWhenStarted()
    {
        final SoloRaft solo = new SoloRaft(3).stored(7, 2).start().cycle();

        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertEquals(7, solo.raft.term());
        assertEquals(RaftListener.NO_LEADER, solo.raft.leaderId());
        assertTrue(solo.sender.sent().isEmpty());
    }

    /** Section 5.2: election timeouts are random, from a fixed interval; drawn once each time the timer is reset. */
    @Test
    void shouldTimeOutWithinTheIntervalWhenNobodyLeads()
    {
        final Set<Long> timeouts = new HashSet<>();
        for (int seed = 0; seed < 200; seed++)
        {
            final SoloRaft solo = new SoloRaft(3);
            solo.config.randomSeed(seed);
            solo.start().timeOut();
            assertTrue(solo.nowNs >= TIMEOUT_MIN_NS && solo.nowNs <= TIMEOUT_MAX_NS, "at " + solo.nowNs);
            timeouts.add(solo.nowNs);
        }
        assertTrue(timeouts.size() > 50, "spread over the interval");
    }

    /** Thesis 9.6: whoever asks whether it would be elected moves no term and gives no vote. */
    @Test
    void shouldAskForPreVotesAndStoreNothingWhenItsTimerRunsOut()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 4).stored(5, 3).start().timeOut();

        assertEquals(Role.PRE_CANDIDATE, solo.raft.role());
        assertEquals(5, solo.raft.term());
        assertTrue(solo.hardState.history().isEmpty());
        assertEquals(
            List.of(
                new PeerMessage.VoteRequest(1, 2, VoteKind.PRE_VOTE, 6, 3, 4),
                new PeerMessage.VoteRequest(1, 3, VoteKind.PRE_VOTE, 6, 3, 4)),
            solo.sender.sent());
    }

    /** Section 5.2: a candidate "increments its current term [...] votes for itself and issues RequestVote". */
    @Test
    void shouldStandInANewTermWithItsOwnVoteWhenAMajorityWouldElectIt()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1).start().timeOut();
        solo.sender.clear();

        solo.raft.onVoteReply(3, VoteKind.PRE_VOTE, 1, 2, true);

        assertEquals(Role.CANDIDATE, solo.raft.role());
        assertEquals(2, solo.raft.term());
        assertEquals(List.of(new InMemoryHardState.Stored(2, 1)), solo.hardState.history(), "one record (row 1)");
        assertEquals(
            List.of(
                new PeerMessage.VoteRequest(1, 2, VoteKind.VOTE, 2, 2, 1),
                new PeerMessage.VoteRequest(1, 3, VoteKind.VOTE, 2, 2, 1)),
            solo.sender.sent());
    }

    /** Section 5.2: "A candidate wins an election if it receives votes from a majority", itself included. */
    @ParameterizedTest
    @CsvSource({"2, 1", "3, 1", "4, 2", "5, 2", "6, 3", "7, 3"})
    void shouldLeadWhenExactlyAMajorityVotes(final int size, final int votesNeeded)
    {
        final SoloRaft solo = new SoloRaft(size).start().stand();
        for (int i = 0; i < votesNeeded; i++)
        {
            assertEquals(Role.CANDIDATE, solo.raft.role());
            solo.raft.onVoteReply(2 + i, VoteKind.VOTE, 1, 1, true);
        }
        assertEquals(Role.LEADER, solo.raft.role());
        assertEquals(1, solo.raft.leaderId());
    }

    @Test
    void shouldLeadAtOnceWhenItIsAlone()
    {
        final SoloRaft solo = new SoloRaft(1).start().cycle();

        assertEquals(Role.LEADER, solo.raft.role());
        assertEquals(1, solo.raft.term());
        assertEquals(List.of(new InMemoryHardState.Stored(1, 1)), solo.hardState.history());
    }

    /** Catalogue row 3. */
    @ParameterizedTest
    @EnumSource(value = VoteKind.class, names = {"PRE_VOTE", "VOTE"})
    void shouldCountOnceWhenAnAnswerIsRepeated(final VoteKind kind)
    {
        final SoloRaft solo = new SoloRaft(5).start();
        final Role before = VoteKind.VOTE == kind ? solo.stand().raft.role() : solo.timeOut().raft.role();
        final long term = solo.raft.term();
        final long requested = VoteKind.VOTE == kind ? term : term + 1;
        for (int i = 0; i < 5; i++)
        {
            solo.raft.onVoteReply(2, kind, term, requested, true);
        }
        assertEquals(before, solo.raft.role());
        solo.raft.onVoteReply(3, kind, term, requested, true);
        assertTrue(before != solo.raft.role());
    }

    @Test
    void shouldNotCountWhenAnAnswerIsARefusalOrOfAnotherElectionOrOfNoMember()
    {
        final SoloRaft solo = new SoloRaft(3).stored(4, 0).start().stand();
        assertEquals(5, solo.raft.term());

        solo.raft.onVoteReply(2, VoteKind.VOTE, 5, 5, false);
        solo.raft.onVoteReply(2, VoteKind.VOTE, 4, 4, true);
        solo.raft.onVoteReply(2, VoteKind.PRE_VOTE, 4, 5, true);
        solo.raft.onVoteReply(2, VoteKind.PRE_VOTE, 5, 6, true);
        solo.raft.onVoteReply(9, VoteKind.VOTE, 5, 5, true);
        assertEquals(Role.CANDIDATE, solo.raft.role());

        solo.raft.onVoteReply(2, VoteKind.VOTE, 5, 5, true);
        assertEquals(Role.LEADER, solo.raft.role());
    }

    @Test
    void shouldNotStandWhenAPreVoteIsOfAnEarlierTerm()
    {
        final SoloRaft solo = new SoloRaft(3).stored(4, 0).start().timeOut();

        solo.raft.onVoteReply(2, VoteKind.PRE_VOTE, 3, 4, true);
        solo.raft.onVoteReply(2, VoteKind.VOTE, 4, 4, true);

        assertEquals(Role.PRE_CANDIDATE, solo.raft.role());
    }

    /** Section 5.1: requests are sent again when no answer comes; here to those who have not said yes. */
    @Test
    void shouldAskAgainWhenAnAnswerIsMissing()
    {
        final SoloRaft solo = new SoloRaft(5).start().stand();
        solo.raft.onVoteReply(3, VoteKind.VOTE, 1, 1, true);
        solo.raft.onVoteReply(4, VoteKind.VOTE, 1, 1, false);
        solo.sender.clear();

        solo.pass(HEARTBEAT_NS);

        assertEquals(
            List.of(2, 4, 5),
            solo.sender.sent(PeerMessage.VoteRequest.class).stream().map(PeerMessage.VoteRequest::to).toList());
    }

    /** Section 5.2: with votes split, "each candidate will time out and start a new election". */
    @Test
    void shouldStandInAnotherTermWhenTheVoteIsSplit()
    {
        final SoloRaft solo = new SoloRaft(3).start().stand();
        solo.raft.onVoteReply(2, VoteKind.VOTE, 1, 1, false);
        solo.raft.onVoteReply(3, VoteKind.VOTE, 1, 1, false);

        solo.stand();

        assertEquals(Role.CANDIDATE, solo.raft.role());
        assertEquals(2, solo.raft.term());
        assertEquals(2, solo.raft.electionCount());
    }

    /** Section 5.2: a candidate that hears of a leader whose term is at least its own follows. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void shouldFollowWhenALeaderOfItsTermOrALaterOneSpeaks(final long term)
    {
        final SoloRaft solo = new SoloRaft(3).start().stand();

        solo.raft.onHeartbeat(2, term, 1, 0);

        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertEquals(term, solo.raft.term());
        assertEquals(2, solo.raft.leaderId());
    }

    @Test
    void shouldFollowWhenItAsksForPreVotesAndTheLeaderOfItsTermSpeaks()
    {
        final SoloRaft solo = new SoloRaft(3).stored(4, 0).start().timeOut();

        solo.raft.onHeartbeat(3, 4, 1, 0);

        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertEquals(3, solo.raft.leaderId());
        assertTrue(solo.hardState.history().isEmpty());
    }

    /** Section 5.1, and catalogue row 7: a higher term in a refusal is obeyed, or a node is never taken back. */
    @ParameterizedTest
    @EnumSource(value = VoteKind.class, names = {"PRE_VOTE", "VOTE"})
    void shouldTakeAHigherTermWhenARefusalNamesIt(final VoteKind kind)
    {
        final SoloRaft solo = new SoloRaft(3).stored(4, 0).start().timeOut();

        solo.raft.onVoteReply(2, kind, 9, 5, false);

        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertEquals(9, solo.raft.term());
        assertEquals(List.of(new InMemoryHardState.Stored(9, HardStateStore.NO_VOTE)), solo.hardState.history());
    }

    /** {@link System#nanoTime()} may be negative and overflows. */
    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -100 * MS, Long.MAX_VALUE - 100 * MS})
    void shouldTimeOutAndLeadWhenTheClockOverflows(final long beginNs)
    {
        final SoloRaft solo = new SoloRaft(3);
        solo.nowNs = beginNs;
        solo.start().timeOut();
        assertTrue(solo.nowNs - beginNs >= TIMEOUT_MIN_NS && solo.nowNs - beginNs <= TIMEOUT_MAX_NS);

        solo.lead();
        solo.pass(TIMEOUT_MAX_NS);
        assertEquals(Role.LEADER, solo.raft.role());
        solo.pass(MS);
        assertEquals(Role.FOLLOWER, solo.raft.role());
    }

    // ---- voters

    /** Section 5.2: one vote a term, to whoever comes first; catalogue row 4: given again when asked again. */
    @Test
    void shouldGiveOneVoteATermAndTheSameOneAgain()
    {
        final SoloRaft solo = new SoloRaft(3).start();

        assertTrue(grants(solo, 2, VoteKind.VOTE, 1, 0, 0));
        assertFalse(grants(solo, 3, VoteKind.VOTE, 1, 0, 0), "another candidate");
        assertTrue(grants(solo, 2, VoteKind.VOTE, 1, 0, 0), "its answer may have been lost");
        assertEquals(List.of(new InMemoryHardState.Stored(1, 2)), solo.hardState.history(), "one record (row 1)");
    }

    @Test
    void shouldRememberItsVoteWhenItIsStartedAgain()
    {
        final SoloRaft solo = new SoloRaft(3).stored(3, 2).start();

        assertFalse(grants(solo, 3, VoteKind.VOTE, 3, 9, 9));
        assertFalse(grants(solo, 3, VoteKind.VOTE_FORCED, 3, 9, 9));
        assertTrue(grants(solo, 2, VoteKind.VOTE, 3, 0, 0));
    }

    /** Catalogue row 4: a candidate whose answer was lost asks again, whatever the voter has begun meanwhile. */
    @Test
    void shouldGiveItsVoteAgainWhenItHasBegunToAskForPreVotes()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        assertTrue(grants(solo, 2, VoteKind.VOTE, 1, 0, 0));
        solo.timeOut();

        assertTrue(grants(solo, 2, VoteKind.VOTE, 1, 0, 0));
        assertEquals(Role.FOLLOWER, solo.raft.role());
    }

    /** Thesis 9.6: asking for pre-votes binds nobody, not even whoever asks. */
    @Test
    void shouldGiveAVoteItStillHasWhenItAsksForPreVotes()
    {
        final SoloRaft solo = new SoloRaft(3).stored(4, HardStateStore.NO_VOTE).start().timeOut();

        assertTrue(grants(solo, 2, VoteKind.VOTE, 4, 0, 0));
        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertEquals(List.of(new InMemoryHardState.Stored(4, 2)), solo.hardState.history());
    }

    @Test
    void shouldGiveNoOtherVoteWhenItStandsItself()
    {
        final SoloRaft solo = new SoloRaft(3).start().stand();
        assertFalse(grants(solo, 2, VoteKind.VOTE, 1, 9, 0));
        solo.raft.onVoteReply(3, VoteKind.VOTE, 1, 1, true);
        assertFalse(grants(solo, 2, VoteKind.VOTE, 1, 9, 0));
        assertEquals(Role.LEADER, solo.raft.role());
    }

    /** Section 5.4.1: the later last term wins; with equal terms the longer log. */
    @ParameterizedTest
    @CsvSource({
        "1, 1, false", "2, 1, false", "3, 1, false", "9, 1, false",
        "1, 2, false", "2, 2, true", "3, 2, true",
        "1, 3, true", "2, 3, true"})
    void shouldVoteByTheLogWhenAsked(final long lastIndex, final long lastTerm, final boolean isGranted)
    {
        for (final VoteKind kind : VoteKind.values())
        {
            final SoloRaft solo = new SoloRaft(3).holding(1, 2).stored(3, 0).start();
            assertEquals(isGranted, grants(solo, 2, kind, 4, lastIndex, lastTerm), kind.name());
            assertEquals(VoteKind.PRE_VOTE == kind ? 3 : 4, solo.raft.term(), "a refused candidate's term counts");
        }
    }

    /** Section 5.1: a request of an earlier term is refused, and told the current one. */
    @Test
    void shouldRefuseAndNameItsTermWhenTheRequestIsOfAnEarlierOne()
    {
        final SoloRaft solo = new SoloRaft(3).stored(5, 0).start();
        for (final VoteKind kind : VoteKind.values())
        {
            assertFalse(grants(solo, 2, kind, VoteKind.PRE_VOTE == kind ? 5 : 4, 9, 9));
            assertEquals(5, solo.sender.last(PeerMessage.VoteReply.class).term());
        }
        assertTrue(solo.hardState.history().isEmpty());
    }

    /** Catalogue row 2: no answer before the vote is durable, and none at all if it cannot be stored. */
    @ParameterizedTest
    @EnumSource(value = InMemoryHardState.Fault.class, names = {"LOST", "WRITTEN"})
    void shouldSayNothingWhenItsVoteCannotBeStored(final InMemoryHardState.Fault fault)
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.hardState.fault(fault);

        assertThrows(
            InMemoryHardState.FailedException.class, () -> solo.raft.onVoteRequest(2, VoteKind.VOTE, 1, 0, 0));
        assertTrue(solo.sender.sent().isEmpty());
    }

    @Test
    void shouldAskNobodyWhenItsOwnVoteCannotBeStored()
    {
        final SoloRaft solo = new SoloRaft(3).start().timeOut();
        solo.sender.clear();
        solo.hardState.fault(InMemoryHardState.Fault.LOST);

        assertThrows(
            InMemoryHardState.FailedException.class,
            () -> solo.raft.onVoteReply(2, VoteKind.PRE_VOTE, 0, 1, true));
        assertTrue(solo.sender.sent().isEmpty());
    }

    /** Catalogue row 9: votes go by term and log only, since a voter's own configuration may be the old one. */
    @Test
    void shouldVoteWhenItDoesNotKnowTheCandidate()
    {
        assertTrue(grants(new SoloRaft(3).start(), 17, VoteKind.VOTE, 1, 0, 0));
        assertTrue(grants(new SoloRaft(3).start(), 17, VoteKind.PRE_VOTE, 1, 0, 0));
    }

    /** Section 5.2: a vote given is a reason to wait; a vote refused is none. */
    @Test
    void shouldResetItsTimerWhenItVotesAndOnlyThen()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1).start();
        for (int i = 1; i <= 10; i++)
        {
            solo.pass(100 * MS);
            assertEquals(Role.FOLLOWER, solo.raft.role());
            solo.raft.onVoteRequest(2, VoteKind.VOTE, 1 + i, 2, 1);
        }
        final SoloRaft refusing = new SoloRaft(3).holding(1, 1).start();
        for (int i = 1; i <= 30; i++)
        {
            refusing.pass(10 * MS);
            refusing.raft.onVoteRequest(2, VoteKind.VOTE, 1 + i, 1, 1);
        }
        assertTrue(refusing.roles.contains(Role.PRE_CANDIDATE));
    }

    // ---- loyalty

    /** Thesis 4.2.3: a request "within the minimum election timeout of hearing from a current leader" is dropped. */
    @Test
    void shouldBeDeafToCandidatesWhenItHearsALeader()
    {
        final SoloRaft solo = new SoloRaft(3).stored(2, 0).start();
        solo.raft.onHeartbeat(2, 2, 1, 0);
        solo.pass(TIMEOUT_MIN_NS - 1);
        solo.sender.clear();

        solo.raft.onVoteRequest(3, VoteKind.VOTE, 8, 9, 9);
        assertTrue(solo.sender.sent().isEmpty());
        assertEquals(2, solo.raft.term());
        assertFalse(grants(solo, 3, VoteKind.PRE_VOTE, 3, 9, 9));

        solo.nowNs++;
        solo.raft.onCycle(solo.nowNs, 0);
        assertTrue(grants(solo, 3, VoteKind.PRE_VOTE, 3, 9, 9));
        assertTrue(grants(solo, 3, VoteKind.VOTE, 8, 9, 9));
    }

    /** Thesis 4.2.3 and 3.10: a leader that hands over lets its successor be elected. */
    @Test
    void shouldVoteWhenTheLeaderItselfAskedForTheElection()
    {
        final SoloRaft solo = new SoloRaft(3).stored(2, 0).start();
        solo.raft.onHeartbeat(2, 2, 1, 0);

        assertTrue(grants(solo, 3, VoteKind.VOTE_FORCED, 3, 9, 9));
        assertEquals(3, solo.raft.term());
    }

    /** Thesis 4.2.3: a leader that hears its majority is deposed by nobody who merely was away. */
    @Test
    void shouldGoOnLeadingWhenACandidateComesBackAndAMajorityIsHeard()
    {
        final SoloRaft solo = new SoloRaft(3).start().lead();
        solo.pass(TIMEOUT_MIN_NS);
        solo.accept(2, 0, 1, 1, 0);

        solo.raft.onVoteRequest(3, VoteKind.VOTE, 8, 9, 9);
        assertEquals(Role.LEADER, solo.raft.role());
        assertFalse(grants(solo, 3, VoteKind.PRE_VOTE, 8, 9, 9));

        solo.pass(TIMEOUT_MIN_NS + 1);
        assertTrue(grants(solo, 3, VoteKind.VOTE, 8, 9, 9), "it has not heard a majority any more");
        assertEquals(Role.FOLLOWER, solo.raft.role());
    }

    /** Section 5.1: a later term ends a leadership, even if the candidate that brings it gets no vote. */
    @Test
    void shouldMakeWayWhenItRefusesACandidateOfALaterTerm()
    {
        final SoloRaft solo = new SoloRaft(3).start().lead();

        assertFalse(grants(solo, 2, VoteKind.VOTE_FORCED, 5, 0, 0), "its log is older");

        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertEquals(5, solo.raft.term());
        assertEquals(HardStateStore.NO_VOTE, solo.hardState.votedFor());
    }

    @Test
    void shouldNotBeLoyalWhenItOnlyKnowsThatATermHasBegun()
    {
        final SoloRaft solo = new SoloRaft(3).stored(2, 0).start();
        solo.raft.onHeartbeat(2, 2, 1, 0);
        solo.raft.onVoteReply(3, VoteKind.PRE_VOTE, 5, 3, false);

        assertTrue(grants(solo, 3, VoteKind.PRE_VOTE, 6, 9, 9));
    }

    private static boolean grants(
        final SoloRaft solo,
        final int candidate,
        final VoteKind kind,
        final long term,
        final long lastIndex,
        final long lastTerm)
    {
        final int before = solo.sender.sent().size();
        solo.raft.onVoteRequest(candidate, kind, term, lastIndex, lastTerm);
        assertEquals(before + 1, solo.sender.sent().size(), "answered");
        final PeerMessage.VoteReply reply = solo.sender.last(PeerMessage.VoteReply.class);
        assertEquals(
            new PeerMessage.VoteReply(
                solo.config.nodeId(), candidate, kind, solo.raft.term(), term, reply.granted()), reply);
        return reply.granted();
    }
}
