package io.ukehi.benchmarks.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Results as pictures, each as PNG and SVG: latency by percentile, latency against the rate asked for, and 99th
 * percentile against the rate reached.
 */
final class Pictures
{
    private static final int WIDTH = 1000;
    private static final int HEIGHT = 600;
    private static final double[] NINES = {0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999};

    private final ResultTable table;
    private final Path directory;

    /** Draws into a directory, which it makes. */
    Pictures(final ResultTable table, final Path directory)
    {
        this.table = table;
        this.directory = directory;
    }

    void draw() throws IOException
    {
        Files.createDirectories(directory);
        for (final Map.Entry<Scenario, Map<String, List<LoadResult>>> entry : table.results().entrySet())
        {
            drawPercentiles(entry.getKey(), entry.getValue());
        }
        final Set<Scenario> groups = new LinkedHashSet<>();
        table.results().keySet().forEach(scenario ->
            groups.add(new Scenario(scenario.layout(), scenario.durability(), scenario.length(), 0, 0)));
        for (final Scenario group : groups)
        {
            drawAgainst(group, "latency-against-rate", "99th percentile against the rate asked for",
                scenario -> scenario.perSecond() > 0, true);
            drawAgainst(group, "latency-against-throughput", "99th percentile against the rate reached, closed loop",
                scenario -> scenario.outstanding() > 0, false);
        }
    }

    private void drawPercentiles(final Scenario scenario, final Map<String, List<LoadResult>> systems)
        throws IOException
    {
        final XYChart chart = chart("Latency by percentile: " + scenario.title(), "1 / (1 - percentile)");
        chart.getStyler().setXAxisLogarithmic(true);
        systems.forEach((system, runs) ->
        {
            final Histogram histogram = ResultFiles.sum(runs);
            final List<Double> x = new ArrayList<>();
            final List<Double> y = new ArrayList<>();
            for (final double nine : NINES)
            {
                final double micros = histogram.getValueAtPercentile(100 * nine) / 1000.0;
                if (micros > 0)
                {
                    x.add(1 / (1 - nine));
                    y.add(micros);
                }
            }
            add(chart, system, x, y);
        });
        save(chart, "percentiles-" + ResultFiles.name(scenario));
    }

    private void drawAgainst(
        final Scenario group,
        final String name,
        final String title,
        final Predicate<Scenario> isWanted,
        final boolean isAgainstAsked) throws IOException
    {
        final Map<String, List<double[]>> points = new LinkedHashMap<>();
        table.results().forEach((scenario, systems) ->
        {
            if (isWanted.test(scenario) && scenario.layout() == group.layout() &&
                scenario.durability() == group.durability() && scenario.length() == group.length())
            {
                systems.keySet().forEach(system -> points.computeIfAbsent(system, ignore -> new ArrayList<>()).add(
                    new double[]{
                        isAgainstAsked ? scenario.perSecond() : median(scenario, system, LoadResult::perSecond),
                        median(scenario, system, run -> run.micros(99))}));
            }
        });
        final XYChart chart = chart(title + ": " + group.title(), "commands a second");
        points.forEach((system, ofSystem) ->
        {
            ofSystem.removeIf(point -> point[1] <= 0);
            ofSystem.sort((one, other) -> Double.compare(one[0], other[0]));
            add(chart, system,
                ofSystem.stream().map(point -> point[0]).toList(), ofSystem.stream().map(point -> point[1]).toList());
        });
        save(chart, name + "-" + ResultFiles.name(group).replace("-0-outstanding", ""));
    }

    private double median(final Scenario scenario, final String system, final ToDoubleFunction<LoadResult> figure)
    {
        return table.median(scenario, system, figure);
    }

    private static XYChart chart(final String title, final String xTitle)
    {
        final XYChart chart = chart(title, xTitle, "microseconds");
        chart.getStyler().setYAxisLogarithmic(true);
        return chart;
    }

    /** An empty one. */
    static XYChart chart(final String title, final String xTitle, final String yTitle)
    {
        System.setProperty("java.awt.headless", "true");
        final XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT)
            .title(title).xAxisTitle(xTitle).yAxisTitle(yTitle).build();
        chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE);
        return chart;
    }

    private static void add(final XYChart chart, final String system, final List<Double> x, final List<Double> y)
    {
        if (!x.isEmpty())
        {
            chart.addSeries(system, x, y).setMarker(SeriesMarkers.CIRCLE);
        }
    }

    private void save(final XYChart chart, final String name) throws IOException
    {
        if (!chart.getSeriesMap().isEmpty())
        {
            save(chart, directory, name);
        }
    }

    /** As PNG and as SVG. */
    static void save(final XYChart chart, final Path directory, final String name) throws IOException
    {
        final String file = directory.resolve(name).toString();
        BitmapEncoder.saveBitmap(chart, file, BitmapEncoder.BitmapFormat.PNG);
        VectorGraphicsEncoder.saveVectorGraphic(chart, file, VectorGraphicsEncoder.VectorGraphicsFormat.SVG);
    }
}
