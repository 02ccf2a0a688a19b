package io.ukehi.log;

import org.agrona.BitUtil;

/** Settings of a {@link SegmentedLog}. Fluent; {@link #conclude()} checks them as a whole. */
public final class LogConfig
{
    /** Default length of a segment: 64 MiB. */
    public static final int SEGMENT_LENGTH_DEFAULT = 64 * 1024 * 1024;

    /** Default bound on a payload: 1 MiB. */
    public static final int MAX_PAYLOAD_LENGTH_DEFAULT = 1024 * 1024;

    /** Default bound on the scrub: 4 MiB a second. */
    public static final long SCRUB_BYTES_PER_SECOND_DEFAULT = 4 * 1024 * 1024;

    private int segmentLength = SEGMENT_LENGTH_DEFAULT;
    private int maxPayloadLength = MAX_PAYLOAD_LENGTH_DEFAULT;
    private int allocationSliceLength = 512 * 1024;
    private Durability durability = Durability.BATCH;
    private long scrubBytesPerSecond = SCRUB_BYTES_PER_SECOND_DEFAULT;
    private CorruptionPolicy corruptionPolicy = CorruptionPolicy.REFUSE_START;
    private boolean hasPeers = true;
    private long bootId;
    private long logId;

    /** Length of a segment file in bytes; a multiple of 4096 that holds an entry of {@link #maxPayloadLength()}. */
    public LogConfig segmentLength(final int bytes)
    {
        segmentLength = bytes;
        return this;
    }

    public int segmentLength()
    {
        return segmentLength;
    }

    /** Longest payload of an entry in bytes. */
    public LogConfig maxPayloadLength(final int bytes)
    {
        maxPayloadLength = bytes;
        return this;
    }

    public int maxPayloadLength()
    {
        return maxPayloadLength;
    }

    /** How much of the next segment is allocated between two forces, in bytes. */
    public LogConfig allocationSliceLength(final int bytes)
    {
        allocationSliceLength = bytes;
        return this;
    }

    public int allocationSliceLength()
    {
        return allocationSliceLength;
    }

    public LogConfig durability(final Durability level)
    {
        durability = level;
        return this;
    }

    public Durability durability()
    {
        return durability;
    }

    /** How much of the sealed segments is read again a second, to find damage early; 0 for none. */
    public LogConfig scrubBytesPerSecond(final long bytes)
    {
        scrubBytesPerSecond = bytes;
        return this;
    }

    public long scrubBytesPerSecond()
    {
        return scrubBytesPerSecond;
    }

    /**
     * What becomes of damage that is found when the log is opened. A log alone knows nobody to repair it from: refused
     * by default.
     */
    public LogConfig corruptionPolicy(final CorruptionPolicy policy)
    {
        corruptionPolicy = policy;
        return this;
    }

    public CorruptionPolicy corruptionPolicy()
    {
        return corruptionPolicy;
    }

    /** Whether other members hold this log too. Without them damage is refused, whatever the policy. */
    public LogConfig hasPeers(final boolean value)
    {
        hasPeers = value;
        return this;
    }

    public boolean hasPeers()
    {
        return hasPeers;
    }

    /** A number that changes when the machine starts anew, 0 if unknown. */
    public LogConfig bootId(final long id)
    {
        bootId = id;
        return this;
    }

    public long bootId()
    {
        return bootId;
    }

    /** A number that tells this log from every other one; all of its segments carry it. */
    public LogConfig logId(final long id)
    {
        logId = id;
        return this;
    }

    public long logId()
    {
        return logId;
    }

    Storage.Mapping writableMapping()
    {
        return Durability.ASYNC == durability ? Storage.Mapping.SHARED : Storage.Mapping.PRIVATE;
    }

    /** What every durable mark says of the level. */
    int markFlags()
    {
        return Durability.ASYNC == durability ? DurableMark.UNFORCED : 0;
    }

    /**
     * Checks the settings.
     *
     * @return this.
     * @throws IllegalArgumentException naming the first that is wrong.
     */
    public LogConfig conclude()
    {
        require(maxPayloadLength >= 0, "maxPayloadLength must not be negative", maxPayloadLength);
        require(segmentLength > 0 && BitUtil.isAligned(segmentLength, SegmentHeader.LENGTH),
            "segmentLength must be a multiple of 4096", segmentLength);
        require((long)segmentLength >= SegmentHeader.LENGTH + (long)EntryFrame.HEADER_LENGTH + maxPayloadLength + 8,
            "segmentLength must hold a header and an entry of maxPayloadLength", segmentLength);
        require(allocationSliceLength > 0, "allocationSliceLength must be greater than 0", allocationSliceLength);
        require(scrubBytesPerSecond >= 0, "scrubBytesPerSecond must not be negative", scrubBytesPerSecond);
        require(null != durability, "durability must be set", 0);
        require(null != corruptionPolicy, "corruptionPolicy must be set", 0);
        return this;
    }

    private static void require(final boolean holds, final String rule, final long value)
    {
        if (!holds)
        {
            throw new IllegalArgumentException(rule + ": " + value);
        }
    }
}
