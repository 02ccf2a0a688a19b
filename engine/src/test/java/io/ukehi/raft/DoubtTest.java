package io.ukehi.raft;

import static io.ukehi.raft.SoloRaft.MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Protocol-aware recovery (FAST '18): node 1 of three has lost what it may have acknowledged; mostly leader 2. */
class DoubtTest
{
    private static final long INCARNATION = 77;

    private final SoloRaft solo = new SoloRaft(3);

    private SoloRaft inDoubtTo(final long index)
    {
        solo.doubt.raise(index);
        solo.config.incarnation(INCARNATION);
        return solo.holding(1, 1).stored(3, 0).start();
    }

    private void leaderSays(final int fromId, final long term, final long incarnation, final long lastIndex)
    {
        solo.raft.onRepairReply(fromId, term, incarnation, lastIndex, new UnsafeBuffer(0, 0), 0, 0);
    }

    private long vouched()
    {
        return solo.sender.last(PeerMessage.Ack.class).matchIndex();
    }

    // ---- elections

    @ParameterizedTest
    @EnumSource(VoteKind.class)
    void shouldGrantNoVoteWhenInDoubt(final VoteKind kind)
    {
        inDoubtTo(5);

        solo.raft.onVoteRequest(2, kind, 4, 9, 3);

        final PeerMessage.VoteReply reply = solo.sender.last(PeerMessage.VoteReply.class);
        assertFalse(reply.granted());
        assertEquals(HardStateStore.NO_VOTE, solo.hardState.votedFor());
        // The term moves all the same (section 5.1), so that the candidate is not held back by it.
        assertEquals(VoteKind.PRE_VOTE == kind ? 3 : 4, reply.term());
    }

    /** The vote was given with entries that are gone: it is not given again. */
    @Test
    void shouldNotGiveAVoteAgainWhenInDoubt()
    {
        solo.doubt.raise(5);
        solo.holding(1, 1).stored(3, 2).start();

        solo.raft.onVoteRequest(2, VoteKind.VOTE, 3, 9, 2);

        assertFalse(solo.sender.last(PeerMessage.VoteReply.class).granted());
    }

    @Test
    void shouldNeverStandWhenInDoubt()
    {
        inDoubtTo(5);
        for (int i = 0; i < 3000; i++)
        {
            solo.pass(MS);
        }
        assertEquals(List.of(), solo.sender.sent());
        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertEquals(3, solo.raft.term());
    }

    @Test
    void shouldForgetALeaderThatIsSilentWhenInDoubt()
    {
        inDoubtTo(5);
        solo.raft.onHeartbeat(2, 3, 1, 0);
        assertEquals(2, solo.raft.leaderId());
        for (int i = 0; i < 300; i++)
        {
            solo.pass(MS);
        }
        assertEquals(RaftListener.NO_LEADER, solo.raft.leaderId());
    }

    @Test
    void shouldNotStandAtItsLeadersRequestWhenInDoubt()
    {
        inDoubtTo(5);
        solo.raft.onHeartbeat(2, 3, 1, 0);
        solo.raft.onTimeoutNow(2, 3);
        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertEquals(3, solo.raft.term());
    }

    @Test
    void shouldNotLeadAGroupOfOneWhenInDoubt()
    {
        final SoloRaft alone = new SoloRaft(1);
        alone.doubt.raise(Long.MAX_VALUE);
        alone.holding(1, 1).start();
        for (int i = 0; i < 1000; i++)
        {
            alone.pass(MS);
        }
        assertEquals(Role.FOLLOWER, alone.raft.role());
        assertEquals(Long.MAX_VALUE, alone.raft.doubtfulTo());
    }

    // ---- acknowledgements

    /** It takes in and applies what its leader sends, and says that it lives; it vouches for nothing. */
    @Test
    void shouldFollowAndVouchForNothingWhenInDoubt()
    {
        inDoubtTo(5);
        solo.append(2, 3, 7, 1, 3, 1, 1, 2, 2);
        solo.raft.onHeartbeat(2, 3, 8, 3);
        solo.cycle();

        assertEquals(3, solo.raft.commitIndex());
        assertEquals(4, solo.log.durableIndex());
        assertEquals(
            new PeerMessage.Ack(1, 2, AckKind.ACCEPTED, 3, 7, 8, INCARNATION, 0, 4, 0, 0),
            solo.sender.last(PeerMessage.Ack.class));
    }

    @Test
    void shouldVouchForEverythingWhenTheLogIsTheLeadersBeyondTheDoubt()
    {
        inDoubtTo(4);
        solo.append(2, 3, 1, 1, 0, 1, 1, 2);
        solo.cycle();
        assertEquals(0, vouched());
        assertEquals(0, solo.doubt.clearCount());

        solo.append(2, 3, 2, 3, 0, 1, 1, 2, 2);
        solo.cycle();
        assertEquals(4, vouched());
        assertEquals(1, solo.doubt.clearCount());
        assertEquals(DoubtStore.NO_DOUBT, solo.raft.doubtfulTo());
        solo.raft.onVoteRequest(3, VoteKind.VOTE_FORCED, 4, 9, 3);
        assertTrue(solo.sender.last(PeerMessage.VoteReply.class).granted());
    }

    /** What is in the log is not the leader's log: the entries at the same indexes may be of a lost leader. */
    @Test
    void shouldStayInDoubtWhenItsOwnTailReachesThereButTheLeadersDoesNot()
    {
        solo.doubt.raise(3);
        solo.holding(1, 1, 2, 2).stored(3, 0).start();
        solo.append(2, 3, 1, 0, 0, 1, 1);
        solo.cycle();
        assertEquals(0, vouched());
        assertEquals(3, solo.raft.doubtfulTo());
    }

    @Test
    void shouldStayInDoubtWhenWhatItHasAgainIsNotDurable()
    {
        inDoubtTo(3);
        solo.log.holdFlushes(true);
        solo.append(2, 3, 1, 2, 0, 1, 1, 3);
        solo.cycle();
        assertEquals(0, vouched());
        assertEquals(0, solo.doubt.clearCount());

        solo.log.completeFlush();
        solo.cycle();
        assertEquals(3, vouched());
    }

    // ---- the leader's word

    @Test
    void shouldAskTheLeaderHowFarItsLogReachesUntilItSaysSo()
    {
        inDoubtTo(Long.MAX_VALUE);
        solo.cycle();
        assertEquals(List.of(), solo.sender.sent(PeerMessage.RepairRequest.class), "nobody leads");

        solo.raft.onHeartbeat(2, 3, 1, 0);
        solo.cycle();
        solo.cycle();
        final PeerMessage.RepairRequest question = new PeerMessage.RepairRequest(1, 2, 3, INCARNATION, 0, 0);
        assertEquals(List.of(question), solo.sender.sent(PeerMessage.RepairRequest.class));

        solo.pass(SoloRaft.HEARTBEAT_NS);
        assertEquals(List.of(question, question), solo.sender.sent(PeerMessage.RepairRequest.class));

        leaderSays(2, 3, INCARNATION, 9);
        solo.pass(SoloRaft.HEARTBEAT_NS);
        assertEquals(2, solo.sender.sent(PeerMessage.RepairRequest.class).size());
        assertEquals(9, solo.raft.doubtfulTo());
    }

    /** The entries up to which a leader's log reached may never be committed, and the next leader's log be shorter. */
    @Test
    void shouldAskTheNextLeaderTooWhenTheOneBeforeItHasAnswered()
    {
        inDoubtTo(Long.MAX_VALUE);
        solo.raft.onHeartbeat(2, 3, 1, 0);
        leaderSays(2, 3, INCARNATION, 9);
        solo.append(3, 4, 1, 2, 0, 1, 1, 4);
        solo.cycle();
        assertEquals(
            new PeerMessage.RepairRequest(1, 3, 4, INCARNATION, 0, 0),
            solo.sender.last(PeerMessage.RepairRequest.class));

        leaderSays(3, 4, INCARNATION, 3);
        solo.cycle();
        assertEquals(3, vouched());
    }

    @Test
    void shouldBeSureWhenItHasAllThatTheLeaderHadWhenAsked()
    {
        inDoubtTo(Long.MAX_VALUE);
        solo.append(2, 3, 1, 2, 0, 1, 1, 3);
        leaderSays(2, 3, INCARNATION, 4);
        solo.cycle();
        assertEquals(0, vouched());
        assertEquals(Long.MAX_VALUE, solo.doubt.doubtfulTo(), "nothing is stored before it is over");

        solo.append(2, 3, 2, 3, 0, 1, 1, 3, 3);
        solo.cycle();
        assertEquals(4, vouched());
    }

    @Test
    void shouldNotRaiseTheBoundWhenTheLeadersLogReachesFurther()
    {
        inDoubtTo(5);
        solo.raft.onHeartbeat(2, 3, 1, 0);
        leaderSays(2, 3, INCARNATION, 1000);
        assertEquals(5, solo.raft.doubtfulTo());
    }

    /** Of an earlier life, of another term, of somebody else, or of a node that does not lead. */
    @Test
    void shouldTakeNobodyElsesWord()
    {
        inDoubtTo(Long.MAX_VALUE);
        leaderSays(2, 3, INCARNATION, 1);
        solo.raft.onHeartbeat(2, 3, 1, 0);
        leaderSays(2, 3, INCARNATION - 1, 1);
        leaderSays(2, 2, INCARNATION, 1);
        leaderSays(2, 4, INCARNATION, 1);
        leaderSays(3, 3, INCARNATION, 1);
        leaderSays(2, 3, INCARNATION, 0);
        leaderSays(2, 3, INCARNATION, -1);
        leaderSays(2, -1, INCARNATION, 1);
        solo.cycle();
        assertEquals(Long.MAX_VALUE, solo.raft.doubtfulTo());
    }

    // ---- the leader's side

    @Test
    void shouldSayHowFarTheLogReachesOnlyWhenLeading()
    {
        final SoloRaft leader = new SoloRaft(3).holding(1, 1).start();
        leader.raft.onRepairRequest(2, 1, 9, 0, 0);
        assertEquals(0, leader.sender.last(PeerMessage.RepairReply.class).leaderLastIndex());

        leader.lead();
        leader.raft.onRepairRequest(2, 1, 9, 0, 0);
        final PeerMessage.RepairReply reply = leader.sender.last(PeerMessage.RepairReply.class);
        assertEquals(3, reply.leaderLastIndex());
        assertEquals(9, reply.incarnation());
        assertEquals(2, reply.term());
        assertEquals(0, reply.frames().length);
    }

    @Test
    void shouldGiveCommittedEntriesAndNoOthers()
    {
        final SoloRaft peer = new SoloRaft(3).holding(1, 1, 2, 2, 2);
        peer.config.initialCommitIndex(3);
        peer.start();

        assertEquals(2, lent(peer, 2, 3));
        assertEquals(2, lent(peer, 2, 5));
        assertEquals(0, lent(peer, 4, 5));
        assertEquals(0, lent(peer, 6, 9));
        assertEquals(0, lent(peer, 3, 2));
        assertEquals(0, lent(peer, -3, 2));
        assertEquals(0, lent(peer, Long.MIN_VALUE, Long.MAX_VALUE));
        peer.log.purgeTo(3);
        assertEquals(0, lent(peer, 2, 3));
        assertEquals(1, lent(peer, 3, 3));
    }

    private static int lent(final SoloRaft peer, final long fromIndex, final long toIndex)
    {
        peer.raft.onRepairRequest(2, 1, 9, fromIndex, toIndex);
        final byte[] frames = peer.sender.last(PeerMessage.RepairReply.class).frames();
        final EntryCursor cursor = peer.log.newCursor();
        assertTrue(peer.log.verify(cursor, new UnsafeBuffer(frames), 0, frames.length));
        return cursor.count();
    }

    /** A peer that vouches for nothing is not sent everything from the beginning for each message that is lost. */
    @Test
    void shouldGoOnWhereThePeerHasAcceptedWhenItVouchesForNothing()
    {
        final SoloRaft leader = new SoloRaft(3);
        leader.config.maxAppendBytes(1);
        leader.holding(1, 1, 1, 1).start().lead().cycle();
        leader.reject(2, 1, 1, RaftLog.UNKNOWN_TERM);
        leader.cycle();
        leader.accept(2, 2, 0);
        leader.cycle();
        leader.accept(2, 4, 0);
        leader.sender.clear();
        leader.pass(2 * SoloRaft.HEARTBEAT_NS + MS);

        assertEquals(3, leader.sender.sent(PeerMessage.Append.class, 2).getFirst().prevIndex());
    }
}
