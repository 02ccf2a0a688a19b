package io.ukehi.kv;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ukehi.client.ReplyListener;
import io.ukehi.client.UkehiClient;
import io.ukehi.client.UkehiClientException;
import io.ukehi.codecs.client.Consistency;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The key-value store as a program sees it: typed calls that wait for their result. Those that write are commands in
 * the replicated log; those that read ask the state without one, and unless told otherwise
 * ({@link #consistency(Consistency, long)}) see all that ended before they began.
 * <p>
 * Keys and values are bytes; those given as strings are UTF-8. All calls throw what
 * {@link UkehiClient#request(DirectBuffer, int, int, org.agrona.MutableDirectBuffer)} throws:
 * {@link io.ukehi.client.OutcomeUnknownException} where the command may or may not have been applied,
 * {@link io.ukehi.client.CommandRejectedException} and {@link io.ukehi.client.ClientTimeoutException} where it
 * certainly was not. On top of that, {@link IllegalArgumentException} for keys and values that are too long, and
 * {@link KvException} for what the store itself refuses.
 * <p>
 * Used by one thread, as the client below it, which stays the caller's. For pipelines of many commands, encode them
 * with {@link KvCodec} and use {@link UkehiClient#offer} and {@link UkehiClient#poll}.
 */
public final class KvClient
{
    private static final UnsafeBuffer EMPTY = new UnsafeBuffer(new byte[0]);

    private final UkehiClient client;
    private final ReplyListener others;
    private final ExpandableArrayBuffer command = new ExpandableArrayBuffer(1024);
    private final ExpandableArrayBuffer replyBuffer = new ExpandableArrayBuffer(1024);
    private final UnsafeBuffer keyBuffer = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer valueBuffer = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer otherBuffer = new UnsafeBuffer(0, 0);
    private final KvReplyDecoder reply = new KvReplyDecoder();
    private Consistency consistency = Consistency.LINEARIZABLE;
    private long maxLagNs;

    /** Over a client that is used for nothing else while a call waits. */
    public KvClient(final UkehiClient client)
    {
        this(client, null);
    }

    /**
     * Over a client that also has commands of its own outstanding.
     *
     * @param client to use.
     * @param others told of commands that end while a call waits and are not that call's.
     */
    public KvClient(final UkehiClient client, final ReplyListener others)
    {
        this.client = client;
        this.others = others;
    }

    /**
     * What reads must see from now on, {@link Consistency#LINEARIZABLE} at first.
     *
     * @param readConsistency one of four; see {@link UkehiClient#offerQuery}.
     * @param lagNs           {@link Consistency#STALE}: how old what is read may be, in nanoseconds.
     * @return this.
     */
    public KvClient consistency(final Consistency readConsistency, final long lagNs)
    {
        consistency = readConsistency;
        maxLagNs = lagNs;
        return this;
    }

    /** Sets the value of a key; returns the version written. */
    public long put(final byte[] key, final byte[] value)
    {
        wrap(key, value);
        request(KvCodec.encodePut(command, 0, keyBuffer, 0, key.length, valueBuffer, 0, value.length));
        checkStatus(KvStatus.OK, KvStatus.OK);
        return reply.version();
    }

    /** As {@link #put(byte[], byte[])}. */
    public long put(final String key, final String value)
    {
        return put(key.getBytes(UTF_8), value.getBytes(UTF_8));
    }

    /** The value of a key, or null where there is none. */
    public byte[] get(final byte[] key)
    {
        final KvEntry entry = getEntry(key);
        return null == entry ? null : entry.value();
    }

    /** As {@link #get(byte[])}. */
    public String get(final String key)
    {
        final KvEntry entry = getEntry(key.getBytes(UTF_8));
        return null == entry ? null : entry.valueText();
    }

    /** The value of a key with its version, or null where there is none. */
    public KvEntry getEntry(final byte[] key)
    {
        keyBuffer.wrap(key);
        query(KvCodec.encodeGet(command, 0, keyBuffer, 0, key.length));
        return KvStatus.OK == checkStatus(KvStatus.OK, KvStatus.NOT_FOUND) ?
            new KvEntry(key.clone(), value(), reply.version()) : null;
    }

    /** Removes a key and its value; returns whether there was one. */
    public boolean delete(final byte[] key)
    {
        keyBuffer.wrap(key);
        request(KvCodec.encodeDelete(command, 0, keyBuffer, 0, key.length));
        return KvStatus.OK == checkStatus(KvStatus.OK, KvStatus.NOT_FOUND);
    }

    /** As {@link #delete(byte[])}. */
    public boolean delete(final String key)
    {
        return delete(key.getBytes(UTF_8));
    }

    /**
     * Sets the value of a key if it is equal to another.
     *
     * @param key      of the value.
     * @param expected the value there must be, or null for none.
     * @param value    the value to set.
     * @return whether it was set.
     */
    public boolean cas(final byte[] key, final byte[] expected, final byte[] value)
    {
        wrap(key, value);
        if (null == expected)
        {
            request(KvCodec.encodeCasAbsent(command, 0, keyBuffer, 0, key.length, valueBuffer, 0, value.length));
        }
        else
        {
            otherBuffer.wrap(expected);
            request(KvCodec.encodeCas(command, 0, keyBuffer, 0, key.length,
                otherBuffer, 0, expected.length, valueBuffer, 0, value.length));
        }
        return KvStatus.OK == checkStatus(KvStatus.OK, KvStatus.CAS_MISMATCH);
    }

    /** As {@link #cas(byte[], byte[], byte[])}. */
    public boolean cas(final String key, final String expected, final String value)
    {
        return cas(key.getBytes(UTF_8), null == expected ? null : expected.getBytes(UTF_8), value.getBytes(UTF_8));
    }

    /**
     * Sets the value of a key if it has a version, as told by {@link #put(byte[], byte[])}, {@link #getEntry} or a
     * scan.
     *
     * @return whether it was set.
     */
    public boolean casVersion(final byte[] key, final long expectedVersion, final byte[] value)
    {
        wrap(key, value);
        request(KvCodec.encodeCasVersion(
            command, 0, keyBuffer, 0, key.length, expectedVersion, valueBuffer, 0, value.length));
        return KvStatus.OK == checkStatus(KvStatus.OK, KvStatus.CAS_MISMATCH);
    }

    /**
     * Entries in the order of their keys' unsigned bytes. A result that is too long for one reply is fetched in several
     * steps, and other clients' commands may come between them.
     *
     * @param from   first key wanted, or null for no bound.
     * @param to     first key no longer wanted, or null for no bound.
     * @param prefix with which all keys begin, or null for any.
     * @param limit  entries wanted at most, 1 or more.
     * @return a list of the caller's own.
     */
    public List<KvEntry> scan(final byte[] from, final byte[] to, final byte[] prefix, final int limit)
    {
        final List<KvEntry> entries = new ArrayList<>();
        byte[] start = orEmpty(from);
        final byte[] end = orEmpty(to);
        final byte[] beginning = orEmpty(prefix);
        int flags = 0;
        do
        {
            keyBuffer.wrap(start);
            otherBuffer.wrap(end);
            valueBuffer.wrap(beginning);
            query(KvCodec.encodeScan(command, 0, flags, limit - entries.size(), KvCodec.MAX_REPLY_LENGTH,
                keyBuffer, 0, start.length, otherBuffer, 0, end.length, valueBuffer, 0, beginning.length));
            checkStatus(KvStatus.OK, KvStatus.OK);
            final int before = entries.size();
            while (reply.nextEntry())
            {
                entries.add(new KvEntry(bytes(reply.keyOffset(), reply.keyLength()), value(), reply.version()));
            }
            if (entries.size() == before)
            {
                break;
            }
            start = entries.get(entries.size() - 1).key();
            flags = KvCodec.SCAN_AFTER_FROM;
        }
        while (reply.isTruncated() && entries.size() < limit);
        return entries;
    }

    /** All entries whose keys begin with a prefix, at most {@code limit} of them. */
    public List<KvEntry> scan(final String prefix, final int limit)
    {
        return scan(null, null, prefix.getBytes(UTF_8), limit);
    }

    /** All entries from one key, inclusive, to another, exclusive, at most {@code limit} of them; null is no bound. */
    public List<KvEntry> scan(final String from, final String to, final int limit)
    {
        return scan(
            null == from ? null : from.getBytes(UTF_8), null == to ? null : to.getBytes(UTF_8), null, limit);
    }

    /**
     * Acquires a lock if it is free. The session of the client that asks is its holder; a holder that asks again keeps
     * its token, and its lease begins anew.
     *
     * @param name    of the lock: a key of the store that has no other value.
     * @param leaseNs after which the lock is free again, in nanoseconds of cluster time, 1 to
     *                {@link KvCodec#MAX_LEASE_NS}. It is free earlier if it is released, or the session ends.
     * @return the lock with its fencing token, or null if somebody else holds it.
     */
    public KvLock acquire(final String name, final long leaseNs)
    {
        final byte[] key = name.getBytes(UTF_8);
        keyBuffer.wrap(key);
        request(KvCodec.encodeAcquire(command, 0, keyBuffer, 0, key.length, leaseNs));
        return KvStatus.OK == checkStatus(KvStatus.OK, KvStatus.HELD) ? lock(name) : null;
    }

    /**
     * Lets the lease of a lock begin anew.
     *
     * @return the lock, with the same token, or null if it is no longer held: its lease had run out, somebody else has
     * acquired or broken it, or it is another session's.
     */
    public KvLock renew(final KvLock lock, final long leaseNs)
    {
        final byte[] key = lock.name().getBytes(UTF_8);
        keyBuffer.wrap(key);
        request(KvCodec.encodeRenew(command, 0, keyBuffer, 0, key.length, lock.token(), leaseNs));
        return KvStatus.OK == checkStatus(KvStatus.OK, KvStatus.NOT_HELD) ? lock(lock.name()) : null;
    }

    /** Gives a lock up; returns whether it was still held. */
    public boolean release(final KvLock lock)
    {
        final byte[] key = lock.name().getBytes(UTF_8);
        keyBuffer.wrap(key);
        request(KvCodec.encodeRelease(command, 0, keyBuffer, 0, key.length, lock.token()));
        return KvStatus.OK == checkStatus(KvStatus.OK, KvStatus.NOT_HELD);
    }

    private KvLock lock(final String name)
    {
        return new KvLock(name, reply.version(), reply.buffer().getLong(reply.valueOffset(), LITTLE_ENDIAN));
    }

    private void wrap(final byte[] key, final byte[] value)
    {
        keyBuffer.wrap(key);
        valueBuffer.wrap(value);
    }

    private void request(final int length)
    {
        onReply(client.request(command, 0, length, replyBuffer, others));
    }

    private void query(final int length)
    {
        onReply(client.read(
            consistency, maxLagNs, UkehiClient.ANY_MEMBER, command, 0, length, replyBuffer, others));
    }

    private void onReply(final int replyLength)
    {
        keyBuffer.wrap(EMPTY);
        valueBuffer.wrap(EMPTY);
        otherBuffer.wrap(EMPTY);
        if (!reply.wrap(replyBuffer, 0, replyLength))
        {
            throw new UkehiClientException(
                "the reply is none of a key-value store: does the cluster run another state machine?");
        }
    }

    private int checkStatus(final int expected, final int orElse)
    {
        final int status = reply.status();
        if (status != expected && status != orElse)
        {
            throw new KvException(status, "the store answers " + KvStatus.name(status));
        }
        return status;
    }

    private byte[] value()
    {
        return bytes(reply.valueOffset(), reply.valueLength());
    }

    private byte[] bytes(final int offset, final int length)
    {
        final byte[] bytes = new byte[length];
        reply.buffer().getBytes(offset, bytes);
        return bytes;
    }

    private static byte[] orEmpty(final byte[] bytes)
    {
        return null == bytes ? new byte[0] : bytes;
    }
}
