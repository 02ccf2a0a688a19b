package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * As {@link LogCrashTest}, of a log that begins in files of the earlier implementation: it is started, grows, is cut
 * into the middle of an older segment and at the beginning of one, and closed, with power going at every single
 * operation, and again at every operation of the recovery that follows.
 */
class OlderCrashTest
{
    private static final int SUBSETS = 18;

    private static Stream<Arguments> fixturesAndLevels()
    {
        return Stream.of(OlderFixtures.NAMES).flatMap(
            name -> Stream.of(Durability.BATCH, Durability.EVERY).map(level -> Arguments.of(name, level)));
    }

    private static CrashableLog log(final String name, final Durability level)
    {
        final SimDisk disk = OlderFixtures.disk(name);
        final LogHistory history = LogHistory.of(WalReader.open(disk));
        return new CrashableLog(disk, level, history, history.lastIndex());
    }

    private static void tell(final CrashableLog log, final long firstOfLast, final long firstOfSecond)
    {
        log.open();
        LogCrashTest.Story.fill(log, 30);
        log.truncateFrom(firstOfLast + 3);
        LogCrashTest.Story.fill(log, 30);
        log.closeAndOpen();
        log.truncateFrom(firstOfSecond);
        log.appendSurely(100);
        log.sync();
        log.truncateFrom(2);
        LogCrashTest.Story.fill(log, 3);
        log.closeAndOpen();
    }

    /** Tells the story until power goes; null if it came to its end before. */
    private static CrashableLog tell(final String name, final Durability level, final long operations)
    {
        final CrashableLog log = log(name, level);
        final WalReport report = WalReader.inspect(log.disk);
        log.cutPowerAfter(operations);
        try
        {
            tell(log, report.segments().get(2).firstIndex(), report.segments().get(1).firstIndex());
            return null;
        }
        catch (final SimDisk.PowerCut | StorageException ex)
        {
            assertTrue(log.disk.isOff(), () -> "failed while power was there: " + ex);
            return log;
        }
    }

    @ParameterizedTest
    @MethodSource("fixturesAndLevels")
    void shouldKeepWhatWasDurableWhenPowerGoesAtAnyOperation(final String name, final Durability level)
    {
        final SimDisk fixture = OlderFixtures.disk(name);
        long operations = 0;
        for (CrashableLog log = tell(name, level, 0); null != log; log = tell(name, level, operations))
        {
            for (int i = 0; i < SUBSETS; i++)
            {
                final SplittableRandom random = new SplittableRandom(operations * SUBSETS + i);
                final CrashableLog found = 0 == i ? log.afterKill() : log.afterPowerCut(random);
                final String where = name + ", power cut at operation " + operations + ", subset " + i;
                LogCrashTest.explain(where, () -> LogCrashTest.goOn(found, random));
                checkOlderFiles(fixture, found.disk, where);
            }
            operations++;
        }
        assertTrue(operations > 100, "a story of some length: " + operations);
        System.out.println(name + ", " + level + ": power cut at each of " + operations + " operations");
    }

    /** A file of theirs is there as it was, or it is not there. */
    private static void checkOlderFiles(final SimDisk fixture, final SimDisk disk, final String where)
    {
        for (final SegmentReport segment : WalReader.inspect(disk).segments())
        {
            if (segment.format().isOlder())
            {
                assertArrayEquals(fixture.contents(segment.file()), disk.contents(segment.file()), where);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("fixturesAndLevels")
    void shouldKeepWhatWasDurableWhenRecoveryLosesPowerToo(final String name, final Durability level)
    {
        long operations = 0;
        for (CrashableLog log = tell(name, level, 0); null != log; log = tell(name, level, operations))
        {
            final CrashableLog found = log.afterPowerCut(new SplittableRandom(operations));
            final SplittableRandom random = new SplittableRandom(operations);
            LogCrashTest.explain(name + ", power cut at operation " + operations,
                () -> LogCrashTest.recoverInManyTries(found, random));
            operations += 3;
        }
    }

    @ParameterizedTest
    @MethodSource("fixturesAndLevels")
    void shouldGoOnFromAnyPointOfARecoveryThatSetsDamageAside(final String name, final Durability level)
    {
        final SimDisk damaged = OlderFixtures.disk(name);
        final LogHistory history = LogHistory.of(WalReader.open(damaged));
        final SegmentReport second = WalReader.inspect(damaged).segments().get(1);
        damaged.flipBit(second.file(), 400, 3);
        long last = -1;
        boolean isWhole = false;
        for (long operations = 0; !isWhole; operations++)
        {
            final CrashableLog log = new CrashableLog(damaged.afterKill(), level, history.copy(), 0);
            log.harness.policy = CorruptionPolicy.TRUNCATE_TO_LAST_GOOD;
            log.cutPowerAfter(operations);
            try
            {
                log.open();
                isWhole = true;
                last = log.harness.log.lastIndex();
            }
            catch (final SimDisk.PowerCut ex)
            {
                assertTrue(log.disk.isOff());
            }
            for (int i = 0; i < SUBSETS; i++)
            {
                final CrashableLog found = log.on(log.disk.afterPowerCut(new SplittableRandom(i)));
                found.harness.policy = CorruptionPolicy.TRUNCATE_TO_LAST_GOOD;
                final String where = name + ", recovery lost power at operation " + operations + ", subset " + i;
                LogCrashTest.explain(where, () ->
                {
                    found.open();
                    assertTrue(found.harness.log.recovery().doubtfulTo() >= history.lastIndex(), where);
                    assertTrue(found.harness.log.lastIndex() >= second.firstIndex() - 1, where);
                });
            }
        }
        assertTrue(last >= second.firstIndex() - 1 && last < second.lastIndex(), "what lies before the damage stays");
    }
}
