package io.ukehi.log;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Crc32c;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Whose data directory this is: cluster, group, member and the id of its log. Written once, when the directory is first
 * used.
 * <pre>
 *   0       4       8               16              24      28      32
 *  +-------+-------+---------------+---------------+-------+-------+
 *  | magic | CRC32C| cluster  i64  |  log id  i64  | group |member |   zeros up to 4096
 *  +-------+-------+---------------+---------------+-------+-------+
 * </pre>
 * The CRC32C covers the file behind itself. Member 0: a converted log, which belongs to whoever starts on it first.
 */
public final class IdentityFile
{
    /** Name in the data directory. */
    public static final String FILE_NAME = "identity";

    /** Instead of a member: a log that was converted, and belongs to whoever starts on it first. */
    static final int UNCLAIMED = 0;

    private static final String NEW_FILE_NAME = "identity.new";
    private static final int FILE_LENGTH = 4096;
    /** "UKID". */
    private static final int MAGIC = 0x44494B55;
    private static final int CRC_OFFSET = 4;
    private static final int CLUSTER_OFFSET = 8;
    private static final int LOG_OFFSET = 16;
    private static final int GROUP_OFFSET = 24;
    private static final int MEMBER_OFFSET = 28;

    private IdentityFile()
    {
    }

    /**
     * Checks that the directory belongs to a member, or makes it so if it is empty, or holds nothing but a log of the
     * earlier implementation, which keeps no identity.
     *
     * @param newLogId id of the log, if it is a new one; not 0.
     * @return the id of the log.
     * @throws StorageException if it belongs to somebody else, or is damaged.
     */
    public static long claim(
        final Storage storage, final long clusterId, final int groupId, final int memberId, final long newLogId)
    {
        boolean exists = false;
        boolean hasLog = false;
        boolean hasVote = false;
        for (final String name : storage.list())
        {
            exists |= FILE_NAME.equals(name);
            hasLog |= LogSegment.sequenceOf(name) >= 0;
            hasVote |= HardStateFile.FILE_NAME.equals(name);
            if (NEW_FILE_NAME.equals(name))
            {
                storage.delete(name);
            }
        }
        if (!exists)
        {
            if (hasVote || (hasLog && !OlderLogs.isIn(storage)))
            {
                throw new StorageException("the data directory holds a log, but its file \"" + FILE_NAME +
                    "\" is missing: it cannot be told whose log it is");
            }
            write(storage, clusterId, groupId, memberId, newLogId);
            return newLogId;
        }
        final WalReport.Identity found = read(storage);
        if (null == found)
        {
            throw new StorageException("the file \"" + FILE_NAME + "\" of the data directory is damaged");
        }
        if (UNCLAIMED == found.memberId())
        {
            write(storage, clusterId, groupId, memberId, found.logId());
        }
        else if (found.clusterId() != clusterId || found.groupId() != groupId || found.memberId() != memberId)
        {
            throw new StorageException("the data directory belongs to member " + found.memberId() + " of group " +
                found.groupId() + " of cluster " + found.clusterId() + ", not to member " + memberId +
                " of group " + groupId + " of cluster " + clusterId);
        }
        // Its name may be left by a process that died before it was durable.
        storage.forceDirectory();
        return found.logId();
    }

    static void write(
        final Storage storage, final long clusterId, final int groupId, final int memberId, final long logId)
    {
        final StorageFile file = storage.create(NEW_FILE_NAME, FILE_LENGTH, Storage.Mapping.PRIVATE);
        file.allocate(FILE_LENGTH);
        final UnsafeBuffer buffer = file.buffer();
        buffer.putInt(0, MAGIC, LITTLE_ENDIAN);
        buffer.putLong(CLUSTER_OFFSET, clusterId, LITTLE_ENDIAN);
        buffer.putLong(LOG_OFFSET, logId, LITTLE_ENDIAN);
        buffer.putInt(GROUP_OFFSET, groupId, LITTLE_ENDIAN);
        buffer.putInt(MEMBER_OFFSET, memberId, LITTLE_ENDIAN);
        buffer.putInt(CRC_OFFSET, computeCrc(buffer), LITTLE_ENDIAN);
        file.write(0, FILE_LENGTH);
        file.force();
        file.close();
        storage.rename(NEW_FILE_NAME, FILE_NAME);
        storage.forceDirectory();
    }

    private static int computeCrc(final UnsafeBuffer buffer)
    {
        return new Crc32c().compute(buffer, CLUSTER_OFFSET, FILE_LENGTH - CLUSTER_OFFSET);
    }

    /** What the file says; null if it is damaged. */
    private static WalReport.Identity read(final Storage storage)
    {
        try (StorageFile file = storage.open(FILE_NAME, Storage.Mapping.READ_ONLY))
        {
            final UnsafeBuffer buffer = file.buffer();
            if (FILE_LENGTH != file.length() || MAGIC != buffer.getInt(0, LITTLE_ENDIAN) ||
                computeCrc(buffer) != buffer.getInt(CRC_OFFSET, LITTLE_ENDIAN))
            {
                return null;
            }
            return new WalReport.Identity(
                buffer.getLong(CLUSTER_OFFSET, LITTLE_ENDIAN),
                buffer.getInt(GROUP_OFFSET, LITTLE_ENDIAN),
                buffer.getInt(MEMBER_OFFSET, LITTLE_ENDIAN),
                buffer.getLong(LOG_OFFSET, LITTLE_ENDIAN));
        }
    }

    /**
     * Says whose a directory is, without changing anything.
     *
     * @param faults to which is added what is not sound.
     * @return null if there is no sound file.
     */
    static WalReport.Identity inspect(final Storage storage, final List<WalFault> faults)
    {
        if (!List.of(storage.list()).contains(FILE_NAME))
        {
            return null;
        }
        final WalReport.Identity found = read(storage);
        if (null == found)
        {
            faults.add(WalFault.of(RecoveryCase.BAD_IDENTITY, FILE_NAME, 0, 0, "its checksum does not hold"));
        }
        return found;
    }
}
