package io.ukehi.statemachine;

import io.ukehi.Invariant;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The replies of one session that its client may not have yet, by sequence: those of a run of commands without gaps.
 * The bytes lie in a ring, each reply in one piece, so that it can be sent from where it lies:
 * <pre>
 *   |  third  |  fourth  |  fifth  |     free     |  first  |  second  | unused |
 *   0                              tail           oldest                 capacity
 * </pre>
 * Both the ring and the slots begin small and double until they hold what the session needs; from then on nothing is
 * allocated. How much is kept is for {@link SessionState} to bound: the answer must be the same on every replica, and
 * so must not depend on how the ring happens to be laid out.
 */
final class ReplyCache
{
    private static final int INITIAL_SLOTS = 16;
    private static final int INITIAL_LENGTH = 1024;

    private long[] indexes = new long[INITIAL_SLOTS];
    private long[] tokens = new long[INITIAL_SLOTS];
    private long[] starts = new long[INITIAL_SLOTS];
    private int[] offsets = new int[INITIAL_SLOTS];
    private int[] lengths = new int[INITIAL_SLOTS];
    private UnsafeBuffer bytes = new UnsafeBuffer(new byte[INITIAL_LENGTH]);
    private int tail;
    private long first = 1;
    private long next = 1;
    /** Bytes of all replies there ever were. */
    private long total;

    /** The cache is empty; the next reply is that of a sequence. */
    void startAt(final long sequence)
    {
        Invariant.check(first == next, "a cache with replies does not start", first, next);
        first = sequence;
        next = sequence;
    }

    void add(
        final long sequence,
        final long index,
        final long token,
        final DirectBuffer reply,
        final int offset,
        final int length)
    {
        Invariant.check(sequence == next, "replies are kept in order", sequence, next);
        if (next - first == indexes.length)
        {
            growSlots();
        }
        final int at = room(roomOf(length));
        final int slot = slot(sequence);
        indexes[slot] = index;
        tokens[slot] = token;
        starts[slot] = total;
        offsets[slot] = at;
        lengths[slot] = length;
        bytes.putBytes(at, reply, offset, length);
        tail = at + roomOf(length);
        total += length;
        next = sequence + 1;
    }

    /** Forgets the replies below a sequence. */
    void releaseBelow(final long sequence)
    {
        first = Math.clamp(sequence, first, next);
    }

    boolean contains(final long sequence)
    {
        return sequence >= first && sequence < next;
    }

    /** Bytes of the replies from a sequence on that is not below those kept. */
    long bytesFrom(final long sequence)
    {
        return sequence >= next ? 0 : total - starts[slot(Math.max(sequence, first))];
    }

    long index(final long sequence)
    {
        return indexes[slot(sequence)];
    }

    long token(final long sequence)
    {
        return tokens[slot(sequence)];
    }

    DirectBuffer buffer()
    {
        return bytes;
    }

    int offset(final long sequence)
    {
        return offsets[slot(sequence)];
    }

    int length(final long sequence)
    {
        return lengths[slot(sequence)];
    }

    private int slot(final long sequence)
    {
        return (int)sequence & indexes.length - 1;
    }

    /** No reply is without room of its own, so that full and empty are not the same. */
    private static int roomOf(final int length)
    {
        return BitUtil.align(Math.max(1, length), Long.BYTES);
    }

    /** Where so many bytes fit in one piece. */
    private int room(final int length)
    {
        int at = find(length);
        while (at < 0)
        {
            moveTo(new UnsafeBuffer(new byte[Math.multiplyExact(2, bytes.capacity())]));
            at = find(length);
        }
        return at;
    }

    private int find(final int length)
    {
        if (first == next)
        {
            return length <= bytes.capacity() ? 0 : -1;
        }
        final int oldest = offsets[slot(first)];
        if (tail <= oldest)
        {
            return length <= oldest - tail ? tail : -1;
        }
        if (length <= bytes.capacity() - tail)
        {
            return tail;
        }
        return length <= oldest ? 0 : -1;
    }

    private void moveTo(final UnsafeBuffer target)
    {
        int at = 0;
        for (long sequence = first; sequence < next; sequence++)
        {
            final int slot = slot(sequence);
            target.putBytes(at, bytes, offsets[slot], lengths[slot]);
            offsets[slot] = at;
            at += roomOf(lengths[slot]);
        }
        tail = at;
        bytes = target;
    }

    private void growSlots()
    {
        final int size = Math.multiplyExact(2, indexes.length);
        final long[] newIndexes = new long[size];
        final long[] newTokens = new long[size];
        final long[] newStarts = new long[size];
        final int[] newOffsets = new int[size];
        final int[] newLengths = new int[size];
        for (long sequence = first; sequence < next; sequence++)
        {
            final int from = slot(sequence);
            final int to = (int)sequence & size - 1;
            newIndexes[to] = indexes[from];
            newTokens[to] = tokens[from];
            newStarts[to] = starts[from];
            newOffsets[to] = offsets[from];
            newLengths[to] = lengths[from];
        }
        indexes = newIndexes;
        tokens = newTokens;
        starts = newStarts;
        offsets = newOffsets;
        lengths = newLengths;
    }
}
