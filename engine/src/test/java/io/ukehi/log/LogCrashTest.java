package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import java.util.random.RandomGenerator;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Scripted stories of a log, in which power goes at every single operation of the disk, and again at every operation
 * of the recovery that follows. Whatever the disk kept of what was not forced: all that was ever reported durable is
 * there, nothing is there that was not appended, and nothing is mixed of what was before a cut and what came after it.
 */
class LogCrashTest
{
    /** Of what was not forced: nothing, everything, and random ones. */
    private static final int SUBSETS = 18;

    /** What a log goes through. */
    enum Story
    {
        BATCHES
        {
            @Override
            void tell(final CrashableLog log)
            {
                for (int i = 0; i < 12; i++)
                {
                    log.appendSurely(i * 31 % 200);
                    log.appendSurely(i * 97 % 150);
                    log.flush();
                    if (0 != i % 3)
                    {
                        log.flusherStep();
                    }
                }
                log.commit(10);
                log.sync();
            }
        },
        ROLLS
        {
            @Override
            void tell(final CrashableLog log)
            {
                for (int i = 0; i < 60; i++)
                {
                    log.appendSurely(i * 61 % 500);
                    if (0 == i % 7)
                    {
                        log.flush();
                    }
                }
                log.sync();
            }
        },
        ONE_BATCH_OVER_SEVERAL_SEGMENTS
        {
            @Override
            void tell(final CrashableLog log)
            {
                log.sync();
                for (int i = 0; i < 40; i++)
                {
                    log.appendSurely(400);
                }
                log.sync();
                log.appendSurely(1);
                log.flush();
                log.sync();
            }
        },
        CUT_IN_THE_NEWEST_SEGMENT
        {
            @Override
            void tell(final CrashableLog log)
            {
                for (int i = 0; i < 10; i++)
                {
                    log.appendSurely(i * 40);
                }
                log.sync();
                log.appendSurely(100);
                log.truncateFrom(8);
                log.truncateFrom(5);
                log.appendSurely(700);
                log.sync();
                log.appendSurely(20);
                log.truncateFrom(6);
                log.appendSurely(300);
                log.sync();
            }
        },
        CUT_ACROSS_SEGMENTS
        {
            @Override
            void tell(final CrashableLog log)
            {
                fill(log, 50);
                log.truncateFrom(38);
                fill(log, 3);
                log.truncateFrom(16);
                fill(log, 40);
                log.appendSurely(10);
                log.truncateFrom(3);
                fill(log, 5);
            }
        },
        CUT_AT_FIRST_ENTRIES
        {
            @Override
            void tell(final CrashableLog log)
            {
                fill(log, 40);
                log.truncateFrom(log.harness.firstOfSegment(3));
                log.truncateFrom(log.harness.firstOfSegment(2));
                fill(log, 1);
                log.truncateFrom(log.harness.firstOfSegment(2));
                log.truncateFrom(log.harness.firstOfSegment(1));
                fill(log, 20);
                log.truncateFrom(1);
                fill(log, 3);
            }
        },
        CLOSED_AND_OPENED
        {
            @Override
            void tell(final CrashableLog log)
            {
                fill(log, 20);
                log.appendSurely(30);
                log.closeAndOpen();
                fill(log, 12);
                log.truncateFrom(log.harness.firstOfSegment(1));
                log.closeAndOpen();
                log.appendSurely(30);
                log.flush();
                log.abandonAndOpen();
                log.truncateFrom(9);
                log.closeAndOpen();
                log.closeAndOpen();
                fill(log, 2);
            }
        };

        abstract void tell(CrashableLog log);

        static void fill(final CrashableLog log, final int entries)
        {
            for (int i = 0; i < entries; i++)
            {
                log.appendSurely(200 + i * 53 % 150);
                if (0 == i % 5)
                {
                    log.flush();
                    log.flusherStep();
                }
            }
            log.sync();
        }
    }

    private static Stream<Arguments> storiesOfForcedLogs()
    {
        return Stream.of(Story.values()).flatMap(story -> Stream.of(
            Arguments.of(story, Durability.BATCH),
            Arguments.of(story, Durability.EVERY)));
    }

    /** Tells a story until power goes; null if it came to its end before. */
    private static CrashableLog tell(final Story story, final Durability durability, final long operations)
    {
        final CrashableLog log = new CrashableLog(new SimDisk(), durability);
        log.cutPowerAfter(operations);
        try
        {
            log.open();
            story.tell(log);
            return null;
        }
        catch (final SimDisk.PowerCut | StorageException ex)
        {
            assertTrue(log.disk.isOff(), () -> "failed while power was there: " + ex);
            return log;
        }
    }

    static void explain(final String where, final Runnable check)
    {
        try
        {
            check.run();
        }
        catch (final AssertionError | RuntimeException ex)
        {
            throw new AssertionError(where + ": " + ex.getMessage(), ex);
        }
    }

    @ParameterizedTest
    @MethodSource("storiesOfForcedLogs")
    void shouldKeepWhatWasDurableWhenPowerGoesAtAnyOperation(final Story story, final Durability durability)
    {
        long operations = 0;
        for (CrashableLog log = tell(story, durability, 0); null != log; log = tell(story, durability, operations))
        {
            for (int i = 0; i < SUBSETS; i++)
            {
                final CrashableLog found = lose(log, operations, i);
                final SplittableRandom random = new SplittableRandom(i);
                explain(story + ", power cut at operation " + operations + ", subset " + i, () -> goOn(found, random));
            }
            operations++;
        }
        assertTrue(operations > 20, "a story of some length: " + operations);
        System.out.println(story + ", " + durability + ": power cut at each of " + operations + " operations");
    }

    private static CrashableLog lose(final CrashableLog log, final long operations, final int subset)
    {
        return switch (subset)
        {
            case 0 -> log.on(log.disk.afterPowerCut(new Constant(0)));
            case 1 -> log.on(log.disk.afterKill());
            default -> log.afterPowerCut(new SplittableRandom(operations * SUBSETS + subset));
        };
    }

    /** No chance at all: nothing that was not forced is there. */
    private record Constant(long value) implements RandomGenerator
    {
        @Override
        public long nextLong()
        {
            return value;
        }
    }

    /** Opens what was found, goes on, loses power again, and opens once more. */
    static void goOn(final CrashableLog found, final SplittableRandom random)
    {
        found.open();
        if (found.most.lastIndex() > 0 && 0 == random.nextInt(3))
        {
            found.truncateFrom(1 + random.nextLong(found.most.lastIndex()));
        }
        for (int i = random.nextInt(20); i >= 0; i--)
        {
            found.appendSurely(random.nextInt(400));
            if (random.nextBoolean())
            {
                found.flush();
                found.flusherStep();
            }
        }
        if (random.nextBoolean())
        {
            found.sync();
        }
        found.afterPowerCut(random).open();
        found.afterKill().open().afterPowerCut(random).open();
    }

    @ParameterizedTest
    @MethodSource("storiesOfForcedLogs")
    void shouldKeepWhatWasFoundWhenTheProcessDiesAndThenThePowerGoes(final Story story, final Durability durability)
    {
        long operations = 0;
        for (CrashableLog log = tell(story, durability, 0); null != log; log = tell(story, durability, operations))
        {
            final CrashableLog dead = log;
            for (int i = 0; i < 4; i++)
            {
                final SplittableRandom random = new SplittableRandom(i);
                explain(story + ", killed at operation " + operations + ", subset " + i,
                    () -> dead.afterKill().open().afterPowerCut(random).open());
            }
            operations++;
        }
    }

    @ParameterizedTest
    @MethodSource("storiesOfForcedLogs")
    void shouldKeepWhatWasDurableWhenRecoveryLosesPowerToo(final Story story, final Durability durability)
    {
        long operations = 0;
        for (CrashableLog log = tell(story, durability, 0); null != log; log = tell(story, durability, operations))
        {
            for (int i = 0; i < 3; i++)
            {
                final CrashableLog found = log.afterPowerCut(new SplittableRandom(operations * 3 + i));
                final SplittableRandom random = new SplittableRandom(i);
                explain(story + ", power cut at operation " + operations + ", subset " + i,
                    () -> recoverInManyTries(found, random));
            }
            operations++;
        }
    }

    static void recoverInManyTries(final CrashableLog found, final SplittableRandom random)
    {
        final CrashableLog probe = found.afterKill().open();
        final long operations = probe.disk.operations();
        for (long i = 0; i < operations; i++)
        {
            final CrashableLog broken = found.afterKill();
            broken.cutPowerAfter(i);
            try
            {
                broken.open();
            }
            catch (final SimDisk.PowerCut ex)
            {
                assertTrue(broken.disk.isOff());
            }
            final long operation = i;
            explain("recovery lost power at operation " + i + " of " + operations, () ->
            {
                broken.afterPowerCut(random).open().afterPowerCut(random).open();
                assertEquals(operation, broken.disk.operations() - 1);
                broken.afterKill().open().afterPowerCut(random).open();
            });
        }
    }

    /** Marks are numbered across segments: one that an interrupted cut left behind must not outlive a later one. */
    @ParameterizedTest
    @EnumSource(value = Durability.class, names = {"BATCH", "EVERY"})
    void shouldOpenWhenACutWasInterruptedAndThenMadeAgainButDeeper(final Durability durability)
    {
        for (int operation = 0; operation < 16; operation++)
        {
            for (int batches = 0; batches < 4; batches++)
            {
                final CrashableLog log = new CrashableLog(new SimDisk(), durability).open();
                Story.fill(log, 70);
                log.cutPowerAfter(operation);
                try
                {
                    log.truncateFrom(20);
                }
                catch (final SimDisk.PowerCut ex)
                {
                    assertTrue(log.disk.isOff());
                }
                final CrashableLog found = log.afterPowerCut(new SplittableRandom(operation)).open();
                for (int i = 0; i < batches; i++)
                {
                    found.appendSurely(10);
                    found.sync();
                }
                found.truncateFrom(18);
                explain("power cut at operation " + operation + ", batches " + batches,
                    () -> found.afterPowerCut(new SplittableRandom(1)).open());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Story.class)
    void shouldKeepAllThatWasAppendedWhenTheProcessDiesAndNothingIsForced(final Story story)
    {
        long operations = 0;
        for (CrashableLog log = tell(story, Durability.ASYNC, 0);
            null != log;
            log = tell(story, Durability.ASYNC, operations))
        {
            final CrashableLog dead = log;
            explain(story + ", killed at operation " + operations, () -> dead.afterKill().open());
            operations++;
        }
    }

    /** Without forces a power cut may cost anything, but what comes back is either refused or true. */
    @ParameterizedTest
    @EnumSource(Story.class)
    void shouldNeverInventAnythingWhenPowerGoesAndNothingIsForced(final Story story)
    {
        long operations = 0;
        for (CrashableLog log = tell(story, Durability.ASYNC, 0);
            null != log;
            log = tell(story, Durability.ASYNC, operations))
        {
            for (int i = 0; i < SUBSETS; i++)
            {
                final CrashableLog found = log.afterPowerCut(new SplittableRandom(operations * SUBSETS + i));
                found.durable = 0;
                explain(story + ", power cut at operation " + operations + ", subset " + i, () -> openOrRefuse(found));
            }
            operations++;
        }
    }

    private static void openOrRefuse(final CrashableLog found)
    {
        try
        {
            found.open();
        }
        catch (final CorruptionException ex)
        {
            assertTrue(ex.getMessage().contains("is damaged"), ex.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldKeepEverythingWhenPowerGoesAfterItWasClosed(final Durability durability)
    {
        final CrashableLog log = new CrashableLog(new SimDisk(), durability).open();
        Story.fill(log, 40);
        log.appendSurely(5);
        log.commit(20);
        log.harness.log.close();
        log.durable = 41;
        for (int i = 0; i < 50; i++)
        {
            final CrashableLog found = log.afterPowerCut(new SplittableRandom(i)).open();
            assertTrue(found.harness.log.recovery().isClosedClean());
            assertEquals(20, found.harness.log.recovery().commitIndex());
        }
    }

    @Test
    void shouldHoldAllSegmentsAfterAPowerCutWhenClosedThoughNoneWasForcedBefore()
    {
        final CrashableLog log = new CrashableLog(new SimDisk(), Durability.ASYNC).open();
        for (int i = 0; i < 120; i++)
        {
            log.appendSurely(500);
        }
        log.sync();
        assertTrue(log.harness.log.lastIndex() * 500 > 5 * CrashableLog.SEGMENT_LENGTH);
        log.harness.log.close();
        log.durable = 120;
        for (int i = 0; i < 50; i++)
        {
            assertTrue(log.afterPowerCut(new SplittableRandom(i)).open().harness.log.recovery().isClosedClean());
        }
    }

    @ParameterizedTest
    @EnumSource(SimDiskFaults.Operation.class)
    void shouldCountAStepOfEveryKindInTheStories(final SimDiskFaults.Operation operation)
    {
        if (SimDiskFaults.Operation.RENAME == operation)
        {
            return;
        }
        final long[] count = new long[1];
        final CrashableLog log = new CrashableLog(new SimDisk(), Durability.BATCH);
        log.disk.faults((kind, name, number) ->
        {
            count[0] += kind == operation ? 1 : 0;
            return SimDiskFaults.Fate.DONE;
        });
        log.open();
        Story.CUT_ACROSS_SEGMENTS.tell(log);
        assertTrue(count[0] > 0);
    }
}
