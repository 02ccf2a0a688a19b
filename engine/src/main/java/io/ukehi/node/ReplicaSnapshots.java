package io.ukehi.node;

import io.ukehi.Invariant;
import io.ukehi.raft.Configuration;
import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.Role;
import io.ukehi.RateLimit;
import io.ukehi.snapshot.SnapshotException;
import io.ukehi.snapshot.SnapshotInput;
import io.ukehi.snapshot.SnapshotManifest;
import io.ukehi.snapshot.SnapshotOutput;
import io.ukehi.snapshot.SnapshotStore;
import io.ukehi.statemachine.CommandApplier;
import io.ukehi.statemachine.SnapshotLoader;
import io.ukehi.statemachine.SnapshotTask;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;

/**
 * A replica's snapshots: when one is taken, the writing of a frozen state slice by slice while the replica goes on,
 * what of the log is given up below one that is durable, and the loading of one at the start.
 * <p>
 * Order is everything here: the log is given up only below a snapshot that is durable, and a state counts as restored
 * only with the index, term, token and time that lie in one record with it.
 * <p>
 * Duty-cycle thread. A cycle without a snapshot costs a few comparisons and allocates nothing.
 */
final class ReplicaSnapshots
{
    /** Snapshots that a leader leaves out, whose clients would wait for each, before it gives leadership away. */
    private static final int SPARED = 8;

    /** No cycle is begun for less: to find the place again costs more. */
    private static final int MIN_SLICE_LENGTH = 4 * 1024;

    /** Bytes of state read back in one cycle; nothing else is done meanwhile. */
    private static final int LOAD_LENGTH = 256 * 1024;

    /** Slices that may follow one another without a pause. */
    private static final int BURST_SLICES = 4;

    /** The table of sessions goes in pieces of so many bytes. */
    private static final int PIECE_LENGTH = 16 * 1024;

    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final SnapshotStore store;
    private final SnapshotPolicy policy;
    private final RaftLog log;
    private final CommandApplier applier;
    private final SnapshotSchedule schedule;
    private final RateLimit rate;
    private boolean isOffered = true;
    private boolean isAsked;
    private long diskFullCount;
    private int sparedCount;
    private long sparedIndex;

    // Of the snapshot being taken.
    private SnapshotOutput output;
    private RecordWriter writer;
    private SnapshotTask task;
    private SnapshotManifest frozen;
    private final ExpandableArrayBuffer sessions = new ExpandableArrayBuffer();
    private int sessionsLength;
    private int sessionsWritten;
    private boolean isStateWritten;
    private long turnNs;

    private final SnapshotExchange exchange;

    // Of the snapshot being loaded.
    private SnapshotInput input;
    private RecordReader reader;
    private SnapshotLoader loader;

    ReplicaSnapshots(
        final SnapshotStore store,
        final SnapshotPolicy policy,
        final int memberId,
        final RaftLog log,
        final CommandApplier applier)
    {
        this.store = store;
        this.policy = policy;
        this.log = log;
        this.applier = applier;
        this.schedule = new SnapshotSchedule(policy, memberId);
        this.rate = new RateLimit(policy.bytesPerSecond(), BURST_SLICES * (long)policy.sliceLength());
        this.exchange = new SnapshotExchange(store, log, this);
    }

    /** Sends and receives snapshots for the rules. */
    SnapshotExchange exchange()
    {
        return exchange;
    }

    /** Whether a received snapshot may take the place of the state at this moment. */
    boolean canInstall()
    {
        return !isLoading();
    }

    /** A snapshot is offered, so that what is being taken here will not be needed: it is given up. True if one was. */
    boolean giveWay()
    {
        if (null != task)
        {
            output.abandon();
            endTask();
        }
        return null != output;
    }

    /** A received snapshot is durable, and the log goes on where it ends: the state is loaded from it if it must be. */
    void onInstalled(final SnapshotManifest manifest)
    {
        if (log.firstIndex() > applier.appliedIndex() + 1)
        {
            if (null != task)
            {
                output.abandon();
                endTask();
            }
            beginLoad(manifest);
        }
    }

    /** Begins to load the newest snapshot. False if there is none. */
    boolean beginLoad()
    {
        final SnapshotManifest newest = store.newest();
        if (null != newest)
        {
            beginLoad(newest);
        }
        return null != newest;
    }

    private void beginLoad(final SnapshotManifest manifest)
    {
        input = store.read(manifest, 0);
        Invariant.check(null != input, "there is room for a reader", manifest.index());
        loader = applier.load();
        sessionsLength = 0;
        reader = new RecordReader(input, this::onRecord);
    }

    private void onRecord(final int kind, final DirectBuffer buffer, final int offset, final int length)
    {
        if (RecordWriter.STATE == kind)
        {
            loader.onRecord(buffer, offset, length);
        }
        else if (RecordWriter.SESSIONS == kind)
        {
            sessions.putBytes(sessionsLength, buffer, offset, length);
            sessionsLength += length;
        }
        else
        {
            throw new SnapshotException("the snapshot at index " + input.manifest().index() +
                " has a record of unknown kind " + kind + ": it is of a later version");
        }
    }

    /** Whether the state is being replaced: nothing may be applied. */
    boolean isLoading()
    {
        return null != reader;
    }

    /** Index of the snapshot that is being loaded. */
    long loadingIndex()
    {
        return input.manifest().index();
    }

    /** Loads a slice. Work done. */
    int doLoad(final Raft raft, final long nowNs)
    {
        collect(raft);
        final int chunks = reader.doWork(LOAD_LENGTH);
        if (reader.isEnded())
        {
            final SnapshotManifest loaded = input.manifest();
            loader.onEnd();
            applier.sessions().readFrom(sessions, 0, sessionsLength);
            applier.restore(loaded.index(), loaded.term(), loaded.token(), loaded.clusterTimeNs());
            if (loaded.stateDigest() != applier.stateDigest())
            {
                throw new SnapshotException("the snapshot at index " + loaded.index() + " has digest " +
                    loaded.stateDigest() + ", the state made from it " + applier.stateDigest());
            }
            schedule.onBegun(applier.appliedBytes(), nowNs);
            input.close();
            input = null;
            reader = null;
            loader = null;
            return 1;
        }
        return chunks;
    }

    /** Up to where entries may be applied in this cycle: not past where a snapshot is due. */
    long applyTo(final long commitIndex)
    {
        if (null != task && !applier.isAppliedDuringSnapshot())
        {
            return applier.appliedIndex();
        }
        final long entries = policy.entries();
        return 0 == entries ? commitIndex : Math.min(commitIndex, (applier.appliedIndex() / entries + 1) * entries);
    }

    /** Takes a snapshot as soon as that can be done, whatever the policy says. */
    void request()
    {
        schedule.request();
    }

    /** A cycle's share, after what is committed was applied. Work done. */
    int doWork(final Raft raft, final long nowNs)
    {
        if (collect(raft))
        {
            return 1;
        }
        if (null != task)
        {
            return write(nowNs);
        }
        return null == output && isDue(raft, nowNs) ? begin(raft, nowNs) : 0;
    }

    /** Takes note of what has been written. True if something has. */
    private boolean collect(final Raft raft)
    {
        final SnapshotOutput ended = store.doWork();
        if (null == ended)
        {
            return false;
        }
        if (ended == output)
        {
            onEnded(raft);
        }
        else
        {
            exchange.onEnded(ended);
        }
        return true;
    }

    private boolean isDue(final Raft raft, final long nowNs)
    {
        return isOffered &&
            schedule.isDue(applier.appliedIndex(), applier.appliedBytes(), store.newest(), nowNs) &&
            !isSpared(raft);
    }

    /**
     * A leader whose clients would have to wait takes none as long as others can: it gives leadership away, and takes
     * one as a follower. Only if nobody takes over for as long again does it take one itself.
     */
    private boolean isSpared(final Raft raft)
    {
        if (Role.LEADER != raft.role() || applier.isAppliedDuringSnapshot() ||
            1 == raft.configuration().members().length)
        {
            sparedCount = 0;
            return false;
        }
        if (sparedIndex != applier.appliedIndex())
        {
            sparedIndex = applier.appliedIndex();
            sparedCount++;
            ask();
            if (isOffered && (schedule.isRequested() || SPARED == sparedCount))
            {
                raft.transferLeadership();
            }
        }
        return sparedCount < 2 * SPARED;
    }

    /** Finds out whether the state machine has snapshots at all, before leadership is given away for one. */
    private void ask()
    {
        if (!isAsked)
        {
            isAsked = true;
            final SnapshotTask asked = applier.freeze();
            isOffered = null != asked;
            if (isOffered)
            {
                asked.close();
            }
        }
    }

    private int begin(final Raft raft, final long nowNs)
    {
        final long index = applier.appliedIndex();
        final Configuration members = raft.configurationAt(index);
        output = null == members ? null : store.take(index, applier.appliedTerm());
        if (null == output)
        {
            return 0;
        }
        task = applier.freeze();
        if (null == task)
        {
            schedule.onBegun(applier.appliedBytes(), nowNs);
            isOffered = false;
            output.abandon();
            return 1;
        }
        turnNs = nowNs;
        if (applier.isAppliedDuringSnapshot())
        {
            turnNs += schedule.turnNs(raft, expectedLength());
        }
        schedule.onBegun(applier.appliedBytes(), nowNs);
        rate.begin(turnNs);
        final byte[] encoded = new byte[members.encodedLength()];
        members.encode(new UnsafeBuffer(encoded), 0);
        frozen = new SnapshotManifest(
            store.config().clusterId(), store.config().groupId(), store.config().chunkLength(),
            index, applier.appliedTerm(), applier.appliedToken(), applier.appliedClusterTimeNs(),
            applier.stateDigest(), log.frameCrcAt(index), 1, 0, encoded);
        sessionsLength = applier.sessions().writeTo(sessions, 0);
        sessionsWritten = 0;
        writer = new RecordWriter(output);
        writer.kind(RecordWriter.SESSIONS);
        isStateWritten = false;
        return 1;
    }

    private long expectedLength()
    {
        final long expected = task.expectedLength();
        if (expected > 0)
        {
            return expected;
        }
        // The first one is no longer than the log that its state was made of, most likely.
        return null == store.newest() ? applier.appliedBytes() : store.newest().contentLength();
    }

    private int write(final long nowNs)
    {
        final int slice = sliceLength(nowNs);
        if (0 == slice)
        {
            return 0;
        }
        writer.beginSlice(slice);
        if (sessionsWritten < sessionsLength)
        {
            writeSessions();
        }
        else if (!isStateWritten && task.doWork(writer))
        {
            isStateWritten = true;
            writer.kind(RecordWriter.END);
        }
        final boolean isWritten = isStateWritten && writer.write(NOTHING, 0, 0);
        rate.use(slice - writer.budget());
        if (isWritten)
        {
            writer.end();
            output.finish(frozen::withContent);
            endTask();
        }
        return 1;
    }

    /** Bytes that may be written in this cycle: as fast as can be where commands wait for the last one. */
    private int sliceLength(final long nowNs)
    {
        if (!applier.isAppliedDuringSnapshot())
        {
            return policy.sliceLength();
        }
        final long allowance = nowNs - turnNs < 0 ? 0 : rate.allowance(nowNs);
        return allowance < Math.min(MIN_SLICE_LENGTH, policy.sliceLength()) ?
            0 : (int)Math.min(allowance, policy.sliceLength());
    }

    private void writeSessions()
    {
        int length = Math.min(PIECE_LENGTH, sessionsLength - sessionsWritten);
        while (length > 0 && writer.write(sessions, sessionsWritten, length))
        {
            sessionsWritten += length;
            length = Math.min(PIECE_LENGTH, sessionsLength - sessionsWritten);
        }
        if (0 == length)
        {
            writer.kind(RecordWriter.STATE);
        }
    }

    private void endTask()
    {
        task.close();
        task = null;
        writer = null;
        frozen = null;
    }

    private void onEnded(final Raft raft)
    {
        final SnapshotOutput.Outcome outcome = output.outcome();
        output = null;
        if (null != task)
        {
            endTask();
        }
        if (SnapshotOutput.Outcome.DISK_FULL == outcome)
        {
            diskFullCount++;
        }
        else if (SnapshotOutput.Outcome.DURABLE == outcome)
        {
            final SnapshotManifest taken = store.newest();
            // A state machine without digests is compared by the bytes that it wrote.
            raft.onSnapshotTaken(
                taken.index(), 0 == taken.stateDigest() ? taken.contentCrc() : taken.stateDigest());
            purge(raft);
        }
    }

    /** Gives up the log below the newest snapshot, but for what is kept for those who are behind. */
    private void purge(final Raft raft)
    {
        final long behind = store.newest().index() + 1;
        long keepFrom = behind - policy.tailEntries();
        if (Role.LEADER == raft.role())
        {
            keepFrom = Math.min(keepFrom, Math.max(raft.lowestMatchIndex() + 1, behind - policy.lagEntries()));
            // Who is being sent a snapshot needs what follows it.
            keepFrom = Math.min(keepFrom, raft.lowestSnapshotIndex());
        }
        if (keepFrom > log.firstIndex())
        {
            log.purgeTo(keepFrom);
        }
    }

    /** Index of the newest snapshot that is durable; 0 if there is none. */
    long newestIndex()
    {
        final SnapshotManifest newest = store.newest();
        return null == newest ? 0 : newest.index();
    }

    /** The newest snapshot that is durable; null if there is none. */
    SnapshotManifest newest()
    {
        return store.newest();
    }

    /** Bytes written of the one being taken; -1 if none is. */
    long takenBytes()
    {
        return null == output ? -1 : output.nextChunk() * (long)store.config().chunkLength();
    }

    /** Hundredths of the one being loaded that were read; -1 if none is. */
    int loadedPercent()
    {
        return null == reader ? -1 : (int)(100L * reader.chunk() / input.manifest().chunkCount());
    }

    /** Whether one is being taken. */
    boolean isTaking()
    {
        return null != output;
    }

    /** Snapshots that were given up because the disk was full. */
    long diskFullCount()
    {
        return diskFullCount;
    }

    /** The replica stops: what is under way is given up. */
    void stop()
    {
        if (null != task)
        {
            endTask();
        }
        if (null != output)
        {
            output.abandon();
            output = null;
        }
        if (null != input)
        {
            input.close();
        }
    }
}
