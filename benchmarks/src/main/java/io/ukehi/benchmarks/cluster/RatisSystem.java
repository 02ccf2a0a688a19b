package io.ukehi.benchmarks.cluster;

import io.ukehi.log.Durability;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.retry.RetryPolicies;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/**
 * Apache Ratis over gRPC. Either the client hands commands to the leader in its own process, as with SOFAJRaft, which
 * spares Ratis the way there and back that the others pay; or it is Ratis's own, and talks gRPC as members do.
 * <p>
 * Ratis forces what has been written together, and acknowledges after that; this is BATCH. With its unsafe flush it
 * acknowledges as soon as the entry is in the page cache, and forces behind, on another thread; this is ASYNC. Its
 * asynchronous flush is neither: when a force ends, it takes as durable what has been written until then, which is more
 * than what had been written when the force began.
 */
final class RatisSystem implements EchoSystem
{
    private static final int PORT = 8;
    private static final int LIMIT = 16 * 1024;
    /** Held here, since loggers that nobody holds are forgotten, and their levels with them. */
    private static final Logger GRPC_LOGGER = Logger.getLogger("org.apache.ratis.thirdparty.io.grpc");
    private static final RaftGroupId GROUP = RaftGroupId.valueOf(new UUID(1, 1));

    private final String title;
    private final boolean isInProcessClient;
    private final List<RaftServer> servers = new ArrayList<>();

    /**
     * @param isInProcessClient whether commands are handed to the leader in this process, instead of over gRPC.
     */
    RatisSystem(final String title, final boolean isInProcessClient)
    {
        this.title = title;
        this.isInProcessClient = isInProcessClient;
        // When a cluster is closed, gRPC reports streams that end with it.
        GRPC_LOGGER.setLevel(Level.OFF);
    }

    @Override
    public String title()
    {
        return title;
    }

    @Override
    public boolean isOverAeron()
    {
        return false;
    }

    @Override
    public boolean isInProcessOnly()
    {
        return isInProcessClient;
    }

    private static RaftPeerId peerId(final int memberId)
    {
        return RaftPeerId.valueOf(Integer.toString(memberId));
    }

    private static RaftGroup group(final ClusterSettings settings)
    {
        final List<RaftPeer> peers = new ArrayList<>();
        for (int id = 1; id <= settings.nodes(); id++)
        {
            peers.add(RaftPeer.newBuilder()
                .setId(peerId(id))
                .setAddress("127.0.0.1:" + settings.port(id, PORT))
                .build());
        }
        return RaftGroup.valueOf(GROUP, peers);
    }

    @Override
    public Member launchMember(final ClusterSettings settings, final int memberId) throws IOException
    {
        final Path directory = settings.directoryOf(title, memberId);
        Files.createDirectories(directory);
        final RaftProperties properties = properties();
        RaftServerConfigKeys.setStorageDir(properties, List.of(directory.toFile()));
        GrpcConfigKeys.Server.setHost(properties, "127.0.0.1");
        GrpcConfigKeys.Server.setPort(properties, settings.port(memberId, PORT));
        tune(properties, settings);
        final RaftServer server = RaftServer.newBuilder()
            .setServerId(peerId(memberId))
            .setGroup(group(settings))
            .setProperties(properties)
            .setStateMachine(new EchoMachine())
            .setOption(RaftStorage.StartupOption.FORMAT)
            .build();
        server.start();
        servers.add(server);
        return () -> CloseHelper.quietClose(server);
    }

    private static RaftProperties properties()
    {
        final RaftProperties properties = new RaftProperties();
        GrpcConfigKeys.setMessageSizeMax(properties, SizeInBytes.valueOf("64MB"));
        GrpcConfigKeys.setFlowControlWindow(properties, SizeInBytes.valueOf("4MB"));
        return properties;
    }

    private static void tune(final RaftProperties properties, final ClusterSettings settings)
    {
        RaftServerConfigKeys.Log.setUnsafeFlushEnabled(properties, Durability.ASYNC == settings.durability());
        // By default, a millisecond passes between two appends to a follower.
        RaftServerConfigKeys.Log.Appender.setWaitTimeMin(properties, TimeDuration.ZERO);
        RaftServerConfigKeys.Log.setForceSyncNum(properties, LIMIT);
        RaftServerConfigKeys.Log.setQueueElementLimit(properties, 2 * LIMIT);
        RaftServerConfigKeys.Write.setElementLimit(properties, 2 * LIMIT);
        // Every command's answer is kept for as long, a minute by default: more than the heap that all get.
        RaftServerConfigKeys.RetryCache.setExpiryTime(properties, TimeDuration.valueOf(1, TimeUnit.SECONDS));
        // So are the entries of segments, as objects.
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("16MB"));
        RaftServerConfigKeys.Log.setSegmentCacheNumMax(properties, 2);
        RaftServerConfigKeys.Snapshot.setTriggerWhenStopEnabled(properties, false);
        // By default 150 and 300 ms. Longer is slower: who sends to a follower misses being woken if that happens while
        // it is about to wait, and then waits for half the shortest timeout, when a heartbeat is due.
        if (settings.electionTimeoutMs() > 0)
        {
            final int timeoutMs = settings.electionTimeoutMs();
            RaftServerConfigKeys.Rpc.setTimeoutMin(properties, TimeDuration.valueOf(timeoutMs, TimeUnit.MILLISECONDS));
            RaftServerConfigKeys.Rpc.setTimeoutMax(
                properties, TimeDuration.valueOf(2L * timeoutMs, TimeUnit.MILLISECONDS));
        }
    }

    @Override
    public EchoClient connect(final ClusterSettings settings) throws IOException
    {
        return isInProcessClient ? new InProcessClient() : new GrpcClient(settings);
    }

    /** Answers with the command. */
    private static final class EchoMachine extends BaseStateMachine
    {
        @Override
        public CompletableFuture<Message> applyTransaction(final TransactionContext transaction)
        {
            updateLastAppliedTermIndex(TermIndex.valueOf(transaction.getLogEntry()));
            return CompletableFuture.completedFuture(
                Message.valueOf(transaction.getStateMachineLogEntry().getLogData()));
        }
    }

    /** What both clients have in common: commands end on threads of Ratis. */
    private abstract static class Client implements EchoClient
    {
        private final EchoQueue queue = new EchoQueue(LIMIT);

        abstract CompletableFuture<RaftClientReply> send(Message command);

        @Override
        public boolean offer(final DirectBuffer buffer, final int offset, final int length)
        {
            if (leaderId() < 0 || !queue.begin())
            {
                return false;
            }
            final byte[] command = new byte[length];
            buffer.getBytes(offset, command);
            final long stampNs = buffer.getLong(offset, ByteOrder.LITTLE_ENDIAN);
            send(Message.valueOf(UnsafeByteOperations.unsafeWrap(command))).whenComplete((reply, failure) ->
            {
                if (null != reply && reply.isSuccess())
                {
                    queue.onEcho(stampNs);
                }
                else
                {
                    queue.onLost();
                }
            });
            return true;
        }

        @Override
        public int poll(final EchoListener listener)
        {
            return queue.poll(listener);
        }
    }

    /** Hands commands to the leader. */
    private final class InProcessClient extends Client
    {
        private final ClientId clientId = ClientId.randomId();
        private RaftServer leader;
        private long callId;

        @Override
        CompletableFuture<RaftClientReply> send(final Message command)
        {
            callId++;
            try
            {
                return leader.submitClientRequestAsync(RaftClientRequest.newBuilder()
                    .setClientId(clientId)
                    .setServerId(leader.getId())
                    .setGroupId(GROUP)
                    .setCallId(callId)
                    .setMessage(command)
                    .setType(RaftClientRequest.writeRequestType())
                    .build());
            }
            catch (final IOException ex)
            {
                return CompletableFuture.failedFuture(ex);
            }
        }

        @Override
        public int leaderId()
        {
            if (null == leader || !isLeader(leader))
            {
                leader = servers.stream().filter(this::isLeader).findAny().orElse(null);
            }
            return null == leader ? -1 : Integer.parseInt(leader.getId().toString());
        }

        private boolean isLeader(final RaftServer server)
        {
            try
            {
                return server.getDivision(GROUP).getInfo().isLeaderReady();
            }
            catch (final IOException ex)
            {
                return false;
            }
        }

        @Override
        public void close()
        {
            leader = null;
        }
    }

    /** Sends commands in order, without waiting for those before. */
    private static final class GrpcClient extends Client
    {
        private static final TimeDuration RETRY = TimeDuration.valueOf(10, TimeUnit.MILLISECONDS);

        private final RaftClient client;

        /** Waits for a leader. */
        GrpcClient(final ClusterSettings settings) throws IOException
        {
            final RaftProperties properties = properties();
            RaftClientConfigKeys.Async.setOutstandingRequestsMax(properties, 2 * LIMIT);
            client = RaftClient.newBuilder()
                .setProperties(properties)
                .setRaftGroup(group(settings))
                .setRetryPolicy(RetryPolicies.retryForeverWithSleep(RETRY))
                .build();
            client.io().send(Message.valueOf(UnsafeByteOperations.unsafeWrap(new byte[Long.BYTES])));
        }

        @Override
        CompletableFuture<RaftClientReply> send(final Message command)
        {
            return client.async().send(command);
        }

        @Override
        public int leaderId()
        {
            return Integer.parseInt(client.getLeaderId().toString());
        }

        @Override
        public void close()
        {
            CloseHelper.quietClose(client);
        }
    }
}
