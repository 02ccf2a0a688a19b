package io.ukehi.log;

import org.agrona.concurrent.UnsafeBuffer;

/** One file of a {@link Storage}, mapped whole. */
public interface StorageFile extends AutoCloseable
{
    /** Name within its directory. */
    String name();

    /** Length in bytes; fixed. */
    int length();

    /** The file's bytes. Stores reach the file as {@link Storage.Mapping} says. */
    UnsafeBuffer buffer();

    /**
     * Allocates the next part of a created file on the disk and touches its pages, so that no later store finds the
     * disk full or waits for a page. In parts, so that whoever has other work goes on with it between. Durable on
     * return, except where the mapping is shared.
     *
     * @param maxBytes bound on this part, 1 or more.
     * @return bytes still to be allocated, 0 when the file is whole.
     * @throws StorageFullException if there is no room. The file is useless then: close and delete it.
     */
    int allocate(int maxBytes);

    /**
     * Touches the next pages of a file that is mapped privately, so that no later store waits for one. Takes no room on
     * the disk: {@link #write} does, and may find it full. For what is written once, in order, and can be given up,
     * where {@link #allocate} would write everything twice; a storage to which that is one does the same as there.
     *
     * @param maxBytes bound on this part, 1 or more.
     * @return bytes still to be touched, 0 when all are.
     */
    default int touch(final int maxBytes)
    {
        return allocate(maxBytes);
    }

    /**
     * Puts a range of {@link #buffer()} into the file. No other thread may store into the range meanwhile.
     *
     * @param offset in bytes.
     * @param length in bytes.
     * @throws StorageFullException if the range was touched and not allocated, and there is no room for it.
     * @throws StorageException     if it fails; what the range holds on disk is then unknown.
     */
    void write(int offset, int length);

    /**
     * Makes everything that was written before durable.
     *
     * @throws StorageException if it fails. The operating system may have dropped the pages: a second call that
     * succeeds means nothing.
     */
    void force();

    /** Unmaps and closes; idempotent. Does not force. */
    @Override
    void close();
}
