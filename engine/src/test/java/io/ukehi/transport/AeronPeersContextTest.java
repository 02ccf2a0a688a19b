package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.ChannelUri;
import io.aeron.CommonContext;
import java.util.List;
import org.junit.jupiter.api.Test;

class AeronPeersContextTest
{
    private static final PeerEndpoint ONE = new PeerEndpoint(1, "one.example", 9001);
    private static final PeerEndpoint TWO = new PeerEndpoint(2, "10.0.0.2", 9002);

    @Test
    void shouldWriteAddressesAsAeronReadsThem()
    {
        assertEquals("one.example:9001", ONE.address());
        assertEquals("10.0.0.2:9002", TWO.address());
        assertEquals("[fe80::1]:7", new PeerEndpoint(1, "fe80::1", 7).address());
        assertEquals("[fe80::1]:7", new PeerEndpoint(1, "[fe80::1]", 7).address());
    }

    @Test
    void shouldRefuseEndpointsThatCannotBe()
    {
        assertThrows(IllegalArgumentException.class, () -> new PeerEndpoint(0, "a", 1));
        assertThrows(IllegalArgumentException.class, () -> new PeerEndpoint(1, null, 1));
        assertThrows(IllegalArgumentException.class, () -> new PeerEndpoint(1, " ", 1));
        assertThrows(IllegalArgumentException.class, () -> new PeerEndpoint(1, "a", 0));
        assertThrows(IllegalArgumentException.class, () -> new PeerEndpoint(1, "a", 65_536));
        assertThrows(IllegalArgumentException.class, () -> new PeerEndpoint(1, "a|mtu=1408", 1));
    }

    @Test
    void shouldTakeTheLongestAppendByDefault()
    {
        final int entryAndItsFrame = 1024 * 1024 + 4096;
        assertTrue(new AeronPeersContext().maxBulkMessageLength() > 256 * 1024 + entryAndItsFrame);
    }

    @Test
    void shouldAskForWhatWasSetAndNothingElse()
    {
        final ChannelUri plain = ChannelUri.parse(context().publicationChannel(TWO, PeerLink.Lane.BULK));
        assertEquals("10.0.0.2:9002", plain.get(CommonContext.ENDPOINT_PARAM_NAME));
        assertEquals("16m", plain.get(CommonContext.TERM_LENGTH_PARAM_NAME));
        assertFalse(plain.containsKey(CommonContext.MTU_LENGTH_PARAM_NAME));
        assertFalse(plain.containsKey(CommonContext.SOCKET_RCVBUF_PARAM_NAME));

        final AeronPeersContext context =
            context().mtuLength(8192).receiverWindowLength(1 << 20).socketBufferLength(2 << 20).nodeId(1);
        final ChannelUri publication = ChannelUri.parse(context.publicationChannel(TWO, PeerLink.Lane.CONTROL));
        assertEquals("256k", publication.get(CommonContext.TERM_LENGTH_PARAM_NAME));
        assertEquals("8k", publication.get(CommonContext.MTU_LENGTH_PARAM_NAME));
        final ChannelUri subscription = ChannelUri.parse(context.subscriptionChannel());
        assertEquals("one.example:9001", subscription.get(CommonContext.ENDPOINT_PARAM_NAME));
        assertEquals("1m", subscription.get(CommonContext.RECEIVER_WINDOW_LENGTH_PARAM_NAME));
        assertEquals("2m", subscription.get(CommonContext.SOCKET_RCVBUF_PARAM_NAME));
    }

    @Test
    void shouldNameTheSettingThatIsWrong()
    {
        expectRefusal("nodeId must be one of the members", context().nodeId(3));
        expectRefusal("member ids must be unique", context().nodeId(1).endpoints(List.of(ONE, TWO, TWO)));
        expectRefusal("controlTermLength", context().nodeId(1).controlTermLength(1000));
        expectRefusal("bulkTermLength", context().nodeId(1).bulkTermLength(100_000));
        expectRefusal("mtuLength", context().nodeId(1).mtuLength(-1));
        expectRefusal("receiverWindowLength", context().nodeId(1).receiverWindowLength(-1));
        expectRefusal("socketBufferLength", context().nodeId(1).socketBufferLength(-1));
        expectRefusal("a listener", context().nodeId(1).listener(null));
        expectRefusal("an Aeron client", context().nodeId(1));
    }

    private static void expectRefusal(final String rule, final AeronPeersContext context)
    {
        final IllegalArgumentException thrown = assertThrows(IllegalArgumentException.class, context::conclude);
        assertTrue(thrown.getMessage().startsWith(rule), thrown.getMessage());
    }

    private static AeronPeersContext context()
    {
        return new AeronPeersContext().endpoints(List.of(ONE, TWO));
    }
}
