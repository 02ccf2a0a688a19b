package io.ukehi.benchmarks.cluster;

import io.aeron.Aeron;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.transport.InvokedDriver;
import org.agrona.CloseHelper;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.SleepingMillisIdleStrategy;

/**
 * Media drivers, alike for every system. Lengths are set as Aeron's own system properties, since each system launches
 * drivers of its own: datagrams of 8 KiB, windows and socket buffers of 2 MiB, the best that were found for Aeron
 * Cluster on loopback.
 */
final class Drivers
{
    private static final String[][] PROPERTIES = {
        {"aeron.mtu.length", "8k"},
        {"aeron.ipc.mtu.length", "8k"},
        {"aeron.socket.so_sndbuf", "2m"},
        {"aeron.socket.so_rcvbuf", "2m"},
        {"aeron.rcv.initial.window.length", "2m"},
        {"aeron.term.buffer.sparse.file", "true"},
    };

    private Drivers()
    {
    }

    /** Before anything of Aeron is used. What the user has set stays. */
    static void setProperties()
    {
        for (final String[] property : PROPERTIES)
        {
            if (null == System.getProperty(property[0]))
            {
                System.setProperty(property[0], property[1]);
            }
        }
    }

    static MediaDriver.Context context(final ClusterSettings settings, final int memberId, final ThreadingMode mode)
    {
        return new MediaDriver.Context()
            .aeronDirectoryName(settings.driverDirectory(memberId))
            .threadingMode(mode)
            .sharedIdleStrategy(settings.newIdleStrategy())
            .sharedNetworkIdleStrategy(settings.newIdleStrategy())
            .conductorIdleStrategy(settings.newIdleStrategy())
            .asyncExecutorIdleStrategy(new SleepingMillisIdleStrategy(1))
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true)
            .spiesSimulateConnection(true);
    }

    /** The one for all members and the client: a thread for the network and one for the rest. */
    static MediaDriver launchForAll(final ClusterSettings settings)
    {
        return MediaDriver.launch(context(settings, 0, ThreadingMode.SHARED_NETWORK));
    }

    /** An Aeron client, with a driver where it has one of its own; invoked by whoever uses it, where told so. */
    static final class Connection implements AutoCloseable
    {
        private final MediaDriver driver;
        private final Aeron aeron;
        private final InvokedDriver invokedDriver;
        private final AgentInvoker clientInvoker;

        /**
         * @param memberId  whose driver it is; 0 is the client.
         * @param isInvoked whether the driver, if it is this one's own, and Aeron's conductor have no threads.
         */
        Connection(final ClusterSettings settings, final int memberId, final boolean isInvoked)
        {
            driver = ClusterSettings.Layout.ONE == settings.layout() ? null : MediaDriver.launch(
                context(settings, memberId, isInvoked ? ThreadingMode.INVOKER : ThreadingMode.SHARED));
            final AgentInvoker driverInvoker = null == driver ? null : driver.sharedAgentInvoker();
            invokedDriver = null == driverInvoker ? null : new InvokedDriver(driverInvoker);
            aeron = Aeron.connect(new Aeron.Context()
                .aeronDirectoryName(settings.driverDirectory(memberId))
                .driverAgentInvoker(driverInvoker)
                .useConductorAgentInvoker(isInvoked));
            clientInvoker = aeron.conductorAgentInvoker();
        }

        Aeron aeron()
        {
            return aeron;
        }

        /** Runs what has no thread of its own. */
        int invoke()
        {
            return (null == invokedDriver ? 0 : invokedDriver.invoke()) +
                (null == clientInvoker ? 0 : clientInvoker.invoke());
        }

        @Override
        public void close()
        {
            CloseHelper.quietCloseAll(aeron, driver);
        }
    }
}
