package io.ukehi.client;

/** No leader was found, or none took the command, or a member did not answer, in time. Nothing was applied. */
public final class ClientTimeoutException extends UkehiClientException
{
    private static final long serialVersionUID = 1L;

    ClientTimeoutException(final String message)
    {
        super(message);
    }
}
