package io.ukehi.raft;

import static io.ukehi.raft.SoloRaft.HEARTBEAT_NS;
import static io.ukehi.raft.SoloRaft.MS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Raft section 5.3, the leader's side: how its log reaches one peer, here node 2 of three. */
class ReplicatorTest
{
    // ---- probing

    /** Section 5.3: "it initializes all nextIndex values to the index just after the last one in its log". */
    @Test
    void shouldBeginAfterItsLastEntryWhenElected()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 2).start().lead().cycle();

        final PeerMessage.Append append = onlyAppend(solo);
        assertEquals(3, append.prevIndex());
        assertEquals(2, append.prevTerm());
        assertEquals(1, append.sequence());
        assertEquals(1, append.count(), "its first entry goes along at once");
        assertArrayEquals(bytesOf(solo.log, 4, 4), append.frames());
    }

    @Test
    void shouldSendOneMessageAtATimeWhenItProbes()
    {
        final SoloRaft solo = new SoloRaft(3).start().lead().cycle();
        for (int i = 0; i < 5; i++)
        {
            solo.propose("x");
            solo.pass(MS);
        }
        assertEquals(1, solo.sender.sent(PeerMessage.Append.class, 2).size());

        solo.sender.clear();
        solo.accept(2, 1, 1);
        solo.cycle();
        assertEquals(List.of(2L, 3L, 4L, 5L, 6L), indexesSent(solo));
    }

    @Test
    void shouldProbeAgainFromTheSamePlaceWhenNothingComesBack()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1).start().lead().cycle();
        solo.sender.clear();
        solo.pass(2 * HEARTBEAT_NS);
        assertTrue(solo.sender.sent(PeerMessage.Append.class, 2).isEmpty());

        solo.pass(1);
        final PeerMessage.Append append = onlyAppend(solo);
        assertEquals(2, append.prevIndex());
        assertEquals(2, append.sequence(), "a number of its own");
    }

    @Test
    void shouldTryAgainInTheNextCycleWhenTheNetworkTakesNothing()
    {
        final SoloRaft solo = new SoloRaft(3).start().lead();
        solo.sender.backPressured(true);
        solo.cycle();
        solo.sender.backPressured(false);
        solo.cycle();
        assertEquals(1, onlyAppend(solo).sequence());
    }

    // ---- going back

    /** Section 5.3 and figure 7: the leader finds where the two logs agree, a term at a time. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "same, 1 1 1 4 4 5 5 6 6 6, 1",
        "a, 1 1 1 4 4 5 5 6 6, 2",
        "b, 1 1 1 4, 2",
        "c, 1 1 1 4 4 5 5 6 6 6 6, 1",
        "d, 1 1 1 4 4 5 5 6 6 6 7 7, 1",
        "e, 1 1 1 4 4 4 4, 3",
        "f, 1 1 1 2 2 2 3 3 3 3 3, 3",
        "empty, '', 2",
        "alien, 3 3 3 3, 3"})
    void shouldFindWhereTheLogsAgreeWhenTheFollowerIsAsInFigure7(
        final String name, final String followerTerms, final int mostMessages)
    {
        final SoloRaft leader = new SoloRaft(3).holding(1, 1, 1, 4, 4, 5, 5, 6, 6, 6).stored(7, 0).start().lead();
        final SoloRaft follower = new SoloRaft(2, 3).holding(longs(followerTerms)).stored(7, 0).start();
        int messages = 0;
        for (int cycle = 0; cycle < 10 && leader.raft.matchIndex(2) < leader.log.lastIndex(); cycle++)
        {
            leader.cycle();
            for (final PeerMessage.Append append : leader.sender.sent(PeerMessage.Append.class, 2))
            {
                append.deliver(follower.raft);
                messages++;
            }
            leader.sender.clear();
            follower.cycle();
            follower.sender.sent(PeerMessage.Ack.class).forEach(ack -> ack.deliver(leader.raft));
            follower.sender.clear();
        }

        leader.cycle();
        assertEquals(leader.terms(), follower.terms());
        assertEquals(leader.log.digestAt(11), follower.log.digestAt(11));
        assertEquals(11, leader.raft.commitIndex());
        assertTrue(messages <= mostMessages, messages + " messages");
    }

    @Test
    void shouldGoToTheEndOfTheTermWhenTheConflictIsInATermItHas()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 3, 3, 3, 5, 5).start().lead().cycle();
        solo.sender.clear();

        // The follower: 1 1 3 3 3 3 3. It differs at 7, where its run of term 3 began at 3.
        solo.reject(2, 1, 3, 3);
        solo.cycle();

        assertEquals(5, onlyAppend(solo).prevIndex());
    }

    @Test
    void shouldGoWhereThePeerSaysWhenTheConflictIsInATermItDoesNotHave()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 3, 3, 3, 5, 5).start().lead().cycle();
        solo.sender.clear();

        solo.reject(2, 1, 3, 4);
        solo.cycle();

        assertEquals(2, onlyAppend(solo).prevIndex());
    }

    @Test
    void shouldNotGoBackWhenTheRefusalIsOfAnEarlierAttempt()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 1, 1, 1).start().lead().cycle();
        solo.reject(2, 1, 3, RaftLog.UNKNOWN_TERM);
        solo.cycle();
        assertEquals(2, solo.sender.sent(PeerMessage.Append.class, 2).getLast().prevIndex());
        solo.sender.clear();

        solo.reject(2, 1, 1, RaftLog.UNKNOWN_TERM);
        solo.reject(2, 7, 1, RaftLog.UNKNOWN_TERM);
        solo.cycle();

        assertTrue(solo.sender.sent(PeerMessage.Append.class, 2).isEmpty(), "the second attempt is still out");
    }

    @Test
    void shouldNotGoBackBelowTheMatchIndexWhenRefused()
    {
        final SoloRaft solo = streaming(3, 1, 1, 1);
        solo.propose("a");
        solo.cycle();
        solo.sender.clear();

        solo.reject(2, 2, 1, RaftLog.UNKNOWN_TERM);
        solo.cycle();

        assertEquals(4, onlyAppend(solo).prevIndex());
        assertEquals(4, solo.raft.matchIndex(2));
    }

    @Test
    void shouldGoOnWhereThePeerEndsWhenItIsTooShort()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1, 1, 1, 1).start().lead().cycle();
        solo.sender.clear();

        solo.reject(2, 1, 2, RaftLog.UNKNOWN_TERM);
        solo.cycle();

        final PeerMessage.Append append = onlyAppend(solo);
        assertEquals(1, append.prevIndex());
        assertArrayEquals(bytesOf(solo.log, 2, 6), append.frames());
    }

    // ---- streaming

    /** Catalogue row 20: messages of limited size hold whole entries, all of them, each once and in order. */
    @ParameterizedTest
    @ValueSource(ints = {1, 60, 64, 128, 200, 1000, 100_000})
    void shouldSendEachEntryOnceWhenTheSizeOfAMessageIsLimited(final int maxBytes)
    {
        final SoloRaft solo = new SoloRaft(3);
        solo.config.maxAppendBytes(maxBytes).maxInflightBytes(1_000_000);
        solo.log.entriesPerSegment(7);
        solo.start().lead().cycle();
        solo.accept(2, 1, 1);
        solo.sender.clear();
        for (int i = 0; i < 30; i++)
        {
            solo.propose("x".repeat(i));
        }
        solo.cycle();

        assertEquals(LongStream.rangeClosed(2, 31).boxed().toList(), indexesSent(solo));
        for (final PeerMessage.Append append : solo.sender.sent(PeerMessage.Append.class, 2))
        {
            assertTrue(append.frames().length <= maxBytes || 1 == append.count());
        }
    }

    @Test
    void shouldStopWhenAsManyMessagesAreOutAsItMay()
    {
        final SoloRaft solo = new SoloRaft(3);
        solo.config.maxAppendBytes(1).maxInflightMessages(3);
        solo.start().lead().cycle();
        solo.accept(2, 1, 1);
        solo.sender.clear();
        for (int i = 0; i < 10; i++)
        {
            solo.propose("x");
        }
        solo.cycle();
        assertEquals(List.of(2L, 3L, 4L), indexesSent(solo));
        solo.sender.clear();

        solo.accept(2, 3, 1);
        solo.cycle();
        assertEquals(List.of(5L, 6L), indexesSent(solo), "received is enough to make room, durable or not");
    }

    @Test
    void shouldStopWhenAsManyBytesAreOutAsItMay()
    {
        final SoloRaft solo = new SoloRaft(3);
        solo.config.maxAppendBytes(64).maxInflightBytes(128);
        solo.start().lead().cycle();
        solo.accept(2, 1, 1);
        solo.sender.clear();
        for (int i = 0; i < 10; i++)
        {
            solo.propose("sixteen bytes ..");
        }
        solo.cycle();
        assertEquals(List.of(2L, 3L), indexesSent(solo));
    }

    @Test
    void shouldSendAnEntryOnItsOwnWhenItIsLargerThanTheWindow()
    {
        final SoloRaft solo = new SoloRaft(3);
        solo.config.maxAppendBytes(64).maxInflightBytes(64);
        solo.start().lead().cycle();
        solo.accept(2, 1, 1);
        solo.sender.clear();
        solo.propose("x".repeat(500));
        solo.propose("y");
        solo.cycle();
        assertEquals(List.of(2L), indexesSent(solo));

        solo.accept(2, 2, 2);
        solo.cycle();
        assertEquals(List.of(2L, 3L), indexesSent(solo));
    }

    @Test
    void shouldSendFromTheMatchIndexWhenWhatIsOutIsNotAcknowledgedInTime()
    {
        final SoloRaft solo = streaming(3);
        solo.propose("a");
        solo.cycle();
        solo.propose("b");
        solo.cycle();
        solo.sender.clear();

        solo.pass(2 * HEARTBEAT_NS + 1);

        final PeerMessage.Append append = onlyAppend(solo);
        assertEquals(1, append.prevIndex());
        assertEquals(2, append.count());
    }

    @Test
    void shouldNotSendAgainWhenReceivedButNotYetDurableThere()
    {
        final SoloRaft solo = streaming(3);
        solo.propose("a");
        solo.cycle();
        solo.sender.clear();
        solo.accept(2, 2, 1);

        solo.pass(2 * HEARTBEAT_NS + 1);

        assertTrue(solo.sender.sent(PeerMessage.Append.class, 2).isEmpty());
    }

    /** A slow or dead follower costs the others nothing. */
    @Test
    void shouldServeOnePeerWhenTheOtherIsDead()
    {
        final SoloRaft solo = streaming(3);
        for (int i = 1; i <= 1000; i++)
        {
            solo.propose("x");
            solo.pass(MS);
            solo.accept(2, 1 + i, 0, 1, 1 + i);
        }
        solo.cycle();
        assertEquals(1001, solo.raft.commitIndex());
        assertTrue(solo.sender.sent(PeerMessage.Append.class, 3).size() < 20);
    }

    // ---- progress

    /** Catalogue row 22: acknowledgements out of order never lower the match index. */
    @Test
    void shouldKeepItsProgressWhenAcknowledgementsAreReordered()
    {
        final SoloRaft solo = streaming(3);
        for (int i = 0; i < 5; i++)
        {
            solo.propose("x");
            solo.cycle();
        }
        solo.sender.clear();
        solo.accept(2, 6, 6);
        solo.accept(2, 3, 3);
        solo.reject(2, 4, 2, RaftLog.UNKNOWN_TERM);
        solo.cycle();

        assertEquals(6, solo.raft.matchIndex(2));
        assertTrue(solo.sender.sent(PeerMessage.Append.class, 2).stream().allMatch(m -> m.prevIndex() >= 6));
    }

    /** Figure 2, matchIndex: "reinitialized after election"; what matched another term says nothing of this one. */
    @Test
    void shouldKnowNothingOfThePeerWhenElectedAgain()
    {
        final SoloRaft solo = streaming(3, 1, 1);
        assertEquals(3, solo.raft.matchIndex(2));
        solo.raft.onVoteReply(3, VoteKind.PRE_VOTE, 7, 3, false);
        solo.lead().cycle();

        assertEquals(8, solo.raft.term());
        assertEquals(0, solo.raft.matchIndex(2));
        assertEquals(1, onlyAppend(solo).sequence());
    }

    /** Catalogue row 13. */
    @Test
    void shouldNotCountAnAcknowledgementWhenItIsOfAnotherTerm()
    {
        final SoloRaft solo = new SoloRaft(3).holding(1, 1).stored(5, 0).start().lead().cycle();
        assertEquals(6, solo.raft.term());

        solo.raft.onAck(2, AckKind.ACCEPTED, 5, 1, 0, 1, 3, 3, 0, 0);
        solo.cycle();

        assertEquals(0, solo.raft.matchIndex(2));
        assertEquals(0, solo.raft.commitIndex());
    }

    @Test
    void shouldRefuseAnAcknowledgementWhenItIsOfWhatWasNeverSent()
    {
        final SoloRaft solo = new SoloRaft(3).start().lead().cycle();
        solo.accept(2, 1, 2);
        solo.accept(2, 2, 1);
        solo.accept(9, 1, 1);
        solo.cycle();

        assertEquals(0, solo.raft.matchIndex(2));
        assertEquals(0, solo.raft.commitIndex());
        assertEquals(2, solo.refused.size());
    }

    /** Catalogue row 23: what a life of the peer before this one vouched for is void. */
    @Test
    void shouldBeginAnewWhenThePeerWasStartedAgain()
    {
        final SoloRaft solo = streaming(5);
        solo.propose("a");
        solo.cycle();
        solo.accept(2, 2, 1, 1, 2);
        assertEquals(2, solo.raft.matchIndex(2));
        solo.sender.clear();

        solo.accept(2, 0, 2, 77, 0);
        solo.cycle();

        assertEquals(0, solo.raft.matchIndex(2));
        assertEquals(2, onlyAppend(solo).prevIndex(), "probed as if newly elected");
    }

    /** Catalogue row 23: a late answer of the life before changes nothing. */
    @Test
    void shouldNotTakeBackItsProgressWhenAnAnswerOfAnEarlierLifeComesLate()
    {
        final SoloRaft solo = streaming(5);
        solo.propose("a");
        solo.cycle();
        solo.accept(2, 2, 1, 1, 2);
        solo.accept(2, 0, 2, 77, 0);
        solo.cycle();

        solo.accept(2, 2, 1, 1, 2);
        solo.accept(2, 2, 2, 1, 2);
        solo.cycle();

        assertEquals(0, solo.raft.matchIndex(2));
    }

    /** A log that is purged while a peer is behind must not bring the leader down. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldGoOnAtTheFirstEntryWhenTheLogIsPurgedBeyondThePeer(final boolean isStreaming)
    {
        final SoloRaft solo = new SoloRaft(3);
        solo.config.maxAppendBytes(1).maxInflightMessages(1);
        solo.start().lead().cycle();
        if (isStreaming)
        {
            solo.accept(2, 1, 1);
        }
        for (int i = 0; i < 10; i++)
        {
            solo.propose("x");
        }
        solo.cycle();
        solo.log.purgeTo(8);
        solo.sender.clear();
        solo.accept(2, isStreaming ? 2 : 1, isStreaming ? 2 : 1);

        solo.cycle();

        assertEquals(7, onlyAppend(solo).prevIndex());
        assertEquals(List.of(8L), indexesSent(solo));
    }

    // ---- helpers

    /** A leader whose peer 2 has accepted everything, its first entry included. */
    private static SoloRaft streaming(final int size, final long... terms)
    {
        final SoloRaft solo = new SoloRaft(size).holding(terms).start().lead().cycle();
        solo.accept(2, 1, terms.length + 1);
        solo.cycle();
        solo.sender.clear();
        return solo;
    }

    private static PeerMessage.Append onlyAppend(final SoloRaft solo)
    {
        final List<PeerMessage.Append> appends = solo.sender.sent(PeerMessage.Append.class, 2);
        assertEquals(1, appends.size(), appends::toString);
        return appends.getFirst();
    }

    /** Indexes of the entries sent to node 2, read out of the frames; each message follows from its own head. */
    private static List<Long> indexesSent(final SoloRaft solo)
    {
        final List<Long> indexes = new ArrayList<>();
        for (final PeerMessage.Append append : solo.sender.sent(PeerMessage.Append.class, 2))
        {
            final EntryCursor cursor = solo.log.newCursor();
            assertTrue(solo.log.verify(cursor, new UnsafeBuffer(append.frames()), 0, append.frames().length));
            long expected = append.prevIndex();
            while (cursor.next())
            {
                assertEquals(++expected, cursor.index());
                indexes.add(cursor.index());
            }
            assertEquals(append.count(), expected - append.prevIndex());
            assertEquals(solo.log.termAt(append.prevIndex()), append.prevTerm());
        }
        return indexes;
    }

    private static byte[] bytesOf(final InMemoryLog log, final long from, final long to)
    {
        final EntryCursor cursor = log.newCursor();
        log.read(from, to, Integer.MAX_VALUE, cursor);
        final byte[] bytes = new byte[cursor.length()];
        cursor.buffer().getBytes(cursor.offset(), bytes);
        return bytes;
    }

    private static long[] longs(final String terms)
    {
        return terms.isEmpty() ? new long[0] : Arrays.stream(terms.split(" ")).mapToLong(Long::parseLong).toArray();
    }
}
