package io.ukehi.cli;

import io.ukehi.log.DoubtFile;
import io.ukehi.log.FileStorage;
import io.ukehi.log.IdentityFile;
import io.ukehi.log.WalReader;
import io.ukehi.log.WalReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code ukehi recover-quorum DIR}: an operator takes upon himself what a member may have lost, where no leader can be
 * elected without it. On a data directory whose node is not running.
 */
@Command(
    name = "recover-quorum",
    description = "Lets a member vote again that may have lost what it had acknowledged, though no leader has given " +
        "it back. Only where half of the members or more are in doubt or gone for good, so that none can be elected: " +
        "what only they had acknowledged is lost by it. Works on the data directory of a member that is not running.",
    mixinStandardHelpOptions = true)
final class RecoverQuorumCommand implements Callable<Integer>
{
    @Parameters(index = "0", paramLabel = "DIR", description = "Data directory of the member.")
    private Path directory;

    @Option(names = "--yes", description = "Does not ask.")
    private boolean isAgreed;

    @Override
    public Integer call() throws IOException
    {
        if (!Files.exists(directory.resolve(IdentityFile.FILE_NAME)))
        {
            throw new ToolException(directory + " is no data directory of a member");
        }
        try (FileStorage storage = FileStorage.open(directory))
        {
            final WalReport report = WalReader.inspect(storage);
            if (0 == report.doubt().doubtfulTo())
            {
                System.out.println(directory + ": the member is in no doubt; nothing to do");
                return 0;
            }
            explain(report);
            if (!isAgreed && !isAgreedTo())
            {
                System.out.println("nothing was changed");
                return 1;
            }
            try (DoubtFile doubt = DoubtFile.open(storage))
            {
                doubt.clear();
            }
            System.out.println("the member votes and counts again from its next start");
            return 0;
        }
    }

    private void explain(final WalReport report)
    {
        WalText.state(report, System.out);
        WalText.faults(report, System.out);
        final boolean isUnbounded = DoubtFile.UNBOUNDED == report.doubt().doubtfulTo();
        System.out.println();
        System.out.println("This member may have acknowledged entries " +
            (isUnbounded ? "behind " + report.lastIndex() + ", nobody knows how many," :
            "from " + (report.lastIndex() + 1) + " to " + report.doubt().doubtfulTo()) +
            " that it does not hold. If no other member that is left holds them, clients were told that they are" +
            " durable, and they are lost.");
        System.out.println("Start all other members first: with a majority that is in no doubt this member repairs" +
            " itself. If that cannot be, use this command on as few members as make a majority, those whose last" +
            " entry has the highest term and, of these, the highest index.");
    }

    private static boolean isAgreedTo() throws IOException
    {
        System.out.print("Type \"lost\" to go on: ");
        System.out.flush();
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
        return "lost".equals(in.readLine());
    }
}
