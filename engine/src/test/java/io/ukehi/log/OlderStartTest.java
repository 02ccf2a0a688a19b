package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A log that goes on where the earlier implementation left it: one log to its readers, the old files unchanged. */
class OlderStartTest
{
    private static final int ENTRIES = 60;

    private static Stream<Arguments> fixturesAndLevels()
    {
        return Stream.of(OlderFixtures.NAMES).flatMap(
            name -> Stream.of(Durability.values()).map(level -> Arguments.of(name, level)));
    }

    private static LogHarness harness(final SimDisk disk, final Durability level)
    {
        final LogHarness harness = new LogHarness(disk, level);
        harness.history = LogHistory.of(WalReader.open(disk));
        return harness;
    }

    private static Map<String, byte[]> olderFiles(final SimDisk disk)
    {
        final Map<String, byte[]> files = new TreeMap<>();
        for (final SegmentReport segment : WalReader.inspect(disk).segments())
        {
            if (segment.format().isOlder())
            {
                files.put(segment.file(), disk.contents(segment.file()));
            }
        }
        return files;
    }

    private static void assertUnchanged(final Map<String, byte[]> files, final SimDisk disk)
    {
        files.forEach((name, bytes) -> assertArrayEquals(bytes, disk.contents(name), name));
    }

    @ParameterizedTest
    @MethodSource("fixturesAndLevels")
    void shouldReplayItAndGoOnInNativeSegments(final String name, final Durability level)
    {
        final SimDisk disk = OlderFixtures.disk(name);
        final Map<String, byte[]> older = olderFiles(disk);
        final List<String> listed = OlderFixtures.entries(name);
        final LogHarness harness = harness(disk, level);
        for (int start = 0; start < 3; start++)
        {
            harness.open();
            harness.check();
            assertNull(harness.log.recovery().fault());
            assertEquals(0, harness.log.recovery().doubtfulTo());
            harness.append(50);
            harness.sync();
            harness.check();
            harness.close();
            assertUnchanged(older, disk);
        }
        assertEquals(3, older.size());
        try (WalReader reader = WalReader.open(disk))
        {
            assertEquals(listed, OlderFixtures.read(reader).subList(0, ENTRIES));
            assertTrue(reader.report().isSound());
            assertEquals(ENTRIES + 150, reader.report().lastIndex());
        }
    }

    /** What travels and what is chained to must be the same bytes, whether a member has converted its log or not. */
    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldYieldTheFramesOfAConvertedLog(final String name)
    {
        final SimDisk disk = OlderFixtures.disk(name);
        final LogHarness converted = new LogHarness(new SimDisk(), Durability.BATCH);
        converted.open();
        try (WalReader reader = WalReader.open(disk))
        {
            while (reader.next())
            {
                final WalEntry entry = reader.entry();
                converted.pump();
                converted.log.append(entry.type(), entry.term(), entry.token(), 0, entry.payload(), 0,
                    entry.payload().capacity());
                converted.log.flush();
            }
        }
        final SegmentedLog live = harness(disk, Durability.BATCH).open().log;
        final LogCursor one = new LogCursor();
        final LogCursor other = new LogCursor();
        for (long index = 1; index <= ENTRIES; index++)
        {
            for (final int maxBytes : new int[]{0, 700, 100_000})
            {
                assertTrue(live.read(index, Long.MAX_VALUE, maxBytes, one) > 0);
                assertTrue(converted.log.read(index, index + one.count() - 1, 1_000_000, other) > 0);
                final int length = Math.min(one.length(), other.length());
                assertTrue(one.length() <= Math.max(maxBytes, 1_000));
                assertEquals(0, one.buffer().getInt(one.offset() + 44) - other.buffer().getInt(other.offset() + 44));
                for (int i = 0; i < length; i++)
                {
                    assertEquals(other.buffer().getByte(other.offset() + i), one.buffer().getByte(one.offset() + i));
                }
                assertTrue(live.verify(new LogCursor(), one.buffer(), one.offset(), one.length()));
            }
            assertEquals(converted.log.frameCrcAt(index), live.frameCrcAt(index));
        }
        assertEquals(0, live.frameCrcAt(0));
    }

    @ParameterizedTest
    @MethodSource("fixturesAndLevels")
    void shouldCutIntoItByReplacingWhatHasToGo(final String name, final Durability level)
    {
        for (long index = 1; index <= ENTRIES; index++)
        {
            final SimDisk disk = OlderFixtures.disk(name);
            final Map<String, byte[]> older = olderFiles(disk);
            final LogHarness harness = harness(disk, level);
            harness.open();
            harness.append((int)(index % 3) * 40);
            harness.sync();
            harness.truncateFrom(index);
            harness.check();
            harness.append(3);
            harness.sync();
            harness.check();
            harness.close();
            harness.open();
            harness.check();
            harness.close();
            final Map<String, byte[]> left = olderFiles(disk);
            left.forEach((file, bytes) -> assertArrayEquals(older.get(file), bytes, file));
            assertTrue(left.size() < older.size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldPurgeOlderSegmentsWhole(final String name)
    {
        final SimDisk disk = OlderFixtures.disk(name);
        final LogHarness harness = harness(disk, Durability.BATCH);
        harness.open();
        harness.append(10);
        harness.sync();
        final int crc = harness.log.frameCrcAt(ENTRIES);
        assertEquals(ENTRIES + 1, harness.log.purgeTo(ENTRIES + 5));
        harness.history.purgeTo(ENTRIES + 1);
        harness.pump();
        assertEquals(Map.of(), olderFiles(disk));
        assertEquals(crc, harness.log.frameCrcAt(ENTRIES));
        harness.check();
        harness.close();
        harness.open();
        harness.check();
    }

    @Test
    void shouldBeReplacedByASnapshot()
    {
        final SimDisk disk = OlderFixtures.disk("v1-then-v2");
        final LogHarness harness = harness(disk, Durability.BATCH);
        harness.open();
        harness.log.resetTo(500, 9, 9L << 32, 0, 77);
        harness.history.resetTo(500, 9, 9L << 32, 0);
        harness.append(5);
        harness.sync();
        harness.close();
        assertEquals(Map.of(), olderFiles(disk));
        harness.open();
        harness.check();
        assertEquals(501, harness.log.firstIndex());
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldNeverHoldAGapWhateverIsDamagedAndUnderWhateverPolicy(final String name)
    {
        final SimDisk whole = OlderFixtures.disk(name);
        final LogHistory history = LogHistory.of(WalReader.open(whole));
        for (final String file : whole.list())
        {
            final int length = whole.contents(file).length;
            for (int offset = 0; offset < length; offset++)
            {
                final SimDisk disk = whole.afterKill();
                disk.flipBit(file, offset, offset * 5 % 8);
                final String where = file + " at " + offset;
                refuse(disk, where);
                startWithoutIt(disk, history, where, 0 == offset % 2 ?
                    CorruptionPolicy.TRUNCATE_TO_LAST_GOOD : CorruptionPolicy.ALERT_AND_CONTINUE);
            }
        }
    }

    private static void refuse(final SimDisk disk, final String where)
    {
        final String[] files = disk.list();
        final LogConfig config = LogHarness.config(Durability.BATCH);
        final CorruptionException refusal =
            assertThrows(CorruptionException.class, () -> SegmentedLog.open(disk, config, () -> 0), where);
        assertTrue(refusal.getMessage().contains(".seg is damaged at offset"), refusal.getMessage());
        assertArrayEquals(files, disk.list(), where);
    }

    private static void startWithoutIt(
        final SimDisk disk, final LogHistory history, final String where, final CorruptionPolicy policy)
    {
        final Map<String, byte[]> before = new TreeMap<>();
        for (final String file : disk.list())
        {
            before.put(file, disk.contents(file));
        }
        final LogHarness harness = new LogHarness(disk, Durability.BATCH);
        harness.policy = policy;
        harness.history = history.copy();
        harness.open();
        final long last = harness.history.checkPrefix(harness.log);
        assertTrue(last < ENTRIES, where);
        assertTrue(harness.log.recovery().doubtfulTo() >= ENTRIES, () -> where + ": " + harness.log.recovery());
        assertFalse(harness.log.recovery().setAside().isEmpty(), where);
        for (final String aside : harness.log.recovery().setAside())
        {
            assertArrayEquals(before.get(aside.substring(aside.indexOf("wal-"))), disk.contents(aside), where);
        }
        harness.history.cutTo(harness.log);
        harness.append(3);
        harness.sync();
        harness.close();
        harness.open();
        harness.check();
        assertNull(harness.log.recovery().fault(), where);
        harness.close();
    }

    @Test
    void shouldFindDamageBehindAnOlderSegmentWhileItRuns()
    {
        final SimDisk disk = OlderFixtures.disk("v2");
        final LogHarness harness = harness(disk, Durability.BATCH);
        harness.open();
        final SegmentReport second = WalReader.inspect(disk).segments().get(1);
        disk.flipBit(second.file(), (int)second.used() - 20, 2);
        final LogCursor cursor = new LogCursor();
        final long damaged = second.lastIndex();
        assertEquals(damaged - 1, readFrom(harness.log, damaged - 1, cursor));
        assertEquals(SegmentedLog.DAMAGED, harness.log.read(damaged, damaged, 10_000, cursor));
        assertEquals(damaged, harness.log.damagedIndex());
        assertEquals(0, harness.log.damagedTo());
        assertThrows(StorageException.class, () -> harness.log.frameCrcAt(damaged));
        // Of the next segment it is known what stands before.
        assertTrue(harness.log.read(damaged + 1, damaged + 1, 10_000, cursor) > 0);
    }

    private static long readFrom(final SegmentedLog log, final long index, final LogCursor cursor)
    {
        assertTrue(log.read(index, Long.MAX_VALUE, 10_000, cursor) > 0);
        long last = 0;
        while (cursor.next())
        {
            last = cursor.index();
        }
        return last;
    }

    @Test
    void shouldScrubOlderSegmentsToo()
    {
        final SimDisk disk = OlderFixtures.disk("v1-then-v2");
        final LogHarness harness = harness(disk, Durability.BATCH);
        harness.open();
        final long length = olderFiles(disk).values().stream().mapToLong(bytes -> bytes.length - 12).sum();
        scrub(harness);
        assertTrue(harness.log.scrubbedBytes() >= length, () -> harness.log.scrubbedBytes() + " of " + length);
        assertEquals(0, harness.log.damagedIndex());
        final SegmentReport last = WalReader.inspect(disk).segments().get(2);
        disk.flipBit(last.file(), 40, 1);
        scrub(harness);
        assertEquals(last.firstIndex(), harness.log.damagedIndex());
    }

    private static void scrub(final LogHarness harness)
    {
        for (int i = 0; i < 20; i++)
        {
            harness.log.flush();
            harness.nowNs += 1_000_000_000;
            harness.pump();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldMakeItsOwnWhatNoNodeOfOursHasUsedYet(final String name)
    {
        final SimDisk disk = OlderFixtures.disk(name);
        final Map<String, byte[]> older = olderFiles(disk);
        assertEquals(5, IdentityFile.claim(disk, 1, 0, 1, 5));
        for (int i = 0; i < 2; i++)
        {
            try (HardStateFile hardState = HardStateFile.open(disk))
            {
                assertEquals(5 + OlderLogs.TERM_STEP, hardState.term());
                assertEquals(0, hardState.votedFor());
            }
        }
        final LogConfig config = LogHarness.config(Durability.ASYNC).bootId(9).logId(5);
        final SegmentedLog log = SegmentedLog.open(disk, config, () -> 0);
        assertEquals(0, log.recovery().doubtfulTo(), "nothing of ours was lost");
        assertEquals(ENTRIES, log.lastIndex());
        log.close();
        assertUnchanged(older, disk);
        assertThrows(StorageException.class, () -> IdentityFile.claim(disk, 1, 0, 2, 6));
    }

    @Test
    void shouldRefuseAsEverWhereTermAndVoteOfOursAreGone()
    {
        final SimDisk disk = OlderFixtures.disk("v2");
        IdentityFile.claim(disk, 1, 0, 1, LogHarness.LOG_ID);
        HardStateFile.open(disk).close();
        harness(disk, Durability.BATCH).open().close();
        final List<String> lost = new ArrayList<>();
        for (final String file : new String[]{HardStateFile.FILE_NAME, IdentityFile.FILE_NAME})
        {
            final SimDisk other = disk.afterKill();
            other.lose(file);
            final StorageException refusal = assertThrows(StorageException.class, () ->
            {
                IdentityFile.claim(other, 1, 0, 1, 9);
                HardStateFile.open(other);
            });
            lost.add(refusal.getMessage());
        }
        assertTrue(lost.get(0).contains("\"hard-state\" is missing"), lost::toString);
        assertTrue(lost.get(1).contains("\"identity\" is missing"), lost::toString);
    }
}
