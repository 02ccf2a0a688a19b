package io.ukehi.node;

import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.raft.Configuration;
import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.ReconfigurationOutcome;
import io.ukehi.raft.Role;
import java.util.ArrayList;
import java.util.List;

/**
 * What an operator asks of the members: turned into a configuration, led to by the rules ({@link Raft#reconfigure}),
 * and answered when it is committed or has failed. One change at a time; who asks for the one that is under way is told
 * of the same end. So a request may be repeated, of the next leader too: what is done already is
 * {@link AdminCode#DONE}.
 * <p>
 * <b>A change that would lose the quorum is refused</b>: of those who would vote, a majority must be new ones, who are
 * caught up before they vote, or have answered within an election timeout.
 * <p>
 * Duty-cycle thread; rare, so it allocates.
 */
final class MemberChanges
{
    /** Who wants to know the end of a change. */
    interface Answer
    {
        void onEnded(AdminResult result);
    }

    private static final int NOBODY = 0;

    /** Most who may wait for one change; those before are told that nobody knows. */
    private static final int MAX_ANSWERS = 16;

    private final int nodeId;
    private final Replica replica;
    private final Raft raft;
    private final long patienceNs;
    private final List<Answer> answers = new ArrayList<>();
    /** Asked for, and not begun: what came before is not committed yet. */
    private Configuration waiting;
    private long waitingUntilNs;
    /** Begun. */
    private Configuration underWay;
    /** Who the members were when it was asked for: a request that is repeated means the same change. */
    private Configuration before;

    /**
     * @param nodeId     own member id.
     * @param replica    of this node.
     * @param patienceNs how long a change may wait for what the leader has begun before.
     */
    MemberChanges(final int nodeId, final Replica replica, final long patienceNs)
    {
        this.nodeId = nodeId;
        this.replica = replica;
        this.raft = replica.raft();
        this.patienceNs = patienceNs;
    }

    /**
     * Changes the members.
     *
     * @param operation one of those that change them.
     * @param targetId  the member it is about.
     * @param member    the node it is about, as {@code ID=HOST:PEERPORT:CLIENTPORT}.
     * @param nowNs     monotonic.
     * @param answer    told once: now, or when the change has ended.
     */
    void change(
        final AdminOperation operation, final int targetId, final String member, final long nowNs, final Answer answer)
    {
        if (Role.LEADER != raft.role())
        {
            answer.onEnded(AdminResult.of(AdminCode.NOT_LEADER));
            return;
        }
        final Configuration target;
        try
        {
            target = target(operation, targetId, member);
        }
        catch (final IllegalArgumentException ex)
        {
            answer.onEnded(new AdminResult(AdminCode.INVALID, ex.getMessage()));
            return;
        }
        if (null == target)
        {
            answer.onEnded(new AdminResult(AdminCode.NO_SUCH_MEMBER, "there is no member " + targetId));
        }
        else if (isBusyWithAnother(target))
        {
            answer.onEnded(new AdminResult(AdminCode.IN_PROGRESS,
                "the members are being changed to " + (null == underWay ? waiting : underWay)));
        }
        else
        {
            take(target, nowNs, answer);
        }
    }

    private boolean isBusyWithAnother(final Configuration target)
    {
        return (null != waiting && !waiting.equals(target)) || (null != underWay && !underWay.equals(target));
    }

    private void take(final Configuration target, final long nowNs, final Answer answer)
    {
        if (null == waiting && null == underWay)
        {
            final String loss = quorumLoss(target);
            if (null != loss)
            {
                answer.onEnded(new AdminResult(AdminCode.WOULD_LOSE_QUORUM, loss));
                return;
            }
            before = raft.configuration();
            waiting = target;
            waitingUntilNs = nowNs + patienceNs;
        }
        if (answers.size() == MAX_ANSWERS)
        {
            answers.remove(0).onEnded(AdminResult.of(AdminCode.IN_PROGRESS));
        }
        answers.add(answer);
        doWork(nowNs);
    }

    /** Null if it is about a member that there is not. */
    private Configuration target(final AdminOperation operation, final int targetId, final String member)
    {
        final Configuration members = null == before ? raft.configuration() : before;
        final Configuration current = members.settled();
        return switch (operation)
        {
            case ADD_MEMBER ->
            {
                final MemberAddress added = address(member, current, NOBODY);
                yield current.plusVoter(added.id(), added.endpoint());
            }
            case ADD_LEARNER ->
            {
                final MemberAddress added = address(member, current, NOBODY);
                yield current.plusLearner(added.id(), added.endpoint());
            }
            case REMOVE_MEMBER -> removed(members, targetId);
            case REPLACE_MEMBER -> replaced(current, targetId, member);
            case PROMOTE_MEMBER ->
                current.isMember(targetId) ? current.plusVoter(targetId, current.endpoint(targetId)) : null;
            default -> throw new IllegalArgumentException(operation + " changes no members");
        };
    }

    /** Where somebody else has begun to remove it, that has to be waited for. */
    private static Configuration removed(final Configuration members, final int targetId)
    {
        final Configuration current = members.settled();
        if (current.isMember(targetId))
        {
            return current.minus(targetId);
        }
        return members.isMember(targetId) ? current : null;
    }

    private static Configuration replaced(final Configuration current, final int targetId, final String member)
    {
        final MemberAddress added = address(member, current, targetId);
        if (!current.isMember(targetId))
        {
            // Done before, and asked for again.
            return added.endpoint().equals(current.endpoint(added.id())) ? current : null;
        }
        return current.replace(targetId, added.id(), added.endpoint());
    }

    private static MemberAddress address(final String member, final Configuration current, final int replacedId)
    {
        final List<String> problems = new ArrayList<>();
        final List<MemberAddress> parsed = MemberAddress.parse(member, problems);
        if (parsed.size() != 1 || !problems.isEmpty())
        {
            throw new IllegalArgumentException(problems.isEmpty() ? "one member at a time" : problems.get(0));
        }
        final MemberAddress address = parsed.get(0);
        for (final int id : current.members())
        {
            final MemberAddress other = MemberAddress.of(id, current.endpoint(id));
            if (id != address.id() && id != replacedId && null != other)
            {
                address.checkNoSharedPort(other, problems);
            }
        }
        if (!problems.isEmpty())
        {
            throw new IllegalArgumentException(problems.get(0));
        }
        return address;
    }

    /** What would be wrong with a quorum of a configuration; null if nothing would. */
    private String quorumLoss(final Configuration target)
    {
        int present = 0;
        final StringBuilder silent = new StringBuilder();
        for (final int id : target.voters())
        {
            final boolean isNew = !raft.configuration().isVoter(id);
            if (isNew || id == nodeId || raft.isHeard(id))
            {
                present++;
            }
            else
            {
                silent.append(silent.isEmpty() ? "" : ", ").append(id);
            }
        }
        return present > target.voters().length / 2 ? null : "of the " + target.voters().length +
            " that would vote, " + silent + " do not answer: remove or replace those first";
    }

    /** Begins what waits, as soon as that can be done. Work done. */
    int doWork(final long nowNs)
    {
        if (null == waiting)
        {
            return 0;
        }
        final Configuration target = waiting;
        // Known before it begins: the end of a change that changes nothing may be told from within.
        underWay = target;
        final long result = raft.reconfigure(target);
        if (result >= 0)
        {
            waiting = null;
            return 1;
        }
        underWay = null;
        if (Raft.NOT_LEADER == result)
        {
            end(AdminResult.of(AdminCode.NOT_LEADER));
            return 1;
        }
        if (nowNs - waitingUntilNs >= 0)
        {
            end(new AdminResult(AdminCode.IN_PROGRESS, RaftLog.STORAGE_FULL == result ?
                "the leader's disk is full" : "the leader is not done with what came before: try again"));
            return 1;
        }
        return 0;
    }

    /** See {@link io.ukehi.raft.RaftListener#onReconfigured}. */
    void onReconfigured(final ReconfigurationOutcome outcome)
    {
        if (null != underWay)
        {
            end(switch (outcome)
            {
                case DONE -> AdminResult.of(AdminCode.DONE);
                case NEWCOMER_SILENT -> new AdminResult(AdminCode.NOT_CAUGHT_UP,
                    "a new voter of " + underWay + " was silent, or did not catch up: it stays a learner");
                case LEADERSHIP_LOST -> AdminResult.of(AdminCode.NOT_LEADER);
            });
        }
    }

    /** The node stops. */
    void close()
    {
        end(AdminResult.of(AdminCode.STOPPED));
    }

    private void end(final AdminResult result)
    {
        waiting = null;
        underWay = null;
        before = null;
        final List<Answer> told = List.copyOf(answers);
        answers.clear();
        told.forEach(answer -> answer.onEnded(result));
    }

    /** The members as text: {@code ID=ENDPOINT STATE MATCH CONTACT log:LOGID} of each, separated by commas. */
    String describe()
    {
        final Configuration members = raft.configuration();
        final StringBuilder text = new StringBuilder();
        for (final int id : members.members())
        {
            text.append(text.isEmpty() ? "" : ",").append(id).append('=').append(members.endpoint(id))
                .append(' ').append(stateOf(members, id));
            if (Role.LEADER == raft.role())
            {
                final boolean isSelf = id == nodeId;
                text.append(' ').append(isSelf ? replica.log().durableIndex() : raft.matchIndex(id))
                    .append(isSelf ? " leads" : raft.isHeard(id) ? " heard" : " silent");
            }
            if (Configuration.NO_LOG != members.logId(id))
            {
                text.append(" log:").append(Long.toHexString(members.logId(id)));
            }
        }
        return text.toString();
    }

    private static String stateOf(final Configuration members, final int id)
    {
        if (!members.settled().isMember(id))
        {
            return "leaving";
        }
        return members.isVoter(id) ? "voter" : "learner";
    }
}
