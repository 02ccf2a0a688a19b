package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Crc32c;
import io.ukehi.sim.SimDisk;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is made of the bytes that are found: a clean end, a torn tail, or damage. Each test puts together a directory,
 * does something to it, and opens it.
 */
class LogRecoveryTest
{
    private static final String FIRST = LogSegment.fileName(0);
    private static final String SECOND = LogSegment.fileName(1);
    private static final String THIRD = LogSegment.fileName(2);

    private final SimDisk disk = new SimDisk();
    private final LogHarness harness = new LogHarness(disk, Durability.BATCH);
    /** Where the newest segment's frames end. */
    private int end;

    /** Three segments, of which the last holds some entries in batches of three; not closed. */
    @BeforeEach
    void fill()
    {
        harness.segmentLength = 8 * 1024;
        harness.open();
        while (harness.firstOfSegment(2) > harness.history.lastIndex())
        {
            harness.append(1);
        }
        for (int i = 0; i < 4; i++)
        {
            harness.append(3);
            harness.sync();
        }
        harness.log.abandon();
        end = endOf(THIRD);
    }

    private int endOf(final String name)
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(disk.contents(name));
        int at = SegmentHeader.LENGTH;
        while (at < bytes.capacity() && EntryFrame.length(bytes, at) > 0)
        {
            at += EntryFrame.alignedLength(EntryFrame.length(bytes, at) - EntryFrame.HEADER_LENGTH);
        }
        return at;
    }

    private long entriesOfThird()
    {
        return harness.history.lastIndex() + 1 - LogHarness.firstOfSegmentOn(open(disk.afterKill()).log, 2);
    }

    private int lastFrame()
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(disk.contents(THIRD));
        int at = SegmentHeader.LENGTH;
        int last = at;
        while (at < end)
        {
            last = at;
            at += EntryFrame.alignedLength(EntryFrame.length(bytes, at) - EntryFrame.HEADER_LENGTH);
        }
        return last;
    }

    private static LogHarness open(final SimDisk found)
    {
        final LogHarness next = new LogHarness(found, Durability.BATCH);
        next.segmentLength = 8 * 1024;
        return next.open();
    }

    /** Opens a disk, and checks that this many of the last entries are missing, that it stays so, and that it lives. */
    private void assertLost(final long count, final SimDisk found)
    {
        final LogHarness next = open(found);
        next.history = harness.history.copy();
        assertEquals(harness.history.lastIndex() - count, next.history.checkPrefix(next.log));
        final RecoveryReport report = next.log.recovery();
        assertEquals(next.log.lastIndex(), report.lastIndex());
        assertEquals(1, report.firstIndex());
        next.history.cutTo(next.log);
        next.log.abandon();
        // What was cut is gone from the file, or it would come back as a part of something else.
        final LogHarness again = open(found);
        assertEquals(0, again.log.recovery().tornBytes());
        next.history.checkEqual(again.log);
        again.history = next.history;
        again.append(60);
        again.sync();
        again.log.close();
        next.history.checkEqual(open(found).log);
    }

    private static CorruptionException assertDamaged(final SimDisk found, final String... said)
    {
        final String[] names = found.list();
        final CorruptionException refused = assertThrows(CorruptionException.class, () -> open(found));
        for (final String part : said)
        {
            assertTrue(refused.getMessage().contains(part), () -> "\"" + part + "\" in: " + refused.getMessage());
        }
        assertArrayEquals(names, found.list(), "evidence is kept");
        return refused;
    }

    private SimDisk damaged(final Consumer<SimDisk> damage)
    {
        final SimDisk copy = disk.afterKill();
        damage.accept(copy);
        return copy;
    }

    @Test
    void shouldHoldEverythingAtACleanEnd()
    {
        final LogHarness next = open(damaged(copy -> {}));
        final RecoveryReport report = next.log.recovery();
        assertEquals(3, report.segments());
        assertEquals(0, report.tornBytes());
        assertFalse(report.isClosedClean());
        assertTrue(report.isSameBoot());
        assertLost(0, damaged(copy -> {}));
    }

    @Test
    void shouldTellWhetherTheMachineHasStartedAnew()
    {
        final SimDisk found = damaged(copy -> {});
        final LogConfig config = LogHarness.config(Durability.BATCH).bootId(LogHarness.BOOT_ID + 1);
        assertFalse(SegmentedLog.open(found, config, () -> 0).recovery().isSameBoot());
        assertTrue(SegmentedLog.open(found, config, () -> 0).recovery().isSameBoot());
        assertFalse(SegmentedLog.open(found, config.bootId(0), () -> 0).recovery().isSameBoot());
        assertFalse(SegmentedLog.open(found, config, () -> 0).recovery().isSameBoot(), "unknown is not the same");
    }

    @Test
    void shouldCutTheTailWhenTheLastFrameEndsAtAnyByte()
    {
        final byte[] whole = disk.contents(THIRD);
        final int last = lastFrame();
        for (int at = last; at < end; at++)
        {
            final byte[] torn = whole.clone();
            Arrays.fill(torn, at, end, (byte)0);
            if (!Arrays.equals(torn, whole))
            {
                final int length = at;
                final SimDisk found = damaged(copy -> copy.put(THIRD, torn));
                final LogHarness next = open(found);
                assertEquals(harness.history.lastIndex() - 1, next.log.lastIndex(), () -> "cut at " + length);
                assertTrue(next.log.recovery().tornBytes() <= length - last);
                next.log.abandon();
                assertArrayEquals(new byte[end - last], Arrays.copyOfRange(found.contents(THIRD), last, end));
            }
        }
        assertLost(1, damaged(copy -> copy.overwrite(THIRD, last + 20, new byte[end - last - 20])));
    }

    @Test
    void shouldCutTheTailWhenAnyByteOfTheLastBatchIsWrong()
    {
        final int last = lastFrame();
        for (int at = last; at < end; at++)
        {
            final int wrong = at;
            final LogHarness next = open(damaged(copy -> copy.flipBit(THIRD, wrong, wrong & 7)));
            assertEquals(harness.history.lastIndex() - 1, next.log.lastIndex());
            assertTrue(next.log.recovery().tornBytes() > 0);
        }
        assertLost(1, damaged(copy -> copy.flipBit(THIRD, last + 50, 3)));
    }

    @Test
    void shouldCutWhatLiesBehindTheEnd()
    {
        for (final int at : new int[] {end, end + 8, end + 700, 8 * 1024 - 1})
        {
            final SimDisk found = damaged(copy -> copy.flipBit(THIRD, at, 2));
            assertEquals(at - end + 1, open(found).log.recovery().tornBytes());
            assertLost(0, damaged(copy -> copy.flipBit(THIRD, at, 2)));
        }
    }

    @Test
    void shouldCutFramesBehindTheEndThatAreIntactButDoNotFollow()
    {
        // Left over from another history: everything fits but the chain.
        final UnsafeBuffer frame = new UnsafeBuffer(new byte[EntryFrame.alignedLength(40)]);
        final LogHarness next = open(damaged(copy -> {}));
        EntryFrame.putHeader(frame, 0, 40, next.log.lastTerm(), next.log.lastIndex() + 1, next.log.lastToken() + 1,
            next.log.lastClusterTimeNs() + 1, 1, 0x1234);
        EntryFrame.seal(new Crc32c(), frame, 0);
        next.log.abandon();
        final SimDisk found = damaged(copy -> copy.overwrite(THIRD, end, frame.byteArray()));
        assertTrue(open(found).log.recovery().tornBytes() > EntryFrame.HEADER_LENGTH - 8);
        assertLost(0, damaged(copy -> copy.overwrite(THIRD, end, frame.byteArray())));
        // Every frame of the log itself, put behind its end.
        final byte[] whole = disk.contents(THIRD);
        final byte[] repeated = Arrays.copyOfRange(whole, SegmentHeader.LENGTH, lastFrame());
        final int room = Math.min(repeated.length, whole.length - end);
        assertLost(0, damaged(copy -> copy.overwrite(THIRD, end, Arrays.copyOf(repeated, room))));
    }

    @Test
    void shouldRefuseWhenAnyByteBeforeTheMarkIsWrong()
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(disk.contents(THIRD));
        final DurableMark mark = new DurableMark();
        assertTrue(mark.read(bytes));
        assertTrue(mark.durablePosition() > SegmentHeader.LENGTH && mark.durablePosition() <= lastFrame());
        int at = SegmentHeader.LENGTH;
        long index = LogHarness.firstOfSegmentOn(open(damaged(copy -> {})).log, 2);
        while (at < mark.durablePosition())
        {
            final int frame = at;
            at += EntryFrame.alignedLength(EntryFrame.length(bytes, at) - EntryFrame.HEADER_LENGTH);
            for (int wrong = frame; wrong < at; wrong += 3)
            {
                final int position = wrong;
                assertDamaged(damaged(copy -> copy.flipBit(THIRD, position, position & 7)),
                    THIRD, "offset " + frame + " ", "(entry " + index + ")", "durable up to offset");
            }
            index++;
        }
    }

    @Test
    void shouldSayWhichChecksumWasFoundAndWhichExpected()
    {
        final int at = SegmentHeader.LENGTH;
        final UnsafeBuffer bytes = new UnsafeBuffer(disk.contents(THIRD));
        final int found = EntryFrame.crc(bytes, at);
        bytes.putByte(at + 30, (byte)(bytes.getByte(at + 30) ^ 1));
        final int expected = EntryFrame.computeCrc(new Crc32c(), bytes, at, EntryFrame.length(bytes, at));
        assertDamaged(damaged(copy -> copy.flipBit(THIRD, at + 30, 0)),
            String.format("checksum expected %08x, found %08x", expected, found));
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal-00000000.seg", "wal-00000001.seg"})
    void shouldRefuseWhenAnyByteOfAnOlderSegmentIsWrong(final String name)
    {
        for (int at = SegmentHeader.LENGTH; at < 8 * 1024; at += 5)
        {
            final int position = at;
            assertDamaged(damaged(copy -> copy.flipBit(name, position, position & 7)), name);
        }
    }

    @Test
    void shouldRefuseWhenAnOlderSegmentEndsEarly()
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(disk.contents(SECOND));
        final int length = EntryFrame.alignedLength(
            EntryFrame.length(bytes, SegmentHeader.LENGTH) - EntryFrame.HEADER_LENGTH);
        final int from = SegmentHeader.LENGTH + length;
        assertDamaged(damaged(copy -> copy.overwrite(SECOND, from, new byte[8 * 1024 - from])), THIRD, SECOND, "ends");
    }

    @Test
    void shouldRefuseWhenASegmentIsMissing()
    {
        assertDamaged(damaged(copy -> copy.lose(SECOND)), THIRD, "follows entry", FIRST);
    }

    @Test
    void shouldRefuseWhenSegmentsAreSwapped()
    {
        assertDamaged(damaged(copy ->
        {
            final byte[] first = copy.contents(FIRST);
            copy.put(FIRST, copy.contents(SECOND));
            copy.put(SECOND, first);
        }), FIRST, "it says of itself that it is segment 1");
    }

    @Test
    void shouldRefuseWhenASegmentIsCutShortOrHasGrown()
    {
        for (final String name : new String[] {FIRST, SECOND, THIRD})
        {
            for (final int length : new int[] {4096, 7 * 1024, 9 * 1024})
            {
                assertDamaged(damaged(copy -> copy.put(name, Arrays.copyOf(copy.contents(name), length))),
                    name, "8192 bytes, but it has " + length);
            }
        }
        assertDamaged(damaged(copy -> copy.put(FIRST, new byte[100])), FIRST, "shorter than a header");
    }

    @Test
    void shouldRefuseTheSegmentsOfAnotherLog()
    {
        final SimDisk other = new SimDisk();
        final LogConfig config = LogHarness.config(Durability.BATCH).segmentLength(8 * 1024);
        SegmentedLog.open(other, config.logId(4711), () -> 0).close();
        assertDamaged(damaged(copy -> copy.put(FIRST, other.contents(FIRST))), FIRST, "another log");
        assertThrows(CorruptionException.class, () -> SegmentedLog.open(damaged(copy -> {}), config, () -> 0));
    }

    @Test
    void shouldRefuseAnotherVersionOfTheFormat()
    {
        for (final String name : new String[] {FIRST, SECOND, THIRD})
        {
            assertDamaged(damaged(copy -> copy.overwrite(name, 4, new byte[] {3, 0, 0, 0})),
                name, "format version is 3, this program reads 2");
        }
        // Even if it holds nothing that this program can see, it is not taken for an unused one.
        final byte[] empty = new byte[8 * 1024];
        final UnsafeBuffer bytes = new UnsafeBuffer(empty);
        bytes.putInt(0, SegmentHeader.MAGIC, ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(4, 3, ByteOrder.LITTLE_ENDIAN);
        assertDamaged(damaged(copy -> copy.put(LogSegment.fileName(3), empty)), LogSegment.fileName(3), "version is 3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal-00000000.seg", "wal-00000001.seg", "wal-00000002.seg"})
    void shouldRefuseWhenAnyBitOfAHeadersIdentityIsWrong(final String name)
    {
        for (int bit = 0; bit < 512 * 8; bit++)
        {
            final int wrong = bit;
            assertDamaged(damaged(copy -> copy.flipBit(name, wrong / 8, wrong % 8)), name);
        }
    }

    @Test
    void shouldRefuseWhenTheHeaderOfASegmentInUseIsGone()
    {
        assertDamaged(damaged(copy -> copy.overwrite(THIRD, 0, new byte[512])), THIRD, "magic number is 0x0");
        assertDamaged(damaged(copy -> copy.overwrite(SECOND, 0, new byte[512])), SECOND, "magic number is 0x0");
    }

    @Test
    void shouldGoByTheOtherMarkWhenOneIsWrong()
    {
        final DurableMark mark = new DurableMark();
        for (int sector = 1; sector <= 2; sector++)
        {
            for (int bit = 0; bit < 512 * 8; bit += 11)
            {
                final int at = sector * 512 + bit / 8;
                final int wrong = bit % 8;
                final SimDisk found = damaged(copy -> copy.flipBit(THIRD, at, wrong));
                assertTrue(mark.read(new UnsafeBuffer(found.contents(THIRD))));
                assertTrue(mark.durablePosition() > SegmentHeader.LENGTH);
                assertEquals(harness.history.lastIndex(), open(found).log.lastIndex());
            }
        }
    }

    @Test
    void shouldHoldEverythingWhenBothMarksAreGone()
    {
        assertLost(0, damaged(copy -> copy.overwrite(THIRD, 512, new byte[1024])));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 511, 512, 4095, 4096, 5000, 8192})
    void shouldRemoveASegmentThatWasPreparedAndNeverUsed(final int length)
    {
        final String next = LogSegment.fileName(3);
        final SimDisk found = damaged(copy -> copy.put(next, new byte[length]));
        final LogHarness opened = open(found);
        assertEquals(3, opened.log.recovery().segments());
        assertEquals(3, found.list().length);
        assertLost(0, damaged(copy -> copy.put(next, new byte[length])));
    }

    @Test
    void shouldRemoveASegmentWhoseHeaderNeverArrived()
    {
        // A first batch of which everything reached the disk but the sector with the identity.
        final byte[] torn = disk.contents(THIRD);
        Arrays.fill(torn, 0, SegmentHeader.LENGTH, (byte)0);
        final long entries = entriesOfThird();
        assertLost(entries, damaged(copy -> copy.put(THIRD, torn)));
    }

    @Test
    void shouldHoldAnEmptySegmentWhenOnlyItsHeaderArrived()
    {
        final byte[] torn = disk.contents(THIRD);
        Arrays.fill(torn, 512, torn.length, (byte)0);
        final long entries = entriesOfThird();
        assertEquals(3, open(damaged(copy -> copy.put(THIRD, torn))).log.recovery().segments());
        assertLost(entries, damaged(copy -> copy.put(THIRD, torn)));
    }

    /** Stores go straight into the file, and the process dies in the middle of a header. */
    @Test
    void shouldRemoveASegmentWhoseHeaderWasHalfStored()
    {
        final byte[] header = Arrays.copyOf(disk.contents(THIRD), 72);
        Arrays.fill(header, 12, 16, (byte)0);
        final String next = LogSegment.fileName(3);
        for (int stored = 0; stored <= 72; stored += 4)
        {
            final byte[] half = new byte[8 * 1024];
            System.arraycopy(header, 0, half, 0, stored);
            assertLost(0, damaged(copy -> copy.put(next, half)));
        }
        final byte[] frames = Arrays.copyOf(header, 8 * 1024);
        frames[SegmentHeader.LENGTH] = 1;
        assertDamaged(damaged(copy -> copy.put(next, frames)), next, "CRC32C of the segment's header");
    }

    @Test
    void shouldNotCallCommittedWhatItDoesNotHold()
    {
        final LogHarness next = open(damaged(copy -> {}));
        next.history = harness.history.copy();
        next.append(1);
        next.log.onCommit(next.log.lastIndex() + 5);
        next.log.flush();
        next.pump();
        next.log.abandon();
        final SimDisk found = ((SimDisk)next.storage).afterKill();
        found.flipBit(THIRD, end + 1, 1);
        final RecoveryReport report = open(found).log.recovery();
        assertEquals(harness.history.lastIndex(), report.lastIndex());
        assertEquals(harness.history.lastIndex(), report.commitIndex());
    }

    @Test
    void shouldIgnoreFilesThatAreNoSegments()
    {
        assertLost(0, damaged(copy ->
        {
            for (final String name : new String[] {"lock", "wal-1.seg", "wal-00000009.segment", "wal-0000000x.seg"})
            {
                copy.put(name, new byte[] {1, 2, 3});
            }
        }));
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldGoOnWithOtherSettings(final Durability durability)
    {
        final LogHarness next = new LogHarness(damaged(copy -> {}), durability);
        next.segmentLength = 32 * 1024;
        next.history = harness.history;
        next.open();
        next.check();
        next.append(200);
        next.sync();
        next.truncateFrom(10);
        next.append(50);
        next.sync();
        next.log.close();
        next.segmentLength = 8 * 1024;
        next.open();
        next.check();
        next.append(50);
        next.check();
    }

    @Test
    void shouldOpenAnyNoiseOrRefuseItButNeverFailOtherwise()
    {
        final SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 300; i++)
        {
            final SimDisk found = damaged(copy ->
            {
                for (int j = random.nextInt(4); j >= 0; j--)
                {
                    copy.randomizeSector(LogSegment.fileName(random.nextInt(3)), random.nextInt(16), random);
                }
            });
            try
            {
                final LogHarness next = open(found);
                assertTrue(harness.history.checkPrefix(next.log) >= harness.history.lastIndex() - 3);
            }
            catch (final CorruptionException ex)
            {
                assertTrue(ex.getMessage().contains("is damaged at offset"), ex.getMessage());
            }
        }
    }
}
