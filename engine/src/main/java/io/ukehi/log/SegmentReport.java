package io.ukehi.log;

/**
 * One segment file as a {@link WalReader} found it.
 *
 * @param file       name in the data directory.
 * @param format     which it is in.
 * @param sequence   in its name.
 * @param length     of the file in bytes.
 * @param used       bytes from the beginning up to the end of the last entry.
 * @param entries    intact and in order; 0 as well if the log ended before.
 * @param firstIndex of its first entry; of the one to come if there is none; 0 if unknown.
 * @param lastIndex  of its last entry; {@code firstIndex - 1} if there is none.
 * @param firstTerm  of its first entry; 0 if there is none.
 * @param lastTerm   of its last entry; 0 if there is none.
 * @param ending     what follows the last entry; null if the segment was not read, being behind damage.
 */
public record SegmentReport(
    String file,
    WalFormat format,
    long sequence,
    long length,
    long used,
    long entries,
    long firstIndex,
    long lastIndex,
    long firstTerm,
    long lastTerm,
    RecoveryCase ending)
{
    /** Whether it lies behind damage, so that nothing in it continues the log. */
    public boolean isUnreached()
    {
        return null == ending;
    }

    /** {@code clean}, {@code torn}, {@code damaged}, {@code unused} or {@code unreached}. */
    public String state()
    {
        if (null == ending)
        {
            return "unreached";
        }
        if (RecoveryCase.UNUSED_SEGMENT == ending)
        {
            return "unused";
        }
        return switch (ending.kind())
        {
            case CLEAN -> "clean";
            case TORN -> "torn";
            case UNFORCED, DAMAGED -> "damaged";
        };
    }
}
