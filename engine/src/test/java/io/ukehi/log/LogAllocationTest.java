package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The steady state allocates nothing: not to append, hand over, force, read, verify or copy frames. */
class LogAllocationTest
{
    private static final int BATCH = 32;
    /** Counts what the calling thread allocates. */
    private static final ThreadMXBean THREAD = (ThreadMXBean)ManagementFactory.getThreadMXBean();

    @TempDir
    private Path directory;
    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[4096]);
    private final LogCursor cursor = new LogCursor();
    private final LogCursor received = new LogCursor();
    private long nowNs;
    private SegmentedLog log;
    private SegmentedLog other;

    @ParameterizedTest
    @CsvSource({"BATCH,64", "BATCH,288", "BATCH,4096", "EVERY,64", "ASYNC,64", "ASYNC,288", "ASYNC,4096"})
    void shouldAllocateNothingWhenEntriesAreAppendedForcedAndRead(final Durability durability, final int length)
    {
        try (FileStorage storage = FileStorage.open(directory.resolve("leader"));
            FileStorage otherStorage = FileStorage.open(directory.resolve("follower")))
        {
            log = open(storage, durability);
            other = open(otherStorage, durability);
            // As many batches as a segment holds without a roll, which may allocate.
            final int batches = Math.min(600, 3 * 1024 * 1024 / (BATCH * EntryFrame.alignedLength(length)) / 2);
            long sum = 0;
            for (int i = 0; i < batches; i++)
            {
                sum += cycle(length);
            }
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 5; round++)
            {
                // A compiler that finishes meanwhile, or a flight recorder's event, is not ours: the best of five.
                final long before = THREAD.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < batches / 5; i++)
                {
                    sum += cycle(length);
                }
                least = Math.min(least, THREAD.getCurrentThreadAllocatedBytes() - before);
            }
            assertTrue(sum > 0);
            assertEquals(log.lastIndex(), other.lastIndex());
            final long entries = (long)batches / 5 * BATCH;
            assertTrue(least < entries, least + " bytes for " + entries + " entries");
            assertEquals(1, storage.list().length - 2, "no segment was begun");
            log.close();
            other.close();
        }
    }

    private SegmentedLog open(final Storage storage, final Durability durability)
    {
        final LogConfig config = new LogConfig()
            .segmentLength(4 * 1024 * 1024).maxPayloadLength(4096).durability(durability).logId(1);
        final SegmentedLog opened = SegmentedLog.open(storage, config, () -> nowNs);
        while (opened.flusher().doWork() > 0)
        {
            nowNs++;
        }
        return opened;
    }

    /** What a duty cycle does with a batch, on a leader and on a follower. */
    private long cycle(final int length)
    {
        final long first = log.lastIndex() + 1;
        for (int i = 0; i < BATCH; i++)
        {
            nowNs++;
            log.append(1, 1, nowNs, nowNs, payload, 0, length);
        }
        log.onCommit(first);
        log.flush();
        log.flusher().doWork();
        int bytes = log.read(first, Long.MAX_VALUE, Integer.MAX_VALUE, cursor);
        while (cursor.next())
        {
            bytes += cursor.payloadLength() + (int)log.termAt(cursor.index());
        }
        other.verify(received, cursor.buffer(), cursor.offset(), cursor.length());
        received.next();
        other.appendFrames(received);
        other.flush();
        other.flusher().doWork();
        return bytes + log.durableIndex() + other.durableIndex();
    }

    @Test
    void shouldAllocateNothingWhenTermAndVoteAreStored()
    {
        try (FileStorage storage = FileStorage.open(directory); HardStateFile file = HardStateFile.open(storage))
        {
            for (int i = 1; i <= 200; i++)
            {
                file.store(i, 1);
            }
            final long before = THREAD.getCurrentThreadAllocatedBytes();
            for (int i = 201; i <= 400; i++)
            {
                file.store(i, 1);
            }
            assertTrue(THREAD.getCurrentThreadAllocatedBytes() - before < 200 * 16);
        }
    }
}
