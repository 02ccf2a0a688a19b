package io.ukehi.benchmarks.cluster;

import com.alipay.sofa.jraft.Closure;
import com.alipay.sofa.jraft.Iterator;
import com.alipay.sofa.jraft.Node;
import com.alipay.sofa.jraft.RaftGroupService;
import com.alipay.sofa.jraft.Status;
import com.alipay.sofa.jraft.conf.Configuration;
import com.alipay.sofa.jraft.core.StateMachineAdapter;
import com.alipay.sofa.jraft.entity.PeerId;
import com.alipay.sofa.jraft.entity.Task;
import com.alipay.sofa.jraft.option.NodeOptions;
import com.alipay.sofa.jraft.option.RaftOptions;
import io.ukehi.log.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/**
 * SOFAJRaft, with its RocksDB log, synced or not. The client hands tasks to the leader in its own process, which spares
 * it the way there and back that the others pay; a service of SOFAJRaft would put its own RPC before it.
 */
final class SofaJRaftSystem implements EchoSystem
{
    private static final int PORT = 7;
    private static final String GROUP = "bench";
    private static final int LIMIT = 16 * 1024;
    private static final int ELECTION_TIMEOUT_MS = 1000;

    private final List<Node> nodes = new ArrayList<>();

    @Override
    public boolean isOverAeron()
    {
        return false;
    }

    @Override
    public String title()
    {
        return "sofa-jraft";
    }

    @Override
    public boolean isInProcessOnly()
    {
        return true;
    }

    private static PeerId peer(final ClusterSettings settings, final int memberId)
    {
        return new PeerId("127.0.0.1", settings.port(memberId, PORT));
    }

    @Override
    public Member launchMember(final ClusterSettings settings, final int memberId) throws IOException
    {
        final Configuration configuration = new Configuration();
        for (int id = 1; id <= settings.nodes(); id++)
        {
            configuration.addPeer(peer(settings, id));
        }
        final Path directory = settings.directoryOf(title(), memberId);
        Files.createDirectories(directory);
        final RaftOptions raftOptions = new RaftOptions();
        raftOptions.setSync(Durability.ASYNC != settings.durability());
        final NodeOptions options = new NodeOptions();
        options.setRaftOptions(raftOptions);
        options.setElectionTimeoutMs(
            settings.electionTimeoutMs() > 0 ? settings.electionTimeoutMs() : ELECTION_TIMEOUT_MS);
        options.setInitialConf(configuration);
        options.setFsm(new EchoFsm());
        options.setLogUri(directory.resolve("log").toString());
        options.setRaftMetaUri(directory.resolve("meta").toString());
        options.setDisableCli(true);
        final RaftGroupService service = new RaftGroupService(GROUP, peer(settings, memberId), options);
        nodes.add(service.start());
        return () ->
        {
            service.shutdown();
            join(service);
        };
    }

    private static void join(final RaftGroupService service)
    {
        try
        {
            service.join();
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public EchoClient connect(final ClusterSettings settings)
    {
        return new Client();
    }

    /** Ends with its command, with what it carried. */
    private record Echo(EchoQueue queue, long stampNs) implements Closure
    {
        @Override
        public void run(final Status status)
        {
            if (status.isOk())
            {
                queue.onEcho(stampNs);
            }
            else
            {
                queue.onLost();
            }
        }
    }

    private static final class EchoFsm extends StateMachineAdapter
    {
        @Override
        public void onApply(final Iterator iterator)
        {
            while (iterator.hasNext())
            {
                if (null != iterator.done())
                {
                    iterator.done().run(Status.OK());
                }
                iterator.next();
            }
        }
    }

    private final class Client implements EchoClient
    {
        private final EchoQueue queue = new EchoQueue(LIMIT);
        private Node leader;

        @Override
        public boolean offer(final DirectBuffer buffer, final int offset, final int length)
        {
            if (leaderId() < 0 || !queue.begin())
            {
                return false;
            }
            final byte[] command = new byte[length];
            buffer.getBytes(offset, command);
            leader.apply(new Task(
                ByteBuffer.wrap(command), new Echo(queue, buffer.getLong(offset, ByteOrder.LITTLE_ENDIAN))));
            return true;
        }

        @Override
        public int poll(final EchoListener listener)
        {
            return queue.poll(listener);
        }

        @Override
        public int leaderId()
        {
            if (null == leader || !leader.isLeader(false))
            {
                leader = nodes.stream().filter(node -> node.isLeader(false)).findAny().orElse(null);
            }
            return null == leader ? -1 : 1;
        }

        @Override
        public void close()
        {
        }
    }
}
