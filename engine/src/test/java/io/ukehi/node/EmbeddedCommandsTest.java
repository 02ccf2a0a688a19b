package io.ukehi.node;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EmbeddedCommandsTest
{
    private static final long SESSION = -5;
    private static final int MAX_LENGTH = 100;
    private static final int RING_LENGTH = 4096;

    private final Map<Long, List<CommandOutcome>> ends = Collections.synchronizedMap(new TreeMap<>());
    private final List<Throwable> errors = new ArrayList<>();
    private final UnsafeBuffer command = new UnsafeBuffer(new byte[MAX_LENGTH + 10]);
    private final EmbeddedCommands commands = new EmbeddedCommands(
        SESSION, RING_LENGTH, MAX_LENGTH, this::onEnd, errors::add);

    private void onEnd(
        final long correlationId,
        final CommandOutcome outcome,
        final long index,
        final long token,
        final DirectBuffer reply,
        final int offset,
        final int length)
    {
        assertEquals(CommandOutcome.COMMITTED == outcome, index > 0);
        ends.computeIfAbsent(correlationId, key -> new ArrayList<>()).add(outcome);
    }

    private boolean commitAll(
        final long correlationId, final DirectBuffer payload, final int offset, final int length)
    {
        commands.onCommitted(correlationId, 9, 10, payload, offset + 16, length - 16);
        return true;
    }

    private static boolean refuseAll(
        final long correlationId, final DirectBuffer payload, final int offset, final int length)
    {
        return false;
    }

    @Test
    void shouldHandOverAnEntrysPayload()
    {
        command.putBytes(3, "hello".getBytes());
        final long id = commands.offer(command, 3, 5);
        assertTrue(id > 0);
        assertEquals(1, commands.poll((correlationId, payload, offset, length) ->
        {
            assertEquals(id, correlationId);
            assertEquals(EmbeddedCommands.payloadLength(5), length);
            assertEquals(SESSION, payload.getLong(offset, LITTLE_ENDIAN));
            assertEquals(id, payload.getLong(offset + 8, LITTLE_ENDIAN));
            assertEquals("hello", payload.getStringWithoutLengthAscii(offset + 16, 5));
            return true;
        }, 10));
        assertEquals(Map.of(), ends);
    }

    @Test
    void shouldTellTheListenerOfAnOfferAndTheFutureOfASubmission() throws Exception
    {
        command.putBytes(0, "abc".getBytes());
        final long id = commands.offer(command, 0, 3);
        final CompletableFuture<CommandResult> future = commands.submit(command, 0, 3);
        assertEquals(2, commands.poll(this::commitAll, 10));
        assertEquals(Map.of(id, List.of(CommandOutcome.COMMITTED)), ends);
        final CommandResult result = future.get();
        assertTrue(result.isCommitted());
        assertEquals(9, result.index());
        assertEquals(10, result.fencingToken());
        assertArrayEquals("abc".getBytes(), result.reply());
    }

    @Test
    void shouldTellEveryOtherEnd() throws Exception
    {
        for (final CommandOutcome outcome : CommandOutcome.values())
        {
            if (CommandOutcome.COMMITTED != outcome)
            {
                final long id = commands.offer(command, 0, 1);
                final CompletableFuture<CommandResult> future = commands.submit(command, 0, 1);
                commands.poll((correlationId, payload, offset, length) ->
                {
                    commands.onEnded(correlationId, outcome);
                    return true;
                }, 10);
                assertEquals(List.of(outcome), ends.get(id));
                assertEquals(outcome, future.get().outcome());
                assertEquals(0, future.get().reply().length);
            }
        }
    }

    @Test
    void shouldRefuseWhatIsTooLargeAndTakeTheLongest() throws Exception
    {
        assertEquals(UkehiNode.TOO_LARGE, commands.offer(command, 0, MAX_LENGTH + 1));
        assertRefused(UkehiNode.TOO_LARGE, commands.submit(command, 0, MAX_LENGTH + 1));
        assertTrue(commands.offer(command, 0, MAX_LENGTH) > 0);
        assertTrue(commands.submit(command, 0, 0) != null);
        assertEquals(2, commands.poll(this::commitAll, 10));
    }

    @Test
    void shouldTakeTheLongestWhenTheQueueIsConfiguredShort()
    {
        final EmbeddedCommands some = new EmbeddedCommands(1, 64, 10_000, this::onEnd, errors::add);
        assertTrue(some.offer(new UnsafeBuffer(new byte[10_000]), 0, 10_000) > 0);
    }

    @Test
    void shouldLeaveNothingBehindWhenTheCallerIsWrong() throws Exception
    {
        assertThrows(IllegalArgumentException.class, () -> commands.offer(command, 0, -1));
        assertThrows(IndexOutOfBoundsException.class, () -> commands.offer(command, 100, 50));
        assertThrows(IndexOutOfBoundsException.class, () -> commands.submit(command, 100, 50));
        assertThrows(NullPointerException.class, () -> commands.submit(null, 0, 50));
        final long id = commands.offer(command, 0, 1);
        assertEquals(1, commands.poll(this::commitAll, 10));
        assertEquals(List.of(id), List.copyOf(ends.keySet()));
        commands.close();
        assertEquals(1, ends.size());
    }

    private static void assertRefused(final long code, final CompletableFuture<CommandResult> future)
    {
        final ExecutionException ex = assertThrows(ExecutionException.class, future::get);
        assertEquals(code, assertInstanceOf(RefusedCommandException.class, ex.getCause()).code());
    }

    @Test
    void shouldPushBackWhenTheQueueIsFullAndTakeAgainWhenThereIsRoom()
    {
        int taken = 0;
        while (commands.offer(command, 0, MAX_LENGTH) > 0)
        {
            taken++;
        }
        assertTrue(taken > 10 && taken <= RING_LENGTH / MAX_LENGTH, "taken " + taken);
        assertEquals(UkehiNode.BACK_PRESSURED, commands.offer(command, 0, MAX_LENGTH));
        assertRefused(UkehiNode.BACK_PRESSURED, commands.submit(command, 0, MAX_LENGTH));
        assertEquals(0, commands.poll(EmbeddedCommandsTest::refuseAll, 10));
        assertEquals(UkehiNode.BACK_PRESSURED, commands.offer(command, 0, MAX_LENGTH));
        assertEquals(1, commands.poll(this::commitAll, 1));
        assertTrue(commands.offer(command, 0, MAX_LENGTH) > 0);
    }

    @Test
    void shouldKeepTheOrderWhenOneHasToWait()
    {
        final List<Long> offered = new ArrayList<>();
        final List<Long> seen = new ArrayList<>();
        for (int i = 0; i < 10; i++)
        {
            offered.add(commands.offer(command, 0, 10));
        }
        while (seen.size() < 10)
        {
            commands.poll((correlationId, payload, offset, length) ->
            {
                final boolean isTaken = ThreadLocalRandom.current().nextBoolean();
                if (isTaken)
                {
                    seen.add(correlationId);
                }
                return isTaken;
            }, 3);
        }
        assertEquals(offered, seen);
    }

    @Test
    void shouldEndWhatIsInTheQueueWhenItClosesWhereverItLies() throws Exception
    {
        // Also where the queue's end lies between: padding must not be taken for the end of what is in there.
        for (int before = 0; before < 60; before++)
        {
            ends.clear();
            final EmbeddedCommands some = new EmbeddedCommands(1, RING_LENGTH, MAX_LENGTH, this::onEnd, errors::add);
            for (int i = 0; i < before; i++)
            {
                some.offer(command, 0, 77);
                while (0 == some.poll((correlationId, payload, offset, length) -> true, 1))
                {
                    // The queue's end is passed over by a poll of its own.
                    Thread.onSpinWait();
                }
            }
            final List<Long> left = new ArrayList<>();
            for (int i = 0; i < 5; i++)
            {
                left.add(some.offer(command, 0, 93));
            }
            final CompletableFuture<CommandResult> future = some.submit(command, 0, 93);
            some.close();
            assertEquals(left, List.copyOf(ends.keySet()), "after " + before);
            ends.values().forEach(end -> assertEquals(List.of(CommandOutcome.NOT_LEADER), end));
            assertEquals(CommandOutcome.NOT_LEADER, future.get().outcome());
            assertEquals(UkehiNode.CLOSED, some.offer(command, 0, 1));
            assertRefused(UkehiNode.CLOSED, some.submit(command, 0, 1));
        }
    }

    @Test
    void shouldTellTheEndWhenTheProposerThrowsAndLetItThrough() throws Exception
    {
        final RuntimeException thrown = new RuntimeException("disk");
        final long id = commands.offer(command, 0, 1);
        final CompletableFuture<CommandResult> future = commands.submit(command, 0, 1);
        for (int i = 0; i < 2; i++)
        {
            assertSame(thrown, assertThrows(RuntimeException.class, () -> commands.poll(
                (correlationId, payload, offset, length) ->
                {
                    throw thrown;
                }, 10)));
        }
        commands.close();
        assertEquals(Map.of(id, List.of(CommandOutcome.UNKNOWN)), ends);
        assertEquals(CommandOutcome.UNKNOWN, future.get().outcome());
    }

    @Test
    void shouldReportAListenerThatThrowsAndGoOn()
    {
        final EmbeddedCommands some = new EmbeddedCommands(
            1, RING_LENGTH, MAX_LENGTH, (correlationId, outcome, index, token, reply, offset, length) ->
            {
                throw new AssertionError("command " + correlationId);
            }, errors::add);
        some.offer(command, 0, 1);
        some.offer(command, 0, 1);
        assertEquals(2, some.poll((correlationId, payload, offset, length) ->
        {
            some.onCommitted(correlationId, 1, 1, payload, offset, 0);
            return true;
        }, 10));
        some.offer(command, 0, 1);
        some.close();
        assertEquals(List.of("command 1", "command 2", "command 3"),
            errors.stream().map(Throwable::getMessage).toList());
    }

    @Test
    void shouldEndEachCommandOnceWhenThreadsOfferWhileItCloses() throws Exception
    {
        for (int run = 0; run < 10; run++)
        {
            ends.clear();
            final EmbeddedCommands some = new EmbeddedCommands(1, RING_LENGTH, MAX_LENGTH, this::onEnd, errors::add);
            final Map<Long, Boolean> offered = new ConcurrentHashMap<>();
            final List<CompletableFuture<CommandResult>> futures = Collections.synchronizedList(new ArrayList<>());
            final List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++)
            {
                final boolean isSubmitting = i == 2;
                final Thread thread = new Thread(() -> offerUntilClosed(some, offered, isSubmitting ? futures : null));
                threads.add(thread);
                thread.start();
            }
            for (int i = 0; i < 20_000 || offered.size() < 100 || futures.size() < 20; i++)
            {
                some.poll((correlationId, payload, offset, length) ->
                {
                    some.onCommitted(correlationId, 1, 1, payload, offset, 0);
                    return true;
                }, 5);
            }
            some.close();
            for (final Thread thread : threads)
            {
                thread.join();
            }
            assertEquals(offered.keySet(), ends.keySet());
            ends.forEach((id, end) -> assertEquals(1, end.size(), "ends of " + id));
            assertFalse(futures.isEmpty());
            futures.forEach(future -> assertTrue(future.isDone()));
        }
        assertEquals(List.of(), errors);
    }

    private static void offerUntilClosed(
        final EmbeddedCommands to,
        final Map<Long, Boolean> offered,
        final List<CompletableFuture<CommandResult>> futures)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[MAX_LENGTH]);
        while (true)
        {
            final int length = ThreadLocalRandom.current().nextInt(MAX_LENGTH + 1);
            Thread.yield();
            if (null != futures)
            {
                final CompletableFuture<CommandResult> future = to.submit(buffer, 0, length);
                if (!future.isCompletedExceptionally())
                {
                    futures.add(future);
                }
                else if (isClosed(future))
                {
                    return;
                }
            }
            else
            {
                final long id = to.offer(buffer, 0, length);
                if (id > 0)
                {
                    offered.put(id, true);
                }
                else if (UkehiNode.CLOSED == id)
                {
                    return;
                }
            }
        }
    }

    private static boolean isClosed(final CompletableFuture<CommandResult> future)
    {
        return future.exceptionNow() instanceof RefusedCommandException refused && UkehiNode.CLOSED == refused.code();
    }
}
