package io.ukehi.node;

import io.ukehi.log.LogFlusher;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;

/**
 * How the thread of a {@link LogFlusher} waits: awake for a moment, since a log under load has the next batch ready,
 * then asleep until the duty cycle wakes it, or for a while, since what is done slowly and by the clock wakes nobody.
 * Three sleeping flushers cost nothing; three that wake up every 50 us to look around take a fifth of two processors
 * from the duty cycles. One instance for one thread.
 */
final class FlusherIdleStrategy implements IdleStrategy
{
    /** Longest time asleep, in nanoseconds. */
    static final long SLEEP_NS = 10_000_000L;

    private static final int MAX_SPINS = 20;
    private static final int MAX_YIELDS = 20;

    private final LogFlusher flusher;
    private final long sleepNs;
    /** The flusher's thread, while it sleeps. */
    private volatile Thread sleeper;
    private int count;

    /** @param sleepNs longest time asleep, in nanoseconds. */
    FlusherIdleStrategy(final LogFlusher flusher, final long sleepNs)
    {
        this.flusher = flusher;
        this.sleepNs = sleepNs;
        flusher.waker(this::wake);
    }

    @Override
    public void idle(final int workCount)
    {
        if (workCount > 0)
        {
            reset();
        }
        else
        {
            idle();
        }
    }

    @Override
    public void idle()
    {
        if (count < MAX_SPINS)
        {
            count++;
            Thread.onSpinWait();
        }
        else if (count < MAX_SPINS + MAX_YIELDS)
        {
            count++;
            Thread.yield();
        }
        else
        {
            sleep();
        }
    }

    private void sleep()
    {
        sleeper = Thread.currentThread();
        // Looked at after that was stored, as wake() looks at it after what is handed over was stored.
        if (!flusher.isWaitedFor())
        {
            LockSupport.parkNanos(this, sleepNs);
        }
        sleeper = null;
    }

    /** Duty-cycle thread: costs a look at a field, and a system call only where the flusher sleeps. */
    private void wake()
    {
        final Thread thread = sleeper;
        if (null != thread)
        {
            LockSupport.unpark(thread);
        }
    }

    @Override
    public void reset()
    {
        count = 0;
    }

    @Override
    public String alias()
    {
        return "flusher";
    }
}
