package io.ukehi.benchmarks.cluster;

import io.ukehi.log.Durability;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.ToDoubleFunction;

/**
 * The few ratios that matter, of Ukehi to a raw Aeron echo in the same run, against those stored when they were last
 * looked at ({@code check-baseline.properties}). Ratios move with the machine far less than times do; what is clearly
 * worse, by half, fails.
 */
final class Check
{
    static final List<String> SYSTEMS = List.of("aeron-echo", "ukehi", "ukehi-one-thread");
    private static final String FLOOR = "aeron-echo";
    private static final String BASELINE = "check-baseline.properties";
    private static final double TOLERANCE = 1.5;

    private final ResultTable table;
    private final Map<String, Double> ratios = new LinkedHashMap<>();

    Check(final ResultTable table)
    {
        this.table = table;
    }

    /** Prints the ratios beside the stored ones; false if one is clearly worse. */
    boolean run(final PrintStream out) throws IOException
    {
        collect();
        final Properties stored = new Properties();
        try (InputStream in = Check.class.getResourceAsStream(BASELINE))
        {
            stored.load(in);
        }
        boolean isGood = true;
        out.printf("%n%-60s %10s %10s%n", "times the raw Aeron echo of the same run", "now", "stored");
        for (final Map.Entry<String, Double> ratio : ratios.entrySet())
        {
            final double before = Double.parseDouble(stored.getProperty(ratio.getKey(), "NaN"));
            final boolean isWorse = ratio.getValue() > TOLERANCE * before;
            isGood &= !isWorse;
            out.printf("%-60s %10.2f %10.2f%s%n", ratio.getKey(), ratio.getValue(), before, isWorse ? "  WORSE" : "");
        }
        return isGood;
    }

    private void collect()
    {
        for (final Scenario scenario : table.results().keySet())
        {
            for (final String system : SYSTEMS)
            {
                if (!FLOOR.equals(system) && Durability.ASYNC == scenario.durability())
                {
                    final String name = system + "." + ResultFiles.name(scenario);
                    if (1 == scenario.outstanding())
                    {
                        ratios.put(name + ".p50", ratio(scenario, system, run -> run.micros(50)));
                    }
                    else
                    {
                        ratios.put(name + ".interval", ratio(scenario, system, run -> 1 / run.perSecond()));
                    }
                }
            }
        }
    }

    private double ratio(final Scenario scenario, final String system, final ToDoubleFunction<LoadResult> figure)
    {
        return table.ratio(scenario, system, FLOOR, figure);
    }
}
