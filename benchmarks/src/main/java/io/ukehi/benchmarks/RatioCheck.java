package io.ukehi.benchmarks;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;

/**
 * Scores of a run, each divided by the score of the reference loop in the same run, beside the ratios that are stored.
 * A stored line is a ratio and how many times that is too much:
 * <pre>
 *   LogFrameBenchmark.append-size-64 = 0.043 1.5
 * </pre>
 */
final class RatioCheck
{
    /** Too much, where nothing is stored. */
    static final double TOLERANCE_DEFAULT = 1.5;

    /**
     * From here on something allocates that must not: below, it is the harness, which allocates a little in each
     * iteration, however few operations there are in it.
     */
    private static final double LEAST_BYTES = 1;
    private static final double LEAST_MEGABYTES_PER_SECOND = 4;

    /**
     * What became of one benchmark.
     *
     * @param name              as stored.
     * @param score             nanoseconds of an operation, of the best iteration.
     * @param bytes             allocated by an operation.
     * @param megabytesPerSecond allocated in a second.
     * @param isAllocationFree  whether it must not allocate.
     */
    record Score(String name, double score, double bytes, double megabytesPerSecond, boolean isAllocationFree)
    {
        /** Whether it allocates and must not. */
        boolean isLeaky()
        {
            return isAllocationFree && bytes >= LEAST_BYTES && megabytesPerSecond >= LEAST_MEGABYTES_PER_SECOND;
        }
    }

    private final Properties stored;
    private final double reference;
    private final List<Score> scores = new ArrayList<>();

    /** @param reference nanoseconds of an operation of the reference loop. */
    RatioCheck(final Properties stored, final double reference)
    {
        if (!(reference > 0))
        {
            throw new IllegalArgumentException("the reference loop takes time: " + reference);
        }
        this.stored = stored;
        this.reference = reference;
    }

    void add(final Score score)
    {
        scores.add(score);
    }

    double ratio(final Score score)
    {
        return score.score() / reference;
    }

    /** NaN if none is stored. */
    double storedRatio(final String name)
    {
        return part(name, 0, Double.NaN);
    }

    double tolerance(final String name)
    {
        return part(name, 1, TOLERANCE_DEFAULT);
    }

    private double part(final String name, final int which, final double otherwise)
    {
        final String line = stored.getProperty(name);
        final String[] parts = null == line ? new String[0] : line.trim().split("\\s+");
        return parts.length > which ? Double.parseDouble(parts[which]) : otherwise;
    }

    /** Whether it takes clearly longer than it did; never where nothing is stored. */
    boolean isSlower(final Score score)
    {
        return ratio(score) > tolerance(score.name()) * storedRatio(score.name());
    }

    /** Prints a line for each, and then what got worse; false if anything did. */
    boolean print(final PrintStream out)
    {
        out.printf(Locale.ROOT, "%n%-56s %12s %9s %9s %9s %9s%n", "of the best iteration of each", "ns/op", "ratio",
            "stored", "B/op", "");
        final List<String> worse = new ArrayList<>();
        for (final Score score : scores)
        {
            final String verdict = verdict(score);
            out.printf(Locale.ROOT, "%-56s %12.1f %9.4f %9.4f %9.2f  %s%n", score.name(), score.score(),
                ratio(score), storedRatio(score.name()), score.bytes(), verdict);
            if (isSlower(score) || score.isLeaky())
            {
                worse.add(score.name() + ": " + verdict);
            }
        }
        out.printf(Locale.ROOT, "%nthe reference loop took %.1f ns; %s%n", reference,
            worse.isEmpty() ? "nothing got worse" : "worse than stored: " + worse.size());
        worse.forEach(line -> out.println("  " + line));
        return worse.isEmpty();
    }

    private String verdict(final Score score)
    {
        final String times = String.format(Locale.ROOT, "%.2f times what is stored",
            ratio(score) / storedRatio(score.name()));
        if (score.isLeaky())
        {
            return "ALLOCATES" + (isSlower(score) ? ", SLOWER, " + times : "");
        }
        if (isSlower(score))
        {
            return "SLOWER, " + times;
        }
        return Double.isNaN(storedRatio(score.name())) ? "not stored" : "";
    }

    /** Prints what is to be stored for this run; tolerances stay as they are. */
    void printBaseline(final PrintStream out)
    {
        out.println("# Ratio of a benchmark's nanoseconds to those of the reference loop in the same run, and how");
        out.println("# many times that is too much. Printed by: java -jar benchmarks.jar check --print-baseline");
        for (final Score score : scores)
        {
            out.printf(Locale.ROOT, "%s=%.4g %.4g%n", score.name(), ratio(score), tolerance(score.name()));
        }
    }
}
