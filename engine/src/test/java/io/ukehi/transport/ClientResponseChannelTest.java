package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.aeron.ChannelUri;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientResponseChannelTest
{
    private static final int INGRESS_STREAM_ID = 100;
    private static final int TERM_LENGTH = 65_536;
    private static final String TAIL = "term-length=65536|sparse=true|linger=1s|alias=ukehi-client";

    private static String accept(final String channel, final int streamId)
    {
        return ClientResponseChannel.accept(channel, streamId, INGRESS_STREAM_ID, TERM_LENGTH);
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost:4001", "127.0.0.1:1", "[::1]:65535", "node-1.example_net.org:4001"})
    void shouldTakeTheEndpointAndNothingElse(final String endpoint)
    {
        final String expected = "aeron:udp?endpoint=" + endpoint + "|" + TAIL;
        assertEquals(expected, accept("aeron:udp?endpoint=" + endpoint, 7));
        assertEquals(expected, accept("aeron:udp?term-length=1g|mtu=8k|alias=x|rcv-wnd=1m|so-rcvbuf=2m|endpoint=" +
            endpoint, 7));
    }

    @Test
    void shouldTakeIpc()
    {
        assertEquals("aeron:ipc?" + TAIL, accept("aeron:ipc", 7));
        assertEquals("aeron:ipc?" + TAIL, accept("aeron:ipc?alias=me|term-length=64k", 7));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "",
        "aeron",
        "aeron:",
        "aeron:tcp?endpoint=localhost:4001",
        "udp?endpoint=localhost:4001",
        "aeron-spy:aeron:udp?endpoint=localhost:4001",
        "aeron-spy:aeron:ipc",
        "aeron:udp",
        "aeron:udp?endpoint=",
        "aeron:udp?endpoint=localhost",
        "aeron:udp?endpoint=localhost:",
        "aeron:udp?endpoint=localhost:0",
        "aeron:udp?endpoint=localhost:65536",
        "aeron:udp?endpoint=localhost:99999999999",
        "aeron:udp?endpoint=local host:4001",
        "aeron:udp?endpoint=localhost:4001,other:4001",
        "aeron:udp?endpoint=/etc/passwd:4001",
        "aeron:udp?endpoint=[::1:4001",
        "aeron:udp?endpoint",
        "aeron:udp?endpoint=localhost:4001|",
        "aeron:udp?endpoint=localhost:4001|control=localhost:5000|control-mode=dynamic",
        "aeron:udp?endpoint=localhost:4001|session-id=1",
        "aeron:udp?endpoint=localhost:4001|init-term-id=1|term-id=1|term-offset=0",
        "aeron:udp?endpoint=localhost:4001|tags=1,2",
        "aeron:udp?tags=1",
        "aeron:udp?endpoint=localhost:4001|interface=eth0",
        "aeron:udp?endpoint=localhost:4001|linger=1h",
        "aeron:udp?endpoint=localhost:4001|fc=min",
        "aeron:udp?endpoint=localhost:4001|so-sndbuf=1g",
        "aeron:udp?endpoint=localhost:4001|ssc=true",
        "aeron:udp?endpoint=localhost:4001|sparse=false",
        "aeron:udp?endpoint=localhost:4001|unheard-of=1",
        "aeron:udp?ENDPOINT=localhost:4001",
        "aeron:ipc?endpoint=localhost:4001",
        "aeron:ipc?session-id=1",
        "aeron:ipc?control-mode=response",
        "\u0000\uFFFD"})
    void shouldRefuseWhatIsNotAnAddressOrAsksForMore(final String channel)
    {
        assertNull(accept(channel, 7));
    }

    @Test
    void shouldRefuseChannelsThatAreTooLong()
    {
        final String channel = "aeron:udp?endpoint=localhost:4001|alias=";
        final int room = ClientResponseChannel.MAX_LENGTH - channel.length();
        assertNotNull(accept(channel + "a".repeat(room), 7));
        assertNull(accept(channel + "a".repeat(room + 1), 7));
    }

    @Test
    void shouldRefuseTheStreamsOnWhichNodesListen()
    {
        assertNull(accept("aeron:udp?endpoint=localhost:4001", INGRESS_STREAM_ID));
        assertNotNull(accept("aeron:udp?endpoint=localhost:4001", INGRESS_STREAM_ID + 1));
        assertNotNull(accept("aeron:ipc", INGRESS_STREAM_ID - 1));
        assertNull(accept("aeron:ipc", INGRESS_STREAM_ID));
        assertNull(accept("aeron:ipc", INGRESS_STREAM_ID + ClientResponseChannel.RESERVED_IPC_STREAMS - 1));
        assertNotNull(accept("aeron:ipc", INGRESS_STREAM_ID + ClientResponseChannel.RESERVED_IPC_STREAMS));
        assertNotNull(accept("aeron:ipc", Integer.MIN_VALUE));
        assertNotNull(accept("aeron:ipc", Integer.MAX_VALUE));
    }

    @Test
    void shouldNeverThrowWhateverTheText()
    {
        final Random random = new Random(11);
        final String alphabet = "aeron:udpipc?endpoint=localhost:4001|=[]:,\u0000\uFFFD";
        for (int i = 0; i < 200_000; i++)
        {
            final StringBuilder text = new StringBuilder(
                random.nextInt(4) > 0 ? "aeron:udp?endpoint=localhost:4001" : "");
            for (int n = random.nextInt(20); n >= 0; n--)
            {
                final char c = alphabet.charAt(random.nextInt(alphabet.length()));
                text.insert(random.nextInt(text.length() + 1), c);
            }
            final String accepted = accept(text.toString(), random.nextInt());
            if (null != accepted)
            {
                assertNotNull(ChannelUri.parse(accepted));
            }
        }
    }
}
