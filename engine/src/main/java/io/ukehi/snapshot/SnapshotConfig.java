package io.ukehi.snapshot;

/**
 * Settings of a {@link SnapshotStore}.
 *
 * @param clusterId   of the cluster: a snapshot of another one is not taken.
 * @param groupId     of the group in it.
 * @param chunkLength of the snapshots taken here, in bytes: see {@link SnapshotChunk}. The same on all members, or a
 *                    transfer cannot be gone on with by another one.
 * @param retention   snapshots kept, 1 or more.
 */
public record SnapshotConfig(long clusterId, int groupId, int chunkLength, int retention)
{
    /** Default length of a chunk: 32 KiB. */
    public static final int CHUNK_LENGTH_DEFAULT = 32 * 1024;

    /** Snapshots kept by default. */
    public static final int RETENTION_DEFAULT = 3;

    public SnapshotConfig
    {
        if (!SnapshotChunk.isPossibleLength(chunkLength))
        {
            throw new IllegalArgumentException("a chunk has a multiple of 512 bytes up to 1 MiB: " + chunkLength);
        }
        if (retention < 1)
        {
            throw new IllegalArgumentException("at least one snapshot is kept: " + retention);
        }
    }
}
