package io.ukehi.kv;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The bytes of the key-value store's commands and replies, and the writing of them. They are read by
 * {@link KvCommandDecoder} and {@link KvReplyDecoder}.
 * <p>
 * Everything is little-endian, without padding. Lengths are in bytes; "res" is reserved and must be 0. A command is
 * exactly as long as its lengths say, so that a cut or lengthened one is told from a whole one.
 * <pre>
 *  PUT       0    1    2           4                8
 *           +----+----+-----------+----------------+-------+---------+
 *           | op |res | keyLength |  valueLength   |  key  |  value  |
 *           | u8 | u8 |    u16    |      i32       |       |         |
 *           +----+----+-----------+----------------+-------+---------+
 *  GET,      0    1    2           4
 *  DELETE   +----+----+-----------+-------+
 *           | op |res | keyLength |  key  |
 *           +----+----+-----------+-------+
 *  CAS       0    1    2           4                8                12
 *           +----+----+-----------+----------------+----------------+-------+------------+---------+
 *           | op |exp | keyLength |  valueLength   | expectedLength |  key  |  expected  |  value  |
 *           | u8 | u8 |    u16    |      i32       |      i32       |       |            |         |
 *           +----+----+-----------+----------------+----------------+-------+------------+---------+
 *           exp: EXPECT_ABSENT (expectedLength 0), EXPECT_VALUE (the value's bytes), EXPECT_VERSION (8, an i64)
 *  SCAN      0    1    2            4       8           12         14             16
 *           +----+----+------------+-------+-----------+----------+--------------+--------+------+----------+
 *           | op |flag| fromLength | limit | byteLimit | toLength | prefixLength |  from  |  to  |  prefix  |
 *           | u8 | u8 |    u16     |  i32  |    i32    |   u16    |     u16      |        |      |          |
 *           +----+----+------------+-------+-----------+----------+--------------+--------+------+----------+
 *           flag: SCAN_AFTER_FROM
 *  ACQUIRE   0    1    2           4          12
 *           +----+----+-----------+----------+-------+
 *           | op |res | keyLength | lease ns |  key  |
 *           | u8 | u8 |    u16    |   i64    |       |
 *           +----+----+-----------+----------+-------+
 *  RENEW     0    1    2           4          12       20
 *           +----+----+-----------+----------+--------+-------+
 *           | op |res | keyLength | lease ns | token  |  key  |
 *           | u8 | u8 |    u16    |   i64    |  u64   |       |
 *           +----+----+-----------+----------+--------+-------+
 *  RELEASE   0    1    2           4        12
 *           +----+----+-----------+--------+-------+
 *           | op |res | keyLength | token  |  key  |
 *           | u8 | u8 |    u16    |  u64   |       |
 *           +----+----+-----------+--------+-------+
 *  DIGEST    0    1    2           4
 *           +----+----+-----------+
 *           | op |res |    res    |
 *           +----+----+-----------+
 *
 *  every     0        1    2       3    4                8              16
 *  reply    +--------+----+-------+----+----------------+--------------+------------------+
 *           | status | op | flags |res | valueLength or |   version    | value or entries |
 *           |   u8   | u8 |   u8  | u8 | entryCount i32 |     i64      |                  |
 *           +--------+----+-------+----+----------------+--------------+------------------+
 *           flags: SCAN_TRUNCATED
 *  entry     0            2      4                8             16
 *  of a     +------------+------+----------------+-------------+-------+---------+
 *  scan     | keyLength  | res  |  valueLength   |   version   |  key  |  value  |
 *           |    u16     | u16  |      i32       |     i64     |       |         |
 *           +------------+------+----------------+-------------+-------+---------+
 * </pre>
 * The reply to an ACQUIRE and a RENEW that was done, and to an ACQUIRE of a lock that is HELD, has the holder's fencing
 * token for its version, and for its value the cluster time at which the lease ends (i64, nanoseconds since the epoch);
 * that to a RELEASE has the token. A lock is a value under its key, and is seen by GET and SCAN ({@link KvLocks} draws
 * it); a DELETE breaks it.
 * <p>
 * The <b>version</b> of a value is the log index of the command that wrote it last, so it is never used again, not even
 * for another key. In the reply to a GET, and to a CAS that found something else, it is that of the value in the reply,
 * 0 where there is none; in the reply to a PUT or a CAS that was done, the one written; to a DELETE, the one removed;
 * to a SCAN, the log index of the scan itself, or up to which the state was applied that a query saw; to a DIGEST, the
 * digest of the whole store.
 * <p>
 * A <b>scan</b> visits keys in unsigned byte order, as a dictionary does: from {@code from} on, up to but without
 * {@code to}, and only those beginning with {@code prefix}; an empty bound is no bound. It ends early
 * (SCAN_TRUNCATED) where {@code limit} entries or {@code byteLimit} bytes of entries are reached, though never before
 * the first entry; the way on is the same scan from the last key received, with SCAN_AFTER_FROM.
 * <p>
 * All methods are pure functions of their arguments, allocate nothing and may be called by any thread.
 */
public final class KvCodec
{
    public static final int OP_PUT = 1;
    public static final int OP_GET = 2;
    public static final int OP_DELETE = 3;
    public static final int OP_CAS = 4;
    public static final int OP_SCAN = 5;
    public static final int OP_ACQUIRE = 6;
    public static final int OP_RENEW = 7;
    public static final int OP_RELEASE = 8;
    public static final int OP_DIGEST = 9;

    /** Longest lease of a lock, a day, in nanoseconds. */
    public static final long MAX_LEASE_NS = 24 * 60 * 60 * 1_000_000_000L;

    /** CAS: there must be no value. */
    public static final int EXPECT_ABSENT = 0;

    /** CAS: the value must be equal to the bytes given. */
    public static final int EXPECT_VALUE = 1;

    /** CAS: the value must have the version given. */
    public static final int EXPECT_VERSION = 2;

    /** Command flag: the scan begins behind the key {@code from} rather than at it. */
    public static final int SCAN_AFTER_FROM = 1;

    /** Reply flag: there is more in the range of the scan than the reply holds. */
    public static final int SCAN_TRUNCATED = 1;

    /** No value has this version: log indexes begin at 1. */
    public static final long NO_VERSION = 0;

    /** Longest key in bytes; the shortest has one. */
    public static final int MAX_KEY_LENGTH = 4096;

    /** Longest command and longest reply in bytes: 1 MiB with room left for the headers around them. */
    public static final int MAX_COMMAND_LENGTH = 1024 * 1024 - 1024;

    /** As {@link #MAX_COMMAND_LENGTH}: a node that serves the store needs replies of this length. */
    public static final int MAX_REPLY_LENGTH = MAX_COMMAND_LENGTH;

    /**
     * Longest value in bytes: with the longest key it fits into a command, and into the reply to a scan. A CAS that
     * carries two values this long does not fit; one that expects a version does.
     */
    public static final int MAX_VALUE_LENGTH = 1024 * 1024 - 8 * 1024;

    static final int OP_OFFSET = 0;
    static final int FLAGS_OFFSET = 1;
    static final int KEY_LENGTH_OFFSET = 2;
    static final int VALUE_LENGTH_OFFSET = 4;
    static final int KEY_OFFSET = 4;
    static final int PUT_KEY_OFFSET = 8;
    static final int CAS_EXPECTED_LENGTH_OFFSET = 8;
    static final int CAS_KEY_OFFSET = 12;
    static final int SCAN_LIMIT_OFFSET = 4;
    static final int SCAN_BYTE_LIMIT_OFFSET = 8;
    static final int SCAN_TO_LENGTH_OFFSET = 12;
    static final int SCAN_PREFIX_LENGTH_OFFSET = 14;
    static final int SCAN_FROM_OFFSET = 16;

    static final int LEASE_OFFSET = 4;
    static final int ACQUIRE_KEY_OFFSET = 12;
    static final int RENEW_TOKEN_OFFSET = 12;
    static final int RENEW_KEY_OFFSET = 20;
    static final int RELEASE_TOKEN_OFFSET = 4;
    static final int RELEASE_KEY_OFFSET = 12;

    static final int REPLY_STATUS_OFFSET = 0;
    static final int REPLY_OP_OFFSET = 1;
    static final int REPLY_FLAGS_OFFSET = 2;
    static final int REPLY_RESERVED_OFFSET = 3;
    static final int REPLY_COUNT_OFFSET = 4;
    static final int REPLY_VERSION_OFFSET = 8;

    /** Length of a reply without a value or entries; those begin here. */
    public static final int REPLY_HEADER_LENGTH = 16;

    static final int LOCK_REPLY_LENGTH = REPLY_HEADER_LENGTH + Long.BYTES;

    static final int ENTRY_KEY_LENGTH_OFFSET = 0;
    static final int ENTRY_RESERVED_OFFSET = 2;
    static final int ENTRY_VALUE_LENGTH_OFFSET = 4;
    static final int ENTRY_VERSION_OFFSET = 8;

    /** Length of an entry of a scan without its key and value. */
    public static final int ENTRY_HEADER_LENGTH = 16;

    private KvCodec()
    {
    }

    /** Length in bytes of a DIGEST. */
    public static int digestLength()
    {
        return KEY_OFFSET;
    }

    /** Writes a DIGEST; returns its length. */
    public static int encodeDigest(final MutableDirectBuffer buffer, final int offset)
    {
        putHead(buffer, offset, OP_DIGEST, 0, 0);
        return KEY_OFFSET;
    }

    /** Length in bytes of a PUT with these. */
    public static int putLength(final int keyLength, final int valueLength)
    {
        return PUT_KEY_OFFSET + keyLength + valueLength;
    }

    /** Length in bytes of a GET or a DELETE of a key. */
    public static int keyCommandLength(final int keyLength)
    {
        return KEY_OFFSET + keyLength;
    }

    /** Length in bytes of a CAS with these; {@code expectedLength} is 8 for a version and 0 for no value. */
    public static int casLength(final int keyLength, final int expectedLength, final int valueLength)
    {
        return CAS_KEY_OFFSET + keyLength + expectedLength + valueLength;
    }

    /** Length in bytes of a SCAN with these bounds. */
    public static int scanLength(final int fromLength, final int toLength, final int prefixLength)
    {
        return SCAN_FROM_OFFSET + fromLength + toLength + prefixLength;
    }

    /**
     * Writes a PUT: sets the value of a key.
     *
     * @param buffer      to write to.
     * @param offset      of the command in it.
     * @param key         holds the key.
     * @param keyOffset   of the key.
     * @param keyLength   1 to {@link #MAX_KEY_LENGTH}.
     * @param value       holds the value.
     * @param valueOffset of the value.
     * @param valueLength 0 to {@link #MAX_VALUE_LENGTH}.
     * @return length of the command in bytes.
     * @throws IllegalArgumentException if a length is out of range.
     */
    public static int encodePut(
        final MutableDirectBuffer buffer, final int offset,
        final DirectBuffer key, final int keyOffset, final int keyLength,
        final DirectBuffer value, final int valueOffset, final int valueLength)
    {
        checkKey(keyLength);
        checkValue(valueLength);
        putHead(buffer, offset, OP_PUT, 0, keyLength);
        buffer.putInt(offset + VALUE_LENGTH_OFFSET, valueLength, LITTLE_ENDIAN);
        buffer.putBytes(offset + PUT_KEY_OFFSET, key, keyOffset, keyLength);
        buffer.putBytes(offset + PUT_KEY_OFFSET + keyLength, value, valueOffset, valueLength);
        return putLength(keyLength, valueLength);
    }

    /** Writes a GET: asks for the value of a key. Arguments, result and errors as of {@link #encodePut}. */
    public static int encodeGet(
        final MutableDirectBuffer buffer, final int offset,
        final DirectBuffer key, final int keyOffset, final int keyLength)
    {
        return encodeKeyCommand(buffer, offset, OP_GET, key, keyOffset, keyLength);
    }

    /** Writes a DELETE: removes a key and its value. Arguments, result and errors as of {@link #encodePut}. */
    public static int encodeDelete(
        final MutableDirectBuffer buffer, final int offset,
        final DirectBuffer key, final int keyOffset, final int keyLength)
    {
        return encodeKeyCommand(buffer, offset, OP_DELETE, key, keyOffset, keyLength);
    }

    /**
     * Writes a CAS that sets the value of a key if there is none. Arguments, result and errors as of
     * {@link #encodePut}.
     */
    public static int encodeCasAbsent(
        final MutableDirectBuffer buffer, final int offset,
        final DirectBuffer key, final int keyOffset, final int keyLength,
        final DirectBuffer value, final int valueOffset, final int valueLength)
    {
        checkKey(keyLength);
        checkValue(valueLength);
        putCasHead(buffer, offset, EXPECT_ABSENT, key, keyOffset, keyLength, 0, valueLength);
        buffer.putBytes(offset + CAS_KEY_OFFSET + keyLength, value, valueOffset, valueLength);
        return casLength(keyLength, 0, valueLength);
    }

    /**
     * Writes a CAS that sets the value of a key if it is equal to another: that one is at {@code expectedOffset} of
     * {@code expected} and has {@code expectedLength} bytes, 0 to {@link #MAX_VALUE_LENGTH}. All together must be
     * within {@link #MAX_COMMAND_LENGTH}. Further arguments, result and errors as of {@link #encodePut}.
     */
    public static int encodeCas(
        final MutableDirectBuffer buffer, final int offset,
        final DirectBuffer key, final int keyOffset, final int keyLength,
        final DirectBuffer expected, final int expectedOffset, final int expectedLength,
        final DirectBuffer value, final int valueOffset, final int valueLength)
    {
        checkKey(keyLength);
        checkValue(expectedLength);
        checkValue(valueLength);
        final int length = casLength(keyLength, expectedLength, valueLength);
        if (length > MAX_COMMAND_LENGTH)
        {
            throw new IllegalArgumentException("a command has at most " + MAX_COMMAND_LENGTH + " bytes: " + length);
        }
        putCasHead(buffer, offset, EXPECT_VALUE, key, keyOffset, keyLength, expectedLength, valueLength);
        final int expectedAt = offset + CAS_KEY_OFFSET + keyLength;
        buffer.putBytes(expectedAt, expected, expectedOffset, expectedLength);
        buffer.putBytes(expectedAt + expectedLength, value, valueOffset, valueLength);
        return length;
    }

    /**
     * Writes a CAS that sets the value of a key if it has a version, as told by the reply that showed it. Further
     * arguments, result and errors as of {@link #encodePut}.
     */
    public static int encodeCasVersion(
        final MutableDirectBuffer buffer, final int offset,
        final DirectBuffer key, final int keyOffset, final int keyLength,
        final long expectedVersion,
        final DirectBuffer value, final int valueOffset, final int valueLength)
    {
        checkKey(keyLength);
        checkValue(valueLength);
        putCasHead(buffer, offset, EXPECT_VERSION, key, keyOffset, keyLength, Long.BYTES, valueLength);
        final int expectedAt = offset + CAS_KEY_OFFSET + keyLength;
        buffer.putLong(expectedAt, expectedVersion, LITTLE_ENDIAN);
        buffer.putBytes(expectedAt + Long.BYTES, value, valueOffset, valueLength);
        return casLength(keyLength, Long.BYTES, valueLength);
    }

    /**
     * Writes a SCAN. Each bound is 0 (none) to {@link #MAX_KEY_LENGTH} bytes long.
     *
     * @param buffer       to write to.
     * @param offset       of the command in it.
     * @param flags        0 or {@link #SCAN_AFTER_FROM}.
     * @param limit        entries wanted at most, 1 or more.
     * @param byteLimit    bytes of entries wanted at most, 1 or more; what a reply can hold bounds it in any case.
     * @param from         holds the first key wanted.
     * @param fromOffset   of the first key.
     * @param fromLength   of the first key.
     * @param to           holds the first key no longer wanted.
     * @param toOffset     of that key.
     * @param toLength     of that key.
     * @param prefix       holds the bytes with which every key begins.
     * @param prefixOffset of the prefix.
     * @param prefixLength of the prefix.
     * @return length of the command in bytes.
     * @throws IllegalArgumentException if a length or a limit is out of range.
     */
    public static int encodeScan(
        final MutableDirectBuffer buffer, final int offset, final int flags, final int limit, final int byteLimit,
        final DirectBuffer from, final int fromOffset, final int fromLength,
        final DirectBuffer to, final int toOffset, final int toLength,
        final DirectBuffer prefix, final int prefixOffset, final int prefixLength)
    {
        checkBound(fromLength);
        checkBound(toLength);
        checkBound(prefixLength);
        if (limit < 1 || byteLimit < 1 || 0 != (flags & ~SCAN_AFTER_FROM))
        {
            throw new IllegalArgumentException(
                "limits begin at 1 and flags are 0 or 1: " + limit + ", " + byteLimit + ", " + flags);
        }
        putHead(buffer, offset, OP_SCAN, flags, fromLength);
        buffer.putInt(offset + SCAN_LIMIT_OFFSET, limit, LITTLE_ENDIAN);
        buffer.putInt(offset + SCAN_BYTE_LIMIT_OFFSET, byteLimit, LITTLE_ENDIAN);
        buffer.putShort(offset + SCAN_TO_LENGTH_OFFSET, (short)toLength, LITTLE_ENDIAN);
        buffer.putShort(offset + SCAN_PREFIX_LENGTH_OFFSET, (short)prefixLength, LITTLE_ENDIAN);
        final int fromAt = offset + SCAN_FROM_OFFSET;
        buffer.putBytes(fromAt, from, fromOffset, fromLength);
        buffer.putBytes(fromAt + fromLength, to, toOffset, toLength);
        buffer.putBytes(fromAt + fromLength + toLength, prefix, prefixOffset, prefixLength);
        return scanLength(fromLength, toLength, prefixLength);
    }

    /**
     * Writes an ACQUIRE: takes a lock that is free.
     *
     * @param leaseNs after which the lock is free again, 1 to {@link #MAX_LEASE_NS} nanoseconds of cluster time.
     *                Further arguments, result and errors as of {@link #encodePut}.
     */
    public static int encodeAcquire(
        final MutableDirectBuffer buffer, final int offset,
        final DirectBuffer key, final int keyOffset, final int keyLength, final long leaseNs)
    {
        checkKey(keyLength);
        checkLease(leaseNs);
        putHead(buffer, offset, OP_ACQUIRE, 0, keyLength);
        buffer.putLong(offset + LEASE_OFFSET, leaseNs, LITTLE_ENDIAN);
        buffer.putBytes(offset + ACQUIRE_KEY_OFFSET, key, keyOffset, keyLength);
        return ACQUIRE_KEY_OFFSET + keyLength;
    }

    /**
     * Writes a RENEW: lets the lease of a lock that is held begin anew.
     *
     * @param token   of the acquisition.
     * @param leaseNs as of {@link #encodeAcquire}.
     */
    public static int encodeRenew(
        final MutableDirectBuffer buffer, final int offset,
        final DirectBuffer key, final int keyOffset, final int keyLength, final long token, final long leaseNs)
    {
        checkKey(keyLength);
        checkLease(leaseNs);
        putHead(buffer, offset, OP_RENEW, 0, keyLength);
        buffer.putLong(offset + LEASE_OFFSET, leaseNs, LITTLE_ENDIAN);
        buffer.putLong(offset + RENEW_TOKEN_OFFSET, token, LITTLE_ENDIAN);
        buffer.putBytes(offset + RENEW_KEY_OFFSET, key, keyOffset, keyLength);
        return RENEW_KEY_OFFSET + keyLength;
    }

    /**
     * Writes a RELEASE: gives up a lock that is held.
     *
     * @param token of the acquisition.
     */
    public static int encodeRelease(
        final MutableDirectBuffer buffer, final int offset,
        final DirectBuffer key, final int keyOffset, final int keyLength, final long token)
    {
        checkKey(keyLength);
        putHead(buffer, offset, OP_RELEASE, 0, keyLength);
        buffer.putLong(offset + RELEASE_TOKEN_OFFSET, token, LITTLE_ENDIAN);
        buffer.putBytes(offset + RELEASE_KEY_OFFSET, key, keyOffset, keyLength);
        return RELEASE_KEY_OFFSET + keyLength;
    }

    static void putLockReply(
        final MutableDirectBuffer buffer, final int status, final int op, final long token, final long leaseEndNs)
    {
        putReplyHeader(buffer, status, op, 0, Long.BYTES, token);
        buffer.putLong(REPLY_HEADER_LENGTH, leaseEndNs, LITTLE_ENDIAN);
    }

    static void putReplyHeader(
        final MutableDirectBuffer buffer,
        final int status, final int op, final int flags, final int valueLengthOrCount, final long version)
    {
        buffer.putByte(REPLY_STATUS_OFFSET, (byte)status);
        buffer.putByte(REPLY_OP_OFFSET, (byte)op);
        buffer.putByte(REPLY_FLAGS_OFFSET, (byte)flags);
        buffer.putByte(REPLY_RESERVED_OFFSET, (byte)0);
        buffer.putInt(REPLY_COUNT_OFFSET, valueLengthOrCount, LITTLE_ENDIAN);
        buffer.putLong(REPLY_VERSION_OFFSET, version, LITTLE_ENDIAN);
    }

    static void putEntryHeader(
        final MutableDirectBuffer buffer, final int offset,
        final int keyLength, final int valueLength, final long version)
    {
        buffer.putShort(offset + ENTRY_KEY_LENGTH_OFFSET, (short)keyLength, LITTLE_ENDIAN);
        buffer.putShort(offset + ENTRY_RESERVED_OFFSET, (short)0, LITTLE_ENDIAN);
        buffer.putInt(offset + ENTRY_VALUE_LENGTH_OFFSET, valueLength, LITTLE_ENDIAN);
        buffer.putLong(offset + ENTRY_VERSION_OFFSET, version, LITTLE_ENDIAN);
    }

    private static int encodeKeyCommand(
        final MutableDirectBuffer buffer, final int offset, final int op,
        final DirectBuffer key, final int keyOffset, final int keyLength)
    {
        checkKey(keyLength);
        putHead(buffer, offset, op, 0, keyLength);
        buffer.putBytes(offset + KEY_OFFSET, key, keyOffset, keyLength);
        return keyCommandLength(keyLength);
    }

    private static void putCasHead(
        final MutableDirectBuffer buffer, final int offset, final int expectation,
        final DirectBuffer key, final int keyOffset, final int keyLength,
        final int expectedLength, final int valueLength)
    {
        putHead(buffer, offset, OP_CAS, expectation, keyLength);
        buffer.putInt(offset + VALUE_LENGTH_OFFSET, valueLength, LITTLE_ENDIAN);
        buffer.putInt(offset + CAS_EXPECTED_LENGTH_OFFSET, expectedLength, LITTLE_ENDIAN);
        buffer.putBytes(offset + CAS_KEY_OFFSET, key, keyOffset, keyLength);
    }

    private static void putHead(
        final MutableDirectBuffer buffer, final int offset, final int op, final int flags, final int keyLength)
    {
        buffer.putByte(offset + OP_OFFSET, (byte)op);
        buffer.putByte(offset + FLAGS_OFFSET, (byte)flags);
        buffer.putShort(offset + KEY_LENGTH_OFFSET, (short)keyLength, LITTLE_ENDIAN);
    }

    private static void checkKey(final int length)
    {
        if (length < 1 || length > MAX_KEY_LENGTH)
        {
            throw new IllegalArgumentException("a key has 1 to " + MAX_KEY_LENGTH + " bytes: " + length);
        }
    }

    private static void checkBound(final int length)
    {
        if (length < 0 || length > MAX_KEY_LENGTH)
        {
            throw new IllegalArgumentException("a bound has 0 to " + MAX_KEY_LENGTH + " bytes: " + length);
        }
    }

    private static void checkLease(final long leaseNs)
    {
        if (leaseNs < 1 || leaseNs > MAX_LEASE_NS)
        {
            throw new IllegalArgumentException("a lease has 1 to " + MAX_LEASE_NS + " ns: " + leaseNs);
        }
    }

    private static void checkValue(final int length)
    {
        if (length < 0 || length > MAX_VALUE_LENGTH)
        {
            throw new IllegalArgumentException("a value has 0 to " + MAX_VALUE_LENGTH + " bytes: " + length);
        }
    }
}
