package io.ukehi.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class RatioCheckTest
{
    private static final double REFERENCE_NS = 1_000;

    private final Properties stored = new Properties();
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);

    private static RatioCheck.Score score(final String name, final double ns)
    {
        return new RatioCheck.Score(name, ns, 0, 0, true);
    }

    private boolean print(final RatioCheck.Score... scores)
    {
        final RatioCheck check = new RatioCheck(stored, REFERENCE_NS);
        for (final RatioCheck.Score score : scores)
        {
            check.add(score);
        }
        return check.print(out);
    }

    private String text()
    {
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void shouldPassWhenARatioIsAtMostToleranceTimesTheStoredOne()
    {
        stored.setProperty("a", "0.1 1.5");
        assertTrue(print(score("a", 150)));
        assertTrue(text().contains("nothing got worse"), text());
    }

    @Test
    void shouldNameWhatGotSlowerWhenARatioIsAboveTolerance()
    {
        stored.setProperty("a", "0.1 1.5");
        stored.setProperty("b", "0.1 2");
        assertFalse(print(score("a", 160), score("b", 160)));
        assertTrue(text().contains("  a: SLOWER, 1.60 times what is stored"), text());
        assertFalse(text().contains("  b: SLOWER"), text());
    }

    @Test
    void shouldDivideByTheReferenceOfTheSameRun()
    {
        stored.setProperty("a", "0.1 1.5");
        final RatioCheck onSlowMachine = new RatioCheck(stored, 10 * REFERENCE_NS);
        onSlowMachine.add(score("a", 1_000));
        assertTrue(onSlowMachine.print(out));
    }

    @Test
    void shouldTakeTheDefaultToleranceWhenNoneIsStored()
    {
        stored.setProperty("a", "0.1");
        assertTrue(print(score("a", 149)));
        assertFalse(print(score("a", 151)));
    }

    @Test
    void shouldPassAndSaySoWhenNothingIsStored()
    {
        assertTrue(print(score("new", 1e9)));
        assertTrue(text().contains("not stored"), text());
    }

    @Test
    void shouldFailWhenSomethingAllocatesThatMustNot()
    {
        stored.setProperty("a", "0.1 1.5");
        assertFalse(print(new RatioCheck.Score("a", 100, 24, 240, true)));
        assertTrue(text().contains("  a: ALLOCATES"), text());
        assertTrue(print(new RatioCheck.Score("a", 100, 24, 240, false)), "that may");
    }

    @Test
    void shouldNotTakeTheHarnessForALeakWhenAnIterationHasFewOperations()
    {
        assertTrue(print(new RatioCheck.Score("a", 1e6, 180, 0.1, true)));
        assertTrue(print(new RatioCheck.Score("b", 20, 0.02, 1.2, true)));
    }

    @Test
    void shouldPrintABaselineThatIsReadBackAsItWasMeasured() throws IOException
    {
        stored.setProperty("a", "0.1 1.7");
        final RatioCheck check = new RatioCheck(stored, REFERENCE_NS);
        check.add(score("a", 123));
        check.add(score("b-size-64", 45_678));
        check.printBaseline(out);
        final Properties read = new Properties();
        read.load(new StringReader(text()));
        final RatioCheck again = new RatioCheck(read, REFERENCE_NS);
        assertEquals(0.123, again.storedRatio("a"), 1e-6);
        assertEquals(1.7, again.tolerance("a"), 1e-6);
        assertEquals(45.68, again.storedRatio("b-size-64"), 1e-6);
        assertEquals(RatioCheck.TOLERANCE_DEFAULT, again.tolerance("b-size-64"), 1e-6);
        assertEquals(2, read.size());
    }

    @Test
    void shouldRefuseAReferenceThatTookNoTime()
    {
        assertThrows(IllegalArgumentException.class, () -> new RatioCheck(stored, 0));
        assertThrows(IllegalArgumentException.class, () -> new RatioCheck(stored, Double.NaN));
    }
}
