package io.ukehi.node;

/** A submitted command was not taken in: try again later, or not at all. It was certainly not applied. */
public final class RefusedCommandException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    private final long code;

    RefusedCommandException(final long code)
    {
        // Without a stack: it tells of a queue, not of a place in the code, and may come often.
        super(describe(code), null, false, false);
        this.code = code;
    }

    /** {@link UkehiNode#BACK_PRESSURED}, {@link UkehiNode#CLOSED} or {@link UkehiNode#TOO_LARGE}. */
    public long code()
    {
        return code;
    }

    private static String describe(final long code)
    {
        if (UkehiNode.BACK_PRESSURED == code)
        {
            return "the queue of commands is full: try again";
        }
        return UkehiNode.CLOSED == code ? "the node is closed" : "the command is longer than the configured maximum";
    }
}
