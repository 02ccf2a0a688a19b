package io.ukehi.sim;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.LongStream;

/** Lets swarms loose on a mutant, from one first seed or from several that lie far apart. */
final class MutantHunt
{
    /**
     * What came of it.
     *
     * @param seeds     needed from each first seed, 0 where nobody noticed anything.
     * @param violation that gave it away, null if nothing did.
     */
    record Result(Mutant mutant, long[] seeds, String violation)
    {
        boolean isFound()
        {
            return Arrays.stream(seeds).allMatch(needed -> needed > 0);
        }

        /** A row of a table: rule, row of the fault catalogue, seeds needed (median and most), and the violation. */
        @Override
        public String toString()
        {
            final long[] sorted = Arrays.stream(seeds).map(needed -> needed > 0 ? needed : Long.MAX_VALUE).sorted()
                .toArray();
            final String text = String.valueOf(violation).replace('\n', ' ').replaceAll(": node.*", "");
            return String.format("| %s | %d | %s | %s | %s |", mutant.rule(), mutant.row(),
                text(sorted[sorted.length / 2]), text(sorted[sorted.length - 1]),
                text.substring(0, Math.min(100, text.length())));
        }

        private static String text(final long needed)
        {
            return Long.MAX_VALUE == needed ? "-" : String.valueOf(needed);
        }
    }

    /** From one first seed to the next. */
    private static final long STRIDE = 100_000;
    /** Of processor time, which goes on where a rule that is broken ends in a loop, and not while nobody runs. */
    private static final long PATIENCE_NS = TimeUnit.MINUTES.toNanos(20);
    private static final OperatingSystemMXBean PROCESS =
        (OperatingSystemMXBean)ManagementFactory.getOperatingSystemMXBean();

    private MutantHunt()
    {
    }

    /** First seeds, from one on. */
    static long[] bases(final long first, final int count)
    {
        return LongStream.range(0, count).map(i -> first + i * STRIDE).toArray();
    }

    static Result hunt(final Mutant mutant, final long[] bases, final long seeds, final long events) throws Exception
    {
        final Class<?> swarmClass = new MutantLoader(mutant).loadClass(Swarm.class.getName());
        final long[] needed = new long[bases.length];
        String violation = null;
        for (int i = 0; i < bases.length; i++)
        {
            final Object swarm = hunt(swarmClass, bases[i], seeds, events);
            final String found = (String)swarmClass.getMethod("violation").invoke(swarm);
            needed[i] = null == found ? 0 : (long)swarmClass.getMethod("seedsNeeded").invoke(swarm);
            violation = null == found ? violation : found;
        }
        return new Result(mutant, needed, violation);
    }

    private static Object hunt(final Class<?> swarmClass, final long base, final long seeds, final long events)
        throws Exception
    {
        final Constructor<?> constructor = swarmClass.getConstructor(long.class, long.class, long.class);
        final Object swarm = constructor.newInstance(base, seeds, events);
        // A broken rule may well end in a loop without an end: that is no answer, and must not hold up a build.
        final Method run = swarmClass.getMethod("run", int.class);
        final FutureTask<Object> hunt = new FutureTask<>(
            () -> run.invoke(swarm, Runtime.getRuntime().availableProcessors()));
        final Thread hunter = new Thread(hunt, "hunter");
        hunter.setDaemon(true);
        hunter.start();
        final long endNs = PROCESS.getProcessCpuTime() + PATIENCE_NS;
        while (PROCESS.getProcessCpuTime() < endNs)
        {
            try
            {
                hunt.get(1, TimeUnit.SECONDS);
                return swarm;
            }
            catch (final TimeoutException goesOn)
            {
                // Looks at the time that was used.
            }
        }
        throw new TimeoutException("no answer from base " + base);
    }

    /** By hand: first seed, number of first seeds, seeds, events, and parts of the rules wanted, all if none. */
    public static void main(final String[] args) throws Exception
    {
        int found = 0;
        int hunted = 0;
        for (final Mutant mutant : MutantCatalogue.all())
        {
            if (args.length < 5 || Arrays.stream(args).skip(4).anyMatch(mutant.rule()::contains))
            {
                final Result result = hunt(
                    mutant, bases(Long.parseLong(args[0]), Integer.parseInt(args[1])), Long.parseLong(args[2]),
                    Long.parseLong(args[3]));
                System.out.println(result);
                hunted++;
                found += result.isFound() ? 1 : 0;
            }
        }
        System.out.println(found + " of " + hunted + " found");
    }
}
