package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.AdminRequestEncoder;
import io.ukehi.codecs.client.Consistency;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.ukehi.codecs.client.CommandDecoder;
import io.ukehi.codecs.client.CommandRecordDecoder;
import io.ukehi.codecs.client.MessageHeaderDecoder;
import io.ukehi.codecs.client.MessageHeaderEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class ClientAdapterTest
{
    private static final long CLUSTER_ID = 0x1122334455667788L;
    private static final int GROUP_ID = 3;
    private static final int MARGIN = 8;
    private static final String CHANNEL = "aeron:udp?endpoint=localhost:4001";

    private final ClientMessages messages = new ClientMessages(CLUSTER_ID, GROUP_ID);
    private final Recorder recorder = new Recorder();
    private final DropCounters drops = new DropCounters();
    private final ClientAdapter adapter = new ClientAdapter(CLUSTER_ID, GROUP_ID, recorder, drops);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();

    private static final class Recorder implements ClientRequests
    {
        final List<String> heard = new ArrayList<>();
        byte[] payload;
        boolean isLater;
        int roomFor = Integer.MAX_VALUE;
        RuntimeException thrown;

        @Override
        public void onConnect(
            final long sessionId, final long correlationId, final String responseChannel, final int responseStreamId)
        {
            heard.add("connect " + sessionId + " " + correlationId + " " + responseChannel + " " + responseStreamId);
        }

        @Override
        public boolean onCommand(
            final long sessionId,
            final long correlationId,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            if (null != thrown)
            {
                throw thrown;
            }
            heard.add("command " + sessionId + " " + correlationId);
            payload = new byte[length];
            buffer.getBytes(offset, payload);
            return !isLater && --roomFor >= 0;
        }

        @Override
        public void onQuery(
            final long sessionId,
            final long correlationId,
            final Consistency consistency,
            final long maxLagNs,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            heard.add("query " + sessionId + " " + correlationId + " " + consistency + " " + maxLagNs);
            payload = new byte[length];
            buffer.getBytes(offset, payload);
        }

        @Override
        public void onAdmin(
            final long sessionId,
            final long correlationId,
            final AdminOperation operation,
            final int targetId,
            final String member)
        {
            heard.add("admin " + sessionId + " " + correlationId + " " + operation + " " + targetId + " " + member);
        }

        @Override
        public boolean onOpenSession(final long sessionId)
        {
            heard.add("open session " + sessionId);
            return true;
        }

        @Override
        public void onKeepAlive(final long sessionId)
        {
            heard.add("keep alive " + sessionId);
        }

        @Override
        public void onClose(final long sessionId)
        {
            heard.add("close " + sessionId);
        }

        @Override
        public void onStatusRequest(
            final long sessionId, final long correlationId, final String responseChannel, final int responseStreamId)
        {
            heard.add("status " + sessionId + " " + correlationId + " " + responseChannel + " " + responseStreamId);
        }
    }

    /** One of each, as bytes. */
    private List<byte[]> everyMessage()
    {
        final List<byte[]> all = new ArrayList<>();
        all.add(bytes(messages.connect(5, 6, CHANNEL, 7)));
        all.add(bytes(messages.command(5, 6, new byte[]{1, 2, 3, 4, 5})));
        all.add(bytes(messages.command(5, 6, new byte[0])));
        all.add(bytes(messages.commands(5, 6, new byte[]{1}, new byte[0], new byte[8])));
        all.add(bytes(messages.keepAlive(5)));
        all.add(bytes(messages.close(5)));
        all.add(bytes(messages.statusRequest(5, 6, CHANNEL, 7)));
        all.add(bytes(messages.admin(5, 6, AdminOperation.REPLACE_MEMBER, 7, "8=a:1:2")));
        return all;
    }

    private byte[] bytes(final int length)
    {
        final byte[] bytes = new byte[length];
        messages.buffer().getBytes(0, bytes);
        return bytes;
    }

    /** Offers a message that ends where its memory ends, so that reading past it would throw. */
    private Action offer(final byte[] message)
    {
        final ByteBuffer memory = ByteBuffer.allocateDirect(MARGIN + message.length);
        final UnsafeBuffer buffer = new UnsafeBuffer(memory);
        buffer.putBytes(MARGIN, message);
        return adapter.onMessage(buffer, MARGIN, message.length);
    }

    private void shouldDrop(final DropReason reason, final byte[] message)
    {
        final long before = drops.get(reason);
        final long total = drops.total();
        assertEquals(Action.CONTINUE, offer(message));
        assertEquals(before + 1, drops.get(reason), reason.name());
        assertEquals(total + 1, drops.total());
        assertEquals(List.of(), recorder.heard);
    }

    private byte[] sealed(final byte[] message)
    {
        new MessageSeal().seal(new UnsafeBuffer(message), 0, message.length);
        return message;
    }

    @Test
    void shouldPassOnWhatClientsSay()
    {
        everyMessage().forEach(message -> assertEquals(Action.CONTINUE, offer(message)));
        assertEquals(
            List.of(
                "connect 5 6 " + CHANNEL + " 7",
                "command 5 6",
                "command 5 6",
                "command 5 6",
                "command 5 7",
                "command 5 8",
                "keep alive 5",
                "close 5",
                "status 5 6 " + CHANNEL + " 7",
                "admin 5 6 REPLACE_MEMBER 7 8=a:1:2"),
            recorder.heard);
        assertEquals(0, drops.total());
    }

    @Test
    void shouldDropARequestWhoseMemberIsLongerThanAnyOrWhoseOperationIsUnknown()
    {
        shouldDrop(DropReason.MALFORMED,
            bytes(messages.admin(5, 6, AdminOperation.ADD_MEMBER, 0, "8=" + "h".repeat(400) + ":1:2")));
        final byte[] message = bytes(messages.admin(5, 6, AdminOperation.ADD_MEMBER, 0, ""));
        message[MessageHeaderEncoder.ENCODED_LENGTH + AdminRequestEncoder.operationEncodingOffset()] = 99;
        shouldDrop(DropReason.MALFORMED, sealed(message));
    }

    @Test
    void shouldPassACommandOnAsTheLogEntryWillHoldIt()
    {
        offer(bytes(messages.command(0x0102030405060708L, -9, new byte[]{'u', 'k', 'e'})));
        final ByteBuffer expected = ByteBuffer.allocate(27).order(ByteOrder.LITTLE_ENDIAN);
        expected.putLong(ClientMessages.CLUSTER_SESSION).putLong(-9).putLong(1).put(new byte[]{'u', 'k', 'e'});
        assertArrayEquals(expected.array(), recorder.payload);
    }

    @Test
    void shouldAskForAllCommandsOfAMessageAgainWhenThereIsNoRoomForOneOfThem()
    {
        recorder.roomFor = 2;
        final byte[] message = bytes(messages.commands(5, 6, new byte[1], new byte[2], new byte[3]));
        assertEquals(Action.ABORT, offer(message));
        assertEquals(List.of("command 5 6", "command 5 7", "command 5 8"), recorder.heard);
        recorder.roomFor = 3;
        assertEquals(Action.CONTINUE, offer(message));
        assertEquals(6, recorder.heard.size());
        assertEquals(0, drops.total());
    }

    @Test
    void shouldAskForTheSameCommandAgainWhenThereIsNoRoomForItOnly()
    {
        recorder.isLater = true;
        assertEquals(Action.ABORT, offer(bytes(messages.command(5, 6, new byte[1]))));
        assertEquals(Action.CONTINUE, offer(bytes(messages.keepAlive(5))));
        recorder.isLater = false;
        assertEquals(Action.CONTINUE, offer(bytes(messages.command(5, 6, new byte[1]))));
    }

    @Test
    void shouldLetThroughWhatTheNodeThrows()
    {
        recorder.thrown = new IllegalStateException("storage");
        final byte[] message = bytes(messages.command(5, 6, new byte[1]));
        assertEquals(recorder.thrown, assertThrows(IllegalStateException.class, () -> offer(message)));
        assertEquals(0, drops.total());
    }

    @Test
    void shouldDropEveryMessageCutShortAtEveryByte()
    {
        for (final byte[] message : everyMessage())
        {
            for (int length = 0; length < message.length; length++)
            {
                final byte[] cut = new byte[length];
                System.arraycopy(message, 0, cut, 0, length);
                final long before = drops.total();
                offer(cut);
                assertEquals(before + 1, drops.total());
            }
        }
        assertEquals(List.of(), recorder.heard);
    }

    /** As above, but by someone who can sum: what remains are the rules of form. */
    @Test
    void shouldDropEveryMessageCutShortAndSealedAgain()
    {
        for (final byte[] message : everyMessage())
        {
            final int templateId = new MessageHeaderDecoder().wrap(new UnsafeBuffer(message), 0).templateId();
            final int block = CommandDecoder.TEMPLATE_ID == templateId ?
                ClientMessages.COMMANDS_OFFSET : message.length;
            for (int length = MessageSeal.MIN_LENGTH; length < message.length; length++)
            {
                final byte[] cut = new byte[length];
                System.arraycopy(message, 0, cut, 0, length);
                if (length <= block || !areWholeCommands(cut))
                {
                    shouldDrop(length < block ? DropReason.TOO_SHORT : DropReason.MALFORMED, sealed(cut));
                }
            }
        }
    }

    /** Commands cut between two of them are fewer commands. */
    private static boolean areWholeCommands(final byte[] message)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(message);
        int at = ClientMessages.COMMANDS_OFFSET;
        while (at < message.length && message.length - at >= CommandRecordDecoder.BLOCK_LENGTH)
        {
            at += BitUtil.align(Long.BYTES + buffer.getInt(at, ByteOrder.LITTLE_ENDIAN), Long.BYTES);
        }
        return at == message.length;
    }

    @Test
    void shouldDropCommandsWhoseLengthsDoNotAddUp()
    {
        for (final int length : new int[]{-1, 0, 23, 26, 32, 1_000_000, Integer.MAX_VALUE, Integer.MIN_VALUE})
        {
            final byte[] message = bytes(messages.commands(5, 6, new byte[8], new byte[1]));
            new UnsafeBuffer(message).putInt(
                ClientMessages.COMMANDS_OFFSET + 40, length, ByteOrder.LITTLE_ENDIAN);
            if (26 != length && 32 != length)
            {
                shouldDrop(DropReason.MALFORMED, sealed(message));
            }
            else
            {
                // Padding that is not zero is read as the command's, as its length says.
                offer(sealed(message));
                recorder.heard.clear();
            }
        }
        shouldDrop(DropReason.MALFORMED, bytes(messages.commands(5, 6)));
    }

    @Test
    void shouldDropEveryMessageWithAnyBitFlipped()
    {
        for (final byte[] message : everyMessage())
        {
            for (int bit = 0; bit < message.length * 8; bit++)
            {
                final byte[] flipped = message.clone();
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                final long before = drops.total();
                offer(flipped);
                assertEquals(before + 1, drops.total(), "bit " + bit);
            }
        }
        assertEquals(List.of(), recorder.heard);
    }

    @Test
    void shouldDropGarbageWithoutThrowing()
    {
        final Random random = new Random(3);
        final int count = 200_000;
        for (int i = 0; i < count; i++)
        {
            final byte[] garbage = new byte[random.nextInt(120)];
            random.nextBytes(garbage);
            if (garbage.length >= MessageHeaderDecoder.ENCODED_LENGTH && random.nextBoolean())
            {
                header.wrap(new UnsafeBuffer(garbage), 0)
                    .blockLength(random.nextInt(64))
                    .templateId(random.nextInt(11))
                    .schemaId(MessageHeaderEncoder.SCHEMA_ID)
                    .version(MessageHeaderEncoder.SCHEMA_VERSION + random.nextInt(2));
                new UnsafeBuffer(garbage).putInt(Math.max(0, garbage.length - 4 - random.nextInt(60)),
                    random.nextInt(60), ByteOrder.LITTLE_ENDIAN);
            }
            offer(garbage);
        }
        assertEquals(count, drops.total());
        assertEquals(List.of(), recorder.heard);
    }

    /** Sound checksum, right cluster and group, nonsense everywhere else: taken or dropped, never an exception. */
    @Test
    void shouldNeverThrowOnForgedMessages()
    {
        final Random random = new Random(5);
        for (int i = 0; i < 200_000; i++)
        {
            final byte[] message = new byte[24 + random.nextInt(100)];
            random.nextBytes(message);
            final UnsafeBuffer buffer = new UnsafeBuffer(message);
            header.wrap(buffer, 0)
                .blockLength(random.nextInt(message.length))
                .templateId(1 + random.nextInt(9))
                .schemaId(MessageHeaderEncoder.SCHEMA_ID)
                .version(MessageHeaderEncoder.SCHEMA_VERSION + random.nextInt(2));
            buffer.putInt(12, GROUP_ID, ByteOrder.LITTLE_ENDIAN);
            buffer.putLong(16, CLUSTER_ID, ByteOrder.LITTLE_ENDIAN);
            final int known = 44;
            if (message.length >= known + 4 && random.nextBoolean())
            {
                header.blockLength(known - 8);
                buffer.putInt(known, message.length - known - 4 + random.nextInt(3) - 1, ByteOrder.LITTLE_ENDIAN);
            }
            offer(sealed(message));
            recorder.heard.clear();
        }
    }

    @Test
    void shouldNameTheReasonWhenTheMessageIsNotForThisNode()
    {
        messages.keepAlive(5);
        final int length = new ClientMessages(CLUSTER_ID, GROUP_ID).keepAlive(5);
        final ClientMessages otherCluster = new ClientMessages(CLUSTER_ID + 1, GROUP_ID);
        final ClientMessages otherGroup = new ClientMessages(CLUSTER_ID, GROUP_ID + 1);
        final byte[] message = new byte[length];
        otherCluster.keepAlive(5);
        otherCluster.buffer().getBytes(0, message);
        shouldDrop(DropReason.WRONG_CLUSTER, message);
        otherGroup.keepAlive(5);
        otherGroup.buffer().getBytes(0, message);
        shouldDrop(DropReason.WRONG_GROUP, message);
    }

    @Test
    void shouldNameTheReasonWhenTheHeaderIsOfSomethingElse()
    {
        final byte[] message = bytes(messages.keepAlive(5));
        header.wrap(new UnsafeBuffer(message), 0).schemaId(1);
        shouldDrop(DropReason.WRONG_SCHEMA, sealed(message));
        header.schemaId(MessageHeaderEncoder.SCHEMA_ID).version(0);
        shouldDrop(DropReason.UNSUPPORTED_VERSION, sealed(message));
        header.version(0x101);
        shouldDrop(DropReason.UNSUPPORTED_VERSION, sealed(message));
        header.version(MessageHeaderEncoder.SCHEMA_VERSION);
        // What nodes say, and what nobody says.
        for (final int templateId : new int[]{0, 2, 4, 5, 9, 11, 40, 41, 0xFFFF})
        {
            header.templateId(templateId);
            shouldDrop(DropReason.UNKNOWN_TEMPLATE, sealed(message));
        }
    }

    @Test
    void shouldDropWhatHasBytesLeftOver()
    {
        for (final byte[] message : everyMessage())
        {
            final byte[] longer = new byte[message.length + 1];
            System.arraycopy(message, 0, longer, 0, message.length);
            shouldDrop(DropReason.MALFORMED, sealed(longer));
        }
    }

    @Test
    void shouldReadAppendedFieldsOfLaterExtensions()
    {
        offer(extended(bytes(messages.keepAlive(5))));
        offer(extended(bytes(messages.command(5, 6, new byte[8]))));
        assertEquals(List.of("keep alive 5", "command 5 6"), recorder.heard);
    }

    /** The same with a block that is longer by 8 bytes. */
    private byte[] extended(final byte[] message)
    {
        final int blockLength = new MessageHeaderDecoder().wrap(new UnsafeBuffer(message), 0).blockLength();
        final int blockEnd = MessageHeaderEncoder.ENCODED_LENGTH + blockLength;
        final byte[] longer = new byte[message.length + 8];
        System.arraycopy(message, 0, longer, 0, blockEnd);
        System.arraycopy(message, blockEnd, longer, blockEnd + 8, message.length - blockEnd);
        header.wrap(new UnsafeBuffer(longer), 0)
            .version(MessageHeaderEncoder.SCHEMA_VERSION + 1)
            .blockLength(blockLength + 8);
        return sealed(longer);
    }

    @Test
    void shouldRefuseChannelsThatAreTooLongBeforeReadingThem()
    {
        final String longest = "a".repeat(ClientResponseChannel.MAX_LENGTH);
        shouldDrop(DropReason.REFUSED_CHANNEL, bytes(messages.connect(5, 6, longest + "a", 7)));
        shouldDrop(DropReason.REFUSED_CHANNEL, bytes(messages.statusRequest(5, 6, longest + "a", 7)));
        offer(bytes(messages.connect(5, 6, longest, 7)));
        assertEquals(List.of("connect 5 6 " + longest + " 7"), recorder.heard);
    }

    @Test
    void shouldNotTakeWhatNodesSay()
    {
        final ClientMessageEncoder encoder = new ClientMessageEncoder(CLUSTER_ID, GROUP_ID, 1, 100);
        final byte[] reply = new byte[ClientMessageEncoder.REPLY_HEAD_LENGTH];
        encoder.sealReply(new UnsafeBuffer(reply), 0, reply.length, 5);
        shouldDrop(DropReason.UNKNOWN_TEMPLATE, reply);
    }
}
