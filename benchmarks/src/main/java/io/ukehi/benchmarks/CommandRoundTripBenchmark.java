package io.ukehi.benchmarks;

import io.aeron.Aeron;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.client.ClientContext;
import io.ukehi.client.Outcome;
import io.ukehi.client.ReplyListener;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.log.Durability;
import io.ukehi.node.DriverMode;
import io.ukehi.node.NodeContext;
import io.ukehi.node.UkehiNode;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.agrona.IoUtil;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Commands from a client to a node and back over IPC, on one thread: a group of one member, unsynced, so that what is
 * measured is a command's whole way through client, gateway, session, rules, log and state machine, without network,
 * disk and peers. Run with {@code -prof gc}: it should say 0 B/op, on both sides.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CommandRoundTripBenchmark
{
    private static final int LENGTH = 64;
    private static final String MEMBERS = "1=localhost:23901:23902";

    /** Commands that are offered together. */
    @Param({"1", "64"})
    public int count;

    private final UnsafeBuffer command = new UnsafeBuffer(new byte[LENGTH]);
    private final ReplyListener listener = this::onReply;
    private Path directory;
    private MediaDriver driver;
    private Aeron aeron;
    private UkehiNode node;
    private UkehiClient client;
    private int committed;

    /** Starts the node and waits until it leads and the client has a session. */
    @Setup
    public void launch() throws IOException
    {
        directory = Files.createTempDirectory("ukehi-round-trip");
        driver = MediaDriver.launchEmbedded(new MediaDriver.Context()
            .threadingMode(ThreadingMode.SHARED)
            .sharedIdleStrategy(new SleepingMillisIdleStrategy(1))
            .ipcTermBufferLength(4 * 1024 * 1024)
            .dirDeleteOnShutdown(true));
        node = UkehiNode.launch(new NodeContext()
            .memberId(1)
            .members(MEMBERS)
            .dataDirectoryName(directory.resolve("node").toString())
            .durability(Durability.ASYNC)
            .driverMode(DriverMode.EXTERNAL)
            .aeronDirectoryName(driver.aeronDirectoryName())
            .useAgentInvoker(true)
            .stateMachine(new Echo()));
        aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(driver.aeronDirectoryName()));
        client = UkehiClient.open(new ClientContext()
            .aeron(aeron)
            .endpoints("1=ipc")
            .responseChannel("aeron:ipc"));
        while (UkehiClient.State.CONNECTED != client.state())
        {
            node.invoke();
            client.poll(listener);
            Thread.yield();
        }
    }

    /** Stops everything, and deletes the log. */
    @TearDown
    public void close()
    {
        CloseHelper.closeAll(client, node, aeron, driver);
        IoUtil.delete(directory.toFile(), true);
    }

    /** From the offer of the first command to the reply to the last. */
    @Benchmark
    public int roundTrip()
    {
        committed = 0;
        int offered = 0;
        while (committed < count)
        {
            while (offered < count && client.offer(command, 0, LENGTH) > 0)
            {
                offered++;
            }
            client.flush();
            node.invoke();
            client.poll(listener);
        }
        return committed;
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
        if (Outcome.COMMITTED != outcome || LENGTH != length)
        {
            throw new IllegalStateException("not committed: " + outcome + " " + code);
        }
        committed++;
    }

    /** Answers with the command. */
    private static final class Echo implements StateMachine
    {
        @Override
        public void onCommand(
            final CommandHeader header,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final Reply reply)
        {
            reply.put(buffer, offset, length);
        }
    }
}
