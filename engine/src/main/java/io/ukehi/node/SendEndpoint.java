package io.ukehi.node;

import io.aeron.driver.MediaDriver;
import io.aeron.driver.media.SendChannelEndpoint;
import io.aeron.driver.media.UdpChannel;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.agrona.concurrent.CachedNanoClock;
import org.agrona.concurrent.status.AtomicCounter;

/**
 * A socket to send from, that looks for what receivers send back no more than once in ten microseconds.
 * <p>
 * The driver looks at each such socket in every cycle, with a system call. What comes there (status messages, which
 * open the window, and requests to send again) is not urgent, and most cycles find nothing; with a socket for each
 * peer, those calls are the larger part of a cycle without work. A cycle under load takes longer than that, and is left
 * as it is.
 */
final class SendEndpoint extends SendChannelEndpoint
{
    private static final long POLL_INTERVAL_NS = 10_000;

    private final CachedNanoClock clock;
    private long nextPollNs;

    SendEndpoint(final UdpChannel channel, final AtomicCounter statusIndicator, final MediaDriver.Context context)
    {
        super(channel, statusIndicator, context);
        clock = context.senderCachedNanoClock();
        nextPollNs = clock.nanoTime();
    }

    /** Sender's thread. What it reads it goes on reading, up to the end. */
    @Override
    public InetSocketAddress receive(final ByteBuffer buffer)
    {
        final long nowNs = clock.nanoTime();
        if (nowNs - nextPollNs < 0)
        {
            return null;
        }
        final InetSocketAddress from = super.receive(buffer);
        if (null == from)
        {
            nextPollNs = nowNs + POLL_INTERVAL_NS;
        }
        return from;
    }
}
