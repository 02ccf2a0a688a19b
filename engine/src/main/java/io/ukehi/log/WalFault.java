package io.ukehi.log;

/**
 * Where a log's files are not as they should be, and how.
 *
 * @param row         of the recovery table.
 * @param file        name in the data directory.
 * @param offset      of the first byte concerned, as far as known.
 * @param index       of the first entry concerned; 0 if none is.
 * @param expectedCrc computed from what is there; null where no checksum decided.
 * @param foundCrc    stored there; null where no checksum decided.
 * @param what        in plain words.
 */
public record WalFault(
    RecoveryCase row, String file, long offset, long index, Integer expectedCrc, Integer foundCrc, String what)
{
    static WalFault of(
        final RecoveryCase row, final String file, final long offset, final long index, final String what)
    {
        return new WalFault(row, file, offset, index, null, null, what);
    }

    static WalFault ofCrc(
        final RecoveryCase row,
        final String file,
        final long offset,
        final long index,
        final int expected,
        final int found,
        final String what)
    {
        return new WalFault(row, file, offset, index, expected, found,
            String.format("checksum expected %08x, found %08x; %s", expected, found, what));
    }

    @Override
    public String toString()
    {
        return file + " at offset " + offset + (0 == index ? "" : ", entry " + index) + ": " + row.text() +
            " (" + row + "; " + what + ")";
    }
}
