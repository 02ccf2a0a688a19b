package io.ukehi.log;

/**
 * What recovery found.
 *
 * @param firstIndex     of the oldest entry held.
 * @param lastIndex      of the newest.
 * @param commitIndex    up to which the log was known to be committed, at most {@code lastIndex}: what a state machine
 *                       may be given before the node has heard of anybody.
 * @param segments       number of files.
 * @param tornBytes      cut from the end: written but never reported durable. 0 at a clean end.
 * @param isClosedClean  whether the log was closed in order.
 * @param isSameBoot     whether the machine has not started anew since; false if unknown.
 */
public record RecoveryReport(
    long firstIndex,
    long lastIndex,
    long commitIndex,
    int segments,
    long tornBytes,
    boolean isClosedClean,
    boolean isSameBoot)
{
}
