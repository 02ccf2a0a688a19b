package io.ukehi.statemachine;

/**
 * A committed entry has a type that this version does not know. A later version wrote it and may act on it, so that to
 * skip it would let the replicas drift apart without a sign: the node stops.
 */
public final class UnknownEntryTypeException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    UnknownEntryTypeException(final long index, final long term, final int type)
    {
        super("entry " + index + " of term " + term + " has type " + type + ", which this version does not know: " +
            "start the version that wrote it, or a later one");
    }
}
