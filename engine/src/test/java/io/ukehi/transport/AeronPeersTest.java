package io.ukehi.transport;

import static io.ukehi.transport.PeerMessageSamples.TEMPLATES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.ExclusivePublication;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Over a real media driver and the loopback network; in real time, but for a second or two each. */
@Tag("aeron")
@Timeout(60)
class AeronPeersTest
{
    private static final long CONNECT_TIMEOUT_MS = 10_000;
    private static final int BIG_LENGTH = 600 * 1024;

    private final List<PeerNode> nodes = new ArrayList<>();
    private final Random random = new Random(7);

    @AfterEach
    void closeNodes()
    {
        for (final PeerNode node : nodes)
        {
            node.close();
        }
    }

    @Test
    void shouldCarryEveryMessageBothWays() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints));
        final PeerNode two = start(PeerNode.member(2, endpoints));
        awaitConnected(one, two);

        for (int i = 0; i < 60; i++)
        {
            final String expected = PeerMessageSamples.sendRandom(
                one.publisher, TEMPLATES[i % TEMPLATES.length], random);
            two.handler.lines.clear();
            assertTrue(PeerNode.await(2_000, () -> !two.handler.lines.isEmpty(), one, two), expected);
            assertEquals(List.of(expected), two.handler.lines);
        }
        assertTrue(two.publisher.sendHeartbeat(1, 4, 5, 6));
        assertTrue(PeerNode.await(2_000, () -> !one.handler.lines.isEmpty(), one, two));
        assertEquals(List.of("[heartbeat, 2, 4, 5, 6]"), one.handler.lines);

        assertEquals(60, one.peers.counters().sentCount());
        assertEquals(0, one.drops.total() + two.drops.total());
        assertEquals(List.of(), one.errors);
        assertEquals(List.of(), two.errors);
    }

    @Test
    void shouldCarryAnAppendOfManyFragmentsWhole() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints));
        final PeerNode two = start(PeerNode.member(2, endpoints));
        awaitConnected(one, two);

        for (final int length : new int[]{BIG_LENGTH, 256 * 1024, 1024 * 1024 - 200})
        {
            final byte[] frames = new byte[length];
            random.nextBytes(frames);
            expectAppend(one, two, frames);
        }
    }

    @Test
    void shouldLoseNothingWhereOneTermBufferEndsAndTheNextBegins() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints));
        final PeerNode two = start(PeerNode.member(2, endpoints));
        awaitConnected(one, two);

        final int count = 5 * AeronPeersContext.DEFAULT_CONTROL_TERM_LENGTH / 128;
        for (int i = 0; i < count; i++)
        {
            assertTrue(one.publisher.sendHeartbeat(2, 1, i, 1), "heartbeat " + i);
            one.work();
            two.work();
        }
        assertTrue(PeerNode.await(2_000, () -> count == two.handler.lines.size(), one, two));
    }

    @Test
    void shouldWorkBesideThreadsOfAeron() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints).withThreads());
        final PeerNode two = start(PeerNode.member(2, endpoints).withThreads());
        awaitConnected(one, two);

        final byte[] frames = new byte[BIG_LENGTH];
        random.nextBytes(frames);
        expectAppend(one, two, frames);
        expectAppend(one, two, frames);
    }

    @Test
    void shouldGoOnWhenGarbageArrives() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints));
        final PeerNode two = start(PeerNode.member(2, endpoints));
        awaitConnected(one, two);

        try (DatagramSocket socket = new DatagramSocket())
        {
            for (int i = 0; i < 2_000; i++)
            {
                final byte[] garbage = new byte[random.nextInt(1_500)];
                random.nextBytes(garbage);
                socket.send(new DatagramPacket(
                    garbage, garbage.length, InetAddress.getLoopbackAddress(), endpoints.get(i & 1).port()));
                one.work();
                two.work();
            }
        }
        assertEquals(List.of(), one.handler.lines);
        assertEquals(List.of(), two.handler.lines);
        final byte[] frames = new byte[BIG_LENGTH];
        random.nextBytes(frames);
        expectAppend(one, two, frames);
        expectAppend(two, one, frames);
    }

    @Test
    void shouldDropWhatAnotherClusterSays() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints));
        final PeerNode two = start(PeerNode.member(2, endpoints));
        awaitConnected(one, two);

        new PeerPublisher(99, PeerMessageSamples.GROUP_ID, 1, one.peers).sendHeartbeat(2, 1, 1, 1);
        assertTrue(PeerNode.await(2_000, () -> two.drops.total() > 0, one, two));
        assertEquals(1, two.drops.get(DropReason.WRONG_CLUSTER));
        assertEquals(List.of(), two.handler.lines);
    }

    @Test
    void shouldReachAPeerThatStartsLate() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints));
        assertFalse(PeerNode.await(1_200, () -> one.publisher.sendHeartbeat(2, 1, 1, 1), one));
        assertFalse(one.peers.isConnected(2));
        assertTrue(one.peers.counters().notConnectedCount() > 0);

        final PeerNode two = start(PeerNode.member(2, endpoints));
        assertTrue(PeerNode.await(2_000, () -> one.publisher.sendHeartbeat(2, 1, 2, 1), one, two));
        assertTrue(PeerNode.await(2_000, () -> !two.handler.lines.isEmpty(), one, two));
        assertEquals(List.of(), one.errors);
    }

    @Test
    void shouldReachAPeerAgainThatIsStartedAgainAtOnce() throws IOException
    {
        shouldReachAPeerAgainAfter(0);
    }

    @Test
    void shouldReachAPeerAgainThatWasAway() throws IOException
    {
        shouldReachAPeerAgainAfter(1_500);
    }

    private void shouldReachAPeerAgainAfter(final long awayMs) throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints).connectionTimeoutMs(1_000));
        final PeerNode two = start(PeerNode.member(2, endpoints));
        awaitConnected(one, two);
        final byte[] frames = new byte[BIG_LENGTH];
        random.nextBytes(frames);
        expectAppend(one, two, frames);

        two.kill();
        PeerNode.await(awayMs, () -> false, one);
        if (awayMs > 0)
        {
            assertFalse(one.peers.isConnected(2));
        }
        final PeerNode again = start(PeerNode.member(2, endpoints));
        one.handler.lines.clear();
        final boolean isReached = PeerNode.await(
            2_000,
            () ->
            {
                one.publisher.sendHeartbeat(2, 9, 9, 9);
                again.publisher.sendHeartbeat(1, 9, 9, 9);
                return !one.handler.lines.isEmpty() && !again.handler.lines.isEmpty();
            },
            one,
            again);
        assertTrue(isReached);
        // What was on its way to the life before is lost, and sent again as the rules would.
        expectAppendAtLast(one, again, frames);
        expectAppend(again, one, frames);
        assertEquals(List.of(), one.errors);
    }

    @Test
    void shouldServeOthersWhenAnAddressIsServedByNobody() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(3);
        final PeerNode one = start(PeerNode.member(1, endpoints));
        final PeerNode two = start(PeerNode.member(2, endpoints));
        awaitConnected(one, two);

        for (int i = 1; i <= 1_000; i++)
        {
            assertFalse(one.publisher.sendHeartbeat(3, 1, i, 1));
            assertFalse(one.publisher.sendAppend(3, 1, i, 1, 1, 1, null));
            assertTrue(one.publisher.sendHeartbeat(2, 1, i, 1));
            one.work();
            two.work();
        }
        assertTrue(PeerNode.await(2_000, () -> 1_000 == two.handler.lines.size(), one, two));
        assertEquals(2_000, one.peers.counters().notConnectedCount());
        assertEquals(List.of(), one.errors);
    }

    @Test
    void shouldServeOthersWhenAPeerStopsTaking() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(3);
        final PeerNode one = start(PeerNode.member(1, endpoints));
        final PeerNode two = start(PeerNode.member(2, endpoints));
        final PeerNode stuck = start(PeerNode.member(3, endpoints));
        awaitConnected(one, two, stuck);

        final UnsafeBuffer frames = new UnsafeBuffer(new byte[64 * 1024]);
        int refused = 0;
        for (int i = 0; i < 200; i++)
        {
            refused += one.publisher.sendAppend(
                3, 1, i, 1, 1, 1, new PeerMessageSamples.Run(frames, 0, 64 * 1024)) ? 0 : 1;
            assertTrue(one.publisher.sendHeartbeat(2, 1, i, 1));
            one.work();
            two.work();
            stuck.workWithoutPolling();
        }
        assertTrue(refused > 0);
        assertEquals(refused, one.peers.counters().backPressuredCount());
        assertTrue(PeerNode.await(2_000, () -> 200 == two.handler.lines.size(), one, two));

        // Control messages have a way of their own, past the bulk that piles up.
        assertTrue(one.publisher.sendHeartbeat(3, 1, 777, 1));
        final long deadlineNs = System.nanoTime() + 300_000_000L;
        while (System.nanoTime() - deadlineNs < 0)
        {
            one.work();
            stuck.workWithoutPolling();
        }
        stuck.peers.poll(1);
        assertEquals(List.of("[heartbeat, 1, 1, 777, 1]"), stuck.handler.lines);
    }

    @Test
    void shouldReportANameThatDoesNotResolveAndTryAgain() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final List<PeerEndpoint> named =
            List.of(endpoints.get(0), new PeerEndpoint(2, "two.ukehi.test", endpoints.get(1).port()));
        final AtomicBoolean isKnown = new AtomicBoolean();
        final long startNs = System.nanoTime();
        final PeerNode one = start(PeerNode.member(1, named).resolver(
            (name, parameter, isReResolution) ->
                name.startsWith("127.") || isKnown.get() ? InetAddress.getLoopbackAddress() : null));
        final PeerNode two = start(PeerNode.member(2, endpoints));

        assertTrue(PeerNode.await(CONNECT_TIMEOUT_MS, () -> one.errors.size() >= 4, one, two));
        final long elapsedMs = (System.nanoTime() - startNs) / 1_000_000;
        assertTrue(elapsedMs > 900, "two streams, a second between attempts: " + elapsedMs + " ms");
        assertTrue(one.errors.get(0).startsWith("2/10 "), one.errors.get(0));
        assertTrue(one.errors.get(1).startsWith("2/11 "), one.errors.get(1));
        assertEquals(one.errors.size(), one.peers.counters().channelErrorCount());
        assertFalse(one.publisher.sendHeartbeat(2, 1, 1, 1));
        assertTrue(one.peers.isListening());

        isKnown.set(true);
        awaitConnected(one, two);
    }

    @Test
    void shouldReportAPortThatIsTakenAndTryAgain() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one;
        try (DatagramSocket squatter = new DatagramSocket(endpoints.get(0).port(), InetAddress.getLoopbackAddress()))
        {
            assertTrue(squatter.isBound());
            one = start(PeerNode.member(1, endpoints));
            assertTrue(PeerNode.await(CONNECT_TIMEOUT_MS, () -> one.errors.size() >= 2, one));
            assertTrue(one.errors.get(0).startsWith("1/1"), one.errors.get(0));
            assertFalse(one.peers.isListening());
        }
        assertTrue(PeerNode.await(CONNECT_TIMEOUT_MS, one.peers::isListening, one));
        final PeerNode two = start(PeerNode.member(2, endpoints));
        awaitConnected(one, two);
    }

    @Test
    void shouldRefuseAndReportAMessageThatIsTooLong() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints));
        final PeerNode two = start(PeerNode.member(2, endpoints));
        awaitConnected(one, two);

        final int maxLength = PeerNode.TERM_LENGTH / 8;
        assertEquals(maxLength, new AeronPeersContext().bulkTermLength(PeerNode.TERM_LENGTH).maxBulkMessageLength());
        final int maxFrames = maxLength - PeerMessageSamples.APPEND_COVERED;
        final UnsafeBuffer log = new UnsafeBuffer(new byte[maxLength]);
        for (int i = 0; i < 3; i++)
        {
            assertFalse(one.publisher.sendAppend(
                2, 1, 1, 1, 1, 1, new PeerMessageSamples.Run(log, 0, maxFrames + 1)));
        }
        assertEquals(3, one.peers.counters().tooLongCount());
        assertEquals(List.of("2/11 " + (maxLength + 1) + " > " + maxLength), one.tooLong);
        expectAppend(one, two, new byte[maxFrames]);
    }

    @Test
    void shouldThrowWhatTheHandlerThrew() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints));
        final PeerNode two = start(PeerNode.member(2, endpoints).handler(new DeafHandler()
        {
            @Override
            public void onTimeoutNow(final int fromId, final long term)
            {
                throw new IllegalStateException("storage " + term);
            }
        }));
        awaitConnected(one, two);
        one.publisher.sendTimeoutNow(2, 5);
        one.publisher.sendTimeoutNow(2, 6);

        final IllegalStateException thrown = assertThrows(
            IllegalStateException.class, () -> PeerNode.await(5_000, () -> false, one, two));
        assertEquals("storage 5", thrown.getMessage());
    }

    @Test
    void shouldFallSilentWhenTheClientIsClosed() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints).withThreads());
        final PeerNode two = start(PeerNode.member(2, endpoints).withThreads());
        awaitConnected(one, two);

        one.aeron.close();
        assertFalse(one.publisher.sendHeartbeat(2, 1, 1, 1));
        for (int i = 0; i < 100; i++)
        {
            one.peers.doWork(System.nanoTime() + i * AeronPeers.RETRY_INTERVAL_NS);
            one.peers.poll(10);
        }
        assertFalse(one.publisher.sendHeartbeat(2, 1, 1, 1));
        assertFalse(one.peers.isConnected(2));
        assertFalse(one.peers.isListening());
        assertEquals(6, one.errors.size());
    }

    @Test
    void shouldTakeAnotherPublicationForOneThatWasClosed() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints));
        final PeerNode two = start(PeerNode.member(2, endpoints));
        awaitConnected(one, two);

        // Registration ids are given in the order of asking: three subscriptions, then the publications.
        for (long id = 0; id < 20; id++)
        {
            closePublication(one, id);
        }
        assertTrue(PeerNode.await(2_000, () -> 3 == one.errors.size(), one, two), one.errors.toString());
        awaitConnected(one, two);
        expectAppend(one, two, new byte[1000]);
    }

    private static void closePublication(final PeerNode node, final long registrationId)
    {
        try
        {
            final ExclusivePublication publication = node.aeron.getExclusivePublication(registrationId);
            if (null != publication)
            {
                publication.close();
            }
        }
        catch (final RuntimeException ignore)
        {
            // Some ids are not those of publications.
        }
    }

    @Test
    void shouldSendNothingToStrangers() throws IOException
    {
        final PeerNode one = start(PeerNode.member(1, PeerNode.freeEndpoints(2)));
        assertFalse(one.publisher.sendHeartbeat(3, 1, 1, 1));
        assertFalse(one.peers.isConnected(3));
    }

    @Test
    void shouldAllocateNothingInTheSteadyState() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(PeerNode.member(1, endpoints).withThreads());
        final PeerNode two = start(PeerNode.member(2, endpoints).handler(new DeafHandler()).withThreads());
        awaitConnected(one, two);
        final com.sun.management.ThreadMXBean threads =
            (com.sun.management.ThreadMXBean)ManagementFactory.getThreadMXBean();
        final PeerMessageSamples.Run run =
            new PeerMessageSamples.Run(new UnsafeBuffer(new byte[64 * 1024]), 0, 64 * 1024);

        converse(one, two, run, 2_000);
        long leastAllocated = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++)
        {
            final long before = threads.getCurrentThreadAllocatedBytes();
            converse(one, two, run, 5_000);
            leastAllocated = Math.min(leastAllocated, threads.getCurrentThreadAllocatedBytes() - before);
        }
        // The JVM itself allocates a little in this thread at times: hence the least, and a byte a message is too much.
        assertTrue(leastAllocated < 1_000, "allocated " + leastAllocated);
    }

    private static void converse(
        final PeerNode one, final PeerNode two, final PeerMessageSamples.Run run, final int messages)
    {
        int sent = 0;
        while (sent < messages)
        {
            final boolean isSent = 0 == sent % 50 ?
                one.publisher.sendAppend(2, 1, sent, 1, 1, 1, run) :
                one.publisher.sendHeartbeat(2, 1, sent, 1);
            sent += isSent ? 1 : 0;
            final int workCount = one.peers.doWork(System.nanoTime()) + one.peers.poll(50) +
                two.peers.doWork(System.nanoTime()) + two.peers.poll(50);
            if (0 == workCount && !isSent)
            {
                Thread.yield();
            }
        }
    }

    private PeerNode start(final PeerNode.Builder builder)
    {
        final PeerNode node = builder.start();
        nodes.add(node);
        return node;
    }

    private static void awaitConnected(final PeerNode first, final PeerNode... others)
    {
        for (int i = 0; i < others.length; i++)
        {
            final int otherId = i + 2;
            final PeerNode[] all = new PeerNode[others.length + 1];
            all[0] = first;
            System.arraycopy(others, 0, all, 1, others.length);
            final PeerNode other = others[i];
            assertTrue(PeerNode.await(
                CONNECT_TIMEOUT_MS, () -> first.peers.isWhole(otherId) && other.peers.isWhole(1), all));
        }
    }

    /** Sent once. Other messages may still be on their way. */
    private static void expectAppend(final PeerNode from, final PeerNode to, final byte[] frames)
    {
        to.handler.lines.clear();
        assertTrue(isAppendHeard(from, to, frames, 5_000));
    }

    /** Sent until it is heard. */
    private static void expectAppendAtLast(final PeerNode from, final PeerNode to, final byte[] frames)
    {
        to.handler.lines.clear();
        boolean isHeard = false;
        for (int i = 0; i < 10 && !isHeard; i++)
        {
            isHeard = isAppendHeard(from, to, frames, 200);
        }
        assertTrue(isHeard);
    }

    private static boolean isAppendHeard(
        final PeerNode from, final PeerNode to, final byte[] frames, final long timeoutMs)
    {
        final UnsafeBuffer log = new UnsafeBuffer(new byte[frames.length + 16]);
        log.putBytes(16, frames);
        final PeerMessageSamples.Run run = new PeerMessageSamples.Run(log, 16, frames.length);
        final String expected = "[append, " + from.nodeId + ", 1, 2, 3, 4, 5, " +
            java.util.HexFormat.of().formatHex(frames) + "]";
        return PeerNode.await(timeoutMs, () -> from.publisher.sendAppend(to.nodeId, 1, 2, 3, 4, 5, run), from, to) &&
            PeerNode.await(timeoutMs, () -> to.handler.lines.contains(expected), from, to);
    }
}
