package io.ukehi.log;

/**
 * No room for a new file. Unlike any other storage error it does not end the node: writes are refused until there is.
 */
public final class StorageFullException extends StorageException
{
    private static final long serialVersionUID = 1L;

    public StorageFullException(final String message, final Throwable cause)
    {
        super(message, cause);
    }
}
