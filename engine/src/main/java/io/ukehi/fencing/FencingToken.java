package io.ukehi.fencing;

/**
 * A fencing token: a number that rises with every command of a cluster, over all of its leaders, so that whoever guards
 * a resource can refuse the late write of a leader or lock holder that is no longer one.
 * <p>
 * Packed into a {@code long} and compared <b>unsigned</b>:
 * <pre>
 *   63            32 31             0
 *  +----------------+----------------+
 *  |      term      |    sequence    |
 *  +----------------+----------------+
 * </pre>
 * Term and sequence are unsigned 32-bit numbers. {@link #NONE} (0) stands for "no token": terms of elected leaders
 * begin at 1. A sequence never wraps and never carries into the term; a leader whose sequence has run out moves to a
 * new term. All methods are pure and may be called by any thread.
 */
public final class FencingToken
{
    /** No token: lower than every token that was ever issued. */
    public static final long NONE = 0L;

    /** Highest term and highest sequence: 2<sup>32</sup> - 1. */
    public static final long MAX_PART = 0xFFFF_FFFFL;

    private FencingToken()
    {
    }

    /**
     * Packs a token.
     *
     * @param term     0 to {@link #MAX_PART}.
     * @param sequence 0 to {@link #MAX_PART}.
     * @return the token.
     * @throws IllegalArgumentException if a part is out of range.
     */
    public static long of(final long term, final long sequence)
    {
        if (0 != (term & ~MAX_PART))
        {
            throw new IllegalArgumentException("term is not an unsigned 32-bit number: " + term);
        }
        if (0 != (sequence & ~MAX_PART))
        {
            throw new IllegalArgumentException("sequence is not an unsigned 32-bit number: " + sequence);
        }
        return (term << 32) | sequence;
    }

    /** The term, 0 to {@link #MAX_PART}. */
    public static long term(final long token)
    {
        return token >>> 32;
    }

    /** The sequence within the term, 0 to {@link #MAX_PART}. */
    public static long sequence(final long token)
    {
        return token & MAX_PART;
    }

    /** As {@link Long#compareUnsigned(long, long)}: tokens are ordered by term, then by sequence. */
    public static int compare(final long a, final long b)
    {
        return Long.compareUnsigned(a, b);
    }

    /** Whether {@code a} was issued before {@code b}. */
    public static boolean isBefore(final long a, final long b)
    {
        return Long.compareUnsigned(a, b) < 0;
    }

    /**
     * The token as a signed number in the same order, for what knows signed numbers only, as the {@code BIGINT} column
     * of a table: {@link #NONE} becomes the lowest of all. {@link #ofSigned(long)} is the way back.
     */
    public static long toSigned(final long token)
    {
        return token ^ Long.MIN_VALUE;
    }

    /** The token that {@link #toSigned(long)} made a signed number of. */
    public static long ofSigned(final long signed)
    {
        return signed ^ Long.MIN_VALUE;
    }

    /** As people read it: {@code term.sequence}, decimal. Allocates. */
    public static String format(final long token)
    {
        return term(token) + "." + sequence(token);
    }
}
