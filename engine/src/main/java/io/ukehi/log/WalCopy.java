package io.ukehi.log;

import io.ukehi.Crc32c;
import io.ukehi.Invariant;
import java.nio.file.Path;
import org.agrona.CloseHelper;

/**
 * Writes what a {@link WalReader} yields into an empty directory as a native log that a node can start on: what
 * {@code ukehi wal convert} and {@code ukehi wal salvage} do. Fluent settings, then {@link #copy(Path, Path)}.
 * <p>
 * Order, so that a node never starts on half a copy: term and vote, log, closed in order, and the identity last,
 * without which a directory that holds a log is refused.
 * <p>
 * <b>Term and vote.</b> Where the source has a sound record, it is kept as it is, raised to the term of the last entry
 * if need be. Where it has none, the member has forgotten how it voted; the copy begins in a term behind the last
 * entry's and {@link #termSeen(long)}, in which it has not voted as far as anybody knows.
 */
public final class WalCopy
{
    private int segmentLength;
    private long termSeen;
    private long newLogId;
    private WalReport.Identity identity;
    private boolean mayLeaveOut;

    /** Length of the copy's segments in bytes; 0, the default, for that of the source, or of a node's default. */
    public WalCopy segmentLength(final int bytes)
    {
        segmentLength = bytes;
        return this;
    }

    /** Highest term that any member has seen, where term and vote are lost; 0, the default, if it is unknown. */
    public WalCopy termSeen(final long term)
    {
        termSeen = term;
        return this;
    }

    /** Id of the new log: random, not 0. The segments of the source cannot be taken for its own. */
    public WalCopy newLogId(final long id)
    {
        newLogId = id;
        return this;
    }

    /** Whose directory the copy is, where the source does not say; null, the default: whoever's starts on it first. */
    public WalCopy owner(final long clusterId, final int groupId, final int memberId)
    {
        identity = new WalReport.Identity(clusterId, groupId, memberId, 0);
        return this;
    }

    /** Whether damage may end the copy before the end of the source, which salvage is for. Default: no. */
    public WalCopy mayLeaveOut(final boolean value)
    {
        mayLeaveOut = value;
        return this;
    }

    /**
     * What was done.
     *
     * @param source   as it was found.
     * @param entries    that were copied.
     * @param term       the copy begins in.
     * @param votedFor   in that term, 0 for nobody.
     * @param isVoteLost whether the source had no sound record of term and vote.
     */
    public record Result(WalReport source, long entries, long term, int votedFor, boolean isVoteLost)
    {
        /** Whether the member may have acknowledged entries that the copy does not hold. */
        public boolean isShort()
        {
            return source.hasHole();
        }
    }

    /**
     * Copies.
     *
     * @param source which no node may be running on.
     * @param target that does not exist, or is empty.
     * @throws StorageException if the source is in use or is damaged where it must not be, or the target holds
     *                          anything, or writing fails; what has been written by then is no use to anybody.
     */
    public Result copy(final Path source, final Path target)
    {
        Invariant.check(0 != newLogId, "a log has an id");
        final WalReport found = WalReader.inspect(source);
        checkSource(source, found);
        try (FileStorage storage = FileStorage.open(target))
        {
            for (final String name : storage.list())
            {
                if (!FileStorage.LOCK_FILE.equals(name))
                {
                    throw new StorageException(target + " holds \"" + name + "\" already: the copy goes into a " +
                        "directory that is empty, or does not exist yet");
                }
            }
            try (WalReader reader = WalReader.open(source))
            {
                return copy(reader, found, storage);
            }
        }
    }

    private void checkSource(final Path source, final WalReport found)
    {
        if (found.segments().isEmpty())
        {
            throw new StorageException(source + " holds no log");
        }
        if (FileStorage.isInUse(source))
        {
            throw new StorageException(source + " is in use by a node: stop it first");
        }
        if (found.hasHole() && !mayLeaveOut)
        {
            throw new StorageException(found.faults().getLast() + ". What is intact before it can be had by " +
                "`ukehi wal salvage DIR TARGET`");
        }
        // Of the earlier implementation nothing but the log is known.
        final boolean hadVote = found.hardState().exists() || null != found.identity() ||
            found.segments().stream().anyMatch(segment -> WalFormat.NATIVE == segment.format());
        if (hadVote && 0 == found.hardState().soundCopies() && 0 == termSeen)
        {
            throw new StorageException("term and vote of " + source + " are lost, so that the member might vote " +
                "twice. Name the highest term that any member has seen, as `ukehi status` prints it: --term-seen TERM");
        }
    }

    private Result copy(final WalReader reader, final WalReport found, final Storage target)
    {
        final boolean isVoteLost = 0 == found.hardState().soundCopies();
        final boolean keepsVote = !isVoteLost && found.hardState().term() >= found.lastTerm();
        final long term = isVoteLost ? firstTerm(found) : Math.max(found.hardState().term(), found.lastTerm());
        final int votedFor = keepsVote ? found.hardState().votedFor() : 0;
        final HardStateFile hardState = HardStateFile.open(target);
        try
        {
            hardState.store(term, votedFor);
        }
        finally
        {
            hardState.close();
        }
        final long entries = copyLog(reader, found, target);
        final WalReport.Identity known = null != found.identity() ? found.identity() : identity;
        IdentityFile.create(target, null == known ? 0 : known.clusterId(), null == known ? 0 : known.groupId(),
            null == known ? IdentityFile.UNCLAIMED : known.memberId(), newLogId);
        return new Result(found, entries, term, votedFor, isVoteLost);
    }

    /** Without any knowledge of other members' terms, as far behind as a node begins that starts on the directory. */
    private long firstTerm(final WalReport found)
    {
        return 0 == termSeen ? OlderLogs.firstTerm(found.lastTerm()) : Math.max(found.lastTerm(), termSeen) + 1;
    }

    private long copyLog(final WalReader reader, final WalReport found, final Storage target)
    {
        final int minimum = SegmentHeader.LENGTH * 2 + EntryFrame.alignedLength(found.largest());
        final int wanted = 0 != segmentLength ? segmentLength :
            0 != reader.nativeSegmentLength() ? reader.nativeSegmentLength() : LogConfig.SEGMENT_LENGTH_DEFAULT;
        final LogConfig config = new LogConfig()
            .segmentLength(Math.max(wanted, minimum / SegmentHeader.LENGTH * SegmentHeader.LENGTH))
            .maxPayloadLength(found.largest())
            .allocationSliceLength(Integer.MAX_VALUE)
            .logId(newLogId);
        reader.begin();
        if (reader.tail().index() > 0)
        {
            seed(target, config, reader.tail());
        }
        final SegmentedLog log = SegmentedLog.open(target, config, () -> 0);
        long entries = 0;
        try
        {
            while (reader.next())
            {
                append(log, reader.entry());
                entries++;
            }
            finish(log, found);
        }
        catch (final Throwable thrown)
        {
            CloseHelper.quietClose(log::abandon);
            throw thrown;
        }
        return entries;
    }

    private static void append(final SegmentedLog log, final WalEntry entry)
    {
        long index;
        do
        {
            index = log.append(entry.type(), entry.term(), entry.token(), entry.clusterTimeNs(),
                entry.payload(), 0, entry.payload().capacity());
            if (SegmentedLog.BACK_PRESSURED == index)
            {
                pump(log);
            }
        }
        while (SegmentedLog.BACK_PRESSURED == index);
        if (SegmentedLog.STORAGE_FULL == index)
        {
            throw new StorageException("no room for the copy");
        }
        Invariant.check(entry.index() == index, "an entry at its index", index, entry.index());
    }

    private static void finish(final SegmentedLog log, final WalReport found)
    {
        pump(log);
        // As at a start, damage leaves open how much of what lies before it is committed.
        log.onCommit(null == found.mark() || !found.isSound() ? 0 :
            Math.min(found.mark().commitIndex(), log.lastIndex()));
        log.close();
    }

    private static void pump(final SegmentedLog log)
    {
        log.flush();
        while (log.flusher().doWork() > 0)
        {
            log.flush();
        }
    }

    /** A log that begins later than with entry 1, its beginning having gone into a snapshot, does so in the copy. */
    private static void seed(final Storage target, final LogConfig config, final LogTail before)
    {
        try (StorageFile file = target.create(
            LogSegment.fileName(0), config.segmentLength(), Storage.Mapping.PRIVATE))
        {
            file.allocate(Integer.MAX_VALUE);
            SegmentHeader.put(new Crc32c(), file.buffer(), 0, config.logId(), before.index() + 1, before,
                config.segmentLength());
            file.write(0, SegmentHeader.LENGTH);
            file.force();
        }
        target.forceDirectory();
    }
}
