package io.ukehi.benchmarks.cluster;

import io.ukehi.log.Durability;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * Results as files: {@code results.json}, a line for each run of each scenario, and a {@code .hgrm} for each scenario
 * and system, all rounds together, as HdrHistogram's own tools read it.
 */
final class ResultFiles
{
    private ResultFiles()
    {
    }

    static void write(final ResultTable table, final Path directory) throws IOException
    {
        Files.createDirectories(directory);
        try (PrintStream json = open(directory.resolve("results.json")))
        {
            table.results().forEach((scenario, systems) -> systems.forEach((system, runs) ->
            {
                for (final LoadResult run : runs)
                {
                    json.println(line(scenario, system, run));
                }
            }));
        }
        for (final Map.Entry<Scenario, Map<String, List<LoadResult>>> scenario : table.results().entrySet())
        {
            for (final Map.Entry<String, List<LoadResult>> system : scenario.getValue().entrySet())
            {
                final Path file = directory.resolve(name(scenario.getKey()) + "-" + system.getKey() + ".hgrm");
                try (PrintStream out = open(file))
                {
                    sum(system.getValue()).outputPercentileDistribution(out, 1000.0);
                }
            }
        }
    }

    private static PrintStream open(final Path file) throws IOException
    {
        return new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8);
    }

    static Histogram sum(final List<LoadResult> runs)
    {
        final Histogram sum = runs.getFirst().histogram().copy();
        runs.subList(1, runs.size()).forEach(run -> sum.add(run.histogram()));
        return sum;
    }

    /** Of a scenario, fit for a file. */
    static String name(final Scenario scenario)
    {
        final String driver = ClusterSettings.Layout.ONE == scenario.layout() ? "one-driver" : "driver-per-node";
        final String synced = Durability.ASYNC == scenario.durability() ? "unsynced" : "synced";
        final String load = scenario.perSecond() > 0 ?
            scenario.perSecond() + "-per-s" : scenario.outstanding() + "-outstanding";
        return driver + "-" + synced + "-" + scenario.length() + "B-" + load;
    }

    private static String line(final Scenario scenario, final String system, final LoadResult run)
    {
        return String.format(Locale.ROOT,
            "{\"system\":\"%s\",\"drivers\":\"%s\",\"durability\":\"%s\",\"length\":%d,\"outstanding\":%d," +
            "\"rate\":%d,\"p50Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f,\"maxUs\":%.1f,\"perSecond\":%.0f," +
            "\"unanswered\":%d,\"bytesPerCommand\":%.2f,\"collections\":%d,\"cpuNsPerCommand\":%.0f}",
            system, scenario.layout(), scenario.durability(), scenario.length(), scenario.outstanding(),
            scenario.perSecond(), run.micros(50), run.micros(99), run.micros(99.9), run.micros(100), run.perSecond(),
            run.unanswered(), run.bytesPerCommand(), run.collections(),
            run.cpuNsPerCommand());
    }
}
