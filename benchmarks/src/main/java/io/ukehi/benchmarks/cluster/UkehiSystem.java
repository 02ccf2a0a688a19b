package io.ukehi.benchmarks.cluster;

import io.ukehi.client.ClientContext;
import io.ukehi.client.Outcome;
import io.ukehi.client.QueryListener;
import io.ukehi.client.ReplyListener;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.node.DriverMode;
import io.ukehi.node.NodeContext;
import io.ukehi.node.UkehiNode;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Ukehi, as an application embeds it. */
final class UkehiSystem implements EchoSystem
{
    private static final int PEER_PORT = 0;
    private static final int CLIENT_PORT = 1;
    private static final int FRAGMENT_LIMIT = 256;
    private static final long ANSWER_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

    private final String title;
    private final Threading threading;
    private final Consistency reads;

    UkehiSystem(final String title, final Threading threading)
    {
        this(title, threading, null);
    }

    /** @param reads what the client reads must see, instead of commands that it sends; null for commands. */
    UkehiSystem(final String title, final Threading threading, final Consistency reads)
    {
        this.title = title;
        this.threading = threading;
        this.reads = reads;
    }

    @Override
    public String title()
    {
        return title;
    }

    @Override
    public boolean hasStages()
    {
        return null == reads;
    }

    @Override
    public boolean isMembersThread()
    {
        return Threading.MEMBERS_THREAD == threading;
    }

    @Override
    public Member launchMember(final ClusterSettings settings, final int memberId)
    {
        final NodeContext context = new NodeContext()
            .memberId(memberId)
            .members(members(settings))
            .dataDirectoryName(settings.directoryOf(title, memberId).toString())
            .durability(settings.durability())
            .driverMode(driverMode(settings))
            .aeronDirectoryName(settings.driverDirectory(memberId))
            .idleStrategyName(settings.idle())
            .readLease(Consistency.LEASE == reads)
            .useAgentInvoker(threading.isInvoked())
            .stateMachine(new EchoStateMachine());
        if (settings.electionTimeoutMs() > 0)
        {
            final long timeoutNs = TimeUnit.MILLISECONDS.toNanos(settings.electionTimeoutMs());
            context.electionTimeoutMinNs(timeoutNs).electionTimeoutMaxNs(2 * timeoutNs)
                .heartbeatIntervalNs(timeoutNs / 3);
        }
        final UkehiNode node = UkehiNode.launch(context);
        return new Member()
        {
            @Override
            public int invoke()
            {
                return threading.isInvoked() ? node.invoke() : 0;
            }

            @Override
            public void close()
            {
                node.close();
            }
        };
    }

    private DriverMode driverMode(final ClusterSettings settings)
    {
        if (ClusterSettings.Layout.ONE == settings.layout())
        {
            return DriverMode.EXTERNAL;
        }
        return Threading.DRIVER_THREAD == threading ?
            DriverMode.EMBEDDED : DriverMode.INVOKER;
    }

    private static String members(final ClusterSettings settings)
    {
        final StringBuilder members = new StringBuilder();
        for (int id = 1; id <= settings.nodes(); id++)
        {
            members.append(id > 1 ? "," : "").append(id).append("=localhost:")
                .append(settings.port(id, PEER_PORT)).append(':').append(settings.port(id, CLIENT_PORT));
        }
        return members.toString();
    }

    private static String endpoints(final ClusterSettings settings)
    {
        final StringBuilder endpoints = new StringBuilder();
        for (int id = 1; id <= settings.nodes(); id++)
        {
            endpoints.append(id > 1 ? "," : "").append(id).append('=')
                .append(settings.isIpcClient() ? "ipc" : "localhost:" + settings.port(id, CLIENT_PORT));
        }
        return endpoints.toString();
    }

    @Override
    public EchoClient connect(final ClusterSettings settings)
    {
        final boolean isInvoked = Threading.DRIVER_THREAD != threading;
        final Drivers.Connection connection = new Drivers.Connection(settings, 0, isInvoked);
        try
        {
            final Client client = new Client(reads, connection, UkehiClient.open(new ClientContext()
                .aeron(connection.aeron())
                .endpoints(endpoints(settings))
                .fragmentLimit(FRAGMENT_LIMIT)
                .responseChannel(settings.isIpcClient() ? "aeron:ipc" :
                    "aeron:udp?endpoint=localhost:" + settings.port(0, CLIENT_PORT))));
            if (null != reads)
            {
                client.awaitAnswer();
            }
            return client;
        }
        catch (final RuntimeException ex)
        {
            connection.close();
            throw ex;
        }
    }

    private static final class Client implements EchoClient, ReplyListener, QueryListener
    {
        private final Consistency reads;
        private final Drivers.Connection connection;
        private final UkehiClient client;
        private EchoListener listener;
        private boolean isWaiting;
        private boolean isAnswered;

        Client(final Consistency reads, final Drivers.Connection connection, final UkehiClient client)
        {
            this.reads = reads;
            this.connection = connection;
            this.client = client;
        }

        /** The load does not ask again, and who knows no leader yet refuses to answer: that has to be over before. */
        private void awaitAnswer()
        {
            final UnsafeBuffer question = new UnsafeBuffer(new byte[Long.BYTES]);
            final long deadlineNs = System.nanoTime() + ANSWER_TIMEOUT_NS;
            while (!isAnswered && System.nanoTime() - deadlineNs < 0)
            {
                isWaiting = isWaiting || offer(question, 0, question.capacity());
                poll(stampNs -> isAnswered = true);
                Thread.yield();
            }
        }

        @Override
        public boolean offer(final DirectBuffer buffer, final int offset, final int length)
        {
            return 0 < (null == reads ? client.offer(buffer, offset, length) :
                client.offerQuery(reads, 0, UkehiClient.ANY_MEMBER, buffer, offset, length));
        }

        @Override
        public int poll(final EchoListener echoListener)
        {
            listener = echoListener;
            return client.flush() + connection.invoke() + client.poll(this, this);
        }

        @Override
        public void onQuery(
            final long correlationId,
            final QueryCode code,
            final int memberId,
            final long index,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            isWaiting = false;
            if (QueryCode.ANSWERED == code)
            {
                listener.onEcho(buffer.getLong(offset, ByteOrder.LITTLE_ENDIAN));
            }
        }

        @Override
        public void onReply(
            final long correlationId,
            final Outcome outcome,
            final ReplyCode code,
            final long index,
            final long token,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            if (Outcome.COMMITTED == outcome)
            {
                listener.onEcho(buffer.getLong(offset, ByteOrder.LITTLE_ENDIAN), index);
            }
        }

        @Override
        public long term()
        {
            return client.term();
        }

        @Override
        public int leaderId()
        {
            return client.leaderId();
        }

        @Override
        public void close()
        {
            CloseHelper.quietCloseAll(client, connection);
        }
    }
}
