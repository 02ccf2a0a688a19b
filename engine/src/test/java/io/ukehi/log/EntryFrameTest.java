package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Crc32c;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes of an entry. */
class EntryFrameTest
{
    private static final int OFFSET = 24;

    private final Crc32c crc = new Crc32c();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[512]);

    private int put(final int payloadLength)
    {
        EntryFrame.putHeader(buffer, OFFSET, payloadLength, 3, 9, (3L << 32) + 4, 1_234, 0xC8, 0x01020304);
        for (int i = 0; i < payloadLength; i++)
        {
            buffer.putByte(OFFSET + EntryFrame.HEADER_LENGTH + i, (byte)(i + 1));
        }
        EntryFrame.seal(crc, buffer, OFFSET);
        return EntryFrame.alignedLength(payloadLength);
    }

    @Test
    void shouldLayOutTheFieldsAsSpecified()
    {
        put(3);
        final String expected =
            "33000000" + Integer.toHexString(Integer.reverseBytes(EntryFrame.crc(buffer, OFFSET))) +
            "0300000000000000" +
            "0900000000000000" + "0400000003000000" +
            "d204000000000000" + "c8000000" + "04030201" +
            "0102030000000000";
        final StringBuilder found = new StringBuilder();
        for (int i = 0; i < 56; i++)
        {
            found.append(String.format("%02x", buffer.getByte(OFFSET + i)));
        }
        assertEquals(expected, found.toString());
    }

    @Test
    void shouldReadWhatWasPut()
    {
        put(3);
        assertEquals(51, EntryFrame.length(buffer, OFFSET));
        assertEquals(3, EntryFrame.term(buffer, OFFSET));
        assertEquals(9, EntryFrame.index(buffer, OFFSET));
        assertEquals((3L << 32) + 4, EntryFrame.token(buffer, OFFSET));
        assertEquals(1_234, EntryFrame.clusterTimeNs(buffer, OFFSET));
        assertEquals(0xC8, EntryFrame.type(buffer, OFFSET), "types are unsigned");
        assertEquals(0x01020304, EntryFrame.previousCrc(buffer, OFFSET));
    }

    /** CRC32C of the nine digits, the check value of RFC 3720's polynomial, ties the checksum to the standard one. */
    @Test
    void shouldUseTheStandardChecksum()
    {
        buffer.putBytes(0, "123456789".getBytes(StandardCharsets.US_ASCII));
        assertEquals(0xE3069283, crc.compute(buffer, 0, 9));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 61})
    void shouldNotBeIntactWhenAnyBitIsTurnedOver(final int payloadLength)
    {
        final int length = put(payloadLength);
        assertTrue(EntryFrame.isIntact(crc, buffer, OFFSET, length));
        for (int bit = 0; bit < length * 8; bit++)
        {
            flip(bit);
            assertFalse(EntryFrame.isIntact(crc, buffer, OFFSET, buffer.capacity() - OFFSET), "bit " + bit);
            assertFalse(EntryFrame.isIntact(crc, buffer, OFFSET, length), "bit " + bit);
            flip(bit);
        }
        assertTrue(EntryFrame.isIntact(crc, buffer, OFFSET, length));
    }

    private void flip(final int bit)
    {
        final int at = OFFSET + bit / 8;
        buffer.putByte(at, (byte)(buffer.getByte(at) ^ 1 << bit % 8));
    }

    @Test
    void shouldNotBeIntactWhenLessIsThereThanItsLength()
    {
        final int length = put(21);
        for (int available = 0; available < length; available++)
        {
            assertFalse(EntryFrame.isIntact(crc, buffer, OFFSET, available), "of " + available + " bytes");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 47, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE - 6})
    void shouldNotBeIntactWhenItsLengthIsImpossible(final int length)
    {
        put(21);
        buffer.putInt(OFFSET, length);
        assertFalse(EntryFrame.isIntact(crc, buffer, OFFSET, buffer.capacity() - OFFSET));
    }

    @Test
    void shouldNotBeIntactWhenUnusedBytesAreSealedWithIt()
    {
        put(8);
        buffer.putByte(OFFSET + EntryFrame.TYPE_OFFSET + 2, (byte)1);
        EntryFrame.seal(crc, buffer, OFFSET);
        assertFalse(EntryFrame.isIntact(crc, buffer, OFFSET, 56), "the bytes behind the type");
    }

    @Test
    void shouldFindTheOneByteThatIsNotZero()
    {
        for (int from = 0; from < 20; from++)
        {
            for (int length = 0; length < 40; length++)
            {
                assertTrue(EntryFrame.isZero(buffer, from, length));
                for (int at = 0; at < 64; at++)
                {
                    buffer.putByte(at, (byte)1);
                    assertEquals(at < from || at >= from + length, EntryFrame.isZero(buffer, from, length));
                    buffer.putByte(at, (byte)0);
                }
            }
        }
    }
}
