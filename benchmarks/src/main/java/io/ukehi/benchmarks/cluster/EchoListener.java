package io.ukehi.benchmarks.cluster;

/** Told of each echo. */
@FunctionalInterface
interface EchoListener
{
    /**
     * A command has come back, committed and applied.
     *
     * @param stampNs the command's first eight bytes: when it was due, by {@link System#nanoTime()}.
     */
    void onEcho(long stampNs);

    /**
     * As above, where it is known where the command stands in the log.
     *
     * @param stampNs the command's first eight bytes.
     * @param index   of its entry.
     */
    default void onEcho(final long stampNs, final long index)
    {
        onEcho(stampNs);
    }
}
