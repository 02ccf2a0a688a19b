package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.ConnectCode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LeaderFinderTest
{
    private static final int NONE = LeaderFinder.NONE;
    private static final long MIN = 20;
    private static final long MAX = 250;

    private final List<Integer> asked = new ArrayList<>();
    private final boolean[] isReachable = {true, true, true};
    private final LeaderFinder finder = new LeaderFinder(3, 1, MIN, MAX, this::ask);
    private long lastId;

    private boolean ask(final int member, final long correlationId)
    {
        if (isReachable[member])
        {
            asked.add(member);
            lastId = correlationId;
        }
        return isReachable[member];
    }

    private boolean answer(final int from, final int likely, final long term, final ConnectCode code, final long now)
    {
        return finder.onConnectReply(lastId, from, likely, term, code, now);
    }

    @BeforeEach
    void begin()
    {
        finder.search(NONE, 0);
    }

    @Test
    void shouldAskOneAfterTheOtherWithABackOffThatDoublesByTheRound()
    {
        final List<Long> times = new ArrayList<>();
        for (long now = 0; now < 2000; now++)
        {
            if (finder.doWork(now) > 0)
            {
                times.add(now);
            }
        }
        assertEquals(List.of(1, 2, 0, 1, 2, 0, 1), asked.subList(0, 7));
        assertEquals(
            List.of(0L, 20L, 40L, 60L, 100L, 140L, 180L, 260L, 340L, 420L, 580L, 740L, 900L, 1150L),
            times.subList(0, 14));
    }

    @Test
    void shouldFollowARedirectAtOnce()
    {
        finder.doWork(0);
        assertFalse(answer(1, 0, 5, ConnectCode.REDIRECT, 3));
        assertEquals(List.of(1, 0), asked);
        assertTrue(answer(0, 0, 5, ConnectCode.OK, 4));
        assertEquals(0, finder.leader());
        assertEquals(5, finder.term());
        assertEquals(0, finder.doWork(1000));
    }

    @Test
    void shouldNotRunInCirclesWhenMembersPointAtEachOther()
    {
        finder.doWork(0);
        for (int i = 0; i < 20; i++)
        {
            final int from = asked.get(asked.size() - 1);
            answer(from, 1 == from ? 2 : 1, 5, ConnectCode.REDIRECT, 1);
        }
        assertEquals(4, asked.size());
        assertEquals(0, finder.doWork(10));
        assertEquals(1, finder.doWork(60));
        assertEquals(2, asked.get(4));
    }

    @Test
    void shouldGoToTheNextAfterTheBackOffWhenNobodyIsKnownToLead()
    {
        finder.doWork(0);
        answer(1, NONE, 5, ConnectCode.REDIRECT, 1);
        answer(1, NONE, 5, ConnectCode.RECOVERING, 1);
        answer(1, 1, 5, ConnectCode.REDIRECT, 1);
        assertEquals(0, finder.doWork(19));
        assertEquals(1, finder.doWork(20));
        assertEquals(List.of(1, 2), asked);
    }

    @Test
    void shouldPassOverMembersThatCannotBeSentTo()
    {
        isReachable[1] = false;
        isReachable[2] = false;
        assertEquals(1, finder.doWork(0));
        assertEquals(List.of(0), asked);
        answer(0, 2, 5, ConnectCode.REDIRECT, 1);
        assertEquals(List.of(0, 0), asked);
    }

    @Test
    void shouldAskAsSoonAsAnybodyCanBeSentTo()
    {
        isReachable[0] = false;
        isReachable[1] = false;
        isReachable[2] = false;
        assertEquals(0, finder.doWork(0));
        isReachable[0] = true;
        assertEquals(1, finder.doWork(1));
        assertEquals(List.of(0), asked);
    }

    @Test
    void shouldTakeALateAnswerOfTheSameSearchAndNoneOfAnEarlierOne()
    {
        finder.doWork(0);
        finder.doWork(20);
        final long firstId = lastId - 1;
        assertTrue(finder.onConnectReply(firstId, 1, 1, 5, ConnectCode.OK, 30));
        finder.search(NONE, 40);
        assertFalse(finder.onConnectReply(firstId, 1, 1, 5, ConnectCode.OK, 41));
        assertEquals(NONE, finder.leader());
        assertFalse(finder.onConnectReply(lastId + 1, 1, 1, 5, ConnectCode.OK, 41));
        finder.doWork(40);
        assertEquals(2, asked.get(asked.size() - 1));
    }

    @Test
    void shouldNotBelieveALeaderOfAPastTermUntilTwoRoundsFoundNobodyBetter()
    {
        finder.doWork(0);
        answer(1, NONE, 9, ConnectCode.REDIRECT, 1);
        finder.doWork(20);
        assertFalse(answer(2, 2, 8, ConnectCode.OK, 21));
        for (int i = 2; i < 7; i++)
        {
            finder.doWork(i * 10_000);
        }
        assertTrue(answer(0, 0, 1, ConnectCode.OK, 70_000));
        assertEquals(1, finder.term());
    }

    @Test
    void shouldGoOverToALeaderOfALaterTerm()
    {
        finder.doWork(0);
        final long firstId = lastId;
        finder.doWork(20);
        assertTrue(answer(2, 2, 8, ConnectCode.OK, 21));
        assertFalse(finder.onConnectReply(firstId, 1, 1, 7, ConnectCode.OK, 22));
        assertEquals(2, finder.leader());
        assertTrue(finder.onConnectReply(firstId, 1, 1, 9, ConnectCode.OK, 22));
        assertEquals(1, finder.leader());
    }

    @Test
    void shouldSearchAgainWhenARedirectIsNews()
    {
        finder.doWork(0);
        assertFalse(finder.onRedirect(false, NONE, 4, 1));
        assertTrue(answer(1, 1, 6, ConnectCode.OK, 1));
        assertFalse(finder.onRedirect(true, 2, 5, 2));
        assertFalse(finder.onRedirect(true, 1, 6, 2));
        assertFalse(finder.onRedirect(true, 1, 7, 2));
        assertEquals(7, finder.term());
        assertTrue(finder.onRedirect(true, NONE, 7, 2));
        assertTrue(finder.onRedirect(false, 2, 8, 2));
    }

    @Test
    void shouldStayWithItsLeaderWhenOthersLoseSightOfIt()
    {
        finder.doWork(0);
        answer(1, 1, 6, ConnectCode.OK, 1);
        assertFalse(finder.onRedirect(false, NONE, 6, 2));
        assertFalse(finder.onRedirect(false, NONE, 7, 2));
        assertEquals(1, finder.leader());
    }

    @Test
    void shouldAskAtOnceWhoeverIsNamedInATermThatHadNoLeaderYet()
    {
        finder.doWork(0);
        answer(1, NONE, 6, ConnectCode.REDIRECT, 1);
        finder.onRedirect(false, NONE, 6, 2);
        assertEquals(List.of(1), asked);
        assertFalse(finder.onRedirect(false, 0, 6, 2));
        assertEquals(List.of(1, 0), asked);
        // Others say the same.
        assertFalse(finder.onRedirect(false, 0, 6, 3));
        assertEquals(List.of(1, 0), asked);
        assertFalse(finder.onRedirect(false, 2, 7, 3));
        assertEquals(List.of(1, 0, 2), asked);
        assertFalse(finder.onRedirect(false, 1, 6, 3));
        assertEquals(List.of(1, 0, 2), asked);
    }

    @Test
    void shouldTakeTheWordOfWhoeverSaysThatItLeads()
    {
        finder.doWork(0);
        answer(1, NONE, 6, ConnectCode.REDIRECT, 1);
        assertFalse(finder.onProclaimed(0, 5));
        assertTrue(finder.onProclaimed(0, 6));
        assertEquals(0, finder.leader());
        assertFalse(finder.onProclaimed(0, 6));
        assertFalse(finder.onProclaimed(0, 7));
        // What was asked before is answered by one who does not know yet.
        assertFalse(answer(1, 0, 6, ConnectCode.REDIRECT, 3));
        assertTrue(finder.onProclaimed(2, 8));
        assertEquals(2, finder.leader());
        assertEquals(8, finder.term());
    }

    @Test
    void shouldBeginWithTheLikelyOneAndElseWithTheOneAfterTheLeaderThatWasLost()
    {
        finder.doWork(0);
        answer(1, 1, 6, ConnectCode.OK, 1);
        finder.search(0, 10);
        finder.doWork(10);
        assertEquals(List.of(1, 0), asked);
        answer(0, 0, 7, ConnectCode.OK, 11);
        finder.search(NONE, 20);
        finder.doWork(20);
        assertEquals(List.of(1, 0, 1), asked);
    }
}
