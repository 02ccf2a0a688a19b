package io.ukehi.raft;

import static io.ukehi.raft.SoloRaft.HEARTBEAT_NS;
import static io.ukehi.raft.SoloRaft.MS;
import static io.ukehi.raft.SoloRaft.TIMEOUT_MAX_NS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.fencing.FencingToken;
import io.ukehi.fencing.FencingTokenState;
import io.ukehi.Invariant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Raft section 5.3, 5.4.2 and 8; thesis 3.10 (transfer), 6.2 (a leader without a quorum). */
class LeadershipTest
{
    // ---- beginning

    /** Section 8: "each leader commit a blank no-op entry into the log at the start of its term". */
    @Test
    void shouldAppendAnEntryOfItsTermBeforeAnyCommandWhenElected()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1).stored(4, 0).start().lead();

        assertEquals(3, solo.log.lastIndex());
        assertEquals(EntryType.NO_OP, solo.log.typeAt(3));
        assertEquals(5, solo.log.termAt(3));
        assertEquals(4, solo.propose("a"));
        assertEquals(EntryType.COMMAND, solo.log.typeAt(4));
        assertEquals("a", solo.log.payloadAt(4));
    }

    /** Section 5.2: heartbeats go out "upon election" and "to prevent election timeouts". */
    @Test
    void shouldSendHeartbeatsAtOnceAndThenEachInterval()
    {
        final SoloRaft solo = new SoloRaft(3).start().stand();
        solo.sender.clear();
        solo.raft.onVoteReply(3, VoteKind.VOTE, 1, 1, true);
        assertEquals(
            List.of(new PeerMessage.Heartbeat(1, 2, 1, 1, 0), new PeerMessage.Heartbeat(1, 3, 1, 1, 0)),
            solo.sender.sent());

        solo.pass(HEARTBEAT_NS - 1);
        assertEquals(2, solo.sender.sent(PeerMessage.Heartbeat.class).size());
        solo.pass(1);
        assertEquals(new PeerMessage.Heartbeat(1, 3, 1, 2, 0), solo.sender.last(PeerMessage.Heartbeat.class));
        assertEquals(4, solo.sender.sent(PeerMessage.Heartbeat.class).size());
    }

    @Test
    void shouldHoldCommandsBackUntilItsFirstEntryIsInTheLog()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.log.room(0);
        solo.lead();
        assertEquals(RaftLog.BACK_PRESSURED, solo.propose("a"));
        solo.log.ampleRoom();
        assertEquals(RaftLog.BACK_PRESSURED, solo.propose("a"));

        solo.cycle();
        assertEquals(2, solo.propose("a"));
        assertEquals(EntryType.NO_OP, solo.log.typeAt(1));
    }

    @Test
    void shouldTakeNoCommandWhenItDoesNotLead()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        assertEquals(Raft.NOT_LEADER, solo.propose("a"));
        solo.timeOut();
        assertEquals(Raft.NOT_LEADER, solo.propose("a"));
        solo.stand();
        assertEquals(Raft.NOT_LEADER, solo.propose("a"));
        assertEquals(0, solo.log.lastIndex());
    }

    /** Catalogue row 18: the term is checked where the entry is appended. */
    @Test
    void shouldTakeNoCommandWhenALaterTermHasBegun()
    {
        final SoloRaft solo = new SoloRaft(3).start().lead();
        solo.raft.onAck(2, AckKind.STALE_TERM, 2, 0, 0, 1, 0, 0, 0, 0);
        assertEquals(2, solo.raft.term());
        assertEquals(Raft.NOT_LEADER, solo.propose("a"));
        assertEquals(List.of(1L), solo.terms());
    }

    // ---- commit

    /** Section 5.3: an entry is committed once a majority has it; how many that is, its own disk included. */
    @ParameterizedTest
    @CsvSource({"2, 1", "3, 1", "4, 2", "5, 2", "6, 3", "7, 3"})
    void shouldCommitWhenExactlyAMajorityHasTheEntry(final int size, final int acksNeeded)
    {
        final SoloRaft solo = new SoloRaft(size).start().lead().cycle();
        for (int i = 0; i < acksNeeded; i++)
        {
            assertEquals(0, solo.cycle().raft.commitIndex());
            solo.accept(size - i, 1, 1);
        }
        assertEquals(1, solo.cycle().raft.commitIndex());
    }

    /** Catalogue row 17: its own entry counts once it is on its own disk, and not before. */
    @Test
    void shouldNotCountItselfBeforeItsEntryIsDurable()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.log.holdFlushes(true);
        solo.lead().cycle();
        solo.accept(2, 1, 1);
        assertEquals(0, solo.cycle().raft.commitIndex());
        solo.log.completeFlush();
        assertEquals(1, solo.cycle().raft.commitIndex());
    }

    @Test
    void shouldCommitByOthersWhenItsOwnDiskIsSlow()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.log.holdFlushes(true);
        solo.lead().cycle();
        solo.accept(2, 1, 1);
        solo.accept(3, 1, 1);
        assertEquals(1, solo.cycle().raft.commitIndex());
    }

    @Test
    void shouldCommitOnlyWhatIsDurableWhenItIsAlone()
    {
        final SoloRaft solo = new SoloRaft(1).start();
        solo.log.holdFlushes(true);
        solo.cycle();
        assertEquals(Role.LEADER, solo.raft.role());
        solo.propose("a");
        assertEquals(0, solo.cycle().raft.commitIndex());
        solo.log.completeOldestFlush();
        assertEquals(1, solo.cycle().raft.commitIndex());
        solo.log.completeOldestFlush();
        assertEquals(2, solo.cycle().raft.commitIndex());
    }

    /** Section 5.4.2 and figure 8; catalogue row 12: entries of earlier terms are not committed by counting. */
    @Test
    void shouldNotCommitByCountingWhenTheEntryIsOfAnEarlierTerm()
    {
        final SoloRaft solo = new SoloRaft(5).holding(1, 2).stored(3, 0).start().lead().cycle();
        for (int peer = 2; peer <= 5; peer++)
        {
            solo.accept(peer, 0, 2);
        }
        assertEquals(0, solo.cycle().raft.commitIndex());

        solo.accept(2, 1, 3);
        assertEquals(0, solo.cycle().raft.commitIndex());
        solo.accept(3, 1, 3);
        assertEquals(3, solo.cycle().raft.commitIndex(), "and with it all before");
    }

    @Test
    void shouldTellFollowersHowFarIsCommitted()
    {
        final SoloRaft solo = new SoloRaft(3).start().lead().cycle();
        solo.accept(2, 1, 1);
        solo.cycle();
        solo.propose("a");
        solo.sender.clear();
        solo.pass(HEARTBEAT_NS);
        assertEquals(1, solo.sender.last(PeerMessage.Append.class).commitIndex());
        assertEquals(1, solo.sender.last(PeerMessage.Heartbeat.class).commitIndex());
    }

    // ---- without a quorum

    /** Thesis 6.2; catalogue row 10: whoever hears no majority for an election timeout leads no longer. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 7})
    void shouldStepDownWithinATimeoutWhenItHearsNoMajority(final int size)
    {
        final SoloRaft solo = new SoloRaft(size).start().lead();
        for (int i = 0; i < 20; i++)
        {
            solo.pass(100 * MS);
            for (int peer = 2; peer <= Quorum.size(size); peer++)
            {
                solo.accept(peer, 0, i, 1, 0);
            }
        }
        assertEquals(Role.LEADER, solo.raft.role());

        for (int i = 0; i < 20; i++)
        {
            for (int peer = 3; peer <= Quorum.size(size); peer++)
            {
                solo.accept(peer, 0, 20 + i, 1, 0);
            }
            assertEquals(i * 50 * MS <= TIMEOUT_MAX_NS ? Role.LEADER : Role.FOLLOWER,
                Role.LEADER == solo.raft.role() ? Role.LEADER : Role.FOLLOWER, "after " + i * 50 + " ms");
            solo.pass(50 * MS);
        }
        assertEquals(RaftListener.NO_LEADER, solo.raft.leaderId());
        assertEquals(1, solo.raft.term(), "no term moves by it");
        assertEquals(Raft.NOT_LEADER, solo.propose("x"));
    }

    @Test
    void shouldLeadForEverWhenItIsAlone()
    {
        final SoloRaft solo = new SoloRaft(1).start().cycle();
        solo.pass(100 * TIMEOUT_MAX_NS);
        solo.pass(100 * TIMEOUT_MAX_NS);
        assertEquals(Role.LEADER, solo.raft.role());
        assertEquals(1, solo.raft.term());
    }

    @Test
    void shouldFollowWhenItStepsDown()
    {
        final SoloRaft solo = new SoloRaft(3).start().lead();
        assertTrue(solo.raft.stepDown());
        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertFalse(solo.raft.stepDown());
        assertEquals(0, solo.raft.matchIndex(2));
    }

    // ---- transfer (thesis 3.10, catalogue row 11)

    @Test
    void shouldAskTheTargetToStandAtOnceWhenItHasEverything()
    {
        final SoloRaft solo = caughtUp();
        assertTrue(solo.raft.transferLeadership(2));
        assertEquals(RaftLog.BACK_PRESSURED, solo.propose("x"), "held back");
        solo.cycle();

        assertEquals(List.of(new PeerMessage.TimeoutNow(1, 2, 1)), solo.sender.sent());
        solo.raft.onVoteRequest(2, VoteKind.VOTE_FORCED, 2, 1, 1);
        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertTrue(solo.sender.last(PeerMessage.VoteReply.class).granted());
        assertEquals(Raft.NOT_LEADER, solo.propose("x"));
    }

    @Test
    void shouldBringTheTargetUpToDateFirstWhenItIsBehind()
    {
        final SoloRaft solo = caughtUp();
        solo.propose("a");
        solo.propose("b");
        assertTrue(solo.raft.transferLeadership(3));
        solo.cycle();
        solo.accept(3, 1, 2);
        solo.cycle();
        assertTrue(solo.sender.sent(PeerMessage.TimeoutNow.class).isEmpty());

        solo.accept(3, 2, 3);
        solo.cycle();
        assertEquals(List.of(new PeerMessage.TimeoutNow(1, 3, 1)), solo.sender.sent(PeerMessage.TimeoutNow.class));
    }

    @Test
    void shouldAskAgainWhenTheTargetDoesNotStand()
    {
        final SoloRaft solo = caughtUp();
        solo.raft.transferLeadership(2);
        solo.cycle();
        solo.cycle();
        assertEquals(1, solo.sender.sent(PeerMessage.TimeoutNow.class).size());
        solo.pass(HEARTBEAT_NS);
        assertEquals(2, solo.sender.sent(PeerMessage.TimeoutNow.class).size());
    }

    @Test
    void shouldTakeCommandsAgainWhenTheTargetNeverStands()
    {
        final SoloRaft solo = caughtUp();
        solo.raft.transferLeadership(2);
        for (int i = 0; i < 2; i++)
        {
            solo.pass(TIMEOUT_MAX_NS / 2 - 1);
            solo.accept(2, 1, 2 + i, 1, 1);
            assertEquals(RaftLog.BACK_PRESSURED, solo.propose("x"));
        }
        solo.pass(2);
        assertEquals(Role.LEADER, solo.raft.role());
        assertTrue(solo.propose("x") > 0);
        solo.sender.clear();
        solo.pass(HEARTBEAT_NS);
        assertTrue(solo.sender.sent(PeerMessage.TimeoutNow.class).isEmpty());
        assertTrue(solo.raft.transferLeadership(3), "another one may be tried");
    }

    @Test
    void shouldNotTransferWhenThereIsNobodyToTransferToOrAnotherTransferIsUnderWay()
    {
        final SoloRaft follower = new SoloRaft(3).start();
        assertFalse(follower.raft.transferLeadership(2));
        final SoloRaft solo = caughtUp();
        assertFalse(solo.raft.transferLeadership(1));
        assertFalse(solo.raft.transferLeadership(9));
        assertTrue(solo.raft.transferLeadership(2));
        assertFalse(solo.raft.transferLeadership(3));
        assertFalse(new SoloRaft(1).start().cycle().raft.transferLeadership(1));
    }

    @Test
    void shouldStandAtOnceWhenItsLeaderAsksForIt()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.append(2, 1, 1, 0, 0, 1);
        solo.sender.clear();
        solo.raft.onTimeoutNow(2, 1);

        assertEquals(Role.CANDIDATE, solo.raft.role());
        assertEquals(new PeerMessage.VoteRequest(1, 2, VoteKind.VOTE_FORCED, 2, 1, 1), solo.sender.sent().getFirst());
    }

    @Test
    void shouldNotStandWhenSomebodyElseAsksForItOrTheAskingIsLate()
    {
        final SoloRaft solo = new SoloRaft(3).stored(4, 0).start();
        solo.raft.onTimeoutNow(2, 4);
        solo.raft.onHeartbeat(2, 4, 1, 0);
        solo.raft.onTimeoutNow(3, 4);
        solo.raft.onTimeoutNow(2, 3);
        solo.raft.onTimeoutNow(2, 5);
        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertEquals(4, solo.raft.term());
    }

    @Test
    void shouldNotResumeATransferWhenItIsElectedAgain()
    {
        final SoloRaft solo = caughtUp();
        solo.raft.transferLeadership(2);
        solo.raft.onVoteReply(3, VoteKind.VOTE, 5, 5, false);
        solo.lead().cycle();
        assertTrue(solo.propose("x") > 0);
    }

    // ---- tokens and time

    /** Every entry has a token of the leader's term, greater than all before. */
    @Test
    void shouldGiveEachEntryTheNextToken()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1).stored(4, 0).start().lead();
        solo.propose("a");
        assertEquals(FencingToken.of(5, 1), solo.log.tokenAt(3));
        assertEquals(FencingToken.of(5, 2), solo.log.tokenAt(4));
    }

    /** What was not appended costs no token: a caller that tries again and again must not use a term up. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldUseNoTokenUpWhenTheLogHasNoRoom(final boolean isFull)
    {
        final SoloRaft solo = new SoloRaft(3).start().lead();
        solo.log.full(isFull);
        solo.log.room(0);
        for (int i = 0; i < 100; i++)
        {
            assertEquals(isFull ? RaftLog.STORAGE_FULL : RaftLog.BACK_PRESSURED, solo.propose("a"));
        }
        solo.log.full(false);
        solo.log.ampleRoom();
        assertEquals(2, solo.propose("a"));
        assertEquals(FencingToken.of(1, 2), solo.log.tokenAt(2));
    }

    @Test
    void shouldUseNoTokenUpWhenThereIsNoRoomForItsFirstEntry()
    {
        final SoloRaft solo = new SoloRaft(3);
        solo.tokens = new FencingTokenState(3);
        solo.log.full(true);
        solo.start().lead();
        for (int i = 0; i < 100; i++)
        {
            solo.cycle();
        }
        assertEquals(Role.LEADER, solo.raft.role());
        assertEquals(1, solo.raft.term());
    }

    /** The wall clock may jump back; the log's time does not. */
    @Test
    void shouldNeverStampAnEarlierTimeThanTheLastEntryHas()
    {
        final SoloRaft solo = new SoloRaft(3).start().lead();
        solo.epochNs = 5_000_000_000L;
        solo.cycle();
        solo.propose("a");
        assertEquals(5_000_000_000L, solo.log.lastClusterTimeNs());
        solo.epochNs = -7;
        solo.cycle();
        solo.propose("b");
        assertEquals(5_000_000_000L, solo.log.lastClusterTimeNs());
    }

    /** A term without tokens is left for the next one; what was appended stays and is committed in it. */
    @Test
    void shouldMoveToANewTermWhenItsTokensHaveRunOut()
    {
        final SoloRaft solo = new SoloRaft(3);
        solo.tokens = new FencingTokenState(3);
        solo.start().lead();
        assertEquals(2, solo.propose("a"));
        assertEquals(3, solo.propose("b"));
        assertEquals(RaftLog.BACK_PRESSURED, solo.propose("c"));

        solo.cycle();
        assertEquals(Role.CANDIDATE, solo.raft.role());
        assertEquals(2, solo.raft.term());
        assertEquals(RaftLog.BACK_PRESSURED, solo.propose("c"), "it waits, and is not turned away");
        assertEquals(VoteKind.VOTE_FORCED, solo.sender.last(PeerMessage.VoteRequest.class).kind());

        solo.raft.onVoteReply(2, VoteKind.VOTE_FORCED, 2, 2, true);
        assertEquals(Role.LEADER, solo.raft.role());
        assertEquals(5, solo.propose("c"));
        assertEquals(List.of(1L, 1L, 1L, 2L, 2L), solo.terms());
        assertEquals(FencingToken.of(2, 2), solo.log.tokenAt(5));
    }

    @Test
    void shouldTurnCommandsAwayWhenItIsNotElectedForTheNewTerm()
    {
        final SoloRaft solo = new SoloRaft(3);
        solo.tokens = new FencingTokenState(2);
        solo.start().lead();
        solo.propose("a");
        solo.cycle();
        assertEquals(RaftLog.BACK_PRESSURED, solo.propose("b"));
        solo.pass(TIMEOUT_MAX_NS);
        assertEquals(Role.PRE_CANDIDATE, solo.raft.role());
        assertEquals(Raft.NOT_LEADER, solo.propose("b"));
    }

    /** A token has 32 bits for the term: the last one is the end of a cluster, not a way back to the first. */
    @Test
    void shouldStopWhenAllTermsAreUsedUp()
    {
        final SoloRaft solo = new SoloRaft(1).stored(RaftConfig.MAX_TERM, 0).start();
        assertThrows(Invariant.Violation.class, solo::cycle);
        assertEquals(RaftConfig.MAX_TERM, solo.hardState.term());
    }

    /** A leader whose peers have all that it has; nothing is out. */
    private static SoloRaft caughtUp()
    {
        final SoloRaft solo = new SoloRaft(3).start().lead().cycle();
        solo.accept(2, 1, 1);
        solo.accept(3, 1, 1);
        solo.cycle();
        solo.sender.clear();
        return solo;
    }
}
