package io.ukehi.sim;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** Lets a swarm loose on a mutant. */
final class MutantHunt
{
    /** What came of it: the seeds needed, 0 if nobody noticed anything, and what was noticed. */
    record Result(Mutant mutant, long seeds, String violation)
    {
        boolean isFound()
        {
            return seeds > 0;
        }

        @Override
        public String toString()
        {
            final String text = String.valueOf(violation).replace('\n', ' ');
            return String.format("| %-62s | %3d | %5s | %s |", mutant.rule(), mutant.row(),
                isFound() ? String.valueOf(seeds) : "-", text.substring(0, Math.min(90, text.length())));
        }
    }

    private static final long PATIENCE_MINUTES = 10;

    private MutantHunt()
    {
    }

    static Result hunt(final Mutant mutant, final long base, final long seeds, final long events) throws Exception
    {
        final Class<?> swarmClass = new MutantLoader(mutant).loadClass(Swarm.class.getName());
        final Constructor<?> constructor = swarmClass.getConstructor(long.class, long.class, long.class);
        final Object swarm = constructor.newInstance(base, seeds, events);
        // A broken rule may well end in a loop without an end: that is no answer, and must not hold up a build.
        final Method run = swarmClass.getMethod("run", int.class);
        final FutureTask<Object> hunt = new FutureTask<>(
            () -> run.invoke(swarm, Runtime.getRuntime().availableProcessors()));
        final Thread hunter = new Thread(hunt, "hunter");
        hunter.setDaemon(true);
        hunter.start();
        final boolean isUnnoticed = (boolean)hunt.get(PATIENCE_MINUTES, TimeUnit.MINUTES);
        return new Result(
            mutant,
            isUnnoticed ? 0 : (long)swarmClass.getMethod("seedsNeeded").invoke(swarm),
            (String)swarmClass.getMethod("violation").invoke(swarm));
    }

    /** By hand: first seed, seeds, events, and a part of the rules wanted. */
    public static void main(final String[] args) throws Exception
    {
        int found = 0;
        int hunted = 0;
        for (final Mutant mutant : MutantCatalogue.all())
        {
            if (args.length < 4 || mutant.rule().contains(args[3]))
            {
                final Result result = hunt(
                    mutant, Long.parseLong(args[0]), Long.parseLong(args[1]), Long.parseLong(args[2]));
                System.out.println(result);
                hunted++;
                found += result.isFound() ? 1 : 0;
            }
        }
        System.out.println(found + " of " + hunted + " found");
    }
}
