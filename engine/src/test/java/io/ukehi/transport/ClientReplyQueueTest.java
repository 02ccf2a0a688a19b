package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClientReplyQueueTest
{
    private static final int CAPACITY = 256;

    private ClientReplyQueue queue = new ClientReplyQueue(CAPACITY);

    @AfterEach
    void free()
    {
        queue.free();
    }

    /** As small as may be, so that it has to grow. */
    private void renew(final int capacity)
    {
        queue.free();
        queue = new ClientReplyQueue(Long.BYTES, capacity);
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
            if (model.isEmpty() && 0 == random.nextInt(4))
            {
                renew(CAPACITY);
            }
        }
        assertTrue(refused > 1000);
    }

    /** Messages that grow, beside others, and a model that cannot be wrong. */
    @Test
    void shouldKeepWhatGrowsInOnePieceWhereverItLies()
    {
        final Random random = new Random(11);
        final ArrayDeque<byte[]> model = new ArrayDeque<>();
        byte[] growing = null;
        int grown = 0;
        int refused = 0;
        for (int i = 0; i < 100_000; i++)
        {
            final byte[] part = new byte[8 * (1 + random.nextInt(6))];
            random.nextBytes(part);
            final int at = null == growing ? queue.begin(part.length) : queue.extend(part.length, 96);
            if (at >= 0)
            {
                queue.buffer().putBytes(at, part);
                growing = null == growing ? part : joined(growing, part);
                grown++;
            }
            else
            {
                refused++;
            }
            assertEquals(null != growing, queue.isOpen());
            if (null != growing && (at < 0 || 0 == random.nextInt(4)))
            {
                assertEquals(growing.length, queue.openLength());
                queue.closeOpen();
                assertEquals(ClientReplyQueue.NONE, queue.extend(8, 96));
                model.add(growing);
                growing = null;
            }
            if (null == growing)
            {
                while (!model.isEmpty() && random.nextInt(3) > 0)
                {
                    assertArrayEquals(model.remove(), take());
                }
                if (model.isEmpty() && 0 == random.nextInt(4))
                {
                    renew(CAPACITY);
                }
            }
        }
        assertTrue(grown > 50_000 && refused > 1000, grown + " " + refused);
    }

    private static byte[] joined(final byte[] first, final byte[] second)
    {
        final byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    @Test
    void shouldTakeALongestRecordWheneverItIsEmpty()
    {
        for (int before = 0; before < 60; before++)
        {
            assertTrue(offer(new byte[before], 0));
            take();
            assertTrue(offer(new byte[CAPACITY - Long.BYTES], 0));
            assertFalse(offer(new byte[0], 0));
            take();
        }
        assertFalse(offer(new byte[CAPACITY - Long.BYTES + 1], 0));
        assertEquals(CAPACITY, ClientReplyQueue.recordLength(CAPACITY - Long.BYTES));
    }

    @Test
    void shouldTakeLittleMemoryUntilItIsNeeded()
    {
        renew(1024 * 1024);
        assertEquals(Long.BYTES, queue.buffer().capacity());
        assertTrue(offer(new byte[40], 0));
        assertEquals(48, queue.buffer().capacity());
        for (int i = 1; i < 1024 * 1024 / 48; i++)
        {
            assertTrue(offer(new byte[40], 0));
            assertTrue(queue.buffer().capacity() <= 2 * 48 * (i + 1));
        }
        assertFalse(offer(new byte[40], 0));
    }

    @Test
    void shouldChangeNothingWhenThereIsNoRoom()
    {
        final byte[] first = {1, 2, 3};
        assertTrue(offer(first, 1));
        assertFalse(offer(new byte[CAPACITY - 16], 0));
        assertArrayEquals(first, take());
        assertTrue(queue.isEmpty());
    }
}
