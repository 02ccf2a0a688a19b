package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.ClientContext;
import io.ukehi.client.Outcome;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.fencing.FencingGuard;
import io.ukehi.fencing.FencingToken;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The token of a command reaches its state machines, its client and its embedding program: the same one. */
@Tag("cluster")
@Timeout(120)
class FencingTokenPathTest
{
    private static final int COMMANDS = 30;

    private final Map<Integer, Recorder> recorders = new ConcurrentHashMap<>();
    private final List<Long> told = new ArrayList<>();
    private final Map<Long, Long> toldByIndex = new ConcurrentHashMap<>();
    private final UnsafeBuffer command = new UnsafeBuffer(new byte[Long.BYTES]);
    private int repliesLeft;
    private Outcome lastOutcome;

    /** Remembers the token of each command by index. */
    private static final class Recorder implements StateMachine
    {
        private final Map<Long, Long> tokens = new ConcurrentHashMap<>();

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            tokens.put(header.index(), header.fencingToken());
        }
    }

    @Test
    void shouldTellStateMachinesAndClientsTheSameRisingTokens(@TempDir final Path directory) throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 3))
        {
            cluster.settings(context ->
            {
                final Recorder recorder = new Recorder();
                recorders.put(context.memberId(), recorder);
                return context.stateMachine(recorder);
            }).start();
            final UkehiNode first = cluster.awaitLeader();
            try (UkehiClient client = UkehiClient.connect(new ClientContext()
                .embeddedDriver(true)
                .endpoints(cluster.members().replaceAll(":\\d+(:\\d+)", "$1"))))
            {
                writeFrom(client);
                writeFrom(first);
                final long before = told.getLast();
                first.close();
                final UkehiNode second = cluster.awaitLeader();
                writeFrom(client);
                writeFrom(second);
                assertTrue(FencingToken.term(told.getLast()) > FencingToken.term(before));
                cluster.start(first.context().memberId());
                final UkehiNode leader = cluster.awaitLeader();
                writeFrom(leader);
            }
            checkGuard();
            recorders.values().forEach(recorder ->
                TestCluster.await(() -> recorder.tokens.entrySet().containsAll(toldByIndex.entrySet())));
            assertEquals(List.of(), cluster.errors());
        }
    }

    private void writeFrom(final UkehiClient client)
    {
        for (int i = 0; i < COMMANDS; i++)
        {
            repliesLeft = 1;
            TestCluster.await(() ->
            {
                client.poll(this::onReply);
                return client.offer(command, 0, Long.BYTES) > 0;
            });
            TestCluster.await(() ->
            {
                client.poll(this::onReply);
                return 0 == repliesLeft;
            });
            assertEquals(Outcome.COMMITTED, lastOutcome);
        }
    }

    private void onReply(
        final long correlationId,
        final Outcome outcome,
        final ReplyCode code,
        final long index,
        final long token,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        lastOutcome = outcome;
        repliesLeft--;
        note(index, token);
    }

    private void writeFrom(final UkehiNode node) throws Exception
    {
        for (int i = 0; i < COMMANDS; i++)
        {
            final CommandResult result = node.submit(command, 0, Long.BYTES).get(20, TimeUnit.SECONDS);
            assertTrue(result.isCommitted(), result::toString);
            note(result.index(), result.fencingToken());
        }
    }

    private void note(final long index, final long token)
    {
        assertTrue(told.isEmpty() || FencingToken.isBefore(told.getLast(), token));
        told.add(token);
        toldByIndex.put(index, token);
    }

    /** What a resource makes of them, were each the token of a write to it. */
    private void checkGuard()
    {
        final FencingGuard guard = new FencingGuard();
        told.forEach(token -> assertTrue(guard.tryAcceptOnce(token)));
        told.forEach(token -> assertFalse(guard.tryAcceptOnce(token)));
        told.removeLast();
        told.forEach(token -> assertFalse(guard.tryAccept(token)));
    }
}
