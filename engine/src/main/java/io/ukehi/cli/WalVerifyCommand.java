package io.ukehi.cli;

import io.ukehi.log.WalReader;
import io.ukehi.log.WalReport;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ukehi wal verify DIR}: exit code 0 if nothing is damaged, 1 with the place if something is. */
@Command(
    name = "verify",
    description = "Checks every byte of a log. Exit code 0 if nothing is damaged (a torn tail, never reported " +
        "durable, is not damage), 1 if something is, and says where.",
    mixinStandardHelpOptions = true)
final class WalVerifyCommand implements Callable<Integer>
{
    @Parameters(index = "0", paramLabel = "DIR", description = "Data directory.")
    private Path directory;

    @Mixin
    private WalPolicy policy;

    @Override
    public Integer call()
    {
        final WalReport report = WalReader.inspect(directory);
        if (report.segments().isEmpty())
        {
            throw new ToolException(directory + " holds no log");
        }
        WalText.faults(report, System.out);
        policy.rehearse(directory, report, System.out);
        System.out.println((report.isSound() ? "sound: " : "damaged: ") + report.segments().size() +
            " segments, entries " + WalText.entries(report));
        return report.isSound() ? 0 : 1;
    }
}
