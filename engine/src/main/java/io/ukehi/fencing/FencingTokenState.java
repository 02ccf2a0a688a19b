package io.ukehi.fencing;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Issues fencing tokens, strictly rising, and never goes back: not on a lower term, not on a race between threads, not
 * when the sequence of a term runs out.
 * <p>
 * The state is the last token issued or observed. It is rebuilt from the log at start ({@link #observe(long)}), moved
 * to a leader's term when it is elected ({@link #beginTerm(long)}) and advanced by CAS ({@link #issue()}). Every method
 * may be called by any thread and none blocks.
 */
public final class FencingTokenState
{
    /** What {@link #issue()} returns when no sequence is left in the term. No token has this value. */
    public static final long EXHAUSTED = FencingToken.NONE;

    private final AtomicLong last = new AtomicLong(FencingToken.NONE);
    private final long maxSequence;

    /** Issues 2<sup>32</sup> - 1 tokens a term, with sequences from 1. */
    public FencingTokenState()
    {
        this(FencingToken.MAX_PART);
    }

    /**
     * With a lower limit, so that what happens at the end of a term can be lived through without 2<sup>32</sup> writes.
     *
     * @param maxSequence highest sequence to issue, 1 to {@link FencingToken#MAX_PART}.
     */
    public FencingTokenState(final long maxSequence)
    {
        if (maxSequence < 1 || maxSequence > FencingToken.MAX_PART)
        {
            throw new IllegalArgumentException("maxSequence must be in 1..2^32-1: " + maxSequence);
        }
        this.maxSequence = maxSequence;
    }

    /**
     * The next token of the current term.
     *
     * @return a token greater than every one issued or observed before, or {@link #EXHAUSTED} if the term has no
     * sequence left, in which case nothing has changed.
     */
    public long issue()
    {
        while (true)
        {
            final long current = last.get();
            if (FencingToken.sequence(current) >= maxSequence)
            {
                return EXHAUSTED;
            }
            final long next = current + 1;
            if (last.compareAndSet(current, next))
            {
                return next;
            }
        }
    }

    /**
     * Moves to a term: the next token issued is the first of it, unless tokens of this or a later term were seen
     * already.
     *
     * @param term of the leader that issues from now on, 1 to {@link FencingToken#MAX_PART}.
     * @throws IllegalArgumentException if the term does not fit: a cluster ends at term 2<sup>32</sup> - 1.
     */
    public void beginTerm(final long term)
    {
        observe(FencingToken.of(term, 0));
    }

    /** Takes note of a token that somebody issued: what is issued here from now on is greater. Never goes back. */
    public void observe(final long token)
    {
        long current = last.get();
        while (FencingToken.isBefore(current, token) && !last.compareAndSet(current, token))
        {
            current = last.get();
        }
    }

    /** The last token issued or observed, {@link FencingToken#NONE} at the beginning. */
    public long last()
    {
        return last.get();
    }

    /** How many tokens are left in the current term. */
    public long remaining()
    {
        return Math.max(0, maxSequence - FencingToken.sequence(last.get()));
    }
}
