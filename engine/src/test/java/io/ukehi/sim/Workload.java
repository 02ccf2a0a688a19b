package io.ukehi.sim;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.check.History;
import io.ukehi.codecs.entry.CommandEntryDecoder;
import io.ukehi.codecs.entry.SessionCommandEntryDecoder;
import io.ukehi.kv.KvCodec;
import io.ukehi.kv.KvReplyDecoder;
import io.ukehi.kv.KvStatus;
import io.ukehi.statemachine.CommandHeader;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Clients of the key-value store, each with one command under way at a time, which asks any node and ends as committed
 * with a result, rejected, or, when no answer has come in time, unknown. Values are unique, so that each one read tells
 * which command wrote it.
 */
final class Workload
{
    private static final int NO_OP = -1;

    private final World world;
    private final SimSettings settings;
    private final SimRandom random;
    private final History history = new History();
    private final int[] current;
    private final int[] target;
    private final long[] deadlineNs;
    private final long[] lastSeen;
    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[4096]);
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[8]);
    private final UnsafeBuffer value = new UnsafeBuffer(new byte[1024]);
    private final UnsafeBuffer expected = new UnsafeBuffer(new byte[1024]);
    private final KvReplyDecoder decoder = new KvReplyDecoder();
    /** Of each index at which a command was applied: what it was and what came of it. */
    private long[] applied = new long[256];
    private boolean isEnding;
    private boolean isReadingLast;
    private int endedCount;

    Workload(final World world, final SimRandom random)
    {
        this.world = world;
        this.settings = world.settings();
        this.random = random;
        this.current = new int[settings.clients];
        this.target = new int[settings.clients];
        this.deadlineNs = new long[settings.clients];
        this.lastSeen = new long[settings.clients * settings.keys];
        Arrays.fill(current, NO_OP);
    }

    /** Longest payload of an entry: a CAS with two of the longest values. */
    static int maxPayloadLength(final SimSettings settings)
    {
        final int longest = settings.maxValueLength;
        return SessionCommandEntryDecoder.BLOCK_LENGTH + Math.max(256, KvCodec.casLength(1, longest, longest));
    }

    void start()
    {
        for (int client = 0; client < settings.clients; client++)
        {
            target[client] = 1 + random.nextInt(settings.size);
            wake(client, random.nextLong(settings.electionMaxNs));
        }
    }

    private void wake(final int client, final long delayNs)
    {
        world.queue().put(SimEvent.Kind.CLIENT, world.timeNs() + delayNs, client, history.size());
    }

    /** A client has time to think, or has waited long enough. */
    void onWake(final int client)
    {
        final int op = current[client];
        if (NO_OP != op)
        {
            if (world.timeNs() < deadlineNs[client])
            {
                return;
            }
            history.unknown(op);
            current[client] = NO_OP;
            target[client] = 1 + random.nextInt(settings.size);
        }
        if (!isEnding && world.timeNs() < world.lullEndNs())
        {
            wake(client, world.lullEndNs() - world.timeNs());
        }
        else if (!isEnding)
        {
            issue(client);
        }
        else if (isReadingLast && endedCount < settings.keys)
        {
            send(client, history.begin(client, endedCount, History.GET, 0, 0, world.events()));
        }
    }

    private void issue(final int client)
    {
        final int keyNumber = random.nextInt(settings.keys);
        final int kind = random.nextInt(4);
        final long id = 1 + history.size();
        final long seen = lastSeen[client * settings.keys + keyNumber];
        send(client, history.begin(client, keyNumber, kind, id, seen, world.events()));
    }

    private void send(final int client, final int op)
    {
        current[client] = op;
        deadlineNs[client] = world.timeNs() + settings.requestTimeoutNs;
        wake(client, settings.requestTimeoutNs);
        if (!world.isHealed() && random.chance(settings.clientLossRate))
        {
            world.hit(FaultKind.LOST_REQUEST);
            return;
        }
        world.queue().put(SimEvent.Kind.REQUEST, world.timeNs() + delayNs(), target[client], op);
    }

    private long delayNs()
    {
        return world.isHealed() ? settings.minDelayNs : random.between(settings.minDelayNs, settings.maxDelayNs);
    }

    /** A request arrives at a node. */
    void onRequest(final SimNode node, final int op)
    {
        final long result = node.propose(payload, encode(op));
        if (result < 0)
        {
            onRejected(node, op);
        }
    }

    private int encode(final int op)
    {
        payload.putLong(CommandEntryDecoder.sessionIdEncodingOffset(), -1 - history.client(op), LITTLE_ENDIAN);
        payload.putLong(CommandEntryDecoder.correlationIdEncodingOffset(), op, LITTLE_ENDIAN);
        return encode(op, payload, CommandEntryDecoder.BLOCK_LENGTH);
    }

    /** Writes the key-value store's command; returns where it ends. */
    int encode(final int op, final UnsafeBuffer payload, final int at)
    {
        key.putByte(0, (byte)('a' + history.key(op)));
        final int valueLength = putValue(value, history.value(op));
        final int length = switch (history.kind(op))
        {
            case History.PUT -> KvCodec.encodePut(payload, at, key, 0, 1, value, 0, valueLength);
            case History.GET -> KvCodec.encodeGet(payload, at, key, 0, 1);
            case History.DELETE -> KvCodec.encodeDelete(payload, at, key, 0, 1);
            default -> 0 == history.expected(op) ?
                KvCodec.encodeCasAbsent(payload, at, key, 0, 1, value, 0, valueLength) :
                KvCodec.encodeCas(
                    payload, at, key, 0, 1, expected, 0, putValue(expected, history.expected(op)),
                    value, 0, valueLength);
        };
        return at + length;
    }

    /** The bytes of a value follow from its number, so that a damaged one is noticed. */
    private int putValue(final UnsafeBuffer buffer, final long id)
    {
        final int length = valueLength(id);
        buffer.setMemory(0, length, (byte)id);
        buffer.putLong(0, id, LITTLE_ENDIAN);
        return length;
    }

    private int valueLength(final long id)
    {
        return 8 + (int)Long.remainderUnsigned(SimRandom.mix(id), settings.maxValueLength - 7);
    }

    /** A node has applied a command: whoever does, whenever, it is the same with the same result, and happens once. */
    void onCommitted(
        final SimNode node,
        final CommandHeader header,
        final int op,
        final DirectBuffer reply,
        final int offset,
        final int length)
    {
        final int index = (int)header.index();
        final long result = resultOf(node, reply, offset, length);
        final int status = decoder.status();
        final long digest = SimRandom.mix(
            SimRandom.mix(op * 31L + status) ^ result << 20 ^ header.fencingToken() ^ header.clusterTimeNs());
        if (index >= applied.length)
        {
            applied = Arrays.copyOf(applied, Math.max(index + 1, 2 * applied.length));
        }
        if (0 == applied[index])
        {
            applied[index] = digest;
            Violation.check(history.applied(op, index), "a command is applied once, and not if it was rejected",
                node.id(), index);
        }
        Violation.check(applied[index] == digest, "every node applies the same and answers the same", node.id(), index);
    }

    /** The value in a reply, 0 if there is none; its status is the decoder's then. */
    private long resultOf(final SimNode node, final DirectBuffer reply, final int offset, final int length)
    {
        Violation.check(decoder.wrap(reply, offset, length), "a reply that can be read", node.id(), length);
        if (0 == decoder.valueLength())
        {
            return 0;
        }
        final long result = reply.getLong(decoder.valueOffset(), LITTLE_ENDIAN);
        Violation.check(decoder.valueLength() == valueLength(result) && (decoder.valueLength() == 8 ||
            reply.getByte(decoder.valueOffset() + decoder.valueLength() - 1) == (byte)result),
            "a value is as it was written", node.id(), result);
        return result;
    }

    /** A node answers a client without a session. */
    void answer(final SimNode node, final int op, final DirectBuffer reply, final int offset, final int length)
    {
        final long result = resultOf(node, reply, offset, length);
        answer(node, op, History.COMMITTED, decoder.status(), result);
    }

    /** Status and value of a reply as a client takes them: {@code status | value << 8}. */
    long readReply(final SimNode node, final DirectBuffer reply, final int offset, final int length)
    {
        final long result = resultOf(node, reply, offset, length);
        return decoder.status() | result << 8;
    }

    /** A node says that a command was not done and never will be. */
    void onRejected(final SimNode node, final int op)
    {
        Violation.check(history.rejected(op), "what was applied is not called rejected", node.id(), op);
        answer(node, op, History.REJECTED, 0, 0);
    }

    private void answer(final SimNode node, final int op, final int outcome, final int status, final long result)
    {
        if (!world.isHealed() && random.chance(settings.clientLossRate))
        {
            world.hit(FaultKind.LOST_ANSWER);
            return;
        }
        final SimEvent event = world.queue().take(
            SimEvent.Kind.REPLY, world.timeNs() + delayNs(), history.client(op));
        event.from = History.COMMITTED == outcome ? node.id() : node.raft().leaderId();
        event.a = op;
        event.b = (long)outcome << 8 | status;
        event.c = result;
        world.queue().put(event);
    }

    /** An answer arrives at a client. */
    void onReply(final SimEvent event)
    {
        final int client = event.node;
        final int op = (int)event.a;
        if (current[client] != op)
        {
            return;
        }
        current[client] = NO_OP;
        target[client] = event.from > 0 ? event.from : 1 + random.nextInt(settings.size);
        final int outcome = (int)(event.b >> 8);
        final int status = (int)(event.b & 0xFF);
        history.end(op, outcome, status, event.c, world.events());
        if (History.COMMITTED == outcome)
        {
            learn(client, op, status, event.c);
            if (isReadingLast && history.key(op) == endedCount)
            {
                endedCount++;
            }
        }
        final long pauseNs = History.COMMITTED == outcome ? 0 : settings.heartbeatNs / 4;
        wake(client, 1 + pauseNs + random.nextLong(settings.thinkNs + 1));
    }

    private void learn(final int client, final int op, final int status, final long result)
    {
        final boolean isWritten = KvStatus.OK == status &&
            (History.PUT == history.kind(op) || History.CAS == history.kind(op));
        lastSeen[client * settings.keys + history.key(op)] = isWritten ? history.value(op) : result;
    }

    /** No more commands; those under way come to their ends. */
    void end()
    {
        isEnding = true;
    }

    boolean isQuiet()
    {
        for (final int op : current)
        {
            if (NO_OP != op)
            {
                return false;
            }
        }
        return true;
    }

    /** Reads every key once more, through the log. */
    void readLast()
    {
        isReadingLast = true;
        target[0] = 1 + random.nextInt(settings.size);
        wake(0, 1);
    }

    boolean hasReadLast()
    {
        return endedCount == settings.keys;
    }

    History history()
    {
        return history;
    }
}
