package io.ukehi.benchmarks.cluster;

/**
 * A replicated echo service: members, each in this process or one of its own, and a client. Every system is asked to
 * do the same: take a command over UDP on loopback, have it in the log of a majority, as durable as told, apply it, and
 * send it back.
 */
interface EchoSystem
{
    /** As it is called in tables. */
    String title();

    /** How many members it has of those that are asked for. */
    default int memberCount(final ClusterSettings settings)
    {
        return settings.nodes();
    }

    /** Whether it talks over Aeron, so that there is a media driver at all. */
    default boolean isOverAeron()
    {
        return true;
    }

    /** Whether members cannot be in processes of their own, since the client is handed one of them. */
    default boolean isInProcessOnly()
    {
        return false;
    }

    /** Whether it marks the {@link io.ukehi.Stage}s of its commands, where its members are in this process. */
    default boolean hasStages()
    {
        return false;
    }

    /** Whether its members, those in this process, are run by one thread; else by the client's if they have none. */
    default boolean isMembersThread()
    {
        return false;
    }

    /**
     * Starts a member.
     *
     * @param memberId 1 or more.
     * @return what closes it.
     */
    Member launchMember(ClusterSettings settings, int memberId) throws Exception;

    /** Opens a client; it may have to be polled for a while until it knows a leader. */
    EchoClient connect(ClusterSettings settings) throws Exception;

    /** A running member. */
    interface Member extends AutoCloseable
    {
        /** Runs the member, where it has no thread of its own. */
        default int invoke()
        {
            return 0;
        }

        @Override
        void close();
    }
}
