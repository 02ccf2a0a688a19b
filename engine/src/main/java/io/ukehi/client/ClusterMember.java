package io.ukehi.client;

import java.util.ArrayList;
import java.util.List;

/**
 * A member of the cluster, as another tells of it.
 *
 * @param id         of the member.
 * @param endpoint   where it is reached: {@code HOST:PEERPORT:CLIENTPORT}.
 * @param state      {@code voter}, {@code learner}, or {@code leaving}: a voter that will be none once the change under
 *                   way is committed.
 * @param matchIndex up to which its log is known to be durable; -1 where not the leader tells.
 * @param contact    {@code leads}, {@code heard} within an election timeout, or {@code silent}; empty where not the
 *                   leader tells.
 */
public record ClusterMember(int id, String endpoint, String state, long matchIndex, String contact)
{
    /** Reads what a node answers to LIST_MEMBERS; what is not understood is left out. */
    static List<ClusterMember> parse(final String text)
    {
        final List<ClusterMember> members = new ArrayList<>();
        for (final String entry : text.split(","))
        {
            final String[] words = entry.split(" ");
            final int equals = words[0].indexOf('=');
            if (equals > 0 && words.length >= 2)
            {
                final boolean isTold = words.length >= 4;
                members.add(new ClusterMember(
                    Integer.parseInt(words[0].substring(0, equals)), words[0].substring(equals + 1), words[1],
                    isTold ? Long.parseLong(words[2]) : -1, isTold ? words[3] : ""));
            }
        }
        return members;
    }
}
