package io.ukehi.log;

import io.ukehi.Crc32c;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/**
 * Which format a segment file is in. The magic and the version of the packed v2 of the earlier implementation equal
 * ours: the two are told apart by our longer header, which has a checksum.
 */
public enum WalFormat
{
    /** What this program writes: {@link SegmentHeader}, {@link EntryFrame}. */
    NATIVE("v2"),

    /** v1 of the earlier implementation: {@link OlderFrame}. */
    OLDER_V1("v1 (older)"),

    /** The packed v2 of the earlier implementation: {@link OlderFrame}. */
    OLDER_V2("packed v2 (older)"),

    /** Prepared for later, never used. */
    UNUSED("unused"),

    /** The header is damaged so that nothing can be told, or the file is no segment. */
    UNKNOWN("unknown");

    /** "WAL1". */
    static final int MAGIC_V1 = 0x57414C31;

    private final String text;

    WalFormat(final String text)
    {
        this.text = text;
    }

    /** Whether it is one of the earlier implementation's, which are read and never written. */
    public boolean isOlder()
    {
        return OLDER_V1 == this || OLDER_V2 == this;
    }

    @Override
    public String toString()
    {
        return text;
    }

    /**
     * Tells the format of a file by its bytes, also where a bit of its header is flipped.
     *
     * @param sequence in the file's name.
     */
    static WalFormat of(final DirectBuffer file, final long sequence)
    {
        final int length = file.capacity();
        if (length < Integer.BYTES)
        {
            return UNUSED;
        }
        final int magic = file.getInt(0, ByteOrder.LITTLE_ENDIAN);
        if (MAGIC_V1 == magic)
        {
            return OLDER_V1;
        }
        if (SegmentHeader.MAGIC == magic)
        {
            return isNative(file) || !isPacked(file, sequence) ? NATIVE : OLDER_V2;
        }
        if (length < SegmentHeader.LENGTH)
        {
            return EntryFrame.isZero(file, 0, length) ? UNUSED : olderButForMagic(file, sequence);
        }
        if (SegmentHeader.isUnused(file))
        {
            return UNUSED;
        }
        return isLaidOutAsNative(file) ? NATIVE : olderButForMagic(file, sequence);
    }

    /** By the rest of an older header, where its magic number is damaged. */
    private static WalFormat olderButForMagic(final DirectBuffer file, final long sequence)
    {
        if (file.capacity() < OlderFrame.FILE_HEADER_LENGTH || sequence != OlderFrame.segmentId(file))
        {
            return UNKNOWN;
        }
        return switch (OlderFrame.version(file))
        {
            case 1 -> OLDER_V1;
            case 2 -> OLDER_V2;
            default -> UNKNOWN;
        };
    }

    private static boolean isNative(final DirectBuffer file)
    {
        return file.capacity() >= SegmentHeader.LENGTH && null == SegmentHeader.fault(new Crc32c(), file);
    }

    private static boolean isPacked(final DirectBuffer file, final long sequence)
    {
        if (file.capacity() < SegmentHeader.LENGTH || 0 != file.capacity() % SegmentHeader.LENGTH)
        {
            return file.capacity() < OlderFrame.FILE_HEADER_LENGTH ||
                SegmentHeader.LENGTH != OlderFrame.segmentId(file) || SegmentHeader.LENGTH == sequence;
        }
        return new OlderFrame(OLDER_V2, file).isIntact(OlderFrame.FILE_HEADER_LENGTH) ||
            (sequence == OlderFrame.segmentId(file) && !isLaidOutAsNative(file));
    }

    /** Two marks of a native header that a flipped bit leaves at least one of. */
    private static boolean isLaidOutAsNative(final DirectBuffer file)
    {
        return SegmentHeader.segmentLength(file) == file.capacity() || SegmentHeader.isPaddingZero(file);
    }
}
