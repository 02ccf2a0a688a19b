package io.ukehi.fencing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;

/**
 * A {@link FencingGuard} that survives restarts and power cuts: a token is durable before its acceptance is reported.
 * <pre>
 *   0       4       8               16
 *  +-------+-------+---------------+
 *  | magic | CRC32C|  token  u64   |   zeros up to 4096
 *  +-------+-------+---------------+
 * </pre>
 * Little-endian, in two copies at 0 and 4096 of a file of 8192 bytes, so that no page and no sector holds both. The
 * CRC32C covers the copy behind itself. A store writes and forces one copy, then the other. The higher token of the
 * sound copies counts, since tokens never fall. What may be found:
 * <ul>
 *   <li>two equal copies: it was stored;</li>
 *   <li>a token and the one before it: power went between the copies. The newer counts, though nobody was told of it: a
 *   guard may always have seen more than it has reported;</li>
 *   <li>one sound copy: the other was torn while it was written, or damaged later. The sound one counts: if the first
 *   copy was torn, nobody was told of the newer token, and if it was damaged after a store, the second copy is the
 *   same;</li>
 *   <li>none: a refusal. A guard that has forgotten what it saw would let a deposed writer in.</li>
 * </ul>
 * Opening makes durable what was found, and two copies of it. For the same reason a guard that is missing is not made
 * anew in silence: {@link #create(Path)} and {@link #open(Path)} are two decisions.
 * <p>
 * A token that was accepted already costs nothing; a newer one costs two forces, 0.1 to 0.3 ms on a local disk. Used by
 * one thread at a time, the one that writes to the resource; a second one meanwhile is an error that is found. The file
 * is locked while it is open, so that two processes never guard with one file. No allocation after opening.
 */
public final class FileFencingGuard implements AutoCloseable
{
    static final int COPY_LENGTH = 4096;
    static final int FILE_LENGTH = 2 * COPY_LENGTH;
    static final int TOKEN_OFFSET = 8;
    private static final int MAGIC_OFFSET = 0;
    private static final int CRC_OFFSET = 4;
    /** "UKFG". */
    private static final int MAGIC = 0x47464B55;

    private final AtomicBoolean isBusy = new AtomicBoolean();
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer copy = ByteBuffer.allocateDirect(COPY_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    private final GuardFile file;
    private long highest = FencingToken.NONE;
    private boolean isUnknown;

    private FileFencingGuard(final GuardFile file)
    {
        this.file = file;
    }

    /**
     * Makes the guard of a resource that was never guarded before. When this returns, the file and its name are
     * durable.
     *
     * @param path of the file, in a directory that exists.
     * @return the guard, which has seen no token.
     * @throws FileAlreadyExistsException if there is one already: open it.
     * @throws IOException                if it cannot be made; whatever is left behind does not pass for a guard.
     */
    public static FileFencingGuard create(final Path path) throws IOException
    {
        final Path unfinished = path.resolveSibling(path.getFileName() + ".new");
        final FileChannel channel = FileChannel.open(
            unfinished, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try
        {
            lock(channel, path);
            // Only whoever holds the lock may look: another may have renamed this very file a moment ago.
            if (Files.exists(path))
            {
                throw new FileAlreadyExistsException(path.toString());
            }
            channel.truncate(0);
            final FileFencingGuard guard = create(new GuardFile.OfChannel(channel));
            Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
            forceDirectory(path);
            return guard;
        }
        catch (final IOException | RuntimeException ex)
        {
            closeAfter(ex, channel);
            throw ex;
        }
    }

    /**
     * Opens the guard of a resource that was guarded before.
     *
     * @param path of a file that {@link #create(Path)} made.
     * @return the guard, which has seen all that was ever accepted.
     * @throws NoSuchFileException if there is none: the resource was never guarded, or its guard was lost.
     * @throws IOException         if the file holds no sound copy, is in use, or cannot be read or forced.
     */
    public static FileFencingGuard open(final Path path) throws IOException
    {
        final FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try
        {
            lock(channel, path);
            final FileFencingGuard guard = open(new GuardFile.OfChannel(channel), path.toString());
            // Whoever made the file may have died before its name was durable.
            forceDirectory(path);
            return guard;
        }
        catch (final IOException | RuntimeException ex)
        {
            closeAfter(ex, channel);
            throw ex;
        }
    }

    static FileFencingGuard open(final GuardFile file, final String name) throws IOException
    {
        final FileFencingGuard guard = new FileFencingGuard(file);
        guard.recover(name);
        return guard;
    }

    static FileFencingGuard create(final GuardFile file)
    {
        final FileFencingGuard guard = new FileFencingGuard(file);
        guard.store(FencingToken.NONE);
        return guard;
    }

    private static void lock(final FileChannel channel, final Path path) throws IOException
    {
        try
        {
            if (null != channel.tryLock())
            {
                return;
            }
        }
        catch (final OverlappingFileLockException ignore)
        {
            // Another guard of this process; told as any other.
        }
        throw new IOException("the guard " + path + " is in use");
    }

    private static void forceDirectory(final Path path) throws IOException
    {
        try (FileChannel directory = FileChannel.open(path.toAbsolutePath().getParent(), StandardOpenOption.READ))
        {
            directory.force(true);
        }
    }

    private static void closeAfter(final Exception failure, final FileChannel channel)
    {
        try
        {
            channel.close();
        }
        catch (final IOException ex)
        {
            failure.addSuppressed(ex);
        }
    }

    private void recover(final String name) throws IOException
    {
        final boolean isWhole = FILE_LENGTH == file.length();
        final boolean isFirstSound = isWhole && read(0);
        final long first = copy.getLong(TOKEN_OFFSET);
        final boolean isSecondSound = isWhole && read(COPY_LENGTH);
        final long second = copy.getLong(TOKEN_OFFSET);
        if (!isFirstSound && !isSecondSound)
        {
            throw new IOException("the guard " + name + " holds no sound token. What it has seen is lost: make sure " +
                "that no earlier writer is left before a new guard is made");
        }
        final boolean isFirst = isFirstSound && (!isSecondSound || FencingToken.isBefore(second, first));
        highest = isFirst ? first : second;
        // It may come out of the page cache of a process that died before its force.
        file.force();
        if (!isFirstSound || !isSecondSound || first != second)
        {
            put(isFirst ? COPY_LENGTH : 0, highest);
        }
    }

    /** Fills {@link #copy} from the file; whether it is sound. */
    private boolean read(final int position) throws IOException
    {
        copy.clear();
        file.read(copy, position);
        return !copy.hasRemaining() && MAGIC == copy.getInt(MAGIC_OFFSET) && computeCrc() == copy.getInt(CRC_OFFSET);
    }

    private int computeCrc()
    {
        crc.reset();
        copy.position(TOKEN_OFFSET).limit(COPY_LENGTH);
        crc.update(copy);
        copy.clear();
        return (int)crc.getValue();
    }

    /**
     * As {@link FencingGuard#tryAccept(long)}; durable when it returns.
     *
     * @throws UncheckedIOException  if the token could not be made durable, now or before (an interrupt of the thread
     *                               counts as that): nothing is accepted any more until the guard is opened anew.
     * @throws IllegalStateException if the guard is closed, or another thread is within a call.
     */
    public boolean tryAccept(final long token)
    {
        enter();
        try
        {
            if (FencingToken.NONE == token || FencingToken.isBefore(token, highest))
            {
                return false;
            }
            if (token != highest)
            {
                store(token);
            }
            return true;
        }
        finally
        {
            isBusy.set(false);
        }
    }

    /**
     * As {@link FencingGuard#tryAcceptOnce(long)}; durable when it returns. A token that was on its way to the disk
     * when power went may count as seen, though nobody was told so: the write is then lost rather than done twice.
     *
     * @throws UncheckedIOException  as {@link #tryAccept(long)}.
     * @throws IllegalStateException as {@link #tryAccept(long)}.
     */
    public boolean tryAcceptOnce(final long token)
    {
        enter();
        try
        {
            final boolean isNewer = FencingToken.isBefore(highest, token);
            if (isNewer)
            {
                store(token);
            }
            return isNewer;
        }
        finally
        {
            isBusy.set(false);
        }
    }

    private void enter()
    {
        if (!isBusy.compareAndSet(false, true))
        {
            throw new IllegalStateException("the guard is closed, or in use by another thread");
        }
        if (isUnknown)
        {
            isBusy.set(false);
            throw new UncheckedIOException(new IOException("the guard's file could not be written before"));
        }
    }

    private void store(final long token)
    {
        isUnknown = true;
        try
        {
            put(0, token);
            put(COPY_LENGTH, token);
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
        highest = token;
        isUnknown = false;
    }

    private void put(final int position, final long token) throws IOException
    {
        copy.clear();
        while (copy.hasRemaining())
        {
            copy.putLong(0);
        }
        copy.putInt(MAGIC_OFFSET, MAGIC).putLong(TOKEN_OFFSET, token);
        copy.putInt(CRC_OFFSET, computeCrc());
        file.write(copy, position);
        file.force();
    }

    /** The highest token known to be accepted, {@link FencingToken#NONE} if there was none. By the using thread. */
    public long highest()
    {
        return highest;
    }

    /** Closes the file and releases its lock; idempotent. What was accepted is durable already. */
    @Override
    public void close() throws IOException
    {
        // Never left again: nothing is accepted from here on.
        isBusy.set(true);
        file.close();
    }
}
