package io.ukehi.cli;

import io.ukehi.log.DoubtFile;
import io.ukehi.log.RecoveryCase;
import io.ukehi.log.SegmentReport;
import io.ukehi.log.WalReport;
import java.io.PrintStream;

/** How the {@code wal} commands say what a directory holds. */
final class WalText
{
    private static final String ROW = "%-22s %-17s %5s %12s %12s %10s %10s %11s %11s  %-9s %s%n";

    private WalText()
    {
    }

    static void segments(final WalReport report, final PrintStream out)
    {
        out.printf(ROW, "file", "format", "seq", "first index", "last index", "first term", "last term", "used bytes",
            "file bytes", "state", "ends with");
        for (final SegmentReport segment : report.segments())
        {
            final boolean hasEntries = segment.entries() > 0;
            out.printf(ROW, segment.file(), segment.format(), segment.sequence(),
                segment.firstIndex() > 0 ? segment.firstIndex() : "-",
                hasEntries ? segment.lastIndex() : "-",
                hasEntries ? segment.firstTerm() : "-",
                hasEntries ? segment.lastTerm() : "-",
                segment.used(), segment.length(), segment.state(),
                null == segment.ending() ? "not read: it lies behind damage" : segment.ending().text());
        }
    }

    static void state(final WalReport report, final PrintStream out)
    {
        final WalReport.Mark mark = report.mark();
        out.println("entries         " + entries(report));
        out.println("durable mark    " + (null == mark ? "none" : String.format(
            "everything up to entry %d (offset %d of %s); committed up to %d; closed in order: %s; boot id %016x",
            mark.durableIndex(), mark.durablePosition(), mark.file(), mark.commitIndex(), mark.isClean() ? "yes" : "no",
            mark.bootId())));
        final WalReport.HardState hard = report.hardState();
        out.println("term and vote   " + (0 == hard.soundCopies() ? (hard.exists() ? "damaged" : "no file") :
            "term " + hard.term() + ", vote for " + (0 == hard.votedFor() ? "nobody" : hard.votedFor()) + ", " +
            hard.soundCopies() + " of 2 copies sound"));
        final WalReport.Doubt doubt = report.doubt();
        out.println("doubt           " + (0 == doubt.doubtfulTo() ? "none" :
            "may have acknowledged entries up to " + (DoubtFile.UNBOUNDED == doubt.doubtfulTo() ? "any" :
            doubt.doubtfulTo()) + ", in term " + doubt.term() + " or before (" + doubt.reason() + ")"));
        final WalReport.Identity owner = report.identity();
        out.println("identity        " + (null == owner ? "none" : (0 == owner.memberId() ?
            "of whoever starts on it first" : "member " + owner.memberId() + " of group " + owner.groupId() +
            " of cluster " + owner.clusterId()) + String.format(", log %016x", owner.logId())));
    }

    static String entries(final WalReport report)
    {
        return report.lastIndex() < report.firstIndex() ? "none" :
            report.firstIndex() + " to " + report.lastIndex() + ", the last of term " + report.lastTerm();
    }

    /** What is damaged, and what is torn. */
    static void faults(final WalReport report, final PrintStream out)
    {
        report.faults().forEach(fault -> out.println("DAMAGED         " + fault));
        for (final SegmentReport segment : report.segments())
        {
            if (null != segment.ending() && RecoveryCase.Kind.TORN == segment.ending().kind())
            {
                out.println("torn            " + segment.file() + " from offset " + segment.used() + ": " +
                    segment.ending().text() + " (" + segment.ending() + ")");
            }
        }
        if (report.hasHole())
        {
            out.println("held, at least, entries up to " + report.highestKnownIndex() +
                "; intact from the beginning: " + entries(report));
        }
    }
}
