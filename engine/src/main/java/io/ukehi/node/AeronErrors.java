package io.ukehi.node;

import io.aeron.exceptions.ClientTimeoutException;
import io.aeron.exceptions.ConductorServiceTimeoutException;
import io.aeron.exceptions.DriverTimeoutException;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.ErrorHandler;

/**
 * What the Aeron client reports. Most of it is counted and handed on; but when the client gives itself up, because the
 * driver or this node was silent for too long, then it unmaps what the node writes to soon afterwards, and the duty
 * cycle has to know at once.
 */
final class AeronErrors implements ErrorHandler
{
    private final ErrorHandler next;
    private volatile Throwable fatal;

    AeronErrors(final ErrorHandler next)
    {
        this.next = next;
    }

    @Override
    public void onError(final Throwable throwable)
    {
        if (throwable instanceof DriverTimeoutException || throwable instanceof ConductorServiceTimeoutException ||
            throwable instanceof ClientTimeoutException)
        {
            fatal = throwable;
        }
        else if (!(throwable instanceof AgentTerminationException))
        {
            next.onError(throwable);
        }
    }

    /** Why the client has given itself up; null while it works. */
    Throwable fatal()
    {
        return fatal;
    }
}
