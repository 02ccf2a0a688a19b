package io.ukehi.benchmarks.cluster;

import io.ukehi.log.Durability;
import io.ukehi.node.NodeContext;
import io.ukehi.Stage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ukehi bench}: whole clusters under load, Ukehi beside others. */
@Command(
    name = "bench",
    description = "Measures whole clusters on this machine: latency and rate of Ukehi and of others, side by side.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
public final class ClusterBenchmark implements Callable<Integer>
{
    /** Not a power of two, as batches tend to be: each place in a batch has its turn. */
    private static final String STAGES_EVERY = "7";
    private static final String AERON_DIRECTORY = "/dev/shm/ukehi-bench-" + ProcessHandle.current().pid();

    @Option(names = "--systems", split = ",", defaultValue = "aeron-echo,ukehi,aeron-cluster",
        description = "Which: aeron-echo, ukehi, ukehi-driver-thread, ukehi-two-threads, ukehi-one-thread, " +
            "ukehi-read-index, ukehi-read-lease, ukehi-read-follower, aeron-cluster, sofa-jraft, ratis, ratis-client.")
    private List<String> systems;

    @Option(names = "--nodes", defaultValue = "3", description = "Members of each cluster, 1 to 5.")
    private int nodes;

    @Option(names = "--drivers", split = ",", defaultValue = "PER_NODE,ONE",
        description = "Media drivers: ${COMPLETION-CANDIDATES}.")
    private List<ClusterSettings.Layout> layouts;

    @Option(names = "--durability", split = ",", defaultValue = "ASYNC,BATCH",
        description = "Of the logs: ${COMPLETION-CANDIDATES}.")
    private List<Durability> durabilities;

    @Option(names = "--length", split = ",", defaultValue = "64", description = "Bytes of a command, 8 or more.")
    private List<Integer> lengths;

    @Option(names = "--outstanding", split = ",", defaultValue = "1,2048",
        description = "Closed loop: commands under way; many give the highest rate. 0 for no closed loop.")
    private List<Integer> outstanding;

    @Option(names = "--rate", split = ",", defaultValue = "100000,300000",
        description = "Open loop: commands due each second. 0 for no open loop.")
    private List<Long> rates;

    @Option(names = "--rounds", defaultValue = "5", description = "Every system is measured once in each round.")
    private int rounds;

    @Option(names = "--warmup", defaultValue = "2", description = "Seconds before each measurement.")
    private int warmupS;

    @Option(names = "--seconds", defaultValue = "3", description = "Seconds of each measurement.")
    private int measureS;

    @Option(names = "--idle", defaultValue = "YIELD",
        description = "What threads do that have nothing to do: ${COMPLETION-CANDIDATES}.")
    private NodeContext.Idle idle;

    @Option(names = "--ipc", description = "The client talks IPC to the members; with one driver only.")
    private boolean isIpcClient;

    @Option(names = "--processes", description = "A process for each member.")
    private boolean isProcessEach;

    @Option(names = "--directory", defaultValue = "ukehi-data/bench", description = "Of the logs; emptied.")
    private Path directory;

    @Option(names = "--port", defaultValue = "23000", description = "First of 100 ports.")
    private int basePort;

    @Option(names = "--election-timeout", defaultValue = "0",
        description = "Shortest election timeout in milliseconds; 0: each system's default.")
    private int electionTimeoutMs;

    @Option(names = "--peers", description = "all: every system there is, instead of --systems.")
    private String peers;

    @Option(names = "--output", description = "Directory for results.json, .hgrm and pictures.")
    private Path output;

    @Option(names = "--failover", defaultValue = "0",
        description = "Kill so many leaders, each in a new cluster of processes, instead of the rest. " +
            "With --output: failover.json, and the acknowledgements around a kill as a picture.")
    private int kills;

    @Option(names = "--idle-share", description = "Print what clusters take that have nothing to do, instead.")
    private boolean isIdleShare;

    @Option(names = "--check", description = "A short run; fails if a ratio to a raw Aeron echo got clearly worse.")
    private boolean isCheck;

    @Option(names = "--stages",
        description = "Print where a command's time goes, too: of every seventh one, or as -D" + Stage.PROPERTY +
            "=N says. Of ukehi, ukehi-driver-thread, ukehi-two-threads and ukehi-one-thread, in one process, only.")
    private boolean isWithStages;

    @Spec
    private CommandSpec spec;

    private final ResultTable table = new ResultTable();

    /** Ends the process with the command's exit code. */
    public static void main(final String[] args)
    {
        Drivers.setProperties();
        System.exit(new CommandLine(new ClusterBenchmark()).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
    }

    @Override
    public Integer call() throws Exception
    {
        if (isCheck)
        {
            prepareCheck();
        }
        if ("all".equals(peers))
        {
            systems = Systems.names();
        }
        if (isWithStages)
        {
            prepareStages();
        }
        if (kills > 0 || isIdleShare)
        {
            return callWithoutLoad();
        }
        for (int round = 1; round <= rounds; round++)
        {
            for (final ClusterSettings.Layout layout : layouts)
            {
                for (final Durability durability : durabilities)
                {
                    for (final String system : systems)
                    {
                        measure(round, Systems.named(system), settings(layout, durability));
                    }
                }
            }
        }
        table.print(System.out);
        if (isWithStages)
        {
            new StageTable(table).print(System.out);
        }
        if (durabilities.stream().anyMatch(durability -> Durability.ASYNC != durability))
        {
            ForceFloor.run(directory.toAbsolutePath(), System.out);
        }
        if (null != output)
        {
            ResultFiles.write(table, output);
            new Pictures(table, output).draw();
        }
        return !isCheck || new Check(table).run(System.out) ? 0 : 1;
    }

    private void prepareCheck()
    {
        systems = Check.SYSTEMS;
        layouts = List.of(ClusterSettings.Layout.PER_NODE);
        durabilities = List.of(Durability.ASYNC);
        rates = List.of();
        rounds = 3;
    }

    /** Before anything of the engine looks whether stages are marked. */
    private void prepareStages()
    {
        if (isCheck || isIdleShare || isProcessEach || kills > 0)
        {
            throw new ParameterException(spec.commandLine(),
                "--stages needs all members in this process, and goes with none of --processes, --failover, " +
                "--idle-share and --check");
        }
        if (null == peers && !spec.commandLine().getParseResult().hasMatchedOption("--systems"))
        {
            systems = List.of("ukehi-one-thread", "ukehi-two-threads", "ukehi");
        }
        for (final String system : systems)
        {
            if (!Systems.named(system).hasStages())
            {
                throw new ParameterException(spec.commandLine(),
                    "--stages: " + system + " marks no stages; only Ukehi does, of commands");
            }
        }
        if (null == System.getProperty(Stage.PROPERTY))
        {
            System.setProperty(Stage.PROPERTY, STAGES_EVERY);
        }
        if (!Stage.isOn())
        {
            throw new ParameterException(spec.commandLine(), "--stages: -D" + Stage.PROPERTY + " must be 1 or more");
        }
    }

    private Integer callWithoutLoad() throws Exception
    {
        final Failover failover = new Failover();
        for (final String name : systems)
        {
            final EchoSystem system = Systems.named(name);
            final ClusterSettings settings = settings(ClusterSettings.Layout.PER_NODE, durabilities.getFirst());
            if (isIdleShare)
            {
                IdleShare.run(system, settings, System.out);
            }
            else if (!system.isInProcessOnly() && system.memberCount(settings) > 1)
            {
                failover.run(system, settings, kills, System.out);
            }
        }
        if (null != output && !isIdleShare)
        {
            failover.files().write(output);
        }
        return 0;
    }

    private ClusterSettings settings(final ClusterSettings.Layout layout, final Durability durability)
    {
        return new ClusterSettings(
            nodes, layout, durability, idle, isIpcClient && ClusterSettings.Layout.ONE == layout,
            directory.toAbsolutePath(), AERON_DIRECTORY, basePort, electionTimeoutMs);
    }

    private void measure(final int round, final EchoSystem system, final ClusterSettings settings) throws Exception
    {
        try (EchoCluster cluster = EchoCluster.launch(system, settings, isProcessEach))
        {
            for (final Scenario scenario : scenarios(settings))
            {
                final long term = cluster.term();
                final LoadResult result = measure(cluster, settings, scenario);
                System.out.printf("round %d  %-20s %-52s p50 %9.1f us  p99 %9.1f us  %9.0f/s%n", round,
                    system.title(), scenario.title(), result.micros(50), result.micros(99), result.perSecond());
                if (term != cluster.term())
                {
                    System.out.printf("round %d  %-20s was led in term %d, and in %d after it%n", round,
                        system.title(), term, cluster.term());
                }
                table.add(scenario, system.title(), result);
            }
        }
    }

    private List<Scenario> scenarios(final ClusterSettings settings)
    {
        final List<Scenario> scenarios = new ArrayList<>();
        for (final int length : lengths)
        {
            for (final int window : outstanding)
            {
                add(scenarios, new Scenario(settings.layout(), settings.durability(), length, window, 0));
            }
            for (final long rate : rates)
            {
                add(scenarios, new Scenario(settings.layout(), settings.durability(), length, 0, rate));
            }
        }
        return scenarios;
    }

    private static void add(final List<Scenario> scenarios, final Scenario scenario)
    {
        if (scenario.outstanding() + scenario.perSecond() > 0)
        {
            scenarios.add(scenario);
        }
    }

    private LoadResult measure(final EchoCluster cluster, final ClusterSettings settings, final Scenario scenario)
    {
        final LoadGenerator load = new LoadGenerator(
            cluster, scenario.length(), settings.newIdleStrategy(),
            isWithStages ? new StageTimes(settings.nodes()) : null);
        final long warmupNs = TimeUnit.SECONDS.toNanos(warmupS);
        final long measureNs = TimeUnit.SECONDS.toNanos(measureS);
        return scenario.perSecond() > 0 ?
            load.openLoop(scenario.perSecond(), warmupNs, measureNs) :
            load.closedLoop(scenario.outstanding(), warmupNs, measureNs);
    }
}
