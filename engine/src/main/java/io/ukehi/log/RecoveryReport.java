package io.ukehi.log;

import java.util.List;

/**
 * What recovery found, and what it did about it.
 *
 * @param firstIndex     of the oldest entry held.
 * @param lastIndex      of the newest.
 * @param commitIndex    up to which the log was known to be committed, at most {@code lastIndex}: what a state machine
 *                       may be given before the node has heard of anybody. 0 if damage has ended the log.
 * @param segments       number of files.
 * @param tornBytes      cut from the end: written but never reported durable. 0 at a clean end.
 * @param isClosedClean  whether the log was closed in order.
 * @param isSameBoot     whether the machine has not started anew since; false if unknown.
 * @param doubtfulTo     highest index that this node may have acknowledged without having it, from now or from an
 *                       earlier start; 0 if there is none, {@link DoubtFile#UNBOUNDED} if no bound is known.
 * @param doubtTerm      highest term that the node had stored when it came into doubt.
 * @param doubtReason    null if there is no doubt.
 * @param fault          the damage that ended the log at this start; null if there was none.
 * @param setAside       names of files that now hold what followed the damage.
 */
public record RecoveryReport(
    long firstIndex,
    long lastIndex,
    long commitIndex,
    int segments,
    long tornBytes,
    boolean isClosedClean,
    boolean isSameBoot,
    long doubtfulTo,
    long doubtTerm,
    DoubtFile.Reason doubtReason,
    WalFault fault,
    List<String> setAside)
{
}
