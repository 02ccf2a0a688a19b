package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A log, what it should hold, and the hand that turns its flusher. */
final class LogHarness implements AutoCloseable
{
    static final long LOG_ID = 77;
    static final long BOOT_ID = 5;
    static final int SEGMENT_LENGTH = 16 * 1024;
    static final int MAX_PAYLOAD_LENGTH = 2_000;

    final Storage storage;
    final Durability durability;
    int segmentLength = SEGMENT_LENGTH;
    long bootId = BOOT_ID;
    CorruptionPolicy policy = CorruptionPolicy.REFUSE_START;
    LogHistory history = new LogHistory();
    SegmentedLog log;
    long nowNs;

    LogHarness(final Storage storage, final Durability durability)
    {
        this.storage = storage;
        this.durability = durability;
    }

    static LogConfig config(final Durability durability)
    {
        return new LogConfig()
            .segmentLength(SEGMENT_LENGTH)
            .maxPayloadLength(MAX_PAYLOAD_LENGTH)
            .allocationSliceLength(8 * 1024)
            .logId(LOG_ID)
            .bootId(BOOT_ID)
            .durability(durability);
    }

    LogHarness open()
    {
        log = SegmentedLog.open(
            storage,
            config(durability).segmentLength(segmentLength).bootId(bootId).corruptionPolicy(policy),
            () -> nowNs);
        return this;
    }

    /** Lets the flusher work until it finds nothing to do. */
    void pump()
    {
        while (log.flusher().doWork() > 0)
        {
            nowNs++;
        }
    }

    /** Appends entries of growing and shrinking lengths, with the flusher's help where a segment is full. */
    void append(final int count)
    {
        for (int i = 0; i < count; i++)
        {
            appendOne((int)(history.lastIndex() * 37 % 400));
        }
    }

    void appendOne(final int payloadLength)
    {
        long index = history.append(log, payloadLength);
        if (index == SegmentedLog.BACK_PRESSURED)
        {
            pump();
            index = history.append(log, payloadLength);
        }
        assertTrue(index > 0, "no room: " + index);
    }

    /** Makes durable what was appended. */
    void sync()
    {
        sync(history.lastIndex());
    }

    /** Makes everything durable, and checks that it reaches up to an index. */
    void sync(final long lastIndex)
    {
        log.flush();
        pump();
        assertEquals(lastIndex, log.durableIndex());
    }

    void truncateFrom(final long index)
    {
        log.truncateFrom(index);
        history.truncateFrom(index);
    }

    void check()
    {
        history.checkEqual(log);
    }

    /** Index of the first entry in a segment; the one after the last entry if there are fewer. */
    long firstOfSegment(final int segment)
    {
        return firstOfSegmentOn(log, segment);
    }

    static long firstOfSegmentOn(final SegmentedLog anyLog, final int segment)
    {
        final LogCursor cursor = new LogCursor();
        long index = 1;
        for (int i = 0; i < segment; i++)
        {
            anyLog.read(index, Long.MAX_VALUE, Integer.MAX_VALUE, cursor);
            index += cursor.count();
        }
        return index;
    }

    @Override
    public void close()
    {
        if (null != log)
        {
            log.close();
        }
    }
}
