package io.ukehi.log;

import java.util.function.LongSupplier;
import org.agrona.concurrent.Agent;

/**
 * The log's helper: group commit ({@link Durability#BATCH}: force without pause what has accumulated, so that the
 * longer a force takes the more it covers), the {@link SegmentSupply} and the {@link LogScrub}.
 * <p>
 * Passive: a thread of its own calls {@link #doWork()}, or a simulator does. The duty cycle never waits for it, but for
 * a cut, when it asks it to rest ({@link #pause()}). A failure is final: it is kept, nothing is done any more, and the
 * duty cycle ends the node with it.
 */
public final class LogFlusher implements Agent
{
    private final FlushQueue queue;
    private final SegmentWriter writer;
    private final SegmentSupply supply;
    private final LogScrub scrub;
    private final LongSupplier commitIndex;
    private final boolean isBatching;
    private volatile Throwable failure;
    private volatile boolean isRunning;
    /** Odd while the duty cycle asks for rest. */
    private volatile long restRequest;
    private volatile long restGranted;
    private volatile Runnable waker = () -> {};

    LogFlusher(
        final FlushQueue queue,
        final SegmentWriter writer,
        final SegmentSupply supply,
        final LogScrub scrub,
        final LongSupplier commitIndex,
        final boolean isBatching)
    {
        this.queue = queue;
        this.writer = writer;
        this.supply = supply;
        this.scrub = scrub;
        this.commitIndex = commitIndex;
        this.isBatching = isBatching;
    }

    @Override
    public void onStart()
    {
        isRunning = true;
    }

    @Override
    public int doWork()
    {
        final long request = restRequest;
        if (0 != (request & 1))
        {
            restGranted = request;
            return 0;
        }
        if (null != failure)
        {
            return 0;
        }
        try
        {
            return (isBatching ? flush() : 0) + supply.doWork(writer.sequence()) + scrub.doWork();
        }
        catch (final Throwable thrown)
        {
            onFailure(thrown);
            return 0;
        }
    }

    /** Keeps a failure, the duty cycle's own too: from now on nothing is written. */
    void onFailure(final Throwable thrown)
    {
        failure = thrown;
    }

    private int flush()
    {
        final long number = queue.submitted();
        if (number == queue.completed())
        {
            return 0;
        }
        writer.writeTo(queue.position(number), queue.index(number), commitIndex.getAsLong());
        queue.complete(number);
        return 1;
    }

    /**
     * Whoever runs this may let its thread sleep when there is nothing to do.
     *
     * @param newWaker called on the duty-cycle thread when there is something to do that somebody waits for; must cost
     *                 next to nothing where the thread does not sleep.
     */
    public void waker(final Runnable newWaker)
    {
        waker = newWaker;
    }

    /** Any thread: whether there is something to do that somebody waits for. Looked at before it sleeps. */
    public boolean isWaitedFor()
    {
        final long request = restRequest;
        return 0 != (request & 1) ? restGranted != request : isBatching && queue.submitted() != queue.completed();
    }

    /** Duty-cycle thread: there is something to do. */
    void wake()
    {
        waker.run();
    }

    /** Duty-cycle thread: returns once the flusher does nothing and will do nothing until {@link #resume()}. */
    void pause()
    {
        restRequest++;
        wake();
        while (isRunning && restGranted != restRequest)
        {
            Thread.onSpinWait();
        }
    }

    void resume()
    {
        restRequest++;
        wake();
    }

    /** Throws if writing has failed, here or on the duty cycle. */
    void checkFailure()
    {
        final Throwable thrown = failure;
        if (null != thrown)
        {
            throw new StorageException("the log failed and is written no more: " + thrown.getMessage(), thrown);
        }
    }

    @Override
    public void onClose()
    {
        isRunning = false;
    }

    @Override
    public String roleName()
    {
        return "log-flusher";
    }
}
