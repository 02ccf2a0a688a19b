package io.ukehi.log;

import io.ukehi.Crc32c;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/** Follows the frames of a native segment: the rules are those of {@link LogRecovery}, which starts a node on them. */
final class NativeSegmentScan extends SegmentScan
{
    private final Crc32c crc = new Crc32c();
    private final LogTail before = new LogTail();
    private final UnsafeBuffer buffer;
    private final long logId;
    private final boolean isLast;
    private final int durablePosition;

    /**
     * @param logId           of the log to which it should belong; 0 if unknown.
     * @param durablePosition as the segment's own mark says; {@link SegmentHeader#LENGTH} without one.
     */
    NativeSegmentScan(
        final long sequence,
        final StorageFile file,
        final long logId,
        final boolean isLast,
        final int durablePosition)
    {
        super(sequence, file, WalFormat.NATIVE);
        this.buffer = file.buffer();
        this.logId = logId;
        this.isLast = isLast;
        this.durablePosition = durablePosition;
    }

    @Override
    boolean begin(final LogTail tail, final boolean isFirst)
    {
        final String fault = file().length() < SegmentHeader.LENGTH ?
            "it is shorter than a header" : SegmentHeader.fault(crc, buffer);
        if (null != fault)
        {
            return fault(RecoveryCase.BAD_HEADER, 0, tail, fault);
        }
        if (SegmentHeader.sequence(buffer) != sequence() || SegmentHeader.segmentLength(buffer) != file().length())
        {
            return fault(RecoveryCase.MISPLACED_SEGMENT, 0, tail,
                "it says of itself that it is segment " + SegmentHeader.sequence(buffer) + " of " +
                SegmentHeader.segmentLength(buffer) + " bytes, but it has " + file().length());
        }
        if (0 != logId && SegmentHeader.logId(buffer) != logId)
        {
            return fault(RecoveryCase.FOREIGN_SEGMENT, 0, tail,
                String.format("log id is %016x, expected %016x", SegmentHeader.logId(buffer), logId));
        }
        SegmentHeader.before(buffer, before);
        if (!isFirst && !before.isSame(tail))
        {
            return fault(RecoveryCase.BROKEN_SEQUENCE, 0, tail,
                "it follows entry " + before.index() + " of term " + before.term() +
                ", but the segment before it ends with entry " + tail.index() + " of term " + tail.term());
        }
        tail.set(before);
        moveTo(SegmentHeader.LENGTH);
        return true;
    }

    @Override
    boolean next(final LogTail tail, final WalEntry entry)
    {
        final int at = end();
        if (EntryFrame.isIntact(crc, buffer, at, file().length() - at) && tail.isFollowedBy(buffer, at))
        {
            entry.setNative(buffer, at);
            tail.set(buffer, at);
            moveTo(at + BitUtil.align(EntryFrame.length(buffer, at), EntryFrame.ALIGNMENT));
            return true;
        }
        final boolean isShort = at < durablePosition;
        if (EntryFrame.isZero(buffer, at, file().length() - at))
        {
            return isShort ? fault(RecoveryCase.LOST_FRAMES, at, tail, durability()) :
                endsWith(RecoveryCase.CLEAN_END);
        }
        return isShort || !isLast ? damage(at, tail) : endsWith(RecoveryCase.TORN_TAIL);
    }

    private boolean damage(final int at, final LogTail tail)
    {
        final int available = file().length() - at;
        final int length = available < EntryFrame.HEADER_LENGTH ? 0 : EntryFrame.length(buffer, at);
        if (length < EntryFrame.HEADER_LENGTH || BitUtil.align((long)length, EntryFrame.ALIGNMENT) > available)
        {
            return fault(RecoveryCase.BAD_LENGTH, at, tail, "a frame of " + length + " bytes; " + durability());
        }
        final int expected = EntryFrame.computeCrc(crc, buffer, at, length);
        if (EntryFrame.crc(buffer, at) != expected)
        {
            return endsWith(WalFault.ofCrc(file().name(), at, tail.index() + 1, expected, EntryFrame.crc(buffer, at)));
        }
        if (!EntryFrame.isIntact(crc, buffer, at, available))
        {
            return fault(RecoveryCase.BAD_PADDING, at, tail, "of a frame of " + length + " bytes");
        }
        return fault(RecoveryCase.NOT_CHAINED, at, tail, "it is entry " + EntryFrame.index(buffer, at) + " of term " +
            EntryFrame.term(buffer, at) + ", the one before it entry " + tail.index() + " of term " + tail.term());
    }

    private String durability()
    {
        return isLast ? "durable up to offset " + durablePosition : "a segment that is not the newest is durable whole";
    }

    private boolean fault(final RecoveryCase row, final int at, final LogTail tail, final String what)
    {
        return endsWith(WalFault.of(row, file().name(), at, tail.index() + 1, what));
    }
}
