package io.ukehi.transport;

/**
 * Where a member is to be reached by the others.
 *
 * @param memberId 1 or greater.
 * @param host     name, IPv4 address or IPv6 address (in brackets or not). A name is resolved by the media driver, and
 *                 resolved again when the peer falls silent, so that a peer may come back under another address.
 * @param port     UDP, 1 to 65535.
 */
public record PeerEndpoint(int memberId, String host, int port)
{
    private static final int MAX_PORT = 65_535;

    public PeerEndpoint
    {
        require(memberId > 0, "a member id is greater than 0", memberId);
        require(null != host && !host.isBlank(), "an endpoint needs a host, member", memberId);
        // They would end the host and begin another parameter of the channel.
        require(host.indexOf('|') < 0 && host.indexOf('=') < 0 && host.indexOf('?') < 0,
            "a host is a name or an address, member", memberId);
        require(port > 0 && port <= MAX_PORT, "a port is 1 to 65535", port);
    }

    /** As it stands in an Aeron channel: {@code host:port}. */
    public String address()
    {
        final boolean isBareIpv6 = host.indexOf(':') >= 0 && '[' != host.charAt(0);
        return (isBareIpv6 ? "[" + host + "]" : host) + ":" + port;
    }

    /** Reads what {@link #address()} writes; null if it is anything else. */
    static PeerEndpoint parse(final int memberId, final String address)
    {
        final int colon = address.lastIndexOf(':');
        try
        {
            return colon < 1 ? null : new PeerEndpoint(
                memberId, address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
        }
        catch (final IllegalArgumentException ignore)
        {
            // Nobody's fault here, and nothing to answer to.
            return null;
        }
    }

    private static void require(final boolean holds, final String rule, final int value)
    {
        if (!holds)
        {
            throw new IllegalArgumentException(rule + ": " + value);
        }
    }
}
