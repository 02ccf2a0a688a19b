package io.ukehi.node;

/**
 * How a command submitted with {@link UkehiNode#submit} ended.
 *
 * @param outcome      how.
 * @param index        in the log, 0 unless committed.
 * @param fencingToken of the command, 0 unless committed.
 * @param reply        of the state machine, empty unless committed.
 */
public record CommandResult(CommandOutcome outcome, long index, long fencingToken, byte[] reply)
{
    /** Whether the command was committed and applied. */
    public boolean isCommitted()
    {
        return CommandOutcome.COMMITTED == outcome;
    }
}
