package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Crc32c;
import io.ukehi.sim.SimDisk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A native log, read without being opened: what is said of it must be what opening it would do. */
class WalReaderTest
{
    private static final String FIRST = LogSegment.fileName(0);
    private static final String SECOND = LogSegment.fileName(1);
    private static final String THIRD = LogSegment.fileName(2);

    private final SimDisk disk = new SimDisk();
    private final LogHarness harness = new LogHarness(disk, Durability.BATCH);

    /** Three segments and one prepared, at least 200 entries, with term, vote and identity; not closed. */
    @BeforeEach
    void fill()
    {
        IdentityFile.claim(disk, 4, 5, 6, LogHarness.LOG_ID);
        try (HardStateFile hardState = HardStateFile.open(disk))
        {
            hardState.store(3, 2);
        }
        harness.segmentLength = 12 * 1024;
        harness.open();
        while (harness.history.lastIndex() < 200 || harness.firstOfSegment(2) > harness.history.lastIndex())
        {
            harness.appendOne((int)(harness.history.lastIndex() * 37 % 90));
            if (0 == harness.history.lastIndex() % 5)
            {
                harness.sync();
            }
        }
        harness.log.onCommit(harness.history.lastIndex() - 7);
        harness.appendOne(20);
        harness.sync();
        harness.appendOne(20);
        harness.sync();
        harness.log.abandon();
    }

    private static List<String> lines(final SimDisk found)
    {
        try (WalReader reader = WalReader.open(found))
        {
            return OlderFixtures.read(reader);
        }
    }

    @Test
    void shouldSayEverythingThatADirectoryHolds()
    {
        final String[] names = disk.list();
        final long operations = disk.operations();
        final WalReport report = WalReader.inspect(disk);
        assertTrue(report.isSound(), report::toString);
        assertFalse(report.hasOlder());
        assertEquals(1, report.firstIndex());
        assertEquals(harness.history.lastIndex(), report.lastIndex());
        assertEquals(harness.history.lastIndex(), report.segments().stream().mapToLong(SegmentReport::entries).sum());
        assertEquals(new WalReport.HardState(true, 2, 3, 2), report.hardState());
        assertEquals(new WalReport.Identity(4, 5, 6, LogHarness.LOG_ID), report.identity());
        assertNotNull(report.mark());
        assertEquals(report.lastIndex() - 1, report.mark().durableIndex(), "as of the batch before the last");
        assertEquals(LogHarness.BOOT_ID, report.mark().bootId());
        assertFalse(report.mark().isClean());
        assertEquals("clean", report.segments().getFirst().state());
        assertEquals("unused", report.segments().getLast().state());
        assertArrayEquals(names, disk.list());
        assertEquals(operations, disk.operations(), "nothing is written");
    }

    @Test
    void shouldYieldWhatTheLogHolds()
    {
        final LogHarness opened = new LogHarness(disk.afterKill(), Durability.BATCH);
        opened.segmentLength = 12 * 1024;
        opened.open();
        final LogCursor cursor = new LogCursor();
        try (WalReader reader = WalReader.open(disk))
        {
            long index = 1;
            while (index <= opened.log.lastIndex())
            {
                assertTrue(opened.log.read(index, Long.MAX_VALUE, 1_000, cursor) > 0);
                while (cursor.next())
                {
                    assertTrue(reader.next());
                    checkEqual(cursor, reader.entry());
                    index++;
                }
            }
            assertFalse(reader.next());
        }
        opened.log.close();
    }

    private static void checkEqual(final LogCursor expected, final WalEntry found)
    {
        assertEquals(expected.index(), found.index());
        assertEquals(expected.term(), found.term());
        assertEquals(expected.token(), found.token());
        assertEquals(expected.clusterTimeNs(), found.clusterTimeNs());
        assertEquals(expected.type(), found.type());
        final byte[] bytes = new byte[expected.payloadLength()];
        expected.buffer().getBytes(expected.payloadOffset(), bytes);
        final byte[] read = new byte[found.payload().capacity()];
        found.payload().getBytes(0, read);
        assertArrayEquals(bytes, read);
    }

    @Test
    void shouldFindEveryFlippedBitOfWhatWasDurable()
    {
        final List<String> listed = lines(disk);
        final WalReport intact = WalReader.inspect(disk);
        for (final SegmentReport segment : intact.segments())
        {
            if (RecoveryCase.UNUSED_SEGMENT == segment.ending())
            {
                continue;
            }
            final boolean isNewest = segment.lastIndex() == intact.lastIndex();
            final long end = isNewest ? intact.mark().durablePosition() : segment.length();
            for (int offset = 0; offset < end; offset++)
            {
                final int bit = offset * 5 % 8;
                disk.flipBit(segment.file(), offset, bit);
                final WalReport report = WalReader.inspect(disk);
                assertFalse(report.isSound(), segment.file() + " " + offset + "." + bit);
                disk.flipBit(segment.file(), offset, bit);
                if (0 == offset % 97)
                {
                    disk.flipBit(segment.file(), offset, bit);
                    final List<String> found = lines(disk);
                    assertEquals(listed.subList(0, found.size()), found);
                    disk.flipBit(segment.file(), offset, bit);
                }
            }
        }
    }

    @Test
    void shouldFindEveryFlippedBitOfTermVoteAndIdentity()
    {
        for (final String file : new String[]{HardStateFile.FILE_NAME, IdentityFile.FILE_NAME})
        {
            for (int bit = 0; bit < 4096 * 8; bit++)
            {
                disk.flipBit(file, bit / 8, bit % 8);
                final List<WalFault> faults = new ArrayList<>();
                HardStateFile.inspect(disk, faults);
                IdentityFile.inspect(disk, faults);
                assertEquals(1, faults.size(), file + " " + bit);
                assertEquals(file, faults.getFirst().file());
                disk.flipBit(file, bit / 8, bit % 8);
            }
        }
    }

    @Test
    void shouldSayWhatOpeningWouldDoWhateverTheDamage()
    {
        final SplittableRandom random = new SplittableRandom(20_260_704);
        final String[] files = {FIRST, SECOND, THIRD, LogSegment.fileName(3)};
        int damaged = 0;
        for (int i = 0; i < 600; i++)
        {
            final SimDisk copy = disk.afterKill();
            final String file = files[random.nextInt(files.length)];
            final int length = copy.contents(file).length;
            switch (random.nextInt(4))
            {
                case 0 -> copy.flipBit(file, random.nextInt(length), random.nextInt(8));
                case 1 -> copy.randomizeSector(file, random.nextInt(length / 512), random);
                case 2 -> copy.overwrite(file, random.nextInt(length / 512) * 512, new byte[512]);
                default -> copy.flipBit(file, random.nextInt(256), random.nextInt(8));
            }
            damaged += checkLikeOpening(copy, i) ? 1 : 0;
        }
        assertTrue(damaged > 100 && damaged < 550, "both outcomes: " + damaged);
    }

    private static boolean checkLikeOpening(final SimDisk found, final int round)
    {
        final WalReport report = WalReader.inspect(found);
        final LogHarness next = new LogHarness(found, Durability.BATCH);
        next.segmentLength = 12 * 1024;
        if (report.hasHole())
        {
            final CorruptionException refusal = assertThrows(
                CorruptionException.class, next::open, () -> round + " " + report);
            final WalFault fault = report.faults().getLast();
            assertTrue(refusal.getMessage().startsWith(
                fault.file() + " is damaged at offset " + fault.offset() + " (entry " + fault.index() + ")"),
                () -> round + " " + refusal.getMessage() + " but " + fault);
            return true;
        }
        next.open();
        assertEquals(next.log.lastIndex(), report.lastIndex(), () -> round + " " + report);
        next.log.abandon();
        return false;
    }

    @Test
    void shouldTellATornTailFromDamage()
    {
        final SegmentReport third = WalReader.inspect(disk).segments().get(2);
        disk.flipBit(THIRD, (int)third.used() + 100, 1);
        final WalReport torn = WalReader.inspect(disk);
        assertTrue(torn.isSound());
        assertEquals("torn", torn.segments().get(2).state());
        assertEquals(harness.history.lastIndex(), torn.lastIndex());
        disk.flipBit(THIRD, WalReader.inspect(disk).mark().durablePosition() - 1, 1);
        final WalReport damaged = WalReader.inspect(disk);
        assertTrue(damaged.hasHole());
        assertEquals("damaged", damaged.segments().get(2).state());
        assertEquals(harness.history.lastIndex() - 2, damaged.lastIndex());
        assertEquals(harness.history.lastIndex() - 1, damaged.highestKnownIndex());
    }

    @Test
    void shouldNameTheRowOfTheTable()
    {
        assertRow(RecoveryCase.BAD_CRC, copy -> copy.flipBit(FIRST, SegmentHeader.LENGTH + 20, 1));
        assertRow(RecoveryCase.BAD_LENGTH, copy -> copy.flipBit(FIRST, SegmentHeader.LENGTH + 3, 6));
        assertRow(RecoveryCase.BAD_HEADER, copy -> copy.flipBit(SECOND, 20, 1));
        assertRow(RecoveryCase.BROKEN_SEQUENCE, copy -> copy.lose(SECOND));
        assertRow(RecoveryCase.MISPLACED_SEGMENT, copy -> copy.put(SECOND, copy.contents(FIRST)));
        assertRow(RecoveryCase.LOST_FRAMES, copy -> copy.overwrite(THIRD, SegmentHeader.LENGTH, new byte[8192]));
        assertRow(RecoveryCase.BAD_MARK, copy -> copy.flipBit(THIRD, 600, 1));
        assertRow(RecoveryCase.BAD_PADDING, copy -> copy.flipBit(THIRD, 2_000, 1));
        assertRow(RecoveryCase.NOT_CHAINED, copy -> copy.overwrite(
            FIRST, SegmentHeader.LENGTH + EntryFrame.alignedLength(0), firstFrame(copy)));
    }

    private static byte[] firstFrame(final SimDisk copy)
    {
        return Arrays.copyOfRange(
            copy.contents(FIRST), SegmentHeader.LENGTH, SegmentHeader.LENGTH + EntryFrame.alignedLength(0));
    }

    private void assertRow(final RecoveryCase row, final Consumer<SimDisk> damage)
    {
        final SimDisk copy = disk.afterKill();
        damage.accept(copy);
        final WalReport report = WalReader.inspect(copy);
        assertEquals(1, report.faults().size(), report::toString);
        assertEquals(row, report.faults().getFirst().row(), report::toString);
        final boolean isCrc = RecoveryCase.BAD_CRC == row;
        assertEquals(isCrc, null != report.faults().getFirst().expectedCrc());
        if (isCrc)
        {
            assertNotEquals(report.faults().getFirst().expectedCrc(), report.faults().getFirst().foundCrc());
        }
    }

    @Test
    void shouldFollowTheChainFromOlderSegmentsIntoNativeOnes()
    {
        final SimDisk mixed = OlderFixtures.disk("v2");
        final SimDisk converted = new SimDisk();
        final SegmentedLog log = SegmentedLog.open(
            converted, LogHarness.config(Durability.BATCH).segmentLength(64 * 1024), () -> 0);
        try (WalReader reader = WalReader.open(mixed))
        {
            while (reader.next())
            {
                final WalEntry entry = reader.entry();
                log.append(entry.type(), entry.term(), entry.token(), entry.clusterTimeNs(), entry.payload(), 0,
                    entry.payload().capacity());
            }
        }
        // A frame of the converted log stands, with a header before it, behind the older segments as they are.
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[10]);
        final LogTail before = new LogTail();
        try (WalReader reader = WalReader.open(mixed))
        {
            assertNull(reader.report().mark());
            before.set(reader.tail());
        }
        log.append(2, 6, 6L << 32, 99, payload, 0, 10);
        final LogCursor cursor = new LogCursor();
        log.read(61, 61, 1_000, cursor);
        final byte[] segment = new byte[8_192];
        final UnsafeBuffer bytes = new UnsafeBuffer(segment);
        SegmentHeader.put(new Crc32c(), bytes, 3, 9, 61, before, segment.length);
        bytes.putBytes(SegmentHeader.LENGTH, cursor.buffer(), cursor.offset(), cursor.length());
        mixed.put(LogSegment.fileName(3), segment);
        log.abandon();
        final WalReport report = WalReader.inspect(mixed);
        assertTrue(report.isSound(), report::toString);
        assertEquals(61, report.lastIndex());
        assertEquals(WalFormat.NATIVE, report.segments().getLast().format());
    }
}
