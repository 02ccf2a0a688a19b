package io.ukehi.cli;

import io.ukehi.codecs.client.NodeRole;
import io.ukehi.node.UkehiNode;
import java.util.Locale;

/** Prints a line when a node's role, term or leader has changed. */
final class RoleReporter
{
    private final UkehiNode node;
    private NodeRole role = NodeRole.NULL_VAL;
    private long term = -1;
    private int leaderId;

    RoleReporter(final UkehiNode node)
    {
        this.node = node;
    }

    void report()
    {
        final NodeRole newRole = node.role();
        final long newTerm = node.term();
        final int newLeaderId = node.leaderId();
        if (newRole != role || newTerm != term || newLeaderId != leaderId)
        {
            role = newRole;
            term = newTerm;
            leaderId = newLeaderId;
            System.out.println("member " + node.context().memberId() + ": " + role.name().toLowerCase(Locale.ROOT) +
                ", term " + term + (leaderId < 0 ? ", no leader known" : ", leader " + leaderId));
        }
    }
}
