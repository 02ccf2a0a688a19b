package io.ukehi.client;

import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The commands of a session that were taken and have not ended, with their bytes, so that they can be sent again; by
 * their numbers in the session, which begin with 1.
 * <pre>
 *   answered ... | firstUnanswered ...... nextToSend - 1 | nextToSend ......... last | last + 1
 *                | sent to this leader, some answered    | to be sent (again)        | the next command
 * </pre>
 * The bytes lie in a ring, each command in one piece. It begins small and doubles up to a limit; once it has grown to
 * what is needed nothing is allocated. Owned by the thread that uses the client.
 */
final class CommandWindow
{
    private static final int INITIAL_LENGTH = 64 * 1024;

    private final int capacity;
    private final int mask;
    private final int maxBytes;
    private final long[] deadlinesNs;
    private final int[] offsets;
    private final int[] lengths;
    private final boolean[] isAnswered;
    private UnsafeBuffer bytes = new UnsafeBuffer(new byte[INITIAL_LENGTH]);
    private int tail;
    private long firstUnanswered = 1;
    private long nextToSend = 1;
    private long next = 1;
    private int unanswered;

    /**
     * @param capacity most commands.
     * @param maxBytes most bytes that the ring takes; one command is taken whatever its length.
     */
    CommandWindow(final int capacity, final int maxBytes)
    {
        this.capacity = capacity;
        this.maxBytes = maxBytes;
        final int size = BitUtil.findNextPositivePowerOfTwo(capacity);
        mask = size - 1;
        deadlinesNs = new long[size];
        offsets = new int[size];
        lengths = new int[size];
        isAnswered = new boolean[size];
    }

    /** A session begins, and so do its numbers. */
    void clear()
    {
        firstUnanswered = 1;
        nextToSend = 1;
        next = 1;
        unanswered = 0;
    }

    /** Commands that have not ended. */
    int size()
    {
        return unanswered;
    }

    /** Commands from the first that has not ended on. */
    long span()
    {
        return next - firstUnanswered;
    }

    /** Whether there is room for one more command, among so many at most. */
    boolean hasRoom(final int length, final int limit)
    {
        if (span() >= Math.min(limit, capacity))
        {
            return false;
        }
        if (span() > 0 && find(roomOf(length)) < 0 && (long)bytes.capacity() * 2 > maxBytes)
        {
            return false;
        }
        return true;
    }

    /** Number that the next command gets. */
    long next()
    {
        return next;
    }

    long firstUnanswered()
    {
        return firstUnanswered;
    }

    /** Adds a command, to be sent; {@link #hasRoom} has said that it may. */
    void add(final DirectBuffer buffer, final int offset, final int length, final long deadlineNs)
    {
        final int at = room(roomOf(length));
        final int slot = slot(next);
        bytes.putBytes(at, buffer, offset, length);
        tail = at + roomOf(length);
        offsets[slot] = at;
        lengths[slot] = length;
        deadlinesNs[slot] = deadlineNs;
        isAnswered[slot] = false;
        next++;
        unanswered++;
    }

    boolean contains(final long sequence)
    {
        return sequence >= firstUnanswered && sequence < next && !isAnswered[slot(sequence)];
    }

    /** A command has ended; false if it is not here. */
    boolean remove(final long sequence)
    {
        if (!contains(sequence))
        {
            return false;
        }
        isAnswered[slot(sequence)] = true;
        unanswered--;
        while (firstUnanswered < next && isAnswered[slot(firstUnanswered)])
        {
            firstUnanswered++;
        }
        nextToSend = Math.max(nextToSend, firstUnanswered);
        return true;
    }

    /** What was sent from a number on was not taken after all. */
    void backTo(final long sequence)
    {
        nextToSend = Math.max(sequence, firstUnanswered);
    }

    /** Everything that has not ended is to be sent once more. */
    void rewind()
    {
        nextToSend = firstUnanswered;
    }

    /** Number of the command to be sent next, for the first time or again; 0 if there is none. */
    long due()
    {
        while (nextToSend < next && isAnswered[slot(nextToSend)])
        {
            nextToSend++;
        }
        return nextToSend < next ? nextToSend : 0;
    }

    /** What is due has been sent. */
    void onSent()
    {
        nextToSend++;
    }

    /** Holds the commands. */
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

    /** Whether the oldest command's time is over. */
    boolean isExpired(final long nowNs)
    {
        return firstUnanswered < next && nowNs - deadlinesNs[slot(firstUnanswered)] >= 0;
    }

    private int slot(final long sequence)
    {
        return (int)sequence & mask;
    }

    /** No command is without room of its own, so that full and empty are not the same. */
    private static int roomOf(final int length)
    {
        return BitUtil.align(Math.max(1, length), Long.BYTES);
    }

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

    /** Where so many bytes fit in one piece, or -1. */
    private int find(final int length)
    {
        if (firstUnanswered == next)
        {
            return length <= bytes.capacity() ? 0 : -1;
        }
        final int oldest = offsets[slot(firstUnanswered)];
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
        for (long sequence = firstUnanswered; sequence < next; sequence++)
        {
            final int slot = slot(sequence);
            target.putBytes(at, bytes, offsets[slot], lengths[slot]);
            offsets[slot] = at;
            at += roomOf(lengths[slot]);
        }
        tail = at;
        bytes = target;
    }
}
