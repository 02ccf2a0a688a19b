package io.ukehi.node;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.codecs.entry.CommandEntryDecoder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.ControlledMessageHandler;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.agrona.ErrorHandler;
import org.agrona.MutableDirectBuffer;

/**
 * The way of the embedding program's commands: any thread puts them into a ring, laid out as the payload of an entry;
 * the duty cycle takes them out and tells each one's end.
 */
final class EmbeddedCommands
{
    /** What the duty cycle does with a command. */
    interface Proposer
    {
        /**
         * @return true if the command was dealt with, false if it has to wait for a later cycle.
         */
        boolean propose(long correlationId, DirectBuffer payload, int offset, int length);
    }

    private static final int COMMAND_TYPE = 1;
    private static final int SESSION_ID_OFFSET = CommandEntryDecoder.sessionIdEncodingOffset();
    private static final int CORRELATION_ID_OFFSET = CommandEntryDecoder.correlationIdEncodingOffset();
    private static final DirectBuffer NOTHING = new UnsafeBuffer(new byte[0]);
    private static final byte[] NO_BYTES = {};

    private final ManyToOneRingBuffer ring;
    private final AtomicLong nextCorrelationId = new AtomicLong(1);
    private final ConcurrentHashMap<Long, CompletableFuture<CommandResult>> futures = new ConcurrentHashMap<>();
    private final ControlledMessageHandler handler = this::onMessage;
    private final long sessionId;
    private final int maxCommandLength;
    private final CommandListener listener;
    private final ErrorHandler errors;
    private Proposer proposer;
    private volatile boolean isClosed;

    /**
     * @param sessionId        that names the embedding program in entries; different at every start.
     * @param ringLength       in bytes; rounded up to a power of two that takes the longest command.
     * @param maxCommandLength in bytes.
     * @param listener         told how commands without a future ended.
     * @param errors           told what the listener throws, which must not end the node.
     */
    EmbeddedCommands(
        final long sessionId,
        final int ringLength,
        final int maxCommandLength,
        final CommandListener listener,
        final ErrorHandler errors)
    {
        this.errors = errors;
        this.sessionId = sessionId;
        this.maxCommandLength = maxCommandLength;
        this.listener = listener;
        // The ring takes messages of an eighth of its length.
        final int least = 8 * (maxCommandLength + CommandEntryDecoder.BLOCK_LENGTH + BitUtil.CACHE_LINE_LENGTH);
        final int length = BitUtil.findNextPositivePowerOfTwo(Math.max(ringLength, least));
        this.ring = new ManyToOneRingBuffer(new UnsafeBuffer(BufferUtil.allocateDirectAligned(
            length + RingBufferDescriptor.TRAILER_LENGTH, BitUtil.CACHE_LINE_LENGTH)));
    }

    /** Length of an entry's payload that holds a command. */
    static int payloadLength(final int commandLength)
    {
        return CommandEntryDecoder.BLOCK_LENGTH + commandLength;
    }

    long sessionId()
    {
        return sessionId;
    }

    /** Any thread: as {@link UkehiNode#offer}. */
    long offer(final DirectBuffer buffer, final int offset, final int length)
    {
        return put(nextCorrelationId.getAndIncrement(), buffer, offset, length);
    }

    /** Any thread: as {@link UkehiNode#submit}. */
    CompletableFuture<CommandResult> submit(final DirectBuffer buffer, final int offset, final int length)
    {
        final long correlationId = nextCorrelationId.getAndIncrement();
        final CompletableFuture<CommandResult> future = new CompletableFuture<>();
        futures.put(correlationId, future);
        long result = UkehiNode.CLOSED;
        try
        {
            result = put(correlationId, buffer, offset, length);
        }
        finally
        {
            if (result < 0)
            {
                futures.remove(correlationId);
            }
        }
        if (result < 0)
        {
            future.completeExceptionally(new RefusedCommandException(result));
        }
        return future;
    }

    private long put(final long correlationId, final DirectBuffer buffer, final int offset, final int length)
    {
        if (isClosed)
        {
            return UkehiNode.CLOSED;
        }
        if (length < 0)
        {
            throw new IllegalArgumentException("a command has 0 bytes or more: " + length);
        }
        if (length > maxCommandLength)
        {
            return UkehiNode.TOO_LARGE;
        }
        final int claim = ring.tryClaim(COMMAND_TYPE, CommandEntryDecoder.BLOCK_LENGTH + length);
        if (claim < 0)
        {
            return UkehiNode.BACK_PRESSURED;
        }
        boolean isTaken = false;
        try
        {
            // Asked again behind the claim: close() either sees the claim and waits for it, or is seen here.
            if (!isClosed)
            {
                final MutableDirectBuffer target = ring.buffer();
                target.putLong(claim + SESSION_ID_OFFSET, sessionId, LITTLE_ENDIAN);
                target.putLong(claim + CORRELATION_ID_OFFSET, correlationId, LITTLE_ENDIAN);
                target.putBytes(claim + CommandEntryDecoder.BLOCK_LENGTH, buffer, offset, length);
                isTaken = true;
            }
        }
        finally
        {
            if (isTaken)
            {
                ring.commit(claim);
            }
            else
            {
                ring.abort(claim);
            }
        }
        return isTaken ? correlationId : UkehiNode.CLOSED;
    }

    /** Duty-cycle thread: takes commands out, up to a limit or until one has to wait. */
    int poll(final Proposer to, final int limit)
    {
        proposer = to;
        return ring.controlledRead(handler, limit);
    }

    private ControlledMessageHandler.Action onMessage(
        final int type, final MutableDirectBuffer buffer, final int offset, final int length)
    {
        final long correlationId = buffer.getLong(offset + CORRELATION_ID_OFFSET, LITTLE_ENDIAN);
        try
        {
            return proposer.propose(correlationId, buffer, offset, length) ?
                ControlledMessageHandler.Action.CONTINUE : ControlledMessageHandler.Action.ABORT;
        }
        catch (final Throwable thrown)
        {
            // The ring has let go of it, and what the proposer did before it threw is not known.
            onEnded(correlationId, CommandOutcome.UNKNOWN);
            throw thrown;
        }
    }

    /** Duty-cycle thread: a command was committed. */
    void onCommitted(
        final long correlationId,
        final long index,
        final long token,
        final DirectBuffer reply,
        final int offset,
        final int length)
    {
        if (futures.isEmpty() || !completeFuture(correlationId, index, token, reply, offset, length))
        {
            tell(correlationId, CommandOutcome.COMMITTED, index, token, reply, offset, length);
        }
    }

    private void tell(
        final long correlationId,
        final CommandOutcome outcome,
        final long index,
        final long token,
        final DirectBuffer reply,
        final int offset,
        final int length)
    {
        try
        {
            listener.onCommand(correlationId, outcome, index, token, reply, offset, length);
        }
        catch (final Throwable thrown)
        {
            errors.onError(thrown);
        }
    }

    private boolean completeFuture(
        final long correlationId,
        final long index,
        final long token,
        final DirectBuffer reply,
        final int offset,
        final int length)
    {
        final CompletableFuture<CommandResult> future = futures.remove(correlationId);
        if (null != future)
        {
            final byte[] bytes = new byte[length];
            reply.getBytes(offset, bytes);
            future.complete(new CommandResult(CommandOutcome.COMMITTED, index, token, bytes));
        }
        return null != future;
    }

    /** Duty-cycle thread: a command ended in another way. */
    void onEnded(final long correlationId, final CommandOutcome outcome)
    {
        final CompletableFuture<CommandResult> future = futures.isEmpty() ? null : futures.remove(correlationId);
        if (null != future)
        {
            future.complete(new CommandResult(outcome, 0, 0, NO_BYTES));
        }
        else
        {
            tell(correlationId, outcome, 0, 0, NOTHING, 0, 0);
        }
    }

    /**
     * Duty-cycle thread, last: takes nothing more, and ends what is still in the ring. Waits for threads that are in
     * the middle of putting a command into it.
     */
    void close()
    {
        isClosed = true;
        final long end = ring.producerPosition();
        while (ring.consumerPosition() < end)
        {
            poll((correlationId, buffer, offset, length) -> onClosed(correlationId), Integer.MAX_VALUE);
            Thread.onSpinWait();
        }
    }

    private boolean onClosed(final long correlationId)
    {
        // It was never taken, so it is certain that it was not applied.
        onEnded(correlationId, CommandOutcome.NOT_LEADER);
        return true;
    }
}
