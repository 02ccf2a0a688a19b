package io.ukehi.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.Durability;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Bits flipped one at a time in everything that a member has on its disk, while two others hold intact copies:
 * nothing acknowledged is lost, no member's state is wrong, and the member is repaired without anybody's help.
 * <p>
 * A build flips every 61st bit, {@code -Dukehi.flip.stride=1} every one ({@code -Dukehi.flip.first} where to begin).
 */
class BitFlipClusterTest
{
    private static final int SEGMENT_LENGTH = 12 * 1024;
    private static final int ENTRIES = 300;
    private static final int VICTIM = 2;

    private final int stride = Integer.getInteger("ukehi.flip.stride", 61);
    private final int first = Integer.getInteger("ukehi.flip.first", 0);
    private final RepairCluster cluster = new RepairCluster(Durability.EVERY, SEGMENT_LENGTH);
    private final Map<String, byte[]> intact = new TreeMap<>();
    private long lastIndex;
    private long digest;
    private int checksum;
    private int doubts;

    @ParameterizedTest
    @EnumSource(value = CorruptionPolicy.class, names = {"TRUNCATE_TO_LAST_GOOD", "ALERT_AND_CONTINUE"})
    void shouldBeRepairedAndLoseNothingWhenAnyBitIsFlipped(final CorruptionPolicy policy)
    {
        fill();
        int flips = 0;
        for (final Map.Entry<String, byte[]> file : intact.entrySet())
        {
            for (int bit = first; bit < file.getValue().length * 8; bit += stride)
            {
                try
                {
                    flip(policy, file.getKey(), bit);
                }
                catch (final AssertionError | RuntimeException error)
                {
                    throw new AssertionError(policy + ", bit " + bit + " of " + file.getKey(), error);
                }
                flips++;
            }
        }
        System.out.println(
            policy + ": " + flips + " bits flipped; in doubt after " + doubts + ", whole again after all");
        assertTrue(doubts > flips / 4, "entries make most of a log");
    }

    /** A log of three segments on all members; the victim is down, its disk kept, and the others go on. */
    private void fill()
    {
        for (int id = 1; id <= 3; id++)
        {
            cluster.member(id).start(CorruptionPolicy.REFUSE_START, 1);
        }
        assertTrue(cluster.await(() -> null != cluster.leader(), 100));
        final RepairCluster.Member leader = cluster.leader();
        assertTrue(VICTIM != leader.id(), "the seed has another member lead");
        while (leader.wal.lastIndex() < ENTRIES)
        {
            if (leader.propose(leader.wal.lastIndex()) < 0)
            {
                cluster.tick();
            }
        }
        final RepairCluster.Member victim = cluster.member(VICTIM);
        assertTrue(cluster.await(() -> victim.hasCaughtUpWith(leader), 100));
        cluster.tick();
        victim.stop();
        lastIndex = leader.wal.lastIndex();
        digest = leader.digest();
        checksum = leader.logChecksum();
        for (final String name : victim.disk.list())
        {
            intact.put(name, victim.disk.contents(name));
        }
        assertTrue(intact.containsKey("wal-00000002.seg"), () -> intact.keySet().toString());
    }

    private void flip(final CorruptionPolicy policy, final String name, final int bit)
    {
        final RepairCluster.Member victim = cluster.member(VICTIM);
        victim.disk = new SimDisk();
        intact.forEach((file, bytes) -> victim.disk.put(file, bytes.clone()));
        victim.disk.flipBit(name, bit >> 3, bit & 7);
        victim.start(policy, 1);
        final boolean isShort = victim.wal.lastIndex() < lastIndex;
        final long doubtfulTo = victim.replica.raft().doubtfulTo();
        assertTrue(!isShort || doubtfulTo >= lastIndex,
            () -> "it has forgotten what it acknowledged, up to " + lastIndex + ", and is in doubt to " + doubtfulTo);
        doubts += doubtfulTo > 0 ? 1 : 0;
        final RepairCluster.Member leader = cluster.leader();
        assertTrue(cluster.await(() -> victim.hasCaughtUpWith(leader), 60), "it is repaired");
        assertEquals(lastIndex, leader.wal.lastIndex());
        assertEquals(digest, victim.digest());
        assertEquals(checksum, victim.logChecksum());
        victim.kill();
    }
}
