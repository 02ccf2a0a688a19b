package io.ukehi.benchmarks.cluster;

/** Who runs a member and its driver. */
enum Threading
{
    /** A thread for the member, one for its driver; the client's driver has one, too. */
    DRIVER_THREAD,

    /** One thread for the member and its driver; the client's driver runs within the client. */
    NODE_THREAD,

    /** One thread for all members, their drivers and the client. */
    ONE_THREAD
}
