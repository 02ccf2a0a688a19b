package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of damage, and of what a machine lost that its log had never forced. */
class CorruptionPolicyTest
{
    private static final String FIRST = LogSegment.fileName(0);
    private static final String SECOND = LogSegment.fileName(1);
    private static final String THIRD = LogSegment.fileName(2);
    private static final long TERM = 6;

    private final SimDisk disk = new SimDisk();
    private final LogHarness harness = new LogHarness(disk, Durability.BATCH);

    /** Three segments; not closed, and the last batch not vouched for by any mark. */
    @BeforeEach
    void fill()
    {
        try (HardStateFile hardState = HardStateFile.open(disk))
        {
            hardState.store(TERM, 2);
        }
        fill(harness);
    }

    private static void fill(final LogHarness log)
    {
        log.segmentLength = 8 * 1024;
        log.open();
        while (log.firstOfSegment(2) > log.history.lastIndex())
        {
            log.append(1);
        }
        for (int i = 0; i < 4; i++)
        {
            log.append(3);
            log.sync();
        }
        log.log.abandon();
    }

    private SimDisk damaged(final Consumer<SimDisk> damage)
    {
        final SimDisk copy = disk.afterKill();
        damage.accept(copy);
        return copy;
    }

    private LogHarness open(final SimDisk found, final CorruptionPolicy policy)
    {
        final LogHarness next = new LogHarness(found, harness.durability);
        next.segmentLength = 8 * 1024;
        next.policy = policy;
        next.history = harness.history.copy();
        return next.open();
    }

    /** Cuts to what is good, and checks that nothing was forgotten; the index of the last entry kept. */
    private long assertTruncated(final SimDisk found)
    {
        final LogHarness next = open(found, CorruptionPolicy.TRUNCATE_TO_LAST_GOOD);
        final RecoveryReport report = next.log.recovery();
        final long last = next.history.checkPrefix(next.log);
        assertEquals(last, report.lastIndex());
        assertNotNull(report.fault());
        assertEquals(DoubtFile.Reason.DAMAGE, report.doubtReason());
        assertEquals(TERM, report.doubtTerm());
        assertTrue(report.doubtfulTo() >= harness.history.lastIndex(),
            () -> "in doubt to " + report.doubtfulTo() + ", acknowledged " + harness.history.lastIndex());
        assertTrue(List.of(found.list()).containsAll(report.setAside()));
        assertFalse(report.setAside().isEmpty());
        next.history.cutTo(next.log);
        next.append(60);
        next.sync();
        next.log.close();
        final LogHarness again = open(found, CorruptionPolicy.REFUSE_START);
        next.history.checkEqual(again.log);
        assertNull(again.log.recovery().fault());
        assertEquals(report.doubtfulTo(), again.log.recovery().doubtfulTo(), "only catching up ends the doubt");
        return last;
    }

    @Test
    void shouldKeepWhatLiesBeforeTheDamageWhenAnyByteIsWrong()
    {
        final int end = endOf(disk.contents(THIRD));
        for (final String name : new String[] {FIRST, SECOND, THIRD})
        {
            for (int at = 0; at < 8 * 1024; at += at < 512 ? 3 : 37)
            {
                final int position = at;
                final SimDisk found = damaged(copy -> copy.flipBit(name, position, position & 7));
                try
                {
                    open(found.afterKill(), CorruptionPolicy.REFUSE_START);
                    assertTrue(at >= 512 && at < 4096 || THIRD.equals(name) && at >= end - 1_600,
                        () -> "not seen at " + position + " of " + name);
                }
                catch (final CorruptionException ex)
                {
                    final byte[] before = found.contents(name);
                    assertTruncated(found);
                    assertArrayEquals(before, found.contents("damaged-1-" + name), "evidence is kept");
                }
            }
        }
    }

    private static int endOf(final byte[] bytes)
    {
        int end = bytes.length;
        while (0 == bytes[end - 1])
        {
            end--;
        }
        return end;
    }

    @Test
    void shouldKnowExactlyWhatWasThereWhenFramesBehindTheDamageAreIntact()
    {
        for (final String name : new String[] {FIRST, SECOND, THIRD})
        {
            final SimDisk found = damaged(copy -> copy.flipBit(name, SegmentHeader.LENGTH + 30, 2));
            final LogHarness next = open(found, CorruptionPolicy.TRUNCATE_TO_LAST_GOOD);
            assertEquals(harness.history.lastIndex(), next.log.recovery().doubtfulTo());
        }
    }

    @Test
    void shouldNotCountOnWhatIsZeroWhereFramesWereDurable()
    {
        final SimDisk found = damaged(copy ->
            copy.overwrite(THIRD, SegmentHeader.LENGTH, new byte[8 * 1024 - SegmentHeader.LENGTH]));
        final LogHarness next = open(found, CorruptionPolicy.TRUNCATE_TO_LAST_GOOD);
        assertEquals(DoubtFile.UNBOUNDED, next.log.recovery().doubtfulTo());
        assertEquals(RecoveryCase.LOST_FRAMES, next.log.recovery().fault().row());
    }

    @Test
    void shouldSetAsideTheRestWhenASegmentIsMissingForeignOrMisplaced()
    {
        final long firstOfSecond = LogHarness.firstOfSegmentOn(open(disk.afterKill(),
            CorruptionPolicy.REFUSE_START).log, 1);
        final SimDisk missing = damaged(copy -> copy.lose(SECOND));
        assertEquals(firstOfSecond - 1, assertTruncated(missing));
        assertFalse(List.of(missing.list()).contains("damaged-1-" + SECOND));
        assertEquals(firstOfSecond - 1, assertTruncated(damaged(copy -> copy.put(SECOND, copy.contents(THIRD)))));
        assertEquals(firstOfSecond - 1, assertTruncated(damaged(copy -> copy.put(SECOND, copy.contents(FIRST)))));
        assertEquals(0, assertTruncated(damaged(copy -> copy.put(FIRST, new byte[8 * 1024]))));
    }

    @Test
    void shouldNumberWhatIsSetAsideWhenDamageComesAgain()
    {
        final SimDisk found = damaged(copy -> copy.flipBit(SECOND, 5_000, 1));
        assertTruncated(found);
        found.flipBit(FIRST, 5_000, 1);
        final byte[] before = found.contents(FIRST);
        final LogHarness next = open(found, CorruptionPolicy.TRUNCATE_TO_LAST_GOOD);
        assertTrue(next.log.recovery().setAside().contains("damaged-2-" + FIRST));
        assertArrayEquals(before, found.contents("damaged-2-" + FIRST));
        assertTrue(List.of(found.list()).contains("damaged-1-" + SECOND));
    }

    @Test
    void shouldRefuseAndChangeNothingWhenThereIsNobodyToRepairItFrom()
    {
        final SimDisk found = damaged(copy -> copy.flipBit(SECOND, 5_000, 1));
        final String[] names = found.list();
        final long operations = found.operations();
        final CorruptionException refused = assertThrows(CorruptionException.class, () -> SegmentedLog.open(found,
            LogHarness.config(Durability.BATCH).segmentLength(8 * 1024).hasPeers(false)
                .corruptionPolicy(CorruptionPolicy.TRUNCATE_TO_LAST_GOOD), () -> 0));
        assertTrue(refused.getMessage().contains("only voter"), refused.getMessage());
        assertTrue(refused.getMessage().contains("ukehi wal salvage"), refused.getMessage());
        assertEquals(SECOND, refused.fault().file());
        assertArrayEquals(names, found.list());
        assertEquals(operations, found.operations());
    }

    /** The disk lost a write: the sector holds, intact, the entry that was cut to make room for the committed one. */
    @ParameterizedTest
    @EnumSource(value = CorruptionPolicy.class, names = "REFUSE_START", mode = EnumSource.Mode.EXCLUDE)
    void shouldKnowNothingAsCommittedWhenAnOldSectorBringsBackWhatWasCut(final CorruptionPolicy policy)
    {
        final LogHarness log = new LogHarness(new SimDisk(), Durability.BATCH);
        log.open();
        log.appendOne(8);
        log.appendOne(16);
        log.sync();
        final SimDisk before = ((SimDisk)log.storage).afterKill();
        log.truncateFrom(2);
        log.history.nextTerm();
        log.append(20);
        log.sync();
        log.log.onCommit(20);
        log.append(1);
        log.sync();
        log.log.abandon();

        final SimDisk found = ((SimDisk)log.storage).afterKill();
        found.overwrite(FIRST, SegmentHeader.LENGTH, Arrays.copyOfRange(
            before.contents(FIRST), SegmentHeader.LENGTH, SegmentHeader.LENGTH + SimDisk.SECTOR_LENGTH));
        final LogHarness next = new LogHarness(found, Durability.BATCH);
        next.policy = policy;
        for (int start = 0; start < 2; start++)
        {
            next.open();
            assertEquals(1, next.log.termAt(2), "what was cut is back");
            assertEquals(2, next.log.lastIndex());
            assertEquals(0, next.log.recovery().commitIndex());
            assertTrue(next.log.recovery().doubtfulTo() >= 22);
            next.log.abandon();
        }
    }

    /** Power goes at each operation of a recovery that cuts; the next one finds no more than it, and the doubt. */
    @ParameterizedTest
    @ValueSource(ints = {100, SegmentHeader.LENGTH + 500})
    void shouldForgetNothingWhenPowerGoesWhileItCuts(final int damagedAt)
    {
        for (long operation = 0; true; operation++)
        {
            final SimDisk broken = damaged(copy -> copy.flipBit(SECOND, damagedAt, 3));
            final long last = assertTruncated(broken.afterKill());
            final long from = broken.operations();
            broken.faults(SimDiskFaults.powerCutAt(from + operation));
            try
            {
                open(broken, CorruptionPolicy.TRUNCATE_TO_LAST_GOOD);
                assertTrue(operation > 12);
                return;
            }
            catch (final SimDisk.PowerCut ex)
            {
                assertTrue(broken.isOff());
            }
            for (int i = 0; i < 12; i++)
            {
                final SimDisk found = 0 == i ? broken.afterKill() : broken.afterPowerCut(new SplittableRandom(i));
                final LogHarness next = open(found, CorruptionPolicy.TRUNCATE_TO_LAST_GOOD);
                assertEquals(last, next.history.checkPrefix(next.log));
                assertTrue(next.log.recovery().doubtfulTo() >= harness.history.lastIndex());
                next.log.close();
            }
        }
    }

    @Test
    void shouldTakeATornTailForNoDamage()
    {
        final int end = endOf(disk.contents(THIRD));
        final LogHarness next = open(
            damaged(copy -> copy.flipBit(THIRD, end - 1, 4)), CorruptionPolicy.TRUNCATE_TO_LAST_GOOD);
        assertTrue(next.log.recovery().tornBytes() > 0);
        assertEquals(0, next.log.recovery().doubtfulTo());
        assertNull(next.log.recovery().fault());
    }

    /** A frame of the last batch is wrong, and so is a mark: no crash does that to a sector, so it is no torn tail. */
    @Test
    void shouldNotTakeATailForTornWhenAMarkIsDamaged()
    {
        final int end = endOf(disk.contents(THIRD));
        for (int sector = 1; sector <= 2; sector++)
        {
            final int at = sector * 512 + 20;
            assertTruncated(damaged(copy ->
            {
                copy.flipBit(THIRD, end - 1, 4);
                copy.flipBit(THIRD, at, 0);
            }));
        }
    }

    @Test
    void shouldDoubtWhatAnUnforcedLogHeldWhenTheMachineHasStartedAnew()
    {
        final SimDisk unforced = new SimDisk();
        final LogHarness log = new LogHarness(unforced, Durability.ASYNC);
        fill(log);
        final SplittableRandom random = new SplittableRandom(11);
        for (int i = 0; i < 200; i++)
        {
            final SimDisk found = unforced.afterPowerCut(random);
            final LogHarness next = new LogHarness(found, Durability.ASYNC);
            next.segmentLength = 8 * 1024;
            next.bootId = LogHarness.BOOT_ID + 1;
            next.open();
            final long last = log.history.copy().checkPrefix(next.log);
            assertEquals(DoubtFile.UNBOUNDED, next.log.recovery().doubtfulTo());
            assertEquals(DoubtFile.Reason.UNFORCED_TAIL, next.log.recovery().doubtReason());
            next.log.abandon();
            next.open();
            assertEquals(last, next.log.lastIndex());
            assertNull(next.log.recovery().fault());
        }
    }

    @Test
    void shouldNotDoubtAnUnforcedLogWhenOnlyTheProcessDiedOrItWasClosed()
    {
        final SimDisk unforced = new SimDisk();
        final LogHarness log = new LogHarness(unforced, Durability.ASYNC);
        fill(log);
        log.open();
        assertEquals(0, log.log.recovery().doubtfulTo());
        log.check();
        log.log.close();
        log.bootId = LogHarness.BOOT_ID + 1;
        log.open();
        assertEquals(0, log.log.recovery().doubtfulTo());
        log.check();
    }

    @Test
    void shouldDoubtAnUnforcedLogWhenNobodyKnowsWhetherTheMachineHasStartedAnew()
    {
        final LogHarness log = new LogHarness(new SimDisk(), Durability.ASYNC);
        log.bootId = 0;
        fill(log);
        assertEquals(DoubtFile.UNBOUNDED, log.open().log.recovery().doubtfulTo());
        log.check();
    }

    /** The level of the life that died counts, not that of the one that follows. */
    @Test
    void shouldGoByTheLevelThatTheLogWasWrittenWith()
    {
        final SimDisk found = disk.afterKill();
        final LogHarness next = new LogHarness(found, Durability.ASYNC);
        next.segmentLength = 8 * 1024;
        next.bootId = LogHarness.BOOT_ID + 1;
        next.open();
        assertEquals(0, next.log.recovery().doubtfulTo(), "everything was forced");
        next.log.abandon();
        final LogHarness last = new LogHarness(found.afterPowerCut(new SplittableRandom(1)), Durability.BATCH);
        last.segmentLength = 8 * 1024;
        last.bootId = LogHarness.BOOT_ID + 2;
        last.open();
        assertEquals(DoubtFile.UNBOUNDED, last.log.recovery().doubtfulTo());
        assertEquals(harness.history.lastIndex(), last.log.lastIndex());
    }

    @Test
    void shouldLeaveNothingBehindWhenThereIsNoRoomToSetAside()
    {
        final SimDisk found = damaged(copy -> copy.flipBit(SECOND, 5_000, 1));
        // The prepared segment goes, the doubt comes: half a segment of room is left.
        found.capacity(found.allocated() - 8 * 1024 + 4 * 1024 + 4 * 1024);
        assertThrows(StorageFullException.class, () -> open(found, CorruptionPolicy.TRUNCATE_TO_LAST_GOOD));
        assertEquals(List.of("doubt", "hard-state", FIRST, SECOND, THIRD), List.of(found.list()));
        found.capacity(SimDisk.UNBOUNDED);
        assertTruncated(found);
    }
}
