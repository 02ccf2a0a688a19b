package io.ukehi.transport;

import org.agrona.concurrent.AgentInvoker;

/**
 * A media driver that runs within a duty cycle.
 * <p>
 * In one cycle of its own, a driver takes one datagram from each socket and sends one from each publication. Invoked
 * once in a duty cycle, which under load is many times as long, it would be the narrowest place of a node: datagrams
 * pile up in the sockets, a window's worth of them, and each waits for all before it. So it is invoked until it has
 * nothing left to do; but again only if it was so busy the last time, too, since a single message should not wait for
 * the second look.
 * <p>
 * Owned by the thread of the duty cycle.
 */
public final class InvokedDriver
{
    private static final int MAX_CYCLES = 16;

    private final AgentInvoker invoker;
    private int cycles = 1;

    /** A driver launched with threading mode {@code INVOKER}. */
    public InvokedDriver(final AgentInvoker invoker)
    {
        this.invoker = invoker;
    }

    /** Runs some cycles of the driver. Work done, 0 if there was nothing. */
    public int invoke()
    {
        int workCount = 0;
        int work;
        int count = 0;
        do
        {
            work = invoker.invoke();
            workCount += work;
        }
        while (work > 0 && ++count < cycles);
        cycles = work > 0 ? Math.min(2 * cycles, MAX_CYCLES) : 1;
        return workCount;
    }
}
