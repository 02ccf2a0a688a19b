package io.ukehi.log;

/**
 * Gives segments up that nobody needs any more: the oldest first and each durably, since a newer one gone and an older
 * one back would be a log with a gap; and each bit by bit, as {@link Storage#deletePart} says why. A segment loses its
 * name before its bytes, so that no start takes what is left of it for one; it removes that.
 * <p>
 * The flusher's, but for what is static.
 */
final class SegmentRemoval
{
    private static final String GONE_SUFFIX = ".gone";

    private final Storage storage;
    private String removing;

    SegmentRemoval(final Storage storage)
    {
        this.storage = storage;
    }

    /** Removes what a removal that was interrupted has left. */
    static void finishAll(final Storage storage)
    {
        for (final String name : storage.list())
        {
            if (name.endsWith(GONE_SUFFIX) &&
                LogSegment.sequenceOf(name.substring(0, name.length() - GONE_SUFFIX.length())) >= 0)
            {
                storage.delete(name);
            }
        }
    }

    boolean isUnderWay()
    {
        return null != removing;
    }

    /** Begins with a segment that nobody reads any more; it is closed here. */
    void begin(final StorageFile segment)
    {
        segment.close();
        removing = segment.name() + GONE_SUFFIX;
        storage.rename(segment.name(), removing);
        storage.forceDirectory();
    }

    /** Goes on by one step. */
    void doWork()
    {
        if (storage.deletePart(removing, Storage.DELETED_LENGTH))
        {
            removing = null;
        }
    }
}
