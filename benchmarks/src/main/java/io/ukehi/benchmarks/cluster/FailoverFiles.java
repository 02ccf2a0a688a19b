package io.ukehi.benchmarks.cluster;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * What became of the kills: {@code failover.json}, a line for each kill with its gap and the acknowledgements around
 * it, and a picture of the kill of each system whose gap is the median one.
 */
final class FailoverFiles
{
    private static final double MOST_SHOWN = 4.0 * Acknowledgements.BUCKET_MS;

    private final Map<String, List<Acknowledgements>> bySystem = new LinkedHashMap<>();

    void add(final String system, final Acknowledgements kill)
    {
        bySystem.computeIfAbsent(system, ignore -> new ArrayList<>()).add(kill);
    }

    /** Of a system's kills, the one whose gap is in the middle; of an even number, the longer one. */
    Acknowledgements median(final String system)
    {
        final List<Acknowledgements> kills = new ArrayList<>(bySystem.get(system));
        kills.sort(Comparator.comparingDouble(Acknowledgements::gapMs));
        return kills.get(kills.size() / 2);
    }

    /** Into a directory, which it makes. */
    void write(final Path directory) throws IOException
    {
        Files.createDirectories(directory);
        try (PrintStream json = new PrintStream(
            Files.newOutputStream(directory.resolve("failover.json")), false, StandardCharsets.UTF_8))
        {
            bySystem.forEach((system, kills) -> kills.forEach(kill -> json.println(line(system, kill))));
        }
        if (!bySystem.isEmpty())
        {
            Pictures.save(chart(), directory, "failover");
        }
    }

    static String line(final String system, final Acknowledgements kill)
    {
        final StringJoiner counts = new StringJoiner(",", "[", "]");
        for (int i = 0; i < kill.buckets(); i++)
        {
            counts.add(Integer.toString(kill.count(i)));
        }
        return String.format(Locale.ROOT,
            "{\"system\":\"%s\",\"gapMs\":%.1f,\"longestSilenceMs\":%.1f,\"fromMs\":%d,\"bucketMs\":%d," +
            "\"acknowledgements\":%s}", system, kill.gapMs(), kill.silenceMs(), Acknowledgements.FROM_MS,
            Acknowledgements.BUCKET_MS, counts);
    }

    private XYChart chart()
    {
        final XYChart chart = Pictures.chart(
            "Acknowledgements around SIGKILL to the leader; a command due each millisecond",
            "milliseconds after the kill", "acknowledgements in " + Acknowledgements.BUCKET_MS + " ms");
        // What has waited comes all at once when the gap ends; the rest would lie flat on the axis beside it.
        chart.getStyler().setYAxisMin(0.0).setYAxisMax(MOST_SHOWN);
        bySystem.keySet().forEach(system ->
        {
            final Acknowledgements kill = median(system);
            final double[] x = new double[kill.buckets()];
            final double[] y = new double[kill.buckets()];
            for (int i = 0; i < kill.buckets(); i++)
            {
                x[i] = Acknowledgements.bucketMs(i);
                y[i] = kill.count(i);
            }
            final String name = String.format(Locale.ROOT, "%s, %.0f ms", system, kill.gapMs());
            chart.addSeries(name, x, y).setMarker(SeriesMarkers.NONE);
        });
        return chart;
    }
}
