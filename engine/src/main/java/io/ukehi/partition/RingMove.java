package io.ukehi.partition;

/**
 * A range of hashes that goes from one node to another when a ring changes: those greater than {@code after} up to
 * {@code upTo} itself, unsigned and around the end of the numbers, so that {@code upTo} may be the lower of the two. If
 * they are equal, the range is the whole ring.
 *
 * @param after the hash before the range.
 * @param upTo  the last hash of the range.
 * @param from  who had the range.
 * @param to    who has it now.
 */
public record RingMove(long after, long upTo, RingNode from, RingNode to)
{
    private static final double RING = 0x1p64;

    /** Whether a hash lies in the range. */
    public boolean contains(final long hash)
    {
        return Long.compareUnsigned(hash - after - 1, upTo - after - 1) <= 0;
    }

    /** The part of the ring that moves, greater than 0, at most 1. */
    public double share()
    {
        return share(after, upTo);
    }

    static double share(final long after, final long upTo)
    {
        // A long as an unsigned number; the last bit is beyond a double's precision anyway.
        final double length = ((upTo - after - 1) >>> 1) * 2.0;
        return (length + 1) / RING;
    }
}
