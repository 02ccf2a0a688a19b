package io.ukehi.sim;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Lives through a seed and keeps of its whole trace, every byte of it, what tells it from any other: SHA-256. */
final class TraceDigest
{
    private final MessageDigest sha;
    private long lines;

    private TraceDigest()
    {
        try
        {
            sha = MessageDigest.getInstance("SHA-256");
        }
        catch (final NoSuchAlgorithmException ex)
        {
            throw new IllegalStateException("every JDK has SHA-256", ex);
        }
    }

    /** Events, lines and digest of a seed, as a line of text; a seed that violates a rule ends where it does so. */
    static String of(final long seed, final long events)
    {
        final TraceDigest trace = new TraceDigest();
        final World world = new World(seed, trace::add);
        String end = "";
        try
        {
            world.run(events);
        }
        catch (final Violation violation)
        {
            end = " " + violation.getMessage();
        }
        return "seed " + seed + ": " + world.events() + " events, " + trace.lines + " lines, digest " +
            Long.toHexString(world.digest()) + ", SHA-256 " + HexFormat.of().formatHex(trace.sha.digest()) + end;
    }

    private void add(final String line)
    {
        lines++;
        sha.update(line.getBytes(StandardCharsets.UTF_8));
        sha.update((byte)'\n');
    }
}
