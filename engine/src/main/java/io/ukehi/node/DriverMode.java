package io.ukehi.node;

/** Whose Aeron media driver a node uses. */
public enum DriverMode
{
    /** The node launches one, with a thread of its own. */
    EMBEDDED,

    /** The node launches one and runs it within its duty cycle: the whole node is one thread. */
    INVOKER,

    /** Another process runs one; the node is told its directory. */
    EXTERNAL
}
