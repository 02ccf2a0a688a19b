package io.ukehi.client;

/** What a client cannot do. The subclasses tell what is known about the command in question. */
public class UkehiClientException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    public UkehiClientException(final String message)
    {
        super(message);
    }

    public UkehiClientException(final String message, final Throwable cause)
    {
        super(message, cause);
    }
}
