package io.ukehi.sim;

import java.io.PrintStream;
import java.util.ArrayDeque;

/**
 * The simulator by hand: {@code --seed N [--seeds N] [--events N] [--trace | --digest]}.
 */
public final class Simulate
{
    private static final int LAST_LINES = 50;

    private Simulate()
    {
    }

    public static void main(final String[] args)
    {
        System.exit(run(args, System.out));
    }

    /** Does what the command says; its exit code: 0 if all is well, 1 if a rule is violated, 2 for a wrong argument. */
    public static int run(final String[] args, final PrintStream out)
    {
        long seed = 1;
        long seeds = 1;
        long events = 20_000;
        boolean isTracing = false;
        boolean isDigest = false;
        for (int i = 0; i < args.length; i++)
        {
            switch (args[i])
            {
                case "--seed" -> seed = Long.parseLong(args[++i]);
                case "--seeds" -> seeds = Long.parseLong(args[++i]);
                case "--events" -> events = Long.parseLong(args[++i]);
                case "--trace" -> isTracing = true;
                case "--digest" -> isDigest = true;
                default ->
                {
                    out.println("usage: simulate [--seed N] [--seeds N] [--events N] [--trace | --digest]");
                    return 2;
                }
            }
        }
        if (isDigest)
        {
            for (long i = 0; i < seeds; i++)
            {
                out.println(TraceDigest.of(seed + i, events));
            }
            return 0;
        }
        return live(seed, seeds, events, isTracing, out);
    }

    private static int live(
        final long seed, final long seeds, final long events, final boolean isTracing, final PrintStream out)
    {
        final long beginNs = System.nanoTime();
        long total = 0;
        int bad = 0;
        for (long i = 0; i < seeds; i++)
        {
            final World world = new World(seed + i, isTracing ? out::println : null);
            try
            {
                world.run(events);
                total += world.events();
            }
            catch (final Violation violation)
            {
                out.println(report(seed + i, events));
                bad++;
            }
        }
        final double seconds = (System.nanoTime() - beginNs) / 1e9;
        out.printf("%d events in %.1f s, %.0f a second, %d of %d seeds violate a rule%n",
            total, seconds, total / seconds, bad, seeds);
        return bad > 0 ? 1 : 0;
    }

    /** Lives through a seed once more, and tells of its end. */
    public static String report(final long seed, final long events)
    {
        final ArrayDeque<String> last = new ArrayDeque<>();
        final World world = new World(seed, line ->
        {
            if (last.size() == LAST_LINES)
            {
                last.removeFirst();
            }
            last.addLast(line);
        });
        try
        {
            world.run(events);
            return "seed " + seed + " violates nothing when it is run again: the simulator is not deterministic";
        }
        catch (final Violation violation)
        {
            final StringBuilder text = new StringBuilder("VIOLATION: ").append(violation.getMessage()).append('\n');
            text.append(world.describe()).append("\nlast events:\n");
            last.forEach(line -> text.append("  ").append(line).append('\n'));
            if (null != violation.getCause())
            {
                final StackTraceElement[] stack = violation.getCause().getStackTrace();
                for (int i = 0; i < Math.min(12, stack.length); i++)
                {
                    text.append("    at ").append(stack[i]).append('\n');
                }
            }
            return text.append("replay: ./ukehi simulate --seed ").append(seed).append(" --events ").append(events)
                .append(" --trace").toString();
        }
    }
}
