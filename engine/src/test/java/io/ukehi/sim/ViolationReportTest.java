package io.ukehi.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What a violation leaves to whoever has to find its cause: the rule, the nodes, the last events, the seed, and a
 * command that brings it back in no time. Shown with a rule broken on purpose.
 */
class ViolationReportTest
{
    private static final long EVENTS = 20_000;
    private static final long PATIENCE_NS = 10_000_000_000L;

    @Test
    void shouldTellRuleNodesEventsAndTheCommandThatBringsItBack() throws Exception
    {
        final Mutant mutant = MutantCatalogue.all().stream()
            .filter(each -> "a follower vouches for its own tail".equals(each.rule())).findFirst().orElseThrow();
        final MutantHunt.Result found = MutantHunt.hunt(mutant, MutantHunt.bases(1, 1), 1_000, EVENTS);
        assertTrue(found.isFound());
        final Class<?> simulate = new MutantLoader(mutant).loadClass(Simulate.class.getName());

        final String report = (String)simulate.getMethod("report", long.class, long.class)
            .invoke(null, found.seeds()[0], EVENTS);

        assertTrue(report.startsWith("VIOLATION: " + found.violation() + "\n"), report);
        final Matcher world = Pattern.compile("^seed " + found.seeds()[0] + ", (\\d) nodes, ", Pattern.MULTILINE)
            .matcher(report);
        assertTrue(world.find(), report);
        for (int id = 1; id <= Integer.parseInt(world.group(1)); id++)
        {
            assertTrue(Pattern.compile("^  node " + id + " .*\\bterm \\d+ .*last \\d+@\\d+ durable \\d+",
                Pattern.MULTILINE).matcher(report).find(), "node " + id + ": " + report);
        }
        final String lastEvents = report.substring(report.indexOf("last events:"), report.indexOf("replay: "));
        assertEquals(50, Pattern.compile("^  \\S|^    \\S", Pattern.MULTILINE).matcher(lastEvents).results()
            .filter(line -> !lastEvents.startsWith("    at ", line.start())).count(), lastEvents);
        final String command = report.substring(report.indexOf("replay: ") + "replay: ".length());
        assertEquals("./ukehi simulate --seed " + found.seeds()[0] + " --events " + EVENTS + " --trace", command);
        final List<String> words = Arrays.asList(command.split(" "));
        replay(simulate, words.subList(2, words.size()).toArray(new String[0]), found.violation());
    }

    private static void replay(final Class<?> simulate, final String[] args, final String violation) throws Exception
    {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final long beginNs = System.nanoTime();
        final int code = (int)simulate.getMethod("run", String[].class, PrintStream.class)
            .invoke(null, args, new PrintStream(bytes, false, StandardCharsets.UTF_8));
        final long durationNs = System.nanoTime() - beginNs;

        assertEquals(1, code);
        assertTrue(bytes.toString(StandardCharsets.UTF_8).contains("VIOLATION: " + violation + "\n"));
        assertTrue(durationNs < PATIENCE_NS, "replayed in " + durationNs / 1_000_000 + " ms");
    }
}
