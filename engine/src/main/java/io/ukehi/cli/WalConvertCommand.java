package io.ukehi.cli;

import io.ukehi.log.WalCopy;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ukehi wal convert DIR TARGET}: a directory of older formats as a native one. */
@Command(
    name = "convert",
    description = "Writes a log in the formats of the earlier implementation, or in several, to a new directory that " +
        "a node can start on. Refuses a damaged one.",
    mixinStandardHelpOptions = true)
final class WalConvertCommand implements Callable<Integer>
{
    @Mixin
    private WalCopyOptions options;

    @Override
    public Integer call()
    {
        final WalCopy.Result result = options.copy(false);
        System.out.println("converted " + result.entries() + " entries, " + WalText.entries(result.source()) +
            ", into " + options.target() + "; " + options.source() + " is as it was");
        WalText.faults(result.source(), System.out);
        System.out.println(WalSalvageCommand.vote(result));
        return 0;
    }
}
