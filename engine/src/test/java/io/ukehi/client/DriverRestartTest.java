package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.ReplyCode;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The media driver that a client shares with others ends, and another one is started in its place. */
@Timeout(60)
class DriverRestartTest
{
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[64]);
    private final Ends ends = new Ends();
    private final String directory = CommonContext.generateRandomDirName();
    private FakeCluster cluster;
    private MediaDriver driver;
    private Process process;

    @BeforeEach
    void launch()
    {
        cluster = new FakeCluster();
        cluster.lead(2, 5);
    }

    @AfterEach
    void close() throws InterruptedException
    {
        cluster.close();
        CloseHelper.close(driver);
        if (null != process)
        {
            process.destroyForcibly().waitFor();
        }
        IoUtil.delete(new File(directory), true);
    }

    private MediaDriver launchDriver()
    {
        return MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(directory)
            .threadingMode(ThreadingMode.SHARED)
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true));
    }

    private Process startDriver() throws IOException
    {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(argument -> argument.startsWith("--add-opens")).forEach(command::add);
        command.addAll(List.of(
            "-Daeron.dir=" + directory, "-Daeron.threading.mode=SHARED", "-Daeron.dir.delete.on.start=true",
            "-cp", System.getProperty("java.class.path"), MediaDriver.class.getName()));
        return new ProcessBuilder(command).inheritIO().start();
    }

    private ClientContext context()
    {
        return cluster.context().aeronDirectoryName(directory).errorHandler(ex ->
        {
        });
    }

    private long offer(final UkehiClient client)
    {
        return client.offer(buffer, 0, buffer.capacity());
    }

    @Test
    void shouldGoOnWithItsSessionWhenTheDriverIsStartedAgain()
    {
        driver = launchDriver();
        final UkehiClient client = cluster.connect(context());
        final long sessionId = client.sessionId();
        final long first = offer(client);
        cluster.await(client, ends, "a reply", () -> ends.has(first));
        cluster.node(2).handler = FakeNode.SILENT;
        final long second = offer(client);
        cluster.await(client, ends, "the command", () -> 2 == cluster.node(2).commands.size());
        driver.close();
        cluster.await(client, ends, "the loss", () -> UkehiClient.State.CONNECTING == client.state());
        cluster.run(client, ends, 300);
        assertEquals(UkehiClient.NOT_CONNECTED, offer(client));
        cluster.node(2).handler = FakeNode.ECHO;
        driver = launchDriver();
        cluster.await(client, ends, "the reply to what was under way", () -> ends.has(second));
        assertEquals(Outcome.COMMITTED, ends.of(second).outcome());
        assertEquals(sessionId, client.sessionId());
        assertEquals(1, client.stats().driversLost());
        assertEquals(0, client.stats().sessionsLost());
        final long third = offer(client);
        assertEquals(3, third);
        cluster.await(client, ends, "the third", () -> ends.has(third));
    }

    @Test
    void shouldNotWaitForTheTimeoutOfADriverThatWasKilledAndStartedAgain() throws Exception
    {
        process = startDriver();
        final UkehiClient client = cluster.connect(context().connectTimeoutNs(TimeUnit.SECONDS.toNanos(30)));
        final long first = offer(client);
        cluster.await(client, ends, "a reply", () -> ends.has(first));
        process.destroyForcibly().waitFor();
        process = startDriver();
        final long killedNs = System.nanoTime();
        cluster.node(2).handler = FakeNode.ECHO;
        cluster.await(client, ends, "another driver", () -> 1 == client.stats().driversLost());
        cluster.await(client, ends, "the leader", () -> UkehiClient.State.CONNECTED == client.state());
        final long second = offer(client);
        cluster.await(client, ends, "a reply", () -> ends.has(second));
        final long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killedNs);
        assertTrue(tookMs < CommonContext.DEFAULT_DRIVER_TIMEOUT_MS, "after " + tookMs + " ms");
        assertEquals(ReplyCode.COMMITTED, ends.of(second).code());
    }

    @Test
    void shouldEndQueriesThatWentDownWithTheDriver()
    {
        driver = launchDriver();
        final UkehiClient client = cluster.connect(context());
        for (final FakeNode node : cluster.nodes)
        {
            node.queryHandler = (same, id, bytes, offset, length) ->
            {
            };
        }
        final long id = client.offerQuery(Consistency.LINEARIZABLE, 0, UkehiClient.ANY_MEMBER, buffer, 0, 8);
        assertTrue(id > 0);
        driver.close();
        driver = launchDriver();
        final List<QueryCode> codes = new ArrayList<>();
        final long startNs = System.nanoTime();
        while (codes.isEmpty() && System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(20))
        {
            cluster.idle(client.poll(ends, (queryId, code, member, index, bytes, offset, length) -> codes.add(code)));
        }
        assertEquals(List.of(QueryCode.NULL_VAL), codes);
    }

    @Test
    void shouldBeClosedWithoutADriverAsWithOne()
    {
        driver = launchDriver();
        final UkehiClient client = cluster.connect(context());
        driver.close();
        cluster.await(client, ends, "the loss", () -> UkehiClient.State.CONNECTING == client.state());
        cluster.run(client, ends, 300);
        client.close();
        assertEquals(UkehiClient.CLOSED, offer(client));
        assertEquals(UkehiClient.State.CLOSED, client.state());
    }
}
