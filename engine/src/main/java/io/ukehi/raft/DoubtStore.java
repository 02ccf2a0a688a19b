package io.ukehi.raft;

/**
 * What a node may have acknowledged and does not have any more: found when its log was recovered, kept durably until it
 * is made good. Called by the duty-cycle thread.
 */
public interface DoubtStore
{
    /** What {@link #doubtfulTo()} returns where nothing can be missing. Indexes begin at 1. */
    long NO_DOUBT = 0;

    /** Of a log that cannot lose what it once called durable. */
    DoubtStore NONE = new DoubtStore()
    {
        @Override
        public long doubtfulTo()
        {
            return NO_DOUBT;
        }

        @Override
        public void clear()
        {
        }
    };

    /**
     * Highest index that this node may have acknowledged in an earlier life without holding it now,
     * {@link Long#MAX_VALUE} if any may be, {@link #NO_DOUBT} if none.
     */
    long doubtfulTo();

    /**
     * Forgets the doubt, durably: when this returns, a restart does not bring it back. A failure is thrown, and the
     * node ends without having voted or vouched.
     */
    void clear();

    /**
     * Whether the doubt is that of a node whose data directory is new: that it has never acknowledged anything, or that
     * all of it is gone, only the others know.
     */
    default boolean isNew()
    {
        return false;
    }
}
