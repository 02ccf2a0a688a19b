package io.ukehi.log;

import io.ukehi.Crc32c;
import org.agrona.DirectBuffer;

/**
 * Follows the records of a segment of the earlier implementation.
 * <p>
 * That implementation kept no note of how far its log was durable. What can be told nevertheless: a file that ends
 * within a record, of which both lengths say the same, ends in a torn tail, and so does one that ends in zeros. A
 * whole record that is wrong, lengths that disagree, and anything that is followed by an intact record, is damage.
 * <p>
 * Its writer went on behind a torn tail without cutting it. What was appended there is not read: an intact record
 * within a broken one may as well be a part of somebody's command. It is told apart in the report.
 * <p>
 * <b>The chain.</b> Older records are not chained. So that native frames behind them are the same bytes on every node,
 * whether it has converted its log or not, the chain goes through older records as if each was framed natively, with
 * type {@link WalEntry#TYPE_OF_OLDER} and time 0.
 */
final class OlderSegmentScan extends SegmentScan
{
    private final Crc32c crc = new Crc32c();
    private final DirectBuffer buffer;
    private final OlderFrame frame;

    OlderSegmentScan(final long sequence, final StorageFile file, final WalFormat format)
    {
        super(sequence, file, format);
        this.buffer = file.buffer();
        this.frame = new OlderFrame(format, buffer);
    }

    @Override
    boolean begin(final LogTail tail, final long sequenceBefore)
    {
        if (NO_SEQUENCE != sequenceBefore && sequenceBefore + 1 != sequence())
        {
            return fault(RecoveryCase.BROKEN_SEQUENCE, 0, tail,
                "the segment before it is " + LogSegment.fileName(sequenceBefore));
        }
        final int magic = WalFormat.OLDER_V1 == format() ? WalFormat.MAGIC_V1 : SegmentHeader.MAGIC;
        if (buffer.capacity() >= Integer.BYTES && OlderFrame.magic(buffer) != magic)
        {
            return fault(RecoveryCase.BAD_HEADER, 0, tail,
                "magic number is 0x" + Integer.toHexString(OlderFrame.magic(buffer)));
        }
        final int version = WalFormat.OLDER_V1 == format() ? 1 : 2;
        if (buffer.capacity() >= 2 * Integer.BYTES && OlderFrame.version(buffer) != version)
        {
            return fault(RecoveryCase.BAD_HEADER, Integer.BYTES, tail,
                "magic number is of version " + version + ", version is " + OlderFrame.version(buffer));
        }
        if (buffer.capacity() < OlderFrame.FILE_HEADER_LENGTH)
        {
            return endsWith(RecoveryCase.OLDER_TORN_TAIL);
        }
        if (OlderFrame.segmentId(buffer) != sequence())
        {
            return fault(RecoveryCase.MISPLACED_SEGMENT, 2 * Integer.BYTES, tail,
                "it says of itself that it is segment " + OlderFrame.segmentId(buffer));
        }
        moveTo(OlderFrame.FILE_HEADER_LENGTH);
        return true;
    }

    @Override
    boolean next(final LogTail tail, final WalEntry entry)
    {
        final int at = end();
        if (at == buffer.capacity())
        {
            return endsWith(RecoveryCase.CLEAN_END);
        }
        if (!frame.isIntact(at))
        {
            return judge(at, tail);
        }
        if (!follows(tail, at))
        {
            return fault(RecoveryCase.NOT_CHAINED, at, tail, "it is entry " + frame.index(at) + " of term " +
                frame.term(at) + ", the one before it entry " + tail.index() + " of term " + tail.term());
        }
        entry.setOlder(buffer, frame, at);
        tail.set(entry.index(), entry.term(), entry.token(), 0, frame.chain(crc, at, tail.crc()));
        moveTo(at + frame.length(at));
        return true;
    }

    private boolean follows(final LogTail tail, final int at)
    {
        return frame.index(at) == tail.index() + 1 && frame.term(at) >= tail.term() &&
            Long.compareUnsigned(frame.token(at), tail.token()) >= 0 && 0 == tail.clusterTimeNs();
    }

    private boolean judge(final int at, final LogTail tail)
    {
        final int behind = findIntact(at + 1, tail);
        if (behind >= 0 && follows(tail, behind))
        {
            return fault(RecoveryCase.OLDER_APPENDED_BEHIND_TORN_TAIL, at, tail,
                "entry " + frame.index(behind) + " stands behind it, at offset " + behind);
        }
        final int rest = buffer.capacity() - at;
        final boolean isTooShort = rest < OlderFrame.headerLength() ||
            (frame.lengthByRecord(at) == frame.lengthByCommand(at) && frame.lengthByCommand(at) > rest);
        if (behind < 0 && (isTooShort || EntryFrame.isZero(buffer, at, rest)))
        {
            return endsWith(RecoveryCase.OLDER_TORN_TAIL);
        }
        if (frame.hasLengths(at))
        {
            return endsWith(WalFault.ofCrc(RecoveryCase.BAD_CRC, file().name(), at, tail.index() + 1,
                frame.crcExpected(at), frame.crcFound(at), "a record in the format " + format()));
        }
        return fault(RecoveryCase.BAD_LENGTH, at, tail, isTooShort ? "the file ends within the record" :
            "its length says " + frame.lengthByRecord(at) + " bytes, its command's " + frame.lengthByCommand(at));
    }

    /** Where the first intact record of a later entry begins; -1 if there is none. */
    private int findIntact(final int from, final LogTail tail)
    {
        final int last = buffer.capacity() - OlderFrame.headerLength();
        for (int at = from; at < last; at++)
        {
            if (frame.isIntact(at) && frame.index(at) > tail.index())
            {
                return at;
            }
        }
        return -1;
    }

    private boolean fault(final RecoveryCase row, final int at, final LogTail tail, final String what)
    {
        return endsWith(WalFault.of(row, file().name(), at, tail.index() + 1, what));
    }
}
