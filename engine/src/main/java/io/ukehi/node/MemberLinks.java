package io.ukehi.node;

import io.ukehi.raft.Configuration;
import io.ukehi.transport.AeronPeers;
import io.ukehi.transport.ClientGateway;
import io.ukehi.transport.PeerEndpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/**
 * Sees to it that there are links to whoever is a member, and that clients hear of them: those of the newest
 * configuration in the log, from the moment it is there and until it is cut away, committed or not. The endpoints of a
 * configuration are {@link MemberAddress#endpoint()}.
 */
final class MemberLinks
{
    private final AeronPeers peers;
    private final ClientGateway gateway;
    private final ErrorLog errors;

    MemberLinks(final AeronPeers peers, final ClientGateway gateway, final ErrorLog errors)
    {
        this.peers = peers;
        this.gateway = gateway;
        this.errors = errors;
    }

    /** This member's log is not the one that the others know it by. */
    void onReplaced(final int nodeId)
    {
        errors.onError(new IllegalStateException("the log of member " + nodeId + " is not the one that the cluster " +
            "knows: what it had acknowledged is lost here, so it does not vote. Remove it and add it again, or add " +
            "it as a learner and promote it"));
    }

    void onConfiguration(final Configuration configuration, final long index)
    {
        final List<PeerEndpoint> endpoints = new ArrayList<>();
        final StringJoiner forClients = new StringJoiner(",");
        for (final int id : configuration.members())
        {
            final MemberAddress address = MemberAddress.of(id, configuration.endpoint(id));
            if (null == address)
            {
                errors.onError(new IllegalStateException("member " + id + " cannot be reached at '" +
                    configuration.endpoint(id) + "': that is not HOST:PEERPORT:CLIENTPORT"));
            }
            else
            {
                endpoints.add(address.peerEndpoint());
                forClients.add(id + "=" + address.clientEndpoint());
            }
        }
        peers.members(endpoints);
        gateway.onMembers(index, forClients.toString());
    }
}
