package io.ukehi.cli;

import io.ukehi.log.DoubtFile;
import io.ukehi.log.FileStorage;
import io.ukehi.log.IdentityFile;
import io.ukehi.log.WalReader;
import io.ukehi.log.WalReport;
import io.ukehi.node.QuorumRecovery;
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

    @Option(
        names = "--alone",
        description = "The majority is gone for good: makes this member the only voter of a new incarnation of the " +
            "cluster, which those who are lost cannot come back to. Of those that are left, the one whose last entry " +
            "has the highest term and, of these, the highest index. The others are wiped and join anew.")
    private boolean isAlone;

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
            if (isAlone)
            {
                return goOnAlone(storage, report);
            }
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

    private int goOnAlone(final FileStorage storage, final WalReport report) throws IOException
    {
        WalText.state(report, System.out);
        WalText.faults(report, System.out);
        System.out.println();
        System.out.println("This member's log ends with entry " + report.lastIndex() + ". Whatever the others had" +
            " acknowledged behind it, or in its place, is lost. Never start those again that are given up: they could" +
            " go on among themselves, and clients would see two clusters.");
        if (!isAgreed && !isAgreedTo())
        {
            System.out.println("nothing was changed");
            return 1;
        }
        final QuorumRecovery.Result result = QuorumRecovery.recover(directory, storage, report.identity());
        System.out.println("The members were " + result.before() + ". From its next start on member " +
            report.identity().memberId() + " is the only one, by entry " + result.index() + " of term " +
            result.term() + ".");
        System.out.println("Others join with ukehi.joining=true and ukehi.cluster.incarnation=" +
            result.incarnation() + ", on empty data directories; then: ukehi members add");
        return 0;
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
