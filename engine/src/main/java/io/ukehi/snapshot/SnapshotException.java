package io.ukehi.snapshot;

import io.ukehi.log.StorageException;

/** A snapshot is damaged, or not what it says. */
public final class SnapshotException extends StorageException
{
    private static final long serialVersionUID = 1L;

    public SnapshotException(final String message)
    {
        super(message);
    }
}
