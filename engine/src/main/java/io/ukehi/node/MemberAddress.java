package io.ukehi.node;

import io.ukehi.transport.PeerEndpoint;
import java.util.ArrayList;
import java.util.List;

/**
 * A member of the cluster and where it is reached.
 *
 * @param id         of the member, 1 or greater.
 * @param host       name or address.
 * @param peerPort   UDP port for the other members.
 * @param clientPort UDP port for clients.
 */
public record MemberAddress(int id, String host, int peerPort, int clientPort)
{
    private static final int MAX_PORT = 65_535;

    /**
     * Reads {@code 1=host:peerPort:clientPort,2=...}.
     *
     * @param list     of members.
     * @param problems gets a sentence for everything that is wrong.
     * @return those that could be read.
     */
    static List<MemberAddress> parse(final String list, final List<String> problems)
    {
        final List<MemberAddress> members = new ArrayList<>();
        for (final String entry : list.split(","))
        {
            final MemberAddress member = parseOne(entry.trim());
            if (null == member)
            {
                problems.add("'" + entry.trim() + "': must be ID=HOST:PEERPORT:CLIENTPORT");
            }
            else
            {
                checkUnique(member, members, problems);
                members.add(member);
            }
        }
        return members;
    }

    private static MemberAddress parseOne(final String entry)
    {
        final int equals = entry.indexOf('=');
        final int second = entry.lastIndexOf(':');
        final int first = second < 0 ? -1 : entry.lastIndexOf(':', second - 1);
        if (equals < 1 || first <= equals + 1)
        {
            return null;
        }
        final int id = number(entry.substring(0, equals), Integer.MAX_VALUE);
        final int peerPort = number(entry.substring(first + 1, second), MAX_PORT);
        final int clientPort = number(entry.substring(second + 1), MAX_PORT);
        final String host = entry.substring(equals + 1, first).trim();
        final boolean isHost = !host.isEmpty() &&
            host.chars().noneMatch(c -> Character.isWhitespace(c) || "|?=/".indexOf(c) >= 0);
        return id < 1 || peerPort < 1 || clientPort < 1 || !isHost ?
            null : new MemberAddress(id, host, peerPort, clientPort);
    }

    private static int number(final String digits, final int max)
    {
        try
        {
            final int value = Integer.parseInt(digits.trim());
            return value <= max ? value : -1;
        }
        catch (final NumberFormatException ignore)
        {
            // Told by the caller, with the whole entry.
            return -1;
        }
    }

    private static void checkUnique(
        final MemberAddress member, final List<MemberAddress> others, final List<String> problems)
    {
        if (member.peerPort == member.clientPort)
        {
            problems.add("member " + member.id + ": its two ports must differ, both are " + member.peerPort);
        }
        for (final MemberAddress other : others)
        {
            if (other.id == member.id)
            {
                problems.add("member " + member.id + ": must be named once");
            }
            else
            {
                member.checkNoSharedPort(other, problems);
            }
        }
    }

    void checkNoSharedPort(final MemberAddress other, final List<String> problems)
    {
        if (other.host.equalsIgnoreCase(host) && (other.peerPort == peerPort || other.clientPort == clientPort ||
            other.peerPort == clientPort || other.clientPort == peerPort))
        {
            problems.add("members " + other.id + " and " + id + ": must not share a port of one host");
        }
    }

    /** As it stands in a configuration, where the id stands beside it: {@code host:peerPort:clientPort}. */
    public String endpoint()
    {
        return host + ":" + peerPort + ":" + clientPort;
    }

    /** Reads what {@link #endpoint()} writes; null if it is anything else. */
    static MemberAddress of(final int id, final String endpoint)
    {
        return parseOne(id + "=" + endpoint);
    }

    /** Where the others reach the member. */
    PeerEndpoint peerEndpoint()
    {
        return new PeerEndpoint(id, host, peerPort);
    }

    /** Aeron channel on which the member takes clients. */
    String clientChannel()
    {
        return "aeron:udp?endpoint=" + clientEndpoint();
    }

    /** Where the member takes clients: {@code host:port}. */
    public String clientEndpoint()
    {
        final boolean isBareIpv6 = host.indexOf(':') >= 0 && '[' != host.charAt(0);
        return (isBareIpv6 ? "[" + host + "]" : host) + ":" + clientPort;
    }
}
