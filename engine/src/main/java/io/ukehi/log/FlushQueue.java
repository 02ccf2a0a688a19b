package io.ukehi.log;

import io.ukehi.Invariant;

/**
 * What has been handed over to be made durable, and how far that has come: a ring between the duty-cycle thread, which
 * submits, and the writer, which completes. A completion is the number of a submission, so that one can never be taken
 * for another, whatever has been cut meanwhile.
 */
final class FlushQueue
{
    private static final int CAPACITY = 1024;
    private static final int MASK = CAPACITY - 1;

    private final long[] positions = new long[CAPACITY];
    private final long[] indexes = new long[CAPACITY];
    private volatile long submitted;
    private volatile long completed;
    // Of the duty-cycle thread.
    private long submittedPosition;
    private long durableIndex;
    private long collected;

    /** Begins anew: everything up to an index is durable. Only while the writer rests. */
    void reset(final long position, final long index)
    {
        collected = submitted;
        completed = submitted;
        submittedPosition = position;
        durableIndex = index;
    }

    /** Duty-cycle thread: hands over what was appended. False if there is nothing new, or the queue is full. */
    boolean submit(final long position, final long index)
    {
        final long number = submitted;
        // One slot stays free: the last completed one is still to be read.
        if (position == submittedPosition || number - completed >= CAPACITY - 1)
        {
            return false;
        }
        Invariant.check(position > submittedPosition, "positions rise", position, submittedPosition);
        submittedPosition = position;
        positions[(int)number & MASK] = position;
        indexes[(int)number & MASK] = index;
        submitted = number + 1;
        return true;
    }

    /** Duty-cycle thread: highest index that is durable. */
    long durableIndex()
    {
        final long number = completed;
        if (number != collected)
        {
            collected = number;
            durableIndex = indexes[(int)(number - 1) & MASK];
        }
        return durableIndex;
    }

    /** Writer: number of submissions so far; the last of them covers those before. */
    long submitted()
    {
        return submitted;
    }

    long completed()
    {
        return completed;
    }

    /** Writer: position of a submission. */
    long position(final long number)
    {
        return positions[(int)(number - 1) & MASK];
    }

    /** Writer: last index of a submission. */
    long index(final long number)
    {
        return indexes[(int)(number - 1) & MASK];
    }

    /** Writer: everything up to a submission is durable. */
    void complete(final long number)
    {
        completed = number;
    }
}
