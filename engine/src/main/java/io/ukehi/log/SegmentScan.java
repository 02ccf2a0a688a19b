package io.ukehi.log;

/**
 * Follows the entries of one segment file, of whichever format, without changing anything. Where they end, it says
 * which row of the recovery table that is.
 */
abstract class SegmentScan
{
    /** Instead of the sequence of a segment: there is none. */
    static final long NO_SEQUENCE = -1;

    private final long sequence;
    private final StorageFile file;
    private final WalFormat format;
    private int end;
    private RecoveryCase ending;
    private WalFault fault;

    SegmentScan(final long sequence, final StorageFile file, final WalFormat format)
    {
        this.sequence = sequence;
        this.file = file;
        this.format = format;
    }

    /**
     * Reads the header.
     *
     * @param tail           what the segment has to follow; set to what lies before it, where it is the first.
     * @param sequenceBefore of the segment before it; {@link #NO_SEQUENCE} if it is the first of the directory.
     * @return whether entries may follow; if not, {@link #ending()} says why.
     */
    abstract boolean begin(LogTail tail, long sequenceBefore);

    /** Moves to the next entry, and the tail with it. False at the end, of which {@link #ending()} says what it is. */
    abstract boolean next(LogTail tail, WalEntry entry);

    final boolean endsWith(final RecoveryCase row)
    {
        ending = row;
        return false;
    }

    final boolean endsWith(final WalFault found)
    {
        fault = found;
        ending = found.row();
        return false;
    }

    final void moveTo(final int position)
    {
        end = position;
    }

    final long sequence()
    {
        return sequence;
    }

    final StorageFile file()
    {
        return file;
    }

    final WalFormat format()
    {
        return format;
    }

    /** Behind the last entry so far. */
    final int end()
    {
        return end;
    }

    /** Null as long as there may be more. */
    final RecoveryCase ending()
    {
        return ending;
    }

    /** Null unless something is damaged. */
    final WalFault fault()
    {
        return fault;
    }
}
