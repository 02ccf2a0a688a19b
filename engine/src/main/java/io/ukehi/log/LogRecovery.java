package io.ukehi.log;

import io.ukehi.CoverageMark;
import io.ukehi.Crc32c;
import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;
import org.agrona.concurrent.NanoClock;

/**
 * Finds out what a log holds after it was closed, or was not, and makes it fit to go on with.
 * <p>
 * Entries are followed from the first segment to the last: intact, chained, index after index. What stands where they
 * end is one row of {@link RecoveryTable}, and the row's kind says what becomes of it:
 * <ul>
 *   <li><b>clean</b>: nothing;</li>
 *   <li><b>torn</b>: bytes of a batch that was never reported to anybody. They are overwritten with zeros, and that is
 *   forced before anything is appended, or a frame that survived in them would one day be read as a live one;</li>
 *   <li><b>unforced</b>: what an {@code ASYNC} log lost with the machine; set aside, and the node is in doubt;</li>
 *   <li><b>damaged</b>: {@link CorruptionPolicy}: refused with nothing changed, or set aside as well.</li>
 * </ul>
 * The order of what is done: everything is read first; then {@link DoubtFile}; then what is to be set aside; then the
 * log is cut. Wherever that is interrupted, the next start finds the same, or a log that is cut already, and the doubt.
 */
final class LogRecovery
{
    private final Storage storage;
    private final LogConfig config;
    private final List<LogSegment> segments = new ArrayList<>();
    private final TermIndex terms = new TermIndex();
    private final LogTail tail = new LogTail();
    private final WalEntry entry = new WalEntry();
    private SegmentFiles files;
    private SegmentSupply supply;
    private RecoveryReport report;
    /** Where the log ends before its files do; null if it does not. */
    private SegmentScan broken;
    /** What follows damage and stays where it is; null if it does not. */
    private DetachedTail detached;
    private boolean isTorn;
    /** The node was in doubt when its life before ended, perhaps in the middle of a repair. */
    private boolean isRepairUnsure;
    private int tornBytes;
    private List<String> setAside = List.of();

    private LogRecovery(final Storage storage, final LogConfig config)
    {
        this.storage = storage;
        this.config = config;
    }

    static LogRecovery recover(final Storage storage, final LogConfig config, final NanoClock clock)
    {
        final LogRecovery recovery = new LogRecovery(storage, config);
        try
        {
            recovery.run(clock);
        }
        catch (final Throwable thrown)
        {
            recovery.segments.forEach(segment -> segment.file().close());
            CloseHelper.quietClose(recovery.supply);
            throw thrown;
        }
        finally
        {
            recovery.closeUnneeded();
        }
        return recovery;
    }

    private void run(final NanoClock clock)
    {
        NativeReplacement.removeUnfinished(storage);
        read();
        if (null != broken && RecoveryCase.Kind.DAMAGED == broken.ending().kind() &&
            (CorruptionPolicy.REFUSE_START == config.corruptionPolicy() || !config.hasPeers()))
        {
            throw new CorruptionException(broken.fault(), config.hasPeers());
        }
        final WalFault fault = null == broken ? null : broken.fault();
        repairHeaders();
        final DurableMark mark = files.mark();
        final boolean isMarked = null != files.markFile();
        final boolean isClosedClean = isMarked && mark.isClean();
        final boolean isSameBoot = isMarked && 0 != config.bootId() && config.bootId() == mark.bootId();
        final long commitIndex = knownCommitIndex();
        for (final StorageFile file : files.unused())
        {
            CoverageMark.UNUSED_SEGMENT.hit();
            storage.delete(file.name());
        }
        try (DoubtFile doubt = DoubtFile.open(storage))
        {
            isRepairUnsure = 0 != doubt.doubtfulTo();
            raise(doubt);
            final long nextSequence = removeWhatFollows();
            supply = new SegmentSupply(storage, config, clock, nextSequence);
            rewriteSealed();
            openNewest();
            report = new RecoveryReport(segments.getFirst().firstIndex(), tail.index(), commitIndex, segments.size(),
                tornBytes, isClosedClean, isSameBoot, doubt.doubtfulTo(), doubt.term(), doubt.reason(),
                fault, setAside);
        }
        makeDurable();
    }

    /** Follows the entries as far as they go, changing nothing. */
    private void read()
    {
        files = SegmentFiles.open(storage, config.logId(), config.bootId(), isMarkExpected());
        terms.reset(0, 0);
        for (final SegmentScan scan : files.scans())
        {
            final LogSegment previous = segments.isEmpty() ? null : segments.getLast();
            if (!scan.begin(tail, null == previous ? SegmentScan.NO_SEQUENCE : previous.sequence()))
            {
                broken = scan;
                return;
            }
            if (null == previous)
            {
                terms.reset(tail.index(), tail.term());
            }
            follow(scan, previous);
            isTorn = RecoveryCase.Kind.TORN == scan.ending().kind();
            if (null != scan.fault())
            {
                broken = scan;
                return;
            }
        }
    }

    private void follow(final SegmentScan scan, final LogSegment previous)
    {
        final LogSegment segment = LogSegment.found(scan);
        segments.add(segment);
        final OlderRecords older = segment.older();
        if (null != older)
        {
            older.begin(tail);
        }
        segment.begin(tail.index() + 1, null == previous ? 0 : previous.basePosition() + previous.length());
        if (null != previous)
        {
            previous.next(segment);
        }
        int crc = tail.crc();
        while (scan.next(tail, entry))
        {
            if (null != older)
            {
                older.onRecord(segment.end(), crc);
                crc = tail.crc();
            }
            terms.onAppend(tail.index(), tail.term());
            segment.onAppended(scan.end() - segment.end());
        }
    }

    /** Headers that follow from what is intact around them are put together again, and the log is read once more. */
    private void repairHeaders()
    {
        while (CorruptionPolicy.ALERT_AND_CONTINUE == config.corruptionPolicy() && null != broken && !isHeld() &&
            HeaderRepair.isPossible(broken, tail))
        {
            CoverageMark.HEADER_REPAIRED.hit();
            try (DoubtFile doubt = DoubtFile.open(storage))
            {
                raise(doubt);
            }
            HeaderRepair.repair(storage, config, broken, tail);
            files.close();
            segments.clear();
            tail.set(0, 0, 0, 0, 0);
            broken = null;
            isTorn = false;
            read();
        }
    }

    /** Before anything is changed, the node knows durably what it may have acknowledged and may not have any more. */
    private void raise(final DoubtFile doubt)
    {
        final long term = Math.max(HardStateFile.termIn(storage), tail.term());
        if (!files.isForced())
        {
            CoverageMark.UNFORCED_TAIL_DOUBTED.hit();
            doubt.raise(DoubtFile.UNBOUNDED, term, DoubtFile.Reason.UNFORCED_TAIL);
        }
        else if (null != broken)
        {
            CoverageMark.DAMAGE_DOUBTED.hit();
            doubt.raise(Math.max(1, DamageExtent.highestIndex(tail.index(), fromBroken(), files)), term,
                DoubtFile.Reason.DAMAGE);
        }
    }

    /**
     * The first start forces a mark before a term is ever stored. An {@code ASYNC} log forces no other until it is
     * closed, and gives that one up along with its segment once a snapshot contains it: where no mark is left, all that
     * came after it may be gone as well.
     */
    private boolean isMarkExpected()
    {
        return Durability.ASYNC == config.durability() && HardStateFile.termIn(storage) > 0;
    }

    private List<SegmentScan> fromBroken()
    {
        return files.scans().subList(files.scans().indexOf(broken), files.scans().size());
    }

    /**
     * Takes out of the way what the log does not go on into.
     *
     * @return sequence of the next segment.
     */
    private long removeWhatFollows()
    {
        if (null == broken)
        {
            return files.nextSequence();
        }
        if (CorruptionPolicy.ALERT_AND_CONTINUE == config.corruptionPolicy() &&
            RecoveryCase.Kind.DAMAGED == broken.ending().kind() && isHeld() && !segments.getLast().isOlder())
        {
            final List<String> following = fromBroken().stream().skip(1).map(scan -> scan.file().name()).toList();
            detached = DetachedTail.find(storage, config, segments.getLast(), tail, following);
            if (null != detached)
            {
                return files.nextSequence();
            }
        }
        final DamagedFiles aside = new DamagedFiles(storage);
        if (isHeld())
        {
            aside.copy(broken.file());
        }
        // The newest first: what is left, wherever this is interrupted, still begins as the log does.
        for (final SegmentScan scan : fromBroken().reversed())
        {
            if (scan != broken || !isHeld())
            {
                aside.rename(scan.file().name());
            }
        }
        setAside = aside.names();
        return segments.isEmpty() ? files.nextSequence() : segments.getLast().sequence() + 1;
    }

    /** The last segment becomes the one that is written to; what stands in it behind its last frame goes. */
    private void openNewest()
    {
        if (segments.isEmpty())
        {
            createFirst();
            return;
        }
        final LogSegment newest = segments.getLast();
        newest.next(null);
        if (newest.isOlder())
        {
            goOnBehindOlder(newest);
            return;
        }
        newest.attach(storage.open(newest.file().name(), config.writableMapping()), true);
        rewrite(newest);
        if (isHeld() && null == detached)
        {
            // Or the frames that are about to go would be missed at the next start.
            newest.file().force();
            newest.file().write(mark(newest), SegmentHeader.SECTOR_LENGTH);
            newest.file().force();
            cut(newest);
        }
        else if (isTorn)
        {
            CoverageMark.TORN_END.hit();
            tornBytes = cut(newest);
        }
    }

    /**
     * A file of the earlier implementation is never written to. A torn tail stays where it is, since it reads the same
     * at each start; what has to go takes the file with it, which a native segment replaces.
     */
    private void goOnBehindOlder(final LogSegment newest)
    {
        if (isHeld())
        {
            segments.set(segments.size() - 1,
                NativeReplacement.replace(storage, config, newest, tail.index(), files.mark(), 0));
        }
        else
        {
            final LogSegment next = addFresh(newest.basePosition() + newest.length());
            newest.next(next);
        }
    }

    private LogSegment addFresh(final long basePosition)
    {
        final LogSegment segment = supply.prepareNow();
        segments.add(segment);
        segment.begin(tail.index() + 1, basePosition);
        SegmentHeader.put(new Crc32c(), segment.buffer(), segment.sequence(), config.logId(), segment.firstIndex(),
            tail, segment.length());
        segment.file().write(0, SegmentHeader.LENGTH);
        return segment;
    }

    /**
     * What the newest mark does not vouch for is written anew: a force may have failed on it, and then its pages count
     * as clean, so that no later force would touch them.
     */
    private void rewrite(final LogSegment newest)
    {
        final DurableMark note = new DurableMark();
        final int vouchedTo =
            note.read(newest.buffer()) && files.isForced() && !isRepairUnsure ? note.durablePosition() : 0;
        final int from = Math.min(newest.end(), Math.max(vouchedTo, SegmentHeader.LENGTH));
        newest.file().write(0, SegmentHeader.LENGTH);
        newest.file().write(from, newest.end() - from);
    }

    /**
     * The life before may have ended over a write or a force of a repair: what is read now as whole, in pages that
     * count as clean, may still be damaged on the disk, where marks from before the damage vouch for it. As long as a
     * doubt is not over, every start writes anew what it finds.
     */
    private void rewriteSealed()
    {
        for (int i = 0; isRepairUnsure && i < segments.size() - 1; i++)
        {
            final LogSegment segment = segments.get(i);
            if (!segment.isOlder())
            {
                try (StorageFile file = storage.open(segment.file().name(), Storage.Mapping.PRIVATE))
                {
                    file.write(0, segment.end());
                }
            }
        }
    }

    private static int cut(final LogSegment newest)
    {
        final int length = newest.usedBehindEnd();
        newest.buffer().setMemory(newest.end(), length, (byte)0);
        newest.file().write(newest.end(), length);
        return length;
    }

    /** Whether the log ends within a segment of which it keeps the beginning. */
    private boolean isHeld()
    {
        return null != broken && !segments.isEmpty() && segments.getLast().sequence() == broken.sequence();
    }

    private void createFirst()
    {
        tail.set(0, 0, 0, 0, 0);
        addFresh(0);
    }

    /**
     * What was read may have come out of the page cache, left there by a process that died before its force: from here
     * on it counts as durable, so it has to be. The mark comes after it, or it might vouch for what is not there. It
     * also takes back that the log was closed in order.
     */
    private void makeDurable()
    {
        final LogSegment newest = segments.getLast();
        for (final LogSegment segment : segments)
        {
            segment.file().force();
        }
        storage.forceDirectory();
        newest.file().write(mark(newest), SegmentHeader.SECTOR_LENGTH);
        newest.file().force();
    }

    /**
     * Puts a mark for all that was found; returns where it is. It goes on vouching for what lies behind damage and is
     * left there, or the next start would take that for a torn tail.
     */
    private int mark(final LogSegment newest)
    {
        final DurableMark note = new DurableMark();
        final boolean isKept = null != detached && note.read(newest.buffer());
        return files.mark().put(newest.buffer(), config.markFlags(),
            isKept ? Math.max(tail.index(), note.durableIndex()) : tail.index(),
            isKept ? Math.max(newest.end(), note.durablePosition()) : newest.end(),
            knownCommitIndex(), config.bootId());
    }

    /**
     * Where damage ends a log, the last sector before it may be an old one whose newer write was lost: what it holds is
     * intact, and yet may have been cut since, with what is committed written in its place. Nothing in the file tells
     * the one from the other, so how much of such a log is committed has to be heard from a leader.
     */
    private long knownCommitIndex()
    {
        return null == files.markFile() || null != broken ? 0 : Math.min(files.mark().commitIndex(), tail.index());
    }

    /** The mappings that were only read. */
    private void closeUnneeded()
    {
        if (null == files)
        {
            return;
        }
        final List<StorageFile> needed = segments.stream().map(LogSegment::file).toList();
        for (final SegmentScan scan : files.scans())
        {
            if (!needed.contains(scan.file()))
            {
                scan.file().close();
            }
        }
        CloseHelper.quietCloseAll(files.unused());
    }

    /** What follows damage and was left where it is; null if nothing was. */
    DetachedTail detached()
    {
        return detached;
    }

    LogSegment[] segments()
    {
        return segments.toArray(new LogSegment[0]);
    }

    TermIndex terms()
    {
        return terms;
    }

    LogTail tail()
    {
        return tail;
    }

    DurableMark mark()
    {
        return files.mark();
    }

    SegmentSupply supply()
    {
        return supply;
    }

    RecoveryReport report()
    {
        return report;
    }
}
