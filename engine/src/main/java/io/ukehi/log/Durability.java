package io.ukehi.log;

/** When an appended entry counts as durable. Term and vote are always forced, whatever is chosen here. */
public enum Durability
{
    /** At once: the operating system writes. Survives the death of the process, not that of the machine. */
    ASYNC,

    /** When a force has covered it: a flusher forces continuously what has accumulated; the duty cycle never waits. */
    BATCH,

    /** When the append returns: the duty cycle forces each batch before it goes on. */
    EVERY
}
