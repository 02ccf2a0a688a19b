package io.ukehi.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code benchmarks.jar check}: a short run of the benchmarks that matter, which fails if one got clearly slower than
 * it was, as a multiple of the reference loop's time in the same run, or allocates and must not.
 * <p>
 * It takes the best iteration of each, and many short ones: what else a machine does makes iterations longer, never
 * shorter, and leaves some alone. The reference loop is measured before, between and after the others.
 */
@Command(
    name = "check",
    description = "A short run of the benchmarks that matter (some two minutes); fails if one got clearly worse.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class JmhCheck implements Callable<Integer>
{
    private static final String BASELINE = "jmh-baseline.properties";
    private static final String REFERENCE = "ReferenceLoop.copyAndSum";

    /** The reference loop is measured anew after so many. */
    private static final int STRIDE = 8;

    private static final List<Subject> SUBJECTS = List.of(
        Subject.free("Crc32cBenchmark.overDirectMemory", "length", "64"),
        Subject.free("Crc32cBenchmark.overDirectMemory", "length", "4096"),
        Subject.free("LogFrameBenchmark.append", "size", "64"),
        Subject.free("LogFrameBenchmark.append", "size", "288"),
        Subject.free("LogFrameBenchmark.append", "size", "4096"),
        Subject.of("LogRecoveryBenchmark.recover", "size", "288"),
        Subject.free("PeerCodecBenchmark.encodeAppend"),
        Subject.free("PeerCodecBenchmark.decodeAppend"),
        Subject.free("ClientCodecBenchmark.decodeCommands", "length", "64", "count", "16"),
        Subject.free("ClientCodecBenchmark.encodeReplies", "length", "64", "count", "16"),
        Subject.free("TokenBenchmark.issue"),
        Subject.free("GuardBenchmark.acceptTheHolderAgain"),
        Subject.free("RingBenchmark.nodeForBytes"),
        Subject.free("RaftCommitBenchmark.commit", "length", "64"),
        Subject.free("RaftCommitBenchmark.commit", "length", "288"),
        Subject.free("ReadIndexBenchmark.askLeader"),
        Subject.free("ReadIndexBenchmark.askFollower"),
        Subject.free("SessionBenchmark.find", "sessions", "128"),
        Subject.free("SessionBenchmark.repeat", "sessions", "128"),
        Subject.free("BatchApplyBenchmark.apply", "machine", "echo"),
        Subject.free("BatchApplyBenchmark.apply", "machine", "kv"),
        Subject.of("KvSnapshotBenchmark.write", "keys", "10000"),
        Subject.of("KvSnapshotBenchmark.load", "keys", "10000"),
        Subject.free("CommandRoundTripBenchmark.roundTrip", "count", "64"));

    @Option(names = "--print-baseline", description = "Print the file of stored ratios for this run, too.")
    private boolean isBaselinePrinted;

    @Option(names = "--baseline", description = "Compare with this file, instead of the one in the jar.")
    private Path baseline;

    @Option(names = "--only", defaultValue = "", description = "Those whose name contains this.")
    private String only;

    @Option(names = "--iterations", defaultValue = "20", description = "Of each, after half as many that do not count.")
    private int iterations;

    @Option(names = "--millis", defaultValue = "100", description = "Milliseconds of an iteration.")
    private int iterationMs;

    /** Ends the process with the command's exit code. */
    static void main(final String[] args)
    {
        System.exit(new CommandLine(new JmhCheck()).execute(args));
    }

    /**
     * A benchmark with its parameters.
     *
     * @param parameters names and values in turn.
     */
    private record Subject(String benchmark, boolean isAllocationFree, List<String> parameters)
    {
        static Subject of(final String benchmark, final String... parameters)
        {
            return new Subject(benchmark, false, List.of(parameters));
        }

        /** It must not allocate. */
        static Subject free(final String benchmark, final String... parameters)
        {
            return new Subject(benchmark, true, List.of(parameters));
        }

        String name()
        {
            return parameters.isEmpty() ? benchmark : benchmark + "-" + String.join("-", parameters);
        }
    }

    @Override
    public Integer call() throws Exception
    {
        final List<Subject> subjects = SUBJECTS.stream().filter(subject -> subject.name().contains(only)).toList();
        final Subject reference = Subject.of(REFERENCE);
        final List<RatioCheck.Score> scores = new ArrayList<>();
        double referenceNs = Double.MAX_VALUE;
        for (int i = 0; i < subjects.size(); i++)
        {
            if (0 == i % STRIDE)
            {
                referenceNs = Math.min(referenceNs, measure(reference).score());
            }
            scores.add(measure(subjects.get(i)));
        }
        referenceNs = Math.min(referenceNs, measure(reference).score());
        final RatioCheck check = new RatioCheck(stored(), referenceNs);
        scores.forEach(check::add);
        final boolean isGood = check.print(System.out);
        if (isBaselinePrinted)
        {
            System.out.println();
            check.printBaseline(System.out);
        }
        return isGood ? 0 : 1;
    }

    private Properties stored() throws IOException
    {
        final Properties stored = new Properties();
        try (InputStream in = null == baseline ?
            JmhCheck.class.getResourceAsStream(BASELINE) : Files.newInputStream(baseline))
        {
            stored.load(in);
        }
        return stored;
    }

    private RatioCheck.Score measure(final Subject subject) throws RunnerException
    {
        final ChainedOptionsBuilder options = new OptionsBuilder()
            .include("\\." + subject.benchmark().replace(".", "\\.") + "$")
            .jvmArgsPrepend(BenchmarkMain.OPENS)
            .forks(1)
            .warmupIterations(Math.max(1, iterations / 2))
            .warmupTime(TimeValue.milliseconds(iterationMs))
            .measurementIterations(iterations)
            .measurementTime(TimeValue.milliseconds(iterationMs))
            .timeUnit(TimeUnit.NANOSECONDS)
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT);
        for (int i = 0; i < subject.parameters().size(); i += 2)
        {
            options.param(subject.parameters().get(i), subject.parameters().get(i + 1));
        }
        final Collection<RunResult> results = new Runner(options.build()).run();
        if (1 != results.size())
        {
            throw new IllegalStateException(results.size() + " results of " + subject.name());
        }
        final RunResult result = results.iterator().next();
        final RatioCheck.Score score = new RatioCheck.Score(
            subject.name(), result.getPrimaryResult().getStatistics().getMin(),
            least(result, "gc.alloc.rate.norm"), least(result, "gc.alloc.rate"), subject.isAllocationFree());
        System.out.printf("%-56s %12.1f ns/op%n", score.name(), score.score());
        return score;
    }

    /** Of the iterations; 0 if there is none. */
    private static double least(final RunResult result, final String name)
    {
        final Result<?> found = result.getSecondaryResults().get(name);
        return null == found ? 0 : found.getStatistics().getMin();
    }
}
