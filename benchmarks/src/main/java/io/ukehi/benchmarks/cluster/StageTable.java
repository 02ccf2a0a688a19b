package io.ukehi.benchmarks.cluster;

import io.ukehi.Stage;
import java.io.PrintStream;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Where the time of a command goes, for every scenario and system, over all rounds. */
final class StageTable
{
    private static final double PERCENT = 100.0;
    private static final double MICROS = 1000.0;

    private final ResultTable table;

    StageTable(final ResultTable table)
    {
        this.table = table;
    }

    void print(final PrintStream out)
    {
        out.printf("%nStages of one command in %d. A row is the time from the stage before, the first one from%n" +
            "when the command was due. Means add up to that of the whole; percentiles need not.%n",
            Stage.marks().every());
        table.results().forEach((scenario, systems) -> systems.forEach((system, runs) ->
        {
            final StageTimes times = runs.getFirst().stages();
            runs.subList(1, runs.size()).forEach(run -> times.add(run.stages()));
            out.printf("%n%s: %s (%d commands; %d incomplete, %d out of order)%n", scenario.title(), system,
                times.whole().getTotalCount(), times.incompleteCount(), times.disorderedCount());
            print(out, times, runs);
        }));
    }

    private static void print(final PrintStream out, final StageTimes times, final List<LoadResult> runs)
    {
        out.printf("  %-24s %10s %10s %10s %10s %7s%n", "", "p50 us", "p99 us", "p99.9 us", "mean us", "share");
        final double wholeMeanNs = times.wholeMeanNs();
        final double[] sums = new double[4];
        for (int part = 0; part < times.partCount(); part++)
        {
            final Histogram histogram = times.part(part);
            if (histogram.getTotalCount() > 0)
            {
                final double[] figures = figures(histogram, times.meanNs(part));
                print(out, times.name(part), figures, PERCENT * times.meanNs(part) / wholeMeanNs);
                for (int i = 0; i < sums.length; i++)
                {
                    sums[i] += figures[i];
                }
            }
        }
        print(out, "sum of the rows", sums, PERCENT * sums[3] * MICROS / wholeMeanNs);
        print(out, "whole, of the same", figures(times.whole(), wholeMeanNs), PERCENT);
        final Histogram all = ResultFiles.sum(runs);
        print(out, "whole, of all commands", figures(all, all.getMean()), PERCENT * all.getMean() / wholeMeanNs);
    }

    private static double[] figures(final Histogram histogram, final double meanNs)
    {
        return new double[]{
            histogram.getValueAtPercentile(50) / MICROS,
            histogram.getValueAtPercentile(99) / MICROS,
            histogram.getValueAtPercentile(99.9) / MICROS,
            meanNs / MICROS};
    }

    private static void print(final PrintStream out, final String name, final double[] figures, final double share)
    {
        out.printf("  %-24s %10.1f %10.1f %10.1f %10.1f %6.1f%%%n", name,
            figures[0], figures[1], figures[2], figures[3], share);
    }
}
