package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandWindowTest
{
    private static final UnsafeBuffer BYTES = new UnsafeBuffer(new byte[300_000]);

    private static void add(final CommandWindow window, final int count)
    {
        for (int i = 0; i < count; i++)
        {
            window.add(BYTES, 0, 8, 100 + i);
        }
    }

    @Test
    void shouldSendEverythingUnansweredAgainInOrder()
    {
        final CommandWindow window = new CommandWindow(8, 1_000_000);
        add(window, 4);
        for (int i = 1; i <= 4; i++)
        {
            assertEquals(i, window.due());
            window.onSent();
        }
        assertEquals(0, window.due());
        window.backTo(3);
        assertEquals(3, window.due());
        assertTrue(window.remove(2));
        window.rewind();
        assertEquals(1, window.due());
        window.onSent();
        assertEquals(3, window.due());
        window.onSent();
        assertTrue(window.remove(4));
        assertEquals(0, window.due());
        assertEquals(1, window.firstUnanswered());
        assertTrue(window.remove(1));
        assertEquals(3, window.firstUnanswered());
        assertFalse(window.remove(1));
        assertFalse(window.remove(5));
        assertEquals(1, window.size());
    }

    @Test
    void shouldHaveRoomForNoMoreThanItMay()
    {
        final CommandWindow window = new CommandWindow(3, 1_000_000);
        assertTrue(window.hasRoom(8, 10));
        add(window, 3);
        assertFalse(window.hasRoom(8, 10));
        window.remove(2);
        assertFalse(window.hasRoom(8, 10), "the first one is still to be sent again");
        window.remove(1);
        assertTrue(window.hasRoom(8, 10));
        assertFalse(window.hasRoom(8, 1), "the cluster takes fewer");
    }

    @Test
    void shouldTakeOneCommandWhateverItsLengthAndNoMoreBytesThanItMay()
    {
        final CommandWindow window = new CommandWindow(100, 256 * 1024);
        assertTrue(window.hasRoom(300_000, 100));
        window.add(BYTES, 0, 300_000, 1);
        int count = 1;
        while (window.hasRoom(60_000, 100))
        {
            window.add(BYTES, 0, 60_000, 1);
            count++;
        }
        assertTrue(count < 6, "taken " + count);
    }

    @Test
    void shouldExpireAtTheDeadlineOfTheOldestAndNotBefore()
    {
        final CommandWindow window = new CommandWindow(4, 1_000_000);
        assertFalse(window.isExpired(Long.MAX_VALUE));
        // The clock may be anywhere, and wrap.
        window.add(BYTES, 0, 8, Long.MIN_VALUE + 5);
        assertFalse(window.isExpired(Long.MAX_VALUE));
        assertFalse(window.isExpired(Long.MIN_VALUE + 4));
        assertTrue(window.isExpired(Long.MIN_VALUE + 5));
        window.remove(1);
        assertFalse(window.isExpired(Long.MIN_VALUE + 5));
    }

    /** Beside a map, which cannot be wrong. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void shouldKeepTheBytesOfEachCommandUntilItHasEnded(final long seed)
    {
        final Random random = new Random(seed);
        final CommandWindow window = new CommandWindow(64, 1024 * 1024);
        final TreeMap<Long, byte[]> model = new TreeMap<>();
        for (int i = 0; i < 10_000; i++)
        {
            final int length = random.nextInt(10) > 0 ? random.nextInt(200) : random.nextInt(40_000);
            if (random.nextBoolean() && window.hasRoom(length, 64))
            {
                final byte[] command = new byte[length];
                random.nextBytes(command);
                model.put(window.next(), command);
                window.add(new UnsafeBuffer(command), 0, length, i);
            }
            else if (!model.isEmpty())
            {
                final long first = model.firstKey();
                final long sequence = first + random.nextInt((int)(model.lastKey() - first + 1));
                assertEquals(null != model.remove(sequence), window.remove(sequence));
            }
            assertEquals(model.size(), window.size());
            assertEquals(model.isEmpty() ? window.next() : model.firstKey(), window.firstUnanswered());
            if (0 == i % 50)
            {
                model.forEach((sequence, command) ->
                {
                    final byte[] found = new byte[window.length(sequence)];
                    window.buffer().getBytes(window.offset(sequence), found);
                    assertArrayEquals(command, found);
                });
            }
        }
    }
}
