package io.ukehi.cli;

import io.ukehi.client.MemberStatus;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.AdminCode;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ukehi snapshot MEMBER...}: snapshots of members, durable on return. */
@Command(
    name = "snapshot",
    description = "Has members take a snapshot of what they have applied, one after the other, and waits until each " +
        "is durable. Exit code 1 if one is not within the timeout.",
    mixinStandardHelpOptions = true)
final class SnapshotCommand implements Callable<Integer>
{
    private static final long POLL_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(50);

    @Mixin
    private ClusterOptions cluster;

    @Parameters(arity = "1..*", paramLabel = "MEMBER", description = "Members by id.")
    private int[] members;

    @Override
    public Integer call()
    {
        try (UkehiClient client = UkehiClient.connect(cluster.context()))
        {
            for (final int member : members)
            {
                take(client, member);
            }
        }
        return 0;
    }

    private void take(final UkehiClient client, final int member)
    {
        final long deadlineNs = System.nanoTime() + cluster.timeoutNs();
        final long wantedIndex = client.status(member, cluster.timeoutNs()).appliedIndex();
        final AdminCode code = client.takeSnapshot(member, cluster.timeoutNs());
        if (AdminCode.STARTED != code)
        {
            throw new ToolException("member " + member + " takes no snapshot: " + code);
        }
        MemberStatus status = client.status(member, cluster.timeoutNs());
        while (status.snapshots().index() < wantedIndex)
        {
            if (System.nanoTime() - deadlineNs > 0)
            {
                throw new ToolException("member " + member + " has not ended its snapshot: its newest is at " +
                    "index " + status.snapshots().index() + ", and it had applied " + wantedIndex);
            }
            LockSupport.parkNanos(POLL_INTERVAL_NS);
            status = client.status(member, cluster.timeoutNs());
        }
        System.out.println("member " + member + " has a snapshot at index " + status.snapshots().index());
    }
}
