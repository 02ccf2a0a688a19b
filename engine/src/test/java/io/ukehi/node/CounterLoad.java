package io.ukehi.node;

import io.ukehi.client.ClientContext;
import io.ukehi.client.Outcome;
import io.ukehi.client.UkehiClient;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Increments at a steady rate, with a client and a thread of its own, and how each ended; and the longest time in which
 * none was acknowledged.
 */
final class CounterLoad implements AutoCloseable
{
    private static final int WINDOW = 4_096;
    private static final int BURST = 64;

    private final ClientContext context;
    private final long intervalNs;
    private final Thread thread = new Thread(this::run, "load");
    private final AtomicLong committed = new AtomicLong();
    private final AtomicLong longestGapNs = new AtomicLong();
    private volatile long unknown;
    private volatile boolean isStopped;
    private volatile Throwable failure;
    private long offered;
    private long ended;
    private long lastAckNs;

    CounterLoad(final ClientContext context, final int rate)
    {
        this.context = context;
        this.intervalNs = 1_000_000_000L / rate;
    }

    CounterLoad start()
    {
        thread.start();
        return this;
    }

    private void run()
    {
        final UnsafeBuffer command = new UnsafeBuffer(new byte[8]);
        try (UkehiClient client = UkehiClient.connect(context))
        {
            final long beganNs = System.nanoTime();
            lastAckNs = beganNs;
            long due = 0;
            while (!isStopped || ended < offered)
            {
                final long nowNs = System.nanoTime();
                due = isStopped ? due : (nowNs - beganNs) / intervalNs;
                int sent = 0;
                while (sent < BURST && offered < due && offered - ended < WINDOW && client.offer(command, 0, 8) > 0)
                {
                    offered++;
                    sent++;
                }
                final int work = sent + client.poll((id, outcome, code, index, token, buffer, offset, length) ->
                    onEnd(Outcome.COMMITTED == outcome));
                if (0 == work)
                {
                    LockSupport.parkNanos(20_000);
                }
                longestGapNs.accumulateAndGet(nowNs - lastAckNs, Math::max);
            }
        }
        catch (final Throwable thrown)
        {
            failure = thrown;
        }
    }

    private void onEnd(final boolean isCommitted)
    {
        ended++;
        if (isCommitted)
        {
            lastAckNs = System.nanoTime();
            committed.incrementAndGet();
        }
        else
        {
            unknown++;
        }
    }

    long committed()
    {
        return committed.get();
    }

    /** Commands of which nobody knows what became of them. */
    long unknown()
    {
        return unknown;
    }

    Throwable failure()
    {
        return failure;
    }

    /** The longest time without an acknowledgement since this was asked last, in milliseconds. */
    double takeGapMs()
    {
        return longestGapNs.getAndSet(0) / 1e6;
    }

    /** Sends no more, and waits for what is under way. */
    @Override
    public void close()
    {
        isStopped = true;
        while (thread.isAlive())
        {
            LockSupport.parkNanos(1_000_000);
        }
    }
}
