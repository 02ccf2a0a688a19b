package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Crc32c;
import io.ukehi.Invariant;
import io.ukehi.fencing.FencingToken;
import io.ukehi.sim.SimDisk;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Entries of a deposed leader that are right in everything - index, term, checksum, chain - but for their token, on
 * every way into a log: from the node's own leader, in a message behind the last entry, within a message, and behind
 * the end of what is found on the disk. Each beside a token that is not stale, which passes.
 */
class StaleTokenTest
{
    private static final long TERM = 0x8000_0005L;
    private static final long TIME = 500;
    private static final int FRAME_LENGTH = EntryFrame.HEADER_LENGTH;

    private final Crc32c crc = new Crc32c();
    private final UnsafeBuffer frames = new UnsafeBuffer(new byte[2 * FRAME_LENGTH]);
    private final LogCursor received = new LogCursor();
    private final SimDisk disk = new SimDisk();
    private final LogHarness node = new LogHarness(disk, Durability.BATCH).open();

    /** Two frames, the second chained to the first. */
    private void frame(final long token)
    {
        EntryFrame.putHeader(frames, 0, 0, TERM, 1, FencingToken.of(TERM, 10), TIME, 1, 0);
        final int first = EntryFrame.seal(crc, frames, 0);
        EntryFrame.putHeader(frames, FRAME_LENGTH, 0, TERM, 2, token, TIME, 1, first);
        EntryFrame.seal(crc, frames, FRAME_LENGTH);
    }

    /** The first of the two is in the log, the first sequence of the term's successors and predecessors beside it. */
    private void receiveFirst()
    {
        assertTrue(node.log.verify(received, frames, 0, FRAME_LENGTH));
        assertTrue(received.next());
        assertEquals(1, node.log.appendFrames(received));
    }

    @ParameterizedTest
    @CsvSource({"2147483653, 9", "2147483652, 4294967295", "1, 11", "0, 0"})
    void shouldRefuseAStaleTokenOnEveryWay(final long term, final long sequence)
    {
        final long stale = FencingToken.of(term, sequence);
        frame(stale);
        receiveFirst();
        final UnsafeBuffer none = new UnsafeBuffer(0, 0);
        assertThrows(Invariant.Violation.class, () -> node.log.append(1, TERM, stale, TIME, none, 0, 0));
        assertFalse(node.log.verify(received, frames, 0, 2 * FRAME_LENGTH), "within a message");
        assertTrue(node.log.verify(received, frames, FRAME_LENGTH, FRAME_LENGTH), "intact by itself");
        assertTrue(received.next());
        assertEquals(SegmentedLog.NOT_CONTIGUOUS, node.log.appendFrames(received), "behind the last entry");
        assertEquals(1, node.log.lastIndex());
        assertEquals(1, reopenWithSecondOnDisk(), "found on the disk");
    }

    @ParameterizedTest
    @CsvSource({"2147483653, 11", "2147483654, 1", "4294967295, 4294967295"})
    void shouldTakeATokenThatIsNotStaleOnEveryWay(final long term, final long sequence)
    {
        final long token = FencingToken.of(term, sequence);
        frame(token);
        receiveFirst();
        assertTrue(node.log.verify(received, frames, 0, 2 * FRAME_LENGTH));
        assertTrue(node.log.verify(received, frames, FRAME_LENGTH, FRAME_LENGTH));
        assertEquals(2, reopenWithSecondOnDisk());
        assertTrue(received.next());
        node.log.truncateFrom(2);
        assertEquals(2, node.log.appendFrames(received));
        assertEquals(3, node.log.append(1, TERM, token, TIME, new UnsafeBuffer(0, 0), 0, 0));
    }

    /** As if the node had written the second frame as well, and died before it said so. */
    private long reopenWithSecondOnDisk()
    {
        node.log.flush();
        node.pump();
        node.log.abandon();
        final byte[] second = new byte[FRAME_LENGTH];
        frames.getBytes(FRAME_LENGTH, second);
        disk.overwrite(LogSegment.fileName(0), SegmentHeader.LENGTH + FRAME_LENGTH, second);
        node.open();
        return node.log.lastIndex();
    }
}
