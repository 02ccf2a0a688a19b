package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.sim.SimDisk;
import io.ukehi.sim.SimDiskFaults;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random lives of a log beside a plain list, with processes killed and power lost at any moment, in recovery too.
 * A failure names its seed: {@code -Dukehi.log.seed=N} runs that one alone, {@code -Dukehi.log.seeds=N} more of them.
 */
class LogModelTest
{
    private static final int SEEDS = Integer.getInteger("ukehi.log.seeds", 20);
    private static final long SEED = Long.getLong("ukehi.log.seed", -1);
    private static final int STEPS = 1_000;

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldHoldWhatTheListHoldsWhateverHappens(final Durability durability)
    {
        for (long seed = SEED >= 0 ? SEED : 0; seed < (SEED >= 0 ? SEED + 1 : SEEDS); seed++)
        {
            try
            {
                new Life(durability, seed).run();
            }
            catch (final AssertionError | RuntimeException ex)
            {
                throw new AssertionError(durability + ", seed " + seed + ": " + ex, ex);
            }
        }
    }

    /** One log from its first start on. */
    private static final class Life
    {
        private final Durability durability;
        private final SplittableRandom random;
        private CrashableLog log;
        private boolean isDoomed;

        Life(final Durability durability, final long seed)
        {
            this.durability = durability;
            this.random = new SplittableRandom(seed);
        }

        void run()
        {
            log = new CrashableLog(new SimDisk(), durability).open();
            for (int i = 0; i < STEPS; i++)
            {
                try
                {
                    step();
                }
                catch (final SimDisk.PowerCut | StorageException ex)
                {
                    assertTrue(log.disk.isOff(), () -> "failed while power was there: " + ex);
                    // What is lost without forces is lost: a killed process loses nothing, whichever way it is run.
                    restart(Durability.ASYNC != durability && random.nextBoolean());
                }
            }
            log.disk.faults(SimDiskFaults.NONE);
            log.harness.log.close();
            log.durable = log.most.lastIndex();
            log.afterPowerCut(random).open();
        }

        private void step()
        {
            switch (random.nextInt(100))
            {
                case 0 -> restart(false);
                case 1 -> restart(Durability.ASYNC != durability);
                case 2 -> log.closeAndOpen();
                case 3, 4 -> log.disk.writeBack(random);
                case 5, 6, 7 -> truncate();
                case 8, 9 -> doom();
                case 10 -> commit();
                case 11, 12, 13 -> log.harness.check();
                case 14 -> log.sync();
                default -> work();
            }
        }

        private void work()
        {
            switch (random.nextInt(4))
            {
                case 0 -> log.flush();
                case 1 -> log.flusherStep();
                default -> append();
            }
        }

        private void append()
        {
            final int entries = random.nextInt(1, 6);
            for (int i = 0; i < entries; i++)
            {
                final int bound = 0 == random.nextInt(10) ? LogHarness.MAX_PAYLOAD_LENGTH + 1 : 300;
                if (!log.append(random.nextInt(bound)))
                {
                    log.flush();
                    log.flusherStep();
                }
            }
        }

        private void commit()
        {
            log.commit(log.committed + random.nextLong(log.most.lastIndex() - log.committed + 1) / 4);
        }

        private void truncate()
        {
            final long last = log.most.lastIndex();
            if (last > log.committed)
            {
                final long reach = Math.min(last - log.committed, random.nextBoolean() ? 5 : 100);
                log.truncateFrom(last - random.nextLong(reach));
            }
        }

        /** Power goes soon, in the middle of something. */
        private void doom()
        {
            if (!isDoomed)
            {
                isDoomed = true;
                log.cutPowerAfter(random.nextInt(20));
            }
        }

        private void restart(final boolean hasPowerGone)
        {
            CrashableLog next = hasPowerGone ? log.afterPowerCut(random) : log.afterKill();
            while (0 == random.nextInt(3))
            {
                next.cutPowerAfter(random.nextInt(12));
                try
                {
                    next.open();
                    break;
                }
                catch (final SimDisk.PowerCut ex)
                {
                    next = hasPowerGone ? next.afterPowerCut(random) : next.afterKill();
                }
            }
            log = null == next.harness.log ? next.open() : next;
            isDoomed = false;
        }
    }
}
