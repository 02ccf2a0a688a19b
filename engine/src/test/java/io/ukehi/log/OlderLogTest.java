package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories of the earlier implementation: read exactly, and never with a hole, whatever happened to them. */
class OlderLogTest
{
    private static final String LAST = LogSegment.fileName(2);

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldReadEachEntryAsItIsListed(final String name)
    {
        try (WalReader reader = WalReader.open(OlderFixtures.directory(name)))
        {
            assertEquals(OlderFixtures.entries(name), OlderFixtures.read(reader));
            final WalReport report = reader.report();
            assertTrue(report.isSound());
            assertTrue(report.hasOlder());
            assertEquals(1, report.firstIndex());
            assertEquals(60, report.lastIndex());
            assertEquals(5, report.lastTerm());
            assertEquals(3, report.segments().size());
            assertEquals(60, report.segments().stream().mapToLong(SegmentReport::entries).sum());
            report.segments().forEach(segment -> assertEquals(RecoveryCase.CLEAN_END, segment.ending()));
            report.segments().forEach(segment -> assertEquals(segment.length(), segment.used()));
        }
    }

    @Test
    void shouldTellTheFormatOfEachSegment()
    {
        final List<SegmentReport> mixed = WalReader.inspect(OlderFixtures.directory("v1-then-v2")).segments();
        assertEquals(
            List.of(WalFormat.OLDER_V1, WalFormat.OLDER_V1, WalFormat.OLDER_V2),
            mixed.stream().map(SegmentReport::format).toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldFindEveryFlippedBit(final String name)
    {
        final SimDisk disk = OlderFixtures.disk(name);
        final List<String> listed = OlderFixtures.entries(name);
        for (final String file : disk.list())
        {
            final int length = disk.contents(file).length;
            for (int offset = 0; offset < length; offset++)
            {
                final int bit = 1 << (offset % 8);
                for (int flipped = 0; flipped < 8; flipped++)
                {
                    // All bits of the last segment, one of each byte of the others: the code is the same.
                    if (!LAST.equals(file) && 1 << flipped != bit)
                    {
                        continue;
                    }
                    disk.flipBit(file, offset, flipped);
                    final WalReport report = checkPrefix(disk, listed);
                    assertEquals(1, report.faults().size(), file + " " + offset + "." + flipped);
                    final WalFault fault = report.faults().getFirst();
                    assertTrue(report.hasHole());
                    assertTrue(fault.offset() <= offset || !fault.file().equals(file), fault::toString);
                    disk.flipBit(file, offset, flipped);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldTellATornTailWhereverTheLastSegmentWasCut(final String name)
    {
        final SimDisk disk = OlderFixtures.disk(name);
        final byte[] whole = disk.contents(LAST);
        final List<String> listed = OlderFixtures.entries(name);
        for (int length = whole.length - 1; length > 0; length--)
        {
            disk.put(LAST, Arrays.copyOf(whole, length));
            final WalReport report = checkPrefix(disk, listed);
            assertTrue(report.isSound(), report::toString);
            final SegmentReport last = report.segments().getLast();
            final boolean isWhole = last.used() == length;
            assertEquals(isWhole ? RecoveryCase.CLEAN_END : length < 4 && 0 == last.used() ?
                last.ending() : RecoveryCase.OLDER_TORN_TAIL, last.ending());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldFindDamageWhereverASegmentBeforeTheLastWasCut(final String name)
    {
        final SimDisk disk = OlderFixtures.disk(name);
        final String first = disk.list()[0];
        final byte[] whole = disk.contents(first);
        final List<String> listed = OlderFixtures.entries(name);
        for (int length = whole.length - 1; length >= 0; length--)
        {
            disk.put(first, Arrays.copyOf(whole, length));
            assertTrue(checkPrefix(disk, listed).hasHole());
        }
    }

    /** Reads a disk twice; what it yields must be a beginning of the list. */
    private static WalReport checkPrefix(final SimDisk disk, final List<String> listed)
    {
        try (WalReader reader = WalReader.open(disk))
        {
            final List<String> found = OlderFixtures.read(reader);
            final WalReport report = reader.report();
            assertEquals(listed.subList(0, found.size()), found);
            assertEquals(found.size(), report.lastIndex());
            assertTrue(report.hasHole() || report.lastIndex() >= 1 || found.isEmpty());
            return report;
        }
    }

    @Test
    void shouldTellATornTailFromDamageBySayingWhatWasExpected()
    {
        final SimDisk disk = OlderFixtures.disk("v2");
        disk.flipBit(LAST, 100, 3);
        final WalFault fault = WalReader.inspect(disk).faults().getFirst();
        assertEquals(RecoveryCase.BAD_CRC, fault.row());
        assertEquals(LAST, fault.file());
        assertEquals(OlderFrame.FILE_HEADER_LENGTH, fault.offset());
        assertFalse(fault.expectedCrc().equals(fault.foundCrc()));
        assertEquals(WalReader.inspect(disk).lastIndex() + 1, fault.index());
    }

    @Test
    void shouldTakeZerosAtTheEndForATornTail()
    {
        final SimDisk disk = OlderFixtures.disk("v1");
        disk.put(LAST, Arrays.copyOf(disk.contents(LAST), 4_096));
        final WalReport report = WalReader.inspect(disk);
        assertTrue(report.isSound());
        assertEquals(60, report.lastIndex());
        assertEquals(RecoveryCase.OLDER_TORN_TAIL, report.segments().getLast().ending());
    }

    @Test
    void shouldNotReadOnBehindATornTailThatWasAppendedTo()
    {
        final SimDisk disk = OlderFixtures.disk("v2");
        final byte[] whole = disk.contents(LAST);
        final WalReport intact = WalReader.inspect(disk);
        final long first = intact.segments().getLast().firstIndex();
        final int begin = OlderFrame.FILE_HEADER_LENGTH;
        final byte[] torn = new byte[whole.length + 30];
        // Thirty bytes of the first record, and then all of the segment's records.
        System.arraycopy(whole, 0, torn, 0, begin + 30);
        System.arraycopy(whole, begin, torn, begin + 30, whole.length - begin);
        disk.put(LAST, torn);
        final WalReport report = WalReader.inspect(disk);
        assertEquals(first - 1, report.lastIndex());
        assertEquals(RecoveryCase.OLDER_APPENDED_BEHIND_TORN_TAIL, report.faults().getFirst().row());
        assertTrue(report.faults().getFirst().what().contains("offset " + (begin + 30)));
    }

    @Test
    void shouldEndBeforeAMissingSegment()
    {
        final SimDisk disk = OlderFixtures.disk("v2");
        final long before = WalReader.inspect(disk).segments().getFirst().lastIndex();
        disk.lose(LogSegment.fileName(1));
        final WalReport report = WalReader.inspect(disk);
        assertEquals(before, report.lastIndex());
        assertEquals(RecoveryCase.BROKEN_SEQUENCE, report.faults().getFirst().row());
        assertTrue(report.highestKnownIndex() > before);
    }

    @Test
    void shouldYieldNothingWhenTheFirstSegmentIsMissing()
    {
        final SimDisk disk = OlderFixtures.disk("v1");
        disk.lose(LogSegment.fileName(0));
        final WalReport report = WalReader.inspect(disk);
        assertEquals(0, report.lastIndex());
        assertEquals(RecoveryCase.NOT_CHAINED, report.faults().getFirst().row());
    }
}
