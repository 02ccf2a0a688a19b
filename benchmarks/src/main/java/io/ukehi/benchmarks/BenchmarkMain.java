package io.ukehi.benchmarks;

import io.ukehi.benchmarks.cluster.ClusterBenchmark;
import java.util.Arrays;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs the cluster benchmark if the first argument is {@code cluster}, a short comparison with stored ratios if it is
 * {@code check}, else JMH with its own options. JMH's forks get the flag that Agrona needs, which a manifest gives to
 * the first JVM only.
 */
public final class BenchmarkMain
{
    static final String OPENS = "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED";

    private BenchmarkMain()
    {
    }

    public static void main(final String[] args) throws Exception
    {
        if (args.length > 0 && "cluster".equals(args[0]))
        {
            ClusterBenchmark.main(Arrays.copyOfRange(args, 1, args.length));
            return;
        }
        if (args.length > 0 && "check".equals(args[0]))
        {
            JmhCheck.main(Arrays.copyOfRange(args, 1, args.length));
            return;
        }
        final CommandLineOptions options = new CommandLineOptions(args);
        if (options.shouldHelp() || options.shouldList() || options.shouldListWithParams() ||
            options.shouldListProfilers() || options.shouldListResultFormats())
        {
            org.openjdk.jmh.Main.main(args);
            return;
        }
        new Runner(new OptionsBuilder()
            .parent(options)
            .jvmArgsPrepend(OPENS)
            .build()).run();
    }
}
