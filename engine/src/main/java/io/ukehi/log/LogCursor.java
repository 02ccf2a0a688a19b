package io.ukehi.log;

import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * Walks a run of frames in place: whole frames with consecutive indexes in one range of bytes, read from the log or
 * verified after they came over the network. Stands before the first until {@link #next()} is called; valid until it
 * is filled again or the log is flushed (a full segment may then be mapped anew), cut or closed. Owned by the
 * duty-cycle thread; allocates nothing.
 */
public class LogCursor
{
    private static final int INITIAL_ROOM = 64 * 1024;
    private static final DirectBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private DirectBuffer buffer = NOTHING;
    private int offset;
    private int length;
    private int count;
    private int position;
    private int current;

    /** Of the cursor's own, for what does not lie anywhere as frames; null as a rule. */
    private UnsafeBuffer room;

    // Where a read that goes on after this run begins, as long as the log is of the same generation.
    private LogSegment segment;
    private long generation = -1;
    private long nextIndex;

    /** Fills the cursor with a run. */
    final void wrap(final DirectBuffer newBuffer, final int newOffset, final int newLength, final int newCount)
    {
        buffer = newBuffer;
        offset = newOffset;
        length = newLength;
        count = newCount;
        position = newOffset;
        current = -1;
        generation = -1;
    }

    /** Room of the cursor's own, of at least a number of bytes; what was put there before stays. */
    final UnsafeBuffer room(final int bytes)
    {
        if (null == room || room.capacity() < bytes)
        {
            final UnsafeBuffer larger = new UnsafeBuffer(
                ByteBuffer.allocateDirect(Math.max(INITIAL_ROOM, BitUtil.findNextPositivePowerOfTwo(bytes))));
            if (null != room)
            {
                larger.putBytes(0, room, 0, room.capacity());
            }
            room = larger;
        }
        return room;
    }

    final void remember(final LogSegment runSegment, final long logGeneration, final long indexAfter)
    {
        segment = runSegment;
        generation = logGeneration;
        nextIndex = indexAfter;
    }

    /** Whether an entry lies right behind the run last read. */
    final boolean isContinuedBy(final LogSegment wanted, final long logGeneration, final long index)
    {
        return generation == logGeneration && segment == wanted && nextIndex == index;
    }

    /** The buffer in which the run lies. */
    public final DirectBuffer buffer()
    {
        return buffer;
    }

    /** Where the run begins in {@link #buffer()}, in bytes. */
    public final int offset()
    {
        return offset;
    }

    /** Length of the run in bytes, padding included. */
    public final int length()
    {
        return length;
    }

    /** Number of entries in the run. */
    public final int count()
    {
        return count;
    }

    /** Moves to the next entry (at first: the first). False at the end of the run, where the cursor stays. */
    public final boolean next()
    {
        if (position >= offset + length)
        {
            return false;
        }
        current = position;
        position += BitUtil.align(EntryFrame.length(buffer, current), EntryFrame.ALIGNMENT);
        return true;
    }

    /** Where the current entry's frame begins in {@link #buffer()}. */
    final int frameOffset()
    {
        return current;
    }

    /** End of the run in {@link #buffer()}. */
    final int limit()
    {
        return offset + length;
    }

    /** Index of the current entry. */
    public final long index()
    {
        return EntryFrame.index(buffer, current);
    }

    /** Term of the current entry. */
    public final long term()
    {
        return EntryFrame.term(buffer, current);
    }

    /** Fencing token of the current entry. */
    public final long token()
    {
        return EntryFrame.token(buffer, current);
    }

    /** Time the leader stamped on the current entry, in nanoseconds since the epoch. */
    public final long clusterTimeNs()
    {
        return EntryFrame.clusterTimeNs(buffer, current);
    }

    /** Type of the current entry. */
    public final int type()
    {
        return EntryFrame.type(buffer, current);
    }

    /** Where the current entry's payload begins in {@link #buffer()}. */
    public final int payloadOffset()
    {
        return current + EntryFrame.HEADER_LENGTH;
    }

    /** Length of the current entry's payload in bytes. */
    public final int payloadLength()
    {
        return EntryFrame.length(buffer, current) - EntryFrame.HEADER_LENGTH;
    }
}
