package io.ukehi.transport;

/**
 * How many messages were dropped since the start, by reason. Written and read by one thread; a {@link DropListener}
 * carries the numbers to where others may see them.
 */
public final class DropCounters
{
    private static final DropListener NOBODY = reason -> {};

    private final long[] counts = new long[DropReason.values().length];
    private final DropListener listener;
    private long total;

    /** Counts only. */
    public DropCounters()
    {
        this(NOBODY);
    }

    /**
     * @param listener told of each drop after it was counted.
     */
    public DropCounters(final DropListener listener)
    {
        this.listener = listener;
    }

    /** Counts one. */
    public void increment(final DropReason reason)
    {
        counts[reason.ordinal()]++;
        total++;
        listener.onDrop(reason);
    }

    /** Dropped for this reason. */
    public long get(final DropReason reason)
    {
        return counts[reason.ordinal()];
    }

    /** Dropped for any reason. */
    public long total()
    {
        return total;
    }
}
