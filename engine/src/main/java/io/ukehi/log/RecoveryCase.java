package io.ukehi.log;

/**
 * What a place in a log's files may turn out to be: the rows of the table in wal-tools.md. Each belongs to one of four
 * kinds, since nothing else decides what becomes of it.
 */
public enum RecoveryCase
{
    /** The frames end where zeros, or the end of an older file, begin. */
    CLEAN_END(Kind.CLEAN, "clean end"),

    /** A segment that belongs where it lies. */
    IN_USE(Kind.CLEAN, "in use"),

    /** A segment that was prepared for later and never used. */
    UNUSED_SEGMENT(Kind.CLEAN, "prepared, never used"),

    /** In the newest segment, behind everything that was reported durable: no frame. Never reported to anybody. */
    TORN_TAIL(Kind.TORN, "torn tail: written, never reported durable"),

    /** An older file ends within a record, or in zeros: its last write was cut off. */
    OLDER_TORN_TAIL(Kind.TORN, "torn tail of an older file: it ends within a record"),

    /** Passed to the operating system, never forced, and not all there after the machine died: {@code ASYNC}. */
    UNFORCED_TAIL(Kind.UNFORCED, "entries that were never forced, lost with the machine"),

    /** The header's magic, version, length or checksum is wrong, or it is not all there. */
    BAD_HEADER(Kind.DAMAGED, "the segment's header is damaged"),

    /** The header is sound and says that it belongs elsewhere: another sequence, another length. */
    MISPLACED_SEGMENT(Kind.DAMAGED, "a segment that belongs elsewhere"),

    /** The header is sound and of another log. */
    FOREIGN_SEGMENT(Kind.DAMAGED, "a segment of another log"),

    /** A file is missing, or the segment does not begin where the one before it ends. */
    BROKEN_SEQUENCE(Kind.DAMAGED, "the segments do not follow from one another"),

    /** A length that no frame can have. */
    BAD_LENGTH(Kind.DAMAGED, "a frame of impossible length where everything was durable"),

    /** The checksum does not hold. */
    BAD_CRC(Kind.DAMAGED, "a frame with a wrong checksum where everything was durable"),

    /** Padding, or bytes without a use, are not zero. */
    BAD_PADDING(Kind.DAMAGED, "unused bytes that are not zero"),

    /** An intact frame that does not belong here: the index has a gap or repeats, or the term, token or time falls. */
    NOT_CHAINED(Kind.DAMAGED, "an intact frame that does not follow from the one before it"),

    /** Zeros before the position up to which everything was durable. */
    LOST_FRAMES(Kind.DAMAGED, "zeros where everything was durable"),

    /** One or both of the durable marks are neither sound nor unwritten; all frames may still be intact. */
    BAD_MARK(Kind.DAMAGED, "a durable mark that is not sound"),

    /** An older writer went on behind a torn tail without cutting it: an intact record that would follow lies there. */
    OLDER_APPENDED_BEHIND_TORN_TAIL(Kind.DAMAGED,
        "an older file that was appended to behind a torn tail"),

    /** Hard state: one copy of two, or neither, is sound. */
    BAD_HARD_STATE(Kind.DAMAGED, "a copy of term and vote that is not sound"),

    /** Doubt: one copy of two, or neither, is sound. */
    BAD_DOUBT(Kind.DAMAGED, "a copy of the node's doubt that is not sound"),

    /** Identity: one copy of two, or neither, is sound. */
    BAD_IDENTITY(Kind.DAMAGED, "a copy of the identity that is not sound");

    /** What becomes of it. */
    public enum Kind
    {
        /** Nothing to do. */
        CLEAN,

        /** Cut: nobody was ever told of it. */
        TORN,

        /** Set aside; the node is in doubt of what it may have acknowledged. */
        UNFORCED,

        /** {@link CorruptionPolicy} decides. Something that had been durable reads differently now. */
        DAMAGED
    }

    private final Kind kind;
    private final String text;

    RecoveryCase(final Kind kind, final String text)
    {
        this.kind = kind;
        this.text = text;
    }

    public Kind kind()
    {
        return kind;
    }

    /** In plain words. */
    public String text()
    {
        return text;
    }
}
