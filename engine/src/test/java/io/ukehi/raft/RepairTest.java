package io.ukehi.raft;

import static io.ukehi.raft.SoloRaft.MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Damaged entries of a log, and what peers give for them: node 1 of three, entries 1 to 4 committed of 5. */
class RepairTest
{
    private static final long INCARNATION = 9;
    private static final long[] TERMS = {1, 1, 1, 2, 2};

    private final SoloRaft solo = new SoloRaft(3);

    @BeforeEach
    void start()
    {
        solo.config.incarnation(INCARNATION).initialCommitIndex(4);
        solo.holding(TERMS).start();
    }

    private List<PeerMessage.RepairRequest> asked()
    {
        return solo.sender.sent(PeerMessage.RepairRequest.class);
    }

    private void give(final int fromId, final long incarnation, final int fromIndex, final long... terms)
    {
        final byte[] frames = SoloRaft.frames(fromIndex, terms);
        solo.raft.onRepairReply(fromId, 2, incarnation, 0, new UnsafeBuffer(frames), 0, frames.length);
    }

    @Test
    void shouldAskOnePeerAfterTheOtherWhenAnEntryIsDamaged()
    {
        solo.cycle();
        assertEquals(List.of(), asked());
        solo.log.damage(2);
        solo.log.scrub();
        solo.cycle();
        solo.cycle();
        final PeerMessage.RepairRequest second = new PeerMessage.RepairRequest(1, 2, 2, INCARNATION, 2, 4);
        final PeerMessage.RepairRequest third = new PeerMessage.RepairRequest(1, 3, 2, INCARNATION, 2, 4);
        assertEquals(List.of(second), asked());

        solo.pass(SoloRaft.HEARTBEAT_NS);
        solo.pass(SoloRaft.HEARTBEAT_NS);
        assertEquals(List.of(second, third, second), asked());
    }

    /** What a peer has at an index that is not committed may be another entry. */
    @Test
    void shouldAskForNothingThatIsNotCommitted()
    {
        solo.log.damage(5);
        solo.log.scrub();
        solo.cycle();
        assertEquals(List.of(), asked());
    }

    @Test
    void shouldStoreWhatIsGivenAndGoOnWithTheNext()
    {
        solo.log.damage(2);
        solo.log.damage(4);
        solo.log.scrub();
        solo.cycle();
        give(2, INCARNATION, 2, 1, 1);
        assertEquals(0, solo.log.damagedIndex());

        solo.log.scrub();
        solo.cycle();
        assertEquals(4, asked().getLast().fromIndex());
        give(3, INCARNATION, 4, 1, 1, 1, 2);
        assertEquals(0, solo.log.damagedIndex());
        assertEquals(List.of(), solo.refused);
    }

    /** Other bytes than were asked for, of an earlier life, of other entries, or damaged themselves. */
    @Test
    void shouldStoreNothingElse()
    {
        give(2, INCARNATION, 2, 1, 1);
        solo.log.damage(2);
        solo.log.scrub();
        solo.cycle();
        give(2, INCARNATION - 1, 2, 1, 1);
        give(2, INCARNATION, 3, 1, 1, 1);
        give(2, INCARNATION, 1, 1, 1);
        give(2, INCARNATION, 2, 1, 2);
        give(2, INCARNATION, 3, 1, 1);
        assertEquals(2, solo.log.damagedIndex());
        assertEquals(List.of(), solo.refused);

        final byte[] frames = SoloRaft.frames(2, 1, 1);
        for (int bit = 0; bit < frames.length * 8; bit++)
        {
            final byte[] flipped = Arrays.copyOf(frames, frames.length);
            flipped[bit >> 3] ^= (byte)(1 << (bit & 7));
            solo.raft.onRepairReply(2, 2, INCARNATION, 0, new UnsafeBuffer(flipped), 0, flipped.length);
        }
        assertEquals(2, solo.log.damagedIndex());
        assertEquals(frames.length * 8, solo.refused.size());

        give(2, INCARNATION, 2, 1, 1);
        assertEquals(0, solo.log.damagedIndex());
    }

    /** A leader has nothing to send to that peer; the other one gets all there is. */
    @Test
    void shouldLetOnlyThatPeerWaitWhenWhatItNeedsIsDamaged()
    {
        solo.lead().cycle();
        solo.log.damage(3);
        solo.reject(2, 1, 1, RaftLog.UNKNOWN_TERM);
        solo.accept(3, 1, 5);
        solo.sender.clear();
        solo.propose("x");
        solo.cycle();
        solo.accept(2, 2, 0);
        solo.cycle();

        final List<PeerMessage.Append> toSecond = solo.sender.sent(PeerMessage.Append.class, 2);
        assertEquals(2, toSecond.stream().mapToInt(PeerMessage.Append::count).sum());
        assertTrue(solo.sender.sent(PeerMessage.Append.class, 3).getLast().prevIndex() >= 5);
        assertEquals(3, solo.log.damagedIndex());
    }

    @Test
    void shouldEndWhenAnEntryIsNeededThatNobodyGives()
    {
        solo.config.repairTimeoutNs(100 * MS);
        solo.log.damage(2);
        solo.log.scrub();
        for (int i = 0; i < 1000; i++)
        {
            solo.raft.onHeartbeat(2, 2, i + 1, 0);
            solo.pass(MS);
        }
        // Nobody needed it. Now somebody does.
        for (int i = 0; i <= 100; i++)
        {
            solo.raft.onDamagedRead();
            solo.pass(MS);
        }
        solo.raft.onDamagedRead();
        final DamagedEntryException thrown = assertThrows(DamagedEntryException.class, () -> solo.pass(MS));
        assertTrue(thrown.getMessage().startsWith("entry 2 of the log"), thrown::getMessage);
    }
}
