package io.ukehi.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.Durability;
import io.ukehi.raft.DamagedEntryException;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sealed segments that become damaged under running members, with real logs. */
class RepairInPlaceTest
{
    private static final int SEGMENT_LENGTH = 12 * 1024;
    private static final int HEADER_LENGTH = 4096;
    private static final int ENTRIES = 300;
    private static final int PATIENCE = 400;

    private final int stride = Integer.getInteger("ukehi.flip.stride", 397);
    private final RepairCluster cluster = new RepairCluster(Durability.EVERY, SEGMENT_LENGTH);
    private RepairCluster.Member leader;

    @BeforeEach
    void fill()
    {
        for (int id = 1; id <= 3; id++)
        {
            cluster.member(id).start(CorruptionPolicy.REFUSE_START, 1);
        }
        assertTrue(cluster.await(() -> null != cluster.leader(), 100));
        leader = cluster.leader();
        while (leader.wal.lastIndex() < ENTRIES)
        {
            if (leader.propose(leader.wal.lastIndex()) < 0)
            {
                cluster.tick();
            }
        }
        assertTrue(cluster.await(
            () -> follower(1).hasCaughtUpWith(leader) && follower(2).hasCaughtUpWith(leader), 100));
    }

    private RepairCluster.Member follower(final int number)
    {
        return cluster.member(1 + (leader.id() - 1 + number) % 3);
    }

    private static String segment(final int sequence)
    {
        return "wal-0000000" + sequence + ".seg";
    }

    /** Nobody reads it but the scrub, which finds it; a peer, leader or not, gives back what was there. */
    @Test
    void shouldRepairInPlaceWhatTheScrubFindsDamaged()
    {
        int flips = 0;
        for (int id = 1; id <= 3; id++)
        {
            final RepairCluster.Member victim = cluster.member(id);
            final int checksum = victim.logChecksum();
            for (int sequence = 0; sequence < 2; sequence++)
            {
                final byte[] intact = victim.disk.contents(segment(sequence));
                // Behind the header, which is the log's own to mend; before the end, where zeros may be.
                for (int bit = HEADER_LENGTH * 8; bit < (SEGMENT_LENGTH - 64) * 8; bit += stride)
                {
                    victim.disk.flipBit(segment(sequence), bit >> 3, bit & 7);
                    final String place = "member " + id + ", segment " + sequence + ", bit " + bit;
                    final int at = sequence;
                    assertTrue(cluster.await(() ->
                        Arrays.equals(intact, victim.disk.contents(segment(at))), PATIENCE), place);
                    flips++;
                }
                assertArrayEquals(intact, victim.disk.platter(segment(sequence)), "it is forced");
            }
            assertEquals(0, victim.wal.damagedIndex());
            assertEquals(checksum, victim.logChecksum());
        }
        System.out.println(flips + " bits flipped in sealed segments of running members, and put back");
    }

    /** A peer is to be sent what its leader finds damaged: it gets it once the other peer has given it back. */
    @Test
    void shouldCatchUpAPeerWhenItsLeaderHasToRepairFirst()
    {
        final RepairCluster.Member behind = follower(1);
        behind.kill();
        behind.disk = new SimDisk();
        leader.disk.flipBit(segment(0), HEADER_LENGTH + 1000, 3);
        leader.disk.flipBit(segment(1), HEADER_LENGTH + 2000, 5);
        behind.start(CorruptionPolicy.REFUSE_START, 1);
        assertTrue(cluster.await(() -> behind.hasCaughtUpWith(leader), PATIENCE));
        assertEquals(leader.digest(), behind.digest());
        assertEquals(leader.logChecksum(), behind.logChecksum());
        assertEquals(0, leader.wal.damagedIndex());
    }

    /** Nobody has it any more who is there: whoever needs it waits no longer than that, and the node says so. */
    @Test
    void shouldStopWhenAnEntryIsNeededThatNobodyCanGive()
    {
        final RepairCluster.Member behind = follower(1);
        behind.kill();
        behind.disk = new SimDisk();
        follower(2).disk.flipBit(segment(0), HEADER_LENGTH + 1000, 3);
        leader.disk.flipBit(segment(0), HEADER_LENGTH + 1000, 3);
        behind.start(CorruptionPolicy.REFUSE_START, 1);
        final DamagedEntryException thrown = assertThrows(
            DamagedEntryException.class, () -> cluster.await(() -> false, 2000));
        assertTrue(thrown.getMessage().contains("no other member has given it within 30000 ms"), thrown::getMessage);
    }
}
