package io.ukehi.cli;

import io.ukehi.client.UkehiClientException;
import io.ukehi.kv.KvException;
import io.ukehi.log.StorageException;
import io.ukehi.node.ConfigurationException;
import io.ukehi.node.LaunchException;
import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line's entry: subcommands, and what an error looks like. Exit code 0, 1 for a failure, 2 for usage. */
@Command(
    name = "ukehi",
    description = "Runs and drives clusters of Ukehi, a replication engine for low-latency Java.",
    mixinStandardHelpOptions = true,
    versionProvider = UkehiTool.Version.class,
    subcommands = {
        DemoCommand.class, ChaosCommand.class, DevCommand.class, NodeCommand.class, StatusCommand.class,
        TransferCommand.class, StepDownCommand.class, SnapshotCommand.class, MembersCommand.class,
        PutCommand.class, GetCommand.class, CasCommand.class, DeleteCommand.class, ScanCommand.class,
        LockCommand.class,
        WalCommand.class, RecoverQuorumCommand.class})
public final class UkehiTool
{
    private UkehiTool()
    {
    }

    /** Runs a subcommand and exits with its code. */
    public static void main(final String[] args)
    {
        System.exit(run(args));
    }

    static int run(final String... args)
    {
        final CommandLine commandLine = new CommandLine(new UkehiTool());
        commandLine.setExecutionExceptionHandler(UkehiTool::onFailure);
        if (0 == args.length)
        {
            commandLine.usage(System.out);
            return 2;
        }
        return commandLine.execute(args);
    }

    private static int onFailure(
        final Exception failure, final CommandLine commandLine, final CommandLine.ParseResult ignored)
        throws Exception
    {
        final boolean isExplained = failure instanceof UkehiClientException || failure instanceof KvException ||
            failure instanceof StorageException || failure instanceof ConfigurationException ||
            failure instanceof LaunchException || failure instanceof IOException || failure instanceof ToolException;
        if (!isExplained)
        {
            throw failure;
        }
        commandLine.getErr().println("ukehi: " + failure.getMessage());
        return 1;
    }

    /** The version of the jar. */
    static final class Version implements CommandLine.IVersionProvider
    {
        @Override
        public String[] getVersion()
        {
            final String version = UkehiTool.class.getPackage().getImplementationVersion();
            return new String[]{"ukehi " + (null == version ? "(not packaged)" : version)};
        }
    }
}
