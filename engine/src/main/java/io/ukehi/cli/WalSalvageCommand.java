package io.ukehi.cli;

import io.ukehi.log.SegmentReport;
import io.ukehi.log.WalCopy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ukehi wal salvage DIR TARGET}: what is intact, from the beginning up to the first gap. */
@Command(
    name = "salvage",
    description = "Writes what is intact of a damaged log, from the beginning up to the first damage, to a new " +
        "directory, and says what it left out, also in TARGET/" + WalSalvageCommand.REPORT_FILE + ".",
    mixinStandardHelpOptions = true)
final class WalSalvageCommand implements Callable<Integer>
{
    static final String REPORT_FILE = "salvage-report.txt";

    @Mixin
    private WalCopyOptions options;

    @Override
    public Integer call() throws IOException
    {
        final WalCopy.Result result = options.copy(true);
        final ByteArrayOutputStream text = new ByteArrayOutputStream();
        report(result, new PrintStream(text, true, StandardCharsets.UTF_8));
        Files.write(options.target().resolve(REPORT_FILE), text.toByteArray());
        System.out.print(text.toString(StandardCharsets.UTF_8));
        return 0;
    }

    private void report(final WalCopy.Result result, final PrintStream out)
    {
        out.println("saved " + result.entries() + " entries of " + options.source() + ": " +
            WalText.entries(result.source()));
        out.println(vote(result));
        WalText.faults(result.source(), out);
        if (!result.isShort())
        {
            out.println("nothing that was durable is left out");
            return;
        }
        for (final SegmentReport segment : result.source().segments())
        {
            final long left = segment.length() - segment.used();
            if (segment.isUnreached())
            {
                out.println("left out        " + segment.file() + " as a whole" + (0 == segment.firstIndex() ? "" :
                    ", which begins with entry " + segment.firstIndex()));
            }
            else if ("damaged".equals(segment.state()))
            {
                out.println("left out        " + segment.file() + " from offset " + segment.used() + ", " + left +
                    " bytes, unused ones among them");
            }
        }
        out.println("The member may have acknowledged entries up to " + result.source().highestKnownIndex() +
            " and beyond, of which this copy knows nothing. Start it only while a majority of the OTHER members holds" +
            " the whole log and has a leader, or what was acknowledged may be lost.");
    }

    static String vote(final WalCopy.Result result)
    {
        return "term " + result.term() + ", vote for " + (0 == result.votedFor() ? "nobody" : result.votedFor()) +
            (result.isVoteLost() ? ": the source holds no sound record of them, so the copy begins in a term behind " +
            "all that are known" : "");
    }
}
