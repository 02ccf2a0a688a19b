package io.ukehi.node;

import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.raft.Configuration;
import io.ukehi.raft.Raft;
import io.ukehi.raft.ReconfigurationOutcome;
import io.ukehi.raft.Role;

/**
 * What operators ask of a node, whether by a client or from within the embedding program. Duty-cycle thread; rare, so
 * it allocates.
 */
final class NodeAdmin
{
    /** {@link AdminOperation#TRANSFER_LEADERSHIP}: to whoever's log is closest. */
    static final int ANYBODY = 0;

    private final int nodeId;
    private final Replica replica;
    private final Raft raft;
    private final MemberLinks links;
    private final MemberChanges changes;
    private boolean isReplacedTold;

    NodeAdmin(final int nodeId, final Replica replica, final MemberLinks links, final long patienceNs)
    {
        this.nodeId = nodeId;
        this.replica = replica;
        this.raft = replica.raft();
        this.links = links;
        this.changes = new MemberChanges(nodeId, replica, patienceNs);
    }

    /**
     * Does what is asked for.
     *
     * @param operation what.
     * @param targetId  the member it is about, where it is about one.
     * @param member    the node it is about, as {@code ID=HOST:PEERPORT:CLIENTPORT}, where it is about one.
     * @param nowNs     monotonic.
     * @param answer    told once: now, or when a change of the members has ended.
     */
    void ask(
        final AdminOperation operation,
        final int targetId,
        final String member,
        final long nowNs,
        final MemberChanges.Answer answer)
    {
        if (replica.isRecovering())
        {
            answer.onEnded(AdminResult.of(AdminCode.RECOVERING));
            return;
        }
        switch (operation)
        {
            case TAKE_SNAPSHOT -> answer.onEnded(AdminResult.of(
                replica.takeSnapshot() ? AdminCode.STARTED : AdminCode.UNSUPPORTED));
            case STEP_DOWN -> answer.onEnded(AdminResult.of(
                raft.stepDown() ? AdminCode.STARTED : AdminCode.NOT_LEADER));
            case TRANSFER_LEADERSHIP -> answer.onEnded(AdminResult.of(transferTo(targetId)));
            case ADD_MEMBER, ADD_LEARNER, REMOVE_MEMBER, REPLACE_MEMBER, PROMOTE_MEMBER ->
                changes.change(operation, targetId, member, nowNs, answer);
            case LIST_MEMBERS -> answer.onEnded(new AdminResult(AdminCode.DONE, changes.describe()));
            case NULL_VAL -> answer.onEnded(AdminResult.of(AdminCode.UNSUPPORTED));
        }
    }

    private AdminCode transferTo(final int targetId)
    {
        if (Role.LEADER != raft.role())
        {
            return AdminCode.NOT_LEADER;
        }
        if (raft.isTransferring())
        {
            return AdminCode.BUSY;
        }
        final boolean isBegun = ANYBODY == targetId ? raft.transferLeadership() : raft.transferLeadership(targetId);
        return isBegun ? AdminCode.STARTED : AdminCode.NO_SUCH_MEMBER;
    }

    /** Work done. */
    int doWork(final long nowNs)
    {
        return changes.doWork(nowNs);
    }

    void onConfiguration(final Configuration configuration, final long index)
    {
        links.onConfiguration(configuration, index);
        if (raft.isReplaced() && !isReplacedTold)
        {
            links.onReplaced(nodeId);
        }
        isReplacedTold = raft.isReplaced();
    }

    void onReconfigured(final ReconfigurationOutcome outcome)
    {
        changes.onReconfigured(outcome);
    }

    /** The node stops. */
    void close()
    {
        changes.close();
    }
}
