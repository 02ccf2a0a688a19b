package io.ukehi.log;

/** What a node does about a log of the earlier implementation in its data directory: it leaves it as it is. */
final class OlderLogs
{
    private OlderLogs()
    {
    }

    /**
     * Refuses a directory in which any segment is in an older format.
     *
     * @throws StorageException naming it, and what to do.
     */
    static void refuse(final Storage storage)
    {
        for (final String name : storage.list())
        {
            final long sequence = LogSegment.sequenceOf(name);
            if (sequence >= 0)
            {
                refuse(storage, name, sequence);
            }
        }
    }

    private static void refuse(final Storage storage, final String name, final long sequence)
    {
        try (StorageFile file = storage.open(name, Storage.Mapping.READ_ONLY))
        {
            final WalFormat format = WalFormat.of(file.buffer(), sequence);
            if (format.isOlder())
            {
                throw new StorageException(name + " is a segment of an earlier implementation, in the format " +
                    format + ". A node starts on its own format alone, and has changed nothing: convert the " +
                    "directory with `ukehi wal convert DIR TARGET`, and start on TARGET");
            }
        }
    }
}
