package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The note of how far a log is durable. */
class DurableMarkTest
{
    private final ByteBuffer bytes = ByteBuffer.allocateDirect(SegmentHeader.LENGTH);
    private final UnsafeBuffer segment = new UnsafeBuffer(bytes);
    private final DurableMark mark = new DurableMark();

    @Test
    void shouldReadWhatWasPut()
    {
        mark.put(segment, DurableMark.CLEAN, 7, 4_500, 6, 99);
        final DurableMark read = new DurableMark();
        assertTrue(read.read(segment));
        assertTrue(read.isClean());
        assertEquals(7, read.durableIndex());
        assertEquals(4_500, read.durablePosition());
        assertEquals(6, read.commitIndex());
        assertEquals(99, read.bootId());
    }

    @Test
    void shouldReadTheNewestOfTwo()
    {
        final DurableMark read = new DurableMark();
        assertFalse(read.read(segment));
        int before = -1;
        for (int i = 1; i < 6; i++)
        {
            final int sector = mark.put(segment, 0, i, 4_096 + i, 0, 0);
            assertTrue(sector != before, "never over the newest");
            before = sector;
            assertTrue(read.read(segment));
            assertEquals(i, read.durableIndex());
            assertFalse(read.isClean());
        }
    }

    /** The flusher puts marks while the duty cycle sums a frame of the same segment, with the same ByteBuffer. */
    @Test
    void shouldLeavePositionAndLimitOfTheSegmentAlone()
    {
        bytes.limit(3_000).position(2_000);
        mark.put(segment, 0, 7, 4_500, 6, 99);
        assertEquals(2_000, bytes.position());
        assertEquals(3_000, bytes.limit());
    }
}
