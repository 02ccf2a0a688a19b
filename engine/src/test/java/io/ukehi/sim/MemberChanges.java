package io.ukehi.sim;

import io.ukehi.raft.Configuration;
import io.ukehi.raft.Raft;
import io.ukehi.raft.ReconfigurationOutcome;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Changes the members of a world's group, as operators do: anybody may become a voter, a learner or nothing at all, the
 * leader too, several at once, and all of them against others. Now and then somebody is asked in who does not exist.
 */
final class MemberChanges
{
    /** Nobody answers to this id. */
    private static final int NOBODY = 60;
    private static final int MAX_VOTERS = 5;

    private final World world;
    private final SimSettings settings;
    private final SimRandom random;
    private final Configuration first;
    /** By the indexes of their entries. */
    private final TreeMap<Long, Configuration> committed = new TreeMap<>();

    MemberChanges(final World world, final SimRandom random)
    {
        this.world = world;
        this.settings = world.settings();
        this.random = random;
        this.first = Configuration.of(IntStream.rangeClosed(1, settings.members).toArray(), new int[0], Map.of());
    }

    /** A leader is asked for a change; nothing happens if it takes none. */
    void ask(final SimNode leader)
    {
        final Configuration before = leader.raft().configuration();
        final Configuration target = random.nextInt(3) > 0 ? oneOther(before) : anyOther(before);
        if (null == target)
        {
            return;
        }
        // Learners first, as everybody should; or at once, as the rules alone allow.
        final boolean isPrepared = target.isMember(NOBODY) || random.nextInt(4) > 0;
        final Raft raft = leader.raft();
        final boolean isOwnCommitted = leader.log().termAt(raft.commitIndex()) == raft.term();
        if ((isPrepared ? raft.reconfigure(target) : raft.changeConfiguration(target)) < 0)
        {
            return;
        }
        Violation.check(isOwnCommitted || target.equals(before),
            "members change once an entry of the leader's term is committed", leader.id(), raft.commitIndex());
        world.hit(FaultKind.MEMBERS_CHANGED);
        if (!target.isVoter(leader.id()))
        {
            world.hit(FaultKind.LEADER_REMOVED);
        }
        if (target.isMember(NOBODY))
        {
            world.hit(FaultKind.NEWCOMER_ABSENT);
        }
        if (isDisjoint(before, target))
        {
            world.hit(FaultKind.ALL_REPLACED);
        }
    }

    /** One member more, less or in another part. */
    private Configuration oneOther(final Configuration before)
    {
        final SimNode leader = world.leader();
        final boolean isLeader = null != leader && 0 == random.nextInt(4);
        final int id = isLeader ? leader.id() : 1 + random.nextInt(settings.size);
        final int voters = before.voters().length;
        if (before.isMember(NOBODY))
        {
            return before.minus(NOBODY);
        }
        if (0 == random.nextInt(12))
        {
            return before.plusVoter(NOBODY, "");
        }
        if (before.isVoter(id))
        {
            return voters < 2 ? null : 0 == random.nextInt(4) ? before.plusLearner(id, "") : before.minus(id);
        }
        return voters < MAX_VOTERS && random.nextInt(4) > 0 ? before.plusVoter(id, "") :
            before.isMember(id) ? before.minus(id) : before.plusLearner(id, "");
    }

    /** Any voters and learners, or all those that are no voters now. */
    private Configuration anyOther(final Configuration before)
    {
        final boolean isReplacement = random.nextBoolean();
        final int[] voters = new int[settings.size];
        final int[] learners = new int[settings.size];
        int voterCount = 0;
        int learnerCount = 0;
        for (int id = 1; id <= settings.size; id++)
        {
            final boolean isVoter = isReplacement ? !before.isVoter(id) : random.nextBoolean();
            if (isVoter && voterCount < MAX_VOTERS)
            {
                voters[voterCount++] = id;
            }
            else if (!isReplacement && 0 == random.nextInt(4))
            {
                learners[learnerCount++] = id;
            }
        }
        return 0 == voterCount ? null : Configuration.of(
            Arrays.copyOf(voters, voterCount), Arrays.copyOf(learners, learnerCount), Map.of());
    }

    private static boolean isDisjoint(final Configuration before, final Configuration after)
    {
        for (final int id : after.voters())
        {
            if (before.isVoter(id))
            {
                return false;
            }
        }
        return true;
    }

    /** A configuration is committed. */
    void onCommitted(final Configuration configuration, final long index)
    {
        committed.put(index, configuration);
    }

    /** Who the members were before an index, all before it being committed; null if the node has never been told. */
    Configuration before(final SimNode node, final long index)
    {
        final Map.Entry<Long, Configuration> newest = committed.floorEntry(index - 1);
        if (null != newest)
        {
            return newest.getValue();
        }
        return index > 1 || node.id() <= settings.members ? first : null;
    }

    /** A configuration is in force at a node. */
    void onInForce(final SimNode node, final Configuration configuration, final long index)
    {
        Violation.check(!configuration.isVoter(NOBODY), "who never catches up does not vote", node.id(), index);
        if (configuration.isJoint() && node.isLeader())
        {
            world.onJoint(node, configuration);
        }
    }

    /** A change has ended. */
    void onEnded(final SimNode leader, final Configuration target, final ReconfigurationOutcome outcome)
    {
        Violation.check(ReconfigurationOutcome.DONE != outcome || leader.raft().configuration().equals(target),
            "a change that is done leads to its target", leader.id(), leader.raft().configurationIndex());
    }
}
