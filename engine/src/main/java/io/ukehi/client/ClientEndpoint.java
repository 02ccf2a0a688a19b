package io.ukehi.client;

import io.aeron.ChannelUri;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a member takes its clients' messages: UDP on stream {@link #UDP_STREAM_ID}, IPC on the stream of that number
 * plus the member's id, since members that share a media driver share its one IPC channel.
 *
 * @param memberId 1 or greater.
 * @param channel  Aeron channel, without the settings of a publication.
 * @param streamId of the member's ingress.
 */
record ClientEndpoint(int memberId, String channel, int streamId)
{
    static final int UDP_STREAM_ID = 100;
    static final String IPC = "ipc";
    private static final String AERON_IPC = "aeron:ipc";
    private static final String AERON_PREFIX = "aeron:";

    boolean isIpc()
    {
        return channel.startsWith(AERON_IPC);
    }

    /**
     * Reads a list as {@code 1=host:port,2=ipc,3=aeron:udp?endpoint=host:port|interface=eth1}.
     *
     * @param list     to read.
     * @param problems gets one sentence for each part that is wrong.
     * @return those that are right.
     */
    static List<ClientEndpoint> parse(final String list, final List<String> problems)
    {
        final List<ClientEndpoint> endpoints = new ArrayList<>();
        for (final String part : list.split(","))
        {
            final String entry = part.trim();
            final int equals = entry.indexOf('=');
            if (equals < 1 || equals == entry.length() - 1)
            {
                problems.add("'" + entry + "' is not of the form ID=HOST:PORT, ID=ipc or ID=aeron:...");
                continue;
            }
            final int memberId = parseId(entry.substring(0, equals).trim());
            final ClientEndpoint endpoint = of(memberId, entry.substring(equals + 1).trim());
            if (memberId < 1)
            {
                problems.add("'" + entry + "': a member id is a number of 1 or more");
            }
            else if (null == endpoint)
            {
                problems.add("'" + entry + "': an endpoint is HOST:PORT with a port of 1 to 65535, ipc or aeron:...");
            }
            else if (endpoints.stream().anyMatch(other -> other.memberId == memberId))
            {
                problems.add("'" + entry + "': member " + memberId + " is there twice");
            }
            else
            {
                endpoints.add(endpoint);
            }
        }
        return endpoints;
    }

    private static ClientEndpoint of(final int memberId, final String where)
    {
        if (IPC.equals(where))
        {
            return new ClientEndpoint(memberId, AERON_IPC, UDP_STREAM_ID + memberId);
        }
        final String channel = where.startsWith(AERON_PREFIX) ? where : "aeron:udp?endpoint=" + where;
        try
        {
            final ChannelUri uri = ChannelUri.parse(channel);
            if (uri.isIpc())
            {
                return new ClientEndpoint(memberId, channel, UDP_STREAM_ID + memberId);
            }
            return hasPort(uri.get("endpoint")) ? new ClientEndpoint(memberId, channel, UDP_STREAM_ID) : null;
        }
        catch (final IllegalArgumentException ignore)
        {
            // The caller tells what would be right.
            return null;
        }
    }

    private static boolean hasPort(final String hostAndPort)
    {
        final int colon = null == hostAndPort ? -1 : hostAndPort.lastIndexOf(':');
        if (colon < 1)
        {
            return false;
        }
        final int port = parseId(hostAndPort.substring(colon + 1));
        return port >= 1 && port <= 65535;
    }

    private static int parseId(final String digits)
    {
        try
        {
            return Integer.parseInt(digits);
        }
        catch (final NumberFormatException ignore)
        {
            // Zero is neither a member id nor a port that can be sent to.
            return 0;
        }
    }
}
