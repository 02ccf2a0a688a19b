package io.ukehi.client;

import io.ukehi.Invariant;
import org.agrona.BitUtil;
import org.agrona.collections.Long2LongHashMap;

/**
 * Queries that have been sent and have not ended, found by correlation id and kept in the order of their deadlines.
 * <p>
 * Of a fixed size, so that it never allocates after its construction. Queries are added with deadlines that never
 * fall, which makes the list below sorted by itself: the first one tells whether any has expired. A reply may come in
 * any order, and a query that never gets one holds up none of the others, for which a plain ring would not do. Since
 * correlation ids rise by one, nearly all are found in a ring by their low bits; one whose place is still taken, by a
 * query that waits for long, is in a map.
 * <pre>
 *   ring:     low bits of id -> slot, 0: none   slots 1..capacity, slot 0 is the list's head
 *   slotById: correlation id -> slot, of those that had no place in the ring
 *
 *   head (0) -> oldest -> ... -> youngest -> head, doubly linked through next[] and previous[]
 *   free slots: a stack through next[]
 * </pre>
 * Owned by the thread that uses the client.
 */
final class OutstandingQueries
{
    /** No such query. */
    static final long NONE = -1;

    private static final int HEAD = 0;

    private final int capacity;
    private final long[] correlationIds;
    private final long[] deadlinesNs;
    private final int[] next;
    private final int[] previous;
    private final int[] ring;
    private final int ringMask;
    private final Long2LongHashMap slotById;
    private int free;
    private int size;

    OutstandingQueries(final int capacity)
    {
        this.capacity = capacity;
        correlationIds = new long[capacity + 1];
        deadlinesNs = new long[capacity + 1];
        next = new int[capacity + 1];
        previous = new int[capacity + 1];
        ring = new int[BitUtil.findNextPositivePowerOfTwo(capacity)];
        ringMask = ring.length - 1;
        // Twice the size at a load factor above a half: it is never rehashed.
        slotById = new Long2LongHashMap(Math.max(8, capacity * 2), 0.65f, NONE);
        for (int slot = 1; slot < capacity; slot++)
        {
            next[slot] = slot + 1;
        }
        free = 1;
    }

    int size()
    {
        return size;
    }

    boolean isFull()
    {
        return size == capacity;
    }

    /**
     * Adds a query.
     *
     * @param correlationId greater than 0 and not in the table.
     * @param deadlineNs    not before that of any query added earlier.
     */
    void add(final long correlationId, final long deadlineNs)
    {
        Invariant.check(size < capacity, "a query is added to a table with room", size, capacity);
        Invariant.check(!contains(correlationId), "a correlation id is used once", correlationId);
        final int slot = free;
        free = next[slot];
        size++;
        correlationIds[slot] = correlationId;
        deadlinesNs[slot] = deadlineNs;
        final int last = previous[HEAD];
        previous[slot] = last;
        next[slot] = HEAD;
        next[last] = slot;
        previous[HEAD] = slot;
        final int place = (int)correlationId & ringMask;
        if (HEAD == ring[place])
        {
            ring[place] = slot;
        }
        else
        {
            slotById.put(correlationId, slot);
        }
    }

    boolean contains(final long correlationId)
    {
        final int slot = ring[(int)correlationId & ringMask];
        return HEAD != slot && correlationIds[slot] == correlationId ||
            !slotById.isEmpty() && slotById.containsKey(correlationId);
    }

    /** The slot of a query, which has one no longer; or {@link #NONE}. */
    private int take(final long correlationId)
    {
        final int place = (int)correlationId & ringMask;
        final int slot = ring[place];
        if (HEAD != slot && correlationIds[slot] == correlationId)
        {
            ring[place] = HEAD;
            return slot;
        }
        return slotById.isEmpty() ? (int)NONE : (int)slotById.remove(correlationId);
    }

    /** Takes a query out; false if it is not here. */
    boolean remove(final long correlationId)
    {
        final int slot = take(correlationId);
        if (NONE == slot)
        {
            return false;
        }
        unlink(slot);
        return true;
    }

    /** Takes the oldest query out if its deadline has come: its correlation id, or {@link #NONE}. */
    long removeExpired(final long nowNs)
    {
        final int oldest = next[HEAD];
        if (HEAD == oldest || deadlinesNs[oldest] - nowNs > 0)
        {
            return NONE;
        }
        return removeOldest();
    }

    /** Takes the oldest query out: its correlation id, or {@link #NONE}. */
    long removeOldest()
    {
        final int oldest = next[HEAD];
        if (HEAD == oldest)
        {
            return NONE;
        }
        final long correlationId = correlationIds[oldest];
        take(correlationId);
        unlink(oldest);
        return correlationId;
    }

    private void unlink(final int slot)
    {
        next[previous[slot]] = next[slot];
        previous[next[slot]] = previous[slot];
        next[slot] = free;
        free = slot;
        size--;
        Invariant.check(size >= 0, "no more queries end than were sent", size);
    }
}
