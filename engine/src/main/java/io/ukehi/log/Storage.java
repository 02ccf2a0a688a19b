package io.ukehi.log;

/**
 * The files of one data directory, as the log needs them: the port behind which production has mapped files and the
 * simulator a disk that loses, tears and damages what it was not made to keep.
 * <p>
 * What survives a power cut: the bytes of a file that were written ({@link StorageFile#write}) before a
 * {@link StorageFile#force} that returned, if the file's name was made durable by {@link #forceDirectory()}. Everything
 * else may be there, in whole, in part, or not at all.
 * <p>
 * A failure is a {@link StorageException} and final: nothing is retried. Called by the duty-cycle thread and by the
 * log's flusher, each on files of its own or on its own ranges of a file.
 */
public interface Storage extends AutoCloseable
{
    /** Bytes that are deleted at a time of what is long: some milliseconds on a disk that is told of each. */
    int DELETED_LENGTH = 4 * 1024 * 1024;

    /** How a file's bytes are mapped. */
    enum Mapping
    {
        /**
         * A store is in the page cache at once and survives the process; {@link StorageFile#write} has nothing to do.
         */
        SHARED,

        /** A store is private to the process until {@link StorageFile#write} puts the range into the file. */
        PRIVATE,

        /** Not to be stored into. */
        READ_ONLY
    }

    /** Names of all files, sorted. Allocates. */
    String[] list();

    /**
     * Creates a file of zeros that takes no room on the disk yet: {@link StorageFile#allocate} before anything is
     * stored into it.
     *
     * @param name    of a file that does not exist.
     * @param length  in bytes.
     * @param mapping of the result.
     * @return the file. Its name is durable only after {@link #forceDirectory()}.
     * @throws StorageFullException if there is no room; nothing is left behind.
     */
    StorageFile create(String name, int length, Mapping mapping);

    /** Opens a file that exists. */
    StorageFile open(String name, Mapping mapping);

    /** Renames a file, atomically, over one that exists if need be; durable after {@link #forceDirectory()}. */
    void rename(String from, String to);

    /** Deletes a file; durable after {@link #forceDirectory()}. */
    void delete(String name);

    /**
     * Deletes a file, or if it is longer than so many bytes takes that many off its end, durably. A file system may
     * tell the disk which blocks are free at last, and whoever forces anything meanwhile waits for that: for a tenth of
     * a second where a few hundred MiB go at once.
     *
     * @param name     of a file that nobody has mapped any more: to look at what was taken off would end the process.
     * @param maxBytes to be given back at a time, 1 or more.
     * @return whether it is deleted; if not, there is more of it.
     */
    default boolean deletePart(final String name, final int maxBytes)
    {
        delete(name);
        return true;
    }

    /** Makes names durable: creations, renames and deletions that happened before. */
    void forceDirectory();

    /** Releases the directory. Files stay open until they are closed themselves. */
    @Override
    void close();
}
