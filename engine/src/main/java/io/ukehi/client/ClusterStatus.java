package io.ukehi.client;

import io.ukehi.codecs.client.NodeRole;
import java.util.List;

/**
 * How the members of a cluster are. Each is asked by itself, so that their answers are of slightly different times.
 *
 * @param members in the order of the client's endpoints: those that answered.
 * @param silent  ids of the members that did not answer in time.
 */
public record ClusterStatus(List<MemberStatus> members, List<Integer> silent)
{
    /** Defensive copies, so that a status is a value. */
    public ClusterStatus
    {
        members = List.copyOf(members);
        silent = List.copyOf(silent);
    }

    /** Id of the member that leads in the highest term told of, or -1 where none says that it leads. */
    public int leaderId()
    {
        int leaderId = -1;
        long term = -1;
        for (final MemberStatus member : members)
        {
            if (NodeRole.LEADER == member.role() && member.term() > term)
            {
                leaderId = member.nodeId();
                term = member.term();
            }
        }
        return leaderId;
    }
}
