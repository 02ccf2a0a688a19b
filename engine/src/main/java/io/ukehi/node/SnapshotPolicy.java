package io.ukehi.node;

/**
 * When a replica takes a snapshot, how fast it writes one, and how much log it keeps below one.
 *
 * @param entries        taken at multiples of so many entries, at the same indexes on every member; 0: not by entries.
 * @param bytes          taken when so many bytes of log were applied since the last one; 0: not by bytes.
 * @param intervalNs     taken when so much time has gone since the last one, in nanoseconds; 0: not by time.
 * @param minEntries     entries since the last one below which none is taken, by whatever reason but by hand.
 * @param tailEntries    entries kept below a snapshot, so that a follower that is a little behind needs none.
 * @param lagEntries     entries kept below a snapshot at most for a follower that is further behind.
 * @param sliceLength    bytes of state written in one cycle at most.
 * @param logPercent     by entries, one is taken only once the log since the last one has so many hundredths of the
 *                       last one's size, so that a large state is not written over and over for a few entries; 0: at
 *                       each multiple, whatever it costs.
 * @param maxLogBytes    bytes of log since the last one at which it is not put off any longer.
 * @param bytesPerSecond bytes of state written in a second at most.
 */
public record SnapshotPolicy(
    long entries,
    long bytes,
    long intervalNs,
    long minEntries,
    long tailEntries,
    long lagEntries,
    int sliceLength,
    int logPercent,
    long maxLogBytes,
    long bytesPerSecond)
{
    /** Entries from one snapshot to the next by default, at least. */
    public static final long ENTRIES_DEFAULT = 10_000;

    /** Entries kept below a snapshot by default. */
    public static final long TAIL_ENTRIES_DEFAULT = 10_000;

    /** Entries kept for a follower that is further behind by default. */
    public static final long LAG_ENTRIES_DEFAULT = 100_000;

    /** Hundredths of the last snapshot's size that the log since must have by default: what is written is doubled. */
    public static final int LOG_PERCENT_DEFAULT = 100;

    /** Greatest such share: a hundred times the snapshot. */
    public static final int MAX_LOG_PERCENT = 10_000;

    /** Bytes of log since the last snapshot at which the next is not put off any longer by default: 1 GiB. */
    public static final int MAX_LOG_BYTES_DEFAULT = 1024 * 1024 * 1024;

    /** Bytes of state in one cycle by default: some microseconds. */
    public static final int SLICE_LENGTH_DEFAULT = 16 * 1024;

    /** Bytes of state written in a second by default: 32 MiB. */
    public static final int WRITE_RATE_DEFAULT = 32 * 1024 * 1024;

    /** Greatest rate of writing. */
    public static final long MAX_WRITE_RATE = 1L << 31;

    /** Bytes a second sent to one follower by default: 32 MiB. */
    public static final int TRANSFER_RATE_DEFAULT = 32 * 1024 * 1024;

    /** None but by hand; the log is kept as by default. */
    public static final SnapshotPolicy BY_HAND = new SnapshotPolicy(
        0, 0, 0, 0, TAIL_ENTRIES_DEFAULT, LAG_ENTRIES_DEFAULT, SLICE_LENGTH_DEFAULT);

    public SnapshotPolicy
    {
        if (entries < 0 || bytes < 0 || intervalNs < 0 || minEntries < 0 || tailEntries < 0 ||
            lagEntries < tailEntries || sliceLength < 1 || logPercent < 0 || logPercent > MAX_LOG_PERCENT ||
            maxLogBytes < 1 || bytesPerSecond < 1 || bytesPerSecond > MAX_WRITE_RATE)
        {
            throw new IllegalArgumentException("a policy of snapshots that cannot be: entries " + entries + ", bytes " +
                bytes + ", interval " + intervalNs + " ns, least entries " + minEntries + ", tail " + tailEntries +
                ", lag " + lagEntries + ", slice " + sliceLength + ", log " + logPercent + " %, at most " +
                maxLogBytes + ", bytes a second " + bytesPerSecond);
        }
    }

    /** At each multiple of entries, whatever it costs, and as fast as can be. */
    public SnapshotPolicy(
        final long entries,
        final long bytes,
        final long intervalNs,
        final long minEntries,
        final long tailEntries,
        final long lagEntries,
        final int sliceLength)
    {
        this(entries, bytes, intervalNs, minEntries, tailEntries, lagEntries, sliceLength,
            0, Long.MAX_VALUE, MAX_WRITE_RATE);
    }

    /** The same, but that a snapshot by entries waits for a log that is worth it. */
    public SnapshotPolicy amortized(final int newLogPercent, final long newMaxLogBytes)
    {
        return new SnapshotPolicy(entries, bytes, intervalNs, minEntries, tailEntries, lagEntries, sliceLength,
            newLogPercent, newMaxLogBytes, bytesPerSecond);
    }

    /** The same, written no faster than so many bytes a second. */
    public SnapshotPolicy paced(final long newBytesPerSecond)
    {
        return new SnapshotPolicy(entries, bytes, intervalNs, minEntries, tailEntries, lagEntries, sliceLength,
            logPercent, maxLogBytes, newBytesPerSecond);
    }
}
