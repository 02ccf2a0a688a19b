package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.ClientContext;
import io.ukehi.client.Outcome;
import io.ukehi.client.ReplyListener;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.log.Durability;
import io.ukehi.Stage;
import io.ukehi.StageMarks;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every stage of a command is marked, in a cluster that runs, and each no earlier than the one before. */
@Tag("cluster")
@Timeout(120)
class StageTest
{
    private static final int COUNT = 3_000;

    @TempDir
    private Path directory;

    private final long[] timesNs = new long[Stage.values().length];
    private StageMarks marks;
    private int acks;
    /** When the commands that are under way were sent: none comes back before that. */
    private long sentNs;
    private int ended;
    private int checked;

    @ParameterizedTest(name = "{0} members, {1}, {2} under way")
    @CsvSource({"1,ASYNC,1", "3,ASYNC,1", "3,ASYNC,64", "3,BATCH,64", "5,ASYNC,64"})
    void shouldPassEveryStageInOrder(final int size, final Durability durability, final int window) throws Exception
    {
        assertTrue(Stage.isOn(), "set -D" + Stage.PROPERTY + "=7");
        try (TestCluster cluster = new TestCluster(directory, size))
        {
            // An entry that a second leader commits has passed the stages of the first one.
            cluster.settings(context -> context
                .durability(durability)
                .electionTimeoutMinNs(TimeUnit.SECONDS.toNanos(2))
                .electionTimeoutMaxNs(TimeUnit.SECONDS.toNanos(3))).start();
            final UkehiNode leader = cluster.awaitLeader();
            marks = Stage.marks();
            acks = size / 2;
            try (UkehiClient client = UkehiClient.connect(new ClientContext()
                .aeronDirectoryName(leader.context().aeronDirectoryName())
                .endpoints(leader.context().memberId() + "=" + leader.context().ownAddress().clientEndpoint())))
            {
                run(client, window);
            }
        }
        assertEquals(0, (double)COUNT / marks.every() - checked, 1, "every so-many-th was checked");
    }

    private void run(final UkehiClient client, final int window)
    {
        final UnsafeBuffer command = TestCluster.putCommand("key", "value");
        final ReplyListener onReply = this::onReply;
        while (ended < COUNT)
        {
            sentNs = System.nanoTime();
            final int limit = Math.min(COUNT, ended + window);
            for (int sent = ended; ended < limit;)
            {
                if (sent < limit && client.offer(command, 0, command.capacity()) > 0)
                {
                    sent++;
                }
                else if (0 == client.poll(onReply))
                {
                    Thread.yield();
                }
            }
        }
    }

    private void onReply(
        final long correlationId, final Outcome outcome, final ReplyCode code,
        final long index, final long token, final DirectBuffer reply, final int offset, final int length)
    {
        ended++;
        assertEquals(Outcome.COMMITTED, outcome);
        if (!marks.isMarked(index))
        {
            return;
        }
        checked++;
        final long nowNs = System.nanoTime();
        assertTrue(marks.read(index, acks, timesNs), () -> index + " lacks a stage: " + Arrays.toString(timesNs));
        long beforeNs = sentNs;
        for (final Stage stage : Stage.values())
        {
            final long timeNs = timesNs[stage.ordinal()];
            if (0 == acks && stage.isOfPeer())
            {
                assertEquals(StageMarks.UNKNOWN, timeNs);
            }
            else
            {
                assertTrue(timeNs - beforeNs >= 0, () -> stage + " of " + index + ": " + Arrays.toString(timesNs));
                beforeNs = timeNs;
            }
        }
        assertTrue(nowNs - beforeNs >= 0, "no reply is there before it is sent");
    }
}
