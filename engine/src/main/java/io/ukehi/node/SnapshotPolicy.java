package io.ukehi.node;

/**
 * When a replica takes a snapshot, and how much log it keeps below one.
 *
 * @param entries        taken at each multiple of so many entries, at the same indexes on every member; 0: not by
 *                       entries.
 * @param bytes          taken when so many bytes of log were applied since the last one; 0: not by bytes.
 * @param intervalNs     taken when so much time has gone since the last one, in nanoseconds; 0: not by time.
 * @param minEntries     entries since the last one below which none is taken, by whatever reason but by hand.
 * @param tailEntries    entries kept below a snapshot, so that a follower that is a little behind needs none.
 * @param lagEntries     entries kept below a snapshot at most for a follower that is further behind.
 * @param sliceLength    bytes of state written, or read back, in one cycle.
 */
public record SnapshotPolicy(
    long entries, long bytes, long intervalNs, long minEntries, long tailEntries, long lagEntries, int sliceLength)
{
    /** Entries from one snapshot to the next by default. */
    public static final long ENTRIES_DEFAULT = 10_000;

    /** Entries kept below a snapshot by default. */
    public static final long TAIL_ENTRIES_DEFAULT = 10_000;

    /** Entries kept for a follower that is further behind by default. */
    public static final long LAG_ENTRIES_DEFAULT = 100_000;

    /** Bytes of state in one cycle by default: about ten microseconds. */
    public static final int SLICE_LENGTH_DEFAULT = 64 * 1024;

    /** Bytes a second sent to one follower by default: 128 MiB. */
    public static final int TRANSFER_RATE_DEFAULT = 128 * 1024 * 1024;

    /** None but by hand; the log is kept as by default. */
    public static final SnapshotPolicy BY_HAND = new SnapshotPolicy(
        0, 0, 0, 0, TAIL_ENTRIES_DEFAULT, LAG_ENTRIES_DEFAULT, SLICE_LENGTH_DEFAULT);

    public SnapshotPolicy
    {
        if (entries < 0 || bytes < 0 || intervalNs < 0 || minEntries < 0 || tailEntries < 0 ||
            lagEntries < tailEntries || sliceLength < 1)
        {
            throw new IllegalArgumentException("a policy of snapshots that cannot be: entries " + entries + ", bytes " +
                bytes + ", interval " + intervalNs + " ns, least entries " + minEntries + ", tail " + tailEntries +
                ", lag " + lagEntries + ", slice " + sliceLength);
        }
    }
}
