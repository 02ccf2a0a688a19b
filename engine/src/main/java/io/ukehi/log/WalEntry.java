package io.ukehi.log;

import java.util.zip.CRC32;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * An entry as a {@link WalReader} found it, in whichever format. Reused from entry to entry; valid until the reader
 * moves on. Belongs to the reader's thread.
 */
public final class WalEntry
{
    /**
     * Type of the earlier implementation's entries: a command without anything before it. The value of
     * {@code EntryType.BARE_COMMAND}.
     */
    public static final int TYPE_OF_OLDER = 3;

    private final CRC32 crc = new CRC32();
    private final UnsafeBuffer payload = new UnsafeBuffer(0, 0);
    private long index;
    private long term;
    private long token;
    private long clusterTimeNs;
    private int type;

    void setNative(final DirectBuffer buffer, final int at)
    {
        index = EntryFrame.index(buffer, at);
        term = EntryFrame.term(buffer, at);
        token = EntryFrame.token(buffer, at);
        clusterTimeNs = EntryFrame.clusterTimeNs(buffer, at);
        type = EntryFrame.type(buffer, at);
        payload.wrap(buffer, at + EntryFrame.HEADER_LENGTH, EntryFrame.length(buffer, at) - EntryFrame.HEADER_LENGTH);
    }

    void setOlder(final DirectBuffer buffer, final OlderFrame frame, final int at)
    {
        index = frame.index(at);
        term = frame.term(at);
        token = frame.token(at);
        clusterTimeNs = 0;
        type = TYPE_OF_OLDER;
        payload.wrap(buffer, frame.commandOffset(at), frame.commandLength(at));
    }

    public long index()
    {
        return index;
    }

    public long term()
    {
        return term;
    }

    /** Fencing token, unsigned; 0 in v1. */
    public long token()
    {
        return token;
    }

    /** Nanoseconds since the epoch; 0 in the older formats. */
    public long clusterTimeNs()
    {
        return clusterTimeNs;
    }

    /** 0 to 255; {@link #TYPE_OF_OLDER} in the older formats. */
    public int type()
    {
        return type;
    }

    /** The payload, in place. */
    public DirectBuffer payload()
    {
        return payload;
    }

    /** CRC-32 (IEEE 802.3) of the payload: what tells entries of different formats to be the same. */
    public int payloadCrc()
    {
        return OlderFrame.computeCrc(crc, payload, 0, payload.capacity());
    }
}
