package io.ukehi.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.ukehi.check.History;
import io.ukehi.client.ClientContext;
import io.ukehi.client.ClientTimeoutException;
import io.ukehi.client.CommandRejectedException;
import io.ukehi.client.OutcomeUnknownException;
import io.ukehi.client.QueryRejectedException;
import io.ukehi.client.UkehiClient;
import io.ukehi.client.UkehiClientException;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.kv.KvCodec;
import io.ukehi.kv.KvReplyDecoder;
import io.ukehi.kv.KvStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.agrona.CloseHelper;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** One client of a chaos run, on a thread of its own: one operation after the other, each written down. */
final class ChaosClient implements Runnable
{
    private static final long MAX_LAG_NS = TimeUnit.SECONDS.toNanos(2);
    private static final Consistency[] FRESH = {Consistency.LINEARIZABLE, Consistency.LEASE, Consistency.FOLLOWER};

    private final int number;
    private final long originNs;
    private final Supplier<ClientContext> context;
    private final ChaosKeys keys;
    private final Random random;
    private final List<ChaosHistory.Row> rows = new ArrayList<>();
    private final Map<Integer, Long> lastSeen = new HashMap<>();
    private final ExpandableArrayBuffer command = new ExpandableArrayBuffer();
    private final ExpandableArrayBuffer reply = new ExpandableArrayBuffer();
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[0]);
    private final UnsafeBuffer value = new UnsafeBuffer(new byte[0]);
    private final UnsafeBuffer expected = new UnsafeBuffer(new byte[0]);
    private final KvReplyDecoder decoder = new KvReplyDecoder();
    private final long[] readCounts = new long[Consistency.values().length];
    private long logReadCount;
    private long lastValue;
    private UkehiClient client;
    private volatile boolean isStopping;
    private volatile Throwable failure;

    /**
     * @param number   from 0.
     * @param originNs where the times of the history begin.
     * @param context  of a client, a new one each time.
     * @param keys     shared by all clients.
     * @param seed     of what it does.
     */
    ChaosClient(
        final int number,
        final long originNs,
        final Supplier<ClientContext> context,
        final ChaosKeys keys,
        final long seed)
    {
        this.number = number;
        this.originNs = originNs;
        this.context = context;
        this.keys = keys;
        this.random = new Random(seed);
    }

    /** Any thread: no more operations. */
    void stop()
    {
        isStopping = true;
    }

    /** What ended it other than {@link #stop()}; null if nothing did. */
    Throwable failure()
    {
        return failure;
    }

    /** What it has written down; once its thread has ended. */
    List<ChaosHistory.Row> rows()
    {
        return rows;
    }

    /** Reads answered, by the value of {@link Consistency}. */
    long readCount(final Consistency consistency)
    {
        return readCounts[consistency.value()];
    }

    /** Reads answered that went through the log. */
    long logReadCount()
    {
        return logReadCount;
    }

    @Override
    public void run()
    {
        try
        {
            while (!isStopping)
            {
                doOperation();
            }
        }
        catch (final Throwable thrown)
        {
            failure = thrown;
        }
        finally
        {
            CloseHelper.quietClose(client);
        }
    }

    private void doOperation()
    {
        if (null == client || UkehiClient.State.CLOSED == client.state())
        {
            CloseHelper.quietClose(client);
            client = open();
            if (null == client)
            {
                return;
            }
        }
        final ChaosHistory.Row row = new ChaosHistory.Row();
        row.client = number;
        row.key = keys.take(random);
        final int dice = random.nextInt(100);
        row.kind = dice < 50 ? History.GET : dice < 70 ? History.PUT : dice < 80 ? History.DELETE : History.CAS;
        if (History.PUT == row.kind || History.CAS == row.kind)
        {
            row.value = (1L + number) * 1_000_000_000_000L + ++lastValue;
        }
        row.expected = History.CAS == row.kind ? lastSeen.getOrDefault(row.key, ChaosHistory.NO_VALUE) : 0;
        rows.add(row);
        perform(row, dice);
    }

    /** Null if the media driver has no time for it at this moment. */
    private UkehiClient open()
    {
        try
        {
            return UkehiClient.open(context.get());
        }
        catch (final UkehiClientException ex)
        {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
            return null;
        }
    }

    private void perform(final ChaosHistory.Row row, final int dice)
    {
        row.callNs = System.nanoTime() - originNs;
        try
        {
            final int length = encode(row);
            final int replyLength = History.GET == row.kind && dice < 45 ?
                query(row, dice, length) : client.request(command, 0, length, reply);
            row.retNs = System.nanoTime() - originNs;
            logReadCount += History.GET == row.kind && dice >= 45 ? 1 : 0;
            onReply(row, replyLength);
        }
        catch (final OutcomeUnknownException ex)
        {
            row.outcome = History.UNKNOWN;
            if (History.GET != row.kind)
            {
                keys.onUnknown(row.key);
            }
        }
        catch (final CommandRejectedException | QueryRejectedException | ClientTimeoutException ex)
        {
            row.retNs = System.nanoTime() - originNs;
            row.outcome = History.REJECTED;
        }
    }

    private int query(final ChaosHistory.Row row, final int dice, final int length)
    {
        Consistency consistency = Consistency.STALE;
        if (dice < 36)
        {
            consistency = FRESH[dice % FRESH.length];
        }
        else
        {
            row.lagNs = 1 + (long)(random.nextDouble() * MAX_LAG_NS);
        }
        final int replyLength = client.read(
            consistency, row.lagNs, UkehiClient.ANY_MEMBER, command, 0, length, reply);
        readCounts[consistency.value()]++;
        row.index = client.readIndex();
        return replyLength;
    }

    private int encode(final ChaosHistory.Row row)
    {
        key.wrap(("k" + row.key).getBytes(US_ASCII));
        value.wrap(Long.toString(row.value).getBytes(US_ASCII));
        expected.wrap(Long.toString(row.expected).getBytes(US_ASCII));
        return switch (row.kind)
        {
            case History.PUT -> KvCodec.encodePut(
                command, 0, key, 0, key.capacity(), value, 0, value.capacity());
            case History.GET -> KvCodec.encodeGet(command, 0, key, 0, key.capacity());
            case History.DELETE -> KvCodec.encodeDelete(command, 0, key, 0, key.capacity());
            default -> ChaosHistory.NO_VALUE == row.expected ?
                KvCodec.encodeCasAbsent(command, 0, key, 0, key.capacity(), value, 0, value.capacity()) :
                KvCodec.encodeCas(command, 0, key, 0, key.capacity(),
                    expected, 0, expected.capacity(), value, 0, value.capacity());
        };
    }

    private void onReply(final ChaosHistory.Row row, final int length)
    {
        if (!decoder.wrap(reply, 0, length) || decoder.status() > KvStatus.CAS_MISMATCH)
        {
            throw new UkehiClientException("the store answers what it should not: " + row.kind);
        }
        row.outcome = History.COMMITTED;
        row.status = decoder.status();
        if (decoder.valueLength() > 0)
        {
            row.result = Long.parseLong(
                reply.getStringWithoutLengthAscii(decoder.valueOffset(), decoder.valueLength()));
        }
        final boolean isWritten = KvStatus.OK == row.status && (History.PUT == row.kind || History.CAS == row.kind);
        if (isWritten)
        {
            row.index = decoder.version();
        }
        if (0 == row.lagNs)
        {
            lastSeen.put(row.key, isWritten ? row.value : row.result);
        }
    }
}
