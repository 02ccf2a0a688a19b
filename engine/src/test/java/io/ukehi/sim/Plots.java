package io.ukehi.sim;

import io.ukehi.raft.Configuration;
import io.ukehi.raft.RaftListener;

/**
 * Misfortune in several acts: strokes that mean something only one after another, and at about the right time. What the
 * first one begins goes on by events of its own. One plot at a time.
 */
final class Plots
{
    /** What comes next. */
    private enum Act
    {
        NOTHING, SILENCE, DIVISION, TEMPTATION, DESERTION, DELIVERY, REUNION, HOLD, LOSS, SHORTCUT
    }

    private final World world;
    private final SimSettings settings;
    private final SimRandom random;
    private Act next = Act.NOTHING;
    private long actNumber;
    /** Who leads as it begins, who changes sides, and who is on the leader's side: a bit for each, by its id. */
    private int leaderId;
    private int turncoatId;
    private int side;
    private long answersNs;
    /** Who hears late what was said to it, and when. */
    private int detouredId;
    private long detourEndNs;

    Plots(final World world, final SimRandom random)
    {
        this.world = world;
        this.settings = world.settings();
        this.random = random;
    }

    private void then(final Act act, final long delayNs)
    {
        next = act;
        world.queue().put(SimEvent.Kind.ACT, world.timeNs() + delayNs, 0, ++actNumber);
    }

    /** The next act. */
    void onAct(final long number)
    {
        if (number != actNumber || world.isHealed())
        {
            return;
        }
        final Act act = next;
        next = Act.NOTHING;
        switch (act)
        {
            case SILENCE -> silence();
            case DIVISION -> division();
            case TEMPTATION -> temptation();
            case DESERTION -> world.network().cutBetween(side, 0);
            case DELIVERY -> delivery();
            case REUNION -> world.network().joinAll();
            case HOLD -> hold();
            case LOSS -> loss();
            case SHORTCUT -> world.network().clog(leaderId, turncoatId, 0);
            default ->
            {
                // It has come to its end.
            }
        }
    }

    /** A leader is there: something may be made of that. */
    void begin(final SimNode leader)
    {
        if (settings.size < 2 || leader.isPaused() || Act.NOTHING != next)
        {
            return;
        }
        leaderId = leader.id();
        switch (random.nextInt(settings.size < 3 ? 3 : 6))
        {
            case 0, 1 -> overtake();
            case 2 -> detour();
            default -> divide();
        }
    }

    /** What the leader says to a peer now comes when it has said much more. */
    private void detour()
    {
        world.hit(FaultKind.DETOUR);
        turncoatId = other(leaderId);
        detouredId = turncoatId;
        detourEndNs = world.timeNs() + random.nextLong(4 * settings.electionMaxNs);
        world.network().clog(leaderId, detouredId, detourEndNs);
        then(Act.SHORTCUT, random.nextLong(settings.electionMinNs));
    }

    /** Answers to what the leader says now come late; then it hears nothing, and is not heard. */
    private void overtake()
    {
        world.hit(FaultKind.OVERTAKEN);
        answersNs = world.timeNs() + random.nextLong(2 * settings.electionMaxNs);
        if (random.nextBoolean())
        {
            world.network().clogAround(leaderId, answersNs, world.timeNs());
        }
        then(Act.SILENCE, random.nextLong(settings.electionMinNs));
    }

    private void silence()
    {
        final long lengthNs = settings.electionMinNs / 2 + random.nextLong(2 * settings.electionMaxNs);
        final long untilNs = Math.max(answersNs, world.timeNs()) + lengthNs;
        world.network().clogAround(leaderId, untilNs, untilNs);
        final SimNode leader = world.node(leaderId);
        if (isAtRest(leader) && random.nextBoolean())
        {
            world.standStill(leader, random.nextLong(untilNs - world.timeNs()), FaultKind.STALL);
        }
    }

    private static boolean isAtRest(final SimNode node)
    {
        return node.isUp() && !node.isPaused() && !node.isRecovering();
    }

    /** The others, but for one, hear the leader no more; that one hears all. */
    private void divide()
    {
        turncoatId = other(leaderId);
        side = 1 << leaderId;
        for (int count = 1; count < (settings.size - 1) / 2; count++)
        {
            side |= 1 << other(leaderId);
        }
        side &= ~(1 << turncoatId);
        if (random.nextInt(4) > 0)
        {
            // So that those who hear nothing have all there is, and may be elected.
            world.lull(settings.electionMaxNs + random.nextLong(4 * settings.electionMaxNs));
        }
        then(Act.DIVISION, random.nextLong(1 + settings.heartbeatNs + 4 * settings.maxDelayNs));
    }

    private void division()
    {
        world.hit(FaultKind.TURNCOAT);
        world.network().cutBetween(side, turncoatId);
        then(Act.TEMPTATION, settings.electionMinNs / 2 + random.nextLong(2 * settings.electionMaxNs));
    }

    private int other(final int id)
    {
        final int drawn = 1 + random.nextInt(settings.size - 1);
        return drawn < id ? drawn : drawn + 1;
    }

    /** The one between stands still, or dies and is back at once; then it goes over. */
    private void temptation()
    {
        final SimNode turncoat = world.node(turncoatId);
        // What it has just answered may still reach the leader.
        final long afterNs = random.nextLong(1 + 2 * settings.maxDelayNs);
        if (!isAtRest(turncoat))
        {
            then(Act.DESERTION, afterNs);
            return;
        }
        switch (random.nextInt(5))
        {
            case 0, 1 ->
            {
                world.endBriefly(turncoat);
                then(Act.DESERTION, random.nextBoolean() ? 0 : afterNs);
            }
            case 2, 3 ->
            {
                final long lengthNs = random.nextLong(settings.electionMaxNs);
                world.standStill(turncoat, lengthNs, FaultKind.STALL);
                then(Act.DESERTION, lengthNs + afterNs);
            }
            default -> then(Act.DESERTION, afterNs);
        }
    }

    /** A change of the members is in a leader's log, and nowhere else yet. */
    void onJoint(final SimNode leader, final Configuration joint)
    {
        if (world.isHealed() || Act.NOTHING != next || random.nextInt(4) > 0)
        {
            return;
        }
        world.hit(FaultKind.SECESSION);
        leaderId = leader.id();
        side = 0;
        for (final int id : joint.voters())
        {
            side |= 1 << id;
        }
        world.network().cutBetween(side | 1 << leaderId, 0);
        then(Act.DELIVERY, random.nextLong(1 + 8 * settings.maxDelayNs + settings.heartbeatNs));
    }

    /** The new voters may have heard of it: the leader goes back to the others, or not. */
    private void delivery()
    {
        if (random.nextInt(3) > 0)
        {
            side &= ~(1 << leaderId);
            world.network().cutBetween(side, 0);
        }
        then(Act.REUNION, settings.electionMaxNs + random.nextLong(6 * settings.electionMaxNs));
    }

    /** A snapshot that was received is about to get its name. */
    void onReceived(final SimNode node)
    {
        final int sender = null == node.raft() ? RaftListener.NO_LEADER : node.raft().leaderId();
        if (RaftListener.NO_LEADER == sender || node.id() == sender || world.isHealed() || Act.NOTHING != next ||
            random.nextInt(node.isReceiving() || isDetoured(node) ? 1 : 3) > 0)
        {
            return;
        }
        leaderId = sender;
        if (isOvertaken(node, sender) || node.isAstray() || random.nextBoolean())
        {
            // Once the node knows that it is durable, and before it does anything about that.
            turncoatId = node.id();
            then(Act.HOLD, settings.cycleDelayNs + 1 + random.nextLong(1 + settings.idleNs / 8));
            return;
        }
        node.slowUntilNs = Math.max(node.slowUntilNs, world.timeNs() + random.nextLong(2 * settings.electionMaxNs));
        then(Act.LOSS, random.nextLong(1 + settings.flushDelayNs));
    }

    /** Whether entries are on their way to a node that has received a snapshot in their place. */
    private boolean isOvertaken(final SimNode node, final int sender)
    {
        return isDetoured(node) || world.network().hasStragglers(sender, node.id());
    }

    private boolean isDetoured(final SimNode node)
    {
        return node.id() == detouredId && world.timeNs() < detourEndNs;
    }

    private void hold()
    {
        final SimNode node = world.node(turncoatId);
        if (!isAtRest(node))
        {
            return;
        }
        if (node.isAstray())
        {
            // The snapshot has its name, and the log is still what no snapshot can go on with.
            world.endBriefly(node);
        }
        else
        {
            final long beginNs = isDetoured(node) ? detourEndNs - world.timeNs() : 0;
            world.standStill(node, beginNs + random.nextLong(settings.electionMaxNs), FaultKind.HELD_UP);
            if (world.network().hasStragglers(leaderId, turncoatId))
            {
                world.network().bringStragglers(node.pausedUntilNs + random.nextInt(2));
            }
        }
    }

    private void loss()
    {
        final SimNode leader = world.node(leaderId);
        if (isAtRest(leader) && leader.isLeader())
        {
            world.hit(FaultKind.SENDER_LOST);
            if (random.nextBoolean())
            {
                leader.raft().stepDown();
            }
            else
            {
                world.end(leader, FaultKind.KILL, false);
            }
        }
    }
}
