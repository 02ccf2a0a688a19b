package io.ukehi.sim;

import io.ukehi.CoverageMark;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lives through many seeds, each on one thread, several threads side by side; stops at the first violation. What is
 * found does not depend on the number of threads, since no world knows of another.
 */
public final class Swarm
{
    private static final long NOTHING = -1;

    private final long base;
    private final long seeds;
    private final long events;
    private final AtomicLong next = new AtomicLong();
    private final long[] hits = new long[FaultKind.values().length];
    private long lived;
    private long livedEvents;
    private long committed;
    private long undecided;
    private long badSeed = NOTHING;
    private String violation;

    /**
     * @param base   first seed; the others follow it.
     * @param seeds  how many.
     * @param events of each, before faults end.
     */
    public Swarm(final long base, final long seeds, final long events)
    {
        this.base = base;
        this.seeds = seeds;
        this.events = events;
    }

    /** Runs, and returns whether no rule was violated. */
    public boolean run(final int threads)
    {
        final List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < threads; i++)
        {
            final Thread worker = new Thread(this::work, "swarm-" + i);
            worker.setDaemon(true);
            worker.start();
            workers.add(worker);
        }
        try
        {
            for (final Thread worker : workers)
            {
                worker.join();
            }
        }
        catch (final InterruptedException interrupted)
        {
            next.set(seeds);
            Thread.currentThread().interrupt();
        }
        return NOTHING == badSeed;
    }

    private void work()
    {
        for (long number = next.getAndIncrement(); number < seeds; number = next.getAndIncrement())
        {
            final World world = new World(base + number, null);
            try
            {
                world.run(events);
                collect(world);
            }
            catch (final Violation found)
            {
                next.set(seeds);
                onViolation(base + number, found.getMessage());
            }
        }
    }

    private synchronized void collect(final World world)
    {
        lived++;
        livedEvents += world.events();
        committed += world.committed();
        undecided += world.isUndecided() ? 1 : 0;
        for (int i = 0; i < hits.length; i++)
        {
            hits[i] += world.hits()[i];
        }
    }

    private synchronized void onViolation(final long seed, final String message)
    {
        if (NOTHING == badSeed || seed < badSeed)
        {
            badSeed = seed;
            violation = message;
        }
    }

    /** The seed that violated a rule; with several threads maybe not the first of all. */
    public long badSeed()
    {
        return badSeed;
    }

    /** The rule violated, null if none was. */
    public String violation()
    {
        return violation;
    }

    /** How many seeds were needed to find the violation. */
    public long seedsNeeded()
    {
        return badSeed - base + 1;
    }

    /** Events of all seeds. */
    public long events()
    {
        return livedEvents;
    }

    /** Histories that were too tangled to be judged. */
    public long undecided()
    {
        return undecided;
    }

    /** Faults that no seed has met. */
    public List<FaultKind> missing()
    {
        final List<FaultKind> kinds = new ArrayList<>();
        for (final FaultKind kind : FaultKind.values())
        {
            if (0 == hits[kind.ordinal()])
            {
                kinds.add(kind);
            }
        }
        return kinds;
    }

    /** Rare branches of the code under test that nobody has reached in this process. */
    public static List<CoverageMark> missingMarks()
    {
        final List<CoverageMark> marks = new ArrayList<>();
        for (final CoverageMark mark : CoverageMark.values())
        {
            if (0 == mark.hits())
            {
                marks.add(mark);
            }
        }
        return marks;
    }

    @Override
    public String toString()
    {
        final StringBuilder text = new StringBuilder();
        text.append(lived).append(" seeds from ").append(base).append(", ").append(livedEvents).append(" events, ")
            .append(committed).append(" entries committed, ").append(undecided).append(" histories undecided\n");
        for (final FaultKind kind : FaultKind.values())
        {
            text.append(String.format("  fault %-28s %,15d%n", kind, hits[kind.ordinal()]));
        }
        for (final CoverageMark mark : CoverageMark.values())
        {
            text.append(String.format("  mark  %-28s %,15d%n", mark, mark.hits()));
        }
        return text.toString();
    }
}
