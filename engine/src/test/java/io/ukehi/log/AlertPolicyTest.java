package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@link CorruptionPolicy#ALERT_AND_CONTINUE}: what follows damage stays where it is, and is part of the log again once
 * the leader has sent what is missing before it.
 */
class AlertPolicyTest
{
    private static final String FIRST = LogSegment.fileName(0);
    private static final String SECOND = LogSegment.fileName(1);
    private static final String THIRD = LogSegment.fileName(2);

    private final SimDisk disk = new SimDisk();
    private final LogHarness harness = new LogHarness(disk, Durability.BATCH);
    private final SimDisk leaderDisk = new SimDisk();
    private final LogHarness leader = new LogHarness(leaderDisk, Durability.BATCH);
    private final LogCursor cursor = new LogCursor();
    private final LogCursor run = new LogCursor();

    /** A member, closed in order, and a leader with the same entries and some more. */
    @BeforeEach
    void fill()
    {
        for (final LogHarness each : new LogHarness[] {harness, leader})
        {
            each.segmentLength = 8 * 1024;
            each.open();
            while (each.firstOfSegment(2) > each.history.lastIndex())
            {
                each.append(1);
            }
            each.append(6);
            each.sync();
        }
        harness.log.close();
        leader.append(40);
        leader.sync();
    }

    private LogHarness open(final SimDisk found)
    {
        final LogHarness next = new LogHarness(found, Durability.BATCH);
        next.segmentLength = 8 * 1024;
        next.policy = CorruptionPolicy.ALERT_AND_CONTINUE;
        return next.open();
    }

    /** Sends as a leader does, from behind the log's end, this many bytes at a time; entries that had to be sent. */
    private long catchUp(final LogHarness member, final int maxBytes)
    {
        long sent = 0;
        while (member.log.lastIndex() < leader.log.lastIndex())
        {
            final long from = member.log.lastIndex() + 1;
            final int length = leader.log.read(from, Long.MAX_VALUE, maxBytes, cursor);
            assertTrue(member.log.verify(run, cursor.buffer(), cursor.offset(), length));
            assertTrue(run.next());
            final long result = member.log.appendFrames(run);
            if (result > 0)
            {
                assertTrue(result <= from + run.count() - 1);
                sent += result - from + 1;
            }
            else
            {
                assertEquals(SegmentedLog.BACK_PRESSURED, result);
            }
            member.log.flush();
            member.pump();
            leader.history.checkPrefix(member.log);
        }
        member.sync(leader.history.lastIndex());
        return sent;
    }

    private void assertRepaired(final LogHarness member)
    {
        leader.history.checkEqual(member.log);
        member.log.close();
        final LogHarness again = new LogHarness(member.storage, Durability.BATCH);
        again.segmentLength = 8 * 1024;
        leader.history.checkEqual(again.open().log);
        again.log.abandon();
    }

    /** Seed 96318938169071: the next process read the repair from pages that count as clean, and power took it back. */
    @Test
    void shouldKeepARepairThatWasFoundWhenItsForceHadFailedAndPowerIsLostLater()
    {
        int failures = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            final SplittableRandom chance = new SplittableRandom(seed);
            final SimDisk first = disk.afterKill();
            first.randomizeSector(0 == (seed & 1) ? FIRST : SECOND, 8 + chance.nextInt(2), chance);
            final LogHarness member = open(first);
            final int[] forces = {chance.nextInt(12)};
            first.faults(SimDiskFaults.failing(SimDiskFaults.Operation.FORCE, () -> 0 == forces[0]--));
            try
            {
                catchUp(member, 512);
            }
            catch (final StorageException | AssertionError failed)
            {
                failures++;
            }
            final SimDisk second = first.afterKill().faults(SimDiskFaults.NONE);
            final long found = open(second).log.lastIndex();

            final LogHarness last = open(second.afterPowerCut(chance));

            assertTrue(last.log.lastIndex() >= found, () -> "what was there is gone");
            leader.history.checkPrefix(last.log);
        }
        assertTrue(failures > 20, "forces fail in the middle of it");
    }

    @Test
    void shouldNeedOnlyWhatIsDamagedWhenAnyByteIsWrong()
    {
        final long held = harness.history.lastIndex();
        final long more = leader.history.lastIndex() - held;
        for (final String name : new String[] {FIRST, SECOND, THIRD})
        {
            final byte[] whole = disk.contents(name);
            for (int at = 0; at < whole.length; at += at < 512 ? 31 : at < 4096 ? 512 : 23)
            {
                final SimDisk found = disk.afterKill();
                found.flipBit(name, at, at & 7);
                final LogHarness member = open(found);
                final RecoveryReport report = member.log.recovery();
                // Behind the very last entry there is nothing to be left in place.
                final boolean isLast = null != report.fault() && report.fault().index() == held;
                assertEquals(isLast, !report.setAside().isEmpty());
                assertTrue(null == report.fault() || report.doubtfulTo() >= held);
                final long sent = catchUp(member, 1 << at % 11);
                final int damagedAt = at;
                assertTrue(sent <= more + 1, () -> sent + " entries were sent for " + damagedAt + " of " + name);
                assertRepaired(member);
                assertArrayEquals(
                    Arrays.copyOfRange(whole, 4096, whole.length - (THIRD.equals(name) ? 4096 : 0)),
                    Arrays.copyOfRange(found.contents(name), 4096, whole.length - (THIRD.equals(name) ? 4096 : 0)),
                    "byte for byte what it was");
                assertEquals(isLast, Arrays.stream(found.list()).anyMatch(file -> file.startsWith("damaged-")));
            }
        }
    }

    @Test
    void shouldJoinWhatFollowsEachOfSeveralDamagedPlaces()
    {
        final SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 300; i++)
        {
            final SimDisk found = disk.afterKill();
            for (int j = random.nextInt(5); j >= 0; j--)
            {
                final String name = LogSegment.fileName(random.nextInt(3));
                if (random.nextBoolean())
                {
                    found.randomizeSector(name, 8 + random.nextInt(8), random);
                }
                else
                {
                    found.flipBit(name, 4096 + random.nextInt(4096), random.nextInt(8));
                }
            }
            final LogHarness member = open(found);
            leader.history.checkPrefix(member.log);
            catchUp(member, 1 + random.nextInt(1_000));
            assertRepaired(member);
        }
    }

    /** What is left behind the damage was never committed: the leader's entries are others. */
    @Test
    void shouldSetAsideWhatFollowsWhenTheLeadersEntriesAreOthers()
    {
        final LogHarness other = new LogHarness(new SimDisk(), Durability.BATCH);
        other.segmentLength = 8 * 1024;
        other.open();
        final long common = harness.history.lastIndex() / 2;
        while (other.history.lastIndex() < common)
        {
            other.append(1);
        }
        other.history.nextTerm();
        other.append(80);
        other.sync();
        final SimDisk found = disk.afterKill();
        final LogHarness good = open(found.afterKill());
        good.log.read(common + 1, common + 1, 1, cursor);
        final String name = common + 1 < good.firstOfSegment(1) ? FIRST : SECOND;
        found.flipBit(name, cursor.offset() + 50, 1);
        final byte[] before = found.contents(name);
        final LogHarness member = open(found);
        assertEquals(common, member.log.lastIndex());
        while (member.log.lastIndex() < other.log.lastIndex())
        {
            other.log.read(member.log.lastIndex() + 1, Long.MAX_VALUE, 900, cursor);
            assertTrue(member.log.verify(run, cursor.buffer(), cursor.offset(), cursor.length()));
            assertTrue(run.next());
            member.log.appendFrames(run);
            member.log.flush();
            member.pump();
        }
        other.history.checkEqual(member.log);
        assertTrue(List.of(found.list()).contains("damaged-1-" + THIRD));
        assertArrayEquals(
            Arrays.copyOfRange(before, 4096, 8192),
            Arrays.copyOfRange(found.contents("damaged-1-" + name), 4096, 8192));
        member.log.close();
        other.history.checkEqual(open(found).log);
    }

    @Test
    void shouldSetAsideWhatFollowsWhenTheLogIsCutOrLedBeforeItIsRepaired()
    {
        for (int i = 0; i < 2; i++)
        {
            final SimDisk found = disk.afterKill();
            found.flipBit(SECOND, 5_500, 1);
            final LogHarness member = open(found);
            member.history = harness.history.copy();
            member.history.cutTo(member.log);
            if (0 == i)
            {
                member.truncateFrom(member.log.lastIndex() - 3);
            }
            member.append(70);
            member.sync();
            member.check();
            assertTrue(List.of(found.list()).contains("damaged-1-" + SECOND));
            member.log.close();
            final LogHarness again = open(found);
            member.history.checkEqual(again.log);
            assertEquals(null, again.log.recovery().fault());
        }
    }

    /** Power goes at each operation from the start on damage to the end of its repair, and again while it is mended. */
    @ParameterizedTest
    @ValueSource(ints = {100, SegmentHeader.LENGTH + 500, 8 * 1024 - 40})
    void shouldFindItsWayWhenPowerGoesAtAnyOperation(final int damagedAt)
    {
        for (long operation = 0; true; operation++)
        {
            final SimDisk broken = disk.afterKill();
            broken.flipBit(SECOND, damagedAt, 3);
            broken.faults(SimDiskFaults.powerCutAt(broken.operations() + operation));
            try
            {
                final LogHarness member = open(broken);
                catchUp(member, 300);
                assertTrue(operation > 20);
                return;
            }
            catch (final SimDisk.PowerCut | StorageException ex)
            {
                assertTrue(broken.isOff(), () -> "failed while power was there: " + ex);
            }
            for (int i = 0; i < 8; i++)
            {
                final SimDisk found = 0 == i ? broken.afterKill() : broken.afterPowerCut(new SplittableRandom(i));
                final LogHarness member = open(found);
                final long last = leader.history.checkPrefix(member.log);
                assertTrue(last >= harness.history.lastIndex() ||
                    member.log.recovery().doubtfulTo() >= harness.history.lastIndex(), "never in doubt of too little");
                catchUp(member, 300);
                assertRepaired(member);
            }
        }
    }
}
