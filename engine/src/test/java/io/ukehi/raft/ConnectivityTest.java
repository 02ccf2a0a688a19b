package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Liveness whatever the links (catalogue rows 5 and 6): PreVote and CheckQuorum together must not leave a group without
 * a leader while some node reaches a quorum both ways, nor let the nodes at the edge unseat one again and again.
 * <p>
 * A graph says for each ordered pair of nodes whether messages pass. It is put over a group that ran well before, or
 * over one that starts under it; then there has to be a leader that commits within a bounded time, and it has to stay.
 */
class ConnectivityTest
{
    private static final long MS = 1_000_000;
    private static final long TIMEOUT_NS = 300 * MS;

    /** All graphs of three nodes: 64, each on a fresh group and under each leader of an old one, with several seeds. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void shouldBeLedUnderEveryGraphOfThreeNodesWhenSomeNodeReachesAQuorum(final int leaderBefore)
    {
        for (int graph = 0; graph < 64; graph++)
        {
            for (int seed = 1; seed <= 12; seed++)
            {
                run(3, graph, leaderBefore, seed);
            }
        }
    }

    /** All 4096 graphs of four nodes, each under another leader before, or none. */
    @Test
    void shouldBeLedUnderEveryGraphOfFourNodesWhenSomeNodeReachesAQuorum()
    {
        for (int graph = 0; graph < 4096; graph++)
        {
            run(4, graph, graph % 5, 1 + graph);
        }
    }

    @Test
    void shouldBeLedUnderSampledGraphsOfFiveNodesWhenSomeNodeReachesAQuorum()
    {
        final SplittableRandom random = new SplittableRandom(55);
        final Set<Long> seen = new HashSet<>();
        while (seen.size() < 800)
        {
            // Sparse and dense ones alike.
            final double density = random.nextDouble();
            long graph = 0;
            for (int bit = 0; bit < 20; bit++)
            {
                graph |= random.nextDouble() < density ? 1L << bit : 0;
            }
            if (hasHub(5, graph) && seen.add(graph))
            {
                run(5, graph, random.nextInt(6), seen.size());
            }
        }
    }

    /** The case of 2020-11-02 (row 5): one node cannot reach the leader, and all the others can. */
    @Test
    void shouldKeepItsLeaderWhenOneNodeCannotReachIt()
    {
        for (int seed = 1; seed <= 50; seed++)
        {
            final SimulatedCluster cluster = ledBy(3, 1, seed);
            cluster.network().cut(1, 3, true);
            cluster.network().cut(3, 1, true);
            final long term = cluster.node(1).raft().term();
            cluster.runFor(20 * TIMEOUT_NS);
            assertTrue(cluster.node(1).isLeader() && cluster.node(1).raft().term() == term, cluster::toString);
        }
    }

    private static void run(final int size, final long graph, final int leaderBefore, final int seed)
    {
        if (!hasHub(size, graph))
        {
            return;
        }
        final SimulatedCluster cluster = leaderBefore > 0 ? ledBy(size, leaderBefore, seed) : cluster(size, seed);
        for (int from = 1; from <= size; from++)
        {
            for (int to = 1; to <= size; to++)
            {
                cluster.network().cut(from, to, from != to && !passes(size, graph, from, to));
            }
        }
        final String name =
            "graph " + Long.toBinaryString(graph) + ", leader before " + leaderBefore + ", seed " + seed;
        // A leader that a quorum no longer answers goes within a timeout. No commands meanwhile: a log that is ahead of
        // the only possible leader's would rightly keep it from being elected (section 5.4.1).
        cluster.runFor(2 * TIMEOUT_NS);
        assertTrue(
            cluster.runUntil(() -> commits(cluster), 8 * TIMEOUT_NS), () -> "no leader: " + name + cluster);
        assertTrue(commits(cluster), () -> "no leader any more: " + name + cluster);
        final int leader = cluster.leader();
        final long term = cluster.node(leader).raft().term();
        cluster.runFor(20 * TIMEOUT_NS);
        assertTrue(
            leader == cluster.leader() && term == cluster.node(leader).raft().term(),
            () -> "unseated: " + name + cluster);
    }

    private static SimulatedCluster cluster(final int size, final int seed)
    {
        final SimulatedCluster.Settings settings = new SimulatedCluster.Settings().size(size).seed(seed);
        settings.tickNs = 5 * MS;
        final SimulatedCluster cluster = new SimulatedCluster(settings).start();
        cluster.network().delayNs(MS / 10, 8 * MS);
        return cluster;
    }

    /** A group that a certain node leads, with all of them at rest. */
    private static SimulatedCluster ledBy(final int size, final int leader, final int seed)
    {
        final SimulatedCluster cluster = cluster(size, seed);
        cluster.nodes().forEach(node -> node.silence(node.id() != leader));
        assertTrue(cluster.runUntil(cluster::isConverged, 20 * TIMEOUT_NS), cluster::toString);
        cluster.nodes().forEach(node -> node.silence(false));
        return cluster;
    }

    private static boolean commits(final SimulatedCluster cluster)
    {
        final int leader = cluster.leader();
        if (0 == leader)
        {
            return false;
        }
        final SimulatedNode node = cluster.node(leader);
        final long before = node.raft().commitIndex();
        if (node.propose("x") < 0)
        {
            return false;
        }
        return cluster.runUntil(() -> node.isLeader() && node.raft().commitIndex() > before, 200 * MS);
    }

    /** Whether some node has links both ways with enough others to make a quorum. */
    private static boolean hasHub(final int size, final long graph)
    {
        for (int node = 1; node <= size; node++)
        {
            int reached = 1;
            for (int other = 1; other <= size; other++)
            {
                reached += other != node && passes(size, graph, node, other) &&
                    passes(size, graph, other, node) ? 1 : 0;
            }
            if (reached >= Quorum.size(size))
            {
                return true;
            }
        }
        return false;
    }

    private static boolean passes(final int size, final long graph, final int from, final int to)
    {
        final int column = to < from ? to - 1 : to - 2;
        return 0 != (graph & 1L << (from - 1) * (size - 1) + column);
    }
}
