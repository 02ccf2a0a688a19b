package io.ukehi.client;

import io.ukehi.codecs.client.NodeRole;

/**
 * How a member of the cluster is, as told by itself.
 *
 * @param nodeId        who answers.
 * @param leaderId      whom it takes for the leader; -1 for nobody.
 * @param role          its role.
 * @param term          its term.
 * @param firstIndex    first index in its log.
 * @param lastIndex     last index in its log.
 * @param durableIndex  up to which its log is durable.
 * @param commitIndex   up to which it knows entries to be committed.
 * @param appliedIndex  up to which its state machine has applied them.
 * @param stateDigest   digest of the state machine at {@code appliedIndex}: equal on members that applied the same.
 * @param electionCount elections it has stood in since it started.
 * @param errorCount    errors it has counted since it started.
 * @param doubtfulTo    highest index that it may have acknowledged without holding it: until it has caught up it does
 *                      not vote and counts for nothing. 0 if it is in no doubt, {@link #UNBOUNDED} if there is
 *                      no bound.
 * @param snapshots     what it has to do with snapshots.
 * @param sessionCount  clients connected to it.
 */
public record MemberStatus(
    int nodeId,
    int leaderId,
    NodeRole role,
    long term,
    long firstIndex,
    long lastIndex,
    long durableIndex,
    long commitIndex,
    long appliedIndex,
    long stateDigest,
    long electionCount,
    long errorCount,
    long doubtfulTo,
    MemberSnapshots snapshots,
    int sessionCount)
{
    /** {@link #doubtfulTo()} of a member that may have acknowledged anything. */
    public static final long UNBOUNDED = Long.MAX_VALUE;
}
