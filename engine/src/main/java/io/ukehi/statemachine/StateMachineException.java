package io.ukehi.statemachine;

/**
 * The user's state machine threw. What it has done by then is unknown, so that its replica can neither go on nor try
 * again: the node stops, and a restart builds the state anew from the log. If the state machine is at fault rather than
 * this node's memory, every replica ends at the same command, and the index says which.
 */
public final class StateMachineException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    private final long index;
    private final long term;

    StateMachineException(final String call, final long index, final long term, final Throwable cause)
    {
        super("the state machine threw from " + call + " at index " + index + " of term " + term + ": " + cause, cause);
        this.index = index;
        this.term = term;
    }

    /** Log index of the command, or the last one applied if the state machine threw outside of a command. */
    public long index()
    {
        return index;
    }

    /** Term of that entry, 0 if there was none. */
    public long term()
    {
        return term;
    }
}
