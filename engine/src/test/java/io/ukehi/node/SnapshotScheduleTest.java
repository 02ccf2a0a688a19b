package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.snapshot.SnapshotManifest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotScheduleTest
{
    private static final int CHUNK_LENGTH = 512;
    private static final SnapshotPolicy POLICY = new SnapshotPolicy(100, 0, 0, 0, 0, 0, 1000);

    private static SnapshotManifest manifest(final long index, final long length)
    {
        return new SnapshotManifest(
            1, 1, CHUNK_LENGTH, index, 1, 1, 1, 1, 1, (int)Math.max(1, length / CHUNK_LENGTH), 1, new byte[0]);
    }

    /** A member whose entries have 10 bytes each, and whose snapshots are as long as is said. */
    private static final class Member
    {
        final SnapshotSchedule schedule;
        final List<Long> taken = new ArrayList<>();
        private final long length;
        private SnapshotManifest newest;

        Member(final SnapshotPolicy policy, final long length)
        {
            this.schedule = new SnapshotSchedule(policy, 1);
            this.length = length;
        }

        void applyTo(final long index)
        {
            final long begin = null == newest ? 0 : newest.index();
            for (long at = begin + 1; at <= index; at++)
            {
                apply(at);
            }
        }

        void apply(final long index)
        {
            if (schedule.isDue(index, 10 * index, newest, 0))
            {
                take(index);
            }
        }

        void take(final long index)
        {
            schedule.onBegun(10 * index, 0);
            newest = manifest(index, length);
            taken.add(index);
        }
    }

    @Test
    void shouldTakeOneAtEachMultipleWhenItIsNotAskedWhatThatCosts()
    {
        final Member member = new Member(POLICY, 1_000_000);
        member.applyTo(450);
        assertEquals(List.of(100L, 200L, 300L, 400L), member.taken);
    }

    @Test
    void shouldWaitForALogThatIsWorthIt()
    {
        final Member small = new Member(POLICY.amortized(100, Long.MAX_VALUE), 1_000);
        small.applyTo(450);
        assertEquals(List.of(100L, 200L, 300L, 400L), small.taken);
        // 100 entries have 1,000 bytes: at 5,000 bytes, 5 steps are wanted, and 8 are gone.
        final Member large = new Member(POLICY.amortized(100, Long.MAX_VALUE), 10 * CHUNK_LENGTH);
        large.applyTo(2_500);
        assertEquals(List.of(100L, 800L, 1_600L, 2_400L), large.taken);
        final Member half = new Member(POLICY.amortized(50, Long.MAX_VALUE), 10 * CHUNK_LENGTH);
        half.applyTo(1_300);
        assertEquals(List.of(100L, 400L, 800L, 1_200L), half.taken);
    }

    @Test
    void shouldNotPutItOffForEver()
    {
        final Member member = new Member(POLICY.amortized(100, 3_000), 1_000_000);
        member.applyTo(1_050);
        assertEquals(List.of(100L, 400L, 600L, 800L, 1_000L), member.taken);
    }

    @Test
    void shouldComeTogetherAgainWhenMembersTookDifferentOnes()
    {
        final SnapshotPolicy policy = POLICY.amortized(100, Long.MAX_VALUE);
        final Member one = new Member(policy, 6_000);
        final Member other = new Member(policy, 6_000);
        one.take(300);
        other.take(700);
        one.applyTo(4_000);
        other.applyTo(4_000);
        assertEquals(List.of(300L, 800L, 1_600L, 2_400L, 3_200L, 4_000L), one.taken);
        assertEquals(List.of(700L, 1_600L, 2_400L, 3_200L, 4_000L), other.taken);
    }

    @Test
    void shouldTakeOneAtOnceWhenItIsAskedFor()
    {
        final Member member = new Member(POLICY.amortized(100, Long.MAX_VALUE), 1_000_000);
        member.take(100);
        member.schedule.request();
        assertFalse(member.schedule.isDue(100, 1000, member.newest, 0), "there is one");
        assertTrue(member.schedule.isDue(101, 1010, member.newest, 0));
        member.take(101);
        assertFalse(member.schedule.isDue(102, 1020, member.newest, 0), "it was asked for once");
    }
}
