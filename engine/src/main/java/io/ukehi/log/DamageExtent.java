package io.ukehi.log;

import io.ukehi.Crc32c;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;

/**
 * How far a log reached that damage has ended early: the highest index that may have been acknowledged. Never below
 * the truth, and the truth itself as a rule.
 * <p>
 * Behind the damage, intact frames are looked for at every place where one may begin; the last of them says how far
 * the log went. Where no frame is intact, an entry takes at least {@link EntryFrame#HEADER_LENGTH} bytes: so many more
 * may have stood there. To that come what durable marks say, and what the headers of later segments say. Only where a
 * segment reads as zeros that a mark says were frames, the log may have gone on behind them for any length.
 */
final class DamageExtent
{
    private final Crc32c crc = new Crc32c();
    private long highest;

    private DamageExtent(final long lastGoodIndex)
    {
        highest = lastGoodIndex;
    }

    /**
     * Measures.
     *
     * @param lastGood index of the last entry before the damage.
     * @param scans    the segments from the damaged one on.
     * @param files    from which they are.
     */
    static long highestIndex(final long lastGood, final List<SegmentScan> scans, final SegmentFiles files)
    {
        final DamageExtent extent = new DamageExtent(lastGood);
        for (final SegmentScan scan : scans)
        {
            extent.addSegment(scan);
        }
        final boolean isMarked = null != files.markFile();
        if (RecoveryCase.LOST_FRAMES == scans.getFirst().ending() && !(isMarked && files.mark().isClean()))
        {
            return DoubtFile.UNBOUNDED;
        }
        return isMarked ?
            Math.max(extent.highest, Math.max(files.mark().durableIndex(), files.mark().commitIndex())) :
            extent.highest;
    }

    private void addSegment(final SegmentScan scan)
    {
        final DirectBuffer buffer = scan.file().buffer();
        if (scan.format().isOlder())
        {
            addOlder(scan);
        }
        else if (buffer.capacity() > SegmentHeader.LENGTH)
        {
            if (null == SegmentHeader.fault(crc, buffer))
            {
                highest = Math.max(highest, SegmentHeader.firstIndex(buffer) - 1);
            }
            addFrames(buffer, Math.max(SegmentHeader.LENGTH, scan.end()));
        }
    }

    private void addFrames(final DirectBuffer buffer, final int from)
    {
        int counted = from;
        int at = from;
        while (at <= buffer.capacity() - EntryFrame.HEADER_LENGTH)
        {
            if (isFrame(buffer, at, counted))
            {
                highest = EntryFrame.index(buffer, at);
                at += BitUtil.align(EntryFrame.length(buffer, at), EntryFrame.ALIGNMENT);
                counted = at;
            }
            else
            {
                at += EntryFrame.ALIGNMENT;
            }
        }
        int end = buffer.capacity();
        while (end > counted && 0 == buffer.getByte(end - 1))
        {
            end--;
        }
        highest += (end - counted + EntryFrame.HEADER_LENGTH - 1) / EntryFrame.HEADER_LENGTH;
    }

    /** An index that there was no room for is somebody's command that looks like a frame. */
    private boolean isFrame(final DirectBuffer buffer, final int at, final int counted)
    {
        final long index = EntryFrame.index(buffer, at);
        return index > highest && index <= highest + 1 + (at - counted) / EntryFrame.HEADER_LENGTH &&
            EntryFrame.isIntact(crc, buffer, at, buffer.capacity() - at);
    }

    private void addOlder(final SegmentScan scan)
    {
        final DirectBuffer buffer = scan.file().buffer();
        final OlderFrame frame = new OlderFrame(scan.format(), buffer);
        int counted = Math.max(OlderFrame.FILE_HEADER_LENGTH, scan.end());
        for (int at = counted; at <= buffer.capacity() - OlderFrame.headerLength(); at++)
        {
            if (frame.isIntact(at) && frame.index(at) > highest)
            {
                highest = frame.index(at);
                counted = at + frame.length(at);
            }
        }
        final int rest = buffer.capacity() - counted;
        highest += (rest + OlderFrame.headerLength() - 1) / OlderFrame.headerLength();
    }
}
