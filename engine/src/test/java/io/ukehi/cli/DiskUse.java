package io.ukehi.cli;

import io.ukehi.node.NodeCounters;

/** What members have on their disks, beside what they may have: the log's tail, two snapshots and three segments. */
final class DiskUse
{
    static final int VALUE_LENGTH = 1024;

    /** Entries kept below the newest snapshot. */
    static final int TAIL = 10_000;

    private static final long MIB = 1024 * 1024;
    private static final int FRAME_OVERHEAD = 140;
    private static final int RECORD_OVERHEAD = 100;
    private static final long MAX_PART_LENGTH = 16 * MIB;

    private final SnapshotWorkbench bench;
    private final long segmentLength;
    private final long snapshotLength;
    /** As of the sample before: what a snapshot makes superfluous is deleted after it, and not all at once. */
    private final long[] newest = new long[SnapshotWorkbench.SIZE + 1];
    /** Samples in a row with too much. One may be taken while files are deleted. */
    private final int[] above = new int[SnapshotWorkbench.SIZE + 1];
    private long most;
    private long mostBound;
    private boolean isBelow = true;

    /** @param keys in the state, each with a value of {@link #VALUE_LENGTH}. */
    DiskUse(final SnapshotWorkbench bench, final long keys, final long segmentLength)
    {
        this.bench = bench;
        this.segmentLength = segmentLength;
        final long content = keys * (VALUE_LENGTH + RECORD_OVERHEAD);
        // The last part holds as much as all before it, and may be nearly empty.
        this.snapshotLength = content + Math.min(content, MAX_PART_LENGTH);
    }

    void sample()
    {
        for (int id = 1; id <= SnapshotWorkbench.SIZE; id++)
        {
            sample(id);
        }
    }

    private void sample(final int id)
    {
        final long log = bench.bytesOf(id, "wal-");
        final long snapshots = bench.bytesOf(id, ".part-");
        final long last = bench.counter(id, NodeCounters.Kind.LAST_INDEX);
        if (last < 0)
        {
            throw new IllegalStateException("no counters of member " + id);
        }
        final long since = last - newest[id];
        final long bound = (TAIL + since) * (VALUE_LENGTH + FRAME_OVERHEAD) + 2 * snapshotLength + 3 * segmentLength;
        if (log + snapshots > most)
        {
            most = log + snapshots;
            mostBound = bound;
        }
        // Before the second one the log has no reason to be given up.
        above[id] = newest[id] >= 2 * TAIL && log + snapshots > bound ? above[id] + 1 : 0;
        if (above[id] > 0)
        {
            isBelow &= above[id] < 2;
            System.out.printf("member %d: %d MiB of log and %d MiB of snapshots, %d entries since the newest: %d MiB " +
                "were allowed%n", id, log / MIB, snapshots / MIB, since, bound / MIB);
        }
        newest[id] = bench.counter(id, NodeCounters.Kind.SNAPSHOT_INDEX);
    }

    /** Whether no member had more than it may have, in two samples in a row. */
    boolean isBelow()
    {
        return isBelow;
    }

    @Override
    public String toString()
    {
        return "at most " + most / MIB + " MiB on one member, where " + mostBound / MIB + " MiB were allowed";
    }
}
