package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ukehi.Invariant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotDigestsTest
{
    private final List<Long> differences = new ArrayList<>();
    private final RecordingSender sender = new RecordingSender(1);
    private final Raft raft = new Raft(
        new RaftConfig().nodeId(1).members(1, 2, 3), new InMemoryLog(), new InMemoryHardState(), DoubtStore.NONE,
        new io.ukehi.fencing.FencingTokenState(), sender, new RaftListener()
        {
            @Override
            public void onRoleChange(final Role role, final long term, final int leaderId)
            {
            }

            @Override
            public void onRefused(final int fromId, final String reason)
            {
                throw new AssertionError(reason);
            }

            @Override
            public void onStateDifference(final long index)
            {
                differences.add(index);
            }
        });

    @Test
    void shouldSayNothingWhenStatesAreTheSame()
    {
        raft.onSnapshotDigest(2, 0, 100, 7);
        raft.onSnapshotTaken(100, 7);
        raft.onSnapshotDigest(3, 0, 100, 7);
        raft.onSnapshotDigest(3, 0, 200, 8);
        raft.onSnapshotDigest(2, 0, 200, 9);
        assertEquals(List.of(), differences);
    }

    @Test
    void shouldReportADifferenceWhenNeitherIsThatOfAMajority()
    {
        raft.onSnapshotTaken(100, 7);
        raft.onSnapshotDigest(2, 0, 100, 8);
        assertEquals(List.of(100L), differences);
    }

    @Test
    void shouldEndTheMemberWhoseStateIsNotThatOfTheMajority()
    {
        raft.onSnapshotDigest(2, 0, 100, 8);
        raft.onSnapshotDigest(3, 0, 100, 8);
        assertThrows(Invariant.Violation.class, () -> raft.onSnapshotTaken(100, 7));
    }

    @Test
    void shouldGoOnWhenAnotherMemberIsTheOneThatDiffers()
    {
        raft.onSnapshotTaken(100, 7);
        raft.onSnapshotDigest(2, 0, 100, 7);
        raft.onSnapshotDigest(3, 0, 100, 8);
        assertEquals(List.of(100L), differences);
    }

    @Test
    void shouldCountAMemberOnceAndStrangersNot()
    {
        raft.onSnapshotDigest(2, 0, 100, 8);
        raft.onSnapshotDigest(2, 0, 100, 8);
        raft.onSnapshotDigest(9, 0, 100, 8);
        raft.onSnapshotTaken(100, 7);
        assertEquals(List.of(100L), differences);
    }

    @Test
    void shouldForgetTheOldestAndNeverTheNewest()
    {
        for (long index = 1; index <= 50; index++)
        {
            raft.onSnapshotDigest(2, 0, index, index);
        }
        raft.onSnapshotDigest(3, 0, 2, 99);
        raft.onSnapshotTaken(2, 5);
        assertEquals(List.of(), differences);
        raft.onSnapshotTaken(50, 5);
        assertEquals(List.of(50L), differences);
    }
}
