package io.ukehi.transport;

import static io.ukehi.transport.PeerMessageSamples.APPEND;
import static io.ukehi.transport.PeerMessageSamples.APPEND_COVERED;
import static io.ukehi.transport.PeerMessageSamples.CLUSTER_ID;
import static io.ukehi.transport.PeerMessageSamples.FROM_ID;
import static io.ukehi.transport.PeerMessageSamples.GROUP_ID;
import static io.ukehi.transport.PeerMessageSamples.hasFrames;
import static io.ukehi.transport.PeerMessageSamples.MEMBERS;
import static io.ukehi.transport.PeerMessageSamples.REPAIR_COVERED;
import static io.ukehi.transport.PeerMessageSamples.REPAIR_REPLY;
import static io.ukehi.transport.PeerMessageSamples.TEMPLATES;
import static io.ukehi.transport.PeerMessageSamples.TO_ID;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.peer.AckDecoder;
import io.ukehi.codecs.peer.AppendDecoder;
import io.ukehi.codecs.peer.HeartbeatDecoder;
import io.ukehi.codecs.peer.MessageHeaderDecoder;
import io.ukehi.codecs.peer.RepairReplyDecoder;
import io.ukehi.codecs.peer.RepairRequestDecoder;
import io.ukehi.codecs.peer.TimeoutNowDecoder;
import io.ukehi.codecs.peer.VoteReplyDecoder;
import io.ukehi.codecs.peer.VoteRequestDecoder;
import io.ukehi.raft.PeerHandler;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class PeerAdapterTest
{
    private static final int HEADER_LENGTH = MessageHeaderDecoder.ENCODED_LENGTH;
    private static final int TEMPLATE_OFFSET = 2;
    private static final int SCHEMA_OFFSET = 4;
    private static final int VERSION_OFFSET = 6;
    private static final int GROUP_OFFSET = 12;
    private static final int CLUSTER_OFFSET = 16;
    private static final int FROM_OFFSET = 24;
    private static final int TO_OFFSET = 28;

    private final Random random = new Random(20261101);
    private final PeerMessageSamples.WritingHandler handler = new PeerMessageSamples.WritingHandler();
    private final List<DropReason> heard = new ArrayList<>();
    private final DropCounters drops = new DropCounters(heard::add);
    private final PeerAdapter adapter = new PeerAdapter(CLUSTER_ID, GROUP_ID, TO_ID, MEMBERS, handler, drops);

    @Test
    void shouldHearWhatWasSaidWhateverTheValues()
    {
        final PeerMessageSamples.KeepingLink link = new PeerMessageSamples.KeepingLink();
        final PeerPublisher publisher = new PeerPublisher(CLUSTER_ID, GROUP_ID, FROM_ID, link);
        final UnsafeBuffer offHeap = new UnsafeBuffer(ByteBuffer.allocateDirect(4096));
        for (int i = 0; i < 20_000; i++)
        {
            final String expected = PeerMessageSamples.sendRandom(publisher, TEMPLATES[i % TEMPLATES.length], random);
            handler.lines.clear();
            if (random.nextBoolean())
            {
                final int offset = random.nextInt(100);
                offHeap.putBytes(offset, link.message);
                adapter.onMessage(offHeap, offset, link.message.length);
            }
            else
            {
                adapter.onFragment(new UnsafeBuffer(link.message), 0, link.message.length, null);
            }
            assertEquals(List.of(expected), handler.lines);
        }
        assertEquals(0, drops.total());
    }

    @Test
    void shouldHaveTheSameFieldsAtTheBeginningOfEveryBlock()
    {
        final int[][] offsets =
        {
            {VoteRequestDecoder.checksumEncodingOffset(), VoteRequestDecoder.groupIdEncodingOffset(),
                VoteRequestDecoder.clusterIdEncodingOffset(), VoteRequestDecoder.fromIdEncodingOffset(),
                VoteRequestDecoder.toIdEncodingOffset()},
            {VoteReplyDecoder.checksumEncodingOffset(), VoteReplyDecoder.groupIdEncodingOffset(),
                VoteReplyDecoder.clusterIdEncodingOffset(), VoteReplyDecoder.fromIdEncodingOffset(),
                VoteReplyDecoder.toIdEncodingOffset()},
            {AppendDecoder.checksumEncodingOffset(), AppendDecoder.groupIdEncodingOffset(),
                AppendDecoder.clusterIdEncodingOffset(), AppendDecoder.fromIdEncodingOffset(),
                AppendDecoder.toIdEncodingOffset()},
            {AckDecoder.checksumEncodingOffset(), AckDecoder.groupIdEncodingOffset(),
                AckDecoder.clusterIdEncodingOffset(), AckDecoder.fromIdEncodingOffset(),
                AckDecoder.toIdEncodingOffset()},
            {HeartbeatDecoder.checksumEncodingOffset(), HeartbeatDecoder.groupIdEncodingOffset(),
                HeartbeatDecoder.clusterIdEncodingOffset(), HeartbeatDecoder.fromIdEncodingOffset(),
                HeartbeatDecoder.toIdEncodingOffset()},
            {TimeoutNowDecoder.checksumEncodingOffset(), TimeoutNowDecoder.groupIdEncodingOffset(),
                TimeoutNowDecoder.clusterIdEncodingOffset(), TimeoutNowDecoder.fromIdEncodingOffset(),
                TimeoutNowDecoder.toIdEncodingOffset()},
            {RepairRequestDecoder.checksumEncodingOffset(), RepairRequestDecoder.groupIdEncodingOffset(),
                RepairRequestDecoder.clusterIdEncodingOffset(), RepairRequestDecoder.fromIdEncodingOffset(),
                RepairRequestDecoder.toIdEncodingOffset()},
            {RepairReplyDecoder.checksumEncodingOffset(), RepairReplyDecoder.groupIdEncodingOffset(),
                RepairReplyDecoder.clusterIdEncodingOffset(), RepairReplyDecoder.fromIdEncodingOffset(),
                RepairReplyDecoder.toIdEncodingOffset()},
        };
        for (final int[] ofMessage : offsets)
        {
            assertEquals("[0, 4, 8, 16, 20]", Arrays.toString(ofMessage));
        }
    }

    @Test
    void shouldDropWhatIsForeign()
    {
        for (final int template : TEMPLATES)
        {
            expectDrop(DropReason.WRONG_SCHEMA, patchShort(message(template), SCHEMA_OFFSET, 2));
            expectDrop(DropReason.UNKNOWN_TEMPLATE, patchShort(message(template), TEMPLATE_OFFSET, 0));
            expectDrop(DropReason.UNKNOWN_TEMPLATE, patchShort(message(template), TEMPLATE_OFFSET, 200));
            expectDrop(DropReason.WRONG_CLUSTER, patchLong(message(template), CLUSTER_OFFSET, CLUSTER_ID + 1));
            expectDrop(DropReason.WRONG_GROUP, patchInt(message(template), GROUP_OFFSET, GROUP_ID + 1));
            expectDrop(DropReason.WRONG_ADDRESSEE, patchInt(message(template), TO_OFFSET, 3));
            expectDrop(DropReason.UNKNOWN_SENDER, patchInt(message(template), FROM_OFFSET, 4));
            expectDrop(DropReason.UNKNOWN_SENDER, patchInt(message(template), FROM_OFFSET, 0));
        }
    }

    @Test
    void shouldTakeTheIntroductionOfAStrangerAndDropOneThatCannotBe()
    {
        final List<String> told = new ArrayList<>();
        adapter.introductions((fromId, logId, priority, buffer, offset, length) ->
            told.add(fromId + " " + logId + " " + priority + " " + buffer.getStringWithoutLengthAscii(offset, length)));
        final PeerMessageSamples.KeepingLink link = new PeerMessageSamples.KeepingLink();
        final int stranger = 77;
        introduce(link, stranger, 5, "host:9001");
        adapter.onMessage(new UnsafeBuffer(link.message), 0, link.message.length);
        assertEquals(List.of("77 5 9 host:9001"), told);

        introduce(link, TO_ID, 5, "host:9001");
        expectDrop(DropReason.UNKNOWN_SENDER, link.message);
        introduce(link, 0, 5, "host:9001");
        expectDrop(DropReason.UNKNOWN_SENDER, link.message);
        introduce(link, stranger, 0, "host:9001");
        expectDrop(DropReason.MALFORMED, link.message);
        introduce(link, stranger, 5, "");
        expectDrop(DropReason.MALFORMED, link.message);
        introduce(link, stranger, 5, "h".repeat(PeerAdapter.MAX_ADDRESS_LENGTH + 1));
        expectDrop(DropReason.MALFORMED, link.message);
        introduce(link, stranger, 5, "host:9001");
        link.message[link.message.length - 1] ^= 1;
        expectDrop(DropReason.BAD_CHECKSUM, link.message);
        assertEquals(1, told.size());
    }

    private static void introduce(
        final PeerMessageSamples.KeepingLink link, final int fromId, final long logId, final String address)
    {
        new PeerPublisher(CLUSTER_ID, GROUP_ID, fromId, link).sendIntroduction(
            TO_ID, logId, 9, new UnsafeBuffer(address.getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void shouldDropWhatSaysItIsFromThisNode()
    {
        expectDrop(DropReason.UNKNOWN_SENDER, patchInt(message(5), FROM_OFFSET, TO_ID));
    }

    @Test
    void shouldDropWhatIsDamaged()
    {
        for (final int template : TEMPLATES)
        {
            final byte[] message = message(template);
            message[TO_OFFSET + 5] ^= 0x10;
            expectDrop(DropReason.BAD_CHECKSUM, message);
        }
    }

    @Test
    void shouldDropValuesThatNoEnumHas()
    {
        expectDrop(DropReason.MALFORMED, patchByte(message(1), HEADER_LENGTH + 48, 3));
        expectDrop(DropReason.MALFORMED, patchByte(message(1), HEADER_LENGTH + 48, 255));
        expectDrop(DropReason.MALFORMED, patchByte(message(2), HEADER_LENGTH + 40, 3));
        expectDrop(DropReason.MALFORMED, patchByte(message(2), HEADER_LENGTH + 41, 2));
        expectDrop(DropReason.MALFORMED, patchByte(message(2), HEADER_LENGTH + 41, 255));
        expectDrop(DropReason.MALFORMED, patchByte(message(4), HEADER_LENGTH + 88, 3));
        expectDrop(DropReason.MALFORMED, patchByte(message(4), HEADER_LENGTH + 88, 128));
    }

    @Test
    void shouldDropBlocksOfAnotherLengthThanTheirVersionHas()
    {
        for (final int template : TEMPLATES)
        {
            final byte[] message = message(template);
            final int blockLength = shortAt(message, 0);
            expectDrop(DropReason.MALFORMED, patchShort(message.clone(), 0, blockLength - 1));
            expectDrop(DropReason.MALFORMED, patchShort(message.clone(), 0, 0));
            final byte[] longer = Arrays.copyOf(message, HEADER_LENGTH + blockLength + 8);
            expectDrop(DropReason.MALFORMED, patchShort(longer, 0, blockLength + 8));
        }
    }

    @Test
    void shouldDropFramesOfAnotherLengthThanTheAppendSays()
    {
        expectFramesChecked(
            Arrays.copyOf(message(APPEND), APPEND_COVERED + 64), AppendDecoder.framesLengthEncodingOffset());
    }

    @Test
    void shouldDropFramesOfAnotherLengthThanTheRepairSays()
    {
        expectFramesChecked(
            Arrays.copyOf(message(REPAIR_REPLY), REPAIR_COVERED + 64), RepairReplyDecoder.framesLengthEncodingOffset());
    }

    private void expectFramesChecked(final byte[] message, final int offsetInBlock)
    {
        final int offset = HEADER_LENGTH + offsetInBlock;
        expectDrop(DropReason.TOO_SHORT, patchInt(message.clone(), offset, 65));
        expectDrop(DropReason.TOO_SHORT, patchInt(message.clone(), offset, Integer.MAX_VALUE));
        expectDrop(DropReason.MALFORMED, patchInt(message.clone(), offset, 63));
        expectDrop(DropReason.MALFORMED, patchInt(message.clone(), offset, -1));
        expectDrop(DropReason.MALFORMED, patchInt(message.clone(), offset, Integer.MIN_VALUE));

        patchInt(message, offset, 64);
        adapter.onMessage(new UnsafeBuffer(message), 0, message.length);
        assertEquals(1, handler.lines.size());
    }

    @Test
    void shouldDropEveryMessageWithABitFlipped()
    {
        for (final int template : TEMPLATES)
        {
            final byte[] message = message(template);
            final int coveredLength = coveredLength(template, message);
            final UnsafeBuffer buffer = new UnsafeBuffer(message);
            for (int bit = 0; bit < coveredLength * 8; bit++)
            {
                final long before = drops.total();
                message[bit >> 3] ^= (byte)(1 << (bit & 7));
                adapter.onMessage(buffer, 0, message.length);
                message[bit >> 3] ^= (byte)(1 << (bit & 7));
                assertEquals(before + 1, drops.total(), "template " + template + " bit " + bit);
            }
        }
        assertEquals(List.of(), handler.lines);
    }

    @Test
    void shouldDropEveryMessageThatIsCutShort()
    {
        for (final int template : TEMPLATES)
        {
            final byte[] message = message(template);
            for (int length = 0; length < message.length; length++)
            {
                expectDropAsIs(DropReason.TOO_SHORT, Arrays.copyOf(message, length));
            }
        }
        assertEquals(List.of(), handler.lines);
    }

    @Test
    void shouldDropEveryMessageWithBytesLeftOver()
    {
        for (final int template : TEMPLATES)
        {
            final byte[] message = message(template);
            final byte[] longer = Arrays.copyOf(message, message.length + 1 + random.nextInt(100));
            expectDropAsIs(hasFrames(template) ? DropReason.MALFORMED : DropReason.BAD_CHECKSUM, longer.clone());
            expectDrop(DropReason.MALFORMED, longer);
        }
    }

    @Test
    void shouldDropGarbageWithoutThrowing()
    {
        for (int i = 0; i < 200_000; i++)
        {
            final byte[] garbage = new byte[random.nextInt(200)];
            random.nextBytes(garbage);
            if (garbage.length >= HEADER_LENGTH && 0 != i % 3)
            {
                putShort(garbage, 0, random.nextInt(0 == i % 5 ? 0x10000 : 200));
                putShort(garbage, TEMPLATE_OFFSET, random.nextInt(18));
                putShort(garbage, SCHEMA_OFFSET, 1);
                putShort(garbage, VERSION_OFFSET, random.nextInt(4));
            }
            final long before = drops.total();
            adapter.onMessage(new UnsafeBuffer(garbage), 0, garbage.length);
            assertEquals(before + 1, drops.total());
        }
        assertEquals(List.of(), handler.lines);
    }

    @Test
    void shouldNeverThrowWhenGarbageIsSealedAndAddressed()
    {
        final int count = 200_000;
        for (int i = 0; i < count; i++)
        {
            final byte[] message = message(TEMPLATES[i % TEMPLATES.length]);
            final int at = TO_OFFSET + 4;
            for (int j = 0; j < 4; j++)
            {
                message[at + random.nextInt(message.length - at)] = (byte)random.nextInt();
            }
            if (0 == i % 4)
            {
                putShort(message, 0, random.nextInt(message.length + 10));
            }
            reseal(message);
            adapter.onMessage(new UnsafeBuffer(message), 0, message.length);
        }
        assertEquals(count, drops.total() + handler.lines.size());
        assertTrue(drops.get(DropReason.MALFORMED) > 0);
        assertTrue(handler.lines.size() > count / 4);
    }

    @Test
    void shouldReadLaterVersionsThatHaveMoreToSay()
    {
        final PeerMessageSamples.KeepingLink link = new PeerMessageSamples.KeepingLink();
        final PeerPublisher publisher = new PeerPublisher(CLUSTER_ID, GROUP_ID, FROM_ID, link);
        for (int i = 0; i < 1_000; i++)
        {
            final int template = TEMPLATES[i % TEMPLATES.length];
            final String expected = PeerMessageSamples.sendRandom(publisher, template, random);
            final byte[] later = withLongerBlock(link.message, 1 + random.nextInt(40));
            patchShort(later, VERSION_OFFSET, 2 + random.nextInt(254));
            handler.lines.clear();
            adapter.onMessage(new UnsafeBuffer(later), 0, later.length);
            assertEquals(List.of(expected), handler.lines);
        }
        assertEquals(0, drops.total());
    }

    @Test
    void shouldReadLaterVersionsWhoseBlockHasDataBehindIt()
    {
        final byte[] later = Arrays.copyOf(message(5), 8 + 48 + 20);
        patchShort(later, VERSION_OFFSET, 2);
        adapter.onMessage(new UnsafeBuffer(later), 0, later.length);
        assertEquals(1, handler.lines.size());
    }

    @Test
    void shouldDropVersionsThatCannotBeRead()
    {
        for (final int template : TEMPLATES)
        {
            expectDrop(DropReason.UNSUPPORTED_VERSION, patchShort(message(template), VERSION_OFFSET, 0));
            expectDrop(DropReason.UNSUPPORTED_VERSION, patchShort(message(template), VERSION_OFFSET, 0x100));
            expectDrop(DropReason.UNSUPPORTED_VERSION, patchShort(message(template), VERSION_OFFSET, 0xFFFF));

            final byte[] shorter = patchShort(message(template), VERSION_OFFSET, 2);
            expectDrop(DropReason.MALFORMED, patchShort(shorter, 0, shortAt(shorter, 0) - 1));
        }
    }

    @Test
    void shouldLetFailuresOfTheNodeThrough()
    {
        final PeerHandler failing = (PeerHandler)Proxy.newProxyInstance(
            PeerHandler.class.getClassLoader(),
            new Class<?>[]{PeerHandler.class},
            (proxy, method, args) ->
            {
                throw new IllegalStateException("storage");
            });
        final PeerAdapter target = new PeerAdapter(CLUSTER_ID, GROUP_ID, TO_ID, MEMBERS, failing, drops);
        for (final int template : TEMPLATES)
        {
            final byte[] message = message(template);
            assertThrows(IllegalStateException.class,
                () -> target.onMessage(new UnsafeBuffer(message), 0, message.length));
        }
        assertEquals(0, drops.total());
    }

    @Test
    void shouldAllocateNothingInTheSteadyState()
    {
        final com.sun.management.ThreadMXBean threads =
            (com.sun.management.ThreadMXBean)ManagementFactory.getThreadMXBean();
        final DropCounters counters = new DropCounters();
        final PeerAdapter target = new PeerAdapter(CLUSTER_ID, GROUP_ID, TO_ID, MEMBERS, new DeafHandler(), counters);
        final PeerPublisher publisher = new PeerPublisher(CLUSTER_ID, GROUP_ID, FROM_ID,
            (toId, lane, header, headerOffset, headerLength, body, bodyOffset, bodyLength) ->
            {
                target.onMessage(header, headerOffset, headerLength);
                return true;
            });
        sayEverything(publisher, 1_000);
        final long before = threads.getCurrentThreadAllocatedBytes();
        sayEverything(publisher, 10_000);
        final long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        // The JVM itself may allocate a little in this thread; a byte a message would be 80,000.
        assertTrue(allocated < 10_000, "allocated " + allocated);
        assertEquals(0, counters.total());
    }

    private static void sayEverything(final PeerPublisher publisher, final int times)
    {
        for (int i = 0; i < times; i++)
        {
            publisher.sendVoteRequest(TO_ID, io.ukehi.raft.VoteKind.VOTE, i, i, i);
            publisher.sendVoteReply(TO_ID, io.ukehi.raft.VoteKind.PRE_VOTE, i, i, true);
            publisher.sendAppend(TO_ID, i, i, i, i, i, null);
            publisher.sendAck(TO_ID, io.ukehi.raft.AckKind.REJECTED, i, i, i, i, i, i, i, i);
            publisher.sendHeartbeat(TO_ID, i, i, i);
            publisher.sendTimeoutNow(TO_ID, i);
            publisher.sendRepairRequest(TO_ID, i, i, i, i);
            publisher.sendRepairReply(TO_ID, i, i, i, null);
        }
    }

    private static int coveredLength(final int template, final byte[] message)
    {
        return switch (template)
        {
            case APPEND -> APPEND_COVERED;
            case REPAIR_REPLY -> REPAIR_COVERED;
            case 11, 12 -> PeerMessageSamples.SNAPSHOT_COVERED;
            default -> message.length;
        };
    }

    private byte[] message(final int template)
    {
        return PeerMessageSamples.encodeRandom(template, random);
    }

    /** Seals the message anew, so that nothing but what was changed in it can be the reason. */
    private void expectDrop(final DropReason reason, final byte[] message)
    {
        if (DropReason.BAD_CHECKSUM != reason)
        {
            reseal(message);
        }
        expectDropAsIs(reason, message);
    }

    private void expectDropAsIs(final DropReason reason, final byte[] message)
    {
        final long before = drops.get(reason);
        final long totalBefore = drops.total();
        final int calls = handler.lines.size();
        heard.clear();
        adapter.onMessage(new UnsafeBuffer(message), 0, message.length);
        assertEquals(List.of(reason), heard);
        assertEquals(before + 1, drops.get(reason));
        assertEquals(totalBefore + 1, drops.total());
        assertEquals(calls, handler.lines.size());
    }

    private static void reseal(final byte[] message)
    {
        final int coveredLength = hasFrames(shortAt(message, TEMPLATE_OFFSET)) ?
            Math.min(message.length, HEADER_LENGTH + shortAt(message, 0)) : message.length;
        if (coveredLength >= MessageSeal.MIN_LENGTH)
        {
            new MessageSeal().seal(new UnsafeBuffer(message), 0, coveredLength);
        }
    }

    /** As a later version would send it: more fields at the end of the block, in front of the frames. */
    private byte[] withLongerBlock(final byte[] message, final int extra)
    {
        final int blockLength = shortAt(message, 0);
        final int end = HEADER_LENGTH + blockLength;
        final byte[] longer = new byte[message.length + extra];
        random.nextBytes(longer);
        System.arraycopy(message, 0, longer, 0, end);
        System.arraycopy(message, end, longer, end + extra, message.length - end);
        return patchShort(longer, 0, blockLength + extra);
    }

    private static byte[] patchByte(final byte[] message, final int offset, final int value)
    {
        message[offset] = (byte)value;
        reseal(message);
        return message;
    }

    private static byte[] patchShort(final byte[] message, final int offset, final int value)
    {
        putShort(message, offset, value);
        reseal(message);
        return message;
    }

    private static byte[] patchInt(final byte[] message, final int offset, final int value)
    {
        ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
        reseal(message);
        return message;
    }

    private static byte[] patchLong(final byte[] message, final int offset, final long value)
    {
        ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).putLong(offset, value);
        reseal(message);
        return message;
    }

    private static void putShort(final byte[] message, final int offset, final int value)
    {
        ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).putShort(offset, (short)value);
    }

    private static int shortAt(final byte[] message, final int offset)
    {
        return ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).getShort(offset) & 0xFFFF;
    }
}
