package io.ukehi.client;

/**
 * The command was sent and nobody answered in time: it may have been applied, may still be, or may be lost. It is for
 * the caller to find out before sending it again.
 */
public final class OutcomeUnknownException extends UkehiClientException
{
    private static final long serialVersionUID = 1L;

    private final long correlationId;

    OutcomeUnknownException(final long correlationId, final String message)
    {
        super(message);
        this.correlationId = correlationId;
    }

    /** The command's correlation id. */
    public long correlationId()
    {
        return correlationId;
    }
}
