package io.ukehi.log;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Invariant;
import java.util.List;
import org.agrona.MutableDirectBuffer;

/**
 * Whose data directory this is: cluster, group, member and the id of its log. Written when the directory is first
 * used, in two copies: see {@link TwoCopyFile}. Behind its first 16 bytes,
 * <pre>
 *   16              24              32      36      40              48
 *  +---------------+---------------+-------+-------+---------------+-------------------+
 *  | cluster  i64  |  log id  i64  | group |member |incarnation i64| zeros up to 512   |
 *  +---------------+---------------+-------+-------+---------------+-------------------+
 * </pre>
 * Member 0: a converted log, which belongs to whoever starts on it first. The incarnation of a cluster is 0 until its
 * quorum is given up and the cluster goes on without those who are lost, who then belong to another.
 */
public final class IdentityFile
{
    /** Name in the data directory. */
    public static final String FILE_NAME = "identity";

    /** Instead of a member: a log that was converted, and belongs to whoever starts on it first. */
    static final int UNCLAIMED = 0;

    /** "UKID". */
    private static final int MAGIC = 0x44494B55;
    private static final int CLUSTER_OFFSET = TwoCopyFile.BODY_OFFSET;
    private static final int LOG_OFFSET = CLUSTER_OFFSET + Long.BYTES;
    private static final int GROUP_OFFSET = LOG_OFFSET + Long.BYTES;
    private static final int MEMBER_OFFSET = GROUP_OFFSET + Integer.BYTES;
    private static final int INCARNATION_OFFSET = MEMBER_OFFSET + Integer.BYTES;

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
        if (!TwoCopyFile.existsIn(storage, FILE_NAME))
        {
            checkUnused(storage);
            create(storage, clusterId, groupId, memberId, newLogId);
            return newLogId;
        }
        try (TwoCopyFile file = new TwoCopyFile(storage.open(FILE_NAME, Storage.Mapping.PRIVATE), MAGIC))
        {
            if (0 == file.read())
            {
                throw new StorageException("the file \"" + FILE_NAME + "\" of the data directory is damaged: no copy " +
                    "in it is sound");
            }
            final WalReport.Identity found = identity(file);
            checkOwner(found, clusterId, groupId, memberId);
            file.recover();
            if (UNCLAIMED == found.memberId())
            {
                put(file.record(), clusterId, groupId, memberId, found.logId());
                file.store();
            }
            // Its name may be left by a process that died before it was durable.
            storage.forceDirectory();
            return found.logId();
        }
    }

    /** Whether a directory has never been used, by this implementation or the earlier one. */
    public static boolean isNew(final Storage storage)
    {
        boolean isUsed = TwoCopyFile.existsIn(storage, FILE_NAME) || OlderLogs.isIn(storage);
        for (final String name : storage.list())
        {
            isUsed |= LogSegment.sequenceOf(name) >= 0 || HardStateFile.FILE_NAME.equals(name);
        }
        return !isUsed;
    }

    /** Incarnation of the cluster that a directory belongs to. It is claimed already. */
    public static long incarnation(final Storage storage)
    {
        try (TwoCopyFile file = new TwoCopyFile(storage.open(FILE_NAME, Storage.Mapping.READ_ONLY), MAGIC))
        {
            Invariant.check(file.read() > 0, "a directory that is claimed says whose it is");
            return file.record().getLong(INCARNATION_OFFSET, LITTLE_ENDIAN);
        }
    }

    /** The directory belongs to another incarnation of its cluster from now on; durable on return. */
    public static void incarnation(final Storage storage, final long incarnation)
    {
        try (TwoCopyFile file = new TwoCopyFile(storage.open(FILE_NAME, Storage.Mapping.PRIVATE), MAGIC))
        {
            Invariant.check(file.recover(), "a directory that is claimed says whose it is");
            file.record().putLong(INCARNATION_OFFSET, incarnation, LITTLE_ENDIAN);
            file.store();
        }
    }

    /** A directory without the file is a new one, or one of the earlier implementation. */
    private static void checkUnused(final Storage storage)
    {
        boolean hasLog = false;
        boolean hasVote = false;
        for (final String name : storage.list())
        {
            hasLog |= LogSegment.sequenceOf(name) >= 0;
            hasVote |= HardStateFile.FILE_NAME.equals(name);
        }
        if (hasVote || (hasLog && !OlderLogs.isIn(storage)))
        {
            throw new StorageException("the data directory holds a log, but its file \"" + FILE_NAME +
                "\" is missing: it cannot be told whose log it is");
        }
    }

    private static void checkOwner(
        final WalReport.Identity found, final long clusterId, final int groupId, final int memberId)
    {
        if (UNCLAIMED != found.memberId() &&
            (found.clusterId() != clusterId || found.groupId() != groupId || found.memberId() != memberId))
        {
            throw new StorageException("the data directory belongs to member " + found.memberId() + " of group " +
                found.groupId() + " of cluster " + found.clusterId() + ", not to member " + memberId +
                " of group " + groupId + " of cluster " + clusterId);
        }
    }

    static void create(
        final Storage storage, final long clusterId, final int groupId, final int memberId, final long logId)
    {
        TwoCopyFile.create(storage, FILE_NAME, MAGIC, record -> put(record, clusterId, groupId, memberId, logId));
    }

    private static void put(
        final MutableDirectBuffer record,
        final long clusterId,
        final int groupId,
        final int memberId,
        final long logId)
    {
        record.putLong(CLUSTER_OFFSET, clusterId, LITTLE_ENDIAN);
        record.putLong(LOG_OFFSET, logId, LITTLE_ENDIAN);
        record.putInt(GROUP_OFFSET, groupId, LITTLE_ENDIAN);
        record.putInt(MEMBER_OFFSET, memberId, LITTLE_ENDIAN);
    }

    private static WalReport.Identity identity(final TwoCopyFile file)
    {
        return new WalReport.Identity(
            file.record().getLong(CLUSTER_OFFSET, LITTLE_ENDIAN),
            file.record().getInt(GROUP_OFFSET, LITTLE_ENDIAN),
            file.record().getInt(MEMBER_OFFSET, LITTLE_ENDIAN),
            file.record().getLong(LOG_OFFSET, LITTLE_ENDIAN));
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
        try (TwoCopyFile file = new TwoCopyFile(storage.open(FILE_NAME, Storage.Mapping.READ_ONLY), MAGIC))
        {
            final int sound = file.read();
            if (sound < 2)
            {
                faults.add(WalFault.of(RecoveryCase.BAD_IDENTITY, FILE_NAME, file.firstUnsound(), 0,
                    1 == sound ? "the other copy counts; a node that starts writes both anew" :
                        "it cannot be told whose directory this is"));
            }
            if (!file.isRestZero())
            {
                faults.add(WalFault.of(RecoveryCase.BAD_PADDING, FILE_NAME, 2L * SegmentHeader.SECTOR_LENGTH, 0,
                    "behind both copies"));
            }
            return 0 == sound ? null : identity(file);
        }
    }
}
