package io.ukehi.log;

import org.agrona.DirectBuffer;

/**
 * What must be known of an entry to tell whether another one may follow it: the chain's last link. Mutable and reused;
 * owned by whoever walks the chain.
 */
final class LogTail
{
    private long index;
    private long term;
    private long token;
    private long clusterTimeNs;
    private int crc;

    void set(final long newIndex, final long newTerm, final long newToken, final long newTimeNs, final int newCrc)
    {
        index = newIndex;
        term = newTerm;
        token = newToken;
        clusterTimeNs = newTimeNs;
        crc = newCrc;
    }

    void set(final LogTail other)
    {
        set(other.index, other.term, other.token, other.clusterTimeNs, other.crc);
    }

    /** Moves to a frame. */
    void set(final DirectBuffer buffer, final int offset)
    {
        set(
            EntryFrame.index(buffer, offset),
            EntryFrame.term(buffer, offset),
            EntryFrame.token(buffer, offset),
            EntryFrame.clusterTimeNs(buffer, offset),
            EntryFrame.crc(buffer, offset));
    }

    /** Whether an intact frame is the next link: index follows, the chain holds, and nothing falls. */
    boolean isFollowedBy(final DirectBuffer buffer, final int offset)
    {
        return EntryFrame.index(buffer, offset) == index + 1 &&
            EntryFrame.previousCrc(buffer, offset) == crc &&
            EntryFrame.term(buffer, offset) >= term &&
            Long.compareUnsigned(EntryFrame.token(buffer, offset), token) >= 0 &&
            EntryFrame.clusterTimeNs(buffer, offset) >= clusterTimeNs;
    }

    boolean isSame(final LogTail other)
    {
        return index == other.index && term == other.term && token == other.token &&
            clusterTimeNs == other.clusterTimeNs && crc == other.crc;
    }

    long index()
    {
        return index;
    }

    long term()
    {
        return term;
    }

    long token()
    {
        return token;
    }

    long clusterTimeNs()
    {
        return clusterTimeNs;
    }

    int crc()
    {
        return crc;
    }
}
