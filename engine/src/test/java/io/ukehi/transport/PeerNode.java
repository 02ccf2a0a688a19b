package io.ukehi.transport;

import io.aeron.Aeron;
import io.aeron.CommonContext;
import io.aeron.driver.DefaultNameResolver;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.NameResolverAgent;
import io.aeron.driver.ThreadingMode;
import io.ukehi.raft.PeerHandler;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A node's transport with a media driver of its own. Unless it is made with threads, everything runs in the thread of
 * the test, when it is told to work.
 */
final class PeerNode implements AutoCloseable
{
    static final int TERM_LENGTH = 8 * 1024 * 1024;

    final PeerMessageSamples.WritingHandler handler = new PeerMessageSamples.WritingHandler();
    final List<String> errors = new ArrayList<>();
    final List<String> tooLong = new ArrayList<>();
    final DropCounters drops = new DropCounters();
    final int nodeId;
    final MediaDriver driver;
    final Aeron aeron;
    final AeronPeers peers;
    final PeerPublisher publisher;
    final PeerAdapter adapter;
    private final boolean hasThreads;
    private final int fragmentLimit;

    private PeerNode(final Builder builder)
    {
        nodeId = builder.nodeId;
        hasThreads = builder.hasThreads;
        fragmentLimit = builder.fragmentLimit;
        driver = MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(CommonContext.generateRandomDirName())
            .threadingMode(hasThreads ? ThreadingMode.SHARED : ThreadingMode.INVOKER)
            .nameResolver(builder.resolver)
            .publicationConnectionTimeoutNs(builder.connectionTimeoutMs * 1_000_000L)
            // What is provoked here is not news.
            .errorHandler(error -> {})
            .dirDeleteOnShutdown(true));
        aeron = Aeron.connect(new Aeron.Context()
            .aeronDirectoryName(driver.aeronDirectoryName())
            .useConductorAgentInvoker(!hasThreads)
            .driverAgentInvoker(hasThreads ? null : driver.sharedAgentInvoker())
            .errorHandler(error -> {}));
        peers = new AeronPeers(
            new AeronPeersContext()
                .aeron(aeron)
                .nodeId(builder.nodeId)
                .endpoints(builder.endpoints)
                .bulkTermLength(TERM_LENGTH)
                .listener(new Listener()),
            System.nanoTime());
        publisher = new PeerPublisher(
            PeerMessageSamples.CLUSTER_ID, PeerMessageSamples.GROUP_ID, builder.nodeId, peers);
        adapter = new PeerAdapter(
            PeerMessageSamples.CLUSTER_ID,
            PeerMessageSamples.GROUP_ID,
            builder.nodeId,
            builder.endpoints.stream().mapToInt(PeerEndpoint::memberId).toArray(),
            null == builder.handler ? handler : builder.handler,
            drops);
        peers.receiver(adapter);
        if (builder.isIntroduced)
        {
            final PeerEndpoint own = builder.endpoints.get(0);
            final UnsafeBuffer address = new UnsafeBuffer(own.address().getBytes(StandardCharsets.US_ASCII));
            adapter.introductions(peers);
            peers.introducer(toId -> publisher.sendIntroduction(toId, 100 + nodeId, 0, address));
        }
    }

    static Builder member(final int nodeId, final List<PeerEndpoint> endpoints)
    {
        return new Builder(nodeId, endpoints);
    }

    /** Members 1, 2, ... on free ports of this machine. */
    static List<PeerEndpoint> freeEndpoints(final int count) throws IOException
    {
        final List<PeerEndpoint> endpoints = new ArrayList<>();
        final List<DatagramSocket> sockets = new ArrayList<>();
        for (int i = 1; i <= count; i++)
        {
            final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
            sockets.add(socket);
            endpoints.add(new PeerEndpoint(i, "127.0.0.1", socket.getLocalPort()));
        }
        CloseHelper.closeAll(sockets);
        return endpoints;
    }

    /** Lets nodes work until something holds; false if it does not within the time. */
    static boolean await(final long timeoutMs, final BooleanSupplier condition, final PeerNode... nodes)
    {
        final long deadlineNs = System.nanoTime() + timeoutMs * 1_000_000L;
        while (!condition.getAsBoolean())
        {
            if (System.nanoTime() - deadlineNs > 0)
            {
                return false;
            }
            int workCount = 0;
            for (final PeerNode node : nodes)
            {
                workCount += node.work();
            }
            if (0 == workCount)
            {
                Thread.yield();
            }
        }
        return true;
    }

    int work()
    {
        return workWithoutPolling() + peers.poll(fragmentLimit);
    }

    int workWithoutPolling()
    {
        int workCount = 0;
        if (!hasThreads)
        {
            workCount += driver.sharedAgentInvoker().invoke();
            workCount += aeron.conductorAgentInvoker().invoke();
        }
        return workCount + peers.doWork(System.nanoTime());
    }

    /** As when the process is killed: the sockets are gone, and nobody was told. */
    void kill()
    {
        driver.close();
    }

    @Override
    public void close()
    {
        CloseHelper.closeAll(peers, aeron, driver);
    }

    static final class Builder
    {
        private final int nodeId;
        private final List<PeerEndpoint> endpoints;
        private NameResolverAgent resolver = DefaultNameResolver.INSTANCE;
        private PeerHandler handler;
        private int fragmentLimit = 50;
        private long connectionTimeoutMs = 5_000;
        private boolean hasThreads;
        private boolean isIntroduced;

        private Builder(final int nodeId, final List<PeerEndpoint> endpoints)
        {
            this.nodeId = nodeId;
            this.endpoints = endpoints;
        }

        Builder resolver(final NameResolverAgent nameResolver)
        {
            resolver = nameResolver;
            return this;
        }

        Builder handler(final PeerHandler peerHandler)
        {
            handler = peerHandler;
            return this;
        }

        Builder fragmentLimit(final int limit)
        {
            fragmentLimit = limit;
            return this;
        }

        /** How long the driver takes a silent peer for connected. */
        Builder connectionTimeoutMs(final long timeoutMs)
        {
            connectionTimeoutMs = timeoutMs;
            return this;
        }

        /** Tells others who it is, and hears who they are. The first of its endpoints is its own. */
        Builder introduced()
        {
            isIntroduced = true;
            return this;
        }

        Builder withThreads()
        {
            hasThreads = true;
            return this;
        }

        PeerNode start()
        {
            return new PeerNode(this);
        }
    }

    private final class Listener implements PeerLinkListener
    {
        @Override
        public void onChannelError(final int memberId, final int streamId, final Exception error)
        {
            errors.add(memberId + "/" + streamId + " " + error.getMessage());
        }

        @Override
        public void onPeers(final int[] ids)
        {
            adapter.senders(ids);
        }

        @Override
        public void onMessageTooLong(final int memberId, final int streamId, final int length, final int maxLength)
        {
            tooLong.add(memberId + "/" + streamId + " " + length + " > " + maxLength);
        }
    }
}
