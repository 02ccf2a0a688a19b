package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ukehi.codecs.client.AdminReplyDecoder;
import io.ukehi.codecs.client.ConnectReplyDecoder;
import io.ukehi.codecs.client.MembersDecoder;
import io.ukehi.codecs.client.MessageHeaderEncoder;
import io.ukehi.codecs.client.QueryReplyDecoder;
import io.ukehi.codecs.client.RedirectDecoder;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.codecs.client.ReplyEncoder;
import io.ukehi.codecs.client.ReplyRecordDecoder;
import io.ukehi.codecs.client.ReplyRecordEncoder;
import io.ukehi.codecs.client.SessionOpenedDecoder;
import io.ukehi.codecs.client.StatusReplyDecoder;
import io.aeron.logbuffer.Header;
import io.ukehi.Crc32c;
import java.nio.ByteOrder;
import java.util.Random;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ResponseAdapterTest implements ResponseHandler
{
    private static final int AT = 32;

    private final ClientStats stats = new ClientStats();
    private final ResponseAdapter adapter = new ResponseAdapter(7, 3, 99, stats, this);
    private final Header aeronHeader = new Header(0, 16);
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[256]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private int length;
    private int replies;
    private int others;
    private String data;

    @BeforeEach
    void encodeReply()
    {
        aeronHeader.buffer(new UnsafeBuffer(new byte[64]));
        new ReplyEncoder().wrapAndApplyHeader(buffer, AT, header)
            .groupId(3).clusterId(7).sessionId(99).leaderId(2).reserved(0);
        length = MessageHeaderEncoder.ENCODED_LENGTH + ReplyEncoder.BLOCK_LENGTH;
        putRecord("hello");
        seal();
    }

    private void putRecord(final String text)
    {
        final ReplyRecordEncoder record = new ReplyRecordEncoder().wrap(buffer, AT + length)
            .correlationId(1234).index(5).token(6).length(text.length()).code(ReplyCode.COMMITTED);
        buffer.putStringWithoutLengthAscii(record.limit(), text);
        length += BitUtil.align(ReplyRecordEncoder.BLOCK_LENGTH + text.length(), Long.BYTES);
    }

    private void seal()
    {
        buffer.putInt(AT + 8, RequestEncoder.checksum(buffer, AT, length, new Crc32c()), ByteOrder.LITTLE_ENDIAN);
    }

    private void read()
    {
        adapter.onFragment(buffer, AT, length, aeronHeader);
    }

    @Test
    void shouldHandOnAReplyWithItsData()
    {
        read();
        assertEquals(1, replies);
        assertEquals("hello", data);
        assertEquals(0, stats.dropped());
    }

    @Test
    void shouldHandOnEveryReplyOfAMessage()
    {
        putRecord("");
        putRecord("12345678");
        putRecord("last");
        seal();
        read();
        assertEquals(4, replies);
        assertEquals("last", data);
        assertEquals(0, stats.dropped());
    }

    @Test
    void shouldCountRepliesWhoseLengthsDoNotAddUp()
    {
        final int second = AT + length + ReplyRecordEncoder.lengthEncodingOffset();
        putRecord("12345678");
        for (final int wrong : new int[]{-1, 9, 17, Integer.MAX_VALUE, Integer.MIN_VALUE})
        {
            buffer.putInt(second, wrong, ByteOrder.LITTLE_ENDIAN);
            seal();
            read();
        }
        assertEquals(5, replies, "the first one of each");
        assertEquals(5, stats.malformed());
        length = MessageHeaderEncoder.ENCODED_LENGTH + ReplyEncoder.BLOCK_LENGTH;
        seal();
        read();
        assertEquals(6, stats.malformed(), "no reply at all");
    }

    @Test
    void shouldStepOverWhatALaterVersionHasAppendedToABlock()
    {
        final int blockEnd = AT + MessageHeaderEncoder.ENCODED_LENGTH + ReplyEncoder.BLOCK_LENGTH;
        final byte[] records = new byte[length - (blockEnd - AT)];
        buffer.getBytes(blockEnd, records);
        buffer.putBytes(blockEnd + 3, records);
        length += 3;
        header.wrap(buffer, AT).blockLength(ReplyEncoder.BLOCK_LENGTH + 3).version(2);
        seal();
        read();
        assertEquals(1, replies);
        assertEquals("hello", data);
    }

    @Test
    void shouldDropABlockThatItsVersionDoesNotHave()
    {
        header.wrap(buffer, AT).blockLength(ReplyEncoder.BLOCK_LENGTH + 3);
        seal();
        read();
        header.wrap(buffer, AT).blockLength(ReplyEncoder.BLOCK_LENGTH - 1).version(2);
        seal();
        read();
        header.wrap(buffer, AT).blockLength(ReplyEncoder.BLOCK_LENGTH).version(0);
        seal();
        read();
        header.wrap(buffer, AT).version(0x100 + 1);
        seal();
        read();
        header.wrap(buffer, AT).version(1).schemaId(1);
        seal();
        read();
        assertEquals(0, replies);
        assertEquals(5, stats.malformed());
    }

    @Test
    void shouldFindEveryFlippedBit()
    {
        for (int bit = 0; bit < length * 8; bit++)
        {
            final int at = AT + bit / 8;
            buffer.putByte(at, (byte)(buffer.getByte(at) ^ 1 << bit % 8));
            read();
            buffer.putByte(at, (byte)(buffer.getByte(at) ^ 1 << bit % 8));
        }
        assertEquals(0, replies + others);
        assertEquals(length * 8, stats.dropped());
        assertEquals(0, stats.foreign());
    }

    @Test
    void shouldDropEveryCutMessage()
    {
        final int whole = length;
        for (length = 0; length < whole; length++)
        {
            read();
        }
        assertEquals(0, replies + others);
        assertEquals(whole, stats.dropped());
    }

    @Test
    void shouldNotThrowOnAnyBytes()
    {
        final Random random = new Random(11);
        final byte[] noise = new byte[128];
        for (int i = 0; i < 200_000; i++)
        {
            random.nextBytes(noise);
            buffer.putBytes(AT, noise);
            header.wrap(buffer, AT).blockLength(random.nextInt(130)).templateId(random.nextInt(11)).schemaId(2)
                .version(random.nextInt(3));
            length = random.nextInt(noise.length);
            if (length >= 12)
            {
                seal();
            }
            read();
        }
        assertEquals(0, replies + others);
        assertEquals(200_000, stats.dropped());
    }

    @Override
    public void onReply(
        final ReplyRecordDecoder reply,
        final int leaderId,
        final int aeronSessionId,
        final DirectBuffer bytes,
        final int offset,
        final int dataLength)
    {
        assertEquals(2, leaderId);
        assertEquals(1234, reply.correlationId());
        assertEquals(ReplyCode.COMMITTED, reply.code());
        data = bytes.getStringWithoutLengthAscii(offset, dataLength);
        replies++;
    }

    @Override
    public void onConnectReply(final ConnectReplyDecoder reply, final int aeronSessionId)
    {
        others++;
    }

    @Override
    public void onAdminReply(final AdminReplyDecoder reply)
    {
        others++;
    }

    @Override
    public void onMembers(final MembersDecoder members)
    {
        others++;
    }

    @Override
    public void onQueryReply(
        final QueryReplyDecoder reply,
        final int aeronSessionId,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        others++;
    }

    @Override
    public void onRedirect(final RedirectDecoder redirect, final int aeronSessionId)
    {
        others++;
    }

    @Override
    public void onSessionOpened(final SessionOpenedDecoder opened, final int aeronSessionId)
    {
        others++;
    }

    @Override
    public void onKeepAlive(final int aeronSessionId)
    {
        others++;
    }

    @Override
    public void onClose(final int aeronSessionId)
    {
        others++;
    }

    @Override
    public void onStatusReply(final StatusReplyDecoder reply)
    {
        others++;
    }
}
