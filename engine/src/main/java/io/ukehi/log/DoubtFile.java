package io.ukehi.log;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Invariant;
import java.util.List;
import org.agrona.MutableDirectBuffer;

/**
 * What this node may have acknowledged and does not hold any more: written before recovery cuts, moves or overwrites
 * anything, and kept until the consensus rules know that the node has caught up past it, or an operator takes the loss
 * upon himself. (Protocol-aware recovery, FAST '18.) In two copies: see {@link TwoCopyFile}. Behind its first 16 bytes,
 * <pre>
 *   16              24              32      36
 *  +---------------+---------------+-------+-----------------------+
 *  |doubtful to i64|   term  i64   |reason | zeros up to 512       |
 *  +---------------+---------------+-------+-----------------------+
 * </pre>
 * A directory without the file, or with 0 in the first field, is in no doubt. If no copy is sound the worst is assumed:
 * everything is in doubt, up to the term that the node has stored; that can be healed as any other doubt.
 * <p>
 * Duty-cycle thread.
 */
public final class DoubtFile implements AutoCloseable
{
    /** Name in the data directory. */
    public static final String FILE_NAME = "doubt";

    /** Instead of an index: no bound is known. */
    public static final long UNBOUNDED = Long.MAX_VALUE;

    /** Why a node is in doubt. The ordinal is on disk, less one. */
    public enum Reason
    {
        /** Something that had been durable was damaged. */
        DAMAGE,

        /** The machine died with entries that had been acknowledged without a force ({@link Durability#ASYNC}). */
        UNFORCED_TAIL,

        /** The directory is new: whether anything was there before, only the other members know. */
        NEW_DIRECTORY
    }

    /** "UKDT". */
    private static final int MAGIC = 0x54444B55;
    private static final int INDEX_OFFSET = TwoCopyFile.BODY_OFFSET;
    private static final int TERM_OFFSET = INDEX_OFFSET + Long.BYTES;
    private static final int REASON_OFFSET = TERM_OFFSET + Long.BYTES;

    private final Storage storage;
    private TwoCopyFile file;

    private DoubtFile(final Storage storage)
    {
        this.storage = storage;
    }

    /** Opens the record of a directory; makes none where there is none. What was found is durable on return. */
    public static DoubtFile open(final Storage storage)
    {
        final DoubtFile doubt = new DoubtFile(storage);
        if (TwoCopyFile.existsIn(storage, FILE_NAME))
        {
            doubt.openFile();
        }
        return doubt;
    }

    private void openFile()
    {
        file = new TwoCopyFile(storage.open(FILE_NAME, Storage.Mapping.PRIVATE), MAGIC);
        if (file.recover())
        {
            storage.forceDirectory();
        }
        else
        {
            file.close();
            create(UNBOUNDED, HardStateFile.termIn(storage), Reason.DAMAGE);
        }
    }

    private void create(final long index, final long term, final Reason reason)
    {
        TwoCopyFile.create(storage, FILE_NAME, MAGIC, record -> put(record, index, term, reason));
        file = new TwoCopyFile(storage.open(FILE_NAME, Storage.Mapping.PRIVATE), MAGIC);
        Invariant.check(file.recover(), "what was written is there");
    }

    /**
     * Says what a directory is in doubt of, without changing anything.
     *
     * @param faults to which is added what is not sound.
     */
    static WalReport.Doubt inspect(final Storage storage, final List<WalFault> faults)
    {
        if (!List.of(storage.list()).contains(FILE_NAME))
        {
            return WalReport.Doubt.NONE;
        }
        try (TwoCopyFile file = new TwoCopyFile(storage.open(FILE_NAME, Storage.Mapping.READ_ONLY), MAGIC))
        {
            final int sound = file.read();
            if (sound < 2)
            {
                faults.add(WalFault.of(RecoveryCase.BAD_DOUBT, FILE_NAME, file.firstUnsound(), 0,
                    1 == sound ? "the other copy counts; a node that starts writes both anew" :
                        "a node that starts takes everything for doubtful"));
            }
            if (!file.isRestZero())
            {
                faults.add(WalFault.of(RecoveryCase.BAD_PADDING, FILE_NAME, 2L * SegmentHeader.SECTOR_LENGTH, 0,
                    "behind both copies"));
            }
            return 0 == sound ? new WalReport.Doubt(UNBOUNDED, HardStateFile.termIn(storage), Reason.DAMAGE) :
                new WalReport.Doubt(index(file), term(file), 0 == index(file) ? null : reason(file));
        }
    }

    private static long index(final TwoCopyFile file)
    {
        return file.record().getLong(INDEX_OFFSET, LITTLE_ENDIAN);
    }

    private static long term(final TwoCopyFile file)
    {
        return file.record().getLong(TERM_OFFSET, LITTLE_ENDIAN);
    }

    private static Reason reason(final TwoCopyFile file)
    {
        return Reason.values()[file.record().getInt(REASON_OFFSET, LITTLE_ENDIAN) - 1];
    }

    /** Highest index that may have been acknowledged; 0 if there is no doubt, {@link #UNBOUNDED} if none is known. */
    public long doubtfulTo()
    {
        return null == file ? 0 : index(file);
    }

    /** Highest term that the node had stored when it came into doubt; 0 if there is none. */
    public long term()
    {
        return null == file ? 0 : term(file);
    }

    /** Why; null if there is no doubt. Of two reasons the first. */
    public Reason reason()
    {
        return 0 == doubtfulTo() ? null : reason(file);
    }

    /**
     * Adds to the doubt; durable on return.
     *
     * @param index      highest that may have been acknowledged, greater than 0.
     * @param storedTerm highest that the node has stored.
     * @param newReason  kept if there is none yet.
     */
    public void raise(final long index, final long storedTerm, final Reason newReason)
    {
        Invariant.check(index > 0, "an index to be in doubt of", index);
        if (null == file)
        {
            create(index, storedTerm, newReason);
        }
        else
        {
            final Reason first = 0 == doubtfulTo() ? newReason : reason();
            put(file.record(), Math.max(index, doubtfulTo()), Math.max(storedTerm, term()), first);
            file.store();
        }
    }

    /** The node has what it may have acknowledged, or an operator says so; durable on return. */
    public void clear()
    {
        if (0 != doubtfulTo())
        {
            put(file.record(), 0, 0, null);
            file.store();
        }
    }

    private static void put(
        final MutableDirectBuffer record, final long index, final long term, final Reason reason)
    {
        record.putLong(INDEX_OFFSET, index, LITTLE_ENDIAN);
        record.putLong(TERM_OFFSET, term, LITTLE_ENDIAN);
        record.putInt(REASON_OFFSET, null == reason ? 0 : reason.ordinal() + 1, LITTLE_ENDIAN);
    }

    @Override
    public void close()
    {
        if (null != file)
        {
            file.close();
        }
    }
}
