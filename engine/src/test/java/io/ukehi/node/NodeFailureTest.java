package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import io.ukehi.statemachine.StateMachineException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ends of nodes, wanted and unwanted. */
@Tag("cluster")
@Timeout(60)
class NodeFailureTest
{
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);
    private static final int POISON_LENGTH = 13;

    @TempDir
    private Path directory;

    /** Counts commands; throws at a poisoned one, if told to. */
    private static final class Machine implements StateMachine
    {
        private final AtomicInteger count = new AtomicInteger();
        private final AtomicInteger stops = new AtomicInteger();
        private volatile boolean isMortal;

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            if (isMortal && POISON_LENGTH == length)
            {
                throw new IllegalStateException("poison");
            }
            count.incrementAndGet();
        }

        @Override
        public void onStop()
        {
            stops.incrementAndGet();
        }
    }

    private static CompletableFuture<CommandResult> submit(final UkehiNode node, final int length)
    {
        return node.submit(new UnsafeBuffer(new byte[length]), 0, length);
    }

    private static CommandOutcome outcome(final UkehiNode node, final int length) throws Exception
    {
        return submit(node, length).get(10, TimeUnit.SECONDS).outcome();
    }

    private static void assertClosesInASecond(final UkehiNode node)
    {
        final long beganNs = System.nanoTime();
        node.close();
        assertTrue(System.nanoTime() - beganNs < SECOND_NS, "closing takes less than a second");
        assertEquals(NodeRole.STOPPED, node.role());
    }

    @Test
    void shouldStopAndLeaveTheOthersGoingWhenItsStateMachineThrows() throws Exception
    {
        final Machine[] machines = {null, new Machine(), new Machine(), new Machine()};
        try (TestCluster cluster = new TestCluster(directory, 3))
        {
            cluster.settings(context -> context.stateMachine(machines[context.memberId()])).start();
            final UkehiNode leader = cluster.awaitLeader();
            final int id = leader.context().memberId();
            assertEquals(CommandOutcome.COMMITTED, outcome(leader, 1));
            machines[id].isMortal = true;
            final CompletableFuture<CommandResult> poisoned = submit(leader, POISON_LENGTH);
            final List<CompletableFuture<CommandResult>> behind = new ArrayList<>();
            for (int i = 0; i < 10; i++)
            {
                behind.add(submit(leader, 1));
            }
            assertEquals(CommandOutcome.UNKNOWN, poisoned.get(10, TimeUnit.SECONDS).outcome());
            for (final CompletableFuture<CommandResult> future : behind)
            {
                assertTrue(isEndedUncommitted(future), "each behind it ends");
            }
            TestCluster.await(() -> NodeRole.STOPPED == leader.role());
            assertInstanceOf(StateMachineException.class, leader.failure());
            assertEquals(-1, leader.leaderId());
            assertEquals(UkehiNode.CLOSED, leader.offer(new UnsafeBuffer(new byte[1]), 0, 1));
            assertEquals(1, machines[id].stops.get());

            final UkehiNode next = cluster.awaitLeader();
            assertNotSame(leader, next);
            assertEquals(CommandOutcome.COMMITTED, outcome(next, 1));
            assertNull(next.failure());
            assertEquals(1, cluster.errors().size(), cluster.errors()::toString);
            assertEquals(leader.failure(), cluster.errors().getFirst());

            assertClosesInASecond(leader);
            machines[id] = new Machine();
            final UkehiNode back = cluster.start(id);
            TestCluster.await(() -> machines[id].count.get() == machines[next.context().memberId()].count.get());
            assertNull(back.failure());
        }
    }

    private static boolean isEndedUncommitted(final CompletableFuture<CommandResult> future) throws Exception
    {
        try
        {
            return !future.get(10, TimeUnit.SECONDS).isCommitted();
        }
        catch (final ExecutionException ex)
        {
            return ex.getCause() instanceof RefusedCommandException;
        }
    }

    @Test
    void shouldStopWhenTheStateMachineDoesNotStart() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 1))
        {
            cluster.settings(context -> context.stateMachine(new StateMachine()
            {
                @Override
                public void onStart()
                {
                    throw new IllegalStateException("no");
                }

                @Override
                public void onCommand(
                    final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
                    final Reply reply)
                {
                    throw new AssertionError("it was not started");
                }
            }));
            final UkehiNode node = cluster.start(1);
            TestCluster.await(() -> NodeRole.STOPPED == node.role());
            assertInstanceOf(StateMachineException.class, node.failure());
            // Counted by the thread that ends, after it has said so.
            TestCluster.await(() -> 1 == node.counter(NodeCounters.Kind.ERROR_COUNT));
            assertClosesInASecond(node);
        }
    }

    @Test
    void shouldGoOnWhenAListenerOrAnErrorHandlerThrows() throws Exception
    {
        final AtomicInteger ends = new AtomicInteger();
        try (TestCluster cluster = new TestCluster(directory, 1))
        {
            cluster.settings(context -> context
                .commandListener((correlationId, outcome, index, token, reply, offset, length) ->
                {
                    ends.incrementAndGet();
                    throw new IllegalStateException("listener");
                })
                .errorHandler(error ->
                {
                    throw new IllegalStateException("handler");
                })).start();
            final UkehiNode node = cluster.awaitLeader();
            for (int i = 0; i < 10; i++)
            {
                assertTrue(node.offer(new UnsafeBuffer(new byte[1]), 0, 1) > 0);
            }
            assertTrue(TestCluster.put(node, "a", "1").isCommitted());
            assertEquals(10, ends.get());
            assertNull(node.failure());
            TestCluster.await(() -> 10 == node.counter(NodeCounters.Kind.ERROR_COUNT));
        }
    }

    @Test
    void shouldRefuseToBeClosedByItsOwnDutyCycle() throws Exception
    {
        final AtomicReference<Throwable> thrown = new AtomicReference<>();
        try (TestCluster cluster = new TestCluster(directory, 1).start())
        {
            final UkehiNode node = cluster.awaitLeader();
            submit(node, 1).thenRun(() ->
            {
                try
                {
                    node.close();
                }
                catch (final Throwable ex)
                {
                    thrown.set(ex);
                }
            }).get(10, TimeUnit.SECONDS);
            TestCluster.await(() -> null != thrown.get() || NodeRole.STOPPED == node.role());
            // What hangs on the future runs at once, on this thread, if the command was faster than this test.
            if (null != thrown.get())
            {
                assertInstanceOf(IllegalStateException.class, thrown.get());
                assertTrue(TestCluster.put(node, "a", "1").isCommitted());
            }
        }
    }

    @Test
    void shouldCloseInOrderWhenTheThreadIsInterrupted() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 1).start())
        {
            final UkehiNode node = cluster.awaitLeader();
            for (int i = 0; i < 100; i++)
            {
                TestCluster.put(node, "a" + i, "1");
            }
            Thread.currentThread().interrupt();
            node.close();
            assertTrue(Thread.interrupted(), "the interrupt is still there for whoever waits for it");
            assertNull(node.failure());
            assertEquals(List.of(), cluster.errors());
            cluster.start();
            assertEquals("1", TestCluster.get(cluster.awaitLeader(), "a99"));
        }
    }

    @Test
    void shouldSayThatItWasInterruptedWhenItsThreadIs() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 1).start())
        {
            final UkehiNode node = cluster.awaitLeader();
            Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("ukehi-node-1")).forEach(Thread::interrupt);
            TestCluster.await(() -> NodeRole.STOPPED == node.role());
            TestCluster.await(() -> null != node.failure());
            assertEquals(UkehiNode.CLOSED, node.offer(new UnsafeBuffer(new byte[1]), 0, 1));
            assertClosesInASecond(node);
        }
    }

    @Test
    void shouldEndEveryCommandOnceWhenItClosesUnderLoad() throws Exception
    {
        final AtomicInteger ends = new AtomicInteger();
        try (TestCluster cluster = new TestCluster(directory, 1))
        {
            cluster.settings(context -> context.commandListener(
                (correlationId, outcome, index, token, reply, offset, length) -> ends.incrementAndGet())).start();
            final UkehiNode node = cluster.awaitLeader();
            final AtomicInteger taken = new AtomicInteger();
            final List<CompletableFuture<CommandResult>> futures = new ArrayList<>();
            final Thread offering = new Thread(() ->
            {
                final UnsafeBuffer command = new UnsafeBuffer(new byte[40]);
                for (long code = 0; UkehiNode.CLOSED != code;)
                {
                    code = node.offer(command, 0, 40);
                    taken.addAndGet(code > 0 ? 1 : 0);
                }
            });
            final Thread submitting = new Thread(() ->
            {
                while (NodeRole.STOPPED != node.role())
                {
                    futures.add(submit(node, 40));
                    Thread.yield();
                }
            });
            offering.start();
            submitting.start();
            TestCluster.await(() -> taken.get() > 20_000);
            assertClosesInASecond(node);
            offering.join();
            submitting.join();
            assertEquals(taken.get(), ends.get());
            futures.forEach(future -> assertTrue(future.isDone()));
            assertNull(node.failure());
            assertEquals(List.of(), cluster.errors());
        }
    }

    @Test
    void shouldShareAMediaDriverAndStopWhenItIsGone() throws Exception
    {
        final String timeout = System.getProperty("aeron.driver.timeout");
        System.setProperty("aeron.driver.timeout", "1000");
        try (TestCluster cluster = new TestCluster(directory, 3))
        {
            final MediaDriver driver = MediaDriver.launch(new MediaDriver.Context()
                .aeronDirectoryName(directory.resolve("shared").toString())
                .threadingMode(ThreadingMode.SHARED).dirDeleteOnShutdown(true));
            try
            {
                cluster.settings(context -> context.driverMode(DriverMode.EXTERNAL)
                    .stateMachine(new KvStateMachine())
                    .aeronDirectoryName(driver.aeronDirectoryName())).start();
                assertTrue(TestCluster.put(cluster.awaitLeader(), "a", "1").isCommitted());
            }
            finally
            {
                driver.close();
            }
            for (int id = 1; id <= 3; id++)
            {
                final UkehiNode node = cluster.node(id);
                TestCluster.await(() -> NodeRole.STOPPED == node.role());
                assertTrue(node.failure().getMessage().contains("driver"), node.failure()::toString);
                assertClosesInASecond(node);
            }
        }
        finally
        {
            if (null == timeout)
            {
                System.clearProperty("aeron.driver.timeout");
            }
            else
            {
                System.setProperty("aeron.driver.timeout", timeout);
            }
        }
    }

    @Test
    void shouldThrowNothingFromAFutureThatWasRefused() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 1).start())
        {
            final UkehiNode node = cluster.awaitLeader();
            final int tooLong = node.context().maxCommandLength() + 1;
            final CompletableFuture<CommandResult> future = submit(node, tooLong);
            final ExecutionException ex = assertThrows(ExecutionException.class, future::get);
            assertEquals(UkehiNode.TOO_LARGE, ((RefusedCommandException)ex.getCause()).code());
            assertTrue(submit(node, tooLong - 1).get(10, TimeUnit.SECONDS).outcome() == CommandOutcome.COMMITTED);
            assertFalse(node.role() == NodeRole.STOPPED);
        }
    }
}
