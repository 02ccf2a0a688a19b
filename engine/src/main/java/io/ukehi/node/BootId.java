package io.ukehi.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** Tells one run of the machine from the next: what an operating system draws anew each time it starts. */
public final class BootId
{
    private static final Path FILE = Path.of("/proc/sys/kernel/random/boot_id");

    private BootId()
    {
    }

    /** A number for the machine's present run; 0 if the system does not tell. */
    public static long read()
    {
        try
        {
            final UUID id = UUID.fromString(Files.readString(FILE).trim());
            return id.getMostSignificantBits() ^ id.getLeastSignificantBits();
        }
        catch (final IOException | IllegalArgumentException ignore)
        {
            // Not Linux, or hidden: then every start counts as one after a machine crash, which is the safe side.
            return 0;
        }
    }
}
