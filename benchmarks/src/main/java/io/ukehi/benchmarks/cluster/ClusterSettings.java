package io.ukehi.benchmarks.cluster;

import io.ukehi.log.Durability;
import io.ukehi.node.NodeContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * What a cluster under load is made of.
 *
 * @param nodes           members, 1 to 5.
 * @param layout          how many media drivers there are.
 * @param durability      of a member's log; systems without such a choice take what comes nearest.
 * @param idle            what every thread of a system does when it has nothing to do.
 * @param isIpcClient     whether the client talks IPC to a member; only with one driver for all.
 * @param directory       of the logs.
 * @param aeronDirectory  to which the name of each driver is appended.
 * @param basePort        first of 100 ports.
 * @param electionTimeoutMs shortest election timeout in milliseconds, 0 for the system's default.
 */
record ClusterSettings(
    int nodes,
    Layout layout,
    Durability durability,
    NodeContext.Idle idle,
    boolean isIpcClient,
    Path directory,
    String aeronDirectory,
    int basePort,
    int electionTimeoutMs)
{
    /** How many media drivers there are. */
    enum Layout
    {
        /** One for each member and one for the client, as on separate hosts. */
        PER_NODE,

        /** One for all of them. */
        ONE
    }

    private static final int PORTS_OF_MEMBER = 10;

    ClusterSettings with(final Layout newLayout, final Durability newDurability)
    {
        return new ClusterSettings(nodes, newLayout, newDurability, idle, isIpcClient, directory,
            aeronDirectory, basePort, electionTimeoutMs);
    }

    /** One of ten ports of a member, or of the client, which is number 0. */
    int port(final int memberId, final int which)
    {
        return basePort + PORTS_OF_MEMBER * memberId + which;
    }

    Path directoryOf(final String system, final int memberId)
    {
        return directory.resolve(system + "-" + memberId);
    }

    /** Directory of the driver of a member, or of the client, which is number 0. */
    String driverDirectory(final int memberId)
    {
        return Layout.ONE == layout ? aeronDirectory + "-all" : aeronDirectory + "-" + memberId;
    }

    IdleStrategy newIdleStrategy()
    {
        return switch (idle)
        {
            case BUSY_SPIN -> new BusySpinIdleStrategy();
            case YIELD -> new YieldingIdleStrategy();
            case BACKOFF -> new BackoffIdleStrategy(20, 50, 1_000, 100_000);
            case SLEEP -> new SleepingMillisIdleStrategy(1);
        };
    }

    /** For another process, which {@link #parse}s them. */
    List<String> toArguments()
    {
        final List<String> arguments = new ArrayList<>();
        for (final Object value : new Object[]{
            nodes, layout, durability, idle, isIpcClient, directory, aeronDirectory, basePort,
            electionTimeoutMs})
        {
            arguments.add(value.toString());
        }
        return arguments;
    }

    static ClusterSettings parse(final List<String> arguments)
    {
        return new ClusterSettings(
            Integer.parseInt(arguments.get(0)),
            Layout.valueOf(arguments.get(1)),
            Durability.valueOf(arguments.get(2)),
            NodeContext.Idle.valueOf(arguments.get(3)),
            Boolean.parseBoolean(arguments.get(4)),
            Path.of(arguments.get(5)),
            arguments.get(6),
            Integer.parseInt(arguments.get(7)),
            Integer.parseInt(arguments.get(8)));
    }
}
