package io.ukehi.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** A directory whose files can be read and nothing else. Takes no lock and leaves no trace. */
final class ReadOnlyStorage implements Storage
{
    private final Path directory;

    /**
     * On a directory that exists.
     *
     * @throws StorageException if it does not.
     */
    ReadOnlyStorage(final Path directory)
    {
        if (!Files.isDirectory(directory))
        {
            throw new StorageException(directory + " is not a directory");
        }
        this.directory = directory;
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
    public StorageFile open(final String name, final Mapping mapping)
    {
        try
        {
            return MappedFile.open(directory.resolve(name), Mapping.READ_ONLY);
        }
        catch (final IOException ex)
        {
            throw FileStorage.failure("open", directory.resolve(name), ex);
        }
    }

    @Override
    public StorageFile create(final String name, final int length, final Mapping mapping)
    {
        throw refusal();
    }

    @Override
    public void rename(final String from, final String to)
    {
        throw refusal();
    }

    @Override
    public void delete(final String name)
    {
        throw refusal();
    }

    @Override
    public void forceDirectory()
    {
        throw refusal();
    }

    private UnsupportedOperationException refusal()
    {
        return new UnsupportedOperationException(directory + " is open for reading alone");
    }

    @Override
    public void close()
    {
    }
}
