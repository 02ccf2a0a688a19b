package io.ukehi.transport;

import static io.ukehi.transport.ClientGatewayHarness.MAX_COMMAND_LENGTH;
import static io.ukehi.transport.ClientGatewayHarness.NODE_ID;
import static io.ukehi.transport.ClientGatewayHarness.SESSION_TIMEOUT_NS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.driver.MediaDriver;
import io.ukehi.Invariant;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ReplyCode;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientGatewayTest
{
    private static final UnsafeBuffer NONE = new UnsafeBuffer(new byte[0]);
    private static MediaDriver driver;

    private ClientGatewayHarness harness;

    @BeforeAll
    static void launch()
    {
        driver = ClientGatewayHarness.launchDriver();
    }

    @AfterAll
    static void stop()
    {
        driver.close();
    }

    @BeforeEach
    void open()
    {
        harness = new ClientGatewayHarness(driver);
    }

    @AfterEach
    void close()
    {
        harness.close();
    }

    private static byte[] bytes(final int length)
    {
        final byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private boolean reply(final ClientProbe probe, final long correlationId, final byte[] answer)
    {
        return harness.gateway.reply(probe.sessionId, correlationId, ReplyCode.COMMITTED.value(),
            correlationId * 10, correlationId * 100, new UnsafeBuffer(answer), 0, answer.length);
    }

    private void shouldHear(final ClientProbe probe, final String... lines)
    {
        harness.await(() -> probe.heard.size() >= lines.length);
        assertEquals(List.of(lines), probe.heard);
        probe.heard.clear();
    }

    @Test
    void shouldTellWhoTheMembersAreWhenAClientComesAndWhenTheyChange()
    {
        harness.gateway.onMembers(7, "1=a:1,2=b:2");
        final ClientProbe probe = harness.probe(5, true);
        probe.connect(1);
        shouldHear(probe, "connected 1 RECOVERING node 2 leader -1 term 0", "members 7 1=a:1,2=b:2");
        harness.gateway.onMembers(9, "2=b:2,3=c:3");
        shouldHear(probe, "members 9 2=b:2,3=c:3");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldAnswerConnectWithWhoLeads(final boolean isIpc)
    {
        final ClientProbe probe = harness.probe(5, isIpc);
        probe.connect(1);
        shouldHear(probe, "connected 1 RECOVERING node 2 leader -1 term 0");

        harness.gateway.onLeader(3, -1, false, false);
        shouldHear(probe, "redirect -1 term 3");
        probe.connect(2);
        shouldHear(probe, "connected 2 REDIRECT node 2 leader -1 term 3");

        harness.gateway.onLeader(4, 1, false, false);
        shouldHear(probe, "redirect 1 term 4");
        probe.connect(3);
        shouldHear(probe, "connected 3 REDIRECT node 2 leader 1 term 4");

        harness.gateway.onLeader(5, NODE_ID, true, false);
        shouldHear(probe, "redirect 2 term 5");
        probe.connect(4);
        shouldHear(probe, "connected 4 OK node 2 leader 2 term 5");

        assertEquals(1, harness.gateway.sessionCount());
        assertEquals(0, harness.drops.total());
    }

    @Test
    void shouldTellEveryClientOnceWhenLeadershipMoves()
    {
        final ClientProbe first = harness.connected(5, true);
        final ClientProbe second = harness.connected(6, false);
        harness.gateway.onLeader(3, 1, false, false);
        harness.gateway.onLeader(3, 1, false, false);
        shouldHear(first, "redirect 1 term 3");
        shouldHear(second, "redirect 1 term 3");
        harness.gateway.onLeader(3, 1, false, false);
        first.keepAlive();
        shouldHear(first, "keep alive");
        // This node's turn, but it takes no commands yet; then it does.
        harness.gateway.onLeader(4, NODE_ID, false, false);
        shouldHear(first, "redirect 2 term 4");
        harness.gateway.onLeader(4, NODE_ID, true, false);
        shouldHear(first, "redirect 2 term 4");
        shouldHear(second, "redirect 2 term 4", "redirect 2 term 4");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSayInOneMessageWhatIsRepliedInOneCycle(final boolean isIpc)
    {
        harness.gateway.onLeader(3, NODE_ID, true, false);
        final ClientProbe probe = harness.connected(5, isIpc);
        final ClientProbe other = harness.connected(6, isIpc);
        for (int id = 1; id <= 8; id++)
        {
            assertTrue(reply(probe, id, bytes(id)));
            assertTrue(reply(other, 10 + id, bytes(id)));
        }
        harness.await(() -> 8 == probe.replyCount && 8 == other.replyCount);
        assertEquals(1, probe.replyMessageCount);
        assertEquals(1, other.replyMessageCount);
        assertArrayEquals(bytes(8), probe.reply);
        assertEquals("reply 1 COMMITTED index 10 token 100 leader 2", probe.heard.get(0));
        assertEquals("reply 18 COMMITTED index 180 token 1800 leader 2", other.heard.get(7));

        // A query's answer, or a sign of life, comes behind the replies before it.
        reply(probe, 9, bytes(3));
        harness.gateway.sessionOpened(5, 77, 10, ConnectCode.OK);
        reply(probe, 10, bytes(3));
        probe.heard.clear();
        harness.await(() -> 3 == probe.heard.size());
        assertEquals("template 11", probe.heard.get(1));
        assertEquals(3, probe.replyMessageCount);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldCarryCommandsAndRepliesOfAnyLength(final boolean isIpc)
    {
        harness.gateway.onLeader(3, NODE_ID, true, false);
        final ClientProbe probe = harness.connected(5, isIpc);
        int correlationId = 0;
        for (final int length : new int[]{0, 1, 1000, 1408, 1409, 20_000, MAX_COMMAND_LENGTH})
        {
            final long id = ++correlationId;
            final byte[] command = bytes(length);
            probe.command(id, command);
            harness.await(() -> harness.handler.commands.contains("5 " + id));
            final byte[] payload = harness.handler.payload;
            final UnsafeBuffer ids = new UnsafeBuffer(payload);
            assertEquals(ClientMessages.CLUSTER_SESSION, ids.getLong(0));
            assertEquals(id, ids.getLong(8));
            assertArrayEquals(command, Arrays.copyOfRange(payload, 24, payload.length));

            final byte[] answer = bytes(Math.min(length, 20_000));
            assertTrue(reply(probe, id, answer));
            shouldHear(probe, "reply " + id + " COMMITTED index " + id * 10 + " token " + id * 100 + " leader 2");
            assertArrayEquals(answer, probe.reply);
        }
        assertEquals(0, harness.drops.total());
    }

    @Test
    void shouldReplyAtOnceWhenTheNodeSaysHow()
    {
        harness.gateway.onLeader(3, 1, false, false);
        final ClientProbe probe = harness.connected(5, true);
        harness.handler.result = ReplyCode.REJECTED_NOT_LEADER.value();
        probe.command(9, bytes(10));
        shouldHear(probe, "reply 9 REJECTED_NOT_LEADER index 0 token 0 leader 1");
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 50_000})
    void shouldOfferTheSameCommandAgainWhenThereIsNoRoom(final int length)
    {
        final ClientProbe probe = harness.connected(5, false);
        final ClientProbe other = harness.connected(6, true);
        harness.handler.laterCount = Integer.MAX_VALUE;
        probe.command(1, bytes(length));
        probe.command(2, bytes(length));
        harness.await(() -> harness.handler.laterCount < Integer.MAX_VALUE - 100);
        other.keepAlive();
        shouldHear(other, "keep alive");
        assertEquals(List.of(), harness.handler.commands);
        harness.handler.laterCount = 3;
        harness.await(() -> harness.handler.commands.size() >= 2);
        assertEquals(List.of("5 1", "5 2"), harness.handler.commands);
        assertEquals(24 + length, harness.handler.payload.length);
    }

    @Test
    void shouldRejectCommandsThatAreTooLong()
    {
        final ClientProbe probe = harness.connected(5, false);
        probe.command(1, bytes(MAX_COMMAND_LENGTH + 1));
        shouldHear(probe, "reply 1 REJECTED_TOO_LARGE index 0 token 0 leader -1");
        probe.command(2, bytes(MAX_COMMAND_LENGTH));
        harness.await(() -> !harness.handler.commands.isEmpty());
        assertEquals(List.of("5 2"), harness.handler.commands);
    }

    @Test
    void shouldCountWhatComesFromUnknownClients()
    {
        final ClientProbe probe = harness.probe(5, true);
        probe.command(1, bytes(1));
        probe.keepAlive();
        probe.sendClose();
        harness.await(() -> 3 == harness.drops.get(DropReason.UNKNOWN_SESSION));
        assertEquals(List.of(), harness.handler.commands);
        assertFalse(reply(probe, 1, bytes(1)));
    }

    @Test
    void shouldCloseASessionOnlyAfterSilence()
    {
        final ClientProbe silent = harness.connected(5, true);
        final ClientProbe lively = harness.connected(6, false);
        for (int i = 0; i < 4; i++)
        {
            harness.elapse(SESSION_TIMEOUT_NS / 4 - 32);
            assertEquals(2, harness.gateway.sessionCount());
            lively.keepAlive();
            shouldHear(lively, "keep alive");
        }
        harness.elapse(SESSION_TIMEOUT_NS / 2);
        assertEquals(1, harness.gateway.sessionCount());
        assertEquals(1, harness.gateway.timeoutCount());
        shouldHear(silent, "close");
        harness.await(() -> !silent.isListenedTo());
        assertTrue(lively.isListenedTo());
        assertFalse(reply(silent, 1, bytes(1)));
        assertTrue(reply(lively, 1, bytes(1)));
    }

    @Test
    void shouldNotHoldItAgainstClientsThatTheNodeStoodStill()
    {
        harness.connected(5, true);
        harness.nowNs += SESSION_TIMEOUT_NS * 100;
        harness.cycle();
        harness.cycle();
        assertEquals(1, harness.gateway.sessionCount());
        harness.elapse(SESSION_TIMEOUT_NS * 2);
        assertEquals(0, harness.gateway.sessionCount());
    }

    @Test
    void shouldEndASessionWhenItsClientSaysSo()
    {
        final ClientProbe probe = harness.connected(5, false);
        probe.sendClose();
        harness.await(() -> 0 == harness.gateway.sessionCount());
        harness.await(() -> !probe.isListenedTo());
        assertEquals(List.of(), probe.heard);
        assertEquals(0, harness.gateway.timeoutCount());
    }

    @Test
    void shouldGoOnWhereTheClientListensNow()
    {
        final ClientProbe probe = harness.connected(5, true);
        probe.listen(ClientGatewayHarness.responseChannel(false), harness.nextStreamId());
        probe.connect(7);
        shouldHear(probe, "connected 7 RECOVERING node 2 leader -1 term 0");
        assertTrue(reply(probe, 8, bytes(1)));
        shouldHear(probe, "reply 8 COMMITTED index 80 token 800 leader -1");
        assertEquals(1, harness.gateway.sessionCount());
    }

    @Test
    void shouldSayWhenThereAreAsManyClientsAsThereMayBe()
    {
        harness.connected(5, true);
        harness.connected(6, false);
        final ClientProbe third = harness.connected(7, true);
        final ClientProbe fourth = harness.probe(8, true);
        fourth.connect(1);
        shouldHear(fourth, "connected 1 SESSION_LIMIT node 2 leader -1 term 0");
        assertEquals(3, harness.gateway.sessionCount());
        // Known ones are not kept out, and one that goes makes room.
        third.connect(2);
        shouldHear(third, "connected 2 RECOVERING node 2 leader -1 term 0");
        third.sendClose();
        harness.await(() -> 2 == harness.gateway.sessionCount());
        fourth.connect(3);
        shouldHear(fourth, "connected 3 RECOVERING node 2 leader -1 term 0");
        assertEquals(3, harness.gateway.sessionCount());
    }

    /** It would be the one that is half-open for longest, and would make room for the next. */
    @Test
    void shouldCountTheTimeOfAClientThatCameBeforeTheFirstCycle()
    {
        harness.isStill = true;
        final ClientProbe first = harness.probe(5, true);
        first.connect(1);
        // Sent is not there yet: whoever read it before there was a cycle would have it by then.
        final long untilNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(300);
        while (System.nanoTime() - untilNs < 0)
        {
            assertEquals(0, harness.gateway.poll(harness.handler, 10));
            Thread.yield();
        }
        harness.isStill = false;
        shouldHear(first, "connected 1 RECOVERING node 2 leader -1 term 0");
        harness.connected(6, true);
        harness.connected(7, true);
        final ClientProbe fourth = harness.probe(8, true);
        fourth.connect(1);
        shouldHear(fourth, "connected 1 SESSION_LIMIT node 2 leader -1 term 0");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldTellItsStatusToWhoeverAsks(final boolean isIpc)
    {
        harness.gateway.onLeader(3, 1, false, false);
        harness.connected(4, true);
        final ClientProbe probe = harness.probe(5, isIpc);
        for (int i = 1; i <= 3; i++)
        {
            probe.askStatus(i);
            shouldHear(probe, "status " + i + " LEADER node 2 leader 1 commit 42 sessions 1");
        }
        assertEquals(1, harness.gateway.sessionCount());
        harness.elapse(SESSION_TIMEOUT_NS * 2);
        harness.await(() -> !probe.isListenedTo());
        probe.askStatus(4);
        shouldHear(probe, "status 4 LEADER node 2 leader 1 commit 42 sessions 0");
    }

    @Test
    void shouldTellItsStatusWhenTheFirstCycleOrALateOneReadsTheQuestion()
    {
        final ClientProbe probe = harness.probe(5, true);
        harness.nowNs += SESSION_TIMEOUT_NS * 100;
        probe.askStatus(1);
        shouldHear(probe, "status 1 LEADER node 2 leader -1 commit 42 sessions 0");
    }

    @Test
    void shouldTellItsStatusToMoreThanItHasPublicationsFor()
    {
        harness.close();
        harness = new ClientGatewayHarness(driver, ClientGatewayHarness.config().statusChannelLimit(2));
        for (int id = 1; id <= 5; id++)
        {
            final ClientProbe probe = harness.probe(id, true);
            probe.askStatus(id);
            shouldHear(probe, "status " + id + " LEADER node 2 leader -1 commit 42 sessions 0");
        }
        // Two who do not listen take both places, until they have been given up.
        final ClientProbe probe = harness.probe(6, true);
        probe.send(probe.messages.statusRequest(7, 1, "aeron:ipc", harness.nextStreamId()));
        probe.send(probe.messages.statusRequest(8, 1, "aeron:ipc", harness.nextStreamId()));
        probe.askStatus(1);
        harness.await(() -> 1 == harness.drops.get(DropReason.NO_ROOM_TO_ANSWER));
        harness.elapse(SESSION_TIMEOUT_NS * 2);
        probe.askStatus(2);
        shouldHear(probe, "status 2 LEADER node 2 leader -1 commit 42 sessions 0");
    }

    @Test
    void shouldKeepTheOrderOfRepliesWhenAClientReadsLate()
    {
        final ClientProbe probe = harness.connected(5, true);
        final int count = 40;
        for (int i = 1; i <= count; i++)
        {
            // More than the publication's window takes, less than window and queue.
            assertTrue(reply(probe, i, bytes(4_000)));
        }
        probe.keepAlive();
        harness.await(() -> probe.heard.size() > count);
        for (int i = 1; i <= count; i++)
        {
            assertTrue(probe.heard.get(i - 1).startsWith("reply " + i + " "), probe.heard.get(i - 1));
        }
        assertEquals("keep alive", probe.heard.get(count));
        assertEquals(0, harness.gateway.slowCount());
    }

    @Test
    void shouldLetNoReplyOvertakeThoseThatWait()
    {
        harness.close();
        harness = new ClientGatewayHarness(driver, ClientGatewayHarness.config().replyQueueLength(1024 * 1024));
        final ClientProbe probe = harness.connected(5, true);
        int count = 0;
        // The window opens between two replies, but nothing has been sent from the queue yet.
        for (int i = 0; i < 10; i++)
        {
            for (final int fill = count + 36; count < fill; count++)
            {
                assertTrue(reply(probe, count, bytes(4_000)));
            }
            final int read = Math.min(count, probe.heard.size() + 10);
            final long deadlineNs = System.nanoTime() + ClientGatewayHarness.TIMEOUT_NS;
            while (probe.heard.size() < read && System.nanoTime() - deadlineNs < 0)
            {
                probe.poll();
            }
            LockSupport.parkNanos(5_000_000);
            assertTrue(reply(probe, count++, bytes(100)));
            final int all = count;
            harness.await(() -> probe.heard.size() >= all);
            LockSupport.parkNanos(5_000_000);
        }
        for (int i = 0; i < count; i++)
        {
            assertTrue(probe.heard.get(i).startsWith("reply " + i + " "), probe.heard.get(i));
        }
    }

    @Test
    void shouldKeepOnServingAClientThatLagsWhenAnotherIsDone()
    {
        final ClientProbe done = harness.connected(5, true);
        final ClientProbe lagging = harness.connected(6, true);
        harness.gateway.onLeader(3, 1, false, false);
        final int count = 40;
        for (int i = 1; i <= count; i++)
        {
            assertTrue(reply(lagging, i, bytes(4_000)));
        }
        harness.await(() -> !done.heard.isEmpty(), lagging);
        harness.await(() -> lagging.heard.size() > count);
        assertEquals("redirect 1 term 3", lagging.heard.get(count));
    }

    @Test
    void shouldKeepSessionsApartWhenSomeEnd()
    {
        final ClientProbe first = harness.connected(5, true);
        final ClientProbe second = harness.connected(6, true);
        final ClientProbe third = harness.connected(7, true);
        first.sendClose();
        harness.await(() -> 2 == harness.gateway.sessionCount());
        third.sendClose();
        harness.await(() -> 1 == harness.gateway.sessionCount());
        assertFalse(reply(first, 1, bytes(1)));
        assertFalse(reply(third, 1, bytes(1)));
        second.keepAlive();
        shouldHear(second, "keep alive");
        third.connect(2);
        shouldHear(third, "connected 2 RECOVERING node 2 leader -1 term 0");
        harness.elapse(SESSION_TIMEOUT_NS * 2);
        assertEquals(0, harness.gateway.sessionCount());
        shouldHear(second, "close");
        shouldHear(third, "close");
    }

    @Test
    void shouldCloseAClientThatDoesNotReadAndNoOther()
    {
        final ClientProbe slow = harness.connected(5, true);
        final ClientProbe other = harness.connected(6, true);
        for (int i = 1; 0 == harness.gateway.slowCount(); i++)
        {
            assertTrue(i < 1_000);
            assertTrue(reply(slow, i, bytes(4_000)));
            assertTrue(reply(other, i, bytes(4_000)));
            final String expected = "reply " + i + " ";
            harness.await(() -> other.heard.size() == 1, slow);
            assertTrue(other.heard.get(0).startsWith(expected));
            other.heard.clear();
        }
        assertEquals(1, harness.gateway.sessionCount());
        assertFalse(reply(slow, 1, bytes(1)));
        // What was in the publication is read in order, then the client sees that it is cut off.
        harness.await(() -> !slow.isListenedTo());
        assertTrue(slow.heard.get(0).startsWith("reply 1 "));
        slow.heard.clear();
        slow.connect(9);
        shouldHear(slow, "connected 9 RECOVERING node 2 leader -1 term 0");
    }

    @Test
    void shouldReadAShareOfEachClientInEveryCycle()
    {
        final ClientProbe[] probes =
            {harness.connected(5, true), harness.connected(6, true), harness.connected(7, true)};
        for (final ClientProbe probe : probes)
        {
            for (int i = 1; i <= 20; i++)
            {
                probe.command(i, bytes(8));
            }
        }
        for (int cycle = 1; cycle <= 6; cycle++)
        {
            harness.handler.commands.clear();
            harness.cycle();
            assertEquals(10, harness.handler.commands.size());
            assertEquals(3, harness.handler.commands.stream().map(line -> line.charAt(0)).distinct().count());
        }
    }

    @Test
    void shouldNotLetClientsOfOneWayInHoldUpThoseOfTheOther()
    {
        final ClientProbe near = harness.connected(5, true);
        final ClientProbe far = harness.connected(6, false);
        far.command(1, bytes(8));
        // It is there, but for the reading.
        harness.handler.laterCount = Integer.MAX_VALUE;
        harness.await(() -> harness.handler.laterCount < Integer.MAX_VALUE);
        harness.handler.laterCount = 0;
        for (int i = 1; i <= 100; i++)
        {
            near.command(i, bytes(8));
        }
        harness.cycle();
        harness.cycle();
        assertTrue(harness.handler.commands.contains("6 1"));
        assertTrue(harness.handler.commands.size() <= 20);
    }

    @Test
    void shouldRefuseChannelsThatNoClientMayChoose()
    {
        final ClientProbe probe = harness.probe(5, true);
        probe.connect(1, "aeron:udp?endpoint=localhost:4001|control-mode=manual", 9);
        probe.connect(1, "aeron:ipc", harness.ingressStreamId + NODE_ID);
        probe.connect(1, "no channel at all", 9);
        harness.await(() -> 3 == harness.drops.get(DropReason.REFUSED_CHANNEL));
        assertEquals(0, harness.gateway.sessionCount());
        // A multicast address that is even: well formed, but Aeron does not open it.
        probe.connect(1, "aeron:udp?endpoint=224.20.30.40:4001", 9);
        harness.await(() -> 4 == harness.drops.get(DropReason.REFUSED_CHANNEL));
        assertEquals(0, harness.gateway.sessionCount());
        probe.send(probe.messages.statusRequest(5, 1, "aeron:udp?endpoint=224.20.30.40:4001", 9));
        harness.await(() -> 5 == harness.drops.get(DropReason.REFUSED_CHANNEL));
        probe.connect(2);
        shouldHear(probe, "connected 2 RECOVERING node 2 leader -1 term 0");
    }

    @Test
    void shouldOpenNoMorePublicationsThanTheDriverHasTimeFor()
    {
        final ClientProbe probe = harness.connected(5, true);
        final int atOnce = ClientGatewayHarness.config().sessionLimit() + 64 - 1;
        for (int i = 1; i <= atOnce + 20; i++)
        {
            final long stranger = 1_000 + i;
            probe.send(probe.messages.connect(stranger, i, "aeron:ipc", harness.nextStreamId()));
            probe.send(probe.messages.close(stranger));
        }
        harness.await(() -> 20 == harness.drops.get(DropReason.UNKNOWN_SESSION));
        assertEquals(20, harness.drops.get(DropReason.NO_ROOM_TO_ANSWER));
        final ClientProbe late = harness.probe(6, true);
        late.connect(1);
        harness.await(() -> 21 == harness.drops.get(DropReason.NO_ROOM_TO_ANSWER));
        // Known ones are not kept out, and a moment later nobody is.
        probe.keepAlive();
        shouldHear(probe, "keep alive");
        probe.sendClose();
        harness.await(() -> 0 == harness.gateway.sessionCount());
        harness.elapse(1_000_000_000L / ClientSessions.OPENS_PER_SECOND);
        late.connect(2);
        shouldHear(late, "connected 2 RECOVERING node 2 leader -1 term 0");
    }

    private static final long TIME_TO_SAY_MORE_NS = SESSION_TIMEOUT_NS * 5 / 16;

    @Test
    void shouldGiveAPlaceToANewcomerWhenOneIsHalfOpen()
    {
        final ClientProbe first = harness.connected(5, true);
        final ClientProbe second = harness.connected(6, false);
        final ClientProbe third = harness.connected(7, true);
        first.keepAlive();
        shouldHear(first, "keep alive");
        final ClientProbe newcomer = harness.probe(8, true);
        newcomer.connect(1);
        shouldHear(newcomer, "connected 1 SESSION_LIMIT node 2 leader -1 term 0");
        assertEquals(1, harness.gateway.refusedCount());
        harness.elapse(TIME_TO_SAY_MORE_NS);
        // The second is the oldest that has said nothing but Connect, again and again.
        second.connect(2);
        shouldHear(second, "connected 2 RECOVERING node 2 leader -1 term 0");
        newcomer.connect(2);
        shouldHear(newcomer, "connected 2 RECOVERING node 2 leader -1 term 0");
        second.keepAlive();
        harness.await(() -> 1 == harness.drops.get(DropReason.UNKNOWN_SESSION));
        // Now the third: the newcomer has not had its time yet.
        second.connect(3);
        shouldHear(second, "connected 3 RECOVERING node 2 leader -1 term 0");
        third.keepAlive();
        harness.await(() -> 2 == harness.drops.get(DropReason.UNKNOWN_SESSION));
        third.connect(2);
        shouldHear(third, "connected 2 SESSION_LIMIT node 2 leader -1 term 0");
        assertEquals(2, harness.gateway.halfOpenCount());
        assertEquals(2, harness.gateway.refusedCount());
        assertEquals(0, harness.gateway.timeoutCount() + harness.gateway.slowCount());
        assertEquals(3, harness.gateway.sessionCount());
    }

    @Test
    void shouldHaveFewPlacesForThoseThatOnlyConnect()
    {
        harness.close();
        harness = new ClientGatewayHarness(driver, ClientGatewayHarness.config().sessionLimit(5).halfOpenLimit(2));
        final ClientProbe known = harness.connected(5, true);
        known.keepAlive();
        shouldHear(known, "keep alive");
        final ClientProbe first = harness.connected(6, true);
        harness.connected(7, false);
        final ClientProbe newcomer = harness.probe(8, true);
        newcomer.connect(1);
        harness.await(() -> 1 == harness.drops.get(DropReason.NO_ROOM_TO_ANSWER));
        assertEquals(1, harness.gateway.refusedCount());
        assertEquals(3, harness.gateway.sessionCount());
        // Who says more holds none of those places any more.
        first.keepAlive();
        shouldHear(first, "keep alive");
        newcomer.connect(2);
        shouldHear(newcomer, "connected 2 RECOVERING node 2 leader -1 term 0");
        assertEquals(4, harness.gateway.sessionCount());
        // Who does not makes room in time, though there is a place left.
        harness.elapse(TIME_TO_SAY_MORE_NS);
        final ClientProbe last = harness.probe(9, true);
        last.connect(1);
        shouldHear(last, "connected 1 RECOVERING node 2 leader -1 term 0");
        assertEquals(1, harness.gateway.halfOpenCount());
        assertEquals(4, harness.gateway.sessionCount());
        // Nor do those that have gone.
        last.sendClose();
        newcomer.sendClose();
        harness.await(() -> 2 == harness.gateway.sessionCount());
        harness.connected(10, true);
        harness.connected(11, true);
        assertEquals(1, harness.gateway.halfOpenCount());
    }

    @Test
    void shouldGiveAwayNoPlaceOfAClientThatIsHeardAndListens()
    {
        final ClientProbe probe = harness.connected(5, true);
        final ClientProbe other = harness.connected(6, false);
        probe.keepAlive();
        other.command(1, bytes(1));
        shouldHear(probe, "keep alive");
        harness.await(() -> !harness.handler.commands.isEmpty());
        // It says more, and has not been answered.
        probe.send(probe.messages.connect(7, 1, "aeron:ipc", harness.nextStreamId()));
        probe.send(probe.messages.keepAlive(7));
        harness.await(() -> 3 == harness.gateway.sessionCount());
        harness.elapse(TIME_TO_SAY_MORE_NS);
        final ClientProbe newcomer = harness.probe(8, true);
        newcomer.connect(1);
        shouldHear(newcomer, "connected 1 RECOVERING node 2 leader -1 term 0");
        newcomer.keepAlive();
        shouldHear(newcomer, "keep alive");
        harness.elapse(TIME_TO_SAY_MORE_NS);
        final ClientProbe last = harness.probe(9, true);
        last.connect(1);
        shouldHear(last, "connected 1 SESSION_LIMIT node 2 leader -1 term 0");
        assertEquals(1, harness.gateway.halfOpenCount());
    }

    @Test
    void shouldForgetClientsThatNeverListen()
    {
        final ClientProbe probe = harness.probe(5, true);
        probe.connect(1, "aeron:ipc", harness.nextStreamId());
        probe.messages.connect(6, 1, ClientGatewayHarness.responseChannel(false), harness.nextStreamId());
        harness.await(() -> 1 == harness.gateway.sessionCount());
        assertTrue(reply(probe, 1, bytes(1)));
        harness.elapse(SESSION_TIMEOUT_NS * 2);
        assertEquals(0, harness.gateway.sessionCount());
    }

    @Test
    void shouldThrowWhatTheNodeThrowsAndGoOn()
    {
        final ClientProbe probe = harness.connected(5, true);
        final IllegalStateException storage = new IllegalStateException("storage");
        harness.handler.thrown = storage;
        probe.command(1, bytes(1));
        assertSame(storage, assertThrows(IllegalStateException.class, () -> harness.await(() -> false)));
        harness.handler.thrown = null;
        probe.command(2, bytes(1));
        harness.await(() -> !harness.handler.commands.isEmpty());
        assertEquals(List.of("5 2"), harness.handler.commands);
    }

    @Test
    void shouldTellClientsWhenItCloses()
    {
        final ClientProbe first = harness.connected(5, true);
        final ClientProbe second = harness.connected(6, false);
        harness.gateway.close();
        final long deadlineNs = System.nanoTime() + ClientGatewayHarness.TIMEOUT_NS;
        while ((first.heard.isEmpty() || second.heard.isEmpty()) && System.nanoTime() - deadlineNs < 0)
        {
            first.poll();
            second.poll();
        }
        assertEquals(List.of("close"), first.heard);
        assertEquals(List.of("close"), second.heard);
    }

    @Test
    void shouldCloseWhenAeronHasGoneBefore()
    {
        harness.connected(5, true);
        final ClientProbe opening = harness.probe(6, true);
        opening.connect(1);
        final long deadlineNs = System.nanoTime() + ClientGatewayHarness.TIMEOUT_NS;
        while (harness.gateway.sessionCount() < 2 && System.nanoTime() - deadlineNs < 0)
        {
            harness.gateway.poll(harness.handler, 10);
        }
        harness.nodeAeron.close();
        assertDoesNotThrow(harness.gateway::close);
        assertEquals(0, harness.gateway.sessionCount());
    }

    @Test
    void shouldRefuseAReplyThatIsLongerThanAnyMayBe()
    {
        final ClientProbe probe = harness.connected(5, true);
        assertThrows(Invariant.Violation.class, () -> reply(probe, 1, bytes(20_001)));
        assertFalse(harness.gateway.reply(99, 1, ReplyCode.COMMITTED.value(), 1, 1, NONE, 0, 0));
    }
}
