package io.ukehi.log;

import io.ukehi.Crc32c;
import io.ukehi.Invariant;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;

/**
 * What lies behind damage and stays where it is ({@link CorruptionPolicy#ALERT_AND_CONTINUE}), until the log has come
 * up to it again: the rest of the segment that is damaged, and the segments behind it.
 * <p>
 * Entries are the same bytes on every member. What the leader sends to fill the gap therefore takes exactly the place
 * of what was damaged, and the frame behind the gap is the next of the chain: {@link #admits} sees that it is so before
 * anything is stored, {@link #isReached} when it is done, and {@link #follow} takes in what stands there. If the leader
 * sends anything else, what is left here belongs to another history, and is set aside ({@link #setAside}).
 * <p>
 * Nothing here counts as held, durable or committed before it is taken in. Whenever the process dies, the next start
 * finds the damage, or what is left of it, or none. Duty-cycle thread; waits for the disk.
 */
final class DetachedTail
{
    private final Storage storage;
    private final LogConfig config;
    private final Crc32c crc = new Crc32c();
    private final LogTail before = new LogTail();
    private final LogTail link = new LogTail();
    private final WalEntry entry = new WalEntry();
    /** Names of the segments behind the damaged one, the oldest first. */
    private final List<String> following;
    private long gapEndIndex;
    private int gapEndCrc;
    /** Where the frame behind the gap begins; the segment's length, if that is in the next segment. */
    private int gapEndPosition;
    private boolean isInSegment;
    private boolean isTorn;

    private DetachedTail(final Storage storage, final LogConfig config, final List<String> following)
    {
        this.storage = storage;
        this.config = config;
        this.following = new ArrayList<>(following);
    }

    /**
     * Looks for what the log may be joined to again.
     *
     * @param segment   with the damage at its end.
     * @param tail      the last entry before it.
     * @param following names of the segments behind, the oldest first.
     * @return null if there is nothing intact that could be joined.
     */
    static DetachedTail find(
        final Storage storage,
        final LogConfig config,
        final LogSegment segment,
        final LogTail tail,
        final List<String> following)
    {
        final DetachedTail detached = new DetachedTail(storage, config, following);
        return detached.findGapEnd(segment, tail) ? detached : null;
    }

    private boolean findGapEnd(final LogSegment segment, final LogTail tail)
    {
        final DirectBuffer buffer = segment.buffer();
        final boolean hasNext = findNextSegment(segment, tail);
        for (int at = segment.end() + EntryFrame.ALIGNMENT;
            at <= segment.length() - EntryFrame.HEADER_LENGTH; at += EntryFrame.ALIGNMENT)
        {
            final long index = EntryFrame.index(buffer, at);
            final int gap = at - segment.end();
            if (index > tail.index() + 1 && index <= tail.index() + 1 + gap / EntryFrame.HEADER_LENGTH &&
                EntryFrame.isIntact(crc, buffer, at, segment.length() - at) && isOfLog(buffer, at, hasNext))
            {
                isInSegment = true;
                gapEndPosition = at;
                gapEndIndex = index - 1;
                gapEndCrc = EntryFrame.previousCrc(buffer, at);
                return true;
            }
        }
        return hasNext;
    }

    /**
     * A command may hold bytes that look like a frame. What continues one of the log is the frame behind it, or the
     * segment behind it; nothing does at the end of the newest.
     */
    private boolean isOfLog(final DirectBuffer buffer, final int at, final boolean hasNext)
    {
        final int next = at + BitUtil.align(EntryFrame.length(buffer, at), EntryFrame.ALIGNMENT);
        link.set(buffer, at);
        final boolean isLast = next + EntryFrame.HEADER_LENGTH > buffer.capacity() ||
            0 == EntryFrame.length(buffer, next);
        if (isLast)
        {
            return hasNext ? before.isSame(link) : following.isEmpty();
        }
        return link.isFollowedBy(buffer, next);
    }

    private boolean findNextSegment(final LogSegment segment, final LogTail tail)
    {
        if (following.isEmpty() || LogSegment.sequenceOf(following.getFirst()) != segment.sequence() + 1)
        {
            return false;
        }
        try (StorageFile file = storage.open(following.getFirst(), Storage.Mapping.READ_ONLY))
        {
            if (file.length() < SegmentHeader.LENGTH || null != SegmentHeader.fault(crc, file.buffer()) ||
                SegmentHeader.logId(file.buffer()) != config.logId())
            {
                return false;
            }
            SegmentHeader.before(file.buffer(), before);
        }
        isInSegment = false;
        gapEndPosition = segment.length();
        gapEndIndex = before.index();
        gapEndCrc = before.crc();
        // Nothing at all is lost if only the unused end of the segment was damaged.
        return gapEndIndex >= tail.index();
    }

    /** Whether a frame that is about to be stored at the end of a segment is one of those that were lost. */
    boolean admits(final LogSegment segment, final DirectBuffer source, final int offset)
    {
        final long index = EntryFrame.index(source, offset);
        final int end = segment.end() + BitUtil.align(EntryFrame.length(source, offset), EntryFrame.ALIGNMENT);
        if (index == gapEndIndex)
        {
            return EntryFrame.crc(source, offset) == gapEndCrc &&
                (isInSegment ? end == gapEndPosition : end <= gapEndPosition);
        }
        return index < gapEndIndex && end + (gapEndIndex - index) * EntryFrame.HEADER_LENGTH <= gapEndPosition;
    }

    /** Whether the gap is closed. */
    boolean isReached(final LogTail tail)
    {
        return tail.index() == gapEndIndex && tail.crc() == gapEndCrc;
    }

    /**
     * Takes in what follows, as far as it is intact.
     *
     * @param segment at whose end the gap was; everything before is durable.
     * @param tail    moved along.
     * @param terms   added to.
     * @return the segments behind it that are part of the log again, mapped for reading.
     */
    List<LogSegment> follow(final LogSegment segment, final LogTail tail, final TermIndex terms)
    {
        if (!isInSegment)
        {
            // What the damage has left behind the last frame.
            final int length = segment.usedBehindEnd();
            segment.buffer().setMemory(segment.end(), length, (byte)0);
            segment.file().write(segment.end(), length);
            segment.file().force();
        }
        final List<LogSegment> joined = new ArrayList<>();
        LogSegment current = segment;
        while (null != current)
        {
            final LogSegment last = current;
            current = readOn(last, tail, terms) && !following.isEmpty() ? openNext(last, tail) : null;
            if (null != current)
            {
                joined.add(current);
            }
        }
        return joined;
    }

    /** Whether the frames of a segment go on to a clean end. */
    private boolean readOn(final LogSegment segment, final LogTail tail, final TermIndex terms)
    {
        final SegmentScan scan = new NativeSegmentScan(
            segment.sequence(), segment.file(), config.logId(), following.isEmpty(), true);
        scan.moveTo(segment.end());
        while (scan.next(tail, entry))
        {
            terms.onAppend(tail.index(), tail.term());
            segment.onAppended(scan.end() - segment.end());
        }
        isTorn = RecoveryCase.Kind.TORN == scan.ending().kind();
        return RecoveryCase.Kind.CLEAN == scan.ending().kind();
    }

    private LogSegment openNext(final LogSegment last, final LogTail tail)
    {
        final String name = following.getFirst();
        final StorageFile file = storage.open(name, Storage.Mapping.READ_ONLY);
        final SegmentScan scan = new NativeSegmentScan(
            LogSegment.sequenceOf(name), file, config.logId(), 1 == following.size(), true);
        if (!scan.begin(tail, last.sequence()))
        {
            file.close();
            return null;
        }
        following.removeFirst();
        final LogSegment next = new LogSegment(scan.sequence(), file, false);
        next.begin(tail.index() + 1, last.basePosition() + last.length());
        last.next(next);
        return next;
    }

    /**
     * After {@link #follow}: looks for the next gap.
     *
     * @return whether there is something behind one that may be joined.
     */
    boolean hasNextGap(final LogSegment segment, final LogTail tail)
    {
        return !isComplete(segment) && findGapEnd(segment, tail);
    }

    /** After {@link #follow}: whether everything is part of the log again, but for a torn tail. */
    boolean isComplete(final LogSegment segment)
    {
        return following.isEmpty() && (isTorn || 0 == segment.usedBehindEnd());
    }

    /** Sets everything aside that is not part of the log; the segment's own rest is the caller's to cut. */
    List<String> setAside(final LogSegment segment)
    {
        Invariant.check(segment.isWritable(), "the log ends in a segment that is written to", segment.sequence());
        final DamagedFiles aside = new DamagedFiles(storage);
        if (segment.usedBehindEnd() > 0)
        {
            aside.copy(segment.file());
        }
        for (final String name : following.reversed())
        {
            aside.rename(name);
        }
        following.clear();
        return aside.names();
    }
}
