package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.fencing.FencingGuard;
import io.ukehi.fencing.FencingToken;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * A million tokens over two hundred failovers: leaders that lose their power, leaders that are cut off and go on
 * writing, whole clusters that restart, and terms whose tokens run out in between. A guard stands for the world.
 */
class TokenFailoverTest
{
    private static final long SECOND = 1_000_000_000L;
    private static final int TOKENS = 1_000_000;
    private static final int FAILOVERS = 200;
    private static final int STALE_WRITES = 20;
    /** Less than a leader issues before the next failover, so that every reign sees terms roll over under load. */
    private static final long MAX_SEQUENCE = 2_000;

    private final SimulatedCluster cluster = cluster();
    private final FencingGuard guard = new FencingGuard();
    private final long[] issued = new long[TOKENS + FAILOVERS * STALE_WRITES];
    private int issuedCount;
    private long guardedIndex;
    private long highest = FencingToken.NONE;
    private int refusedCount;

    private static SimulatedCluster cluster()
    {
        final SimulatedCluster.Settings settings = new SimulatedCluster.Settings().seed(9);
        settings.maxSequence = MAX_SEQUENCE;
        return new SimulatedCluster(settings);
    }

    @Test
    void shouldIssueAMillionTokensOnceEachAndRefuseEveryStaleWrite()
    {
        cluster.start();
        for (int failover = 1; failover <= FAILOVERS; failover++)
        {
            final int reignBegin = issuedCount;
            final int leader = reign(failover * (TOKENS / FAILOVERS));
            depose(leader, failover);
            assertTrue(cluster.runUntil(this::isCommitted, 20 * SECOND), cluster::toString);
            doCommittedWrites(cluster.node(cluster.leader()));
            refuse(reignBegin);
            cluster.network().joinAll();
            cluster.nodes().stream().filter(node -> !node.isUp()).forEach(node -> cluster.restart(node.id()));
        }
        final long[] all = Arrays.copyOf(issued, issuedCount);
        Arrays.sort(all);
        for (int i = 1; i < all.length; i++)
        {
            assertNotEquals(all[i - 1], all[i], "issued once");
        }
        assertTrue(all.length >= TOKENS);
        assertTrue(refusedCount >= TOKENS, "stale writes refused: " + refusedCount);
        assertTrue(FencingToken.term(highest) >= TOKENS / MAX_SEQUENCE, "terms: " + FencingToken.format(highest));
    }

    /** Commands until so many tokens are issued; who led at the end. */
    private int reign(final int target)
    {
        assertTrue(cluster.runUntil(() -> cluster.leader() > 0, 20 * SECOND), cluster::toString);
        final long deadlineNs = cluster.timeNs() + 60 * SECOND;
        while (issuedCount < target)
        {
            assertTrue(cluster.timeNs() < deadlineNs, cluster::toString);
            final int leader = cluster.leader();
            int room = 250;
            while (leader > 0 && issuedCount < target && room-- > 0 && write(leader))
            {
                assertTrue(issuedCount < issued.length);
            }
            cluster.tick();
        }
        return cluster.leader() > 0 ? cluster.leader() : 1;
    }

    private boolean write(final int leader)
    {
        final long index = cluster.propose(leader, "c");
        if (index > 0)
        {
            final long token = cluster.node(leader).log().tokenAt(index);
            assertEquals(cluster.node(leader).raft().term(), FencingToken.term(token));
            issued[issuedCount++] = token;
        }
        return index > 0;
    }

    private void depose(final int leader, final int failover)
    {
        final long term = cluster.node(leader).raft().term();
        switch (failover % 3)
        {
            case 0 -> cluster.crash(leader);
            case 1 -> cluster.nodes().forEach(node ->
            {
                cluster.crash(node.id());
                cluster.restart(node.id());
            });
            default -> cutOff(leader);
        }
        assertTrue(cluster.runUntil(
            () -> cluster.leader() > 0 && cluster.node(cluster.leader()).raft().term() > term, 20 * SECOND),
            cluster::toString);
    }

    private void cutOff(final int leader)
    {
        for (final SimulatedNode node : cluster.nodes())
        {
            cluster.network().cut(leader, node.id(), true);
            cluster.network().cut(node.id(), leader, true);
        }
        for (int i = 0; i < STALE_WRITES; i++)
        {
            write(leader);
        }
    }

    /** Its first entry too: from here on the world knows a token of the new term. */
    private boolean isCommitted()
    {
        final SimulatedNode node = cluster.leader() > 0 ? cluster.node(cluster.leader()) : null;
        return null != node && node.raft().commitIndex() == node.log().lastIndex();
    }

    /** What is committed goes out to the world once, under its token. */
    private void doCommittedWrites(final SimulatedNode node)
    {
        for (; guardedIndex < node.raft().commitIndex(); guardedIndex++)
        {
            final long token = node.log().tokenAt(guardedIndex + 1);
            assertTrue(FencingToken.isBefore(highest, token), "committed tokens rise");
            assertTrue(guard.tryAcceptOnce(token));
            highest = token;
        }
    }

    /** All that was issued in a reign that is over, whether it was committed or not. */
    private void refuse(final int from)
    {
        for (int i = from; i < issuedCount; i++)
        {
            assertFalse(guard.tryAccept(issued[i]));
            assertFalse(guard.tryAcceptOnce(issued[i]));
            refusedCount++;
        }
    }
}
