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
    private record Orphan(long index, long term, long sessionId, long correlationId, int length)
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
    private final int[] lengths;
    private final int capacity;
    private final long maxBytes;
    private final int mask;
    private final PriorityQueue<Orphan> orphans = new PriorityQueue<>(Comparator.comparingLong(Orphan::index));
    private long head;
    private long tail;
    private long bytes;
    private long appliedTerm;

    /**
     * @param capacity most commands, 1 or more.
     * @param maxBytes most bytes of them, 1 or more; where there are none, one command of any length is taken.
     */
    PendingProposals(final int capacity, final long maxBytes)
    {
        this.capacity = capacity;
        this.maxBytes = maxBytes;
        final int size = BitUtil.findNextPositivePowerOfTwo(capacity);
        indexes = new long[size];
        terms = new long[size];
        sessionIds = new long[size];
        correlationIds = new long[size];
        lengths = new int[size];
        mask = size - 1;
    }

    /** Whether there is room for a command of so many bytes. */
    boolean hasRoom(final int length)
    {
        return size() < capacity && (0 == bytes || bytes + length <= maxBytes);
    }

    /** Whether half of the room is taken: who has more than a fair share of it is to leave the rest to others. */
    boolean isHalfFull()
    {
        return size() >= (capacity + 1) / 2 || bytes >= maxBytes / 2;
    }

    int capacity()
    {
        return capacity;
    }

    long maxBytes()
    {
        return maxBytes;
    }

    void add(
        final long index, final long term, final long sessionId, final long correlationId, final int length)
    {
        Invariant.check(hasRoom(length), "there is room for a proposal", capacity);
        Invariant.check(head == tail || indexes[(int)(tail - 1) & mask] < index, "indexes of proposals rise", index);
        final int slot = (int)tail++ & mask;
        indexes[slot] = index;
        terms[slot] = term;
        sessionIds[slot] = sessionId;
        correlationIds[slot] = correlationId;
        lengths[slot] = length;
        bytes += length;
    }

    /** Takes the oldest out of the ring, where it still lies: its slot. */
    private int pop()
    {
        final int slot = (int)head++ & mask;
        bytes -= lengths[slot];
        return slot;
    }

    private Orphan pollOrphan()
    {
        final Orphan orphan = orphans.poll();
        bytes -= orphan.length;
        return orphan;
    }

    /** Leadership has ended. */
    void putAside()
    {
        for (; head < tail; head++)
        {
            final int slot = (int)head & mask;
            orphans.add(new Orphan(indexes[slot], terms[slot], sessionIds[slot], correlationIds[slot], lengths[slot]));
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
            final int slot = pop();
            isFound |= endAt(terms[slot], term, sessionIds[slot], correlationIds[slot], superseded);
        }
        while (!orphans.isEmpty() && orphans.peek().index == index)
        {
            final Orphan orphan = pollOrphan();
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
            final int slot = pop();
            superseded.onEnd(sessionIds[slot], correlationIds[slot]);
        }
        while (!orphans.isEmpty() && orphans.peek().index <= index)
        {
            final Orphan orphan = pollOrphan();
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
                bytes -= orphan.length;
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
            final Orphan orphan = pollOrphan();
            abandoned.onEnd(orphan.sessionId, orphan.correlationId);
        }
    }

    /** Nothing more will be applied. */
    void abandon(final Sink abandoned)
    {
        putAside();
        while (!orphans.isEmpty())
        {
            final Orphan orphan = pollOrphan();
            abandoned.onEnd(orphan.sessionId, orphan.correlationId);
        }
    }

    int size()
    {
        return (int)(tail - head) + orphans.size();
    }
}
