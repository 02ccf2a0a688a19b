package io.ukehi.node;

import io.ukehi.log.DoubtFile;
import io.ukehi.log.RecoveryReport;

/**
 * This node may have lost entries that it had acknowledged. Reported once at start, never thrown: the node follows, and
 * takes part again when it has them from a leader.
 */
public final class DoubtException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    DoubtException(final int memberId, final RecoveryReport recovery)
    {
        super(text(memberId, recovery), null, false, false);
    }

    private static String text(final int memberId, final RecoveryReport recovery)
    {
        final boolean isUnbounded = DoubtFile.UNBOUNDED == recovery.doubtfulTo();
        final StringBuilder text = new StringBuilder("member ").append(memberId)
            .append(" may have lost entries that it had acknowledged, ")
            .append(isUnbounded ? "nobody knows how many" : "up to entry " + recovery.doubtfulTo())
            .append(DoubtFile.Reason.UNFORCED_TAIL == recovery.doubtReason() ?
                ": the machine stopped before they were forced to the disk. " : ": its log was damaged. ");
        if (null != recovery.fault())
        {
            text.append(recovery.fault()).append(". ");
        }
        if (!recovery.setAside().isEmpty())
        {
            text.append("What followed is kept in ").append(recovery.setAside()).append(". ");
        }
        return text.append("It holds entries up to ").append(recovery.lastIndex()).append(
            ", neither votes nor stands nor counts in a quorum, and takes part again by itself once a leader has" +
            " given it all that may be missing. If half of the members or more say this, no leader can be elected," +
            " and what only they had acknowledged may be lost: bring the others back first, and see" +
            " \"ukehi recover-quorum\".")
            .toString();
    }
}
