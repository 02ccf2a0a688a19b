package io.ukehi.log;

import io.ukehi.Crc32c;

/**
 * Puts a damaged header together again ({@link CorruptionPolicy#ALERT_AND_CONTINUE}): where the segment's first frame
 * is intact and continues the log, everything that a header says follows from that, from the file and from its name.
 */
final class HeaderRepair
{
    private HeaderRepair()
    {
    }

    /**
     * Whether a segment's header is damaged, and its first frame is the next entry.
     *
     * @param scan that ended at the header.
     * @param tail the last entry before it; all 0 for the first segment of a log that begins with entry 1.
     */
    static boolean isPossible(final SegmentScan scan, final LogTail tail)
    {
        final StorageFile file = scan.file();
        return RecoveryCase.BAD_HEADER == scan.ending() && 0 == scan.end() && !scan.format().isOlder() &&
            file.length() > SegmentHeader.LENGTH + EntryFrame.HEADER_LENGTH &&
            EntryFrame.isIntact(
                new Crc32c(), file.buffer(), SegmentHeader.LENGTH, file.length() - SegmentHeader.LENGTH) &&
            tail.isFollowedBy(file.buffer(), SegmentHeader.LENGTH);
    }

    /** Writes the header anew; durable on return. */
    static void repair(final Storage storage, final LogConfig config, final SegmentScan scan, final LogTail tail)
    {
        try (StorageFile file = storage.open(scan.file().name(), Storage.Mapping.PRIVATE))
        {
            file.buffer().setMemory(0, SegmentHeader.SECTOR_LENGTH, (byte)0);
            SegmentHeader.put(new Crc32c(), file.buffer(), scan.sequence(), config.logId(), tail.index() + 1, tail,
                file.length());
            file.write(0, SegmentHeader.SECTOR_LENGTH);
            file.force();
        }
    }
}
