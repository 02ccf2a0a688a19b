package io.ukehi.benchmarks.cluster;

/** Who runs a member and its driver. */
enum Threading
{
    /** A thread for the member, one for its driver; the client's driver has one, too. */
    DRIVER_THREAD,

    /** One thread for the member and its driver; the client's driver runs within the client. */
    NODE_THREAD,

    /** One thread for all members, one for the client; the drivers, if each has its own, run within them. */
    MEMBERS_THREAD,

    /** One thread for all members and the client, and for their drivers if each has its own. */
    ONE_THREAD;

    /** Whether members have no thread of their own and are run by whoever has them. */
    boolean isInvoked()
    {
        return MEMBERS_THREAD == this || ONE_THREAD == this;
    }
}
