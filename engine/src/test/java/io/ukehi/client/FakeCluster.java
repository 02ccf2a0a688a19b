package io.ukehi.client;

import io.aeron.Aeron;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.CloseHelper;
import org.agrona.concurrent.IdleStrategy;

/**
 * Three fake nodes over one real media driver. The test's thread steps them itself, or a client's blocking calls do,
 * whose idle strategy this is: no other thread takes part but the driver's and Aeron's.
 */
public final class FakeCluster implements AutoCloseable, IdleStrategy
{
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);

    public final FakeNode[] nodes = new FakeNode[3];
    final MediaDriver driver;
    final Aeron aeron;
    final List<UkehiClient> clients = new ArrayList<>();
    private final String[] endpoints = new String[3];

    public FakeCluster()
    {
        driver = MediaDriver.launchEmbedded(new MediaDriver.Context()
            .threadingMode(ThreadingMode.SHARED)
            .termBufferSparseFile(true)
            .publicationTermBufferLength(8 * 1024 * 1024)
            .ipcTermBufferLength(1024 * 1024)
            .timerIntervalNs(TimeUnit.MILLISECONDS.toNanos(50))
            .publicationLingerTimeoutNs(TimeUnit.MILLISECONDS.toNanos(200))
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true));
        aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(driver.aeronDirectoryName()));
        for (int i = 0; i < nodes.length; i++)
        {
            endpoints[i] = "localhost:" + freePort();
            nodes[i] = new FakeNode(aeron, i + 1, "aeron:udp?endpoint=" + endpoints[i]);
        }
    }

    /** Member 1 to 3. */
    public FakeNode node(final int id)
    {
        return nodes[id - 1];
    }

    /** Where a member takes clients, as {@code ID=HOST:PORT}. */
    String endpoint(final int id)
    {
        return id + "=" + endpoints[id - 1];
    }

    /** Has one member lead and the others follow it. */
    public void lead(final int id, final long term)
    {
        for (final FakeNode node : nodes)
        {
            if (node.nodeId == id)
            {
                node.lead(term);
            }
            else
            {
                node.follow(id, term);
            }
        }
    }

    /** Ends a member and starts it again at the same place. */
    void restart(final int id)
    {
        node(id).close();
        nodes[id - 1] = new FakeNode(aeron, id, "aeron:udp?endpoint=" + endpoints[id - 1]);
    }

    /** Settings of a client that fits, with short timeouts. */
    public ClientContext context()
    {
        return new ClientContext()
            .aeronDirectoryName(driver.aeronDirectoryName())
            .endpoints("1=" + endpoints[0] + ",2=" + endpoints[1] + ",3=" + endpoints[2])
            .clusterId(7)
            .groupId(3)
            .termLength(1024 * 1024)
            .idleStrategy(this);
    }

    /** A client that is closed with the cluster. */
    public UkehiClient connect(final ClientContext ctx)
    {
        final UkehiClient client = UkehiClient.connect(ctx);
        clients.add(client);
        return client;
    }

    /** Steps nodes and client until something is so. */
    void await(final UkehiClient client, final ReplyListener listener, final String what, final BooleanSupplier isSo)
    {
        final long startNs = System.nanoTime();
        while (!isSo.getAsBoolean())
        {
            if (System.nanoTime() - startNs > PATIENCE_NS)
            {
                throw new AssertionError("in vain: " + what);
            }
            idle(client.poll(listener));
        }
    }

    /** Steps nodes and client for a while. */
    void run(final UkehiClient client, final ReplyListener listener, final long millis)
    {
        final long startNs = System.nanoTime();
        while (System.nanoTime() - startNs < TimeUnit.MILLISECONDS.toNanos(millis))
        {
            idle(client.poll(listener));
        }
    }

    @Override
    public void idle(final int workCount)
    {
        int work = workCount;
        for (final FakeNode node : nodes)
        {
            work += node.doWork();
        }
        if (0 == work)
        {
            LockSupport.parkNanos(200_000);
        }
    }

    @Override
    public void idle()
    {
        idle(0);
    }

    @Override
    public void reset()
    {
    }

    @Override
    public void close()
    {
        CloseHelper.closeAll(clients);
        CloseHelper.closeAll(nodes);
        CloseHelper.closeAll(aeron, driver);
    }

    static int freePort()
    {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress()))
        {
            return socket.getLocalPort();
        }
        catch (final SocketException ex)
        {
            throw new UncheckedIOException(new IOException(ex));
        }
    }
}
