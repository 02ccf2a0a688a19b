package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.fencing.FencingToken;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A leader whose term has no tokens left moves to a new term by itself, and no command is lost on the way. */
class TokenRenewalTest
{
    private static final long SECOND = 1_000_000_000L;

    @ParameterizedTest
    @CsvSource({"1, 2", "1, 7", "2, 5", "3, 2", "3, 3", "3, 10", "5, 4", "7, 3"})
    void shouldKeepLeaderAndCommandsWhenTermsAreUsedUpOneAfterTheOther(final int size, final long maxSequence)
    {
        final SimulatedCluster.Settings settings = new SimulatedCluster.Settings().size(size);
        settings.maxSequence = maxSequence;
        final SimulatedCluster cluster = new SimulatedCluster(settings).start();
        cluster.network().delayNs(100_000, 3_000_000);
        assertTrue(cluster.runUntil(() -> cluster.leader() > 0, SECOND));
        final int leader = cluster.leader();

        final List<String> accepted = new ArrayList<>();
        while (accepted.size() < 100)
        {
            assertTrue(cluster.timeNs() < 20 * SECOND, cluster::toString);
            final String command = "c" + accepted.size();
            final long index = cluster.propose(leader, command);
            assertTrue(index > 0 || RaftLog.BACK_PRESSURED == index, "never turned away: " + index);
            if (index > 0)
            {
                accepted.add(command);
            }
            else
            {
                cluster.tick();
            }
        }
        assertTrue(cluster.runUntil(cluster::isConverged, SECOND), cluster::toString);

        assertEquals(leader, cluster.leader());
        for (final SimulatedNode node : cluster.nodes())
        {
            assertEquals(accepted, node.committed());
        }
        // Of each term's tokens one goes to the leader's own first entry.
        final long terms = cluster.node(leader).raft().term();
        assertTrue(terms >= 100 / (maxSequence - 1), "terms: " + terms);
        assertEquals(terms, FencingToken.term(cluster.node(leader).log().lastToken()));
    }
}
