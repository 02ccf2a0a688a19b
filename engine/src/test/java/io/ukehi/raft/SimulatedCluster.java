package io.ukehi.raft;

import io.ukehi.fencing.FencingToken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A group of 1 to 7 nodes of the production rules, a network and a clock, all in one thread. Time moves in ticks; in a
 * tick each node hears what has arrived and then lives through one duty cycle, step by step, and after every step the
 * {@link RaftInvariants} are checked. The same settings and the same calls give the same history, to the bit.
 */
public final class SimulatedCluster
{
    /** What a cluster is made of; to be set before it is made. */
    public static final class Settings
    {
        int size = 3;
        /** Nodes 1 to so many are the first voters; the others wait to be made members. 0: all are voters. */
        int voters;
        long seed = 1;
        long tickNs = 1_000_000;
        long electionTimeoutMinNs = 150_000_000;
        long electionTimeoutMaxNs = 300_000_000;
        long heartbeatIntervalNs = 50_000_000;
        int maxAppendBytes = 64 * 1024;
        int maxInflightBytes = 1024 * 1024;
        int maxInflightMessages = 64;
        int entriesPerSegment = Integer.MAX_VALUE;
        long slowDiskThresholdNs;
        long slowDiskTimeoutNs = 1;
        long maxSequence = FencingToken.MAX_PART;
        /** Whether a test sends what no correct node would, so that refusals are right. */
        boolean isRefusalExpected;

        public Settings size(final int nodes)
        {
            size = nodes;
            return this;
        }

        public Settings seed(final long newSeed)
        {
            seed = newSeed;
            return this;
        }
    }

    /** Called after every step of a node, where a test may crash it. */
    public interface StepListener
    {
        void afterStep(SimulatedNode node);
    }

    private final Settings settings;
    private final List<SimulatedNode> nodes = new ArrayList<>();
    private final int[] ids;
    private final SimulatedNetwork network;
    private final RaftInvariants invariants;
    private StepListener stepListener = node -> {};
    private long timeNs;

    public SimulatedCluster(final Settings settings)
    {
        this.settings = settings;
        this.ids = new int[settings.size];
        this.network = new SimulatedNetwork(settings.size, settings.seed ^ 0x5DEECE66DL);
        for (int i = 0; i < ids.length; i++)
        {
            ids[i] = i + 1;
            nodes.add(new SimulatedNode(this, i + 1));
        }
        this.invariants = new RaftInvariants(nodes);
    }

    public SimulatedCluster stepListener(final StepListener listener)
    {
        stepListener = listener;
        return this;
    }

    /** Starts all nodes. */
    public SimulatedCluster start()
    {
        nodes.forEach(SimulatedNode::start);
        return this;
    }

    Settings settings()
    {
        return settings;
    }

    RaftInvariants invariants()
    {
        return invariants;
    }

    int[] ids()
    {
        return ids;
    }

    /** Of a node as it is first started. */
    Configuration firstConfiguration(final int id)
    {
        final int voters = 0 == settings.voters ? ids.length : settings.voters;
        return id > voters ? Configuration.NONE : Configuration.ofVoters(Arrays.copyOf(ids, voters));
    }

    public SimulatedNetwork network()
    {
        return network;
    }

    public List<SimulatedNode> nodes()
    {
        return nodes;
    }

    public SimulatedNode node(final int id)
    {
        return nodes.get(id - 1);
    }

    /** Since the cluster was made, in nanoseconds. */
    public long timeNs()
    {
        return timeNs;
    }

    /** Lets time pass by a tick. */
    public void tick()
    {
        timeNs += settings.tickNs;
        PeerMessage message = network.poll(timeNs);
        while (null != message)
        {
            final SimulatedNode node = node(message.to());
            if (isRunning(node))
            {
                final PeerMessage arrived = message;
                guarded(node, () -> node.deliver(arrived));
            }
            message = network.poll(timeNs);
        }
        for (final SimulatedNode node : nodes)
        {
            for (int step = 0; step < SimulatedNode.STEPS && isRunning(node); step++)
            {
                final int now = step;
                guarded(node, () -> node.step(now));
            }
        }
    }

    private static boolean isRunning(final SimulatedNode node)
    {
        return node.isUp() && !node.isPaused();
    }

    /** A step of a node. If its disk fails the node is down, as it should be; any other error is the test's. */
    private void guarded(final SimulatedNode node, final Runnable step)
    {
        try
        {
            step.run();
        }
        catch (final InMemoryHardState.FailedException | InMemoryLog.FailedException failed)
        {
            node.hardState().fault(InMemoryHardState.Fault.NONE);
            crash(node.id());
        }
        invariants.afterStep(node);
        stepListener.afterStep(node);
    }

    public void runFor(final long durationNs)
    {
        final long endNs = timeNs + durationNs;
        while (timeNs < endNs)
        {
            tick();
        }
    }

    /** Runs until something holds; false if it does not within a time. */
    public boolean runUntil(final BooleanSupplier condition, final long maxNs)
    {
        final long endNs = timeNs + maxNs;
        while (!condition.getAsBoolean())
        {
            if (timeNs >= endNs)
            {
                return false;
            }
            tick();
        }
        return true;
    }

    /** Machine and process are gone: whatever was not durable is lost. */
    public void crash(final int id)
    {
        crash(id, node(id).log().durableIndex());
    }

    /** As {@link #crash(int)}, but more than what was durable happens to have reached the disk. */
    public void crash(final int id, final long keepIndex)
    {
        node(id).stop();
        node(id).log().crash(keepIndex);
        invariants.afterStep(node(id));
    }

    /**
     * As {@link #crash(int)}, and entries that were durable are lost with the rest. The node will know.
     *
     * @param keepIndex  last entry that is left.
     * @param doubtfulTo what the node knows of it: up to where entries may be missing.
     */
    public void lose(final int id, final long keepIndex, final long doubtfulTo)
    {
        crash(id);
        final SimulatedNode node = node(id);
        node.doubt().raise(doubtfulTo);
        node.log().lose(keepIndex);
        invariants.afterStep(node);
    }

    public void restart(final int id)
    {
        final SimulatedNode node = node(id);
        guarded(node, node::start);
    }

    /** A command for a node; see {@link Raft#propose}. {@link Raft#NOT_LEADER} if the node is down. */
    public long propose(final int id, final String command)
    {
        final SimulatedNode node = node(id);
        if (!isRunning(node))
        {
            return Raft.NOT_LEADER;
        }
        final long[] answer = {Raft.NOT_LEADER};
        guarded(node, () ->
        {
            node.beginCycle();
            answer[0] = node.propose(command);
        });
        return answer[0];
    }

    /** Asks a node to change the members; see {@link Raft#changeConfiguration}. */
    public long changeConfiguration(final int id, final Configuration target)
    {
        final SimulatedNode node = node(id);
        if (!isRunning(node))
        {
            return Raft.NOT_LEADER;
        }
        final long[] answer = {Raft.NOT_LEADER};
        guarded(node, () ->
        {
            node.beginCycle();
            answer[0] = node.raft().changeConfiguration(target);
        });
        return answer[0];
    }

    /** Asks a node to lead the group to other members; see {@link Raft#reconfigure}. */
    public long reconfigure(final int id, final Configuration target)
    {
        final SimulatedNode node = node(id);
        if (!isRunning(node))
        {
            return Raft.NOT_LEADER;
        }
        final long[] answer = {Raft.NOT_LEADER};
        guarded(node, () ->
        {
            node.beginCycle();
            answer[0] = node.raft().reconfigure(target);
        });
        return answer[0];
    }

    /** Whether a node is a member as the one that leads sees it. */
    public boolean isMember(final int id)
    {
        final int leader = leader();
        return leader > 0 && node(leader).raft().configuration().isMember(id);
    }

    /** The node that leads; of several the one in the highest term. 0 if none does. */
    public int leader()
    {
        SimulatedNode leader = null;
        for (final SimulatedNode node : nodes)
        {
            if (node.isLeader() && (null == leader || node.raft().term() > leader.raft().term()))
            {
                leader = node;
            }
        }
        return null == leader ? 0 : leader.id();
    }

    /** Whether all members are up, follow one leader, hold and know committed the same log, and miss nothing of it. */
    public boolean isConverged()
    {
        final int leader = leader();
        if (0 == leader)
        {
            return false;
        }
        final long lastIndex = node(leader).log().lastIndex();
        for (final SimulatedNode node : nodes)
        {
            if (!isMember(node.id()))
            {
                continue;
            }
            if (!isRunning(node) || node.raft().leaderId() != leader || node.log().lastIndex() != lastIndex ||
                node.raft().commitIndex() != lastIndex || node.raft().doubtfulTo() > 0 ||
                node.digestAt(lastIndex) != node(leader).digestAt(lastIndex))
            {
                return false;
            }
        }
        return true;
    }

    /** What a person wants to see of a cluster that went wrong. */
    @Override
    public String toString()
    {
        final StringBuilder text = new StringBuilder("at " + timeNs / 1_000_000 + " ms");
        for (final SimulatedNode node : nodes)
        {
            text.append("\n  node ").append(node.id());
            if (node.isUp())
            {
                final Raft raft = node.raft();
                text.append(' ').append(raft.role()).append(" term ").append(raft.term())
                    .append(" leader ").append(raft.leaderId()).append(" commit ").append(raft.commitIndex())
                    .append(raft.doubtfulTo() > 0 ? " in doubt to " + raft.doubtfulTo() : "")
                    .append(" members ").append(raft.configuration()).append('@').append(raft.configurationIndex());
            }
            else
            {
                text.append(" down, term ").append(node.hardState().term());
            }
            text.append(" first ").append(node.log().firstIndex());
            text.append(" last ").append(node.log().lastIndex()).append('@').append(node.log().lastTerm())
                .append(" durable ").append(node.log().durableIndex());
        }
        return text.toString();
    }
}
