package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every single bit of everything that a node keeps on disk, turned over one at a time: a log of three segments with at
 * least 200 entries, closed in order, with term, vote, identity and a doubt that was cleared. The tool sees each; a
 * node that starts holds all or acts by its policy; and there is never a log with a hole, nor an entry that was not
 * appended.
 */
class EveryBitTest
{
    private static final int SEGMENT_LENGTH = 12 * 1024;
    private static final int MAX_PAYLOAD_LENGTH = 200;
    private static final long TERM = 3;

    private final LogHistory history = new LogHistory();
    /** What came of the starts: refused, kept whole, kept whole with a cut of the unused end. */
    private final long[] counts = new long[3];
    private SimDisk disk;

    @BeforeEach
    void fill()
    {
        disk = new SimDisk();
        IdentityFile.claim(disk, 4, 5, 6, LogHarness.LOG_ID);
        try (HardStateFile hardState = HardStateFile.open(disk); DoubtFile doubt = DoubtFile.open(disk))
        {
            hardState.store(TERM, 2);
            doubt.raise(7, 2, DoubtFile.Reason.DAMAGE);
            doubt.clear();
        }
        final SegmentedLog log = open(disk, CorruptionPolicy.REFUSE_START);
        while (history.lastIndex() < 330)
        {
            while (history.append(log, (int)(history.lastIndex() * 7 % 40)) < 0)
            {
                log.flusher().doWork();
            }
            log.flush();
            log.flusher().doWork();
        }
        log.close();
        assertEquals(3, WalReader.inspect(disk).segments().stream()
            .filter(segment -> WalFormat.UNUSED != segment.format()).count());
        assertTrue(WalReader.inspect(disk).isSound());
    }

    private static SegmentedLog open(final SimDisk found, final CorruptionPolicy policy)
    {
        return SegmentedLog.open(found, LogHarness.config(Durability.BATCH).segmentLength(SEGMENT_LENGTH)
            .maxPayloadLength(MAX_PAYLOAD_LENGTH).scrubBytesPerSecond(0).corruptionPolicy(policy), () -> 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void shouldSeeEveryBitOfASegmentAndLoseNothingBeforeIt(final int segment)
    {
        final String name = LogSegment.fileName(segment);
        final byte[] good = disk.contents(name);
        for (int bit = 0; bit < good.length * 8; bit++)
        {
            disk.flipBit(name, bit / 8, bit % 8);
            checkTool(name, bit);
            final CorruptionException refused = checkRefusal(bit);
            for (final CorruptionPolicy policy : new CorruptionPolicy[] {
                CorruptionPolicy.TRUNCATE_TO_LAST_GOOD, CorruptionPolicy.ALERT_AND_CONTINUE})
            {
                checkStart(name, bit, policy, refused);
            }
            disk.flipBit(name, bit / 8, bit % 8);
        }
        assertArrayEquals(good, disk.contents(name));
        System.out.printf("%s: %,d bits: %,d refused, %,d kept whole, %,d cut from the unused end%n",
            name, good.length * 8, counts[0], counts[1], counts[2]);
        assertTrue(counts[0] > 8 * 4_000, "most of it is in use");
    }

    private void checkTool(final String name, final int bit)
    {
        final WalReport report = WalReader.inspect(disk);
        final boolean isTorn = report.segments().stream().anyMatch(
            segment -> RecoveryCase.TORN_TAIL == segment.ending());
        assertTrue(!report.isSound() || isTorn, () -> "bit " + bit + " of " + name + " is seen");
        assertTrue(report.lastIndex() <= history.lastIndex());
        assertTrue(!report.hasHole() || report.faults().stream().anyMatch(fault -> fault.file().equals(name)));
    }

    private CorruptionException checkRefusal(final int bit)
    {
        final long operations = disk.operations();
        final SimDisk found = disk.afterKill();
        try (SegmentedLog log = open(found, CorruptionPolicy.REFUSE_START))
        {
            history.checkEqual(log);
            assertEquals(0, log.recovery().doubtfulTo());
            counts[log.recovery().tornBytes() > 0 ? 2 : 1]++;
            return null;
        }
        catch (final CorruptionException ex)
        {
            counts[0]++;
            assertEquals(0, found.operations(), () -> "nothing is changed for bit " + bit);
            assertEquals(operations, disk.operations());
            return ex;
        }
    }

    private void checkStart(
        final String name, final int bit, final CorruptionPolicy policy, final CorruptionException refused)
    {
        final SimDisk found = disk.afterKill();
        try (SegmentedLog log = open(found, policy))
        {
            final RecoveryReport report = log.recovery();
            if (null == refused)
            {
                assertNull(report.fault());
                assertEquals(0, report.doubtfulTo());
                history.checkEqual(log);
                return;
            }
            assertNotNull(report.fault());
            assertEquals(refused.fault(), report.fault());
            final long last = history.checkPrefix(log);
            // In place, a header is put together again, and an unused end costs nothing.
            final boolean isWhole = CorruptionPolicy.ALERT_AND_CONTINUE == policy && history.lastIndex() == last;
            assertTrue(isWhole || report.fault().index() == last + 1,
                () -> "cut at the damage: bit " + bit + " of " + name);
            assertTrue(report.doubtfulTo() >= history.lastIndex(), () -> "bit " + bit + " of " + name +
                ": in doubt to " + report.doubtfulTo() + " of " + history.lastIndex());
            assertEquals(TERM, report.doubtTerm());
        }
    }

    @Test
    void shouldKeepTermAndVoteWhateverBitIsWrong()
    {
        final byte[] good = disk.contents(HardStateFile.FILE_NAME);
        for (int bit = 0; bit < good.length * 8; bit++)
        {
            disk.flipBit(HardStateFile.FILE_NAME, bit / 8, bit % 8);
            assertTrue(!WalReader.inspect(disk).isSound());
            final SimDisk found = disk.afterKill();
            try (HardStateFile file = HardStateFile.open(found))
            {
                assertEquals(TERM, file.term());
                assertEquals(2, file.votedFor());
            }
            disk.flipBit(HardStateFile.FILE_NAME, bit / 8, bit % 8);
        }
    }

    @Test
    void shouldHoldTheIdentityWhateverBitIsWrong()
    {
        final long logId = IdentityFile.claim(disk.afterKill(), 4, 5, 6, 99);
        for (int bit = 0; bit < disk.contents(IdentityFile.FILE_NAME).length * 8; bit++)
        {
            disk.flipBit(IdentityFile.FILE_NAME, bit / 8, bit % 8);
            assertTrue(!WalReader.inspect(disk).isSound());
            assertEquals(logId, IdentityFile.claim(disk.afterKill(), 4, 5, 6, 99));
            disk.flipBit(IdentityFile.FILE_NAME, bit / 8, bit % 8);
        }
    }
}
