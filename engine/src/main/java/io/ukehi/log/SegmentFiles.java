package io.ukehi.log;

import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;

/**
 * The segment files of a directory, oldest first, opened for reading alone, and how each of them is to be followed.
 * Nothing is changed. One thread; allocates.
 */
final class SegmentFiles implements AutoCloseable
{
    private final List<StorageFile> files = new ArrayList<>();
    private final List<SegmentScan> scans = new ArrayList<>();
    private final List<Long> sequences = new ArrayList<>();
    private final DurableMark mark = new DurableMark();
    private int used;
    private String markFile;
    private boolean isForced = true;

    private SegmentFiles()
    {
    }

    /**
     * Opens what there is.
     *
     * @param logId  of the log to which it should belong; 0 for that of the first native segment.
     * @param bootId of the machine as it runs now; 0 if unknown. Where it is not that of the newest mark, nor was the
     *               log closed in order, what was not forced is lost.
     * @param isMarkExpected whether the same is to be concluded where there is no mark at all.
     */
    static SegmentFiles open(
        final Storage storage, final long logId, final long bootId, final boolean isMarkExpected)
    {
        final SegmentFiles found = new SegmentFiles();
        try
        {
            found.openFiles(storage);
            found.readMarks(bootId, isMarkExpected);
            found.addScans(logId);
        }
        catch (final Throwable thrown)
        {
            found.close();
            throw thrown;
        }
        return found;
    }

    private void openFiles(final Storage storage)
    {
        for (final String name : storage.list())
        {
            if (LogSegment.sequenceOf(name) >= 0)
            {
                sequences.add(LogSegment.sequenceOf(name));
            }
        }
        sequences.sort(null);
        for (final long sequence : sequences)
        {
            files.add(storage.open(LogSegment.fileName(sequence), Storage.Mapping.READ_ONLY));
        }
        used = files.size();
        while (used > 0 && isUnused(used - 1))
        {
            used--;
        }
    }

    private void readMarks(final long bootId, final boolean isMarkExpected)
    {
        for (int i = 0; i < used; i++)
        {
            if (!format(i).isOlder() && files.get(i).length() >= SegmentHeader.LENGTH &&
                mark.read(files.get(i).buffer()))
            {
                markFile = files.get(i).name();
            }
        }
        // The first native segment is forced before a term is stored: without one nothing of ours was lost either.
        isForced = null == markFile ? !isMarkExpected || isAllOlder() :
            !mark.isUnforced() || mark.isClean() || (0 != bootId && bootId == mark.bootId());
    }

    private boolean isAllOlder()
    {
        boolean isAllOlder = used > 0;
        for (int i = 0; i < used; i++)
        {
            isAllOlder &= format(i).isOlder();
        }
        return isAllOlder;
    }

    private void addScans(final long knownLogId)
    {
        long logId = knownLogId;
        for (int i = 0; i < used; i++)
        {
            final StorageFile file = files.get(i);
            final WalFormat format = format(i);
            if (WalFormat.NATIVE == format && 0 == logId && file.length() >= SegmentHeader.LENGTH)
            {
                logId = SegmentHeader.logId(file.buffer());
            }
            scans.add(format.isOlder() ? new OlderSegmentScan(sequences.get(i), file, format) :
                new NativeSegmentScan(sequences.get(i), file, logId, i == used - 1, isForced));
        }
    }

    private WalFormat format(final int i)
    {
        return WalFormat.of(files.get(i).buffer(), sequences.get(i));
    }

    /**
     * A segment is used from the moment its header is durable, which it becomes along with its first batch: while the
     * header is zeros nothing in it was ever reported, whatever else of that batch has reached the disk.
     */
    private boolean isUnused(final int i)
    {
        final StorageFile file = files.get(i);
        final boolean isUnwritten = isUnwritten(file);
        if (format(i).isOlder() || !(isUnwritten || (file.length() >= SegmentHeader.LENGTH &&
            SegmentHeader.isHalfPut(file.buffer()))))
        {
            return false;
        }
        return RecoveryCase.UNUSED_SEGMENT == RecoveryTable.of(
            isUnwritten ? RecoveryTable.Header.UNWRITTEN : RecoveryTable.Header.HALF_STORED,
            isVouched(file, !isUnwritten), true, true);
    }

    /** Whether no header was ever written to a file. */
    static boolean isUnwritten(final StorageFile file)
    {
        if (file.length() < SegmentHeader.LENGTH)
        {
            // Too short for any magic number, or never written.
            return file.length() < Integer.BYTES || EntryFrame.isZero(file.buffer(), 0, file.length());
        }
        return SegmentHeader.isUnused(file.buffer());
    }

    /** Whether a mark in a segment vouches for any frame in it, whatever its header is. */
    static boolean isVouched(final StorageFile file, final boolean isHalfStored)
    {
        if (file.length() < SegmentHeader.LENGTH)
        {
            return false;
        }
        final DurableMark note = new DurableMark();
        final boolean hasMark = note.read(file.buffer());
        return isHalfStored ?
            hasMark || !EntryFrame.isZero(
                file.buffer(), SegmentHeader.LENGTH, file.length() - SegmentHeader.LENGTH) :
            hasMark && note.durablePosition() > SegmentHeader.LENGTH;
    }

    /** How to follow the segments that were ever used. */
    List<SegmentScan> scans()
    {
        return scans;
    }

    /** The newest files, which were prepared and never used. */
    List<StorageFile> unused()
    {
        return files.subList(used, files.size());
    }

    /** Sequence a new segment may have. */
    long nextSequence()
    {
        return 0 == used ? 0 : sequences.get(used - 1) + 1;
    }

    /** The newest mark; meaningless where {@link #markFile()} is null. */
    DurableMark mark()
    {
        return mark;
    }

    /** In which the newest mark stands; null if there is none. */
    String markFile()
    {
        return markFile;
    }

    /** Whether marks are to be believed: {@link RecoveryTable}. */
    boolean isForced()
    {
        return isForced;
    }

    @Override
    public void close()
    {
        CloseHelper.quietCloseAll(files);
    }
}
