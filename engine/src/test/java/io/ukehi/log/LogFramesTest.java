package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Crc32c;
import io.ukehi.sim.SimDisk;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Frames that travel from one log to another, and bytes that only look like it. */
class LogFramesTest
{
    private final LogHarness leader = new LogHarness(new SimDisk(), Durability.BATCH);
    private final LogHarness follower = new LogHarness(new SimDisk(), Durability.BATCH);
    private final LogCursor run = new LogCursor();
    private final LogCursor received = new LogCursor();
    /** What came over the network: not at the start of its buffer, and not aligned to anything. */
    private final MutableDirectBuffer message = new ExpandableArrayBuffer();
    private int messageOffset = 20;
    private int messageLength;

    @BeforeEach
    void open()
    {
        leader.open();
        follower.open();
    }

    private void send(final long fromIndex, final long toIndex, final int maxBytes)
    {
        messageLength = leader.log.read(fromIndex, toIndex, maxBytes, run);
        message.putBytes(messageOffset, run.buffer(), run.offset(), messageLength);
    }

    private boolean verify()
    {
        return follower.log.verify(received, message, messageOffset, messageLength);
    }

    private long receive()
    {
        assertTrue(verify());
        assertTrue(received.next());
        return follower.log.appendFrames(received);
    }

    @Test
    void shouldHoldTheSameBytesWhenFramesAreAppendedAsTheyCame()
    {
        leader.append(300);
        long next = 1;
        while (next <= 300)
        {
            send(next, 300, 900);
            final int count = run.count();
            long last = receive();
            if (last < 0)
            {
                assertEquals(SegmentedLog.BACK_PRESSURED, last);
                follower.pump();
                continue;
            }
            while (last < next + count - 1)
            {
                follower.pump();
                while (received.index() <= last)
                {
                    assertTrue(received.next());
                }
                last = follower.log.appendFrames(received);
            }
            assertEquals(next + count - 1, last);
            next = last + 1;
        }
        leader.history.checkEqual(follower.log);
        assertEquals(leader.log.lastToken(), follower.log.lastToken());
        follower.log.flush();
        follower.pump();
        follower.log.close();
        leader.history.checkEqual(follower.open().log);
    }

    @Test
    void shouldTakeTheRestOfARunWhenItHoldsItsBeginning()
    {
        leader.append(10);
        send(1, 4, 10_000);
        assertEquals(4, receive());
        send(3, 10, 10_000);
        assertTrue(verify());
        assertTrue(received.next());
        assertEquals(SegmentedLog.NOT_CONTIGUOUS, follower.log.appendFrames(received));
        assertEquals(4, follower.log.lastIndex());
        assertTrue(received.next());
        assertTrue(received.next());
        assertEquals(10, follower.log.appendFrames(received));
        leader.history.checkEqual(follower.log);
    }

    @Test
    void shouldRefuseFramesThatDoNotFollowFromTheLast()
    {
        leader.append(10);
        send(2, 10, 10_000);
        assertEquals(SegmentedLog.NOT_CONTIGUOUS, receive(), "a gap");
        send(1, 5, 10_000);
        assertEquals(5, receive());
        leader.truncateFrom(5);
        leader.append(3);
        send(6, 7, 10_000);
        assertEquals(SegmentedLog.NOT_CONTIGUOUS, receive(), "right index, but another entry before it");
        send(5, 7, 10_000);
        assertEquals(SegmentedLog.NOT_CONTIGUOUS, receive(), "an index that is taken");
        follower.log.truncateFrom(5);
        assertEquals(7, receive());
        leader.history.checkEqual(follower.log);
    }

    @Test
    void shouldTakeNothingForARunOfNoEntries()
    {
        messageLength = 0;
        assertTrue(verify());
        assertEquals(0, received.count());
        assertFalse(received.next());
    }

    @Test
    void shouldRefuseBytesThatAreCutShortOrHaveMoreBehind()
    {
        leader.append(5);
        send(1, 5, 10_000);
        final int whole = messageLength;
        for (messageLength = 1; messageLength < whole; messageLength++)
        {
            final boolean isBoundary = isEndOfFrame(messageLength);
            assertEquals(isBoundary, verify(), "cut at " + messageLength);
        }
        messageLength = whole + 8;
        message.setMemory(messageOffset + whole, 64, (byte)0);
        assertFalse(verify(), "zeros behind");
    }

    private boolean isEndOfFrame(final int length)
    {
        int end = 0;
        while (end < length)
        {
            end += EntryFrame.alignedLength(EntryFrame.length(message, messageOffset + end) - EntryFrame.HEADER_LENGTH);
        }
        return end == length;
    }

    @Test
    void shouldRefuseARunWithAnyBitTurnedOver()
    {
        leader.append(3);
        leader.appendOne(21);
        send(1, 4, 10_000);
        assertTrue(verify());
        for (int i = 0; i < messageLength * 8; i++)
        {
            flip(i);
            assertFalse(verify(), "bit " + i);
            flip(i);
        }
        assertTrue(verify());
    }

    private void flip(final int bit)
    {
        final int at = messageOffset + bit / 8;
        message.putByte(at, (byte)(message.getByte(at) ^ 1 << bit % 8));
    }

    @Test
    void shouldRefuseFramesThatAreIntactButNotInOrder()
    {
        leader.append(4);
        send(1, 1, 10_000);
        final int first = messageLength;
        messageOffset += first;
        send(3, 3, 10_000);
        messageOffset -= first;
        messageLength += first;
        assertFalse(verify(), "a gap");
        messageOffset += first;
        send(1, 1, 10_000);
        messageOffset -= first;
        messageLength += first;
        assertFalse(verify(), "the same twice");
        messageOffset += first;
        send(2, 2, 10_000);
        messageOffset -= first;
        messageLength += first;
        assertTrue(verify());
    }

    @Test
    void shouldRefuseFramesWhoseTermTokenOrTimeFalls()
    {
        assertTrue(isRun(5, 50, 500), "the control");
        assertFalse(isRun(4, 50, 500));
        assertFalse(isRun(5, 49, 500));
        assertFalse(isRun(5, 50, 499));
        assertTrue(isRun(5, Long.MIN_VALUE, 500), "tokens are unsigned");
    }

    private boolean isRun(final long term, final long token, final long timeNs)
    {
        final Crc32c crc = new Crc32c();
        final UnsafeBuffer frames = new UnsafeBuffer(new byte[2 * EntryFrame.HEADER_LENGTH]);
        EntryFrame.putHeader(frames, 0, 0, 5, 1, 50, 500, 1, 0);
        final int first = EntryFrame.seal(crc, frames, 0);
        EntryFrame.putHeader(frames, EntryFrame.HEADER_LENGTH, 0, term, 2, token, timeNs, 1, first);
        EntryFrame.seal(crc, frames, EntryFrame.HEADER_LENGTH);
        return follower.log.verify(received, frames, 0, frames.capacity());
    }

    @Test
    void shouldRefuseAFrameThatNoSegmentCouldHold()
    {
        final Crc32c crc = new Crc32c();
        final int room = LogHarness.SEGMENT_LENGTH - SegmentHeader.LENGTH;
        final UnsafeBuffer frame = new UnsafeBuffer(new byte[room + EntryFrame.ALIGNMENT]);
        EntryFrame.putHeader(frame, 0, room - EntryFrame.HEADER_LENGTH, 1, 1, 1, 1, 1, 0);
        EntryFrame.seal(crc, frame, 0);
        assertTrue(follower.log.verify(received, frame, 0, room), "the longest that fits");
        EntryFrame.putHeader(frame, 0, room - EntryFrame.HEADER_LENGTH + 1, 1, 1, 1, 1, 1, 0);
        EntryFrame.seal(crc, frame, 0);
        assertFalse(follower.log.verify(received, frame, 0, frame.capacity()));
    }
}
