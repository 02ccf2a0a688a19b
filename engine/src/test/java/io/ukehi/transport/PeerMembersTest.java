package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Links come and go with the members, and with who introduces himself; over real media drivers. */
@Tag("aeron")
@Timeout(60)
class PeerMembersTest
{
    private static final long TIMEOUT_MS = 10_000;

    private final List<PeerNode> nodes = new ArrayList<>();

    @AfterEach
    void closeNodes()
    {
        nodes.forEach(PeerNode::close);
    }

    private PeerNode start(final int nodeId, final PeerEndpoint... known)
    {
        final PeerNode node = PeerNode.member(nodeId, List.of(known)).introduced().start();
        nodes.add(node);
        return node;
    }

    private static void await(
        final String what, final PeerNode one, final PeerNode two, final BooleanSupplier condition)
    {
        assertTrue(PeerNode.await(TIMEOUT_MS, condition, one, two), what);
    }

    @Test
    void shouldAnswerWhoeverHasIntroducedItself() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode newcomer = start(1, endpoints.get(0));
        final PeerNode leader = start(2, endpoints.get(1));
        leader.peers.members(endpoints);
        await("a guest can be sent to", newcomer, leader, () -> newcomer.peers.isConnected(2));
        await("a guest is heard", newcomer, leader,
            () -> leader.publisher.sendHeartbeat(1, 7, 1, 0) && !newcomer.handler.lines.isEmpty());
        await("a guest is answered", newcomer, leader,
            () -> newcomer.publisher.sendTimeoutNow(2, 7) && !leader.handler.lines.isEmpty());
        assertEquals("[timeoutNow, 1, 7]", leader.handler.lines.get(0));
    }

    @Test
    void shouldNotHearWhoHasNotIntroducedItself() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode newcomer = start(1, endpoints.get(0));
        final PeerNode silent = PeerNode.member(2, endpoints).start();
        nodes.add(silent);
        await("it is dropped", newcomer, silent, () -> silent.publisher.sendHeartbeat(1, 7, 1, 0) &&
            newcomer.drops.get(DropReason.UNKNOWN_SENDER) > 0);
        assertEquals(List.of(), newcomer.handler.lines);
        assertFalse(newcomer.publisher.sendHeartbeat(2, 7, 1, 0), "nobody knows where it is");
    }

    @Test
    void shouldKeepALinkThatChangesNothingAndMoveOneWhoseAddressChanges() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(3);
        final PeerEndpoint moved = new PeerEndpoint(2, "127.0.0.1", endpoints.get(2).port());
        final PeerNode one = start(1, endpoints.get(0));
        final PeerNode before = start(2, endpoints.get(1), endpoints.get(0));
        one.peers.members(List.of(endpoints.get(0), endpoints.get(1)));
        await("connected", one, before, () -> one.peers.isConnected(2));

        one.peers.members(List.of(endpoints.get(0), endpoints.get(1)));
        assertTrue(one.peers.isConnected(2), "the same link");

        one.peers.members(List.of(endpoints.get(0), moved));
        assertFalse(one.peers.isConnected(2), "another link");
        nodes.remove(before);
        before.close();
        final PeerNode after = start(2, moved, endpoints.get(0));
        await("connected there", one, after, () -> one.peers.isConnected(2));
        await("heard there", one, after,
            () -> one.publisher.sendHeartbeat(2, 7, 1, 0) && !after.handler.lines.isEmpty());
    }

    /** A leader that is removed leads until that is committed, so it must go on hearing what the others have. */
    @Test
    void shouldKeepTheLinkToWhoIsNoMemberAnyMoreWhileItSpeaks() throws IOException
    {
        final List<PeerEndpoint> endpoints = PeerNode.freeEndpoints(2);
        final PeerNode one = start(1, endpoints.get(0));
        final PeerNode removed = start(2, endpoints.get(1), endpoints.get(0));
        one.peers.members(endpoints);
        await("connected", one, removed, () -> one.peers.isConnected(2) && removed.peers.isConnected(1));

        one.peers.members(List.of(endpoints.get(0)));
        assertTrue(one.publisher.sendHeartbeat(2, 7, 1, 0), "not for a moment is it lost");
        await("heard", one, removed,
            () -> removed.publisher.sendHeartbeat(1, 8, 1, 0) && !one.handler.lines.isEmpty());

        nodes.remove(removed);
        removed.close();
        final long laterNs = System.nanoTime() + AeronPeers.GUEST_TIMEOUT_NS + TimeUnit.SECONDS.toNanos(2);
        one.peers.doWork(laterNs);
        one.handler.lines.clear();
        assertFalse(one.publisher.sendHeartbeat(2, 7, 2, 0), "it is forgotten when it is silent");
    }

    @Test
    void shouldHaveNoMoreGuestsThanItMayAndNoneThatCannotBeReached() throws IOException
    {
        final PeerNode node = start(1, PeerNode.freeEndpoints(1).get(0));
        for (final String address : new String[]{"nowhere", ":9", "host:0", "host:70000", "a|b:9", "host:x", ""})
        {
            introduce(node, 50, address);
            assertFalse(node.publisher.sendHeartbeat(50, 1, 1, 1));
        }
        final int count = AeronPeers.MAX_GUESTS + 4;
        for (int i = 0; i < count; i++)
        {
            introduce(node, 100 + i, "127.0.0.1:" + (20_000 + i));
        }
        node.work();
        assertEquals(AeronPeers.MAX_GUESTS, node.peers.guestCount());
    }

    private static void introduce(final PeerNode node, final int id, final String address)
    {
        final UnsafeBuffer text = new UnsafeBuffer(address.getBytes(StandardCharsets.US_ASCII));
        node.peers.onIntroduction(id, 1, 0, text, 0, text.capacity());
    }
}
