package io.ukehi.transport;

import io.aeron.ChannelUri;
import io.aeron.CommonContext;
import java.util.regex.Pattern;

/**
 * Where a client wants its answers, as far as a node lets a stranger choose.
 * <p>
 * An Aeron channel names much more than an address: files, sockets, buffers, timers, flow control of the node's own
 * driver. Of a client's channel only the medium and, over UDP, the endpoint are taken; what concerns a subscription
 * alone is passed over; anything else makes the whole channel refused. The channel that is opened is written anew.
 */
final class ClientResponseChannel
{
    /** Longest channel that is read at all, in bytes. */
    static final int MAX_LENGTH = 256;

    /**
     * So many streams from the ingress stream on are the nodes' own on IPC: a node that answered into one would be
     * talking to a node, or to itself.
     */
    static final int RESERVED_IPC_STREAMS = 128;

    /**
     * How long what was sent last is sent again to who missed it, once the publication is closed. Aeron's default, 5 s,
     * would let those pile up that were opened for strangers.
     */
    private static final String LINGER = "1s";

    private static final Pattern ENDPOINT = Pattern.compile("(?:[A-Za-z0-9._-]{1,200}|\\[[0-9A-Fa-f:.]{2,60}])" +
        ":([0-9]{1,5})");
    private static final int MAX_PORT = 65_535;

    private ClientResponseChannel()
    {
    }

    /**
     * Checks what a client asked for.
     *
     * @param text            the client's channel.
     * @param streamId        the client's stream.
     * @param ingressStreamId on which nodes listen to clients; see {@link #RESERVED_IPC_STREAMS}.
     * @param termLength      in bytes, of the publication to be opened.
     * @return the channel to open, null if it is refused.
     */
    static String accept(final String text, final int streamId, final int ingressStreamId, final int termLength)
    {
        final ChannelUri uri = parse(text);
        if (null == uri || !uri.prefix().isEmpty() || !(uri.isUdp() || uri.isIpc()))
        {
            return null;
        }
        final boolean[] isRefused = {false};
        uri.forEachParameter((name, value) -> isRefused[0] |= !isKnown(name));
        final String endpoint = uri.get(CommonContext.ENDPOINT_PARAM_NAME);
        if (isRefused[0])
        {
            return null;
        }
        final String tail = "term-length=" + termLength + "|sparse=true|linger=" + LINGER + "|alias=ukehi-client";
        if (uri.isIpc())
        {
            final long distance = (long)streamId - ingressStreamId;
            final boolean isNodes = distance >= 0 && distance < RESERVED_IPC_STREAMS;
            return null != endpoint || isNodes ? null : "aeron:ipc?" + tail;
        }
        return streamId == ingressStreamId || !isEndpoint(endpoint) ?
            null : "aeron:udp?endpoint=" + endpoint + "|" + tail;
    }

    private static ChannelUri parse(final String text)
    {
        if (text.length() > MAX_LENGTH)
        {
            return null;
        }
        try
        {
            return ChannelUri.parse(text);
        }
        catch (final IllegalArgumentException | IllegalStateException notChannel)
        {
            return null;
        }
    }

    private static boolean isKnown(final String name)
    {
        return switch (name)
        {
            case CommonContext.ENDPOINT_PARAM_NAME,
                CommonContext.ALIAS_PARAM_NAME,
                CommonContext.MTU_LENGTH_PARAM_NAME,
                CommonContext.TERM_LENGTH_PARAM_NAME,
                CommonContext.SOCKET_RCVBUF_PARAM_NAME,
                CommonContext.RECEIVER_WINDOW_LENGTH_PARAM_NAME -> true;
            default -> false;
        };
    }

    private static boolean isEndpoint(final String endpoint)
    {
        if (null == endpoint)
        {
            return false;
        }
        final var matcher = ENDPOINT.matcher(endpoint);
        if (!matcher.matches())
        {
            return false;
        }
        final int port = Integer.parseInt(matcher.group(1));
        return port > 0 && port <= MAX_PORT;
    }
}
