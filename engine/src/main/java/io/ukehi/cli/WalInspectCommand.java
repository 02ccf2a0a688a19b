package io.ukehi.cli;

import io.ukehi.log.WalReader;
import io.ukehi.log.WalReport;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ukehi wal inspect DIR}: segments, durable mark, term and vote, identity. */
@Command(
    name = "inspect",
    description = "Prints what a data directory holds. Changes nothing, also while a node runs on it.",
    mixinStandardHelpOptions = true)
final class WalInspectCommand implements Callable<Integer>
{
    @Parameters(index = "0", paramLabel = "DIR", description = "Data directory.")
    private Path directory;

    @Mixin
    private WalPolicy policy;

    @Override
    public Integer call()
    {
        final WalReport report = WalReader.inspect(directory);
        WalText.segments(report, System.out);
        System.out.println();
        WalText.state(report, System.out);
        WalText.faults(report, System.out);
        policy.rehearse(directory, report, System.out);
        return 0;
    }
}
