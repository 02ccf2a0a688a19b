package io.ukehi.log;

import java.nio.file.Path;

/**
 * What the log of a node would be that started on a data directory, found out by its very recovery over a copy in
 * memory of what it would change. The directory is only read; a node may be running on it.
 */
public final class StartRehearsal
{
    private StartRehearsal()
    {
    }

    /**
     * Rehearses a start of a member that has peers.
     *
     * @param directory that holds a log.
     * @param found     what {@link WalReader#inspect(Path)} says of it.
     * @param policy    the node's.
     * @param bootId    of the machine's present run, 0 if unknown.
     * @return what its recovery would report.
     * @throws CorruptionException if it would not start for damage.
     * @throws StorageException    if it would not start for anything else.
     */
    public static RecoveryReport of(
        final Path directory, final WalReport found, final CorruptionPolicy policy, final long bootId)
    {
        try (Storage base = new ReadOnlyStorage(directory); Storage scratch = new ScratchStorage(base))
        {
            final WalReport.Mark mark = found.mark();
            final long logId = null == found.identity() ? logIdIn(scratch) : found.identity().logId();
            final SegmentedLog log = SegmentedLog.open(scratch, new LogConfig()
                .segmentLength(segmentLength(found))
                .maxPayloadLength(0)
                .durability(null != mark && mark.isUnforced() ? Durability.ASYNC : Durability.BATCH)
                .corruptionPolicy(policy)
                .bootId(bootId)
                .logId(logId), () -> 0);
            log.abandon();
            return log.recovery();
        }
    }

    /** What the first native segment says, where no identity does; 0 if there is none. */
    private static long logIdIn(final Storage storage)
    {
        try (SegmentFiles files = SegmentFiles.open(storage, 0, 0, false))
        {
            for (final SegmentScan scan : files.scans())
            {
                if (WalFormat.NATIVE == scan.format() && scan.file().length() >= SegmentHeader.LENGTH)
                {
                    return SegmentHeader.logId(scan.file().buffer());
                }
            }
            return 0;
        }
    }

    /** Of the newest native segment; the least there can be where there is none. */
    private static int segmentLength(final WalReport found)
    {
        int length = 2 * SegmentHeader.LENGTH;
        for (final SegmentReport segment : found.segments())
        {
            if (WalFormat.NATIVE == segment.format() && segment.length() >= length)
            {
                length = (int)(segment.length() / SegmentHeader.LENGTH * SegmentHeader.LENGTH);
            }
        }
        return length;
    }
}
