package io.ukehi.log;

import io.ukehi.sim.SimDisk;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Directories that the earlier implementation wrote, and what a reader must yield of them. */
final class OlderFixtures
{
    static final String[] NAMES = {"v1", "v2", "v1-then-v2"};

    private OlderFixtures()
    {
    }

    static Path directory(final String name)
    {
        return resource(name);
    }

    static List<String> entries(final String name)
    {
        try
        {
            return Files.readAllLines(resource(name + ".entries.txt"));
        }
        catch (final IOException ex)
        {
            throw new IllegalStateException(ex);
        }
    }

    static SimDisk disk(final String name)
    {
        final SimDisk disk = new SimDisk();
        try (Stream<Path> files = Files.list(directory(name)))
        {
            for (final Path file : files.sorted().toList())
            {
                disk.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        catch (final IOException ex)
        {
            throw new IllegalStateException(ex);
        }
        return disk;
    }

    /** What a reader yields up to its end, in the form of the lists. */
    static List<String> read(final WalReader reader)
    {
        final List<String> lines = new ArrayList<>();
        while (reader.next())
        {
            final WalEntry entry = reader.entry();
            lines.add(String.format("%d %d 0x%x %d %08x",
                entry.index(), entry.term(), entry.token(), entry.payload().capacity(), entry.payloadCrc()));
        }
        return lines;
    }

    private static Path resource(final String name)
    {
        try
        {
            return Path.of(OlderFixtures.class.getResource("/wal/" + name).toURI());
        }
        catch (final URISyntaxException ex)
        {
            throw new IllegalStateException(ex);
        }
    }
}
