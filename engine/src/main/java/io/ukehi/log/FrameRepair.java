package io.ukehi.log;

import io.ukehi.Invariant;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;

/**
 * Stores intact frames of another member over damaged ones, in place: committed entries are framed by the same bytes on
 * every member. What is stored must fit on both sides, in length and in the chain of checksums; otherwise nothing is
 * changed. Duty-cycle thread; waits for the disk, which is rare enough.
 */
final class FrameRepair
{
    private final SealedReader reader;
    private final Storage storage;
    private final LogTail link = new LogTail();
    private final LogTail before = new LogTail();

    FrameRepair(final Storage storage, final SealedReader reader)
    {
        this.storage = storage;
        this.reader = reader;
    }

    /**
     * Repairs a sealed segment, as far as the run lies in it.
     *
     * @param segment that holds the run's current entry.
     * @param next    the segment behind it.
     * @param run     of verified frames, standing on the first to be stored.
     * @return whether the frames fitted and are durable now.
     */
    boolean repair(final LogSegment segment, final LogSegment next, final LogCursor run)
    {
        Invariant.check(!segment.isWritable(), "a sealed segment is repaired", segment.sequence());
        final long index = run.index();
        final int position = reader.locate(segment, index);
        if (position < 0 || !setLink(segment, index))
        {
            return false;
        }
        final int length = follow(segment, run);
        if (length <= 0 || position + length > segment.end() || !fitsBehind(segment, next, position + length))
        {
            return false;
        }
        store(segment, position, run.buffer(), run.frameOffset(), length);
        Invariant.check(reader.isEntry(segment, position, index), "what was stored can be read", index);
        return true;
    }

    /** Sets the link to the entry before; false if that one is damaged as well. */
    private boolean setLink(final LogSegment segment, final long index)
    {
        if (index == segment.firstIndex())
        {
            SegmentHeader.before(segment.buffer(), link);
            return true;
        }
        final int position = reader.locate(segment, index - 1);
        if (position < 0 || !reader.isEntry(segment, position, index - 1))
        {
            return false;
        }
        link.set(segment.buffer(), position);
        return true;
    }

    /** Length of the frames that belong into the segment; 0 if they are not the chain's next. */
    private int follow(final LogSegment segment, final LogCursor run)
    {
        final DirectBuffer source = run.buffer();
        int at = run.frameOffset();
        while (at < run.limit() && link.index() < segment.lastIndex())
        {
            if (!link.isFollowedBy(source, at))
            {
                return 0;
            }
            link.set(source, at);
            at += BitUtil.align(EntryFrame.length(source, at), EntryFrame.ALIGNMENT);
        }
        return at - run.frameOffset();
    }

    private boolean fitsBehind(final LogSegment segment, final LogSegment next, final int end)
    {
        if (link.index() == segment.lastIndex())
        {
            SegmentHeader.before(next.buffer(), before);
            return end == segment.end() && before.isSame(link);
        }
        return end < segment.end() && (!reader.isEntry(segment, end, link.index() + 1) ||
            link.isFollowedBy(segment.buffer(), end));
    }

    private void store(
        final LogSegment segment, final int position, final DirectBuffer source, final int offset, final int length)
    {
        try (StorageFile file = storage.open(segment.file().name(), Storage.Mapping.PRIVATE))
        {
            file.buffer().putBytes(position, source, offset, length);
            file.write(position, length);
            file.force();
        }
    }
}
