package io.ukehi.log;

import io.ukehi.CoverageMark;
import io.ukehi.Crc32c;
import io.ukehi.Invariant;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.CloseHelper;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finds out what a log holds after it was closed, or was not.
 * <p>
 * Frames are followed from the first segment to the last: intact, chained, index after index. Where that ends,
 * <ul>
 *   <li>zeros to the end of the file are a <b>clean end</b>;</li>
 *   <li>anything else, at or behind the position that the newest mark calls durable, is a <b>torn tail</b>: bytes of a
 *   batch that was never reported to anybody. It is overwritten with zeros, and that is forced before anything is
 *   appended, or a frame that survived in it would one day be read as a live one;</li>
 *   <li>anything else before that position, or in a segment that is not the last (which is durable to its end before
 *   the next is begun), is <b>damage</b>: {@link CorruptionException}.</li>
 * </ul>
 * Segments behind the last whose header is all zeros, or half put with nothing behind it, were prepared and never used;
 * they are removed.
 */
final class LogRecovery
{
    private final Storage storage;
    private final LogConfig config;
    private final Crc32c crc = new Crc32c();
    private final List<LogSegment> segments = new ArrayList<>();
    private final TermIndex terms = new TermIndex();
    private final LogTail tail = new LogTail();
    private final LogTail before = new LogTail();
    private final DurableMark mark = new DurableMark();
    private SegmentSupply supply;
    private RecoveryReport report;
    private long tornBytes;
    /** Up to where the newest segment was durable, as its mark says. */
    private int durablePosition;

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
        return recovery;
    }

    private void run(final NanoClock clock)
    {
        OlderLogs.refuse(storage);
        final List<Long> sequences = new ArrayList<>();
        for (final String name : storage.list())
        {
            if (LogSegment.sequenceOf(name) >= 0)
            {
                sequences.add(LogSegment.sequenceOf(name));
            }
        }
        sequences.sort(null);
        final List<Long> unused = takeUnused(sequences);
        boolean isMarked = false;
        for (int i = 0; i < sequences.size(); i++)
        {
            final boolean isLast = i == sequences.size() - 1;
            final LogSegment segment = openSegment(sequences.get(i), isLast);
            segments.add(segment);
            final boolean hasMark = mark.read(segment.buffer());
            isMarked |= hasMark;
            durablePosition = hasMark ? mark.durablePosition() : SegmentHeader.LENGTH;
            scan(segment, isLast, durablePosition);
        }
        // Not before everything was read: what is refused is left as it was found.
        for (final long sequence : unused)
        {
            CoverageMark.UNUSED_SEGMENT.hit();
            storage.delete(LogSegment.fileName(sequence));
        }
        final long nextSequence = sequences.isEmpty() ? 0 : sequences.getLast() + 1;
        supply = new SegmentSupply(storage, config, clock, nextSequence);
        if (segments.isEmpty())
        {
            createFirst();
        }
        report = new RecoveryReport(
            segments.getFirst().firstIndex(),
            tail.index(),
            Math.min(mark.commitIndex(), tail.index()),
            segments.size(),
            tornBytes,
            isMarked && mark.isClean(),
            isMarked && 0 != config.bootId() && config.bootId() == mark.bootId());
        makeDurable();
    }

    /**
     * What was read may have come out of the page cache, left there by a process that died before its force: from here
     * on it counts as durable, so it has to be. What the newest mark does not vouch for is written anew: a force may
     * have failed on it, and then its pages count as clean, so that no later force would touch them. The mark comes
     * after it, or it might vouch for what is not there. It also takes back that the log was closed in order.
     */
    private void makeDurable()
    {
        final LogSegment newest = segments.getLast();
        final int from = Math.min(newest.end(), Math.max(durablePosition, SegmentHeader.LENGTH));
        newest.file().write(0, SegmentHeader.LENGTH);
        newest.file().write(from, newest.end() - from);
        for (final LogSegment segment : segments)
        {
            segment.file().force();
        }
        storage.forceDirectory();
        final int sector = mark.put(
            newest.buffer(), 0, tail.index(), newest.end(), report.commitIndex(), config.bootId());
        newest.file().write(sector, SegmentHeader.SECTOR_LENGTH);
        newest.file().force();
    }

    /**
     * A segment is used from the moment its header is durable, which it becomes along with its first batch: while the
     * header is zeros nothing in it was ever reported, whatever else of that batch has reached the disk.
     */
    private List<Long> takeUnused(final List<Long> sequences)
    {
        final List<Long> unused = new ArrayList<>();
        while (!sequences.isEmpty())
        {
            final String name = LogSegment.fileName(sequences.getLast());
            try (StorageFile file = storage.open(name, Storage.Mapping.READ_ONLY))
            {
                if (!isUnused(file))
                {
                    break;
                }
            }
            unused.add(sequences.removeLast());
        }
        return unused;
    }

    static boolean isUnused(final StorageFile file)
    {
        if (file.length() < SegmentHeader.LENGTH)
        {
            // Too short for any magic number, or never written.
            return file.length() < Integer.BYTES || EntryFrame.isZero(file.buffer(), 0, file.length());
        }
        final DurableMark note = new DurableMark();
        final boolean hasMark = note.read(file.buffer());
        if (SegmentHeader.isUnused(file.buffer()))
        {
            return !hasMark || note.durablePosition() <= SegmentHeader.LENGTH;
        }
        return SegmentHeader.isHalfPut(file.buffer()) && !hasMark &&
            EntryFrame.isZero(file.buffer(), SegmentHeader.LENGTH, file.length() - SegmentHeader.LENGTH);
    }

    private void createFirst()
    {
        final LogSegment segment = supply.prepareNow();
        segments.add(segment);
        segment.begin(1, 0);
        terms.reset(0, 0);
        tail.set(0, 0, 0, 0, 0);
        SegmentHeader.put(crc, segment.buffer(), segment.sequence(), config.logId(), 1, tail, segment.length());
        segment.file().write(0, SegmentHeader.LENGTH);
    }

    private LogSegment openSegment(final long sequence, final boolean isLast)
    {
        final String name = LogSegment.fileName(sequence);
        final StorageFile file = storage.open(
            name, isLast ? config.writableMapping() : Storage.Mapping.READ_ONLY);
        try
        {
            checkIdentity(file, sequence);
            final LogSegment segment = new LogSegment(sequence, file, isLast);
            final LogSegment previous = segments.isEmpty() ? null : segments.getLast();
            segment.begin(
                SegmentHeader.firstIndex(file.buffer()),
                null == previous ? 0 : previous.basePosition() + previous.length());
            if (null != previous)
            {
                previous.next(segment);
            }
            return segment;
        }
        catch (final Throwable thrown)
        {
            file.close();
            throw thrown;
        }
    }

    private void checkIdentity(final StorageFile file, final long sequence)
    {
        final UnsafeBuffer buffer = file.buffer();
        final boolean isFirst = segments.isEmpty();
        final String fault = file.length() < SegmentHeader.LENGTH ?
            "it is shorter than a header" : SegmentHeader.fault(crc, buffer);
        if (null != fault)
        {
            throw new CorruptionException(file.name(), 0, tail.index() + 1, fault);
        }
        if (SegmentHeader.sequence(buffer) != sequence || SegmentHeader.segmentLength(buffer) != file.length())
        {
            throw new CorruptionException(file.name(), 0, tail.index() + 1,
                "it says of itself that it is segment " + SegmentHeader.sequence(buffer) + " of " +
                SegmentHeader.segmentLength(buffer) + " bytes, but it has " + file.length());
        }
        if (SegmentHeader.logId(buffer) != config.logId())
        {
            throw new CorruptionException(file.name(), 0, tail.index() + 1, "it belongs to another log");
        }
        SegmentHeader.before(buffer, before);
        if (!isFirst && (segments.getLast().sequence() + 1 != sequence || !before.isSame(tail)))
        {
            throw new CorruptionException(file.name(), 0, tail.index() + 1,
                "it follows entry " + before.index() + " of term " + before.term() + ", but the segment before it (" +
                segments.getLast().file().name() + ") ends with entry " + tail.index() + " of term " + tail.term());
        }
        if (isFirst)
        {
            tail.set(before);
            terms.reset(before.index(), before.term());
        }
    }

    private void scan(final LogSegment segment, final boolean isLast, final int durablePosition)
    {
        final UnsafeBuffer buffer = segment.buffer();
        while (EntryFrame.isIntact(crc, buffer, segment.end(), segment.remaining()) &&
            tail.isFollowedBy(buffer, segment.end()))
        {
            tail.set(buffer, segment.end());
            terms.onAppend(tail.index(), tail.term());
            segment.onAppended(BitUtil.align(
                EntryFrame.length(buffer, segment.end()), EntryFrame.ALIGNMENT));
        }
        final boolean isClean = EntryFrame.isZero(buffer, segment.end(), segment.remaining());
        final boolean isShort = segment.end() < durablePosition;
        if (isShort || (!isClean && !isLast))
        {
            throw new CorruptionException(
                segment.file().name(), segment.end(), tail.index() + 1, describe(segment, durablePosition));
        }
        if (!isClean)
        {
            CoverageMark.TORN_END.hit();
            cutTornTail(segment);
        }
    }

    private String describe(final LogSegment segment, final int durablePosition)
    {
        final UnsafeBuffer buffer = segment.buffer();
        final int at = segment.end();
        final String until = "; this segment was durable up to offset " + Math.max(at, durablePosition);
        if (segment.remaining() < EntryFrame.HEADER_LENGTH)
        {
            return "no frame fits there" + until;
        }
        final int length = EntryFrame.length(buffer, at);
        if (length < EntryFrame.HEADER_LENGTH || length > segment.remaining())
        {
            return "a frame of " + length + " bytes cannot be" + until;
        }
        final int found = EntryFrame.crc(buffer, at);
        final int expected = EntryFrame.computeCrc(crc, buffer, at, length);
        if (found != expected)
        {
            return "CRC32C found 0x" + Integer.toHexString(found) + ", expected 0x" +
                Integer.toHexString(expected) + until;
        }
        return "the frame does not follow from the entry before it, or its unused bytes are not zero" + until;
    }

    private void cutTornTail(final LogSegment segment)
    {
        Invariant.check(segment.isWritable(), "only the last segment has a torn tail", segment.sequence());
        int last = segment.length();
        while (last > segment.end() && 0 == segment.buffer().getByte(last - 1))
        {
            last--;
        }
        final int length = last - segment.end();
        tornBytes = length;
        segment.buffer().setMemory(segment.end(), length, (byte)0);
        segment.file().write(segment.end(), length);
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
        return mark;
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
