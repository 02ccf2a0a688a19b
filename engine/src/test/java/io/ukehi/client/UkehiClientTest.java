package io.ukehi.client;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.Aeron;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.codecs.client.ReplyCode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client against fake nodes while the leader stays. */
@Timeout(30)
class UkehiClientTest
{
    private final UnsafeBuffer buffer = new UnsafeBuffer("a command".getBytes(StandardCharsets.US_ASCII));
    private final Ends ends = new Ends();
    private FakeCluster cluster;

    @BeforeEach
    void launch()
    {
        cluster = new FakeCluster();
        cluster.lead(2, 5);
    }

    @AfterEach
    void close()
    {
        cluster.close();
    }

    private long offer(final UkehiClient client)
    {
        return client.offer(buffer, 0, buffer.capacity());
    }

    @Test
    void shouldFindTheLeaderWhereverItIs()
    {
        for (int leader = 1; leader <= 3; leader++)
        {
            cluster.lead(leader, 5 + leader);
            final UkehiClient client = cluster.connect(cluster.context());
            assertEquals(leader, client.leaderId());
            assertEquals(5 + leader, client.term());
            assertEquals(UkehiClient.State.CONNECTED, client.state());
            client.close();
        }
    }

    @Test
    void shouldTellOfACommittedCommandWithItsReply()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final long first = offer(client);
        final long second = offer(client);
        assertEquals(1, first);
        assertEquals(2, second);
        assertEquals(2, client.outstandingCount());
        cluster.await(client, ends, "both replies", () -> 2 == ends.size());
        assertEquals(Outcome.COMMITTED, ends.of(first).outcome());
        assertEquals(ReplyCode.COMMITTED, ends.of(first).code());
        assertEquals(2, ends.of(second).index());
        assertEquals(1002, ends.of(second).token());
        assertArrayEquals(buffer.byteArray(), ends.of(second).reply());
        assertEquals(0, client.outstandingCount());
        assertEquals(0, client.stats().dropped());
    }

    @Test
    void shouldSendWhatWasOfferedTogetherInOneMessage()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final int count = 8;
        for (int i = 0; i < count; i++)
        {
            assertTrue(offer(client) > 0);
        }
        assertEquals(count, client.flush());
        assertEquals(0, client.flush());
        cluster.await(client, ends, "all replies", () -> count == ends.size());
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L), cluster.node(2).commands);
        assertEquals(1, cluster.node(2).commandMessageCount);
    }

    @Test
    void shouldSendByItselfWhatFillsAMessage()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final UnsafeBuffer command = new UnsafeBuffer(new byte[500]);
        for (int i = 0; i < 10; i++)
        {
            assertTrue(client.offer(command, 0, 500) > 0);
        }
        // What is not sent yet does not fill one.
        assertEquals(2, client.flush());
        cluster.await(client, ends, "all replies", () -> 10 == ends.size());
        assertEquals(5, cluster.node(2).commandMessageCount);
    }

    @Test
    void shouldReachMembersByIpcAndHearThemByIpc()
    {
        final UkehiClient client = cluster.connect(
            cluster.context().endpoints("1=ipc,2=ipc,3=ipc").responseChannel("aeron:ipc"));
        final long id = offer(client);
        cluster.await(client, ends, "the reply", () -> ends.has(id));
        assertEquals(Outcome.COMMITTED, ends.of(id).outcome());
        assertEquals("aeron:ipc", cluster.node(2).publication().channel());
    }

    @Test
    void shouldUseTheCallersAeronAndLeaveItOpen()
    {
        final UkehiClient client = cluster.connect(cluster.context().aeron(cluster.aeron));
        final long id = offer(client);
        cluster.await(client, ends, "the reply", () -> ends.has(id));
        client.close();
        assertFalse(cluster.aeron.isClosed());
    }

    @Test
    void shouldInvokeTheConductorOfAnAeronThatHasNoThread()
    {
        try (Aeron invoked = Aeron.connect(new Aeron.Context()
            .aeronDirectoryName(cluster.driver.aeronDirectoryName())
            .useConductorAgentInvoker(true)))
        {
            final UkehiClient client = cluster.connect(cluster.context().aeron(invoked));
            final long id = offer(client);
            cluster.await(client, ends, "the reply", () -> ends.has(id));
            client.close();
        }
    }

    @Test
    void shouldLaunchADriverOfItsOwn()
    {
        final UkehiClient client = cluster.connect(
            cluster.context().aeronDirectoryName(null).embeddedDriver(true));
        final long id = offer(client);
        cluster.await(client, ends, "the reply", () -> ends.has(id));
        assertEquals(Outcome.COMMITTED, ends.of(id).outcome());
    }

    @Test
    void shouldSendACommandAgainToALeaderThatIsOnlyBusy()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.node(2).handler = (node, id, bytes, offset, length) ->
        {
            node.handler = FakeNode.ECHO;
            node.reject(id, ReplyCode.REJECTED_BACK_PRESSURED);
        };
        final long id = offer(client);
        cluster.await(client, ends, "the reply", () -> ends.has(id));
        assertEquals(Outcome.COMMITTED, ends.of(id).outcome());
        assertEquals(List.of(id, id), cluster.node(2).commands);
        assertEquals(1, client.stats().searches());
        assertEquals(1, client.stats().resent());
    }

    @Test
    void shouldSendFromTheFirstMissingOneOnWhenALeaderMissesOne()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final FakeNode node = cluster.node(2);
        node.handler = (same, id, bytes, offset, length) ->
        {
            if (node.commands.size() <= 3)
            {
                if (1 != id)
                {
                    node.reject(id, ReplyCode.REJECTED_OUT_OF_ORDER);
                }
            }
            else
            {
                FakeNode.ECHO.onCommand(node, id, bytes, offset, length);
            }
        };
        offer(client);
        offer(client);
        offer(client);
        cluster.await(client, ends, "the replies", () -> 3 == ends.size());
        assertEquals(List.of(1L, 2L, 3L, 1L, 2L, 3L), node.commands.subList(0, 6));
        assertEquals(Outcome.COMMITTED, ends.of(1).outcome());
    }

    @Test
    void shouldGoOnWithANewSessionWhenTheOldOneIsLost()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final FakeNode node = cluster.node(2);
        final long sessionId = client.sessionId();
        final long nameBefore = node.sessionId;
        node.handler = FakeNode.SILENT;
        final long first = offer(client);
        final long second = offer(client);
        cluster.await(client, ends, "the commands", () -> 2 == node.commands.size());
        node.handler = FakeNode.ECHO;
        node.reject(first, ReplyCode.SESSION_LOST);
        cluster.await(client, ends, "both ends", () -> 2 == ends.size());
        assertEquals(Outcome.UNKNOWN, ends.of(first).outcome());
        assertEquals(Outcome.UNKNOWN, ends.of(second).outcome());
        cluster.await(client, ends, "another session", () -> UkehiClient.State.CONNECTED == client.state());
        assertTrue(client.sessionId() > sessionId);
        assertTrue(node.sessionId != nameBefore);
        final long third = offer(client);
        assertEquals(3, third);
        cluster.await(client, ends, "the third", () -> ends.has(third));
        assertEquals(Outcome.COMMITTED, ends.of(third).outcome());
        assertEquals(List.of(1L, 2L, 1L), node.commands);
        assertEquals(1, client.stats().sessionsLost());
    }

    @Test
    void shouldSayThatThereAreAsManySessionsAsThereMayBeUntilThereIsRoom()
    {
        cluster.node(2).sessionCode = ConnectCode.SESSION_LIMIT;
        final UkehiClient client = UkehiClient.open(cluster.context());
        cluster.clients.add(client);
        cluster.await(client, ends, "the limit", () -> UkehiClient.SESSION_LIMIT == offer(client));
        cluster.node(2).sessionCode = ConnectCode.OK;
        cluster.await(client, ends, "room", () -> offer(client) > 0);
    }

    @Test
    void shouldHaveNoMoreUnderWayThanTheClusterKeepsRepliesFor()
    {
        cluster.node(2).window = 2;
        final UkehiClient client = cluster.connect(cluster.context());
        assertTrue(offer(client) > 0);
        assertTrue(offer(client) > 0);
        assertEquals(UkehiClient.BACK_PRESSURED, offer(client));
    }

    @Test
    void shouldTakeACodeOfALaterVersionForAnUnknownOutcome()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.node(2).handler = (node, id, bytes, offset, length) -> node.replyOfAnotherVersion(id, 99);
        final long id = offer(client);
        cluster.await(client, ends, "the end", () -> ends.has(id));
        assertEquals(Outcome.UNKNOWN, ends.of(id).outcome());
    }

    @Test
    void shouldTellExactlyOnceOfACommandThatNobodyAnswersInTime()
    {
        final UkehiClient client = cluster.connect(cluster.context().messageTimeoutNs(MILLISECONDS.toNanos(150)));
        cluster.node(2).handler = FakeNode.SILENT;
        final long id = offer(client);
        cluster.await(client, ends, "the timeout", () -> ends.has(id));
        assertEquals(Outcome.UNKNOWN, ends.of(id).outcome());
        assertEquals(ReplyCode.NULL_VAL, ends.of(id).code());
        cluster.node(2).reply(id, ReplyCode.COMMITTED, 1, 1, buffer, 0, 4);
        cluster.await(
            client, ends, "the late reply", () -> 1 == client.stats().late() + client.stats().foreign());
        assertEquals(Outcome.UNKNOWN, ends.of(id).outcome());
        assertEquals(List.of(id), cluster.node(2).commands);
    }

    @Test
    void shouldPushBackWhenAsManyAreOutstandingAsMayBe()
    {
        final UkehiClient client = cluster.connect(cluster.context().maxOutstanding(3));
        assertTrue(offer(client) > 0);
        assertTrue(offer(client) > 0);
        assertTrue(offer(client) > 0);
        assertEquals(UkehiClient.BACK_PRESSURED, offer(client));
        cluster.await(client, ends, "replies", () -> 3 == ends.size());
        assertEquals(4, offer(client));
    }

    @Test
    void shouldPushBackWhenTheLeaderReadsNothing()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final UnsafeBuffer large = new UnsafeBuffer(new byte[64 * 1024]);
        cluster.node(2).isStopped = true;
        long last = 0;
        int sent = -1;
        while (last >= 0)
        {
            last = client.offer(large, 0, large.capacity());
            sent++;
        }
        assertEquals(UkehiClient.BACK_PRESSURED, last);
        assertEquals(sent, client.outstandingCount());
        cluster.node(2).isStopped = false;
        final int expected = sent;
        cluster.await(client, ends, "replies", () -> expected == ends.size());
        assertTrue(expected <= cluster.node(2).commands.size());
    }

    @Test
    void shouldRefuseWhatIsLongerThanTheLeaderTakes()
    {
        cluster.node(2).maxCommandLength = 100;
        final UkehiClient client = cluster.connect(cluster.context());
        assertEquals(100, client.maxCommandLength());
        final UnsafeBuffer large = new UnsafeBuffer(new byte[101]);
        assertEquals(UkehiClient.MESSAGE_TOO_LARGE, client.offer(large, 0, 101));
        assertTrue(client.offer(large, 0, 100) > 0);
        assertEquals(1, client.outstandingCount());
    }

    @Test
    void shouldRefuseWhatDoesNotFitTheTermBufferWhateverTheLeaderTakes()
    {
        final UkehiClient client = cluster.connect(cluster.context().termLength(64 * 1024));
        assertEquals(8 * 1024 - RequestEncoder.COMMAND_OVERHEAD, client.maxCommandLength());
        final UnsafeBuffer large = new UnsafeBuffer(new byte[16 * 1024]);
        assertEquals(UkehiClient.MESSAGE_TOO_LARGE, client.offer(large, 0, client.maxCommandLength() + 1));
        assertTrue(client.offer(large, 0, client.maxCommandLength()) > 0);
    }

    @Test
    void shouldCarryCommandsAndRepliesOfManyFragments()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final byte[] bytes = new byte[100_000];
        new Random(1).nextBytes(bytes);
        final long id = client.offer(new UnsafeBuffer(bytes), 0, bytes.length);
        cluster.await(client, ends, "the reply", () -> ends.has(id));
        assertArrayEquals(bytes, ends.of(id).reply());
    }

    @Test
    void shouldCountAndDropWhatIsNotForIt()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final FakeNode node = cluster.node(2);
        final byte[] sound = FakeNode.keepAlive(7, 3, node.sessionId);
        final byte[] flipped = sound.clone();
        flipped[20] ^= 1;
        node.sendRaw(flipped);
        node.sendRaw(FakeNode.keepAlive(8, 3, node.sessionId));
        node.sendRaw(FakeNode.keepAlive(7, 4, node.sessionId));
        node.sendRaw(FakeNode.keepAlive(7, 3, node.sessionId + 1));
        node.sendRaw(new byte[0]);
        node.sendRaw(new byte[31]);
        node.sendRaw(new byte[5000]);
        final byte[] otherTemplate = sound.clone();
        otherTemplate[2] = 3;
        node.sendRaw(otherTemplate);
        final byte[] longBlock = sound.clone();
        longBlock[0] = 25;
        node.sendRaw(longBlock);
        node.sendRaw(Arrays.copyOf(sound, sound.length + 1));
        final Random random = new Random(3);
        for (int i = 0; i < 200; i++)
        {
            final byte[] noise = new byte[random.nextInt(100)];
            random.nextBytes(noise);
            node.sendRaw(noise);
        }
        node.sendRaw(sound);
        final ClientStats stats = client.stats();
        cluster.await(client, ends, "all of it", () -> 210 == stats.dropped());
        assertEquals(1, stats.badChecksum());
        assertEquals(3, stats.foreign());
        final long id = offer(client);
        cluster.await(client, ends, "a reply after all of it", () -> ends.has(id));
        assertEquals(210, stats.dropped());
        assertEquals(1, stats.searches());
    }

    @Test
    void shouldThrowOutOfPollWhatAListenerThrowsAndTellOfTheOthers()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final long first = offer(client);
        final long second = offer(client);
        final RuntimeException failure = assertThrows(IllegalStateException.class, () ->
            cluster.await(client, (id, outcome, code, index, token, bytes, offset, length) ->
            {
                ends.onReply(id, outcome, code, index, token, bytes, offset, length);
                if (first == id)
                {
                    throw new IllegalStateException("by the listener");
                }
            }, "a throw", () -> false));
        assertEquals("by the listener", failure.getMessage());
        cluster.await(client, ends, "the other", () -> ends.has(second));
        assertEquals(Outcome.COMMITTED, ends.of(first).outcome());
        assertEquals(0, client.outstandingCount());
    }

    @Test
    void shouldLetAListenerOfferAndClose()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        offer(client);
        cluster.await(client, (id, outcome, code, index, token, bytes, offset, length) ->
        {
            if (id < 5)
            {
                assertEquals(id + 1, offer(client));
            }
            else
            {
                client.close();
            }
        }, "the close", () -> UkehiClient.State.CLOSED == client.state());
    }

    @Test
    void shouldTellOfOutstandingCommandsOnceAfterItWasClosed()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final long first = offer(client);
        final long second = offer(client);
        client.close();
        client.close();
        assertEquals(UkehiClient.State.CLOSED, client.state());
        assertEquals(UkehiClient.CLOSED, offer(client));
        assertEquals(-1, client.leaderId());
        assertEquals(2, client.poll(ends));
        assertEquals(0, client.poll(ends));
        assertEquals(Outcome.UNKNOWN, ends.of(first).outcome());
        assertEquals(Outcome.UNKNOWN, ends.of(second).outcome());
    }

    @Test
    void shouldSayGoodbyeToTheLeader()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final UkehiClient other = cluster.connect(cluster.context());
        client.close();
        cluster.await(other, ends, "the goodbye", () -> 1 == cluster.node(2).closeCount);
    }

    @Test
    void shouldBeClosedWhenAeronIsClosedUnderIt()
    {
        final UkehiClient client = cluster.connect(cluster.context().aeron(cluster.aeron));
        final long id = offer(client);
        cluster.aeron.close();
        assertEquals(1, client.poll(ends));
        assertEquals(UkehiClient.State.CLOSED, client.state());
        assertEquals(Outcome.UNKNOWN, ends.of(id).outcome());
        assertEquals(UkehiClient.CLOSED, offer(client));
    }

    @Test
    void shouldTellWhatEachMemberSaidWhenNoLeaderIsFound()
    {
        cluster.node(1).connectCode = ConnectCode.RECOVERING;
        cluster.node(2).follow(-1, 1);
        cluster.node(3).close();
        final ClientTimeoutException failure = assertThrows(ClientTimeoutException.class,
            () -> UkehiClient.connect(cluster.context().connectTimeoutNs(SECONDS.toNanos(2))));
        assertTrue(failure.getMessage().contains("member 1: answered RECOVERING"), failure.getMessage());
        assertTrue(failure.getMessage().contains("member 2: answered REDIRECT"), failure.getMessage());
        assertTrue(failure.getMessage().contains("member 3: not connected"), failure.getMessage());
    }

    @Test
    void shouldAskMembersHowTheyAreWithoutALeader()
    {
        cluster.node(2).follow(-1, 9);
        cluster.node(3).isSilent = true;
        try (UkehiClient client = UkehiClient.open(cluster.context()))
        {
            final MemberStatus status = client.status(2, SECONDS.toNanos(5));
            assertEquals(
                new MemberStatus(2, -1, NodeRole.FOLLOWER, 9, 1, 9, 8, 7, 6, 5, 4, 3, 11,
                    new MemberSnapshots(12, 13, 14, 15, MemberSnapshots.NONE), 2), status);
            cluster.node(1).lead(10);
            final ClusterStatus all = client.clusterStatus(MILLISECONDS.toNanos(500));
            assertEquals(List.of(3), all.silent());
            assertEquals(2, all.members().size());
            assertEquals(1, all.leaderId());
            assertThrows(ClientTimeoutException.class, () -> client.status(3, MILLISECONDS.toNanos(50)));
            assertThrows(IllegalArgumentException.class, () -> client.status(4, 1));
        }
    }

    @Test
    void shouldWaitForTheReplyOfARequest()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final ExpandableArrayBuffer reply = new ExpandableArrayBuffer(16);
        assertEquals(buffer.capacity(), client.request(buffer, 0, buffer.capacity(), reply));
        assertEquals("a command", reply.getStringWithoutLengthAscii(0, buffer.capacity()));
    }

    @Test
    void shouldSendARequestAgainUntilItIsTaken()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.node(2).handler = (node, id, bytes, offset, length) ->
        {
            switch (node.commands.size())
            {
                case 1 -> node.reject(id, ReplyCode.REJECTED_BACK_PRESSURED);
                case 2 -> node.reject(id, ReplyCode.REJECTED_NO_SESSION);
                case 3 -> node.reject(id, ReplyCode.REJECTED_SUPERSEDED);
                default -> FakeNode.ECHO.onCommand(node, id, bytes, offset, length);
            }
        };
        assertEquals(9, client.request(buffer, 0, 9, new ExpandableArrayBuffer(16)));
        assertEquals(List.of(1L, 1L, 1L, 1L), cluster.node(2).commands);
        assertEquals(2, client.stats().searches());
    }

    @Test
    void shouldNotRepeatARequestThatMayHaveBeenApplied()
    {
        final UkehiClient client = cluster.connect(cluster.context().messageTimeoutNs(MILLISECONDS.toNanos(100)));
        cluster.node(2).handler = FakeNode.SILENT;
        final OutcomeUnknownException failure = assertThrows(OutcomeUnknownException.class,
            () -> client.request(buffer, 0, 9, new ExpandableArrayBuffer(16)));
        assertEquals(1, failure.correlationId());
        assertEquals(List.of(1L), cluster.node(2).commands);
        assertEquals(0, client.outstandingCount());
        cluster.run(client, ends, 200);
        assertEquals(0, ends.size());
    }

    @Test
    void shouldGiveARequestUpWhenItsThreadIsInterrupted()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.node(2).handler = (node, id, bytes, offset, length) -> Thread.currentThread().interrupt();
        assertThrows(OutcomeUnknownException.class,
            () -> client.request(buffer, 0, 9, new ExpandableArrayBuffer(16)));
        assertEquals(0, client.outstandingCount());
        assertTrue(Thread.interrupted());
    }

    @Test
    void shouldThrowWhyARequestWasRefusedToTheLast()
    {
        final UkehiClient client = cluster.connect(cluster.context().messageTimeoutNs(MILLISECONDS.toNanos(200)));
        cluster.node(2).handler = (node, id, bytes, offset, length) -> node.reject(id, ReplyCode.REJECTED_STORAGE);
        assertThrows(OutcomeUnknownException.class,
            () -> client.request(buffer, 0, 9, new ExpandableArrayBuffer(16)));
        cluster.node(2).maxCommandLength = 10;
        final CommandRejectedException tooLarge = assertThrows(CommandRejectedException.class,
            () -> cluster.connect(cluster.context()).request(
                new UnsafeBuffer(new byte[11]), 0, 11, new ExpandableArrayBuffer(16)));
        assertEquals(ReplyCode.REJECTED_TOO_LARGE, tooLarge.code());
    }

    @Test
    void shouldNotWaitForARequestWhereOthersWouldEndUntold()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final long id = offer(client);
        assertThrows(IllegalStateException.class,
            () -> client.request(buffer, 0, 9, new ExpandableArrayBuffer(16)));
        assertThrows(IllegalStateException.class, () -> client.status(1, 1));
        assertEquals(9, client.request(buffer, 0, 9, new ExpandableArrayBuffer(16), ends));
        assertEquals(Outcome.COMMITTED, ends.of(id).outcome());
    }

    @Test
    void shouldSayThatAReplyDidNotFit()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final UkehiClientException failure = assertThrows(UkehiClientException.class,
            () -> client.request(buffer, 0, 9, new UnsafeBuffer(new byte[8])));
        assertTrue(failure.getMessage().contains("is committed"), failure.getMessage());
    }
}
