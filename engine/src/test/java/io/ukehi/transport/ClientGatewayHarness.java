package io.ukehi.transport;

import static org.junit.jupiter.api.Assertions.fail;

import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.Consistency;
import io.aeron.Aeron;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.codecs.client.NodeRole;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.SystemUtil;

/**
 * A gateway with probes around it, over a real media driver. Time for the gateway stands still unless a test moves it;
 * real time only bounds how long a test waits for what goes through the driver.
 */
final class ClientGatewayHarness implements AutoCloseable
{
    static final long CLUSTER_ID = 77;
    static final int GROUP_ID = 1;
    static final int NODE_ID = 2;
    static final long SESSION_TIMEOUT_NS = 8_000;
    static final int MAX_COMMAND_LENGTH = 100_000;
    static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(20);

    final DropCounters drops = new DropCounters();
    final Handler handler = new Handler();
    final Aeron nodeAeron;
    final Aeron clientAeron;
    final String ingressChannel = "aeron:udp?term-length=1m|endpoint=localhost:" + freePort();
    ClientGateway gateway;
    /** Whether the node has no cycles. */
    boolean isStill;
    long nowNs = Long.MAX_VALUE - SESSION_TIMEOUT_NS;

    final int ingressStreamId;

    // What an earlier harness left unread in the driver's IPC streams must not reach this one.
    private static final int STREAMS_PER_HARNESS = 1_000;
    private static int lastStreamId;
    private final List<ClientProbe> probes = new ArrayList<>();
    private int nextStreamId;

    /** Writes down what it is asked, and answers as it is told. */
    static final class Handler implements ClientHandler
    {
        final List<String> commands = new ArrayList<>();
        final List<String> queries = new ArrayList<>();
        QueryCode queryCode = QueryCode.ANSWERED;
        byte[] payload = {};
        int result = TAKEN;
        int laterCount;
        RuntimeException thrown;
        ClientGateway gateway;

        @Override
        public int onCommand(
            final long sessionId,
            final long correlationId,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            if (null != thrown)
            {
                throw thrown;
            }
            if (laterCount > 0)
            {
                laterCount--;
                return LATER;
            }
            commands.add(sessionId + " " + correlationId);
            payload = new byte[length];
            buffer.getBytes(offset, payload);
            return result;
        }

        @Override
        public QueryCode onQuery(
            final long sessionId,
            final long correlationId,
            final Consistency consistency,
            final long maxLagNs,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            queries.add(sessionId + " " + correlationId + " " + consistency + " " + maxLagNs + " " + length);
            return queryCode;
        }

        @Override
        public void onAdmin(
            final long sessionId,
            final long correlationId,
            final AdminOperation operation,
            final int targetId,
            final String member)
        {
            queries.add(operation + " " + targetId + " " + member);
            gateway.adminReply(sessionId, correlationId, AdminCode.BUSY, "busy with " + targetId);
        }

        @Override
        public void onStatus(final ClientStatus status)
        {
            status.role(NodeRole.LEADER).progress(42, 41);
        }
    }

    static MediaDriver launchDriver()
    {
        return MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(SystemUtil.tmpDirName() + "ukehi-gateway-" + UUID.randomUUID())
            .threadingMode(ThreadingMode.SHARED)
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true)
            .publicationLingerTimeoutNs(TimeUnit.MILLISECONDS.toNanos(200))
            .errorHandler(ignored -> {}));
    }

    ClientGatewayHarness(final MediaDriver driver)
    {
        this(driver, config());
    }

    ClientGatewayHarness(final MediaDriver driver, final ClientGatewayConfig config)
    {
        nodeAeron = connect(driver);
        clientAeron = connect(driver);
        lastStreamId += STREAMS_PER_HARNESS;
        ingressStreamId = lastStreamId;
        nextStreamId = ingressStreamId + ClientResponseChannel.RESERVED_IPC_STREAMS;
        gateway = new ClientGateway(
            nodeAeron, config.ingressChannel(ingressChannel).ingressStreamId(ingressStreamId), drops);
    }

    static ClientGatewayConfig config()
    {
        return new ClientGatewayConfig()
            .group(CLUSTER_ID, GROUP_ID)
            .nodeId(NODE_ID)
            .sessionLimit(3)
            .sessionTimeoutNs(SESSION_TIMEOUT_NS)
            .maxCommandLength(MAX_COMMAND_LENGTH)
            .maxReplyLength(20_000);
    }

    private static Aeron connect(final MediaDriver driver)
    {
        return Aeron.connect(new Aeron.Context()
            .aeronDirectoryName(driver.aeronDirectoryName())
            .errorHandler(ignored -> {}));
    }

    static int freePort()
    {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress()))
        {
            return socket.getLocalPort();
        }
        catch (final SocketException ex)
        {
            throw new IllegalStateException(ex);
        }
    }

    /** A client on the other way in each time it is asked for another one. */
    ClientProbe probe(final long sessionId, final boolean isIpc)
    {
        final ClientProbe probe = new ClientProbe(
            clientAeron,
            sessionId,
            new ClientMessages(CLUSTER_ID, GROUP_ID),
            isIpc ? "aeron:ipc?term-length=1m" : ingressChannel,
            ingressStreamId + (isIpc ? NODE_ID : 0));
        probes.add(probe.listen(responseChannel(isIpc), nextStreamId++));
        await(probe::isConnected);
        return probe;
    }

    ClientProbe connected(final long sessionId, final boolean isIpc)
    {
        final ClientProbe probe = probe(sessionId, isIpc);
        probe.connect(0);
        await(() -> !probe.heard.isEmpty());
        probe.heard.clear();
        return probe;
    }

    int nextStreamId()
    {
        return nextStreamId++;
    }

    static String responseChannel(final boolean isIpc)
    {
        return isIpc ? "aeron:ipc" : "aeron:udp?endpoint=localhost:" + freePort();
    }

    /** One duty cycle of the node. */
    void cycle()
    {
        if (isStill)
        {
            return;
        }
        handler.gateway = gateway;
        gateway.poll(handler, 10);
        gateway.doWork(nowNs);
    }

    void await(final BooleanSupplier condition)
    {
        await(condition, null);
    }

    /** Cycles until it is so; all probes read but one. */
    void await(final BooleanSupplier condition, final ClientProbe deaf)
    {
        final long deadlineNs = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean())
        {
            cycle();
            for (final ClientProbe probe : probes)
            {
                if (probe != deaf)
                {
                    probe.poll();
                }
            }
            if (System.nanoTime() - deadlineNs > 0)
            {
                fail("waited too long");
            }
            Thread.yield();
        }
    }

    /** Moves time on, in steps that the gateway sees each of. */
    void elapse(final long durationNs)
    {
        final int steps = 32;
        for (int i = 0; i < steps; i++)
        {
            nowNs += durationNs / steps;
            cycle();
        }
    }

    @Override
    public void close()
    {
        CloseHelper.closeAll(probes);
        CloseHelper.closeAll(gateway, nodeAeron, clientAeron);
    }
}
