package io.ukehi.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.DoubtFile;
import io.ukehi.log.Durability;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Members that acknowledge without a force, and machines that lose power. */
class AsyncPowerLossTest
{
    private static final int SEEDS = Integer.getInteger("ukehi.async.seeds", 200);
    private static final CorruptionPolicy POLICY = CorruptionPolicy.TRUNCATE_TO_LAST_GOOD;
    private static final int SEGMENT_LENGTH = 8 * 1024;

    private RepairCluster cluster;
    private SplittableRandom random;
    private long bootId;
    private long value;

    private void begin(final long seed)
    {
        random = new SplittableRandom(seed);
        cluster = new RepairCluster(Durability.ASYNC, SEGMENT_LENGTH);
        bootId = 1;
        value = 0;
        for (int id = 1; id <= 3; id++)
        {
            cluster.member(id).start(POLICY, bootId);
        }
        assertTrue(cluster.await(() -> null != cluster.leader(), 100));
    }

    private void propose(final int count)
    {
        for (int i = 0; i < count; i++)
        {
            final RepairCluster.Member leader = cluster.leader();
            if (null != leader && leader.propose(value) > 0)
            {
                value++;
            }
            if (0 == random.nextInt(10))
            {
                cluster.tick();
            }
        }
    }

    private boolean isWhole()
    {
        final RepairCluster.Member leader = cluster.leader();
        for (int id = 1; id <= 3; id++)
        {
            if (null == leader || !cluster.member(id).hasCaughtUpWith(leader))
            {
                return false;
            }
        }
        return leader.wal.lastIndex() == leader.replica.raft().commitIndex();
    }

    private void checkNothingIsLost()
    {
        assertTrue(cluster.await(this::isWhole, 400), "all come to hold the same");
        for (int id = 1; id <= 3; id++)
        {
            assertTrue(cluster.member(id).applied().containsAll(cluster.acknowledged()), "nothing committed is lost");
            assertEquals(cluster.member(1).digest(), cluster.member(id).digest());
        }
    }

    @Test
    void shouldLoseNothingCommittedWhenAMinorityLosesPower()
    {
        int doubts = 0;
        for (long seed = 1; seed <= SEEDS; seed++)
        {
            begin(seed);
            for (int round = 0; round < 4; round++)
            {
                doubts += loseAMachine(1 + random.nextInt(3)) ? 1 : 0;
                checkNothingIsLost();
            }
            assertFalse(cluster.acknowledged().isEmpty());
        }
        assertTrue(doubts > 3 * SEEDS, "a machine that stops leaves its member in doubt: " + doubts);
    }

    /** With one member away, entries are committed by the victim and one more: then those two go, one for good. */
    private boolean loseAMachine(final int id)
    {
        final RepairCluster.Member victim = cluster.member(id);
        final RepairCluster.Member other = cluster.member(1 + id % 3);
        final RepairCluster.Member absent = cluster.member(1 + (id + 1) % 3);
        propose(random.nextInt(100));
        absent.kill();
        assertTrue(cluster.await(() -> null != cluster.leader(), 100));
        propose(20 + random.nextInt(100));
        cluster.await(() -> false, random.nextInt(3));
        victim.cutPower(random);
        victim.start(POLICY, ++bootId);
        final boolean isDoubtful = victim.replica.raft().doubtfulTo() > 0;
        other.kill();
        absent.start(POLICY, absent.bootId());
        // Long enough for a member that does not keep the rule to be elected by another that does not.
        cluster.await(() -> false, random.nextInt(60));
        propose(5);
        other.start(POLICY, other.bootId());
        return isDoubtful;
    }

    @Test
    void shouldElectNobodyUntilAnOperatorDecidesWhenAMajorityLosesPower()
    {
        begin(7);
        propose(100);
        cluster.tick();
        // A leader that lives on has everything, and gives it back to both of the others.
        final RepairCluster.Member one = cluster.leader();
        final RepairCluster.Member two = cluster.member(1 + one.id() % 3);
        one.cutPower(random);
        two.cutPower(random);
        one.start(POLICY, ++bootId);
        two.start(POLICY, ++bootId);
        assertFalse(cluster.await(() -> null != cluster.leader(), 400));
        assertEquals(Long.MAX_VALUE, one.replica.raft().doubtfulTo());
        assertEquals(Long.MAX_VALUE, two.replica.raft().doubtfulTo());

        one.kill();
        try (DoubtFile doubt = DoubtFile.open(one.disk))
        {
            doubt.clear();
        }
        one.start(POLICY, one.bootId());
        checkNothingIsLost();
    }
}
