package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.Invariant;
import java.nio.file.Path;
import java.util.Locale;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The log over real files: what it promises to its owner as long as nothing fails. */
class SegmentedLogTest
{
    @TempDir
    private Path directory;
    private FileStorage storage;
    private LogHarness harness;

    @BeforeEach
    void openStorage()
    {
        storage = FileStorage.open(directory);
    }

    @AfterEach
    void closeStorage()
    {
        if (null != harness)
        {
            harness.log.abandon();
        }
        storage.close();
    }

    private LogHarness open(final Durability durability)
    {
        harness = new LogHarness(storage, durability).open();
        return harness;
    }

    private void reopen()
    {
        final LogHistory history = harness.history;
        harness = new LogHarness(storage, harness.durability).open();
        harness.history = history;
    }

    @Test
    void shouldHoldNothingWhenNew()
    {
        final SegmentedLog log = open(Durability.BATCH).log;
        assertEquals(1, log.firstIndex());
        assertEquals(0, log.lastIndex());
        assertEquals(0, log.lastTerm());
        assertEquals(0, log.durableIndex());
        assertEquals(0, log.termAt(0));
        assertEquals(SegmentedLog.UNKNOWN_TERM, log.termAt(1));
        assertEquals(0, log.recovery().commitIndex());
        assertEquals(0, log.flush());
        harness.check();
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldReadWhatWasAppendedWhenItFillsManySegments(final Durability durability)
    {
        open(durability);
        harness.append(300);
        harness.appendOne(0);
        harness.appendOne(LogHarness.MAX_PAYLOAD_LENGTH);
        harness.check();
        assertTrue(harness.firstOfSegment(3) < 300, "several segments");
        harness.sync();
        for (int i = 0; i < 20; i++)
        {
            // Sealed segments are exchanged for mappings that cannot be stored into.
            harness.log.flush();
            harness.pump();
        }
        harness.check();
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldPrepareTheNextSegmentInStepWithWhatIsWritten(final Durability durability)
    {
        harness = new LogHarness(storage, durability);
        harness.segmentLength = 32 * LogHarness.config(durability).allocationSliceLength();
        harness.open();
        assertTrue(steps() <= 2, "a log that is hardly used prepares hardly anything");

        final int payloadLength = LogHarness.MAX_PAYLOAD_LENGTH;
        final int halfOfASegment = harness.segmentLength / 2 / EntryFrame.alignedLength(payloadLength);
        int steps = 0;
        int mostAtOnce = 0;
        for (int i = 0; i <= halfOfASegment; i++)
        {
            harness.appendOne(payloadLength);
            harness.log.flush();
            final int atOnce = steps();
            steps += atOnce;
            mostAtOnce = Math.max(mostAtOnce, atOnce);
        }
        assertTrue(steps >= 30 && mostAtOnce <= 4, "in steps as small as what is written: " + steps + " " + mostAtOnce);
        for (int i = 0; i <= halfOfASegment; i++)
        {
            assertTrue(harness.history.append(harness.log, payloadLength) > 0, "ready when half of the other is left");
        }
        assertTrue(harness.firstOfSegment(1) <= harness.log.lastIndex(), "another segment");
    }

    private int steps()
    {
        int steps = 0;
        while (harness.log.flusher().doWork() > 0)
        {
            harness.nowNs++;
            steps++;
        }
        return steps;
    }

    @Test
    void shouldReadNoMoreThanAskedFor()
    {
        open(Durability.BATCH);
        harness.append(20);
        final LogCursor cursor = new LogCursor();
        final int one = harness.log.read(7, 7, Integer.MAX_VALUE, cursor);
        assertEquals(1, cursor.count());
        assertEquals(EntryFrame.alignedLength(6 * 37), one);
        harness.log.read(7, 9, Integer.MAX_VALUE, cursor);
        assertEquals(3, cursor.count());
        final int three = cursor.length();
        harness.log.read(7, 20, three, cursor);
        assertEquals(3, cursor.count());
        harness.log.read(7, 20, three - 1, cursor);
        assertEquals(2, cursor.count());
        assertEquals(one, harness.log.read(7, 20, 1, cursor), "the first whatever its length");
        assertEquals(1, cursor.count());
        harness.log.read(7, Long.MAX_VALUE, Integer.MAX_VALUE, cursor);
        assertEquals(14, cursor.count());
        assertEquals(0, harness.log.read(21, Long.MAX_VALUE, Integer.MAX_VALUE, cursor));
        assertFalse(cursor.next());
        assertEquals(0, harness.log.read(7, 6, Integer.MAX_VALUE, cursor));
        assertThrows(Invariant.Violation.class, () -> harness.log.read(22, 22, 1, cursor));
        assertThrows(Invariant.Violation.class, () -> harness.log.read(0, 22, 1, cursor));
    }

    @Test
    void shouldGoOnReadingWhereItStoppedWhenEntriesWereAppendedOrCutMeanwhile()
    {
        open(Durability.BATCH);
        harness.append(10);
        final LogCursor cursor = new LogCursor();
        assertEquals(10, readAll(1, cursor));
        harness.append(5);
        assertEquals(15, readAll(11, cursor));
        harness.truncateFrom(12);
        harness.append(30);
        assertEquals(41, readAll(12, cursor));
        // Where the cursor stopped is another entry's middle now.
        harness.truncateFrom(30);
        harness.appendOne(333);
        harness.append(20);
        assertEquals(50, readAll(42, cursor));
        harness.check();
    }

    private long readAll(final long from, final LogCursor cursor)
    {
        long index = from;
        while (harness.log.read(index, Long.MAX_VALUE, 700, cursor) > 0)
        {
            while (cursor.next())
            {
                assertEquals(index, cursor.index());
                assertEquals(harness.history.termAt(index), cursor.term());
                index++;
            }
        }
        return index - 1;
    }

    @Test
    void shouldCallNothingDurableBeforeItIsForcedWhenBatching()
    {
        open(Durability.BATCH);
        harness.pump();
        harness.append(3);
        assertEquals(1, harness.log.flush());
        assertEquals(0, harness.log.durableIndex());
        harness.append(2);
        assertEquals(1, harness.log.flusher().doWork());
        assertEquals(3, harness.log.durableIndex());
        harness.pump();
        assertEquals(3, harness.log.durableIndex(), "what was not handed over");
        harness.log.flush();
        assertEquals(3, harness.log.durableIndex());
        harness.pump();
        assertEquals(5, harness.log.durableIndex());
        assertEquals(0, harness.log.flush());
    }

    @ParameterizedTest
    @EnumSource(value = Durability.class, names = {"EVERY", "ASYNC"})
    void shouldCallEverythingDurableWhenFlushed(final Durability durability)
    {
        open(durability);
        harness.append(3);
        assertEquals(0, harness.log.durableIndex());
        harness.log.flush();
        assertEquals(3, harness.log.durableIndex());
    }

    @Test
    void shouldFlushAllTheSameWhenMoreWasHandedOverThanTheQueueHolds()
    {
        open(Durability.BATCH);
        for (int i = 0; i < 1_100; i++)
        {
            harness.append(1);
            harness.log.flush();
        }
        harness.sync();
        harness.check();
    }

    @Test
    void shouldPushBackWhenTheNextSegmentIsNotReady()
    {
        open(Durability.BATCH);
        long index = 0;
        while (index >= 0)
        {
            index = harness.history.append(harness.log, 500);
        }
        assertEquals(SegmentedLog.BACK_PRESSURED, index);
        final long last = harness.log.lastIndex();
        assertEquals(SegmentedLog.BACK_PRESSURED, harness.history.append(harness.log, 500));
        harness.check();
        assertEquals(last + 1, harness.history.append(harness.log, 4), "a small one still fits");
        harness.pump();
        assertEquals(last + 2, harness.history.append(harness.log, 500));
        harness.check();
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldHoldTheSameWhenClosedAndOpened(final Durability durability)
    {
        open(durability);
        harness.append(150);
        harness.log.onCommit(77);
        harness.close();
        reopen();
        assertTrue(harness.log.recovery().isClosedClean());
        assertTrue(harness.log.recovery().isSameBoot());
        assertEquals(0, harness.log.recovery().tornBytes());
        assertEquals(77, harness.log.recovery().commitIndex());
        assertEquals(150, harness.log.durableIndex());
        harness.check();
        harness.append(150);
        harness.close();
        reopen();
        harness.check();
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldHoldWhatWasDurableWhenAbandoned(final Durability durability)
    {
        open(durability);
        harness.append(150);
        harness.sync();
        harness.append(5);
        final LogHistory all = harness.history.copy();
        harness.log.abandon();
        reopen();
        assertFalse(harness.log.recovery().isClosedClean());
        assertTrue(all.checkPrefix(harness.log) >= 150);
        harness.history.cutTo(harness.log);
        harness.append(30);
        harness.sync();
        harness.log.abandon();
        reopen();
        harness.check();
    }

    @Test
    void shouldNotSayThatItWasClosedInOrderWhenOnlyTheTimeBeforeItWas()
    {
        open(Durability.ASYNC);
        harness.append(5);
        harness.close();
        reopen();
        assertTrue(harness.log.recovery().isClosedClean());
        harness.log.abandon();
        reopen();
        assertFalse(harness.log.recovery().isClosedClean());
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldForgetTheRestWhenCutWithinTheNewestSegment(final Durability durability)
    {
        open(durability);
        harness.append(150);
        cutAndGoOn(149);
        cutAndGoOn(harness.log.lastIndex());
        cutAndGoOn(harness.log.lastIndex() - 4);
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldForgetTheRestWhenCutAcrossSegments(final Durability durability)
    {
        open(durability);
        harness.append(400);
        harness.sync();
        harness.log.flush();
        harness.pump();
        cutAndGoOn(harness.firstOfSegment(2) + 3);
        harness.append(300);
        cutAndGoOn(17);
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldForgetTheRestWhenCutAtASegmentsFirstEntry(final Durability durability)
    {
        open(durability);
        harness.append(300);
        cutAndGoOn(harness.firstOfSegment(3));
        harness.append(200);
        harness.sync();
        cutAndGoOn(harness.firstOfSegment(1));
        cutAndGoOn(1);
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldForgetTheRestWhenCutTwiceInARow(final Durability durability)
    {
        open(durability);
        harness.append(300);
        harness.truncateFrom(harness.firstOfSegment(3));
        harness.check();
        harness.truncateFrom(harness.firstOfSegment(2));
        harness.truncateFrom(harness.firstOfSegment(2) - 1);
        cutAndGoOn(20);
    }

    /** Whatever was cut before, the log must take new entries and be found whole. */
    private void cutAndGoOn(final long index)
    {
        harness.truncateFrom(index);
        assertEquals(index - 1, harness.log.durableIndex());
        harness.check();
        final LogHistory cut = harness.history.copy();
        harness.log.abandon();
        reopen();
        cut.checkEqual(harness.log);
        harness.append(40);
        harness.check();
        harness.sync();
        harness.close();
        reopen();
        harness.check();
    }

    @Test
    void shouldRefuseToCutWhatIsCommitted()
    {
        open(Durability.BATCH);
        harness.append(10);
        harness.log.onCommit(5);
        assertThrows(Invariant.Violation.class, () -> harness.log.truncateFrom(5));
        assertThrows(Invariant.Violation.class, () -> harness.log.truncateFrom(11));
        harness.truncateFrom(6);
        harness.check();
    }

    @Test
    void shouldRefuseEntriesThatFallBehindTheLast()
    {
        final SegmentedLog log = open(Durability.BATCH).log;
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[4096]);
        log.append(1, 5, 50, 500, payload, 0, 8);
        assertThrows(Invariant.Violation.class, () -> log.append(1, 4, 50, 500, payload, 0, 8));
        assertThrows(Invariant.Violation.class, () -> log.append(1, 5, 49, 500, payload, 0, 8));
        assertThrows(Invariant.Violation.class, () -> log.append(1, 5, 50, 499, payload, 0, 8));
        assertThrows(Invariant.Violation.class,
            () -> log.append(1, 5, 50, 500, payload, 0, LogHarness.MAX_PAYLOAD_LENGTH + 1));
        assertEquals(2, log.append(1, 5, -1, 500, payload, 0, 8), "tokens are unsigned");
        assertEquals(2, log.lastIndex());
    }

    @Test
    void shouldMakeTheDirectoriesAboveItsOwn()
    {
        final Path deep = directory.resolve("a").resolve("b").resolve("c");
        FileStorage.open(deep).close();
        FileStorage.open(deep.resolve("..").resolve("c")).close();
        assertThrows(StorageException.class, () -> FileStorage.open(deep.resolve("lock").resolve("d")));
    }

    @Test
    void shouldRefuseADirectoryThatIsInUse()
    {
        final StorageException refused = assertThrows(StorageException.class, () -> FileStorage.open(directory));
        assertTrue(refused.getMessage().contains("in use"), refused.getMessage());
    }

    @Test
    void shouldLeaveAFileAloneWhenOneOfItsNameIsToBeCreated()
    {
        try (StorageFile file = storage.create("a", 4096, Storage.Mapping.PRIVATE))
        {
            file.allocate(4096);
            file.buffer().putLong(0, 42);
            file.write(0, 8);
        }
        assertThrows(StorageException.class, () -> storage.create("a", 4096, Storage.Mapping.PRIVATE));
        try (StorageFile file = storage.open("a", Storage.Mapping.READ_ONLY))
        {
            assertEquals(42, file.buffer().getLong(0));
        }
    }

    @Test
    void shouldFindItsSegmentsWhateverTheLanguageOfTheMachine()
    {
        final Locale before = Locale.getDefault();
        try
        {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            open(Durability.BATCH);
            harness.append(100);
            harness.close();
            reopen();
            harness.check();
        }
        finally
        {
            Locale.setDefault(before);
        }
    }
}
