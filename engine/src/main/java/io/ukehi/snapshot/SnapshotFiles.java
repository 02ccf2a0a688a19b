package io.ukehi.snapshot;

import java.util.Locale;

/**
 * Names of a snapshot's files, and which chunk lies in which.
 * <p>
 * The chunks lie in parts, so that a small snapshot takes little room, and no more of a large one is mapped than is
 * being worked on. Part 0 holds {@value #FIRST_PART_CHUNKS} chunk, each that follows as many as all before it together,
 * but never more than {@value #MAX_PART_LENGTH} bytes.
 */
final class SnapshotFiles
{
    /** Ends the name of a manifest that makes a snapshot one. */
    static final String MANIFEST = ".manifest";

    /** Ends the name of the manifest of a snapshot that is being received. */
    static final String OFFER = ".offer";

    /** Ends the name of a manifest that is being written. */
    static final String NEW = ".new";

    static final String PART = ".part-";

    private static final String PREFIX = "snapshot-";
    private static final int FIRST_PART_CHUNKS = 1;
    private static final int MAX_PART_LENGTH = 16 * 1024 * 1024;

    private SnapshotFiles()
    {
    }

    static String stem(final long index, final long term)
    {
        return String.format(Locale.ROOT, "%s%019d-%010d", PREFIX, index, term);
    }

    static String part(final String stem, final int number)
    {
        return String.format(Locale.ROOT, "%s%s%05d", stem, PART, number);
    }

    static boolean isOurs(final String name)
    {
        return name.startsWith(PREFIX);
    }

    /** What comes before the ending. */
    static String stemOf(final String name)
    {
        final int end = name.indexOf('.');
        return end < 0 ? name : name.substring(0, end);
    }

    /** Chunks in a part of the greatest length. */
    private static int maxChunks(final int chunkLength)
    {
        return Math.max(1, Integer.highestOneBit(MAX_PART_LENGTH / chunkLength));
    }

    /** Number of chunks in a part. */
    static int chunksIn(final int part, final int chunkLength)
    {
        final int max = maxChunks(chunkLength);
        if (part <= 1)
        {
            return FIRST_PART_CHUNKS;
        }
        return part - 1 >= 31 - Integer.numberOfLeadingZeros(max) ? max : 1 << part - 1;
    }

    /** Number of the first chunk in a part. */
    static int firstChunkOf(final int part, final int chunkLength)
    {
        if (0 == part)
        {
            return 0;
        }
        final int shift = 31 - Integer.numberOfLeadingZeros(maxChunks(chunkLength));
        return part - 1 <= shift ? 1 << part - 1 : (1 << shift) + (part - 1 - shift << shift);
    }

    /** The part in which a chunk lies. */
    static int partOf(final int chunk, final int chunkLength)
    {
        if (0 == chunk)
        {
            return 0;
        }
        final int shift = 31 - Integer.numberOfLeadingZeros(maxChunks(chunkLength));
        final int log = 31 - Integer.numberOfLeadingZeros(chunk);
        return log < shift ? log + 1 : (chunk - (1 << shift) >> shift) + shift + 1;
    }
}
