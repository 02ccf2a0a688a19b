package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Invariant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OutstandingQueriesTest
{
    private static final long NONE = OutstandingQueries.NONE;

    @Test
    void shouldEndEachCommandOnce()
    {
        final OutstandingQueries table = new OutstandingQueries(2);
        table.add(1, 10);
        table.add(2, 20);
        assertTrue(table.isFull());
        assertTrue(table.contains(2));
        assertTrue(table.remove(2));
        assertFalse(table.remove(2));
        assertFalse(table.contains(2));
        assertEquals(1, table.removeExpired(30));
        assertFalse(table.remove(1));
        assertEquals(NONE, table.removeExpired(30));
        assertEquals(NONE, table.removeOldest());
        assertEquals(0, table.size());
    }

    @Test
    void shouldFindACommandWhenAnotherThatWaitsForLongHasItsPlace()
    {
        final OutstandingQueries table = new OutstandingQueries(4);
        table.add(1, 10);
        // The low bits of both are those of 1.
        table.add(5, 20);
        table.add(9, 30);
        assertTrue(table.contains(1) && table.contains(5) && table.contains(9));
        assertFalse(table.contains(13));
        assertFalse(table.remove(13));
        assertThrows(Invariant.Violation.class, () -> table.add(5, 40));
        assertTrue(table.remove(1));
        assertFalse(table.contains(1));
        assertTrue(table.contains(5) && table.contains(9));
        table.add(13, 40);
        assertEquals(5, table.removeExpired(20));
        assertFalse(table.contains(5));
        assertTrue(table.remove(13));
        assertTrue(table.remove(9));
        assertEquals(0, table.size());
    }

    @Test
    void shouldExpireAtTheDeadlineAndNotBefore()
    {
        final OutstandingQueries table = new OutstandingQueries(2);
        // The clock may be anywhere, and wrap.
        table.add(1, Long.MIN_VALUE + 5);
        assertEquals(NONE, table.removeExpired(Long.MAX_VALUE));
        assertEquals(NONE, table.removeExpired(Long.MIN_VALUE + 4));
        assertEquals(1, table.removeExpired(Long.MIN_VALUE + 5));
    }

    @Test
    void shouldHoldOnlyAsManyAsItMayAndEachOnce()
    {
        final OutstandingQueries table = new OutstandingQueries(2);
        table.add(1, 1);
        assertThrows(Invariant.Violation.class, () -> table.add(1, 1));
        final OutstandingQueries full = new OutstandingQueries(1);
        full.add(1, 1);
        assertThrows(Invariant.Violation.class, () -> full.add(2, 1));
    }

    @Test
    void shouldAgreeWithAMapThatKeepsTheOrder()
    {
        for (final int capacity : new int[]{1, 2, 3, 8, 100})
        {
            final Random random = new Random(capacity);
            final OutstandingQueries table = new OutstandingQueries(capacity);
            final Map<Long, Long> model = new LinkedHashMap<>();
            long lastId = 0;
            for (long now = 0; now < 20_000; now++)
            {
                assertEquals(model.size() == capacity, table.isFull());
                if (random.nextInt(100) < 55 && !table.isFull())
                {
                    table.add(++lastId, now + 2L * capacity);
                    model.put(lastId, now + 2L * capacity);
                }
                if (random.nextInt(100) < 50 && lastId > 0)
                {
                    final long id = Math.max(1, lastId - random.nextInt(2 * capacity));
                    assertEquals(null != model.remove(id), table.remove(id));
                }
                assertEquals(expire(model, now), expire(table, now));
                assertEquals(model.size(), table.size());
            }
        }
    }

    private static List<Long> expire(final OutstandingQueries table, final long now)
    {
        final List<Long> expired = new ArrayList<>();
        for (long id = table.removeExpired(now); NONE != id; id = table.removeExpired(now))
        {
            expired.add(id);
        }
        return expired;
    }

    private static List<Long> expire(final Map<Long, Long> model, final long now)
    {
        final List<Long> expired = new ArrayList<>();
        model.forEach((id, deadline) ->
        {
            if (deadline <= now)
            {
                expired.add(id);
            }
        });
        expired.forEach(model::remove);
        return expired;
    }
}
