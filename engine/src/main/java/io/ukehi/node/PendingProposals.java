package io.ukehi.node;

import io.ukehi.CoverageMark;
import io.ukehi.Invariant;
import java.util.Comparator;
import java.util.Iterator;
import java.util.PriorityQueue;
import org.agrona.BitUtil;

/**
 * Commands that this replica has taken and whose end is not known yet: by index and term, so that each ends as exactly
 * one of committed, superseded or abandoned.
 * <p>
 * A cut from the log ends nothing: the entry may be alive elsewhere and be committed yet. Only what is committed
 * decides, here or under a later leader: at its index itself; or anywhere before it, if it is of a later term, since
 * terms never fall along a log. Without the second rule a leader that is elected again, with a log cut short, might
 * have no room for the very commands that would bring it to that index.
 * <p>
 * Those of the present leadership stand in a ring, in the order of their indexes. When leadership ends, what is left of
 * them is put aside and waits, however long it takes.
 * <p>
 * Duty-cycle thread. The ring allocates nothing.
 */
final class PendingProposals
{
    /** A command of an earlier leadership. */
    private record Orphan(long index, long term, long sessionId, long correlationId)
    {
    }

    /** Told of the commands that will not be applied. */
    interface Sink
    {
        void onEnd(long sessionId, long correlationId);
    }

    private final long[] indexes;
    private final long[] terms;
    private final long[] sessionIds;
    private final long[] correlationIds;
    private final int capacity;
    private final int mask;
    private final PriorityQueue<Orphan> orphans = new PriorityQueue<>(Comparator.comparingLong(Orphan::index));
    private long head;
    private long tail;
    private long appliedTerm;

    PendingProposals(final int capacity)
    {
        this.capacity = capacity;
        final int size = BitUtil.findNextPositivePowerOfTwo(capacity);
        indexes = new long[size];
        terms = new long[size];
        sessionIds = new long[size];
        correlationIds = new long[size];
        mask = size - 1;
    }

    boolean isFull()
    {
        return tail - head + orphans.size() >= capacity;
    }

    void add(final long index, final long term, final long sessionId, final long correlationId)
    {
        Invariant.check(!isFull(), "there is room for a proposal", capacity);
        Invariant.check(head == tail || indexes[(int)(tail - 1) & mask] < index, "indexes of proposals rise", index);
        final int slot = (int)tail++ & mask;
        indexes[slot] = index;
        terms[slot] = term;
        sessionIds[slot] = sessionId;
        correlationIds[slot] = correlationId;
    }

    /** Leadership has ended. */
    void putAside()
    {
        for (; head < tail; head++)
        {
            final int slot = (int)head & mask;
            orphans.add(new Orphan(indexes[slot], terms[slot], sessionIds[slot], correlationIds[slot]));
        }
    }

    /**
     * An entry was applied.
     *
     * @return whether it was proposed here. Ends it, and those that it shows to be superseded.
     */
    boolean onApplied(final long index, final long term, final Sink superseded)
    {
        onAppliedTo(index - 1, term, superseded);
        boolean isFound = false;
        while (head < tail && indexes[(int)head & mask] == index)
        {
            final int slot = (int)head++ & mask;
            isFound |= endAt(terms[slot], term, sessionIds[slot], correlationIds[slot], superseded);
        }
        while (!orphans.isEmpty() && orphans.peek().index == index)
        {
            final Orphan orphan = orphans.poll();
            if (endAt(orphan.term, term, orphan.sessionId, orphan.correlationId, superseded))
            {
                CoverageMark.COMMITTED_AFTER_LEADERSHIP.hit();
                isFound = true;
            }
        }
        return isFound;
    }

    private static boolean endAt(
        final long proposedTerm,
        final long appliedTerm,
        final long sessionId,
        final long correlationId,
        final Sink superseded)
    {
        if (proposedTerm != appliedTerm)
        {
            CoverageMark.SUPERSEDED.hit();
            superseded.onEnd(sessionId, correlationId);
            return false;
        }
        return true;
    }

    /**
     * Everything up to an index is applied, and what is still waiting there was not among it.
     *
     * @param term of the newest entry that is known to be committed, there or behind.
     */
    void onAppliedTo(final long index, final long term, final Sink superseded)
    {
        while (head < tail && indexes[(int)head & mask] <= index)
        {
            final int slot = (int)head++ & mask;
            superseded.onEnd(sessionIds[slot], correlationIds[slot]);
        }
        while (!orphans.isEmpty() && orphans.peek().index <= index)
        {
            final Orphan orphan = orphans.poll();
            superseded.onEnd(orphan.sessionId, orphan.correlationId);
        }
        if (term > appliedTerm)
        {
            appliedTerm = term;
            endBefore(term, superseded);
        }
    }

    /** A leadership is never put aside below a term that was applied before, so a look at each new term is enough. */
    private void endBefore(final long term, final Sink superseded)
    {
        for (final Iterator<Orphan> iterator = orphans.iterator(); iterator.hasNext();)
        {
            final Orphan orphan = iterator.next();
            if (orphan.term < term)
            {
                iterator.remove();
                superseded.onEnd(orphan.sessionId, orphan.correlationId);
            }
        }
    }

    /** Entries up to an index will never be applied here: a snapshot contains them, or what took their place. */
    void abandonTo(final long index, final Sink abandoned)
    {
        putAside();
        while (!orphans.isEmpty() && orphans.peek().index <= index)
        {
            final Orphan orphan = orphans.poll();
            abandoned.onEnd(orphan.sessionId, orphan.correlationId);
        }
    }

    /** Nothing more will be applied. */
    void abandon(final Sink abandoned)
    {
        putAside();
        for (Orphan orphan = orphans.poll(); null != orphan; orphan = orphans.poll())
        {
            abandoned.onEnd(orphan.sessionId, orphan.correlationId);
        }
    }

    int size()
    {
        return (int)(tail - head) + orphans.size();
    }
}
