package io.ukehi.benchmarks.cluster;

import com.sun.management.OperatingSystemMXBean;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;

/** How much of a processor a cluster takes that has nothing to do, all members and drivers in this process. */
final class IdleShare
{
    private static final long DURATION_NS = TimeUnit.SECONDS.toNanos(5);
    private static final EchoListener NOBODY = stampNs -> {};

    private IdleShare()
    {
    }

    static void run(final EchoSystem system, final ClusterSettings settings, final PrintStream out) throws Exception
    {
        final var process = (OperatingSystemMXBean)ManagementFactory.getOperatingSystemMXBean();
        try (EchoCluster cluster = EchoCluster.launch(system, settings, false))
        {
            final long beganNs = System.nanoTime();
            final long cpuBeforeNs = process.getProcessCpuTime();
            while (System.nanoTime() - beganNs < DURATION_NS)
            {
                cluster.poll(NOBODY);
                Thread.sleep(1);
            }
            final double share = 100.0 * (process.getProcessCpuTime() - cpuBeforeNs) / (System.nanoTime() - beganNs);
            out.printf("%-20s %d members, %s, %s: %.1f%% of a processor when idle%n", system.title(),
                settings.nodes(), settings.layout(), settings.idle(), share);
        }
    }
}
