package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.agrona.collections.Long2ObjectHashMap;
import org.junit.jupiter.api.Test;

/**
 * Thousands of clusters, each with its own size, limits, faults and load, all drawn from a seed. The invariants are
 * checked after every step. In the end the faults cease, and then there has to be a leader soon, everything that was
 * accepted from then on has to commit, and all logs have to be equal.
 * <p>
 * A failure names its seed; {@code -Dukehi.raft.seed=N} runs that one alone, {@code -Dukehi.raft.seeds=N} so many.
 */
class RaftModelTest
{
    private static final long MS = 1_000_000;

    @Test
    void shouldKeepEveryInvariantAndConvergeWhenFaultsCeaseOverManySeeds()
    {
        final Long only = Long.getLong("ukehi.raft.seed");
        final long first = null == only ? Long.getLong("ukehi.raft.firstSeed", 1) : only;
        final long count = null == only ? Long.getLong("ukehi.raft.seeds", 8000) : 1;
        for (long seed = first; seed < first + count; seed++)
        {
            final Run run = new Run(seed);
            try
            {
                run.run();
            }
            catch (final AssertionError | RuntimeException error)
            {
                throw new AssertionError("replay with -Dukehi.raft.seed=" + seed + "\n" + run.cluster, error);
            }
        }
    }

    /** One cluster and its history. */
    private static final class Run
    {
        private final SplittableRandom random;
        private final SimulatedCluster.Settings settings;
        final SimulatedCluster cluster;
        private final RandomFaults faults;
        private final double burstRate;
        private final int mostCommands;
        /** What a leader took, by term and index. */
        private final Long2ObjectHashMap<String> accepted = new Long2ObjectHashMap<>();
        private int commandCount;

        Run(final long seed)
        {
            random = new SplittableRandom(seed);
            settings = draw(seed);
            cluster = new SimulatedCluster(settings);
            faults = new RandomFaults(cluster, random);
            cluster.start();
burstRate = 0.1 * random.nextDouble() * random.nextDouble();
            mostCommands = 20 + random.nextInt(600);
        }

        private SimulatedCluster.Settings draw(final long seed)
        {
            final int[] sizes = {1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7};
            final SimulatedCluster.Settings drawn = new SimulatedCluster.Settings();
            drawn.size = sizes[random.nextInt(sizes.length)];
            drawn.seed = seed;
            drawn.voters = 0 == random.nextInt(4) ? 1 + random.nextInt(drawn.size) : 0;
            drawn.tickNs = MS * (1 + random.nextInt(8));
            drawn.maxAppendBytes = 64 << random.nextInt(8);
            drawn.maxInflightBytes = drawn.maxAppendBytes << random.nextInt(4);
            drawn.maxInflightMessages = 1 << random.nextInt(6);
            drawn.entriesPerSegment = random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(16);
            drawn.maxSequence = 0 == random.nextInt(4) ? 2 + random.nextInt(30) : 0xFFFF_FFFFL;
            drawn.slowDiskThresholdNs = 0 == random.nextInt(3) ? MS * (20 + random.nextInt(100)) : 0;
            drawn.slowDiskTimeoutNs = MS * (1 + random.nextInt(1000));
            return drawn;
        }

        void run()
        {
            final long endNs = 500 * MS + random.nextLong(1 + random.nextLong(20_000 * MS));
            while (cluster.timeNs() < endNs)
            {
                faults.beforeTick();
                load();
                cluster.tick();
            }
            faults.heal();
            final long timeoutNs = settings.electionTimeoutMaxNs;
            // Until the last slow message has arrived and whoever has lost a majority has noticed.
            cluster.runFor(3 * timeoutNs);
            assertTrue(cluster.runUntil(this::isFollowed, 5 * timeoutNs), "a leader soon after the faults");
            // A change of the members that is under way comes to its end, or is given up.
            assertTrue(cluster.runUntil(this::isSettled, 30 * timeoutNs), "members are settled");
            // With the smallest window one entry crosses at a time, there and back.
            final long catchUpNs = commandCount * (2 * settings.tickNs + 12 * MS);
            assertTrue(cluster.runUntil(this::isLed, 4 * timeoutNs + catchUpNs), "an entry of the leader commits");
            for (int i = 0; i < 5; i++)
            {
                final String command = "last-" + i;
                assertTrue(cluster.runUntil(() -> isAccepted(command), timeoutNs + catchUpNs), "commands are taken");
            }
            assertTrue(cluster.runUntil(cluster::isConverged, 4 * timeoutNs + catchUpNs), "all logs equal");
            final Configuration members = cluster.node(cluster.leader()).raft().configuration();
            assertFalse(members.isJoint(), "a joint configuration is left by itself");
            checkOutcome();
            checkStability();
        }

        /**
         * Bursts, now and then; to whoever leads, or believes so, and sometimes to somebody who does not. A leader that
         * has just been cut off gets some for sure: they are what has to be cut away later.
         */
        private void load()
        {
            final int victim = faults.takeVictim();
            if (commandCount >= mostCommands || (0 == victim && random.nextDouble() >= burstRate))
            {
                return;
            }
            final List<SimulatedNode> leaders = cluster.nodes().stream().filter(SimulatedNode::isLeader).toList();
            final int id = victim > 0 ? victim : leaders.isEmpty() || 0 == random.nextInt(8) ?
                1 + random.nextInt(settings.size) : leaders.get(random.nextInt(leaders.size())).id();
            for (int i = random.nextInt(12); i >= 0; i--)
            {
                propose(id, "c" + commandCount++ + "x".repeat(random.nextInt(40)));
            }
        }

        private boolean propose(final int id, final String command)
        {
            final long index = cluster.propose(id, command);
            if (index > 0)
            {
                accepted.put(cluster.node(id).hardState().term() << 32 | index, command);
            }
            return index > 0;
        }

        /** Whether all nodes follow the same leader. */
        private boolean isFollowed()
        {
            final int leader = cluster.leader();
            return leader > 0 && cluster.nodes().stream().allMatch(
                node -> !cluster.isMember(node.id()) || leader == node.raft().leaderId());
        }

        /** Whether all follow a leader that changes nothing any more, and stays. */
        private boolean isSettled()
        {
            if (!isFollowed())
            {
                return false;
            }
            final Raft leader = cluster.node(cluster.leader()).raft();
            return !leader.isReconfiguring() && leader.configuration().isVoter(cluster.leader());
        }

        /** Whether a leader has a committed entry of its term. */
        private boolean isLed()
        {
            final int leader = cluster.leader();
            if (0 == leader)
            {
                return false;
            }
            final SimulatedNode node = cluster.node(leader);
            return node.log().termAt(node.raft().commitIndex()) == node.raft().term();
        }

        private boolean isAccepted(final String command)
        {
            final int leader = cluster.leader();
            return leader > 0 && propose(leader, command);
        }

        /** Without faults a leader stays. */
        private void checkStability()
        {
            final long term = cluster.node(cluster.leader()).raft().term();
            cluster.runFor(3 * settings.electionTimeoutMaxNs);
            assertEquals(term, cluster.node(cluster.leader()).raft().term(), "no election without a cause");
        }

        /** Whatever was accepted is committed where it was put, or something of another term stands there. */
        private void checkOutcome()
        {
            final SimulatedNode node = cluster.node(cluster.leader());
            final InMemoryLog log = node.log();
            final Set<String> seen = new HashSet<>();
            for (long index = log.firstIndex(); index <= log.lastIndex(); index++)
            {
                if (EntryType.COMMAND == log.typeAt(index))
                {
                    final String command = log.payloadAt(index);
                    assertEquals(accepted.get(log.termAt(index) << 32 | index), command, "as it was accepted");
                    assertTrue(seen.add(command), "once");
                }
            }
            final List<String> committed = node.committed();
            final List<String> last = List.of("last-0", "last-1", "last-2", "last-3", "last-4");
            assertEquals(last, committed.subList(committed.size() - last.size(), committed.size()));
        }
    }
}
