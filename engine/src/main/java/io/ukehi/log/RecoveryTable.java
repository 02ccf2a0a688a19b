package io.ukehi.log;

import static io.ukehi.log.RecoveryTable.Answer.ANY;
import static io.ukehi.log.RecoveryTable.Answer.NO;
import static io.ukehi.log.RecoveryTable.Answer.YES;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Which row of {@link RecoveryCase} a place in a native log is: by what stands there, and by three questions. Every
 * combination of answers matches exactly one line of the tables below, which a test holds; recovery, which acts by the
 * row's kind, and the tools, which print it, both ask here.
 * <p>
 * <b>Vouched for</b>: a durable mark says that something was durable there. <b>Newest</b>: no segment that was ever
 * used lies behind. <b>Forced</b>: marks are to be believed; they are not after the death of a machine whose log was
 * not forced ({@link Durability#ASYNC}), since there a mark may have reached the disk before what it vouches for.
 */
final class RecoveryTable
{
    /** What stands where the header of a segment should. */
    enum Header
    {
        /** It was never written: zeros, or too short a file of zeros. */
        UNWRITTEN,

        /** A process died in the middle of storing it: the checksum, which is its last field, is missing. */
        HALF_STORED,

        /** Magic, version, length or checksum is wrong, or the file is too short for a header. */
        BROKEN,

        /** Sound, but of another sequence or length. */
        MISPLACED,

        /** Sound, but of another log. */
        FOREIGN,

        /** Sound, but it does not continue the segment before it. */
        UNCONNECTED,

        /** As it should be. */
        SOUND
    }

    /** What stands where the next frame should. */
    enum Place
    {
        /** Nothing, up to the end of the file. */
        ZEROS,

        /** A length that no frame can have. */
        BAD_LENGTH,

        /** A wrong checksum. */
        BAD_CRC,

        /** Unused bytes that are not zero. */
        BAD_PADDING,

        /** An intact frame that does not follow from the one before it. */
        NOT_CHAINED
    }

    /** What a line of the table asks of a question. */
    enum Answer
    {
        YES,
        NO,
        ANY;

        boolean matches(final boolean answer)
        {
            return ANY == this || (YES == this) == answer;
        }
    }

    /** One line: what is found, the three answers, and the row they make. */
    record Line<T>(RecoveryCase row, Set<T> found, Answer vouched, Answer newest, Answer forced)
    {
        boolean matches(final T what, final boolean isVouched, final boolean isNewest, final boolean isForced)
        {
            return found.contains(what) && vouched.matches(isVouched) && newest.matches(isNewest) &&
                forced.matches(isForced);
        }
    }

    private static final Set<Header> NOT_WRITTEN = EnumSet.of(Header.UNWRITTEN, Header.HALF_STORED);
    private static final Set<Place> ANYTHING = EnumSet.complementOf(EnumSet.of(Place.ZEROS));

    /** Vouched for: by a mark in this very segment; of a half stored header also by any byte behind it. */
    static final List<Line<Header>> HEADERS = List.of(
        //       row                                found                          vouched newest forced
        new Line<>(RecoveryCase.IN_USE,            EnumSet.of(Header.SOUND),       ANY, ANY, ANY),
        new Line<>(RecoveryCase.UNUSED_SEGMENT,    NOT_WRITTEN,                    NO,  YES, ANY),
        new Line<>(RecoveryCase.BAD_HEADER,        NOT_WRITTEN,                    YES, YES, YES),
        new Line<>(RecoveryCase.BAD_HEADER,        NOT_WRITTEN,                    ANY, NO,  YES),
        new Line<>(RecoveryCase.UNFORCED_TAIL,     NOT_WRITTEN,                    YES, YES, NO),
        new Line<>(RecoveryCase.UNFORCED_TAIL,     NOT_WRITTEN,                    ANY, NO,  NO),
        new Line<>(RecoveryCase.BAD_HEADER,        EnumSet.of(Header.BROKEN),      ANY, ANY, ANY),
        new Line<>(RecoveryCase.MISPLACED_SEGMENT, EnumSet.of(Header.MISPLACED),   ANY, ANY, ANY),
        new Line<>(RecoveryCase.FOREIGN_SEGMENT,   EnumSet.of(Header.FOREIGN),     ANY, ANY, ANY),
        new Line<>(RecoveryCase.BROKEN_SEQUENCE,   EnumSet.of(Header.UNCONNECTED), ANY, ANY, YES),
        new Line<>(RecoveryCase.UNFORCED_TAIL,     EnumSet.of(Header.UNCONNECTED), ANY, ANY, NO));

    static final List<Line<Place>> PLACES = List.of(
        //       row                                found                          vouched newest forced
        new Line<>(RecoveryCase.CLEAN_END,         EnumSet.of(Place.ZEROS),        NO,  ANY, ANY),
        new Line<>(RecoveryCase.LOST_FRAMES,       EnumSet.of(Place.ZEROS),        YES, ANY, YES),
        new Line<>(RecoveryCase.UNFORCED_TAIL,     EnumSet.of(Place.ZEROS),        YES, ANY, NO),
        new Line<>(RecoveryCase.TORN_TAIL,         ANYTHING,                       NO,  YES, ANY),
        new Line<>(RecoveryCase.UNFORCED_TAIL,     ANYTHING,                       NO,  NO,  NO),
        new Line<>(RecoveryCase.UNFORCED_TAIL,     ANYTHING,                       YES, ANY, NO),
        new Line<>(RecoveryCase.BAD_LENGTH,        EnumSet.of(Place.BAD_LENGTH),   NO,  NO,  YES),
        new Line<>(RecoveryCase.BAD_LENGTH,        EnumSet.of(Place.BAD_LENGTH),   YES, ANY, YES),
        new Line<>(RecoveryCase.BAD_CRC,           EnumSet.of(Place.BAD_CRC),      NO,  NO,  YES),
        new Line<>(RecoveryCase.BAD_CRC,           EnumSet.of(Place.BAD_CRC),      YES, ANY, YES),
        new Line<>(RecoveryCase.BAD_PADDING,       EnumSet.of(Place.BAD_PADDING),  NO,  NO,  YES),
        new Line<>(RecoveryCase.BAD_PADDING,       EnumSet.of(Place.BAD_PADDING),  YES, ANY, YES),
        new Line<>(RecoveryCase.NOT_CHAINED,       EnumSet.of(Place.NOT_CHAINED),  NO,  NO,  YES),
        new Line<>(RecoveryCase.NOT_CHAINED,       EnumSet.of(Place.NOT_CHAINED),  YES, ANY, YES));

    private RecoveryTable()
    {
    }

    static RecoveryCase of(
        final Header found, final boolean isVouched, final boolean isNewest, final boolean isForced)
    {
        return find(HEADERS, found, isVouched, isNewest, isForced);
    }

    static RecoveryCase of(
        final Place found, final boolean isVouched, final boolean isNewest, final boolean isForced)
    {
        return find(PLACES, found, isVouched, isNewest, isForced);
    }

    private static <T> RecoveryCase find(
        final List<Line<T>> table,
        final T found,
        final boolean isVouched,
        final boolean isNewest,
        final boolean isForced)
    {
        for (final Line<T> line : table)
        {
            if (line.matches(found, isVouched, isNewest, isForced))
            {
                return line.row;
            }
        }
        throw new AssertionError("no row for " + found);
    }
}
