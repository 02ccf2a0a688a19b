package io.ukehi.transport;

import static io.ukehi.transport.PeerMessageSamples.CLUSTER_ID;
import static io.ukehi.transport.PeerMessageSamples.FROM_ID;
import static io.ukehi.transport.PeerMessageSamples.GROUP_ID;
import static io.ukehi.transport.PeerMessageSamples.TO_ID;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.raft.AckKind;
import io.ukehi.raft.VoteKind;
import java.util.HexFormat;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class PeerPublisherTest
{
    private final PeerMessageSamples.KeepingLink link = new PeerMessageSamples.KeepingLink();
    private final PeerPublisher publisher = new PeerPublisher(CLUSTER_ID, GROUP_ID, FROM_ID, link);

    @Test
    void shouldSendEntriesAndSnapshotsEachTheirOwnWay()
    {
        for (final int template : PeerMessageSamples.TEMPLATES)
        {
            PeerMessageSamples.sendRandom(publisher, template, new Random(template));
            assertEquals(PeerMessageSamples.lane(template), link.lane, "template " + template);
            assertEquals(TO_ID, link.toId);
        }
    }

    @Test
    void shouldHandTheLogItselfToTheLinkWhenAppending()
    {
        final UnsafeBuffer log = new UnsafeBuffer(new byte[100]);
        publisher.sendAppend(TO_ID, 1, 2, 3, 4, 5, new PeerMessageSamples.Run(log, 8, 64));
        assertSame(log, link.body);
    }

    @Test
    void shouldSendNoSecondPartWhenProbing()
    {
        publisher.sendAppend(TO_ID, 1, 2, 3, 4, 5, null);
        assertNull(link.body);
        assertEquals(PeerMessageSamples.APPEND_COVERED, link.message.length);

        publisher.sendAppend(TO_ID, 1, 2, 3, 4, 5, new PeerMessageSamples.Run(new UnsafeBuffer(new byte[9]), 8, 0));
        assertNull(link.body);
    }

    @Test
    void shouldSayWhatTheLinkSays()
    {
        for (final boolean answer : new boolean[]{true, false})
        {
            link.answer = answer;
            assertEquals(answer, publisher.sendVoteRequest(TO_ID, VoteKind.VOTE, 1, 2, 3));
            assertEquals(answer, publisher.sendVoteReply(TO_ID, VoteKind.VOTE, 1, 2, true));
            assertEquals(answer, publisher.sendAppend(TO_ID, 1, 2, 3, 4, 5, null));
            assertEquals(answer, publisher.sendAck(TO_ID, AckKind.ACCEPTED, 1, 2, 3, 4, 5, 6, 7, 8));
            assertEquals(answer, publisher.sendHeartbeat(TO_ID, 1, 2, 3));
            assertEquals(answer, publisher.sendTimeoutNow(TO_ID, 1));
            assertEquals(answer, publisher.sendRepairRequest(TO_ID, 1, 2, 3, 4));
            assertEquals(answer, publisher.sendRepairReply(TO_ID, 1, 2, 3, null));
        }
    }

    @Test
    void shouldKeepTheBytesOfTheProtocol()
    {
        publisher.sendHeartbeat(TO_ID, 0x0102_0304L, 5, 6);
        final String expected =
            "3000" + "0500" + "0100" + "0100" + // block of 48 bytes, template 5, schema 1, version 1
            checksum() +
            "03000000" + "8877665544332211" + "01000000" + "02000000" +
            "0403020100000000" + "0500000000000000" + "0600000000000000";
        assertEquals(expected, HexFormat.of().formatHex(link.message));
    }

    @Test
    void shouldSealOnlyHeaderAndBlockWhenAppending()
    {
        final UnsafeBuffer log = new UnsafeBuffer(new byte[100]);
        publisher.sendAppend(TO_ID, 1, 2, 3, 4, 5, new PeerMessageSamples.Run(log, 8, 64));
        final MessageSeal seal = new MessageSeal();
        final UnsafeBuffer message = new UnsafeBuffer(link.message);
        assertTrue(seal.isSound(message, 0, PeerMessageSamples.APPEND_COVERED));
        assertFalse(seal.isSound(message, 0, link.message.length));
    }

    private String checksum()
    {
        final UnsafeBuffer copy = new UnsafeBuffer(link.message.clone());
        new MessageSeal().seal(copy, 0, link.message.length);
        return HexFormat.of().formatHex(link.message, 8, 12);
    }
}
