package io.ukehi.statemachine;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;

/** Reads a written table of sessions from its beginning to its end, and never beyond. */
final class SessionReader
{
    private final DirectBuffer buffer;
    private final int end;
    private int at;

    SessionReader(final DirectBuffer buffer, final int offset, final int length)
    {
        this.buffer = buffer;
        this.at = offset;
        this.end = offset + length;
    }

    DirectBuffer buffer()
    {
        return buffer;
    }

    boolean hasNext()
    {
        return at < end;
    }

    long nextLong()
    {
        return buffer.getLong(skip(Long.BYTES), LITTLE_ENDIAN);
    }

    int nextInt()
    {
        return buffer.getInt(skip(Integer.BYTES), LITTLE_ENDIAN);
    }

    /** Passes over so many bytes; returns where they begin. */
    int skip(final int length)
    {
        check(length >= 0 && length <= end - at, "length", length);
        final int from = at;
        at += length;
        return from;
    }

    void check(final boolean isGood, final String what, final long value)
    {
        if (!isGood)
        {
            throw new IllegalArgumentException("no table of sessions: " + what + " " + value + " at byte " + at);
        }
    }
}
