package io.ukehi.raft;

import io.ukehi.Crc32c;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.agrona.BitUtil;
import org.agrona.collections.LongHashSet;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * A log in memory that keeps every promise of {@link RaftLog} and no other: what was appended is durable only once a
 * flush has been handed over and completed, and a crash takes the rest.
 * <p>
 * A frame, little of it and nothing of the production log's layout; padded with zeros to eight bytes:
 * <pre>
 *   0        4     8          12     16      24     32      40     48
 *  +--------+-----+----------+------+-------+------+-------+------+---------+
 *  | length | crc | crc of   | type | index | term | token | time | payload |
 *  |        |     | previous |      |       |      |       |      |         |
 *  +--------+-----+----------+------+-------+------+-------+------+---------+
 * </pre>
 * The length counts header and payload; the crc covers all that follows it. Since each frame holds the crc of the one
 * before, {@link #digestAt} of an entry speaks for all entries before it as well.
 */
public final class InMemoryLog implements RaftLog
{
    /** The disk has failed: the node has to end. */
    public static final class FailedException extends RuntimeException
    {
        private static final long serialVersionUID = 1L;

        FailedException()
        {
            super("the log cannot be written");
        }
    }

    /** Told before entries are cut away. */
    public interface CutListener
    {
        void onCut(long fromIndex);
    }

    static final int HEADER_LENGTH = 48;
    private static final int CRC_OFFSET = 4;
    private static final int PREVIOUS_CRC_OFFSET = 8;
    private static final int TYPE_OFFSET = 12;
    private static final int INDEX_OFFSET = 16;
    private static final int TERM_OFFSET = 24;
    private static final int TOKEN_OFFSET = 32;
    private static final int TIME_OFFSET = 40;
    private static final int ALIGNMENT = 8;
    private static final int UNLIMITED = Integer.MAX_VALUE;

    private final Crc32c crc32c = new Crc32c();
    private final ArrayDeque<Long> flushes = new ArrayDeque<>();
    private UnsafeBuffer buffer = new UnsafeBuffer(new byte[1024]);
    /** Where entry {@code i + 1} begins. */
    private int[] offsets = new int[16];
    private int end;
    private long firstIndex = 1;
    private long lastIndex;
    private long handedOverIndex;
    private long durableIndex;
    private long commitMark;
    private long durableCommitMark;
    private long cutCount;
    private long changeCount;
    private int entriesPerSegment = UNLIMITED;
    private int room = UNLIMITED;
    private boolean isFull;
    private boolean isFlushHeld;
    private int callsUntilFailure = UNLIMITED;
    private CutListener cutListener = fromIndex -> {};
    private final LongHashSet damaged = new LongHashSet();
    private long damagedIndex;

    /** Bounds a run that {@link #read} returns, as the end of a segment would. */
    public InMemoryLog entriesPerSegment(final int entries)
    {
        entriesPerSegment = entries;
        return this;
    }

    public InMemoryLog cutListener(final CutListener listener)
    {
        cutListener = listener;
        return this;
    }

    /** Whether a flush waits for {@link #completeFlush()}; otherwise it is complete at once. */
    public void holdFlushes(final boolean isHeld)
    {
        isFlushHeld = isHeld;
    }

    /** Whether the disk is full: appends get {@link RaftLog#STORAGE_FULL}. */
    public void full(final boolean isFullNow)
    {
        isFull = isFullNow;
    }

    /** For how many more entries there is room, then {@link RaftLog#BACK_PRESSURED}. */
    public void room(final int entries)
    {
        room = entries;
    }

    /** Takes back every limit of {@link #room}. */
    public void ampleRoom()
    {
        room = UNLIMITED;
    }

    /** After so many more changes the disk fails, before the change is made or after it; a crash ends that. */
    public void failAfter(final int changes)
    {
        callsUntilFailure = changes;
    }

    private void touchDisk()
    {
        if (UNLIMITED != callsUntilFailure && 0 == callsUntilFailure--)
        {
            throw new FailedException();
        }
    }

    /** All that was handed over is durable now. */
    public void completeFlush()
    {
        flushes.clear();
        complete(handedOverIndex);
    }

    /** The oldest flush that was handed over is complete; false if there is none. */
    public boolean completeOldestFlush()
    {
        if (flushes.isEmpty())
        {
            return false;
        }
        complete(flushes.poll());
        return true;
    }

    private void complete(final long index)
    {
        durableIndex = Math.max(durableIndex, index);
        durableCommitMark = commitMark;
    }

    /** How many times entries were cut. */
    public long cutCount()
    {
        return cutCount;
    }

    /** The committed index that a restart would find, at most {@link #lastIndex()}. */
    public long commitMark()
    {
        return Math.min(commitMark, lastIndex);
    }

    /**
     * The machine loses power.
     *
     * @param keepIndex what is found afterwards: {@link #durableIndex()} to {@link #lastIndex()}.
     */
    public void crash(final long keepIndex)
    {
        if (keepIndex < durableIndex || keepIndex > lastIndex)
        {
            throw new IllegalArgumentException("a crash keeps what is durable: " + keepIndex);
        }
        callsUntilFailure = UNLIMITED;
        damaged.clear();
        damagedIndex = 0;
        cutTo(keepIndex);
        flushes.clear();
        handedOverIndex = lastIndex;
        durableIndex = lastIndex;
        commitMark = durableCommitMark;
    }

    /**
     * Entries that were durable are gone: the disk was damaged, or called durable what it had not written.
     *
     * @param keepIndex the last one that is left: {@code firstIndex() - 1} to {@link #lastIndex()}.
     */
    public void lose(final long keepIndex)
    {
        if (keepIndex < firstIndex - 1 || keepIndex > lastIndex)
        {
            throw new IllegalArgumentException("not in the log: " + keepIndex);
        }
        cutTo(keepIndex);
        handedOverIndex = lastIndex;
        durableIndex = lastIndex;
        commitMark = commitMark();
        durableCommitMark = commitMark;
    }

    /**
     * Until a crash an entry can be read no more, as if memory had forgotten it; the log knows it once somebody tries,
     * or {@link #scrub} comes by.
     */
    public void damage(final long index)
    {
        damaged.add(index);
    }

    /** Whether any entry can be read no more, known or not. */
    public boolean isDamaged()
    {
        return !damaged.isEmpty();
    }

    /** Looks for damage that nobody has come across. */
    public void scrub()
    {
        damagedIndex = damaged.stream().mapToLong(Long::longValue).min().orElse(0);
    }

    @Override
    public long damagedIndex()
    {
        return damagedIndex;
    }

    @Override
    public boolean repairFrames(final EntryCursor entries)
    {
        final Cursor cursor = (Cursor)entries;
        int frame = cursor.frame();
        final int runEnd = cursor.offset() + cursor.length();
        for (long index = cursor.index(); frame < runEnd; index++)
        {
            final int length = cursor.buffer().getInt(frame);
            // The bytes that were there are the only ones that fit.
            if (index > lastIndex || digestAt(index) != cursor.buffer().getInt(frame + CRC_OFFSET))
            {
                return false;
            }
            damaged.remove(index);
            frame += BitUtil.align(length, ALIGNMENT);
        }
        damagedIndex = 0;
        return true;
    }

    /** Forgets committed entries, as after a snapshot; the term before the first one that is left stays known. */
    @Override
    public long purgeTo(final long newFirstIndex)
    {
        if (newFirstIndex < firstIndex || newFirstIndex > lastIndex + 1)
        {
            throw new IllegalArgumentException("not in the log: " + newFirstIndex);
        }
        firstIndex = newFirstIndex;
        commitMark = Math.max(commitMark, newFirstIndex - 1);
        durableCommitMark = Math.max(durableCommitMark, newFirstIndex - 1);
        changeCount++;
        return firstIndex;
    }

    @Override
    public int frameCrcAt(final long index)
    {
        return (int)digestAt(index);
    }

    @Override
    public void resetTo(
        final long index, final long term, final long token, final long timeNs, final int frameCrc)
    {
        touchDisk();
        cutListener.onCut(firstIndex);
        end = 0;
        lastIndex = index - 1;
        offsets = new int[(int)Math.max(index, offsets.length)];
        final int frame = claim(HEADER_LENGTH);
        buffer.putInt(frame, HEADER_LENGTH);
        buffer.putInt(frame + CRC_OFFSET, frameCrc);
        buffer.putLong(frame + INDEX_OFFSET, index);
        buffer.putLong(frame + TERM_OFFSET, term);
        buffer.putLong(frame + TOKEN_OFFSET, token);
        buffer.putLong(frame + TIME_OFFSET, timeNs);
        add(frame);
        firstIndex = index + 1;
        handedOverIndex = index;
        durableIndex = index;
        commitMark = index;
        durableCommitMark = index;
        flushes.clear();
        cutCount++;
    }

    @Override
    public long firstIndex()
    {
        return firstIndex;
    }

    @Override
    public long lastIndex()
    {
        return lastIndex;
    }

    @Override
    public long lastTerm()
    {
        return lastLong(TERM_OFFSET);
    }

    @Override
    public long lastToken()
    {
        return lastLong(TOKEN_OFFSET);
    }

    @Override
    public long lastClusterTimeNs()
    {
        return lastLong(TIME_OFFSET);
    }

    private long lastLong(final int offset)
    {
        return 0 == lastIndex ? 0 : buffer.getLong(offsetOf(lastIndex) + offset);
    }

    @Override
    public long durableIndex()
    {
        return durableIndex;
    }

    @Override
    public long termAt(final long index)
    {
        if (0 == index && 1 == firstIndex)
        {
            return 0;
        }
        return index < Math.max(1, firstIndex - 1) || index > lastIndex ?
            UNKNOWN_TERM : buffer.getLong(offsetOf(index) + TERM_OFFSET);
    }

    /** Token of an entry. */
    public long tokenAt(final long index)
    {
        return buffer.getLong(offsetOf(index) + TOKEN_OFFSET);
    }

    /** Type of an entry. */
    public int typeAt(final long index)
    {
        return buffer.getInt(offsetOf(index) + TYPE_OFFSET);
    }

    /** Payload of an entry, as text. */
    public String payloadAt(final long index)
    {
        final int offset = offsetOf(index);
        return buffer.getStringWithoutLengthAscii(
            offset + HEADER_LENGTH, buffer.getInt(offset) - HEADER_LENGTH);
    }

    /** Stands for an entry and all entries before it. */
    public long digestAt(final long index)
    {
        return 0 == index ? 0 : buffer.getInt(offsetOf(index) + CRC_OFFSET);
    }

    private int offsetOf(final long index)
    {
        return offsets[(int)index - 1];
    }

    @Override
    public long append(
        final int type,
        final long term,
        final long token,
        final long clusterTimeNs,
        final DirectBuffer payload,
        final int offset,
        final int length)
    {
        if (term < lastTerm() || Long.compareUnsigned(token, lastToken()) < 0 || clusterTimeNs < lastClusterTimeNs())
        {
            throw new IllegalArgumentException("term, token and time never fall");
        }
        touchDisk();
        if (isFull)
        {
            return STORAGE_FULL;
        }
        if (0 == room)
        {
            return BACK_PRESSURED;
        }
        final int frame = claim(HEADER_LENGTH + length);
        buffer.putInt(frame, HEADER_LENGTH + length);
        buffer.putInt(frame + PREVIOUS_CRC_OFFSET, (int)digestAt(lastIndex));
        buffer.putInt(frame + TYPE_OFFSET, type);
        buffer.putLong(frame + INDEX_OFFSET, lastIndex + 1);
        buffer.putLong(frame + TERM_OFFSET, term);
        buffer.putLong(frame + TOKEN_OFFSET, token);
        buffer.putLong(frame + TIME_OFFSET, clusterTimeNs);
        buffer.putBytes(frame + HEADER_LENGTH, payload, offset, length);
        buffer.putInt(frame + CRC_OFFSET, crc(buffer, frame, HEADER_LENGTH + length));
        add(frame);
        return lastIndex;
    }

    /** Makes room for a frame and zeroes its padding; it counts once it is {@link #add added}. */
    private int claim(final int frameLength)
    {
        final int aligned = BitUtil.align(frameLength, ALIGNMENT);
        if (end + aligned > buffer.capacity())
        {
            final byte[] grown = Arrays.copyOf(buffer.byteArray(), Math.max(2 * end, end + aligned));
            buffer = new UnsafeBuffer(grown);
        }
        buffer.setMemory(end, aligned, (byte)0);
        return end;
    }

    private void add(final int frame)
    {
        if (offsets.length == lastIndex)
        {
            offsets = Arrays.copyOf(offsets, 2 * offsets.length);
        }
        offsets[(int)lastIndex++] = frame;
        end = frame + BitUtil.align(buffer.getInt(frame), ALIGNMENT);
        room -= UNLIMITED == room ? 0 : 1;
        changeCount++;
    }

    private int crc(final DirectBuffer bytes, final int frame, final int frameLength)
    {
        return crc32c.compute(bytes, frame + PREVIOUS_CRC_OFFSET, frameLength - PREVIOUS_CRC_OFFSET);
    }

    @Override
    public EntryCursor newCursor()
    {
        return new Cursor();
    }

    @Override
    public boolean verify(final EntryCursor cursor, final DirectBuffer bytes, final int offset, final int length)
    {
        int at = offset;
        int previous = -1;
        int count = 0;
        while (at < offset + length)
        {
            final int left = offset + length - at;
            final int frameLength = left < HEADER_LENGTH ? 0 : bytes.getInt(at);
            final int aligned = BitUtil.align(frameLength, ALIGNMENT);
            if (frameLength < HEADER_LENGTH || aligned > left ||
                crc(bytes, at, frameLength) != bytes.getInt(at + CRC_OFFSET) ||
                !isZero(bytes, at + frameLength, aligned - frameLength) ||
                (previous >= 0 && !follows(bytes, at, bytes, previous)))
            {
                return false;
            }
            previous = at;
            at += aligned;
            count++;
        }
        ((Cursor)cursor).fill(bytes, offset, length, count, false);
        return true;
    }

    private static boolean isZero(final DirectBuffer bytes, final int offset, final int length)
    {
        for (int i = 0; i < length; i++)
        {
            if (0 != bytes.getByte(offset + i))
            {
                return false;
            }
        }
        return true;
    }

    private static boolean follows(
        final DirectBuffer bytes, final int frame, final DirectBuffer before, final int previous)
    {
        return bytes.getLong(frame + INDEX_OFFSET) == before.getLong(previous + INDEX_OFFSET) + 1 &&
            bytes.getInt(frame + PREVIOUS_CRC_OFFSET) == before.getInt(previous + CRC_OFFSET) &&
            bytes.getLong(frame + TERM_OFFSET) >= before.getLong(previous + TERM_OFFSET) &&
            Long.compareUnsigned(
                bytes.getLong(frame + TOKEN_OFFSET), before.getLong(previous + TOKEN_OFFSET)) >= 0 &&
            bytes.getLong(frame + TIME_OFFSET) >= before.getLong(previous + TIME_OFFSET);
    }

    @Override
    public long appendFrames(final EntryCursor entries)
    {
        final Cursor cursor = (Cursor)entries;
        final DirectBuffer bytes = cursor.buffer();
        int frame = cursor.frame();
        touchDisk();
        if (isFull)
        {
            return STORAGE_FULL;
        }
        final boolean isNext = 0 == lastIndex ?
            1 == bytes.getLong(frame + INDEX_OFFSET) && 0 == bytes.getInt(frame + PREVIOUS_CRC_OFFSET) :
            follows(bytes, frame, buffer, offsetOf(lastIndex));
        if (!isNext)
        {
            return NOT_CONTIGUOUS;
        }
        if (0 == room)
        {
            return BACK_PRESSURED;
        }
        final int runEnd = cursor.offset() + cursor.length();
        while (frame < runEnd && room > 0)
        {
            final int frameLength = bytes.getInt(frame);
            final int to = claim(frameLength);
            buffer.putBytes(to, bytes, frame, frameLength);
            add(to);
            frame += BitUtil.align(frameLength, ALIGNMENT);
        }
        return lastIndex;
    }

    @Override
    public void truncateFrom(final long index)
    {
        if (index < firstIndex || index > lastIndex)
        {
            throw new IllegalArgumentException("not in the log: " + index);
        }
        touchDisk();
        cutListener.onCut(index);
        cutCount++;
        cutTo(index - 1);
        handedOverIndex = Math.min(handedOverIndex, lastIndex);
        durableIndex = Math.min(durableIndex, lastIndex);
        // A flush that was under way completes for what is left of it, never for what comes to stand in its place.
        for (int i = flushes.size(); i > 0; i--)
        {
            flushes.add(Math.min(flushes.poll(), lastIndex));
        }
        touchDisk();
    }

    private void cutTo(final long newLastIndex)
    {
        if (newLastIndex < lastIndex)
        {
            end = offsets[(int)newLastIndex];
            lastIndex = newLastIndex;
            changeCount++;
        }
    }

    @Override
    public int read(final long fromIndex, final long toIndex, final int maxBytes, final EntryCursor cursor)
    {
        if (fromIndex < firstIndex || fromIndex > lastIndex + 1)
        {
            throw new IllegalArgumentException("not in the log: " + fromIndex);
        }
        if (damaged.contains(fromIndex))
        {
            damagedIndex = fromIndex;
            ((Cursor)cursor).fill(buffer, 0, 0, 0, true);
            return DAMAGED;
        }
        final long segmentEnd = fromIndex + entriesPerSegment - 1 - (fromIndex - 1) % entriesPerSegment;
        final long to = Math.min(segmentEnd, Math.min(toIndex, lastIndex));
        if (to < fromIndex)
        {
            ((Cursor)cursor).fill(buffer, 0, 0, 0, true);
            return 0;
        }
        final int offset = offsetOf(fromIndex);
        int length = frameEnd(fromIndex) - offset;
        int count = 1;
        while (fromIndex + count <= to && frameEnd(fromIndex + count) - offset <= maxBytes &&
            !damaged.contains(fromIndex + count))
        {
            length = frameEnd(fromIndex + count) - offset;
            count++;
        }
        ((Cursor)cursor).fill(buffer, offset, length, count, true);
        return length;
    }

    private int frameEnd(final long index)
    {
        return index == lastIndex ? end : offsetOf(index + 1);
    }

    @Override
    public void onCommit(final long commitIndex)
    {
        commitMark = commitIndex;
    }

    @Override
    public int flush()
    {
        if (handedOverIndex == lastIndex)
        {
            return 0;
        }
        touchDisk();
        handedOverIndex = lastIndex;
        if (isFlushHeld)
        {
            flushes.add(lastIndex);
        }
        else
        {
            completeFlush();
        }
        return 1;
    }

    /** Refuses to be used where the contract says that it points nowhere any more. */
    private final class Cursor implements EntryCursor
    {
        private DirectBuffer bytes = new UnsafeBuffer(0, 0);
        private int offset;
        private int length;
        private int count;
        private int frame = -1;
        private long filledAt;

        void fill(
            final DirectBuffer of, final int runOffset, final int runLength, final int entries, final boolean isRead)
        {
            bytes = of;
            offset = runOffset;
            length = runLength;
            count = entries;
            frame = -1;
            filledAt = isRead ? changeCount : -1;
        }

        int frame()
        {
            if (frame < 0)
            {
                throw new IllegalStateException("the cursor stands on no entry");
            }
            return frame;
        }

        private void checkValid()
        {
            if (filledAt >= 0 && filledAt != changeCount)
            {
                throw new IllegalStateException("the log has changed under the cursor");
            }
        }

        @Override
        public DirectBuffer buffer()
        {
            checkValid();
            return bytes;
        }

        @Override
        public int offset()
        {
            checkValid();
            return offset;
        }

        @Override
        public int length()
        {
            checkValid();
            return length;
        }

        @Override
        public int count()
        {
            checkValid();
            return count;
        }

        @Override
        public boolean next()
        {
            checkValid();
            final int next = frame < 0 ? offset : frame + BitUtil.align(bytes.getInt(frame), ALIGNMENT);
            if (next >= offset + length)
            {
                return false;
            }
            frame = next;
            return true;
        }

        @Override
        public long index()
        {
            return bytes.getLong(frame() + INDEX_OFFSET);
        }

        @Override
        public long term()
        {
            return bytes.getLong(frame() + TERM_OFFSET);
        }

        @Override
        public long token()
        {
            return bytes.getLong(frame() + TOKEN_OFFSET);
        }

        @Override
        public long clusterTimeNs()
        {
            return bytes.getLong(frame() + TIME_OFFSET);
        }

        @Override
        public int type()
        {
            return bytes.getInt(frame() + TYPE_OFFSET);
        }

        @Override
        public int payloadOffset()
        {
            return frame() + HEADER_LENGTH;
        }

        @Override
        public int payloadLength()
        {
            return bytes.getInt(frame()) - HEADER_LENGTH;
        }
    }
}
