package io.ukehi.node;

import io.ukehi.codecs.client.NodeRole;
import io.ukehi.kv.KvCodec;
import io.ukehi.kv.KvReplyDecoder;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.kv.KvStatus;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;

/** Nodes with the key-value store in this process, on loopback ports that were free a moment ago. */
final class TestCluster implements AutoCloseable
{
    private static final long AWAIT_INTERVAL_NS = TimeUnit.MICROSECONDS.toNanos(200);

    private final Path directory;
    private final String members;
    private final String[] addresses;
    private final boolean[] isJoining;
    private final UkehiNode[] nodes;
    private final List<Throwable> errors = new ArrayList<>();
    private UnaryOperator<NodeContext> settings = context -> context;

    TestCluster(final Path directory, final int size) throws IOException
    {
        this(directory, size, 0);
    }

    /** With some nodes more that are no members yet: see {@link NodeContext#joining}. */
    TestCluster(final Path directory, final int size, final int spareCount) throws IOException
    {
        this.directory = directory;
        final int count = size + spareCount;
        this.nodes = new UkehiNode[count + 1];
        this.isJoining = new boolean[count + 1];
        this.addresses = new String[count + 1];
        final int[] ports = freePorts(2 * count);
        for (int id = 1; id <= count; id++)
        {
            addresses[id] = id + "=localhost:" + ports[2 * id - 2] + ":" + ports[2 * id - 1];
            isJoining[id] = id > size;
        }
        members = String.join(",", Arrays.asList(addresses).subList(1, size + 1));
    }

    static int[] freePorts(final int count) throws IOException
    {
        final List<DatagramSocket> sockets = new ArrayList<>();
        try
        {
            final int[] ports = new int[count];
            for (int i = 0; i < count; i++)
            {
                final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                sockets.add(socket);
                ports[i] = socket.getLocalPort();
            }
            return ports;
        }
        finally
        {
            CloseHelper.closeAll(sockets);
        }
    }

    TestCluster settings(final UnaryOperator<NodeContext> more)
    {
        settings = more;
        return this;
    }

    String members()
    {
        return members;
    }

    NodeContext context(final int id)
    {
        return settings.apply(new NodeContext()
            .memberId(id)
            .members(isJoining[id] ? addresses[id] : members)
            .joining(isJoining[id])
            .dataDirectoryName(directory.resolve("node-" + id).toString())
            .segmentLength(8 * 1024 * 1024)
            .stateMachine(new KvStateMachine())
            .errorHandler(this::onError));
    }

    private synchronized void onError(final Throwable error)
    {
        errors.add(error);
    }

    synchronized List<Throwable> errors()
    {
        return List.copyOf(errors);
    }

    TestCluster start()
    {
        for (int id = 1; id < nodes.length; id++)
        {
            if (!isJoining[id])
            {
                start(id);
            }
        }
        return this;
    }

    /** {@code ID=HOST:PEERPORT:CLIENTPORT} of a node. */
    String address(final int id)
    {
        return addresses[id];
    }

    /** Another address for a node, from its next start on. */
    String move(final int id) throws IOException
    {
        final int[] ports = freePorts(2);
        addresses[id] = id + "=localhost:" + ports[0] + ":" + ports[1];
        isJoining[id] = true;
        return addresses[id];
    }

    UkehiNode start(final int id)
    {
        nodes[id] = UkehiNode.launch(context(id));
        return nodes[id];
    }

    void stop(final int id)
    {
        nodes[id].close();
    }

    UkehiNode node(final int id)
    {
        return nodes[id];
    }

    /** Whether all that run have at least so much of something. */
    boolean allHave(final NodeCounters.Kind kind, final long least)
    {
        for (int id = 1; id < nodes.length; id++)
        {
            if (isRunning(id) && nodes[id].counter(kind) < least)
            {
                return false;
            }
        }
        return true;
    }

    int size()
    {
        return nodes.length - 1;
    }

    /** Waits until exactly one node leads and all that run follow it. */
    UkehiNode awaitLeader()
    {
        final UkehiNode[] leader = new UkehiNode[1];
        await(() ->
        {
            leader[0] = null;
            for (int id = 1; id < nodes.length; id++)
            {
                if (isRunning(id) && NodeRole.LEADER == nodes[id].role())
                {
                    leader[0] = nodes[id];
                }
            }
            return null != leader[0] && areAllFollowing(leader[0].context().memberId());
        });
        return leader[0];
    }

    /** Waits until somebody leads, whoever follows. */
    UkehiNode awaitSomeLeader()
    {
        final UkehiNode[] leader = new UkehiNode[1];
        await(() ->
        {
            leader[0] = null;
            for (final UkehiNode node : nodes)
            {
                if (null != node && NodeRole.LEADER == node.role() &&
                    (null == leader[0] || leader[0].term() < node.term()))
                {
                    leader[0] = node;
                }
            }
            return null != leader[0];
        });
        return leader[0];
    }

    private boolean isRunning(final int id)
    {
        return null != nodes[id] && NodeRole.STOPPED != nodes[id].role();
    }

    private boolean areAllFollowing(final int leaderId)
    {
        for (int id = 1; id < nodes.length; id++)
        {
            if (isRunning(id) && leaderId != nodes[id].leaderId())
            {
                return false;
            }
        }
        return true;
    }

    static void await(final BooleanSupplier condition)
    {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean())
        {
            if (System.nanoTime() - deadlineNs > 0)
            {
                throw new AssertionError("it did not happen within 20 seconds");
            }
            // Whoever spins takes one of few cores from the nodes that it waits for.
            LockSupport.parkNanos(AWAIT_INTERVAL_NS);
        }
    }

    static CommandResult put(final UkehiNode node, final String key, final String value) throws Exception
    {
        final UnsafeBuffer command = putCommand(key, value);
        return node.submit(command, 0, command.capacity()).get(10, TimeUnit.SECONDS);
    }

    static UnsafeBuffer putCommand(final String key, final String value)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[4096]);
        final UnsafeBuffer keyBytes = new UnsafeBuffer(key.getBytes(StandardCharsets.UTF_8));
        final UnsafeBuffer valueBytes = new UnsafeBuffer(value.getBytes(StandardCharsets.UTF_8));
        final int length = KvCodec.encodePut(
            buffer, 0, keyBytes, 0, keyBytes.capacity(), valueBytes, 0, valueBytes.capacity());
        return new UnsafeBuffer(buffer, 0, length);
    }

    static String get(final UkehiNode node, final String key) throws Exception
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[4096]);
        final UnsafeBuffer keyBytes = new UnsafeBuffer(key.getBytes(StandardCharsets.UTF_8));
        final int length = KvCodec.encodeGet(buffer, 0, keyBytes, 0, keyBytes.capacity());
        final CommandResult result = node.submit(buffer, 0, length).get(10, TimeUnit.SECONDS);
        final KvReplyDecoder reply = new KvReplyDecoder();
        final byte[] bytes = result.reply();
        if (!reply.wrap(new UnsafeBuffer(bytes), 0, bytes.length) || KvStatus.OK != reply.status())
        {
            return null;
        }
        return new String(bytes, reply.valueOffset(), reply.valueLength(), StandardCharsets.UTF_8);
    }

    @Override
    public void close()
    {
        CloseHelper.closeAll(nodes);
    }
}
