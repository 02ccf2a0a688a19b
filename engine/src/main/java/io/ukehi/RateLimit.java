package io.ukehi;

/**
 * So many bytes a second, given out as time goes by. What is not used is kept up to a bound, so that a pause does not
 * end in a burst. One thread; allocates nothing.
 */
public final class RateLimit
{
    private static final long SECOND_NS = 1_000_000_000L;

    /** Longest time that counts at once; with the greatest rate, 2^31 bytes, the product stays below 2^63. */
    private static final long MAX_ELAPSED_NS = SECOND_NS;

    private final long bytesPerSecond;
    private final long maxAllowance;
    private long filledNs;
    private long allowance;

    /**
     * Nothing may be used before {@link #begin}.
     *
     * @param bytesPerSecond 1 to 2^31.
     * @param maxAllowance   bytes that may be used at once, 1 or more.
     */
    public RateLimit(final long bytesPerSecond, final long maxAllowance)
    {
        Invariant.check(bytesPerSecond > 0 && bytesPerSecond <= 1L << 31, "bytes a second", bytesPerSecond);
        Invariant.check(maxAllowance > 0, "bytes at once", maxAllowance);
        this.bytesPerSecond = bytesPerSecond;
        this.maxAllowance = maxAllowance;
    }

    /** Begins at a point in time with nothing to use. */
    public void begin(final long nowNs)
    {
        filledNs = nowNs;
        allowance = 0;
    }

    /**
     * Bytes that may be used now; below 1: none.
     *
     * @param nowNs monotonic, in nanoseconds.
     */
    public long allowance(final long nowNs)
    {
        final long bytes = Math.min(nowNs - filledNs, MAX_ELAPSED_NS) * bytesPerSecond / SECOND_NS;
        if (bytes > 0)
        {
            filledNs = nowNs;
            allowance = Math.min(allowance + bytes, maxAllowance);
        }
        return allowance;
    }

    /** So many were used. More than were allowed is made up for by waiting. */
    public void use(final long bytes)
    {
        allowance -= bytes;
    }
}
