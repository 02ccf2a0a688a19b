package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PendingProposalsTest
{
    private static final long SESSION = 77;

    private final PendingProposals pending = new PendingProposals(4, 1000);
    private final List<Long> superseded = new ArrayList<>();
    private final List<Long> abandoned = new ArrayList<>();
    private final PendingProposals.Sink toSuperseded = (session, correlation) -> put(superseded, session, correlation);
    private final PendingProposals.Sink toAbandoned = (session, correlation) -> put(abandoned, session, correlation);

    private static void put(final List<Long> list, final long sessionId, final long correlationId)
    {
        assertEquals(SESSION, sessionId);
        list.add(correlationId);
    }

    /** A command whose correlation id is made of its index and term. */
    private void add(final long index, final long term)
    {
        pending.add(index, term, SESSION, 100 * index + term, 8);
    }

    private boolean apply(final long index, final long term)
    {
        return pending.onApplied(index, term, toSuperseded);
    }

    @Test
    void shouldKnowItsOwnWhenTheyAreApplied()
    {
        add(5, 2);
        add(6, 2);
        assertEquals(2, pending.size());
        assertFalse(apply(4, 2), "an entry from before was not proposed here");
        assertTrue(apply(5, 2));
        assertTrue(apply(6, 2));
        assertFalse(apply(7, 2));
        assertEquals(0, pending.size());
        assertEquals(List.of(), superseded);
    }

    @Test
    void shouldEndAsSupersededWhenAnotherTermIsAppliedAtTheIndex()
    {
        add(5, 2);
        pending.putAside();
        assertFalse(apply(5, 3));
        assertEquals(List.of(502L), superseded);
        assertEquals(0, pending.size());
    }

    @Test
    void shouldEndAsSupersededOnceWhenItWasPassedOver()
    {
        add(5, 2);
        add(6, 2);
        add(8, 2);
        assertTrue(apply(8, 2));
        assertEquals(List.of(502L, 602L), superseded);
        pending.onAppliedTo(9, 2, toSuperseded);
        assertEquals(2, superseded.size());
        assertEquals(0, pending.size());
    }

    @Test
    void shouldEndAsSupersededWhenANoOpTookItsPlace()
    {
        add(5, 2);
        add(6, 2);
        pending.putAside();
        pending.onAppliedTo(5, 2, toSuperseded);
        assertEquals(List.of(502L), superseded);
        assertEquals(1, pending.size());
    }

    @Test
    void shouldBeCommittedYetWhenPutAsideAndKeptByTheNextLeader()
    {
        add(5, 2);
        pending.putAside();
        assertEquals(1, pending.size());
        assertTrue(apply(5, 2), "the next leader had it and committed it");
        assertEquals(List.of(), superseded);
    }

    @Test
    void shouldWaitWhenAnEarlierTermIsAppliedBefore()
    {
        add(5, 3);
        pending.putAside();
        assertFalse(apply(4, 2));
        assertEquals(1, pending.size());
        assertTrue(apply(5, 3));
    }

    @Test
    void shouldEndWhenALaterTermIsCommittedAnywhereBefore()
    {
        add(50, 2);
        add(51, 2);
        pending.putAside();
        assertFalse(apply(3, 3));
        assertEquals(List.of(5002L, 5102L), superseded);
        assertEquals(0, pending.size());
    }

    @Test
    void shouldHaveRoomAgainWhenElectedAgainWithAShorterLog()
    {
        for (int i = 0; i < 4; i++)
        {
            add(100 + i, 2);
        }
        assertFalse(pending.hasRoom(8));
        pending.putAside();
        assertFalse(pending.hasRoom(8), "what is put aside is still under way");
        // The log was cut to 10 meanwhile, and this node leads again: its no-op is entry 11.
        pending.onAppliedTo(11, 4, toSuperseded);
        assertTrue(pending.hasRoom(8));
        assertEquals(4, superseded.size());
        add(12, 4);
        assertTrue(apply(12, 4));
    }

    @Test
    void shouldTellEachOnceWhenElectedAgainAtLowerIndexes()
    {
        add(10, 2);
        pending.putAside();
        add(9, 4);
        add(10, 4);
        pending.putAside();
        add(8, 6);
        assertTrue(apply(8, 6));
        assertEquals(List.of(904L, 1002L, 1004L), superseded.stream().sorted().toList());
        assertEquals(0, pending.size());
    }

    @Test
    void shouldTakeTheEntryOfTheRightTermWhenTwoWaitAtOneIndex()
    {
        add(10, 2);
        pending.putAside();
        add(10, 4);
        assertTrue(apply(10, 4));
        assertEquals(List.of(1002L), superseded);
    }

    @Test
    void shouldHandOverAllThatIsLeftWhenAbandoned()
    {
        add(5, 2);
        pending.putAside();
        add(6, 4);
        add(7, 4);
        pending.abandon(toAbandoned);
        assertEquals(List.of(502L, 604L, 704L), abandoned);
        assertEquals(0, pending.size());
        pending.abandon(toAbandoned);
        assertEquals(3, abandoned.size());
        assertEquals(List.of(), superseded);
    }

    @Test
    void shouldBeFullAtItsCapacityWhateverItIs()
    {
        for (int capacity = 1; capacity < 10; capacity++)
        {
            final PendingProposals some = new PendingProposals(capacity, 1000);
            for (int i = 0; i < capacity; i++)
            {
                assertTrue(some.hasRoom(8));
                some.add(i + 1, 1, SESSION, i, 8);
            }
            assertFalse(some.hasRoom(8));
            assertThrows(IllegalStateException.class, () -> some.add(1000, 1, SESSION, 0, 8));
            assertTrue(some.onApplied(1, 1, toSuperseded));
            assertTrue(some.hasRoom(8));
        }
    }

    @Test
    void shouldBeFullAtItsBytesAndTakeOneCommandOfAnyLength()
    {
        assertTrue(pending.hasRoom(5000), "a single command is taken whatever its length");
        pending.add(1, 1, SESSION, 1, 5000);
        assertTrue(pending.isHalfFull());
        assertFalse(pending.hasRoom(1));
        assertTrue(apply(1, 1));
        pending.add(2, 1, SESSION, 2, 499);
        assertFalse(pending.isHalfFull());
        assertTrue(pending.hasRoom(501));
        assertFalse(pending.hasRoom(502));
        pending.add(3, 1, SESSION, 3, 501);
        assertFalse(pending.hasRoom(1));
        pending.putAside();
        assertFalse(pending.hasRoom(1), "what is put aside is still under way");
        pending.onAppliedTo(2, 1, toSuperseded);
        assertTrue(pending.hasRoom(499));
        assertFalse(pending.hasRoom(500));
        pending.onAppliedTo(2, 3, toSuperseded);
        assertTrue(pending.hasRoom(1000));
        pending.add(4, 3, SESSION, 4, 1000);
        pending.abandonTo(4, toAbandoned);
        pending.add(5, 3, SESSION, 5, 1000);
        pending.abandon(toAbandoned);
        assertTrue(pending.hasRoom(1000));
        assertFalse(pending.isHalfFull());
    }

    @Test
    void shouldRefuseAnIndexThatDoesNotRise()
    {
        add(5, 2);
        assertThrows(IllegalStateException.class, () -> add(5, 2));
    }

    /** Leaderships come and go, logs are cut; each command ends once, and in the way that the committed log says. */
    @Test
    void shouldEndEachOnceAsTheCommittedLogSays()
    {
        final Random random = new Random(11);
        for (int run = 0; run < 2000; run++)
        {
            final PendingProposals some = new PendingProposals(64, 1000);
            final Map<Long, String> ends = new HashMap<>();
            final PendingProposals.Sink sink = (session, correlation) ->
                assertEquals("taken", ends.put(correlation, "superseded"));
            long committed = 0;
            long term = 0;
            long committedTerm = 0;
            for (int leadership = 0; leadership < 6; leadership++)
            {
                term += 1 + random.nextInt(2);
                long next = committed + 1;
                for (int i = random.nextInt(6); i > 0; i--)
                {
                    final long correlation = 1000 * next + term;
                    ends.put(correlation, "taken");
                    some.add(next++, term, SESSION, correlation, 1 + (int)next % 5);
                }
                // Of these some are committed, by this leader or by the next.
                if (random.nextBoolean())
                {
                    some.putAside();
                }
                for (long last = committed + random.nextInt((int)(next - committed)); committed < last;)
                {
                    committed++;
                    committedTerm = term;
                    final long correlation = 1000 * committed + term;
                    assertTrue(some.onApplied(committed, term, sink));
                    assertEquals("taken", ends.put(correlation, "committed"));
                }
                some.putAside();
                // Somebody else's entries take the place of others.
                for (int i = random.nextInt(3); i > 0; i--)
                {
                    committedTerm = ++term;
                    assertFalse(some.onApplied(++committed, term, sink));
                }
            }
            some.abandon((session, correlation) -> assertEquals("taken", ends.put(correlation, "abandoned")));
            assertFalse(ends.containsValue("taken"));
            final long lastTerm = committedTerm;
            ends.forEach((correlation, end) -> assertTrue(
                !"abandoned".equals(end) || correlation % 1000 >= lastTerm, "nothing waits in vain"));
        }
    }
}
