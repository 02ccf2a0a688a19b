package io.ukehi.cli;

import io.ukehi.client.ClusterStatus;
import io.ukehi.client.MemberSnapshots;
import io.ukehi.client.MemberStatus;
import io.ukehi.client.UkehiClient;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ukehi status}: how each member is, asked one by one, leader or not. */
@Command(
    name = "status",
    description = "Prints how each member is. Exit code 1 if there is no leader or a member does not answer.",
    mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer>
{
    private static final String ROW = "%6s  %-13s %8s %10s %10s %10s %10s %10s  %-16s %9s %6s %7s%n";

    @Mixin
    private ClusterOptions cluster;

    @Override
    public Integer call()
    {
        try (UkehiClient client = UkehiClient.open(cluster.context()))
        {
            final ClusterStatus status = client.clusterStatus(Math.min(
                cluster.timeoutNs(), TimeUnit.SECONDS.toNanos(2)));
            print(status);
            return status.leaderId() > 0 && status.silent().isEmpty() ? 0 : 1;
        }
    }

    static void print(final ClusterStatus status)
    {
        System.out.printf(ROW, "member", "role", "term", "last", "durable", "commit", "applied", "snapshot",
            "state digest",
            "elections", "errors", "clients");
        for (final MemberStatus member : status.members())
        {
            System.out.printf(ROW, member.nodeId(), member.role().name().toLowerCase(Locale.ROOT), member.term(),
                member.lastIndex(), member.durableIndex(), member.commitIndex(), member.appliedIndex(),
                member.snapshots().index(),
                String.format("%016x", member.stateDigest()), member.electionCount(), member.errorCount(),
                member.sessionCount());
        }
        for (final MemberStatus member : status.members())
        {
            if (0 != member.doubtfulTo())
            {
                System.out.printf("%6d  may have acknowledged entries %s that it does not hold: it does not vote, " +
                    "and counts for nothing, before it has caught up with a leader%n", member.nodeId(),
                    MemberStatus.UNBOUNDED == member.doubtfulTo() ? "without a bound" : "up to " + member.doubtfulTo());
            }
        }
        status.members().forEach(StatusCommand::printSnapshots);
        for (final int silent : status.silent())
        {
            System.out.printf("%6d  does not answer%n", silent);
        }
    }

    private static void printSnapshots(final MemberStatus member)
    {
        final MemberSnapshots snapshots = member.snapshots();
        if (snapshots.loadedPercent() != MemberSnapshots.NONE)
        {
            System.out.printf("%6d  makes its state from a snapshot, %d %% done%n",
                member.nodeId(), snapshots.loadedPercent());
        }
        if (snapshots.takenBytes() != MemberSnapshots.NONE)
        {
            System.out.printf("%6d  takes a snapshot, %d KiB written%n",
                member.nodeId(), snapshots.takenBytes() / 1024);
        }
        if (snapshots.sentPercent() != MemberSnapshots.NONE)
        {
            System.out.printf("%6d  sends a snapshot, %d %% have arrived%n",
                member.nodeId(), snapshots.sentPercent());
        }
        if (snapshots.receivedPercent() != MemberSnapshots.NONE)
        {
            System.out.printf("%6d  receives a snapshot, %d %% are here%n",
                member.nodeId(), snapshots.receivedPercent());
        }
    }
}
