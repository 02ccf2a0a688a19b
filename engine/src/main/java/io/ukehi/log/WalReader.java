package io.ukehi.log;

import io.ukehi.Crc32c;
import io.ukehi.Invariant;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.CloseHelper;

/**
 * Reads the log in a data directory, entry after entry, in the native format, in the older ones, or in both. Changes
 * nothing, needs no lock, and never gives an entry without the one before it: at the first damage it ends, and
 * {@link #report()} says where and why.
 * <p>
 * On the directory of a node that runs, it sees what has been written so far; what is being written at this moment may
 * then look like a torn tail. One thread; allocates.
 */
public final class WalReader implements AutoCloseable
{
    private final Storage storage;
    private final boolean ownsStorage;
    private final WalReport.HardState hardState;
    private final WalReport.Identity identity;
    private final WalReport.Doubt doubt;
    private final List<SegmentReport> reports = new ArrayList<>();
    private final List<SegmentReport> unused = new ArrayList<>();
    private final List<WalFault> faults = new ArrayList<>();
    private final LogTail tail = new LogTail();
    private final WalEntry entry = new WalEntry();
    private final SegmentFiles files;
    private final List<SegmentScan> scans;
    private SegmentScan scan;
    private int position;
    private long firstIndex;
    private long segmentFirstIndex;
    private long segmentFirstTerm;
    private long count;
    private int largest;
    private boolean hasHole;
    private boolean isDone;

    private WalReader(final Storage storage, final boolean ownsStorage)
    {
        this.storage = storage;
        this.ownsStorage = ownsStorage;
        this.hardState = HardStateFile.inspect(storage, faults);
        this.identity = IdentityFile.inspect(storage, faults);
        this.doubt = DoubtFile.inspect(storage, faults);
        // Nobody knows here which start of the machine this is.
        this.files = SegmentFiles.open(storage, null == identity ? 0 : identity.logId(), 0, false);
        this.scans = files.scans();
        for (final StorageFile file : files.unused())
        {
            unused.add(unusedReport(file));
        }
    }

    /** Opens a directory for reading alone; it may be in use. */
    public static WalReader open(final Path directory)
    {
        return open(new ReadOnlyStorage(directory), true);
    }

    /** Opens a storage, which stays the caller's to close, and of which nothing is changed. */
    public static WalReader open(final Storage storage)
    {
        return open(storage, false);
    }

    private static WalReader open(final Storage storage, final boolean ownsStorage)
    {
        return new WalReader(storage, ownsStorage);
    }

    /** Reads a directory from beginning to end, and says what is there. */
    public static WalReport inspect(final Path directory)
    {
        try (WalReader reader = open(directory))
        {
            return reader.report();
        }
    }

    /** As {@link #inspect(Path)}, of a storage. */
    public static WalReport inspect(final Storage storage)
    {
        try (WalReader reader = open(storage))
        {
            return reader.report();
        }
    }

    private static SegmentReport unusedReport(final StorageFile file)
    {
        return new SegmentReport(file.name(), WalFormat.UNUSED, LogSegment.sequenceOf(file.name()), file.length(),
            0, 0, 0, 0, 0, 0, RecoveryCase.UNUSED_SEGMENT);
    }

    /** Moves to the next entry. False behind the last, or where damage ends the log. */
    public boolean next()
    {
        while (!isDone)
        {
            if (null == scan && !beginSegment())
            {
                break;
            }
            if (null == scan.ending() && scan.next(tail, entry))
            {
                onEntry();
                return true;
            }
            endSegment();
        }
        return false;
    }

    private boolean beginSegment()
    {
        if (position == scans.size())
        {
            isDone = true;
            return false;
        }
        scan = scans.get(position);
        count = 0;
        scan.begin(tail, 0 == position ? SegmentScan.NO_SEQUENCE : scans.get(position - 1).sequence());
        checkUnusedBytes();
        segmentFirstIndex = tail.index() + 1;
        firstIndex = 0 == position ? segmentFirstIndex : firstIndex;
        return true;
    }

    /** Damage that ends nothing: no entry is lost by it. */
    private void checkUnusedBytes()
    {
        if (null != scan.ending() || scan.format().isOlder())
        {
            return;
        }
        final String name = scan.file().name();
        if (!files.mark().areSoundOrUnwritten(scan.file().buffer()))
        {
            faults.add(WalFault.of(RecoveryCase.BAD_MARK, name, SegmentHeader.SECTOR_LENGTH, 0,
                "damaged, or torn in the very moment of a crash; the other one counts"));
        }
        if (!SegmentHeader.isRestZero(scan.file().buffer()))
        {
            faults.add(WalFault.of(RecoveryCase.BAD_PADDING, name, 3L * SegmentHeader.SECTOR_LENGTH, 0,
                "in the segment's header"));
        }
    }

    private void onEntry()
    {
        if (0 == count)
        {
            segmentFirstTerm = entry.term();
        }
        count++;
        largest = Math.max(largest, entry.payload().capacity());
    }

    private void endSegment()
    {
        final boolean isRead = count > 0 || null == scan.fault();
        final long first = isRead ? segmentFirstIndex : claimedFirstIndex(scan);
        reports.add(new SegmentReport(
            scan.file().name(), scan.format(), scan.sequence(), scan.file().length(), scan.end(), count,
            first, isRead ? tail.index() : first - 1,
            0 == count ? 0 : segmentFirstTerm, 0 == count ? 0 : tail.term(), scan.ending()));
        position++;
        if (null != scan.fault())
        {
            faults.add(scan.fault());
            hasHole = true;
            isDone = true;
            while (position < scans.size())
            {
                reports.add(unreached(scans.get(position++)));
            }
        }
        scan = null;
    }

    private static SegmentReport unreached(final SegmentScan scan)
    {
        final long first = claimedFirstIndex(scan);
        return new SegmentReport(scan.file().name(), scan.format(), scan.sequence(), scan.file().length(), 0, 0,
            first, first - 1, 0, 0, null);
    }

    /** What a segment that cannot be read in order says of itself; 0 if nothing that its checksum vouches for. */
    private static long claimedFirstIndex(final SegmentScan scan)
    {
        final StorageFile file = scan.file();
        if (scan.format().isOlder())
        {
            final OlderFrame frame = new OlderFrame(scan.format(), file.buffer());
            return frame.isIntact(OlderFrame.FILE_HEADER_LENGTH) ? frame.index(OlderFrame.FILE_HEADER_LENGTH) : 0;
        }
        return file.length() >= SegmentHeader.LENGTH &&
            null == SegmentHeader.fault(new Crc32c(), file.buffer()) ?
            SegmentHeader.firstIndex(file.buffer()) : 0;
    }

    /** The current entry; reused. */
    public WalEntry entry()
    {
        Invariant.check(null != scan && count > 0, "next() has moved to an entry");
        return entry;
    }

    /** What there is, in all. Reads on to the end. */
    public WalReport report()
    {
        while (next())
        {
            // Counted along the way.
        }
        final List<SegmentReport> all = new ArrayList<>(reports);
        all.addAll(unused);
        return new WalReport(
            List.copyOf(all),
            0 == firstIndex ? 1 : firstIndex,
            tail.index(),
            tail.term(),
            largest,
            List.copyOf(faults),
            hasHole,
            mark(),
            hardState,
            identity,
            doubt);
    }

    private WalReport.Mark mark()
    {
        final DurableMark mark = files.mark();
        return null == files.markFile() ? null : new WalReport.Mark(files.markFile(), mark.durableIndex(),
            mark.durablePosition(), mark.commitIndex(), mark.bootId(), mark.isClean(), mark.isUnforced());
    }

    /** Length of the native segments, in bytes; 0 if there is none. */
    int nativeSegmentLength()
    {
        for (final SegmentScan each : scans)
        {
            if (WalFormat.NATIVE == each.format() && BitUtil.isAligned(each.file().length(), SegmentHeader.LENGTH))
            {
                return each.file().length();
            }
        }
        return 0;
    }

    /** What the next entry has to follow. */
    LogTail tail()
    {
        return tail;
    }

    /** Sets the reader before its first entry, so that {@link #tail()} is what lies before it. */
    void begin()
    {
        Invariant.check(0 == position && null == scan, "nothing was read yet");
        beginSegment();
    }

    @Override
    public void close()
    {
        CloseHelper.quietClose(files);
        if (ownsStorage)
        {
            storage.close();
        }
    }
}
