package io.ukehi.log;

/**
 * Directories as the earlier implementation left them. A node starts on one as it is: it takes it for its own, replays
 * it, and writes native segments behind it.
 * <p>
 * Nothing is known of how the member voted. Its term begins {@link #TERM_STEP} behind that of the last entry, so that
 * no term of ours is one of theirs on whatever member: were it the same, two different entries could have the same
 * index and term, and an election would take one for the other.
 */
final class OlderLogs
{
    /** By how much the last terms of two members may differ, at most. */
    static final long TERM_STEP = 1 << 20;

    private OlderLogs()
    {
    }

    /** Whether a directory holds a segment of an older format, and none of this one. */
    static boolean isIn(final Storage storage)
    {
        boolean hasOlder = false;
        for (final String name : storage.list())
        {
            final long sequence = LogSegment.sequenceOf(name);
            if (sequence >= 0)
            {
                try (StorageFile file = storage.open(name, Storage.Mapping.READ_ONLY))
                {
                    final WalFormat format = WalFormat.of(file.buffer(), sequence);
                    if (WalFormat.NATIVE == format)
                    {
                        return false;
                    }
                    hasOlder |= format.isOlder();
                }
            }
        }
        return hasOlder;
    }

    /** The term in which a member begins, of whose vote nothing is known but its last entry's term. */
    static long firstTerm(final long lastTerm)
    {
        return lastTerm + TERM_STEP;
    }
}
