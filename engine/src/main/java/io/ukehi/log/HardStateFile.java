package io.ukehi.log;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.CoverageMark;
import io.ukehi.Crc32c;
import io.ukehi.Invariant;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Term and vote in one durable record (Raft figure 2), in two copies, written and forced one after the other.
 * <pre>
 *   0       4       8               16              24      28      32
 *  +-------+-------+---------------+---------------+-------+-------+
 *  | magic | CRC32C|  number  i64  |   term  i64   | vote  | zero  |   zeros up to 512
 *  +-------+-------+---------------+---------------+-------+-------+
 * </pre>
 * Sectors at 0 and 512 of a file of 4096 bytes. The sound record with the higher number counts. The CRC32C covers the
 * sector behind itself. What may be found:
 * <ul>
 *   <li>two copies of a record: it was stored;</li>
 *   <li>a record and the one before it: power went between the copies. The newer counts, though nobody was told of
 *   it;</li>
 *   <li>one sound record: either the other copy was torn, being the first of a newer record that nobody was told of,
 *   or it was damaged later. It counts in both cases, which is what the second copy is for: with records in turn,
 *   damage to the newest would bring back the one before it, and the node might vote twice in a term;</li>
 *   <li>none: a refusal to start.</li>
 * </ul>
 * Opening makes durable what was found, and two copies of it.
 * <p>
 * Duty-cycle thread.
 */
public final class HardStateFile implements AutoCloseable
{
    /** Name in the data directory. */
    public static final String FILE_NAME = "hard-state";

    private static final String NEW_FILE_NAME = "hard-state.new";
    private static final String WHAT_TO_DO = "A node that has forgotten its vote must not vote: put the file back " +
        "from a copy, or remove this member and let it join anew";
    private static final int FILE_LENGTH = 4096;
    /** "UKHS". */
    private static final int MAGIC = 0x53484B55;
    private static final int MAGIC_OFFSET = 0;
    private static final int CRC_OFFSET = 4;
    private static final int NUMBER_OFFSET = 8;
    private static final int TERM_OFFSET = 16;
    private static final int VOTE_OFFSET = 24;

    private final Crc32c crc = new Crc32c();
    private final StorageFile file;
    private final UnsafeBuffer buffer;
    private long number;
    private long term;
    private int votedFor;
    private boolean isUnknown;

    private HardStateFile(final StorageFile file)
    {
        this.file = file;
        this.buffer = file.buffer();
    }

    /**
     * Opens the record, or makes the first one in a directory that has none.
     *
     * @throws StorageException if the file is there and holds no sound record, or is missing beside a log.
     */
    public static HardStateFile open(final Storage storage)
    {
        boolean exists = false;
        boolean hasLog = false;
        for (final String name : storage.list())
        {
            exists |= FILE_NAME.equals(name);
            hasLog |= LogSegment.sequenceOf(name) >= 0;
            if (NEW_FILE_NAME.equals(name))
            {
                storage.delete(name);
            }
        }
        if (!exists)
        {
            if (hasLog)
            {
                throw new StorageException("the data directory holds a log, but its file \"" + FILE_NAME +
                    "\" is missing. " + WHAT_TO_DO);
            }
            create(storage);
        }
        final HardStateFile hardState = new HardStateFile(storage.open(FILE_NAME, Storage.Mapping.PRIVATE));
        hardState.read();
        storage.forceDirectory();
        return hardState;
    }

    private static void create(final Storage storage)
    {
        final HardStateFile first = new HardStateFile(
            storage.create(NEW_FILE_NAME, FILE_LENGTH, Storage.Mapping.PRIVATE));
        first.file.allocate(FILE_LENGTH);
        first.store(0, 0);
        first.close();
        storage.rename(NEW_FILE_NAME, FILE_NAME);
        storage.forceDirectory();
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
        try (HardStateFile found = new HardStateFile(storage.open(FILE_NAME, Storage.Mapping.READ_ONLY)))
        {
            return found.inspect(faults);
        }
    }

    private WalReport.HardState inspect(final List<WalFault> faults)
    {
        final boolean isWhole = FILE_LENGTH == file.length();
        final boolean even = isWhole && isSound(offset(0));
        final boolean odd = isWhole && isSound(offset(1));
        if (!even || !odd)
        {
            faults.add(WalFault.of(RecoveryCase.BAD_HARD_STATE, FILE_NAME, even ? offset(1) : offset(0), 0,
                even || odd ? "the other copy counts; a node that starts writes both anew" : WHAT_TO_DO));
        }
        final int used = 2 * SegmentHeader.SECTOR_LENGTH;
        if (isWhole && !EntryFrame.isZero(buffer, used, FILE_LENGTH - used))
        {
            faults.add(WalFault.of(RecoveryCase.BAD_PADDING, FILE_NAME, used, 0, "behind both copies"));
        }
        if (!even && !odd)
        {
            return new WalReport.HardState(true, 0, 0, 0);
        }
        final int offset = even && (!odd || number(offset(0)) > number(offset(1))) ? offset(0) : offset(1);
        return new WalReport.HardState(true, even && odd ? 2 : 1,
            buffer.getLong(offset + TERM_OFFSET, LITTLE_ENDIAN), buffer.getInt(offset + VOTE_OFFSET, LITTLE_ENDIAN));
    }

    private void read()
    {
        final boolean even = file.length() == FILE_LENGTH && isSound(offset(0));
        final boolean odd = file.length() == FILE_LENGTH && isSound(offset(1));
        if (!even && !odd)
        {
            file.close();
            throw new StorageException("the file \"" + FILE_NAME + "\" holds no sound record of term and vote. " +
                WHAT_TO_DO);
        }
        final boolean isEven = even && (!odd || number(offset(0)) > number(offset(1)));
        final int offset = isEven ? offset(0) : offset(1);
        number = number(offset);
        term = buffer.getLong(offset + TERM_OFFSET, LITTLE_ENDIAN);
        votedFor = buffer.getInt(offset + VOTE_OFFSET, LITTLE_ENDIAN);
        // It may come out of the page cache of a process that died before its force.
        file.force();
        if (!even || !odd || number(offset(0)) != number(offset(1)))
        {
            CoverageMark.HARD_STATE_REPAIRED.hit();
            put(isEven ? offset(1) : offset(0), term, votedFor);
        }
    }

    private boolean isSound(final int offset)
    {
        return MAGIC == buffer.getInt(offset + MAGIC_OFFSET, LITTLE_ENDIAN) &&
            computeCrc(offset) == buffer.getInt(offset + CRC_OFFSET, LITTLE_ENDIAN);
    }

    private long number(final int offset)
    {
        return buffer.getLong(offset + NUMBER_OFFSET, LITTLE_ENDIAN);
    }

    private int computeCrc(final int offset)
    {
        return crc.compute(buffer, offset + NUMBER_OFFSET, SegmentHeader.SECTOR_LENGTH - NUMBER_OFFSET);
    }

    private static int offset(final long number)
    {
        return 0 == (number & 1) ? 0 : SegmentHeader.SECTOR_LENGTH;
    }

    /** Highest term stored. */
    public long term()
    {
        return term;
    }

    /** Who got the vote in {@link #term()}; 0 if nobody did. */
    public int votedFor()
    {
        return votedFor;
    }

    /**
     * Stores both durably. A failure is thrown and final: what the file holds is then unknown until it is opened anew.
     */
    public void store(final long newTerm, final int newVote)
    {
        Invariant.check(newTerm >= term, "the term never falls", newTerm, term);
        Invariant.check(
            newTerm > term || 0 == votedFor || newVote == votedFor, "one vote in a term", newVote, votedFor);
        if (isUnknown)
        {
            throw new StorageException("the file \"" + FILE_NAME + "\" could not be written before");
        }
        isUnknown = true;
        number++;
        put(offset(number), newTerm, newVote);
        put(offset(number + 1), newTerm, newVote);
        term = newTerm;
        votedFor = newVote;
        isUnknown = false;
    }

    private void put(final int offset, final long newTerm, final int newVote)
    {
        buffer.setMemory(offset, SegmentHeader.SECTOR_LENGTH, (byte)0);
        buffer.putInt(offset + MAGIC_OFFSET, MAGIC, LITTLE_ENDIAN);
        buffer.putLong(offset + NUMBER_OFFSET, number, LITTLE_ENDIAN);
        buffer.putLong(offset + TERM_OFFSET, newTerm, LITTLE_ENDIAN);
        buffer.putInt(offset + VOTE_OFFSET, newVote, LITTLE_ENDIAN);
        buffer.putInt(offset + CRC_OFFSET, computeCrc(offset), LITTLE_ENDIAN);
        file.write(offset, SegmentHeader.SECTOR_LENGTH);
        file.force();
    }

    @Override
    public void close()
    {
        file.close();
    }
}
