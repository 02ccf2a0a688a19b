package io.ukehi.log;

/**
 * Something that had been durable reads differently now: a flipped bit, a lost or misplaced write, a missing file. The
 * node does not start, since to go on without it might forget what it acknowledged.
 */
public final class CorruptionException extends StorageException
{
    private static final long serialVersionUID = 1L;

    /**
     * @param file   in which it is.
     * @param offset in the file, in bytes.
     * @param index  of the first entry lost, as far as known.
     * @param what   is wrong.
     */
    public CorruptionException(final String file, final long offset, final long index, final String what)
    {
        super(file + " is damaged at offset " + offset + " (entry " + index + "): " + what +
            ". The node does not start on it. Put the file back from a copy, or let this member start with an empty " +
            "data directory if the other members hold the log");
    }
}
