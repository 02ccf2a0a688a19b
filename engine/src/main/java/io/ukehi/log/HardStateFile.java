package io.ukehi.log;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Invariant;
import java.util.ArrayList;
import java.util.List;

/**
 * Term and vote in one durable record (Raft figure 2), in two copies: see {@link TwoCopyFile}. Behind its first 16
 * bytes,
 * <pre>
 *   16              24      28
 *  +---------------+-------+---------------------------------------+
 *  |   term  i64   | vote  | zeros up to 512                       |
 *  +---------------+-------+---------------------------------------+
 * </pre>
 * No sound copy is a refusal to start: a node that forgot its vote might vote twice in a term. Opening makes durable
 * what was found, and two copies of it.
 * <p>
 * Duty-cycle thread.
 */
public final class HardStateFile implements AutoCloseable
{
    /** Name in the data directory. */
    public static final String FILE_NAME = "hard-state";

    private static final String WHAT_TO_DO = "A node that has forgotten its vote must not vote: put the file back " +
        "from a copy, or remove this member and let it join anew";
    /** "UKHS". */
    private static final int MAGIC = 0x53484B55;
    private static final int TERM_OFFSET = TwoCopyFile.BODY_OFFSET;
    private static final int VOTE_OFFSET = TERM_OFFSET + Long.BYTES;

    private final TwoCopyFile file;

    private HardStateFile(final TwoCopyFile file)
    {
        this.file = file;
    }

    /**
     * Opens the record, or makes the first one in a directory that has none. Beside a log of the earlier
     * implementation, of whose votes nothing is known, it begins with the term that {@link OlderLogs} says.
     *
     * @throws StorageException if the file is there and holds no sound record, or is missing beside a log.
     */
    public static HardStateFile open(final Storage storage)
    {
        if (!TwoCopyFile.existsIn(storage, FILE_NAME))
        {
            final long term = firstTerm(storage);
            TwoCopyFile.create(storage, FILE_NAME, MAGIC, record -> record.putLong(TERM_OFFSET, term, LITTLE_ENDIAN));
        }
        final TwoCopyFile file = new TwoCopyFile(storage.open(FILE_NAME, Storage.Mapping.PRIVATE), MAGIC);
        if (!file.recover())
        {
            file.close();
            throw new StorageException("the file \"" + FILE_NAME + "\" holds no sound record of term and vote. " +
                WHAT_TO_DO);
        }
        storage.forceDirectory();
        return new HardStateFile(file);
    }

    private static long firstTerm(final Storage storage)
    {
        if (OlderLogs.isIn(storage))
        {
            return OlderLogs.firstTerm(WalReader.inspect(storage).lastTerm());
        }
        for (final String name : storage.list())
        {
            if (LogSegment.sequenceOf(name) >= 0)
            {
                throw new StorageException("the data directory holds a log, but its file \"" + FILE_NAME +
                    "\" is missing. " + WHAT_TO_DO);
            }
        }
        return 0;
    }

    /** The term that a directory holds, without changing anything; 0 if there is none. */
    static long termIn(final Storage storage)
    {
        return inspect(storage, new ArrayList<>()).term();
    }

    /**
     * Says what a directory holds of term and vote, without changing anything.
     *
     * @param faults to which is added what is not sound.
     */
    static WalReport.HardState inspect(final Storage storage, final List<WalFault> faults)
    {
        if (!List.of(storage.list()).contains(FILE_NAME))
        {
            return new WalReport.HardState(false, 0, 0, 0);
        }
        try (TwoCopyFile file = new TwoCopyFile(storage.open(FILE_NAME, Storage.Mapping.READ_ONLY), MAGIC))
        {
            final int sound = file.read();
            if (sound < 2)
            {
                faults.add(WalFault.of(RecoveryCase.BAD_HARD_STATE, FILE_NAME, file.firstUnsound(), 0,
                    1 == sound ? "the other copy counts; a node that starts writes both anew" : WHAT_TO_DO));
            }
            if (!file.isRestZero())
            {
                faults.add(WalFault.of(RecoveryCase.BAD_PADDING, FILE_NAME, 2L * SegmentHeader.SECTOR_LENGTH, 0,
                    "behind both copies"));
            }
            return new WalReport.HardState(true, sound, term(file), votedFor(file));
        }
    }

    private static long term(final TwoCopyFile file)
    {
        return file.record().getLong(TERM_OFFSET, LITTLE_ENDIAN);
    }

    private static int votedFor(final TwoCopyFile file)
    {
        return file.record().getInt(VOTE_OFFSET, LITTLE_ENDIAN);
    }

    /** Highest term stored. */
    public long term()
    {
        return term(file);
    }

    /** Who got the vote in {@link #term()}; 0 if nobody did. */
    public int votedFor()
    {
        return votedFor(file);
    }

    /**
     * Stores both durably. A failure is thrown and final: what the file holds is then unknown until it is opened anew.
     */
    public void store(final long newTerm, final int newVote)
    {
        final long term = term();
        final int votedFor = votedFor();
        Invariant.check(newTerm >= term, "the term never falls", newTerm, term);
        Invariant.check(
            newTerm > term || 0 == votedFor || newVote == votedFor, "one vote in a term", newVote, votedFor);
        put(newTerm, newVote);
        try
        {
            file.store();
        }
        catch (final Throwable thrown)
        {
            // Nobody is told of what may not be there.
            put(term, votedFor);
            throw thrown;
        }
    }

    private void put(final long newTerm, final int newVote)
    {
        file.record().putLong(TERM_OFFSET, newTerm, LITTLE_ENDIAN);
        file.record().putInt(VOTE_OFFSET, newVote, LITTLE_ENDIAN);
    }

    @Override
    public void close()
    {
        file.close();
    }
}
