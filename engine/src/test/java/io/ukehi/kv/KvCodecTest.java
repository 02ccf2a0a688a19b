package io.ukehi.kv;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KvCodecTest
{
    private static final int OFFSET = 3;

    private final KvHarness kv = new KvHarness();
    private final UnsafeBuffer key = new UnsafeBuffer("..the key".getBytes());
    private final UnsafeBuffer value = new UnsafeBuffer(".a value of some length".getBytes());
    private final UnsafeBuffer other = new UnsafeBuffer("another".getBytes());
    private long digest;

    @BeforeEach
    void fill()
    {
        for (int i = 0; i < 100; i++)
        {
            kv.put(("the key" + i).getBytes(), ("value" + i).getBytes());
        }
        kv.put("the key".getBytes(), "another".getBytes());
        digest = kv.store.stateDigest();
    }

    @Test
    void shouldAnswerMalformedAndChangeNothingWhenACommandIsCutAnywhereOrLonger()
    {
        for (int form = 0; form < 7; form++)
        {
            final int whole = encode(form, 0);
            for (int length = 0; length <= whole + 9; length++)
            {
                if (length != whole)
                {
                    encode(form, 0);
                    assertEquals(KvStatus.MALFORMED, kv.apply(length), "form " + form + " cut to " + length);
                    assertEquals(KvCodec.REPLY_HEADER_LENGTH, kv.replyLength());
                    assertEquals(digest, kv.store.stateDigest());
                }
            }
        }
    }

    @Test
    void shouldAnswerAnythingTheSameWayOnEveryReplicaAndNeverThrow()
    {
        final Random random = new Random(11);
        final KvHarness replica = new KvHarness();
        fillAlike(replica);
        final byte[] bytes = new byte[64];
        int ok = 0;
        for (int i = 0; i < 200_000; i++)
        {
            final int length;
            if (0 == i % 2)
            {
                random.nextBytes(bytes);
                bytes[0] = (byte)random.nextInt(7);
                kv.command.putBytes(0, bytes);
                length = random.nextInt(bytes.length);
            }
            else
            {
                length = encode(random.nextInt(7), 0);
                final int at = random.nextInt(length);
                kv.command.putByte(at, (byte)(kv.command.getByte(at) ^ (1 << random.nextInt(8))));
            }
            replica.command.putBytes(0, kv.command, 0, length);
            final int status = kv.apply(length);
            assertEquals(status, replica.apply(length));
            assertEquals(kv.replyLength(), replica.replyLength());
            ok += KvStatus.OK == status ? 1 : 0;
        }
        assertEquals(kv.store.stateDigest(), replica.store.stateDigest());
        KvTreeVerifier.verify(kv.store);
        assertTrue(ok > 1000, "some are commands all the same: " + ok);
    }

    @Test
    void shouldReadWhatWasWrittenAtAnyOffset()
    {
        final KvCommandDecoder decoder = new KvCommandDecoder();
        assertEquals(KvStatus.OK, decoder.wrap(kv.command, OFFSET, encode(2, OFFSET)));
        assertEquals(KvCodec.OP_CAS, decoder.op());
        assertEquals(KvCodec.EXPECT_VALUE, decoder.expectation());
        assertEquals("the key", text(decoder.keyOffset(), decoder.keyLength()));
        assertEquals("another", text(decoder.expectedOffset(), decoder.expectedLength()));
        assertEquals("a value", text(decoder.valueOffset(), decoder.valueLength()));

        assertEquals(KvStatus.OK, decoder.wrap(kv.command, OFFSET, encode(4, OFFSET)));
        assertEquals(77, decoder.expectedVersion());

        assertEquals(KvStatus.OK, decoder.wrap(kv.command, OFFSET, encode(6, OFFSET)));
        assertEquals("the key", text(decoder.keyOffset(), decoder.keyLength()));
        assertEquals("anoth", text(decoder.toOffset(), decoder.toLength()));
        assertEquals("a v", text(decoder.prefixOffset(), decoder.prefixLength()));
        assertEquals(9, decoder.limit());
        assertEquals(999, decoder.byteLimit());
        assertTrue(decoder.isAfterFrom());
    }

    @Test
    void shouldAnswerTooLargeWhenAPartIsLongerThanTheStoreTakes()
    {
        assertEquals(KvStatus.TOO_LARGE, kv.apply(rawPut(KvCodec.MAX_KEY_LENGTH + 1, 0)));
        assertEquals(KvStatus.TOO_LARGE, kv.apply(rawPut(1, KvCodec.MAX_VALUE_LENGTH + 1)));
        assertEquals(digest, kv.store.stateDigest());
        assertEquals(KvStatus.OK, kv.apply(rawPut(KvCodec.MAX_KEY_LENGTH, KvCodec.MAX_VALUE_LENGTH)));
        assertEquals(KvStatus.MALFORMED, kv.apply(rawPut(0, 5)));
    }

    @Test
    void shouldAnswerMalformedWhenReservedBitsAreSetOrLimitsAreNone()
    {
        for (int form = 0; form < 7; form++)
        {
            final int length = encode(form, 0);
            kv.command.putByte(KvCodec.FLAGS_OFFSET, (byte)0x80);
            assertEquals(KvStatus.MALFORMED, kv.apply(length), "form " + form);
        }
        final int length = encode(6, 0);
        kv.command.putInt(KvCodec.SCAN_LIMIT_OFFSET, 0);
        assertEquals(KvStatus.MALFORMED, kv.apply(length));
        encode(6, 0);
        kv.command.putInt(KvCodec.SCAN_BYTE_LIMIT_OFFSET, -1);
        assertEquals(KvStatus.MALFORMED, kv.apply(length));
    }

    @Test
    void shouldRefuseToEncodeWhatTheStoreWouldRefuse()
    {
        final UnsafeBuffer big = new UnsafeBuffer(new byte[KvCodec.MAX_VALUE_LENGTH + 1]);
        assertThrows(IllegalArgumentException.class, () -> KvCodec.encodeGet(kv.command, 0, big, 0, 0));
        assertThrows(IllegalArgumentException.class,
            () -> KvCodec.encodeDelete(kv.command, 0, big, 0, KvCodec.MAX_KEY_LENGTH + 1));
        assertThrows(IllegalArgumentException.class,
            () -> KvCodec.encodePut(kv.command, 0, big, 0, 1, big, 0, big.capacity()));
        assertThrows(IllegalArgumentException.class,
            () -> KvCodec.encodeCas(kv.command, 0, big, 0, 1, big, 0, 600_000, big, 0, 600_000));
        assertThrows(IllegalArgumentException.class,
            () -> KvCodec.encodeScan(kv.command, 0, 0, 0, 1, big, 0, 0, big, 0, 0, big, 0, 0));
    }

    @Test
    void shouldNotTakeACutOrDamagedReplyForAWholeOne()
    {
        kv.scan(new byte[0], false, new byte[0], new byte[0], 5, 10_000);
        final int whole = kv.replyLength();
        final UnsafeBuffer copy = new UnsafeBuffer(new byte[whole + 8]);
        copy.putBytes(0, kv.reply.buffer(), 0, whole);
        final KvReplyDecoder decoder = new KvReplyDecoder();
        for (int length = 0; length <= whole + 8; length++)
        {
            assertEquals(length == whole, decoder.wrap(copy, 0, length), "cut to " + length);
        }
        copy.putInt(KvCodec.REPLY_HEADER_LENGTH + KvCodec.ENTRY_VALUE_LENGTH_OFFSET, -1, LITTLE_ENDIAN);
        assertFalse(decoder.wrap(copy, 0, whole));
        copy.putInt(KvCodec.REPLY_HEADER_LENGTH + KvCodec.ENTRY_VALUE_LENGTH_OFFSET, Integer.MAX_VALUE, LITTLE_ENDIAN);
        assertFalse(decoder.wrap(copy, 0, whole));
    }

    private static void fillAlike(final KvHarness replica)
    {
        for (int i = 0; i < 100; i++)
        {
            replica.put(("the key" + i).getBytes(), ("value" + i).getBytes());
        }
        replica.put("the key".getBytes(), "another".getBytes());
    }

    private int encode(final int form, final int offset)
    {
        return switch (form)
        {
            case 0 -> KvCodec.encodePut(kv.command, offset, key, 2, 7, value, 1, 7);
            case 1 -> KvCodec.encodeGet(kv.command, offset, key, 2, 7);
            case 2 -> KvCodec.encodeCas(kv.command, offset, key, 2, 7, other, 0, 7, value, 1, 7);
            case 3 -> KvCodec.encodeCasAbsent(kv.command, offset, key, 2, 7, value, 1, 7);
            case 4 -> KvCodec.encodeCasVersion(kv.command, offset, key, 2, 7, 77, value, 1, 7);
            case 5 -> KvCodec.encodeDelete(kv.command, offset, key, 2, 7);
            default -> KvCodec.encodeScan(
                kv.command, offset, KvCodec.SCAN_AFTER_FROM, 9, 999, key, 2, 7, other, 0, 5, value, 1, 3);
        };
    }

    private int rawPut(final int keyLength, final int valueLength)
    {
        kv.command.putByte(KvCodec.OP_OFFSET, (byte)KvCodec.OP_PUT);
        kv.command.putByte(KvCodec.FLAGS_OFFSET, (byte)0);
        kv.command.putShort(KvCodec.KEY_LENGTH_OFFSET, (short)keyLength, LITTLE_ENDIAN);
        kv.command.putInt(KvCodec.VALUE_LENGTH_OFFSET, valueLength, LITTLE_ENDIAN);
        return KvCodec.putLength(keyLength, valueLength);
    }

    private String text(final int offset, final int length)
    {
        return kv.command.getStringWithoutLengthAscii(offset, length);
    }
}
