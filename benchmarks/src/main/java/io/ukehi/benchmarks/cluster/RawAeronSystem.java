package io.ukehi.benchmarks.cluster;

import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import java.nio.ByteOrder;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;

/**
 * The floor: one thread that sends back over Aeron UDP what it gets. No log, no second member, no checksum; what a
 * command costs that only goes there and back.
 */
final class RawAeronSystem implements EchoSystem
{
    private static final int STREAM_ID = 1001;
    private static final int REQUEST_PORT = 0;

    @Override
    public String title()
    {
        return "aeron-echo";
    }

    @Override
    public int memberCount(final ClusterSettings settings)
    {
        return 1;
    }

    private static String channel(final ClusterSettings settings, final int memberId)
    {
        return settings.isIpcClient() ? "aeron:ipc?alias=to-" + memberId :
            "aeron:udp?endpoint=localhost:" + settings.port(memberId, REQUEST_PORT);
    }

    @Override
    public Member launchMember(final ClusterSettings settings, final int memberId)
    {
        final Drivers.Connection connection = new Drivers.Connection(settings, memberId, true);
        final Server server = new Server(connection, settings);
        final AgentRunner runner = new AgentRunner(
            settings.newIdleStrategy(), Throwable::printStackTrace, null, server);
        AgentRunner.startOnThread(runner);
        return () -> CloseHelper.quietClose(runner);
    }

    @Override
    public EchoClient connect(final ClusterSettings settings)
    {
        return new Client(new Drivers.Connection(settings, 0, true), settings);
    }

    /** Sends back what comes; keeps what the publication does not take for the next time. */
    private static final class Server implements Agent
    {
        private final Drivers.Connection connection;
        private final Subscription subscription;
        private final ExclusivePublication publication;
        private final ControlledFragmentHandler handler = this::onRequest;

        Server(final Drivers.Connection connection, final ClusterSettings settings)
        {
            this.connection = connection;
            subscription = connection.aeron().addSubscription(channel(settings, 1), STREAM_ID);
            publication = connection.aeron().addExclusivePublication(channel(settings, 0), STREAM_ID + 1);
        }

        @Override
        public int doWork()
        {
            return connection.invoke() + subscription.controlledPoll(handler, 256);
        }

        private ControlledFragmentHandler.Action onRequest(
            final DirectBuffer buffer, final int offset, final int length, final Header header)
        {
            return publication.offer(buffer, offset, length) > 0 ?
                ControlledFragmentHandler.Action.CONTINUE :
                ControlledFragmentHandler.Action.ABORT;
        }

        @Override
        public String roleName()
        {
            return "aeron-echo";
        }

        @Override
        public void onClose()
        {
            connection.close();
        }
    }

    private static final class Client implements EchoClient
    {
        private final Drivers.Connection connection;
        private final Subscription subscription;
        private final ExclusivePublication publication;
        private final FragmentHandler handler = this::onFragment;
        private EchoListener listener;

        Client(final Drivers.Connection connection, final ClusterSettings settings)
        {
            this.connection = connection;
            subscription = connection.aeron().addSubscription(channel(settings, 0), STREAM_ID + 1);
            publication = connection.aeron().addExclusivePublication(channel(settings, 1), STREAM_ID);
        }

        @Override
        public boolean offer(final DirectBuffer buffer, final int offset, final int length)
        {
            return publication.offer(buffer, offset, length) > 0;
        }

        @Override
        public int poll(final EchoListener echoListener)
        {
            listener = echoListener;
            return connection.invoke() + subscription.poll(handler, 64);
        }

        private void onFragment(final DirectBuffer buffer, final int offset, final int length, final Header header)
        {
            listener.onEcho(buffer.getLong(offset, ByteOrder.LITTLE_ENDIAN));
        }

        @Override
        public int leaderId()
        {
            return publication.isConnected() && subscription.isConnected() ? 1 : -1;
        }

        @Override
        public void close()
        {
            connection.close();
        }
    }
}
