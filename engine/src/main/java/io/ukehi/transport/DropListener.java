package io.ukehi.transport;

/** Told of each message that was dropped, by the thread that dropped it. Must be quick and must not throw. */
@FunctionalInterface
public interface DropListener
{
    /**
     * @param reason why.
     */
    void onDrop(DropReason reason);
}
