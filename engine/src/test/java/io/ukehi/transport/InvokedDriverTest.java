package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentInvoker;
import org.junit.jupiter.api.Test;

class InvokedDriverTest
{
    private final Driver driver = new Driver();
    private final AgentInvoker invoker = new AgentInvoker(Throwable::printStackTrace, null, driver);
    private final InvokedDriver invoked = new InvokedDriver(invoker);

    InvokedDriverTest()
    {
        invoker.start();
    }

    @Test
    void shouldLookOnceWhenThereIsNothing()
    {
        assertEquals(0, invoked.invoke());
        assertEquals(1, driver.cycles);
    }

    @Test
    void shouldHandOverASingleMessageAtOnceWhenItWasIdleBefore()
    {
        driver.arrived = 1;
        assertEquals(1, invoked.invoke());
        assertEquals(1, driver.cycles);
    }

    @Test
    void shouldTakeMoreAndMoreAtOnceWhenItIsNeverDone()
    {
        driver.arrived = 1_000;
        final int[] expected = {1, 2, 4, 8, 16, 16};
        for (final int count : expected)
        {
            assertEquals(count, invoked.invoke());
        }
    }

    @Test
    void shouldTakeAllAndThenLookOnceAgainWhenWhatPiledUpIsGone()
    {
        driver.arrived = 9;
        assertEquals(1, invoked.invoke());
        assertEquals(2, invoked.invoke());
        assertEquals(4, invoked.invoke());
        assertEquals(2, invoked.invoke());
        driver.cycles = 0;
        driver.arrived = 5;
        assertEquals(1, invoked.invoke());
        assertEquals(1, driver.cycles);
    }

    /** Takes one of what has arrived in each cycle. */
    private static final class Driver implements Agent
    {
        private int arrived;
        private int cycles;

        @Override
        public int doWork()
        {
            cycles++;
            if (0 == arrived)
            {
                return 0;
            }
            arrived--;
            return 1;
        }

        @Override
        public String roleName()
        {
            return "driver";
        }
    }
}
