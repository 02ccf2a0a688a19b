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
}
