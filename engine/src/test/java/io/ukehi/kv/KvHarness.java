package io.ukehi.kv;

import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Drives a key-value state machine as an applier would, one index after the other. */
final class KvHarness implements CommandHeader, Reply
{
    final KvStateMachine store;
    final KvReplyDecoder reply = new KvReplyDecoder();
    final UnsafeBuffer command = new UnsafeBuffer(new byte[KvCodec.MAX_COMMAND_LENGTH + 8192]);
    private final UnsafeBuffer keyBuffer = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer valueBuffer = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer otherBuffer = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer replyBuffer = new UnsafeBuffer(new byte[KvCodec.MAX_REPLY_LENGTH]);
    private int replyLength;
    long session = 1;
    long clusterTimeNs = 0;
    private long index;

    KvHarness(final long maxUsedBytes)
    {
        store = new KvStateMachine(maxUsedBytes);
    }

    KvHarness()
    {
        this(KvStateMachine.UNBOUNDED);
    }

    int put(final byte[] key, final byte[] value)
    {
        keyBuffer.wrap(key);
        valueBuffer.wrap(value);
        return apply(KvCodec.encodePut(command, 0, keyBuffer, 0, key.length, valueBuffer, 0, value.length));
    }

    int get(final byte[] key)
    {
        keyBuffer.wrap(key);
        return apply(KvCodec.encodeGet(command, 0, keyBuffer, 0, key.length));
    }

    int delete(final byte[] key)
    {
        keyBuffer.wrap(key);
        return apply(KvCodec.encodeDelete(command, 0, keyBuffer, 0, key.length));
    }

    int casAbsent(final byte[] key, final byte[] value)
    {
        keyBuffer.wrap(key);
        valueBuffer.wrap(value);
        return apply(KvCodec.encodeCasAbsent(command, 0, keyBuffer, 0, key.length, valueBuffer, 0, value.length));
    }

    int cas(final byte[] key, final byte[] expected, final byte[] value)
    {
        keyBuffer.wrap(key);
        otherBuffer.wrap(expected);
        valueBuffer.wrap(value);
        return apply(KvCodec.encodeCas(
            command, 0, keyBuffer, 0, key.length, otherBuffer, 0, expected.length, valueBuffer, 0, value.length));
    }

    int casVersion(final byte[] key, final long version, final byte[] value)
    {
        keyBuffer.wrap(key);
        valueBuffer.wrap(value);
        return apply(KvCodec.encodeCasVersion(
            command, 0, keyBuffer, 0, key.length, version, valueBuffer, 0, value.length));
    }

    int scan(
        final byte[] from, final boolean isAfter, final byte[] to, final byte[] prefix,
        final int limit, final int byteLimit)
    {
        keyBuffer.wrap(from);
        otherBuffer.wrap(to);
        valueBuffer.wrap(prefix);
        return apply(KvCodec.encodeScan(
            command, 0, isAfter ? KvCodec.SCAN_AFTER_FROM : 0, limit, byteLimit,
            keyBuffer, 0, from.length, otherBuffer, 0, to.length, valueBuffer, 0, prefix.length));
    }

    /** Applies the first bytes of {@link #command}, and gives the status of the reply. */
    int apply(final int length)
    {
        index++;
        replyLength = 0;
        store.onCommand(this, command, 0, length, this);
        if (!reply.wrap(replyBuffer, 0, replyLength))
        {
            throw new AssertionError("the reply is not whole: " + replyLength);
        }
        return reply.status();
    }

    byte[] value()
    {
        final byte[] bytes = new byte[reply.valueLength()];
        reply.buffer().getBytes(reply.valueOffset(), bytes);
        return bytes;
    }

    byte[] key()
    {
        final byte[] bytes = new byte[reply.keyLength()];
        reply.buffer().getBytes(reply.keyOffset(), bytes);
        return bytes;
    }

    int replyLength()
    {
        return replyLength;
    }

    @Override
    public long index()
    {
        return index;
    }

    @Override
    public long term()
    {
        return 1;
    }

    @Override
    public long fencingToken()
    {
        return (1L << 32) + index;
    }

    @Override
    public long clusterTimeNs()
    {
        return clusterTimeNs;
    }

    @Override
    public long sessionId()
    {
        return session;
    }

    @Override
    public long correlationId()
    {
        return index;
    }

    @Override
    public MutableDirectBuffer buffer(final int capacity)
    {
        if (capacity > replyBuffer.capacity())
        {
            throw new IllegalArgumentException("reply too long: " + capacity);
        }
        return replyBuffer;
    }

    @Override
    public void length(final int length)
    {
        replyLength = length;
    }

    @Override
    public int length()
    {
        return replyLength;
    }
}
