package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClientReplyQueueTest
{
    private static final int CAPACITY = 256;

    private final ClientReplyQueue queue = new ClientReplyQueue(CAPACITY);

    @AfterEach
    void free()
    {
        queue.free();
    }

    private boolean offer(final byte[] message, final int split)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(message);
        return queue.offer(buffer, split, buffer, split, message.length - split);
    }

    private byte[] take()
    {
        final byte[] message = new byte[queue.headLength()];
        queue.buffer().getBytes(queue.headOffset(), message);
        queue.removeHead();
        return message;
    }

    @Test
    void shouldGiveBackWhatWasPutInInOrderWhateverTheLengths()
    {
        final Random random = new Random(7);
        final ArrayDeque<byte[]> model = new ArrayDeque<>();
        int refused = 0;
        for (int i = 0; i < 100_000; i++)
        {
            if (random.nextBoolean())
            {
                final byte[] message = new byte[random.nextInt(100)];
                random.nextBytes(message);
                if (offer(message, random.nextInt(message.length + 1)))
                {
                    model.add(message);
                }
                else
                {
                    refused++;
                    assertFalse(model.isEmpty(), "an empty queue takes what is no longer than it");
                }
            }
            else if (!model.isEmpty())
            {
                assertArrayEquals(model.remove(), take());
            }
            assertEquals(model.isEmpty(), queue.isEmpty());
        }
        assertTrue(refused > 1000);
    }

    @Test
    void shouldTakeALongestRecordWheneverItIsEmpty()
    {
        for (int before = 0; before < 60; before++)
        {
            assertTrue(offer(new byte[before], 0));
            take();
            assertTrue(offer(new byte[CAPACITY - Integer.BYTES], 0));
            assertFalse(offer(new byte[0], 0));
            take();
        }
        assertFalse(offer(new byte[CAPACITY], 0));
        assertEquals(CAPACITY, ClientReplyQueue.recordLength(CAPACITY - Integer.BYTES));
    }

    @Test
    void shouldChangeNothingWhenThereIsNoRoom()
    {
        final byte[] first = {1, 2, 3};
        assertTrue(offer(first, 1));
        assertFalse(offer(new byte[CAPACITY - 8], 0));
        assertArrayEquals(first, take());
        assertTrue(queue.isEmpty());
    }
}
