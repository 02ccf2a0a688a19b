package io.ukehi.raft;

import java.util.concurrent.TimeUnit;

/** An entry that is needed is damaged, and no peer has given it: the node ends, and a start acts by its policy. */
public final class DamagedEntryException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    DamagedEntryException(final long index, final long timeoutNs)
    {
        super("entry " + index + " of the log is damaged and is needed, and no other member has given it within " +
            TimeUnit.NANOSECONDS.toMillis(timeoutNs) + " ms. The node stops; what it does on a damaged log when it is" +
            " started again is set by ukehi.corruption.policy");
    }
}
