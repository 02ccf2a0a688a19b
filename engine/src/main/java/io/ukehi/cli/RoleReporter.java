package io.ukehi.cli;

import io.ukehi.codecs.client.NodeRole;
import io.ukehi.node.NodeCounters;
import io.ukehi.node.UkehiNode;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Prints a line when a node's role, term or leader has changed, and now and then while it makes its state. */
final class RoleReporter
{
    private static final long PROGRESS_INTERVAL_NS = TimeUnit.SECONDS.toNanos(2);

    private final UkehiNode node;
    private NodeRole role = NodeRole.NULL_VAL;
    private long term = -1;
    private int leaderId;
    private long progressNs = System.nanoTime();

    RoleReporter(final UkehiNode node)
    {
        this.node = node;
    }

    void report()
    {
        if (NodeRole.RECOVERING == node.role() && System.nanoTime() - progressNs > PROGRESS_INTERVAL_NS)
        {
            progressNs = System.nanoTime();
            reportProgress();
        }
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

    private void reportProgress()
    {
        final long loaded = node.counter(NodeCounters.Kind.SNAPSHOT_LOADED_PERCENT);
        System.out.println("member " + node.context().memberId() + ": " + (loaded >= 0 ?
            "makes its state from the snapshot at index " + node.counter(NodeCounters.Kind.SNAPSHOT_INDEX) + ", " +
                loaded + " % done" :
            "has applied the log up to entry " + node.counter(NodeCounters.Kind.APPLIED_INDEX) + " of " +
                node.counter(NodeCounters.Kind.REPLAY_TO_INDEX)));
    }
}
