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
    private final boolean isNewest;
    private final boolean isForced;
    private final DurableMark mark = new DurableMark();
    private final int durablePosition;
    /** A sector of a mark is never torn: one that is not sound is damage, and something was vouched for there. */
    private final boolean isMarkDamaged;

    /**
     * @param logId    of the log to which it should belong; 0 if unknown.
     * @param isNewest whether no segment in use lies behind.
     * @param isForced whether marks are to be believed: {@link RecoveryTable}.
     */
    NativeSegmentScan(
        final long sequence,
        final StorageFile file,
        final long logId,
        final boolean isNewest,
        final boolean isForced)
    {
        super(sequence, file, WalFormat.NATIVE);
        this.buffer = file.buffer();
        this.logId = logId;
        this.isNewest = isNewest;
        this.isForced = isForced;
        final boolean hasHeader = file.length() >= SegmentHeader.LENGTH;
        this.durablePosition = hasHeader && mark.read(buffer) ? mark.durablePosition() : SegmentHeader.LENGTH;
        this.isMarkDamaged = hasHeader && isForced && !mark.areSoundOrUnwritten(buffer);
    }

    @Override
    boolean begin(final LogTail tail, final long sequenceBefore)
    {
        final RecoveryTable.Header found = header(tail, sequenceBefore);
        final RecoveryCase row = RecoveryTable.of(found, isHeaderVouched(found), isNewest, isForced);
        if (RecoveryCase.IN_USE != row)
        {
            return fault(row, 0, tail, describe(found, tail, sequenceBefore));
        }
        tail.set(before);
        moveTo(SegmentHeader.LENGTH);
        return true;
    }

    private RecoveryTable.Header header(final LogTail tail, final long sequenceBefore)
    {
        if (SegmentFiles.isUnwritten(file()))
        {
            return RecoveryTable.Header.UNWRITTEN;
        }
        if (file().length() < SegmentHeader.LENGTH || null != SegmentHeader.fault(crc, buffer))
        {
            return file().length() >= SegmentHeader.LENGTH && SegmentHeader.isHalfPut(buffer) ?
                RecoveryTable.Header.HALF_STORED : RecoveryTable.Header.BROKEN;
        }
        if (SegmentHeader.sequence(buffer) != sequence() || SegmentHeader.segmentLength(buffer) != file().length())
        {
            return RecoveryTable.Header.MISPLACED;
        }
        if (0 != logId && SegmentHeader.logId(buffer) != logId)
        {
            return RecoveryTable.Header.FOREIGN;
        }
        SegmentHeader.before(buffer, before);
        return NO_SEQUENCE == sequenceBefore || (sequenceBefore + 1 == sequence() && before.isSame(tail)) ?
            RecoveryTable.Header.SOUND : RecoveryTable.Header.UNCONNECTED;
    }

    private boolean isHeaderVouched(final RecoveryTable.Header found)
    {
        return SegmentFiles.isVouched(file(), RecoveryTable.Header.HALF_STORED == found);
    }

    private String describe(final RecoveryTable.Header found, final LogTail tail, final long sequenceBefore)
    {
        return switch (found)
        {
            case UNWRITTEN, HALF_STORED, BROKEN -> file().length() < SegmentHeader.LENGTH ?
                "it is shorter than a header" : SegmentHeader.fault(crc, buffer);
            case MISPLACED -> "it says of itself that it is segment " + SegmentHeader.sequence(buffer) + " of " +
                SegmentHeader.segmentLength(buffer) + " bytes, but it has " + file().length();
            case FOREIGN ->
                String.format("log id is %016x, expected %016x", SegmentHeader.logId(buffer), logId);
            case UNCONNECTED -> "it follows entry " + before.index() + " of term " + before.term() +
                ", but the segment before it (" + LogSegment.fileName(sequenceBefore) + ") ends with entry " +
                tail.index() + " of term " + tail.term();
            case SOUND -> throw new AssertionError(found);
        };
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
        final RecoveryTable.Place found = place(at);
        final boolean isVouched = at < durablePosition || (isMarkDamaged && RecoveryTable.Place.ZEROS != found);
        final RecoveryCase row = RecoveryTable.of(found, isVouched, isNewest, isForced);
        return switch (row.kind())
        {
            case CLEAN, TORN -> endsWith(row);
            case UNFORCED, DAMAGED -> damage(row, found, at, tail);
        };
    }

    private RecoveryTable.Place place(final int at)
    {
        final int available = file().length() - at;
        if (EntryFrame.isZero(buffer, at, available))
        {
            return RecoveryTable.Place.ZEROS;
        }
        final int length = lengthAt(at);
        if (length < EntryFrame.HEADER_LENGTH || BitUtil.align((long)length, EntryFrame.ALIGNMENT) > available)
        {
            return RecoveryTable.Place.BAD_LENGTH;
        }
        if (EntryFrame.crc(buffer, at) != EntryFrame.computeCrc(crc, buffer, at, length))
        {
            return RecoveryTable.Place.BAD_CRC;
        }
        return EntryFrame.isIntact(crc, buffer, at, available) ?
            RecoveryTable.Place.NOT_CHAINED : RecoveryTable.Place.BAD_PADDING;
    }

    private int lengthAt(final int at)
    {
        return file().length() - at < EntryFrame.HEADER_LENGTH ? 0 : EntryFrame.length(buffer, at);
    }

    private boolean damage(final RecoveryCase row, final RecoveryTable.Place found, final int at, final LogTail tail)
    {
        final int length = lengthAt(at);
        if (RecoveryTable.Place.BAD_CRC == found)
        {
            return endsWith(WalFault.ofCrc(row, file().name(), at, tail.index() + 1,
                EntryFrame.computeCrc(crc, buffer, at, length), EntryFrame.crc(buffer, at), durability()));
        }
        return fault(row, at, tail, switch (found)
        {
            case BAD_LENGTH -> "a frame of " + length + " bytes; " + durability();
            case BAD_PADDING -> "of a frame of " + length + " bytes; " + durability();
            case NOT_CHAINED -> "it is entry " + EntryFrame.index(buffer, at) + " of term " +
                EntryFrame.term(buffer, at) + ", the one before it entry " + tail.index() + " of term " +
                tail.term() + "; " + durability();
            default -> durability();
        });
    }

    private String durability()
    {
        return isNewest ? "durable up to offset " + durablePosition :
            "a segment that is not the newest is durable whole";
    }

    private boolean fault(final RecoveryCase row, final int at, final LogTail tail, final String what)
    {
        return endsWith(WalFault.of(row, file().name(), at, tail.index() + 1, what));
    }
}
