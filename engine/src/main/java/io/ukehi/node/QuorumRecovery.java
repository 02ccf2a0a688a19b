package io.ukehi.node;

import io.ukehi.fencing.FencingToken;
import io.ukehi.Invariant;
import io.ukehi.log.DoubtFile;
import io.ukehi.log.Durability;
import io.ukehi.log.FileStorage;
import io.ukehi.log.HardStateFile;
import io.ukehi.log.IdentityFile;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import io.ukehi.log.StorageException;
import io.ukehi.log.WalReport;
import io.ukehi.raft.Configuration;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.EntryType;
import io.ukehi.raft.RaftLog;
import io.ukehi.snapshot.SnapshotConfig;
import io.ukehi.snapshot.SnapshotStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Goes on with one member where the majority of the others is gone for good: makes it the only voter of a new
 * incarnation of the cluster, which those who are lost do not belong to. On the data directory of a member that is not
 * running. What only the lost had acknowledged is lost.
 * <p>
 * In an order in which a crash between two steps leaves a directory on which this can be done again, and never one that
 * the lost still listen to: first the incarnation, then the doubt, then the next term with this member's vote, last the
 * configuration, as an entry of that term.
 */
public final class QuorumRecovery
{
    private static final int SCAN_LENGTH = 1024 * 1024;

    private QuorumRecovery()
    {
    }

    /**
     * What was done.
     *
     * @param incarnation of the cluster.
     * @param before      who the members were.
     * @param index       of the configuration that makes this member the only voter.
     * @param term        of it.
     */
    public record Result(long incarnation, Configuration before, long index, long term)
    {
    }

    /**
     * Does it.
     *
     * @param directory of the data, in which {@code storage} is open.
     * @param storage   of the data.
     * @param owner     whose directory it is.
     * @throws StorageException if the directory does not say who the members are, or it cannot be written.
     */
    public static Result recover(final Path directory, final FileStorage storage, final WalReport.Identity owner)
    {
        final LogConfig config = new LogConfig()
            .durability(Durability.EVERY).hasPeers(true).bootId(BootId.read()).logId(owner.logId());
        try (HardStateFile hardState = HardStateFile.open(storage);
            SegmentedLog log = SegmentedLog.open(storage, config, SystemNanoClock.INSTANCE))
        {
            final Configuration before = newest(directory, owner, new SegmentedRaftLog(log));
            final long incarnation = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
            IdentityFile.incarnation(storage, incarnation);
            try (DoubtFile doubt = DoubtFile.open(storage))
            {
                doubt.clear();
            }
            final long term = Math.max(hardState.term(), log.lastTerm()) + 1;
            hardState.store(term, owner.memberId());
            return new Result(incarnation, before, append(log, term, alone(before, owner)), term);
        }
    }

    private static Configuration alone(final Configuration before, final WalReport.Identity owner)
    {
        final int id = owner.memberId();
        return Configuration.NONE.plusVoter(id, before.endpoint(id)).withLogId(id, owner.logId());
    }

    /** The newest configuration of the log, or of the snapshot that it follows. */
    private static Configuration newest(final Path directory, final WalReport.Identity owner, final RaftLog log)
    {
        Configuration newest = ofSnapshot(directory, owner);
        final EntryCursor entries = log.newCursor();
        long index = log.firstIndex();
        while (index <= log.lastIndex())
        {
            if (log.read(index, log.lastIndex(), SCAN_LENGTH, entries) <= 0)
            {
                throw new StorageException("entry " + index + " of the log cannot be read");
            }
            index += entries.count();
            while (entries.next())
            {
                newest = EntryType.CONFIGURATION == entries.type() ? Configuration.decode(
                    entries.buffer(), entries.payloadOffset(), entries.payloadLength()) : newest;
            }
        }
        if (null == newest || !newest.isMember(owner.memberId()))
        {
            throw new StorageException("neither log nor snapshot say that member " + owner.memberId() +
                " is one of the members: it has never been reached by a leader");
        }
        return newest;
    }

    private static Configuration ofSnapshot(final Path directory, final WalReport.Identity owner)
    {
        final Path path = directory.resolve(NodeParts.SNAPSHOT_DIRECTORY);
        if (!Files.isDirectory(path))
        {
            return null;
        }
        try (FileStorage storage = FileStorage.open(path))
        {
            final SnapshotStore store = SnapshotStore.open(storage, new SnapshotConfig(
                owner.clusterId(), owner.groupId(), SnapshotConfig.CHUNK_LENGTH_DEFAULT,
                SnapshotConfig.RETENTION_DEFAULT));
            final byte[] members = null == store.newest() ? null : store.newest().members();
            return null == members ? null : Configuration.decode(new UnsafeBuffer(members), 0, members.length);
        }
    }

    private static long append(final SegmentedLog log, final long term, final Configuration configuration)
    {
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[configuration.encodedLength()]);
        configuration.encode(payload, 0);
        long index;
        do
        {
            index = log.append(EntryType.CONFIGURATION, term, FencingToken.of(term, 1), log.lastClusterTimeNs(),
                payload, 0, payload.capacity());
        }
        while (RaftLog.BACK_PRESSURED == index && log.flusher().doWork() > 0);
        if (index < 0)
        {
            throw new StorageException("there is no room for an entry in the log: " + index);
        }
        do
        {
            log.flush();
        }
        while (log.flusher().doWork() > 0);
        Invariant.check(log.durableIndex() == index, "what was forced is durable", index, log.durableIndex());
        return index;
    }
}
