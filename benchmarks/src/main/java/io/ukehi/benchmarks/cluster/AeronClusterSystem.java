package io.ukehi.benchmarks.cluster;

import io.aeron.ExclusivePublication;
import io.aeron.Image;
import io.aeron.archive.Archive;
import io.aeron.archive.ArchiveThreadingMode;
import io.aeron.archive.client.AeronArchive;
import io.aeron.cluster.ConsensusModule;
import io.aeron.cluster.client.AeronCluster;
import io.aeron.cluster.client.EgressListener;
import io.aeron.cluster.codecs.CloseReason;
import io.aeron.cluster.service.ClientSession;
import io.aeron.cluster.service.Cluster;
import io.aeron.cluster.service.ClusteredService;
import io.aeron.cluster.service.ClusteredServiceContainer;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.Header;
import io.ukehi.log.Durability;
import java.io.File;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.SleepingIdleStrategy;

/**
 * Aeron Cluster with the best settings that were found for it on two cores: everything yields but the archive, which
 * sleeps a microsecond. ASYNC is sync level 0, BATCH and EVERY are sync level 1.
 * <p>
 * With one driver for all, what would collide on it has a number for each member: streams of IPC channels, archives,
 * and the cluster id, by which a service finds the counters of its consensus module.
 */
final class AeronClusterSystem implements EchoSystem
{
    private static final int INGRESS_PORT = 1;
    private static final int CONSENSUS_PORT = 2;
    private static final int LOG_PORT = 3;
    private static final int CATCHUP_PORT = 4;
    private static final int ARCHIVE_PORT = 5;
    private static final int REPLICATION_PORT = 6;
    private static final int STREAMS_OF_MEMBER = 20;
    private static final int FIRST_STREAM = 2000;
    private static final int POLL_LIMIT = 26;

    @Override
    public String title()
    {
        return "aeron-cluster";
    }

    private static String endpoint(final ClusterSettings settings, final int memberId, final int which)
    {
        return "localhost:" + settings.port(memberId, which);
    }

    /** Aeron Cluster counts from 0. */
    private static String members(final ClusterSettings settings)
    {
        final StringBuilder members = new StringBuilder();
        for (int id = 1; id <= settings.nodes(); id++)
        {
            members.append(id - 1);
            for (final int which : new int[]{INGRESS_PORT, CONSENSUS_PORT, LOG_PORT, CATCHUP_PORT, ARCHIVE_PORT})
            {
                members.append(',').append(endpoint(settings, id, which));
            }
            members.append('|');
        }
        return members.toString();
    }

    private static int stream(final int memberId, final int which)
    {
        return FIRST_STREAM + STREAMS_OF_MEMBER * memberId + which;
    }

    @Override
    public Member launchMember(final ClusterSettings settings, final int memberId)
    {
        final MediaDriver driver = ClusterSettings.Layout.ONE == settings.layout() ?
            null : MediaDriver.launch(Drivers.context(settings, memberId, ThreadingMode.SHARED));
        final Archive archive = Archive.launch(archiveContext(settings, memberId));
        final ConsensusModule consensusModule = ConsensusModule.launch(moduleContext(settings, memberId));
        final ClusteredServiceContainer container = ClusteredServiceContainer.launch(
            new ClusteredServiceContainer.Context()
                .aeronDirectoryName(settings.driverDirectory(memberId))
                .clusterId(memberId)
                .clusterDir(clusterDirectory(settings, memberId))
                .archiveContext(archiveClient(settings, memberId, 8))
                .consensusModuleStreamId(stream(memberId, 2))
                .serviceStreamId(stream(memberId, 3))
                .replayStreamId(stream(memberId, 4))
                .snapshotStreamId(stream(memberId, 5))
                .idleStrategySupplier(settings::newIdleStrategy)
                .clusteredService(new EchoService()));
        return () -> CloseHelper.quietCloseAll(container, consensusModule, archive, driver);
    }

    private Archive.Context archiveContext(final ClusterSettings settings, final int memberId)
    {
        final int syncLevel = syncLevel(settings);
        return new Archive.Context()
            .aeronDirectoryName(settings.driverDirectory(memberId))
            .archiveId(memberId)
            .archiveDir(settings.directoryOf(title() + "-archive", memberId).toFile())
            .deleteArchiveOnStart(true)
            .controlChannel("aeron:udp?endpoint=" + endpoint(settings, memberId, ARCHIVE_PORT))
            .localControlStreamId(stream(memberId, 0))
            .replicationChannel("aeron:udp?endpoint=localhost:0")
            .recordingEventsEnabled(false)
            .threadingMode(ArchiveThreadingMode.SHARED)
            .idleStrategySupplier(() -> new SleepingIdleStrategy(1_000))
            .fileSyncLevel(syncLevel)
            .catalogFileSyncLevel(syncLevel);
    }

    private static int syncLevel(final ClusterSettings settings)
    {
        return Durability.ASYNC == settings.durability() ? 0 : 1;
    }

    private static AeronArchive.Context archiveClient(
        final ClusterSettings settings, final int memberId, final int responseStream)
    {
        return new AeronArchive.Context()
            .aeronDirectoryName(settings.driverDirectory(memberId))
            .controlRequestChannel("aeron:ipc")
            .controlRequestStreamId(stream(memberId, 0))
            .controlResponseChannel("aeron:ipc")
            .controlResponseStreamId(stream(memberId, responseStream));
    }

    private File clusterDirectory(final ClusterSettings settings, final int memberId)
    {
        return settings.directoryOf(title(), memberId).toFile();
    }

    private ConsensusModule.Context moduleContext(final ClusterSettings settings, final int memberId)
    {
        final ConsensusModule.Context context = new ConsensusModule.Context()
            .aeronDirectoryName(settings.driverDirectory(memberId))
            .clusterId(memberId)
            .clusterMemberId(memberId - 1)
            .clusterMembers(members(settings))
            .clusterDir(clusterDirectory(settings, memberId))
            .deleteDirOnStart(true)
            .archiveContext(archiveClient(settings, memberId, 7))
            .consensusModuleStreamId(stream(memberId, 2))
            .serviceStreamId(stream(memberId, 3))
            .replayStreamId(stream(memberId, 4))
            .snapshotStreamId(stream(memberId, 5))
            .ingressChannel("aeron:udp?term-length=8m")
            .isIpcIngressAllowed(true)
            .logChannel("aeron:udp?term-length=64m|control-mode=manual|control=localhost:0")
            .replicationChannel("aeron:udp?endpoint=" + endpoint(settings, memberId, REPLICATION_PORT))
            .idleStrategySupplier(settings::newIdleStrategy)
            .fileSyncLevel(syncLevel(settings));
        if (settings.electionTimeoutMs() > 0)
        {
            final long timeoutNs = TimeUnit.MILLISECONDS.toNanos(settings.electionTimeoutMs());
            context.leaderHeartbeatTimeoutNs(timeoutNs).leaderHeartbeatIntervalNs(timeoutNs / 5)
                .electionTimeoutNs(timeoutNs).electionStatusIntervalNs(timeoutNs / 10)
                .startupCanvassTimeoutNs(10 * timeoutNs);
        }
        return context;
    }

    @Override
    public EchoClient connect(final ClusterSettings settings)
    {
        final Drivers.Connection connection = new Drivers.Connection(settings, 0, false);
        final StringBuilder endpoints = new StringBuilder();
        for (int id = 1; id <= settings.nodes(); id++)
        {
            endpoints.append(id > 1 ? "," : "").append(id - 1).append('=').append(endpoint(settings, id, INGRESS_PORT));
        }
        final Client client = new Client(connection);
        final AeronCluster.Context context = new AeronCluster.Context()
            .aeron(connection.aeron())
            .idleStrategy(settings.newIdleStrategy())
            .messageTimeoutNs(TimeUnit.SECONDS.toNanos(30))
            .egressListener(client);
        if (settings.isIpcClient())
        {
            context.ingressChannel("aeron:ipc?term-length=8m").egressChannel("aeron:ipc?term-length=8m");
        }
        else
        {
            context.ingressChannel("aeron:udp?term-length=8m").ingressEndpoints(endpoints.toString())
                .egressChannel("aeron:udp?term-length=8m|endpoint=" + endpoint(settings, 0, INGRESS_PORT));
        }
        client.cluster = AeronCluster.connect(context);
        return client;
    }

    private static final class Client implements EchoClient, EgressListener
    {
        private final Drivers.Connection connection;
        private AeronCluster cluster;
        private EchoListener listener;
        private long keepAliveNs = System.nanoTime();

        Client(final Drivers.Connection connection)
        {
            this.connection = connection;
        }

        @Override
        public boolean offer(final DirectBuffer buffer, final int offset, final int length)
        {
            return cluster.offer(buffer, offset, length) > 0;
        }

        @Override
        public int poll(final EchoListener echoListener)
        {
            listener = echoListener;
            int work = connection.invoke();
            int fragments;
            int polls = 0;
            // A poll takes ten fragments at most.
            do
            {
                fragments = cluster.pollEgress();
                work += fragments;
            }
            while (fragments > 0 && ++polls < POLL_LIMIT);
            if (0 == work && System.nanoTime() - keepAliveNs > TimeUnit.SECONDS.toNanos(1))
            {
                keepAliveNs = System.nanoTime();
                cluster.sendKeepAlive();
            }
            return work;
        }

        @Override
        public void onMessage(
            final long clusterSessionId,
            final long timestamp,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final Header header)
        {
            listener.onEcho(buffer.getLong(offset, ByteOrder.LITTLE_ENDIAN));
        }

        @Override
        public int leaderId()
        {
            return cluster.leaderMemberId() + 1;
        }

        @Override
        public void close()
        {
            CloseHelper.quietCloseAll(cluster, connection);
        }
    }

    /** Sends each message back to the session it came from. */
    private static final class EchoService implements ClusteredService
    {
        private Cluster cluster;

        @Override
        public void onStart(final Cluster newCluster, final Image snapshotImage)
        {
            cluster = newCluster;
        }

        @Override
        public void onSessionMessage(
            final ClientSession session,
            final long timestamp,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final Header header)
        {
            if (null == session)
            {
                return;
            }
            cluster.idleStrategy().reset();
            while (session.offer(buffer, offset, length) < 0)
            {
                cluster.idleStrategy().idle();
            }
        }

        @Override
        public void onSessionOpen(final ClientSession session, final long timestamp)
        {
        }

        @Override
        public void onSessionClose(final ClientSession session, final long timestamp, final CloseReason closeReason)
        {
        }

        @Override
        public void onTimerEvent(final long correlationId, final long timestamp)
        {
        }

        @Override
        public void onTakeSnapshot(final ExclusivePublication snapshotPublication)
        {
        }

        @Override
        public void onRoleChange(final Cluster.Role newRole)
        {
        }

        @Override
        public void onTerminate(final Cluster ending)
        {
        }
    }
}
