package io.ukehi.node;

import java.util.concurrent.atomic.AtomicLong;
import org.agrona.ErrorHandler;

/** Counts what goes wrong and hands it on. Any thread; never throws. */
final class ErrorLog implements ErrorHandler
{
    private final AtomicLong count = new AtomicLong();
    private final ErrorHandler next;

    ErrorLog(final ErrorHandler next)
    {
        this.next = next;
    }

    @Override
    public void onError(final Throwable throwable)
    {
        count.incrementAndGet();
        try
        {
            next.onError(throwable);
        }
        catch (final Throwable thrown)
        {
            // An error handler that fails must not take the node with it.
            throwable.addSuppressed(thrown);
        }
    }

    long count()
    {
        return count.get();
    }
}
