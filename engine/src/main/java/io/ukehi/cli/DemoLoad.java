package io.ukehi.cli;

import io.ukehi.client.Outcome;
import io.ukehi.client.ReplyListener;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.kv.KvCodec;
import io.ukehi.kv.KvReplyDecoder;
import io.ukehi.kv.KvStatus;
import java.util.ArrayDeque;
import java.util.BitSet;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.HdrHistogram.Histogram;

/**
 * Writes, and remembers how each write ended. Each has a key and a value of its own.
 * <p>
 * In an <b>open loop</b> a write is due at a steady rate, whatever the cluster does, and latency counts from the moment
 * it was due, not from when it could be sent: while there is no leader the writes that pile up wait, and that is part
 * of their latency. In a <b>closed loop</b> so many writes are under way at any time, the next is due when one ends.
 * <p>
 * What was rejected was certainly not applied, and is sent again. What is unknown is not.
 */
final class DemoLoad implements ReplyListener
{
    static final int KEY_LENGTH = 12;
    private static final long MAX_LATENCY_NS = 60_000_000_000L;
    private static final int SLOTS = 1 << 20;
    private static final int BURST = 64;

    private final UkehiClient client;
    private final long intervalNs;
    private final int maxOutstanding;
    private final int valueLength;
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[KEY_LENGTH]);
    private final UnsafeBuffer value;
    private final UnsafeBuffer command;
    private final KvReplyDecoder reply = new KvReplyDecoder();
    private final long[] numbers = new long[SLOTS];
    private final long[] dueNs = new long[SLOTS];
    private final ArrayDeque<Long> again = new ArrayDeque<>();
    private final BitSet acknowledged = new BitSet();
    private final BitSet unknown = new BitSet();
    private final Histogram total = new Histogram(MAX_LATENCY_NS, 3);
    private final Histogram recent = new Histogram(MAX_LATENCY_NS, 3);
    private long beganNs;
    private long nextNumber;
    private long outstanding;
    private long rejectedCount;
    private long badReplyCount;
    private long lastAckNs;
    private long longestGapNs;
    private long gapSinceNs;

    /** An open loop. */
    static DemoLoad atRate(final UkehiClient client, final int rate, final int valueLength)
    {
        return new DemoLoad(client, Math.max(1, 1_000_000_000L / rate), SLOTS / 2, valueLength);
    }

    /** A closed loop. */
    static DemoLoad withOutstanding(final UkehiClient client, final int outstanding, final int valueLength)
    {
        return new DemoLoad(client, 0, outstanding, valueLength);
    }

    private DemoLoad(
        final UkehiClient client, final long intervalNs, final int maxOutstanding, final int valueLength)
    {
        this.client = client;
        this.intervalNs = intervalNs;
        this.maxOutstanding = maxOutstanding;
        this.valueLength = valueLength;
        this.value = new UnsafeBuffer(new byte[valueLength]);
        this.command = new UnsafeBuffer(new byte[KvCodec.putLength(KEY_LENGTH, valueLength)]);
    }

    void begin(final long nowNs)
    {
        beganNs = nowNs;
        lastAckNs = nowNs;
    }

    /** Sends what is due until a point in time, and takes replies. Work done. */
    int doWork(final long nowNs, final long untilNs)
    {
        int workCount = 0;
        while (workCount < BURST && !again.isEmpty() && send(again.peekFirst()))
        {
            again.removeFirst();
            workCount++;
        }
        while (again.isEmpty() && workCount < BURST && isDue(nowNs, untilNs) && send(nextNumber))
        {
            nextNumber++;
            workCount++;
        }
        return workCount + client.poll(this);
    }

    private boolean isDue(final long nowNs, final long untilNs)
    {
        return beganNs + nextNumber * intervalNs <= Math.min(nowNs, untilNs) &&
            (0 != intervalNs || nowNs <= untilNs);
    }

    private boolean send(final long number)
    {
        if (outstanding >= maxOutstanding)
        {
            return false;
        }
        putKey(key, number);
        putValue(value, number, valueLength);
        final int length = KvCodec.encodePut(command, 0, key, 0, KEY_LENGTH, value, 0, valueLength);
        final long correlationId = client.offer(command, 0, length);
        if (correlationId < 0)
        {
            return false;
        }
        final int slot = (int)correlationId & (SLOTS - 1);
        numbers[slot] = number;
        dueNs[slot] = 0 == intervalNs ? System.nanoTime() : beganNs + number * intervalNs;
        outstanding++;
        return true;
    }

    /** {@code w} and eleven digits, so that keys are in the order of the numbers. */
    static void putKey(final UnsafeBuffer target, final long number)
    {
        target.putByte(0, (byte)'w');
        long rest = number;
        for (int i = KEY_LENGTH - 1; i > 0; i--)
        {
            target.putByte(i, (byte)('0' + rest % 10));
            rest /= 10;
        }
    }

    static long numberOf(final byte[] keyBytes)
    {
        long number = 0;
        for (int i = 1; i < keyBytes.length; i++)
        {
            number = number * 10 + keyBytes[i] - '0';
        }
        return number;
    }

    /** Bytes that follow from the number. */
    static void putValue(final UnsafeBuffer target, final long number, final int length)
    {
        long bits = number * 0x9E37_79B9_7F4A_7C15L + 1;
        for (int i = 0; i < length; i++)
        {
            bits ^= bits << 13;
            bits ^= bits >>> 7;
            bits ^= bits << 17;
            target.putByte(i, (byte)bits);
        }
    }

    @Override
    public void onReply(
        final long correlationId,
        final Outcome outcome,
        final ReplyCode code,
        final long index,
        final long token,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        final int slot = (int)correlationId & (SLOTS - 1);
        final long number = numbers[slot];
        final long nowNs = System.nanoTime();
        outstanding--;
        switch (outcome)
        {
            case COMMITTED -> onCommitted(number, nowNs - dueNs[slot], nowNs, buffer, offset, length);
            case REJECTED ->
            {
                rejectedCount++;
                again.addLast(number);
            }
            case UNKNOWN -> unknown.set((int)number);
            default -> throw new IllegalStateException("no such outcome: " + outcome);
        }
    }

    private void onCommitted(
        final long number,
        final long tookNs,
        final long nowNs,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        if (!reply.wrap(buffer, offset, length) || KvStatus.OK != reply.status())
        {
            badReplyCount++;
            return;
        }
        acknowledged.set((int)number);
        final long latencyNs = Math.min(MAX_LATENCY_NS, tookNs);
        total.recordValue(latencyNs);
        recent.recordValue(latencyNs);
        final long gapNs = nowNs - Math.max(lastAckNs, gapSinceNs);
        if (0 != gapSinceNs && gapNs > longestGapNs)
        {
            longestGapNs = gapNs;
        }
        lastAckNs = nowNs;
    }

    /** From here on, the longest time without an acknowledgement is of interest. */
    void watchGap(final long nowNs)
    {
        gapSinceNs = nowNs;
        longestGapNs = 0;
    }

    long longestGapNs()
    {
        return longestGapNs;
    }

    boolean isDone(final long nowNs, final long untilNs)
    {
        return again.isEmpty() && 0 == outstanding && nowNs > untilNs &&
            (0 == intervalNs || !isDue(untilNs, untilNs));
    }

    /** Latencies since the last time they were asked for; to be reset by the caller. */
    Histogram recent()
    {
        return recent;
    }

    Histogram total()
    {
        return total;
    }

    BitSet acknowledged()
    {
        return acknowledged;
    }

    BitSet unknown()
    {
        return unknown;
    }

    long rejectedCount()
    {
        return rejectedCount;
    }

    /** Writes that the store did not do. */
    long badReplyCount()
    {
        return badReplyCount;
    }

    long sentCount()
    {
        return nextNumber;
    }
}
