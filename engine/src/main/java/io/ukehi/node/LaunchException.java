package io.ukehi.node;

/** A node could not be launched, for a reason that is not in its settings alone: a port in use, a driver gone. */
public final class LaunchException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    LaunchException(final String message, final Throwable cause)
    {
        super(message, cause);
    }
}
