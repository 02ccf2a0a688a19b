package io.ukehi.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The members that a client knows: those it was configured with, and those that nodes have told of since. Each keeps
 * its number, from 0, and nobody is forgotten: who is no member any more says who leads, if he is asked, and costs
 * nothing, if he is not there.
 * <p>
 * Where a member was configured it is looked for, since a client may have a way of its own (IPC, another network),
 * until the cluster says that it has moved.
 */
final class KnownMembers
{
    private final List<ClientEndpoint> endpoints;
    /** What was told of each last, by id. */
    private final Map<Integer, ClientEndpoint> told = new HashMap<>();
    private long toldIndex = -1;

    KnownMembers(final List<ClientEndpoint> configured)
    {
        endpoints = new ArrayList<>(configured);
    }

    int count()
    {
        return endpoints.size();
    }

    ClientEndpoint endpoint(final int number)
    {
        return endpoints.get(number);
    }

    /**
     * A node has told who the members are. What is older than what is known is passed over, and so is what cannot be
     * read.
     *
     * @return numbers of those to whom there is another way than before, or a first one.
     */
    int[] onTold(final long index, final String list)
    {
        final List<ClientEndpoint> members = ClientEndpoint.parse(list, new ArrayList<>());
        if (index < toldIndex || members.isEmpty())
        {
            return new int[0];
        }
        toldIndex = index;
        final List<Integer> changed = new ArrayList<>();
        for (final ClientEndpoint member : members)
        {
            final ClientEndpoint before = told.put(member.memberId(), member);
            final int number = numberOf(member.memberId());
            if (number < 0)
            {
                changed.add(endpoints.size());
                endpoints.add(member);
            }
            else if (null != before && !before.equals(member))
            {
                changed.add(number);
                endpoints.set(number, member);
            }
        }
        return changed.stream().mapToInt(Integer::intValue).toArray();
    }

    private int numberOf(final int memberId)
    {
        return IntStream.range(0, endpoints.size())
            .filter(i -> endpoints.get(i).memberId() == memberId).findFirst().orElse(-1);
    }
}
