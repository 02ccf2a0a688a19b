package io.ukehi.cli;

/** A command of the tool failed for a reason that its message tells whole. */
final class ToolException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    ToolException(final String message)
    {
        super(message);
    }
}
