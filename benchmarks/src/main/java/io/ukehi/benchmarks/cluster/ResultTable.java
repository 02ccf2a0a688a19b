package io.ukehi.benchmarks.cluster;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Every result of every round; medians, and ratios to the reference of the same rounds. */
final class ResultTable
{
    private final Map<Scenario, Map<String, List<LoadResult>>> results = new LinkedHashMap<>();

    void add(final Scenario scenario, final String system, final LoadResult result)
    {
        results.computeIfAbsent(scenario, ignore -> new LinkedHashMap<>())
            .computeIfAbsent(system, ignore -> new ArrayList<>())
            .add(result);
    }

    Map<Scenario, Map<String, List<LoadResult>>> results()
    {
        return results;
    }

    /** The median over the rounds; NaN where there is no result. */
    double median(final Scenario scenario, final String system, final ToDoubleFunction<LoadResult> figure)
    {
        final List<LoadResult> runs = results.getOrDefault(scenario, Map.of()).getOrDefault(system, List.of());
        final double[] values = runs.stream().mapToDouble(figure).sorted().toArray();
        final int middle = values.length / 2;
        if (0 == values.length)
        {
            return Double.NaN;
        }
        return 1 == (values.length & 1) ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    void print(final PrintStream out)
    {
        results.forEach((scenario, systems) ->
        {
            out.printf("%n%s (medians of %d)%n", scenario.title(), systems.values().iterator().next().size());
            out.printf("  %-20s %10s %10s %10s %10s %11s %9s %8s %3s %7s  %s%n", "", "p50 us", "p99 us", "p99.9 us",
                "max us", "echoes/s", "lost", "B/cmd", "gc", "cpu ns", "p50, p99, rate: ratio to " + Systems.REFERENCE);
            systems.keySet().forEach(system -> printRow(out, scenario, system));
        });
    }

    private void printRow(final PrintStream out, final Scenario scenario, final String system)
    {
        out.printf("  %-20s %10.1f %10.1f %10.1f %10.1f %11.0f %9.0f %8.1f %3.0f %7.0f  %5.2f %5.2f %5.2f%n", system,
            median(scenario, system, run -> run.micros(50)),
            median(scenario, system, run -> run.micros(99)),
            median(scenario, system, run -> run.micros(99.9)),
            median(scenario, system, run -> run.micros(100)),
            median(scenario, system, LoadResult::perSecond),
            median(scenario, system, LoadResult::unanswered),
            median(scenario, system, LoadResult::bytesPerCommand),
            median(scenario, system, LoadResult::collections),
            median(scenario, system, LoadResult::cpuNsPerCommand),
            ratio(scenario, system, Systems.REFERENCE, run -> run.micros(50)),
            ratio(scenario, system, Systems.REFERENCE, run -> run.micros(99)),
            ratio(scenario, system, Systems.REFERENCE, LoadResult::perSecond));
    }

    /** Of a system's median to another's. */
    double ratio(
        final Scenario scenario, final String system, final String other, final ToDoubleFunction<LoadResult> figure)
    {
        return median(scenario, system, figure) / median(scenario, other, figure);
    }
}
