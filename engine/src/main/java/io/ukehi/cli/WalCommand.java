package io.ukehi.cli;

import picocli.CommandLine.Command;

/** {@code ukehi wal}: what is in a data directory, and what can be done about it. No node need run. */
@Command(
    name = "wal",
    description = "Looks into the log of a data directory, checks it, converts it, or saves what is intact.",
    mixinStandardHelpOptions = true,
    subcommands = {
        WalInspectCommand.class, WalVerifyCommand.class, WalDumpCommand.class, WalSalvageCommand.class,
        WalConvertCommand.class})
final class WalCommand
{
}
