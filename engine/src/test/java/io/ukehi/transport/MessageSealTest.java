package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Invariant;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.zip.CRC32C;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class MessageSealTest
{
    private final MessageSeal seal = new MessageSeal();
    private final Random random = new Random(1);

    @Test
    void shouldWriteCrc32cOfAllButItselfWhenSealing()
    {
        for (int length = MessageSeal.MIN_LENGTH; length < 300; length++)
        {
            final byte[] bytes = randomBytes(length + 7);
            final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
            seal.seal(buffer, 3, length);

            final CRC32C crc = new CRC32C();
            crc.update(bytes, 3, 8);
            crc.update(bytes, 3 + 12, length - 12);
            assertEquals((int)crc.getValue(), ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(3 + 8));
            assertTrue(seal.isSound(buffer, 3, length));
        }
    }

    @Test
    void shouldGiveTheSameSealWhereverTheMessageLies()
    {
        final byte[] bytes = randomBytes(100);
        final UnsafeBuffer onHeap = new UnsafeBuffer(bytes);
        final UnsafeBuffer offHeap = new UnsafeBuffer(ByteBuffer.allocateDirect(200), 17, 150);
        offHeap.putBytes(31, bytes);
        seal.seal(onHeap, 0, 100);
        seal.seal(offHeap, 31, 100);

        assertEquals(onHeap.getInt(8), offHeap.getInt(31 + 8));
        assertTrue(seal.isSound(offHeap, 31, 100));
    }

    @Test
    void shouldNoticeEveryBitThatIsFlipped()
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(randomBytes(97));
        seal.seal(buffer, 0, 97);
        for (int bit = 0; bit < 97 * 8; bit++)
        {
            flip(buffer, bit);
            assertFalse(seal.isSound(buffer, 0, 97), "bit " + bit);
            flip(buffer, bit);
        }
        assertTrue(seal.isSound(buffer, 0, 97));
    }

    @Test
    void shouldNoticeAnotherLength()
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(randomBytes(97));
        seal.seal(buffer, 0, 60);
        for (int length = 0; length <= 97; length++)
        {
            assertEquals(60 == length, seal.isSound(buffer, 0, length), "length " + length);
        }
    }

    @Test
    void shouldRefuseWhatIsTooShortForAChecksum()
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[20]);
        assertThrows(Invariant.Violation.class, () -> seal.seal(buffer, 0, 11));
        assertFalse(seal.isSound(buffer, 0, 11));
        assertFalse(seal.isSound(new UnsafeBuffer(new byte[0]), 0, 0));
    }

    private byte[] randomBytes(final int length)
    {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static void flip(final UnsafeBuffer buffer, final int bit)
    {
        buffer.putByte(bit >> 3, (byte)(buffer.getByte(bit >> 3) ^ (1 << (bit & 7))));
    }
}
