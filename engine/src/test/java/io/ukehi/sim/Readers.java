package io.ukehi.sim;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.check.History;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.kv.KvCodec;
import io.ukehi.kv.KvReplyDecoder;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Clients that read without an entry in the log, in every way there is or by lease alone, one read under way each. What
 * they are told is checked twice: by the index of the state that answered, against what was committed anywhere when the
 * read was asked; and, but for those that may be stale, by their values, in the history of all clients.
 */
final class Readers
{
    private static final int NONE = -1;
    private static final Consistency[] CONSISTENCIES =
        {Consistency.LINEARIZABLE, Consistency.LEASE, Consistency.FOLLOWER, Consistency.STALE};

    private final World world;
    private final SimSettings settings;
    private final SimRandom random;
    private final History history;
    private final int count;
    private final int[] current;
    private final int[] target;
    private final long[] deadlineNs;
    private final UnsafeBuffer query = new UnsafeBuffer(new byte[64]);
    private final UnsafeBuffer keyBytes = new UnsafeBuffer(new byte[1]);
    private final KvReplyDecoder decoder = new KvReplyDecoder();
    /** When each index was committed, wherever that was first known. */
    private long[] committedNs = new long[256];
    private int committedIndex;
    // Of each read: its row in the history, if it has one; what it must see; when it was asked.
    private int readCount;
    private int[] rows = new int[256];
    private int[] keys = new int[256];
    private byte[] kinds = new byte[256];
    private long[] maxLagsNs = new long[256];
    private long[] leastIndexes = new long[256];
    private boolean isEnding;
    private boolean isReadingLast;
    /** Nodes that have answered a last read. */
    private int answeredLast;
    private int[] lastAsked = {};

    Readers(final World world, final SimRandom random)
    {
        this.world = world;
        this.settings = world.settings();
        this.random = random;
        this.history = world.workload().history();
        this.count = settings.readers;
        this.current = new int[count];
        this.target = new int[count];
        this.deadlineNs = new long[count];
        Arrays.fill(current, NONE);
    }

    void start()
    {
        for (int reader = 0; reader < count; reader++)
        {
            target[reader] = 1 + random.nextInt(settings.size);
            wake(reader, random.nextLong(settings.electionMaxNs));
        }
    }

    private void wake(final int reader, final long delayNs)
    {
        world.queue().put(SimEvent.Kind.READER, world.timeNs() + delayNs, reader, readCount);
    }

    /** A reader has time to think, or has waited long enough. */
    void onWake(final int reader)
    {
        if (NONE != current[reader])
        {
            if (world.timeNs() < deadlineNs[reader])
            {
                return;
            }
            current[reader] = NONE;
            target[reader] = random.nextBoolean() ? target[reader] : 1 + random.nextInt(settings.size);
        }
        if (!isEnding)
        {
            issue(reader, reader < settings.leaseReaders ?
                Consistency.LEASE : CONSISTENCIES[random.nextInt(CONSISTENCIES.length)]);
        }
        else if (isReadingLast && !hasReadLast() && 0 == reader)
        {
            target[0] = lastAsked[answeredLast];
            issue(0, Consistency.FOLLOWER);
        }
    }

    private void issue(final int reader, final Consistency consistency)
    {
        final int read = readCount++;
        if (read == rows.length)
        {
            grow();
        }
        final int key = random.nextInt(settings.keys);
        keys[read] = key;
        kinds[read] = (byte)consistency.value();
        maxLagsNs[read] = switch (random.nextInt(4))
        {
            case 0 -> Long.MAX_VALUE;
            case 1 -> 0;
            default -> random.nextLong(4 * settings.electionMaxNs);
        };
        leastIndexes[read] = Consistency.STALE == consistency ? committedBefore(maxLagsNs[read]) : committedIndex;
        rows[read] = Consistency.STALE == consistency ? NONE :
            history.begin(settings.clients + reader, key, History.GET, 0, 0, world.events());
        current[reader] = read;
        final long timeoutNs = world.isHealed() ? settings.requestTimeoutNs : settings.readTimeoutNs;
        deadlineNs[reader] = world.timeNs() + timeoutNs;
        wake(reader, timeoutNs);
        if (!world.isHealed() && random.chance(settings.clientLossRate))
        {
            world.hit(FaultKind.LOST_REQUEST);
            return;
        }
        final SimEvent event = world.queue().take(SimEvent.Kind.READ, world.timeNs() + delayNs(), target[reader]);
        event.a = read;
        event.from = reader;
        world.queue().put(event);
    }

    private void grow()
    {
        final int length = 2 * readCount;
        rows = Arrays.copyOf(rows, length);
        keys = Arrays.copyOf(keys, length);
        kinds = Arrays.copyOf(kinds, length);
        maxLagsNs = Arrays.copyOf(maxLagsNs, length);
        leastIndexes = Arrays.copyOf(leastIndexes, length);
    }

    /** What was committed so long ago, by the clock of a node that may run slow. */
    private int committedBefore(final long lagNs)
    {
        if (Long.MAX_VALUE == lagNs)
        {
            return 0;
        }
        final long beforeNs = world.timeNs() - lagNs - lagNs * 2 * settings.driftPerMillion / 1_000_000;
        int index = committedIndex;
        while (index > 0 && committedNs[index] > beforeNs)
        {
            index--;
        }
        return index;
    }

    private long delayNs()
    {
        return world.isHealed() ? settings.minDelayNs : random.between(settings.minDelayNs, settings.maxDelayNs);
    }

    /** Something has happened, and so much is committed now. */
    void onCommitted(final long index)
    {
        if (index >= committedNs.length)
        {
            committedNs = Arrays.copyOf(committedNs, Math.max((int)index + 1, 2 * committedNs.length));
        }
        while (committedIndex < index)
        {
            committedNs[++committedIndex] = world.timeNs();
        }
    }

    /** A read arrives at a node. */
    void onRead(final SimNode node, final int read)
    {
        keyBytes.putByte(0, (byte)('a' + keys[read]));
        final int length = KvCodec.encodeGet(query, 0, keyBytes, 0, 1);
        final QueryCode code = node.query(read, Consistency.get(kinds[read]), maxLagsNs[read], query, length);
        if (QueryCode.ANSWERED != code)
        {
            tell(node, read, code, 0, 0, 0);
        }
    }

    /** A node has answered a read, or says why not. */
    void onEnded(
        final SimNode node,
        final int read,
        final QueryCode code,
        final long index,
        final DirectBuffer reply,
        final int offset,
        final int length)
    {
        if (QueryCode.ANSWERED != code)
        {
            tell(node, read, code, 0, 0, 0);
            return;
        }
        Violation.check(index >= leastIndexes[read],
            "a read sees what it has to (" + Consistency.get(kinds[read]) + ", " + leastIndexes[read] + ")",
            node.id(), index);
        Violation.check(index <= node.raft().commitIndex(),
            "a read sees only what is committed", node.id(), index);
        Violation.check(decoder.wrap(reply, offset, length), "a reply that can be read", node.id(), index);
        final long value = decoder.valueLength() > 0 ? reply.getLong(decoder.valueOffset(), LITTLE_ENDIAN) : 0;
        tell(node, read, code, decoder.status(), value, index);
    }

    private void tell(
        final SimNode node,
        final int read,
        final QueryCode code,
        final int status,
        final long value,
        final long index)
    {
        if (!world.isHealed() && random.chance(settings.clientLossRate))
        {
            world.hit(FaultKind.LOST_ANSWER);
            return;
        }
        final SimEvent event = world.queue().take(SimEvent.Kind.READ_REPLY, world.timeNs() + delayNs(), 0);
        event.from = QueryCode.ANSWERED == code ? node.id() : node.raft().leaderId();
        event.a = read;
        event.b = index << 16 | (long)code.value() << 8 | status;
        event.c = value;
        world.queue().put(event);
    }

    /** An answer arrives at a reader. */
    void onReply(final SimEvent event)
    {
        final int read = (int)event.a;
        int reader = 0;
        while (reader < count && current[reader] != read)
        {
            reader++;
        }
        if (reader == count)
        {
            return;
        }
        current[reader] = NONE;
        final boolean isAnswered = QueryCode.ANSWERED.value() == (event.b >> 8 & 0xFF);
        if (isAnswered && NONE != rows[read])
        {
            history.seen(rows[read], (int)(event.b >> 16));
            history.end(rows[read], History.COMMITTED, (int)(event.b & 0xFF), event.c, world.events());
        }
        if (isAnswered && isReadingLast)
        {
            answeredLast++;
        }
        final boolean isMoving = !isAnswered || 0 == random.nextInt(4);
        target[reader] = isMoving && (event.from <= 0 || random.nextBoolean()) ?
            1 + random.nextInt(settings.size) : Math.max(1, event.from);
        wake(reader, 1 + (isAnswered ? 0 : settings.heartbeatNs / 4) + random.nextLong(settings.thinkNs + 1));
    }

    /** No more reads; those under way come to their ends. */
    void end()
    {
        isEnding = true;
    }

    boolean isQuiet()
    {
        for (final int read : current)
        {
            if (NONE != read)
            {
                return false;
            }
        }
        return true;
    }

    /** Asks every member once more. */
    void readLast()
    {
        lastAsked = Arrays.stream(world.leader().raft().configuration().members())
            .filter(id -> id <= settings.size).toArray();
        isReadingLast = true;
        wake(0, 1);
    }

    boolean hasReadLast()
    {
        return answeredLast >= lastAsked.length;
    }
}
