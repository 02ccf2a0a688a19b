package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The simulated cluster itself, in fair weather. */
class SimulatedClusterTest
{
    private static final long SECOND = 1_000_000_000L;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7})
    void shouldElectALeaderAndCommitWhenNothingFails(final int size)
    {
        final SimulatedCluster cluster = new SimulatedCluster(
            new SimulatedCluster.Settings().size(size).seed(size)).start();
        cluster.network().delayNs(100_000, 2_000_000);

        assertTrue(cluster.runUntil(() -> cluster.leader() > 0, 2 * SECOND), cluster::toString);
        for (final String command : List.of("a", "b", "c"))
        {
            assertTrue(cluster.propose(cluster.leader(), command) > 0);
        }
        assertTrue(cluster.runUntil(cluster::isConverged, SECOND), cluster::toString);

        for (final SimulatedNode node : cluster.nodes())
        {
            assertEquals(List.of("a", "b", "c"), node.committed());
        }
    }

    @Test
    void shouldLiveTheSameHistoryWhenTheSeedIsTheSame()
    {
        assertEquals(history(7), history(7));
        assertTrue(!history(7).equals(history(8)), "another seed, another history");
    }

    private static String history(final long seed)
    {
        final SimulatedCluster cluster = new SimulatedCluster(
            new SimulatedCluster.Settings().size(5).seed(seed)).start();
        cluster.network().delayNs(100_000, 20_000_000);
        cluster.network().lossRate(0.2);
        final StringBuilder history = new StringBuilder();
        cluster.stepListener(node -> history.append(node.raft().role().ordinal()));
        cluster.runFor(2 * SECOND);
        return history + cluster.toString();
    }
}
