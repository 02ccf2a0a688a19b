package io.ukehi.log;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.agrona.CloseHelper;
import org.agrona.LangUtil;

/**
 * A {@link Storage} on a directory of a local file system. Holds a lock on the directory for as long as it is open, so
 * that two processes never write to one log.
 */
public final class FileStorage implements Storage
{
    static final String LOCK_FILE = "lock";

    private final Path directory;
    private final FileChannel directoryChannel;
    private final FileChannel lockChannel;
    private final FileLock lock;

    private FileStorage(
        final Path directory, final FileChannel directoryChannel, final FileChannel lockChannel, final FileLock lock)
    {
        this.directory = directory;
        this.directoryChannel = directoryChannel;
        this.lockChannel = lockChannel;
        this.lock = lock;
    }

    /**
     * Opens a directory, creating it if need be, and locks it.
     *
     * @throws StorageException if it cannot be used, or is in use by another process or another node of this one.
     */
    public static FileStorage open(final Path directory)
    {
        FileChannel lockChannel = null;
        try
        {
            createDurably(directory.toAbsolutePath().normalize());
            lockChannel = FileChannel.open(
                directory.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            final FileLock lock = tryLock(lockChannel);
            if (null == lock)
            {
                CloseHelper.quietClose(lockChannel);
                throw new StorageException("data directory " + directory + " is in use by another node");
            }
            final FileChannel directoryChannel = FileChannel.open(directory, StandardOpenOption.READ);
            return new FileStorage(directory, directoryChannel, lockChannel, lock);
        }
        catch (final IOException ex)
        {
            CloseHelper.quietClose(lockChannel);
            throw new StorageException("cannot use " + directory + " as data directory: " + ex, ex);
        }
    }

    /** What is forced within a directory is of no use if its own name is lost. */
    private static void createDurably(final Path path) throws IOException
    {
        final Path parent = path.getParent();
        if (null != parent && !Files.isDirectory(path))
        {
            createDurably(parent);
            Files.createDirectories(path);
            try (FileChannel channel = FileChannel.open(parent, StandardOpenOption.READ))
            {
                channel.force(true);
            }
        }
    }

    /**
     * Whether a process holds the lock of a directory, without leaving a trace in it. Not for a process in which a
     * node may be running on it: on some systems the lock would be lost.
     */
    static boolean isInUse(final Path directory)
    {
        final Path lockFile = directory.resolve(LOCK_FILE);
        if (!Files.exists(lockFile))
        {
            return false;
        }
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE);
            FileLock lock = tryLock(channel))
        {
            return null == lock;
        }
        catch (final IOException ex)
        {
            // A medium that cannot be written to is not in use either.
            return false;
        }
    }

    private static FileLock tryLock(final FileChannel channel) throws IOException
    {
        try
        {
            return channel.tryLock();
        }
        catch (final OverlappingFileLockException ex)
        {
            return null;
        }
    }

    @Override
    public String[] list()
    {
        try (Stream<Path> files = Files.list(directory))
        {
            return files.map(path -> path.getFileName().toString()).sorted().toArray(String[]::new);
        }
        catch (final IOException ex)
        {
            throw new StorageException("cannot list " + directory + ": " + ex, ex);
        }
    }

    @Override
    public StorageFile create(final String name, final int length, final Mapping mapping)
    {
        final Path path = directory.resolve(name);
        try
        {
            return MappedFile.create(path, length, mapping);
        }
        catch (final FileAlreadyExistsException ex)
        {
            // Not ours: what it holds may be all that somebody has.
            throw failure("create", path, ex);
        }
        catch (final IOException ex)
        {
            try
            {
                Files.deleteIfExists(path);
            }
            catch (final IOException suppressed)
            {
                ex.addSuppressed(suppressed);
            }
            throw failure("create", path, ex);
        }
    }

    @Override
    public StorageFile open(final String name, final Mapping mapping)
    {
        final Path path = directory.resolve(name);
        try
        {
            return MappedFile.open(path, mapping);
        }
        catch (final IOException ex)
        {
            throw failure("open", path, ex);
        }
    }

    @Override
    public void rename(final String from, final String to)
    {
        try
        {
            Files.move(directory.resolve(from), directory.resolve(to),
                StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
        catch (final IOException ex)
        {
            throw failure("rename", directory.resolve(from), ex);
        }
    }

    @Override
    public void delete(final String name)
    {
        try
        {
            Files.delete(directory.resolve(name));
        }
        catch (final IOException ex)
        {
            throw failure("delete", directory.resolve(name), ex);
        }
    }

    @Override
    public boolean deletePart(final String name, final int maxBytes)
    {
        final Path path = directory.resolve(name);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE))
        {
            final long length = channel.size();
            if (length > maxBytes)
            {
                channel.truncate(length - maxBytes);
                channel.force(true);
                return false;
            }
            Files.delete(path);
            // Its last blocks are free once this is done, as those before it were.
            channel.force(true);
            return true;
        }
        catch (final IOException ex)
        {
            throw failure("delete", path, ex);
        }
    }

    @Override
    public void forceDirectory()
    {
        try
        {
            directoryChannel.force(true);
        }
        catch (final IOException ex)
        {
            throw failure("force", directory, ex);
        }
    }

    /** The exception for a failed operation: a full disk is told from everything else. */
    static StorageException failure(final String operation, final Path path, final IOException cause)
    {
        final String message = "cannot " + operation + " " + path + ": " + cause.getMessage();
        return isFull(path, String.valueOf(cause.getMessage())) ?
            new StorageFullException(message, cause) : new StorageException(message, cause);
    }

    /** Java gives no error number, and the system's words may be in any language: so ask for the room as well. */
    private static boolean isFull(final Path path, final String reason)
    {
        if (reason.contains("No space left on device") || reason.contains("Disk quota exceeded"))
        {
            return true;
        }
        try
        {
            return Files.getFileStore(path.toAbsolutePath().getParent()).getUsableSpace() < MappedFile.PAGE_LENGTH;
        }
        catch (final IOException ex)
        {
            return false;
        }
    }

    @Override
    public void close()
    {
        try
        {
            lock.release();
        }
        catch (final IOException ex)
        {
            LangUtil.rethrowUnchecked(ex);
        }
        finally
        {
            CloseHelper.quietCloseAll(lockChannel, directoryChannel);
        }
    }
}
