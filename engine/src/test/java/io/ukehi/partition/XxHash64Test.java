package io.ukehi.partition;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** XXH64 gives what its reference implementation gives. */
class XxHash64Test
{
    private static final long PRIME = 2_654_435_761L;

    /** The vectors of the reference implementation's own sanity check (xxhsum of releases up to 0.6). */
    @ParameterizedTest
    @CsvSource({
        "0,   0,          EF46DB3751D8E999",
        "0,   2654435761, AC75FDA2929B17EF",
        "1,   0,          4FCE394CC88952D8",
        "1,   2654435761, 739840CB819FA723",
        "14,  0,          CFFA8DB881BC3A3D",
        "14,  2654435761, 5B9611585EFCC9CB",
        "101, 0,          0EAB543384F878AD",
        "101, 2654435761, CAA65939306F1E21"})
    void shouldGiveThePublishedValues(final int length, final long seed, final String expected)
    {
        final byte[] bytes = new byte[length];
        int generator = (int)PRIME;
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)(generator >>> 24);
            generator *= generator;
        }
        assertHash(expected, bytes, seed);
    }

    @ParameterizedTest
    @CsvSource({
        "a,                                        D24EC4F1A98C6E5B",
        "abc,                                      44BC2CF5AD770999",
        "Nobody inspects the spammish repetition,  FBCEA83C8A378BF1"})
    void shouldGiveTheWellKnownValues(final String text, final String expected)
    {
        assertHash(expected, text.getBytes(UTF_8), 0);
    }

    /** Every length up to four stripes, by the reference implementation's chained digest of them all. */
    @Test
    void shouldGiveTheReferenceValueForEveryLength()
    {
        final byte[] bytes = new byte[128];
        for (int i = 0; i < bytes.length; i++)
        {
            bytes[i] = (byte)(i * 7 + 1);
        }
        long chained = 0;
        for (int length = 0; length <= bytes.length; length++)
        {
            chained = XxHash64.hash(new UnsafeBuffer(bytes, 0, length), 0, length, chained);
        }
        assertEquals("BE66D0B8744D285A", hex(chained));
    }

    private static void assertHash(final String expected, final byte[] bytes, final long seed)
    {
        assertEquals(expected, hex(XxHash64.hash(new UnsafeBuffer(bytes), 0, bytes.length, seed)));
        // Whatever lies around the range, and wherever it begins, on the heap or off it.
        for (int offset = 0; offset < 9; offset++)
        {
            final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(bytes.length + 16));
            buffer.setMemory(0, buffer.capacity(), (byte)0x5A);
            buffer.putBytes(offset, bytes);
            assertEquals(expected, hex(XxHash64.hash(buffer, offset, bytes.length, seed)));
        }
    }

    private static String hex(final long hash)
    {
        return String.format("%016X", hash);
    }

    @Test
    void shouldHashANumberAsItsBytes()
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Long.BYTES]);
        for (long value = 1; value != 0; value *= 3 * 2)
        {
            buffer.putLong(0, value, LITTLE_ENDIAN);
            assertEquals(XxHash64.hash(buffer, 0, Long.BYTES, 0), XxHash64.hash(value));
        }
    }

    @Test
    void shouldStayWithinTheBuffer()
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[40]);
        assertThrows(IndexOutOfBoundsException.class, () -> XxHash64.hash(buffer, 9, 32, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> XxHash64.hash(buffer, -1, 4, 0));
    }
}
