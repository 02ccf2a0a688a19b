package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Thesis 6.4: when a leader knows that it leads, and what a follower may believe. */
class ReadIndexTest
{
    private static final long MS = SoloRaft.MS;

    private final SoloRaft solo = new SoloRaft(3);

    /** Leads, with its first entry committed by node 2; all rounds so far are answered by it. */
    private SoloRaft leading()
    {
        solo.start().lead().cycle();
        solo.accept(2, 1, solo.raft.term(), 1, 1);
        answerRounds(2);
        solo.cycle();
        assertEquals(1, solo.raft.commitIndex());
        solo.sender.clear();
        return solo;
    }

    /** The newest heartbeat to a peer is answered. */
    private void answerRounds(final int peerId)
    {
        final long round = lastRound(peerId);
        solo.accept(peerId, 1, round, 1, 1);
    }

    private long lastRound(final int peerId)
    {
        final List<PeerMessage.Heartbeat> sent = solo.sender.sent(PeerMessage.Heartbeat.class, peerId);
        return sent.isEmpty() ? 1 : sent.getLast().sequence();
    }

    @Test
    void shouldAnswerAfterARoundSentBehindTheQuestion()
    {
        leading();
        final long ticket = solo.raft.askReadIndex();
        solo.cycle();
        assertEquals(List.of(), solo.readIndexes);
        assertEquals(2, solo.sender.sent(PeerMessage.Heartbeat.class).size(), "one round, to both peers");
        answerRounds(3);
        solo.cycle();
        assertEquals(List.of(ticket + ":1"), solo.readIndexes);
    }

    @Test
    void shouldNotTakeARoundThatWasSentBeforeTheQuestion()
    {
        leading();
        solo.pass(SoloRaft.HEARTBEAT_NS);
        final long before = lastRound(2);
        solo.raft.askReadIndex();
        solo.cycle();
        assertEquals(before + 1, lastRound(2), "a round of its own");
        solo.accept(2, 1, before, 1, 1);
        solo.accept(3, 1, before, 1, 1);
        solo.cycle();
        assertEquals(List.of(), solo.readIndexes);
        answerRounds(2);
        solo.cycle();
        assertEquals(1, solo.readIndexes.size());
    }

    @Test
    void shouldShareOneRoundAmongTheReadsOfACycle()
    {
        leading();
        long ticket = 0;
        for (int i = 0; i < 1000; i++)
        {
            ticket = solo.raft.askReadIndex();
        }
        solo.cycle();
        assertEquals(2, solo.sender.sent(PeerMessage.Heartbeat.class).size());
        answerRounds(2);
        solo.cycle();
        assertEquals(List.of(ticket + ":1"), solo.readIndexes);
    }

    @Test
    void shouldBoundTheRoundsUnderWay()
    {
        leading();
        for (int i = 0; i < 100; i++)
        {
            solo.raft.askReadIndex();
            solo.cycle();
        }
        assertEquals(2 * ReadRounds.MAX_IN_FLIGHT, solo.sender.sent(PeerMessage.Heartbeat.class).size());
        answerRounds(2);
        solo.cycle();
        solo.cycle();
        answerRounds(2);
        solo.cycle();
        assertTrue(solo.readIndexes.getLast().startsWith("100:"), solo.readIndexes::toString);
    }

    @Test
    void shouldWaitForTheFirstEntryOfItsTermWhenItHasJustBeenElected()
    {
        solo.holding(1, 1, 1).start().lead().cycle();
        final long ticket = solo.raft.askReadIndex();
        solo.cycle();
        solo.accept(2, 1, 9, 1, 3);
        solo.cycle();
        assertEquals(0, solo.raft.commitIndex(), "entries of earlier terms are not committed by counting");
        assertEquals(List.of(), solo.readIndexes);
        solo.accept(2, 1, 10, 1, 4);
        solo.cycle();
        assertEquals(4, solo.raft.commitIndex());
        solo.cycle();
        answerRounds(2);
        solo.cycle();
        assertEquals(List.of(ticket + ":4"), solo.readIndexes);
    }

    @Test
    void shouldLoseWhatWasAskedWhenDeposed()
    {
        leading();
        final long ticket = solo.raft.askReadIndex();
        solo.cycle();
        final long round = lastRound(2);
        solo.raft.onHeartbeat(3, 9, 1, 0);
        assertEquals(List.of("lost " + ticket), solo.readIndexes);
        solo.accept(2, 1, round, 1, 1);
        solo.cycle();
        assertEquals(List.of("lost " + ticket), solo.readIndexes);
    }

    @Test
    void shouldAskAgainWhenTheAnswersTookTooLong()
    {
        leading();
        final long ticket = solo.raft.askReadIndex();
        solo.cycle();
        final long round = lastRound(2);
        // The process stands still; the answers lie there when it goes on.
        solo.nowNs += 10 * SoloRaft.TIMEOUT_MAX_NS;
        solo.raft.onCycle(solo.nowNs, solo.epochNs);
        solo.accept(2, 1, round, 1, 1);
        solo.cycle();
        assertEquals(Role.LEADER, solo.raft.role(), "the answer that lay there is contact");
        assertEquals(List.of(), solo.readIndexes, "but it says nothing about now");
        solo.cycle();
        answerRounds(2);
        solo.cycle();
        assertEquals(List.of(ticket + ":1"), solo.readIndexes);
    }

    @Test
    void shouldNeedNobodyWhenAlone()
    {
        final SoloRaft alone = new SoloRaft(1);
        alone.start().lead().cycle().cycle();
        final long ticket = alone.raft.askReadIndex();
        alone.cycle();
        assertEquals(List.of(ticket + ":1"), alone.readIndexes);
    }

    @Test
    void shouldRefuseTheQuestionWhenNoLeaderIsKnown()
    {
        solo.start();
        assertEquals(Raft.NOT_LEADER, solo.raft.askReadIndex());
    }

    private SoloRaft following()
    {
        solo.start();
        solo.append(2, 1, 1, 0, 0, 1, 1);
        solo.cycle();
        solo.sender.clear();
        return solo;
    }

    @Test
    void shouldAskItsLeaderWhenFollowing()
    {
        following();
        final long first = solo.raft.askReadIndex();
        solo.cycle();
        final PeerMessage.ReadIndexRequest request = solo.sender.last(PeerMessage.ReadIndexRequest.class);
        assertEquals(2, request.to());
        solo.raft.askReadIndex();
        solo.cycle();
        assertEquals(1, solo.sender.sent(PeerMessage.ReadIndexRequest.class).size(), "one question at a time");
        solo.raft.onReadIndexReply(2, 1, request.requestId(), 1, 2);
        assertEquals(List.of(first + ":2"), solo.readIndexes, "not what was asked after the question was sent");
        solo.cycle();
        assertTrue(solo.sender.last(PeerMessage.ReadIndexRequest.class).requestId() > request.requestId());
    }

    @Test
    void shouldNotUseAnAnswerToAnEarlierQuestionWhenAskingAgain()
    {
        following();
        final long first = solo.raft.askReadIndex();
        solo.cycle();
        final long lostId = solo.sender.last(PeerMessage.ReadIndexRequest.class).requestId();
        final long second = solo.raft.askReadIndex();
        solo.pass(2 * SoloRaft.HEARTBEAT_NS);
        final long againId = solo.sender.last(PeerMessage.ReadIndexRequest.class).requestId();
        assertTrue(againId > lostId);
        solo.raft.onReadIndexReply(2, 1, lostId, 1, 1);
        assertEquals(List.of(), solo.readIndexes);
        solo.raft.onReadIndexReply(2, 1, againId, 7, 1);
        assertEquals(List.of(), solo.readIndexes, "of another life");
        solo.raft.onReadIndexReply(3, 1, againId, 1, 1);
        assertEquals(List.of(), solo.readIndexes, "not its leader");
        solo.raft.onReadIndexReply(2, 1, againId, 1, 2);
        assertEquals(List.of(second + ":2"), solo.readIndexes);
        assertTrue(second > first);
    }

    @Test
    void shouldNotBelieveTheEarlierLeaderWhenAnotherLeads()
    {
        following();
        final long ticket = solo.raft.askReadIndex();
        solo.cycle();
        final long id = solo.sender.last(PeerMessage.ReadIndexRequest.class).requestId();
        solo.raft.onHeartbeat(3, 2, 1, 0);
        assertEquals(List.of("lost " + ticket), solo.readIndexes);
        solo.raft.onReadIndexReply(2, 1, id, 1, 2);
        solo.raft.onReadIndexReply(3, 2, id, 1, 2);
        assertEquals(List.of("lost " + ticket), solo.readIndexes);
    }

    @Test
    void shouldAnswerAFollowerAfterARound()
    {
        leading();
        solo.raft.onReadIndexRequest(3, solo.raft.term(), 5, 77);
        solo.cycle();
        assertTrue(solo.sender.sent(PeerMessage.ReadIndexReply.class).isEmpty());
        answerRounds(2);
        solo.cycle();
        assertEquals(
            List.of(new PeerMessage.ReadIndexReply(1, 3, solo.raft.term(), 5, 77, 1)),
            solo.sender.sent(PeerMessage.ReadIndexReply.class));
    }

    @Test
    void shouldNotAnswerAFollowerOfAnotherTerm()
    {
        leading();
        solo.raft.onReadIndexRequest(3, solo.raft.term() - 1, 5, 77);
        solo.raft.onReadIndexRequest(3, solo.raft.term() + 1, 5, 77);
        solo.raft.onReadIndexRequest(9, solo.raft.term(), 5, 77);
        solo.cycle();
        assertTrue(solo.sender.sent().isEmpty());
    }

    @Test
    void shouldCountTheLeaseFromWhenTheRoundWasSent()
    {
        solo.config.readLease(true);
        leading();
        solo.pass(SoloRaft.HEARTBEAT_NS);
        final long round = lastRound(2);
        solo.pass(40 * MS);
        solo.accept(2, 1, round, 1, 1);
        assertEquals(1, solo.raft.leaseReadIndex());
        solo.nowNs += 80 * MS - 1;
        solo.raft.onCycle(solo.nowNs, solo.epochNs);
        assertEquals(1, solo.raft.leaseReadIndex(), "120 ms: the timeout of 150 ms less a fifth");
        solo.nowNs += 1;
        solo.raft.onCycle(solo.nowNs, solo.epochNs);
        assertEquals(-1, solo.raft.leaseReadIndex());
    }

    @Test
    void shouldHaveNoLeaseWhenItIsOff()
    {
        leading();
        assertEquals(-1, solo.raft.leaseReadIndex());
    }

    @Test
    void shouldHaveNoLeaseForTheRestOfTheTermWhenAPeerWasAskedToStand()
    {
        solo.config.readLease(true);
        leading();
        assertEquals(1, solo.raft.leaseReadIndex());
        solo.raft.transferLeadership(2);
        solo.cycle();
        assertEquals(-1, solo.raft.leaseReadIndex());
        solo.pass(SoloRaft.TIMEOUT_MIN_NS);
        answerRounds(2);
        solo.pass(SoloRaft.TIMEOUT_MIN_NS);
        answerRounds(2);
        solo.cycle();
        assertEquals(Role.LEADER, solo.raft.role());
        assertEquals(-1, solo.raft.leaseReadIndex(), "the request may still arrive");
    }

    @Test
    void shouldNotLeadByLeaseAnyMoreWhenItHasSteppedDown()
    {
        solo.config.readLease(true);
        leading();
        solo.raft.stepDown();
        assertEquals(-1, solo.raft.leaseReadIndex());
    }

    @Test
    void shouldHoldItsVoteBackForATimeoutWhenItHasHeardALeader()
    {
        solo.config.readLease(true);
        solo.start();
        solo.pass(SoloRaft.TIMEOUT_MIN_NS - MS);
        solo.raft.onHeartbeat(2, 1, 1, 0);
        // A message of a higher term comes, by which this node follows nobody; the promise stays.
        solo.raft.onVoteReply(3, VoteKind.PRE_VOTE, 2, 1, false);
        assertEquals(2, solo.raft.term());
        solo.cycle();
        solo.pass(SoloRaft.TIMEOUT_MIN_NS - MS);
        solo.sender.clear();
        solo.raft.onVoteRequest(3, VoteKind.VOTE, 2, 5, 1);
        assertFalse(solo.sender.last(PeerMessage.VoteReply.class).granted());
        solo.raft.onVoteRequest(3, VoteKind.VOTE_FORCED, 2, 5, 1);
        assertTrue(solo.sender.last(PeerMessage.VoteReply.class).granted(), "its leader asked for that");
    }

    @Test
    void shouldCountThePromiseFromAClockReadAfterTheMessage()
    {
        solo.config.readLease(true);
        solo.start();
        // The process stands still within a cycle: the heartbeat comes long after the clock was read.
        solo.raft.onCycle(solo.nowNs, solo.epochNs);
        solo.nowNs += 10 * SoloRaft.TIMEOUT_MAX_NS;
        solo.raft.onHeartbeat(2, 1, 1, 0);
        solo.cycle();
        assertEquals(Role.FOLLOWER, solo.raft.role(), "it does not stand");
        solo.pass(SoloRaft.TIMEOUT_MIN_NS - MS);
        solo.raft.onVoteRequest(3, VoteKind.VOTE, 2, 5, 1);
        assertEquals(1, solo.raft.term(), "nor vote");
    }

    @Test
    void shouldHoldItsVoteBackForATimeoutWhenItHasJustStarted()
    {
        solo.config.readLease(true);
        solo.stored(1, HardStateStore.NO_VOTE).start();
        solo.pass(SoloRaft.TIMEOUT_MIN_NS - MS);
        solo.raft.onVoteRequest(3, VoteKind.VOTE, 2, 5, 1);
        assertEquals(1, solo.raft.term(), "an earlier life may have answered a leader");
        solo.pass(MS);
        solo.raft.onVoteRequest(3, VoteKind.VOTE, 2, 5, 1);
        assertTrue(solo.sender.last(PeerMessage.VoteReply.class).granted());
    }

    @Test
    void shouldRefuseAMarginThatLeavesNoLease()
    {
        solo.config.readLease(true).readLeaseMarginNs(100 * MS);
        assertThrows(IllegalArgumentException.class, solo.config::conclude);
        solo.config.readLeaseMarginNs(99 * MS).conclude();
    }
}
