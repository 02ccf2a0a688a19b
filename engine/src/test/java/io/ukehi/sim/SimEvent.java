package io.ukehi.sim;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Something that will happen. Reused by its {@link EventQueue}. */
final class SimEvent
{
    /** What happens. */
    enum Kind
    {
        DELIVER, CYCLE, FLUSH, REQUEST, REPLY, CLIENT, SESSION_REQUEST, SESSION_REPLY, SESSION_CLIENT, FAULT, RESTART,
        RESUME, READER, READ, READ_REPLY, ACT
    }

    long timeNs;
    long order;
    Kind kind;
    /** Member id of the node, or number of the client. */
    int node;
    /** DELIVER: the sender. */
    int from;
    long a;
    long b;
    long c;
    /** DELIVER: some byte is not what was sent. */
    boolean isDamaged;
    int length;
    UnsafeBuffer buffer;

    /** Takes a message's bytes. */
    void message(
        final DirectBuffer header, final int headerOffset, final int headerLength,
        final DirectBuffer body, final int bodyOffset, final int bodyLength)
    {
        length = headerLength + bodyLength;
        if (null == buffer || buffer.capacity() < length)
        {
            buffer = new UnsafeBuffer(new byte[Math.max(256, 2 * length)]);
        }
        buffer.putBytes(0, header, headerOffset, headerLength);
        if (bodyLength > 0)
        {
            buffer.putBytes(headerLength, body, bodyOffset, bodyLength);
        }
    }

    boolean isBefore(final SimEvent other)
    {
        return timeNs < other.timeNs || (timeNs == other.timeNs && order < other.order);
    }
}
