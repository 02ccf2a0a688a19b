package io.ukehi.check;

import java.util.Arrays;
import org.agrona.collections.LongHashSet;

/**
 * Whether a history of the key-value store could have come from one that does each command at one moment between its
 * begin and its end (Herlihy and Wing). Keys are independent of one another, so each is checked alone; the search is
 * that of Wing and Gong with Lowe's memory of what was tried: a set of commands done and the value left behind are
 * never visited twice. What may be next and changes nothing, as a read of the value that is there, is done at once and
 * never later: whatever order there is with it behind, there is one with it here.
 * <p>
 * A command without a known end may be done at any time after its begin, or never. Commands are tried in the order in
 * which the log has them, where that is known: a hint that finds the way at once where there is one, and of which the
 * verdict does not depend, since without success every other order is tried as well.
 */
public final class LinearizabilityChecker
{
    /** What was found. */
    public enum Verdict
    {
        LINEARIZABLE,
        NOT_LINEARIZABLE,
        /** Too many ways to try them all. */
        UNDECIDED
    }

    private static final int NONE = -1;
    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private final int maxSteps;
    private final History history;
    private final LongHashSet visited = new LongHashSet(64);
    // Of one key: commands by begin; what is done, and the way that led there.
    private int[] ops = new int[64];
    private int count;
    private boolean[] isDone;
    private long[] stamps;
    private int[] way;
    private long[] valueBefore;
    private int depth;
    private int openCount;
    private int firstOpen;
    private long value;
    private long doneStamp;
    private int steps;
    private int worstKey = NONE;

    /**
     * @param history  all of it.
     * @param maxSteps bound on what is tried for one key.
     */
    public LinearizabilityChecker(final History history, final int maxSteps)
    {
        this.history = history;
        this.maxSteps = maxSteps;
    }

    /** Checks all keys below a number. */
    public Verdict check(final int keys)
    {
        Verdict verdict = Verdict.LINEARIZABLE;
        for (int key = 0; key < keys; key++)
        {
            final Verdict ofKey = checkKey(key);
            if (Verdict.NOT_LINEARIZABLE == ofKey)
            {
                worstKey = key;
                return ofKey;
            }
            if (Verdict.UNDECIDED == ofKey)
            {
                verdict = ofKey;
            }
        }
        return verdict;
    }

    /** The key whose commands cannot be put into an order, -1 if there is none. */
    public int worstKey()
    {
        return worstKey;
    }

    private Verdict checkKey(final int key)
    {
        collect(key);
        while (openCount > 0)
        {
            if (steps++ > maxSteps)
            {
                return Verdict.UNDECIDED;
            }
            int op = nextCandidate(NONE);
            while (NONE == op)
            {
                if (0 == depth)
                {
                    return Verdict.NOT_LINEARIZABLE;
                }
                final int undone = undo();
                // What changes nothing was right to be done there: no other order would have been better.
                op = changesNothing(undone) ? NONE : nextCandidate(undone);
                if (steps++ > maxSteps)
                {
                    return Verdict.UNDECIDED;
                }
            }
        }
        return Verdict.LINEARIZABLE;
    }

    private void collect(final int key)
    {
        count = 0;
        openCount = 0;
        for (int op = 0; op < history.size(); op++)
        {
            if (history.key(op) == key && History.REJECTED != history.outcome(op) && !isUselessRead(op))
            {
                if (count == ops.length)
                {
                    ops = Arrays.copyOf(ops, 2 * count);
                }
                openCount += isKnown(op) ? 1 : 0;
                ops[count++] = op;
            }
        }
        isDone = new boolean[count];
        stamps = new long[count];
        way = new int[count];
        valueBefore = new long[count];
        for (int i = 0; i < count; i++)
        {
            stamps[i] = mix(GAMMA * (i + 1));
        }
        visited.clear();
        depth = 0;
        firstOpen = 0;
        value = 0;
        doneStamp = 0;
        steps = 0;
    }

    /** Spreads every bit over all others (the finaliser of splitmix64). */
    private static long mix(final long value)
    {
        long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    private boolean isKnown(final int op)
    {
        return History.COMMITTED == history.outcome(op);
    }

    private boolean isUselessRead(final int op)
    {
        return !isKnown(op) && History.GET == history.kind(op);
    }

    /**
     * Does the best command, in the order of hints, that may be next and comes after {@code previous} in that order.
     * What may be next: whatever began before the first end among those that are not done.
     *
     * @return its position; NONE if there is none.
     */
    private int nextCandidate(final int previous)
    {
        final int idle = NONE == previous ? candidateThatChangesNothing() : NONE;
        if (NONE != idle)
        {
            return tryToDo(idle) ? idle : NONE;
        }
        int after = previous;
        while (true)
        {
            int best = NONE;
            long firstEnd = History.NEVER;
            for (int i = firstOpen; i < count && history.begin(ops[i]) <= firstEnd; i++)
            {
                if (!isDone[i])
                {
                    firstEnd = Math.min(firstEnd, history.end(ops[i]));
                    if ((NONE == after || isBefore(after, i)) && (NONE == best || isBefore(i, best)))
                    {
                        best = i;
                    }
                }
            }
            if (NONE == best || tryToDo(best))
            {
                return best;
            }
            after = best;
        }
    }

    private int candidateThatChangesNothing()
    {
        long firstEnd = History.NEVER;
        for (int i = firstOpen; i < count && history.begin(ops[i]) <= firstEnd; i++)
        {
            if (!isDone[i])
            {
                if (changesNothing(i))
                {
                    return i;
                }
                firstEnd = Math.min(firstEnd, history.end(ops[i]));
            }
        }
        return NONE;
    }

    private boolean changesNothing(final int position)
    {
        return isKnown(ops[position]) && apply(ops[position]) == value;
    }

    private boolean isBefore(final int a, final int b)
    {
        final long hintA = hint(a);
        final long hintB = hint(b);
        return hintA < hintB || (hintA == hintB && a < b);
    }

    private long hint(final int position)
    {
        final int index = history.index(ops[position]);
        // A read that needs no entry comes after the one whose state it saw.
        final int after = History.GET == history.kind(ops[position]) ? 1 : 0;
        return 0 == index ? Long.MAX_VALUE : 2L * index + after;
    }

    private boolean tryToDo(final int position)
    {
        final int op = ops[position];
        final long after = apply(op);
        if (after < 0)
        {
            return false;
        }
        final long stamp = doneStamp ^ stamps[position];
        if (!visited.add(mix(stamp + GAMMA * after)))
        {
            return false;
        }
        way[depth] = position;
        valueBefore[depth++] = value;
        isDone[position] = true;
        doneStamp = stamp;
        value = after;
        openCount -= isKnown(op) ? 1 : 0;
        while (firstOpen < count && isDone[firstOpen])
        {
            firstOpen++;
        }
        return true;
    }

    private int undo()
    {
        final int position = way[--depth];
        value = valueBefore[depth];
        isDone[position] = false;
        doneStamp ^= stamps[position];
        openCount += isKnown(ops[position]) ? 1 : 0;
        firstOpen = Math.min(firstOpen, position);
        return position;
    }

    /** The value after a command; negative if the command cannot have ended as it did with the value before. */
    private long apply(final int op)
    {
        final boolean isFree = !isKnown(op);
        final int status = history.status(op);
        return switch (history.kind(op))
        {
            case History.PUT -> isFree || History.OK == status ? history.value(op) : NONE;
            case History.GET -> status == (0 == value ? History.NOT_FOUND : History.OK) &&
                history.result(op) == value ? value : NONE;
            case History.DELETE -> isFree || status == (0 == value ? History.NOT_FOUND : History.OK) ? 0 : NONE;
            default -> applyCas(op, isFree, status);
        };
    }

    private long applyCas(final int op, final boolean isFree, final int status)
    {
        final boolean isMet = history.expected(op) == value;
        if (isFree)
        {
            return isMet ? history.value(op) : value;
        }
        if (isMet)
        {
            return History.OK == status ? history.value(op) : NONE;
        }
        return History.MISMATCH == status && history.result(op) == value ? value : NONE;
    }
}
