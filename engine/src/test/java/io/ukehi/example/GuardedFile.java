package io.ukehi.example;

import io.ukehi.fencing.FileFencingGuard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file of lines that takes them from whoever holds the newest token, over restarts too. Used by one thread. */
final class GuardedFile implements AutoCloseable
{
    private final FileFencingGuard guard;
    private final FileChannel channel;

    GuardedFile(final Path path) throws IOException
    {
        final Path guardPath = path.resolveSibling(path.getFileName() + ".guard");
        // The first time there is neither. A file whose guard was lost is an error, not a new beginning.
        guard = Files.exists(path) || Files.exists(guardPath) ?
            FileFencingGuard.open(guardPath) : FileFencingGuard.create(guardPath);
        channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** Appends a line; false, and nothing is written, if the token is stale. */
    boolean append(final long token, final String line) throws IOException
    {
        if (!guard.tryAccept(token))
        {
            return false;
        }
        channel.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8)));
        channel.force(false);
        return true;
    }

    @Override
    public void close() throws IOException
    {
        channel.close();
        guard.close();
    }
}
