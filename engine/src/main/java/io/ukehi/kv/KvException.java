package io.ukehi.kv;

/** The store has taken a command and refused it: nothing has changed. */
public final class KvException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    private final int status;

    KvException(final int status, final String message)
    {
        super(message);
        this.status = status;
    }

    /** {@link KvStatus}. */
    public int status()
    {
        return status;
    }
}
