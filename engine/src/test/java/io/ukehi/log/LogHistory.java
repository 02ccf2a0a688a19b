package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Crc32c;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a log should hold: a plain list, written along with the log. No two entries that were ever appended are alike,
 * so that an entry of a history that was cut is told from the one which took its place.
 */
final class LogHistory
{
    private static final int KINDS = 4;

    private final List<Entry> entries;
    private long stamp;
    private long term;
    /** What lies before it may be given up. */
    private long neededFrom = 1;

    private record Entry(int type, long term, long token, long timeNs, byte[] payload)
    {
    }

    LogHistory()
    {
        this(new ArrayList<>(), 0, 1);
    }

    private LogHistory(final List<Entry> entries, final long stamp, final long term)
    {
        this.entries = entries;
        this.stamp = stamp;
        this.term = term;
    }

    /** What a directory holds, up to its end; what is appended next belongs to a later term. */
    static LogHistory of(final WalReader reader)
    {
        final List<Entry> entries = new ArrayList<>();
        long lastTerm = 0;
        while (reader.next())
        {
            final WalEntry entry = reader.entry();
            final byte[] payload = new byte[entry.payload().capacity()];
            entry.payload().getBytes(0, payload);
            entries.add(new Entry(entry.type(), entry.term(), entry.token(), entry.clusterTimeNs(), payload));
            lastTerm = entry.term();
        }
        return new LogHistory(entries, entries.size(), lastTerm + 1);
    }

    LogHistory copy()
    {
        final LogHistory copy = new LogHistory(new ArrayList<>(entries), stamp, term);
        copy.neededFrom = neededFrom;
        return copy;
    }

    /** What lies before an entry may be missing from now on. */
    void purgeTo(final long index)
    {
        neededFrom = index;
    }

    /** A snapshot takes the place of everything up to an entry. */
    void resetTo(final long index, final long newTerm, final long token, final long timeNs)
    {
        entries.clear();
        final Entry last = new Entry(0, newTerm, token, timeNs, new byte[0]);
        for (long i = 1; i <= index; i++)
        {
            entries.add(last);
        }
        neededFrom = index + 1;
        term = newTerm;
        stamp = Math.max(stamp, index);
    }

    long lastIndex()
    {
        return entries.size();
    }

    long termAt(final long index)
    {
        return 0 == index ? 0 : entries.get((int)index - 1).term;
    }

    /** A term begins: what is appended from now on belongs to it. */
    void nextTerm()
    {
        term++;
    }

    /** Appends an entry to both; the log's answer. Where that is a negative code, neither has changed. */
    long append(final SegmentedLog log, final int payloadLength)
    {
        final Entry entry = nextEntry(payloadLength);
        entries.add(entry);
        final long index = log.append(
            entry.type, entry.term, entry.token, entry.timeNs, new UnsafeBuffer(entry.payload), 0, payloadLength);
        if (index < 0)
        {
            entries.removeLast();
        }
        else
        {
            assertEquals(entries.size(), index);
        }
        return index;
    }

    private Entry nextEntry(final int payloadLength)
    {
        stamp++;
        final byte[] payload = new byte[payloadLength];
        final SplittableRandom random = new SplittableRandom(stamp);
        random.nextBytes(payload);
        switch ((int)(stamp % KINDS))
        {
            case 0 -> Arrays.fill(payload, (byte)0);
            case 1 -> Arrays.fill(payload, payloadLength / 2, payloadLength, (byte)0);
            case 2 -> imitateFrame(payload);
            default ->
            {
            }
        }
        return new Entry((int)(stamp & 0xFF), term, (term << 32) + stamp, 1_000 * stamp, payload);
    }

    /** A payload that is an intact frame itself, with the index that comes next: recovery must not take it for one. */
    private void imitateFrame(final byte[] payload)
    {
        if (payload.length >= EntryFrame.HEADER_LENGTH)
        {
            final UnsafeBuffer buffer = new UnsafeBuffer(payload);
            EntryFrame.putHeader(buffer, 0, payload.length - EntryFrame.HEADER_LENGTH, term, entries.size() + 2,
                (term << 32) + stamp, 1_000 * stamp, 1, 0);
            EntryFrame.seal(new Crc32c(), buffer, 0);
        }
    }

    /** Removes an entry and all after it. */
    void truncateFrom(final long index)
    {
        entries.subList((int)index - 1, entries.size()).clear();
        term++;
    }

    /** Checks that a log holds the first entries of this list and nothing else; returns how many. */
    long checkPrefix(final SegmentedLog log)
    {
        assertTrue(log.lastIndex() <= entries.size(),
            () -> "the log ends with " + log.lastIndex() + ", which was never appended; last was " + entries.size());
        assertTrue(log.firstIndex() <= neededFrom, () -> "the log begins at " + log.firstIndex());
        final LogCursor cursor = new LogCursor();
        long index = log.firstIndex();
        while (index <= log.lastIndex())
        {
            assertTrue(log.read(index, log.lastIndex(), 3_000, cursor) > 0);
            while (cursor.next())
            {
                checkEntry(cursor, index);
                assertEquals(termAt(index), log.termAt(index));
                index++;
            }
        }
        assertEquals(0, log.read(index, Long.MAX_VALUE, 3_000, cursor));
        checkTail(log);
        return log.lastIndex();
    }

    private void checkTail(final SegmentedLog log)
    {
        final long last = log.lastIndex();
        assertEquals(termAt(last), log.lastTerm());
        assertEquals(termAt(log.firstIndex() - 1), log.termAt(log.firstIndex() - 1));
        assertEquals(SegmentedLog.UNKNOWN_TERM, log.termAt(last + 1));
        assertEquals(0 == last ? 0 : entries.get((int)last - 1).token, log.lastToken());
        assertEquals(0 == last ? 0 : entries.get((int)last - 1).timeNs, log.lastClusterTimeNs());
    }

    private void checkEntry(final LogCursor cursor, final long index)
    {
        final Entry entry = entries.get((int)index - 1);
        assertEquals(index, cursor.index());
        assertEquals(entry.term, cursor.term(), () -> "term of " + index);
        assertEquals(entry.token, cursor.token(), () -> "token of " + index);
        assertEquals(entry.timeNs, cursor.clusterTimeNs());
        assertEquals(entry.type, cursor.type());
        final byte[] payload = new byte[cursor.payloadLength()];
        cursor.buffer().getBytes(cursor.payloadOffset(), payload);
        assertArrayEquals(entry.payload, payload, () -> "payload of " + index);
    }

    /** Checks that a log holds exactly this list. */
    void checkEqual(final SegmentedLog log)
    {
        assertEquals(entries.size(), checkPrefix(log));
    }

    /** Forgets what the log does not hold: what was not durable is gone. */
    void cutTo(final SegmentedLog log)
    {
        final long last = checkPrefix(log);
        entries.subList((int)last, entries.size()).clear();
        term++;
    }
}
