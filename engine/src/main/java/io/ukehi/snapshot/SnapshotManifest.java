package io.ukehi.snapshot;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Crc32c;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What a snapshot contains, and how it is known to be whole: the content of its manifest file, and of the offer that is
 * sent before its chunks. Replicas that take a snapshot of one index make the same manifest, bit for bit.
 * <pre>
 *   0       4       8       12      16              24      28      32              40              48
 *  +-------+-------+-------+-------+---------------+-------+-------+---------------+---------------+
 *  | magic | CRC32C|version|length | cluster  i64  | group |chunk  |   index  i64  |   term  i64   |
 *  |       |       |   1   |       |               |       |length |               |               |
 *  +-------+-------+-------+-------+---------------+-------+-------+---------------+---------------+
 *   48              56              64              72      76      80      84      88      96
 *  +---------------+---------------+---------------+-------+-------+-------+-------+-------+-------+-----------+
 *  |  token  i64   |cluster time ns|  digest  i64  | frame |chunks |content|members|    zeros      |  members  |
 *  |               |      i64      |               | CRC32C|       | CRC32C|length |               |           |
 *  +-------+-------+-------+-------+---------------+-------+-------+-------+-------+-------+-------+-----------+
 * </pre>
 * Little-endian. The CRC32C at 4 covers everything from 8 to {@code length}. The content's CRC32C is that of the
 * CRC32C fields of all chunks, in order. The frame's CRC32C is that of the log's last entry in the snapshot, to which
 * the next one is chained.
 *
 * @param clusterId     of the cluster.
 * @param groupId       of the group in it.
 * @param chunkLength   bytes from one chunk to the next: see {@link SnapshotChunk}.
 * @param index         of the last entry that the state contains.
 * @param term          of that entry.
 * @param token         fencing token of that entry.
 * @param clusterTimeNs of that entry, nanoseconds since the epoch.
 * @param stateDigest   of the state machine, 0 if it offers none.
 * @param frameCrc      CRC32C of that entry's frame.
 * @param chunkCount    1 or more.
 * @param contentCrc    of all chunks.
 * @param members       the membership configuration in force, opaque here.
 */
public record SnapshotManifest(
    long clusterId,
    int groupId,
    int chunkLength,
    long index,
    long term,
    long token,
    long clusterTimeNs,
    long stateDigest,
    int frameCrc,
    int chunkCount,
    int contentCrc,
    byte[] members)
{
    /** Longest membership configuration in bytes. */
    public static final int MAX_MEMBERS_LENGTH = 8096;

    /** Longest manifest in bytes. */
    public static final int MAX_LENGTH = 96 + MAX_MEMBERS_LENGTH;

    static final int FILE_LENGTH = 8192;

    /** "UKSN". */
    private static final int MAGIC = 0x4E534B55;
    private static final int VERSION = 1;
    private static final int CRC_OFFSET = 4;
    private static final int VERSION_OFFSET = 8;
    private static final int LENGTH_OFFSET = 12;
    private static final int CLUSTER_OFFSET = 16;
    private static final int GROUP_OFFSET = 24;
    private static final int CHUNK_LENGTH_OFFSET = 28;
    private static final int INDEX_OFFSET = 32;
    private static final int TERM_OFFSET = 40;
    private static final int TOKEN_OFFSET = 48;
    private static final int TIME_OFFSET = 56;
    private static final int DIGEST_OFFSET = 64;
    private static final int FRAME_CRC_OFFSET = 72;
    private static final int CHUNK_COUNT_OFFSET = 76;
    private static final int CONTENT_CRC_OFFSET = 80;
    private static final int MEMBERS_LENGTH_OFFSET = 84;
    private static final int MEMBERS_OFFSET = 96;

    /** The same with its content's sums. */
    public SnapshotManifest withContent(final int newChunkCount, final int newContentCrc)
    {
        return new SnapshotManifest(
            clusterId, groupId, chunkLength, index, term, token, clusterTimeNs, stateDigest, frameCrc,
            newChunkCount, newContentCrc, members);
    }

    /** Bytes of {@link #encode}. */
    public int length()
    {
        return MEMBERS_OFFSET + members.length;
    }

    /** Bytes of all chunks, headers and unused room included. */
    public long contentLength()
    {
        return (long)chunkCount * chunkLength;
    }

    /** Whether both are of one snapshot: then their chunks are the same, bit for bit. */
    public boolean isSame(final SnapshotManifest other)
    {
        return index == other.index && term == other.term && contentCrc == other.contentCrc &&
            chunkCount == other.chunkCount && chunkLength == other.chunkLength && stateDigest == other.stateDigest;
    }

    /** Puts the manifest into a buffer; returns its length in bytes. */
    public int encode(final MutableDirectBuffer buffer, final int offset)
    {
        buffer.setMemory(offset, MEMBERS_OFFSET, (byte)0);
        buffer.putInt(offset, MAGIC, LITTLE_ENDIAN);
        buffer.putInt(offset + VERSION_OFFSET, VERSION, LITTLE_ENDIAN);
        buffer.putInt(offset + LENGTH_OFFSET, length(), LITTLE_ENDIAN);
        buffer.putLong(offset + CLUSTER_OFFSET, clusterId, LITTLE_ENDIAN);
        buffer.putInt(offset + GROUP_OFFSET, groupId, LITTLE_ENDIAN);
        buffer.putInt(offset + CHUNK_LENGTH_OFFSET, chunkLength, LITTLE_ENDIAN);
        buffer.putLong(offset + INDEX_OFFSET, index, LITTLE_ENDIAN);
        buffer.putLong(offset + TERM_OFFSET, term, LITTLE_ENDIAN);
        buffer.putLong(offset + TOKEN_OFFSET, token, LITTLE_ENDIAN);
        buffer.putLong(offset + TIME_OFFSET, clusterTimeNs, LITTLE_ENDIAN);
        buffer.putLong(offset + DIGEST_OFFSET, stateDigest, LITTLE_ENDIAN);
        buffer.putInt(offset + FRAME_CRC_OFFSET, frameCrc, LITTLE_ENDIAN);
        buffer.putInt(offset + CHUNK_COUNT_OFFSET, chunkCount, LITTLE_ENDIAN);
        buffer.putInt(offset + CONTENT_CRC_OFFSET, contentCrc, LITTLE_ENDIAN);
        buffer.putInt(offset + MEMBERS_LENGTH_OFFSET, members.length, LITTLE_ENDIAN);
        buffer.putBytes(offset + MEMBERS_OFFSET, members);
        buffer.putInt(offset + CRC_OFFSET, computeCrc(buffer, offset, length()), LITTLE_ENDIAN);
        return length();
    }

    /**
     * Reads a manifest.
     *
     * @param length bytes that are there; more than the manifest has is well.
     * @return null if the bytes are not a sound one.
     */
    public static SnapshotManifest decode(final DirectBuffer buffer, final int offset, final int length)
    {
        if (length < MEMBERS_OFFSET || MAGIC != buffer.getInt(offset, LITTLE_ENDIAN) ||
            VERSION != buffer.getInt(offset + VERSION_OFFSET, LITTLE_ENDIAN))
        {
            return null;
        }
        final int own = buffer.getInt(offset + LENGTH_OFFSET, LITTLE_ENDIAN);
        final int membersLength = buffer.getInt(offset + MEMBERS_LENGTH_OFFSET, LITTLE_ENDIAN);
        if (own < MEMBERS_OFFSET || own > Math.min(length, MAX_LENGTH) || membersLength != own - MEMBERS_OFFSET ||
            computeCrc(buffer, offset, own) != buffer.getInt(offset + CRC_OFFSET, LITTLE_ENDIAN))
        {
            return null;
        }
        final byte[] members = new byte[membersLength];
        buffer.getBytes(offset + MEMBERS_OFFSET, members);
        final SnapshotManifest manifest = new SnapshotManifest(
            buffer.getLong(offset + CLUSTER_OFFSET, LITTLE_ENDIAN),
            buffer.getInt(offset + GROUP_OFFSET, LITTLE_ENDIAN),
            buffer.getInt(offset + CHUNK_LENGTH_OFFSET, LITTLE_ENDIAN),
            buffer.getLong(offset + INDEX_OFFSET, LITTLE_ENDIAN),
            buffer.getLong(offset + TERM_OFFSET, LITTLE_ENDIAN),
            buffer.getLong(offset + TOKEN_OFFSET, LITTLE_ENDIAN),
            buffer.getLong(offset + TIME_OFFSET, LITTLE_ENDIAN),
            buffer.getLong(offset + DIGEST_OFFSET, LITTLE_ENDIAN),
            buffer.getInt(offset + FRAME_CRC_OFFSET, LITTLE_ENDIAN),
            buffer.getInt(offset + CHUNK_COUNT_OFFSET, LITTLE_ENDIAN),
            buffer.getInt(offset + CONTENT_CRC_OFFSET, LITTLE_ENDIAN),
            members);
        return manifest.isPossible() ? manifest : null;
    }

    private boolean isPossible()
    {
        return index > 0 && term > 0 && chunkCount > 0 && SnapshotChunk.isPossibleLength(chunkLength);
    }

    private static int computeCrc(final DirectBuffer buffer, final int offset, final int length)
    {
        return new Crc32c().compute(buffer, offset + VERSION_OFFSET, length - VERSION_OFFSET);
    }
}
