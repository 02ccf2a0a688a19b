package io.ukehi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class StageMarksTest
{
    private static final int CAPACITY = 8;
    private static final int ROUNDS = 200_000;

    private final long[] timesNs = new long[Stage.values().length];
    private long nowNs = 100;

    private StageMarks marks(final int every)
    {
        return new StageMarks(() -> nowNs, every, CAPACITY);
    }

    private void mark(final StageMarks marks, final Stage stage, final int peerId, final long index, final long timeNs)
    {
        nowNs = timeNs;
        marks.mark(stage, peerId, index, index);
    }

    private void beginAt(final StageMarks marks, final long index, final long timeNs)
    {
        nowNs = timeNs;
        marks.begin(index, timeNs - 5);
    }

    private void passTheRest(final StageMarks marks, final long index)
    {
        mark(marks, Stage.COMMIT, 0, index, 501);
        mark(marks, Stage.APPLY, 0, index, 502);
        mark(marks, Stage.EGRESS, 0, index, 503);
    }

    private void passPeer(final StageMarks marks, final int peerId, final long index, final long timeNs)
    {
        mark(marks, Stage.SEND, peerId, index, timeNs);
        mark(marks, Stage.FOLLOWER_APPEND, peerId, index, timeNs + 1);
        mark(marks, Stage.ACK, peerId, index, timeNs + 2);
    }

    @Test
    void shouldTellWhenAnEntryPassedEachStage()
    {
        final StageMarks marks = marks(1);
        beginAt(marks, 3, 105);
        passPeer(marks, 2, 3, 200);
        passTheRest(marks, 3);

        assertTrue(marks.read(3, 1, timesNs));
        assertArrayEquals(new long[]{100, 105, 200, 201, 202, 501, 502, 503}, timesNs);
        assertEquals(0, marks.droppedCount());
    }

    @Test
    void shouldFollowThePeerThatMadeTheMajorityWhenThereAreSeveral()
    {
        final StageMarks marks = marks(1);
        beginAt(marks, 3, 105);
        passPeer(marks, 5, 3, 230);
        passPeer(marks, 2, 3, 210);
        passPeer(marks, 7, 3, 220);
        passTheRest(marks, 3);

        assertTrue(marks.read(3, 2, timesNs));
        assertEquals(220, timesNs[Stage.SEND.ordinal()]);
        assertEquals(221, timesNs[Stage.FOLLOWER_APPEND.ordinal()]);
        assertEquals(222, timesNs[Stage.ACK.ordinal()]);
        assertTrue(marks.read(3, 3, timesNs));
        assertEquals(232, timesNs[Stage.ACK.ordinal()]);
        assertFalse(marks.read(3, 4, timesNs));
    }

    @Test
    void shouldTellApartPeersWhoseAcksCameAtTheSameTime()
    {
        final StageMarks marks = marks(1);
        beginAt(marks, 3, 105);
        passPeer(marks, 2, 3, 210);
        passPeer(marks, 4, 3, 210);
        passTheRest(marks, 3);

        assertTrue(marks.read(3, 1, timesNs));
        assertTrue(marks.read(3, 2, timesNs));
        assertFalse(marks.read(3, 3, timesNs));
    }

    @Test
    void shouldNeedNoPeerWhenALeaderIsAlone()
    {
        final StageMarks marks = marks(1);
        beginAt(marks, 3, 105);
        passTheRest(marks, 3);

        assertTrue(marks.read(3, 0, timesNs));
        assertEquals(StageMarks.UNKNOWN, timesNs[Stage.SEND.ordinal()]);
        assertEquals(501, timesNs[Stage.COMMIT.ordinal()]);
        assertFalse(marks.read(3, 1, timesNs));
    }

    @Test
    void shouldNotTellOfAnEntryWhenAStageIsMissing()
    {
        for (final Stage missing : Stage.values())
        {
            if (Stage.INGRESS != missing && Stage.APPEND != missing)
            {
                final StageMarks marks = marks(1);
                beginAt(marks, 3, 105);
                for (final Stage stage : Stage.values())
                {
                    if (missing != stage && stage.ordinal() > Stage.APPEND.ordinal())
                    {
                        mark(marks, stage, stage.isOfPeer() ? 1 : 0, 3, 200 + stage.ordinal());
                    }
                }
                assertFalse(marks.read(3, 1, timesNs), missing::toString);
            }
        }
    }

    @Test
    void shouldMarkOnlyEveryThirdWhenToldSo()
    {
        final StageMarks marks = marks(3);
        for (long index = 1; index <= 10; index++)
        {
            beginAt(marks, index, 100 + index);
        }
        nowNs = 300;
        marks.mark(Stage.COMMIT, 0, 4, 6);
        marks.mark(Stage.COMMIT, 0, 7, 8);
        nowNs = 301;
        marks.mark(Stage.COMMIT, 0, 9, 10);
        for (long index = 1; index <= 10; index++)
        {
            assertEquals(0 == index % 3, marks.isMarked(index));
            marks.read(index, 0, timesNs);
            if (marks.isMarked(index))
            {
                assertEquals(100 + index, timesNs[Stage.APPEND.ordinal()]);
            }
        }
        marks.read(3, 0, timesNs);
        assertEquals(StageMarks.UNKNOWN, timesNs[Stage.COMMIT.ordinal()]);
        marks.read(6, 0, timesNs);
        assertEquals(300, timesNs[Stage.COMMIT.ordinal()]);
        marks.read(9, 0, timesNs);
        assertEquals(301, timesNs[Stage.COMMIT.ordinal()]);
    }

    @Test
    void shouldKeepTheFirstTimeWhenAnEntryIsSentAgain()
    {
        final StageMarks marks = marks(1);
        beginAt(marks, 3, 105);
        passPeer(marks, 1, 3, 200);
        passPeer(marks, 1, 3, 300);
        passTheRest(marks, 3);

        assertTrue(marks.read(3, 1, timesNs));
        assertEquals(200, timesNs[Stage.SEND.ordinal()]);
        assertEquals(202, timesNs[Stage.ACK.ordinal()]);
    }

    @Test
    void shouldMarkATimeThatWasTakenBefore()
    {
        final StageMarks marks = marks(1);
        beginAt(marks, 3, 105);
        nowNs = 300;
        marks.mark(Stage.SEND, 1, 1, 3, 250);
        marks.mark(Stage.ACK, 1, 3, 3);
        marks.read(3, 1, timesNs);
        assertEquals(250, timesNs[Stage.SEND.ordinal()]);
    }

    @Test
    void shouldForgetAnEntryWhenItsSlotIsTaken()
    {
        final StageMarks marks = marks(1);
        beginAt(marks, 3, 105);
        passTheRest(marks, 3);
        assertTrue(marks.read(3, 0, timesNs));
        beginAt(marks, 3 + CAPACITY, 605);
        assertFalse(marks.read(3, 0, timesNs));
        // Nor does what was known of it pass for the new one's.
        assertFalse(marks.read(3 + CAPACITY, 0, timesNs));
    }

    @Test
    void shouldDropAndCountAMarkWhenItsEntryIsOlderThanTheRing()
    {
        final StageMarks marks = marks(1);
        beginAt(marks, 3, 105);
        beginAt(marks, 3 + CAPACITY, 106);
        passPeer(marks, 1, 3, 200);
        assertEquals(3, marks.droppedCount());
        passTheRest(marks, 3 + CAPACITY);
        assertFalse(marks.read(3 + CAPACITY, 1, timesNs));
        assertTrue(marks.read(3 + CAPACITY, 0, timesNs));
    }

    @Test
    void shouldPassOverAMarkWhenNobodyBeganTheEntry()
    {
        final StageMarks marks = marks(1);
        passPeer(marks, 1, 3, 200);
        passTheRest(marks, 3);
        assertFalse(marks.read(3, 0, timesNs));
        assertEquals(0, marks.droppedCount());
    }

    @Test
    void shouldDropAndCountAMarkWhenThereIsNoPlaceForThePeer()
    {
        final StageMarks marks = marks(1);
        beginAt(marks, 3, 105);
        mark(marks, Stage.ACK, Stage.PEER_LIMIT, 3, 200);
        mark(marks, Stage.ACK, -1, 3, 200);
        assertEquals(2, marks.droppedCount());
        assertFalse(marks.read(3, 1, timesNs));
    }

    @Test
    void shouldMarkTheEndWhenARunIsLongerThanTheRing()
    {
        final StageMarks marks = marks(2);
        final long last = 1_000_000_000_000L;
        for (long index = last - 2 * CAPACITY + 2; index <= last; index += 2)
        {
            beginAt(marks, index, 105);
        }
        mark(marks, Stage.APPLY, 0, last, 400);
        mark(marks, Stage.EGRESS, 0, last, 400);
        nowNs = 300;
        marks.mark(Stage.COMMIT, 0, 1, last);
        assertEquals(0, marks.droppedCount());
        assertTrue(marks.read(last, 0, timesNs));
        assertEquals(300, timesNs[Stage.COMMIT.ordinal()]);
    }

    @Test
    void shouldAllocateNothing()
    {
        final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
        final StageMarks marks = marks(2);
        long index = 0;
        long allocated = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++)
        {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int round = 0; round < ROUNDS; round++)
            {
                index++;
                beginAt(marks, index, 105);
                passPeer(marks, 1, index, 200);
                passTheRest(marks, index);
                marks.read(index, 1, timesNs);
            }
            allocated = Math.min(allocated, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertTrue(allocated < ROUNDS / 10, allocated + " bytes");
    }
}
