package io.ukehi.raft;

import static io.ukehi.raft.SoloRaft.MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Raft section 5.3, the follower's side: node 1 of three, and mostly leader 2. */
class FollowerTest
{
    // ---- the consistency check

    /** Section 5.3: refused unless the entry before it is there, and the refusal helps to find the place. */
    @ParameterizedTest
    @CsvSource({
        "5, 4, 4, -1",
        "9, 4, 4, -1",
        "3, 3, 2, 2",
        "2, 1, 2, 2",
        "1, 2, 1, 1"})
    void shouldRefuseAndSayWhereToLookWhenTheEntryBeforeIsNotThere(
        final long prevIndex, final long prevTerm, final long conflictIndex, final long conflictTerm)
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 2, 2).stored(5, 0).start();

        solo.raft.onAppend(2, 5, 7, prevIndex, prevTerm, 9, new UnsafeBuffer(0, 0), 0, 0);

        assertEquals(
            List.of(new PeerMessage.Ack(1, 2, AckKind.REJECTED, 5, 7, 0, 1, 0, 3, conflictIndex, conflictTerm)),
            solo.sender.sent());
        assertEquals(0, solo.raft.commitIndex());
        assertEquals(List.of(1L, 2L, 2L), solo.terms());
    }

    /** What is committed is the same everywhere: the search for the place never has to go below it. */
    @Test
    void shouldNotSendTheLeaderBelowWhatIsCommittedWhenARunOfATermReachesDownThere()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 1, 1, 1).stored(5, 0);
        solo.config.initialCommitIndex(3);
        solo.start();

        solo.raft.onAppend(2, 5, 1, 5, 4, 0, new UnsafeBuffer(0, 0), 0, 0);

        assertEquals(4, solo.sender.last(PeerMessage.Ack.class).conflictIndex());
    }

    /** Section 5.3, figure 2, AppendEntries 3 to 5: a table of logs, messages, and what comes of them. */
    @ParameterizedTest
    @CsvSource({
        // own log, leader's log, previous index, log afterwards, vouched for
        "'1 2', '1 2', 2, '1 2', 2",
        "'1 2', '1 2 3', 2, '1 2 3', 3",
        "'1 2', '1 2 3 3', 0, '1 2 3 3', 4",
        "'', '1 1 2', 0, '1 1 2', 3",
        "'1 2', '1 3 4', 1, '1 3 4', 3",
        "'1 2', '3 4', 0, '3 4', 2",
        "'1 2 2 2 2', '1 2 3', 1, '1 2 3', 3",
        "'1 2 2 2 2', '1 2', 0, '1 2 2 2 2', 2",
        "'1 2 2 2 2', '1 2 2', 1, '1 2 2 2 2', 3"})
    void shouldCutOnlyWhatDiffersAndAppendWhatIsMissing(
        final String own, final String leaderLog, final int prevIndex, final String expected, final long vouched)
    {
        final SoloRaft solo = new SoloRaft(3).holding(longs(own)).stored(5, 0).start();

        solo.append(2, 5, 1, prevIndex, 0, longs(leaderLog));
        solo.cycle();

        assertEquals(Arrays.stream(longs(expected)).boxed().toList(), solo.terms());
        final PeerMessage.Ack ack = solo.sender.last(PeerMessage.Ack.class);
        assertEquals(
            new PeerMessage.Ack(
                1, 2, AckKind.ACCEPTED, 5, 1, 0, 1, vouched, solo.log.lastIndex(), 0, 0), ack);
    }

    /** Catalogue row 14: an old append that comes late or again cuts nothing. */
    @Test
    void shouldKeepWhatItHasWhenAnEarlierAppendComesAgain()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.append(2, 1, 1, 0, 0, 1);
        solo.append(2, 1, 2, 1, 0, 1, 1, 1, 1);
        solo.append(2, 1, 1, 0, 0, 1);
        solo.append(2, 1, 0, 0, 0, 1, 1);
        solo.cycle();

        assertEquals(4, solo.log.lastIndex());
        assertEquals(0, solo.log.cutCount());
        assertEquals(4, solo.sender.last(PeerMessage.Ack.class).matchIndex());
        assertEquals(2, solo.sender.last(PeerMessage.Ack.class).sequence());
    }

    // ---- commit

    /** Figure 2, AppendEntries 5, and catalogue row 15: never past what this message vouches for. */
    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "3, 3", "4, 3", "100, 3"})
    void shouldCommitNoFurtherThanTheLeadersEntriesReach(final long leaderCommit, final long expected)
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 1, 1, 1).stored(2, 0).start();

        solo.append(2, 2, 1, 1, leaderCommit, 1, 1, 1);

        assertEquals(expected, solo.raft.commitIndex());
    }

    @Test
    void shouldCommitNothingByAHeartbeatWhenNothingWasFoundToBeTheSame()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 1).stored(2, 0).start();
        solo.raft.onHeartbeat(2, 2, 1, 3);
        assertEquals(0, solo.raft.commitIndex());

        solo.append(2, 2, 1, 2, 0, 1, 1);
        solo.raft.onHeartbeat(2, 2, 2, 3);
        assertEquals(2, solo.raft.commitIndex());
    }

    @Test
    void shouldForgetWhatWasTheSameWhenAnotherTermBegins()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.append(2, 1, 1, 0, 1, 1, 1, 1);
        solo.raft.onHeartbeat(3, 2, 1, 3);
        solo.cycle();

        assertEquals(1, solo.raft.commitIndex());
        assertEquals(1, solo.sender.last(PeerMessage.Ack.class).matchIndex());
    }

    // ---- what it vouches for

    /** Nothing is acknowledged before it is durable. */
    @Test
    void shouldVouchOnlyForWhatIsDurable()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.log.holdFlushes(true);
        solo.append(2, 1, 1, 0, 0, 1, 1);
        solo.cycle();
        assertEquals(0, solo.sender.last(PeerMessage.Ack.class).matchIndex());
        assertEquals(1, solo.sender.last(PeerMessage.Ack.class).sequence(), "received it is");
        solo.append(2, 1, 2, 2, 0, 1, 1, 1);
        solo.cycle();
        solo.sender.clear();

        solo.log.completeOldestFlush();
        solo.cycle();
        assertEquals(2, solo.sender.last(PeerMessage.Ack.class).matchIndex());
        solo.log.completeOldestFlush();
        solo.cycle();
        assertEquals(3, solo.sender.last(PeerMessage.Ack.class).matchIndex());
        assertEquals(2, solo.sender.sent().size());
    }

    /** An acknowledgement never vouches for the follower's own tail. */
    @Test
    void shouldNotVouchForItsOwnTail()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 1, 1).stored(2, 0).start();
        solo.raft.onHeartbeat(2, 2, 1, 0);
        solo.cycle();
        assertEquals(0, solo.sender.last(PeerMessage.Ack.class).matchIndex());

        solo.append(2, 2, 1, 2, 0, 1, 1);
        solo.cycle();
        assertEquals(2, solo.sender.last(PeerMessage.Ack.class).matchIndex());
    }

    @Test
    void shouldAnswerOnceACycleWhenManyMessagesCame()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        for (int i = 1; i <= 5; i++)
        {
            final long[] terms = new long[i];
            Arrays.fill(terms, 1);
            solo.append(2, 1, i, i - 1, 0, terms);
            solo.raft.onHeartbeat(2, 1, i, 0);
        }
        solo.cycle();
        solo.cycle();

        assertEquals(
            List.of(new PeerMessage.Ack(1, 2, AckKind.ACCEPTED, 1, 5, 5, 1, 5, 5, 0, 0)), solo.sender.sent());
    }

    @Test
    void shouldAnswerInALaterCycleWhenTheNetworkTookNothing()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.sender.backPressured(true);
        solo.append(2, 1, 1, 0, 0, 1);
        solo.cycle();
        solo.sender.backPressured(false);
        solo.cycle();
        assertEquals(1, solo.sender.last(PeerMessage.Ack.class).matchIndex());
    }

    @Test
    void shouldAnswerNobodyWhenItsLeaderIsOfAnEarlierTerm()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.log.holdFlushes(true);
        solo.append(2, 1, 1, 0, 0, 1);
        solo.raft.onVoteReply(3, VoteKind.PRE_VOTE, 2, 2, false);
        solo.log.flush();
        solo.log.completeFlush();
        solo.sender.clear();
        solo.cycle();
        assertTrue(solo.sender.sent().isEmpty());
    }

    // ---- leaders, true and old

    /** Catalogue row 8: whatever the leader says, it lives; also when what it says is refused. */
    @Test
    void shouldWaitForItsLeaderWhenItRefusesItsAppends()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        for (int i = 1; i <= 20; i++)
        {
            solo.pass(100 * MS);
            solo.raft.onAppend(2, 1, i, 50, 1, 0, new UnsafeBuffer(0, 0), 0, 0);
        }
        assertFalse(solo.roles.contains(Role.PRE_CANDIDATE));
        assertEquals(20, solo.sender.sent(PeerMessage.Ack.class).size());
    }

    /** Section 5.1: a message of an earlier term is refused, and neither resets the timer nor commits. */
    @Test
    void shouldTellALeaderOfAnEarlierTermThatItIsOver()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1).stored(5, 0).start();
        for (int i = 0; i < 2; i++)
        {
            solo.nowNs += 100 * MS;
            solo.raft.onCycle(solo.nowNs, 0);
            solo.append(2, 4, 1, 2, 2, 1, 1, 4);
            solo.raft.onHeartbeat(2, 4, 9, 2);
        }
        assertEquals(2, solo.log.lastIndex());
        assertEquals(0, solo.raft.commitIndex());
        assertEquals(RaftListener.NO_LEADER, solo.raft.leaderId());
        for (final PeerMessage.Ack ack : solo.sender.sent(PeerMessage.Ack.class))
        {
            assertEquals(AckKind.STALE_TERM, ack.kind());
            assertEquals(5, ack.term());
        }
        solo.pass(100 * MS);
        assertEquals(Role.PRE_CANDIDATE, solo.raft.role());
    }

    @Test
    void shouldRefuseAnotherLeaderOfTheSameTerm()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.append(2, 1, 1, 0, 0, 1);
        solo.append(3, 1, 1, 1, 0, 1, 1);
        assertEquals(1, solo.log.lastIndex());
        assertEquals(2, solo.raft.leaderId());
        assertEquals(1, solo.refused.size());
    }

    @Test
    void shouldRefuseWhenSomebodyElseLeadsItsOwnTerm()
    {
        final SoloRaft solo = new SoloRaft(3).start().lead();
        solo.raft.onHeartbeat(2, 1, 1, 0);
        assertEquals(Role.LEADER, solo.raft.role());
        assertEquals(1, solo.refused.size());
    }

    /** Section 5.1: a leader that hears of a later term makes way. */
    @Test
    void shouldFollowWhenItLedAndALaterLeaderSpeaks()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1).start().lead().cycle();
        assertEquals(List.of(1L, 1L, 2L), solo.terms());

        solo.append(3, 3, 1, 2, 0, 1, 1, 3, 3);
        assertEquals(Role.FOLLOWER, solo.raft.role());
        assertEquals(3, solo.raft.leaderId());
        assertEquals(List.of(1L, 1L, 3L, 3L), solo.terms());
        assertEquals(Raft.NOT_LEADER, solo.propose("x"));
    }

    // ---- bad messages

    @Test
    void shouldRefuseWholeWhenFramesAreDamaged()
    {
        final byte[] good = SoloRaft.frames(1, 1, 1);
        for (int i = 0; i < good.length; i++)
        {
            final SoloRaft solo = new SoloRaft(3).start();
            final byte[] bad = good.clone();
            bad[i] ^= 0x40;
            solo.raft.onAppend(2, 1, 1, 0, 0, 2, new UnsafeBuffer(bad), 0, bad.length);
            solo.cycle();
            assertEquals(0, solo.log.lastIndex(), "byte " + i);
            assertEquals(0, solo.raft.commitIndex());
            assertEquals(1, solo.refused.size());
            assertTrue(solo.sender.sent().isEmpty());
        }
    }

    @Test
    void shouldRefuseWholeWhenEntriesDoNotFollowFromWhatTheMessageSays()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 1).stored(2, 0).start();
        final byte[] gap = SoloRaft.frames(4, 1, 1, 1, 2);
        solo.raft.onAppend(2, 2, 1, 2, 1, 9, new UnsafeBuffer(gap), 0, gap.length);
        solo.append(2, 2, 2, 3, 9, 1, 1, 1, 7);
        solo.raft.onAppend(2, 2, 3, -1, 0, 9, new UnsafeBuffer(0, 0), 0, 0);
        solo.raft.onAppend(2, 2, 4, 3, 9, 9, new UnsafeBuffer(0, 0), 0, 0);
        solo.raft.onAppend(2, -1, 4, 3, 1, 9, new UnsafeBuffer(0, 0), 0, 0);
        solo.raft.onAppend(1, 9, 4, 3, 1, 9, new UnsafeBuffer(0, 0), 0, 0);
        solo.raft.onHeartbeat(2, RaftConfig.MAX_TERM + 1, 1, 0);
        solo.cycle();

        assertEquals(List.of(1L, 1L, 1L), solo.terms());
        assertEquals(0, solo.raft.commitIndex());
        assertEquals(2, solo.raft.term());
        assertEquals(7, solo.refused.size(), solo.refused::toString);
        assertTrue(solo.sender.sent().isEmpty());
    }

    @Test
    void shouldNeverCutWhatIsCommitted()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.append(2, 1, 1, 0, 2, 1, 1, 1);
        assertEquals(2, solo.raft.commitIndex());

        solo.append(3, 2, 1, 1, 0, 1, 2, 2);
        assertEquals(List.of(1L, 1L, 1L), solo.terms());
        assertEquals(1, solo.refused.size());
    }

    /** What this term's leader has shown to be in its log stays there as long as it leads (Leader Append-Only). */
    @Test
    void shouldNeverCutWhatTheLeaderOfTheTermHasShownToBeItsOwn()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 1).stored(3, 0).start();
        solo.append(2, 3, 1, 3, 0, 1, 1, 1);
        solo.append(2, 3, 2, 1, 0, 1, 2, 2);

        assertEquals(List.of(1L, 1L, 1L), solo.terms());
        assertEquals(1, solo.refused.size());
    }

    // ---- room, and logs without their beginning

    @Test
    void shouldVouchForWhatThereWasRoomForWhenTheLogIsFilledOnTheWay()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.log.room(2);
        solo.append(2, 1, 1, 0, 4, 1, 1, 1, 1);
        solo.cycle();

        assertEquals(2, solo.log.lastIndex());
        assertEquals(2, solo.raft.commitIndex());
        assertEquals(new PeerMessage.Ack(1, 2, AckKind.ACCEPTED, 1, 0, 0, 1, 2, 2, 0, 0), solo.sender.sent().getLast());

        solo.log.ampleRoom();
        solo.append(2, 1, 2, 2, 4, 1, 1, 1, 1);
        solo.cycle();
        assertEquals(4, solo.raft.commitIndex());
        assertEquals(2, solo.sender.last(PeerMessage.Ack.class).sequence());
    }

    @Test
    void shouldFollowOnWhenItsDiskIsFull()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1).stored(1, 0).start();
        solo.log.full(true);
        solo.append(2, 1, 1, 2, 4, 1, 1, 1, 1);
        solo.cycle();

        assertEquals(2, solo.raft.commitIndex());
        assertEquals(2, solo.sender.last(PeerMessage.Ack.class).matchIndex());
        assertEquals(0, solo.sender.last(PeerMessage.Ack.class).sequence());
        assertTrue(solo.refused.isEmpty());
    }

    /** Section 7: what was purged was committed, so it is known to be the same. */
    @Test
    void shouldTakeAnAppendWhenItBeginsInWhatWasPurged()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 1, 1, 1);
        solo.log.purgeTo(5);
        solo.config.initialCommitIndex(4);
        solo.start();

        solo.append(2, 1, 1, 1, 6, 1, 1, 1, 1, 1, 1);
        solo.cycle();

        assertEquals(6, solo.log.lastIndex());
        assertEquals(6, solo.raft.commitIndex());
        assertEquals(6, solo.sender.last(PeerMessage.Ack.class).matchIndex());
    }

    @Test
    void shouldNotTouchTheStoredTermWhenItsLeaderSpeaks()
    {
        final SoloRaft solo = new SoloRaft(3).start();
        solo.append(2, 1, 1, 0, 0, 1);
        solo.append(2, 1, 2, 1, 1, 1, 1);
        solo.raft.onHeartbeat(2, 1, 1, 2);
        assertEquals(List.of(new InMemoryHardState.Stored(1, HardStateStore.NO_VOTE)), solo.hardState.history());
        assertFalse(solo.sender.sent(PeerMessage.Ack.class).stream().anyMatch(a -> AckKind.ACCEPTED != a.kind()));
    }

    private static long[] longs(final String terms)
    {
        return terms.isEmpty() ? new long[0] : Arrays.stream(terms.split(" ")).mapToLong(Long::parseLong).toArray();
    }
}
