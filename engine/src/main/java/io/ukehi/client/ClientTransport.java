package io.ukehi.client;

import io.aeron.Aeron;
import io.aeron.ChannelUri;
import io.aeron.CommonContext;
import io.aeron.FragmentAssembler;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.agrona.CloseHelper;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;

/**
 * What a client has of Aeron: the driver and the Aeron client where they are its own, the subscription on which it
 * listens and the ways to the members. Owned by the thread that uses the client, but for the one callback that Aeron's
 * own thread makes.
 */
final class ClientTransport implements AutoCloseable
{
    /** No image has gone. */
    static final Integer NO_IMAGE = null;

    private static final int MAX_LOST_IMAGES = 64;

    /** On IPC, the streams below belong to the nodes. */
    private static final int DRAWN_STREAM_ID_MIN = 1024;

    private final MediaDriver driver;
    private final Aeron aeron;
    private final boolean ownsAeron;
    private final AgentInvoker conductorInvoker;
    private final Subscription subscription;
    private final FragmentAssembler assembler;
    private final MemberConnection[] members;
    private final int fragmentLimit;
    // Filled by Aeron's thread. One that does not fit costs the memory of an unfinished message, no more.
    private final ManyToOneConcurrentArrayQueue<Integer> lostImages =
        new ManyToOneConcurrentArrayQueue<>(MAX_LOST_IMAGES);
    private String responseChannel;

    ClientTransport(final ClientContext ctx, final ResponseAdapter adapter, final long nowNs)
    {
        MediaDriver launchedDriver = null;
        Aeron connectedAeron = ctx.aeron();
        ownsAeron = null == connectedAeron;
        try
        {
            launchedDriver = ctx.embeddedDriver() ? launchDriver(ctx) : null;
            connectedAeron = ownsAeron ? connectAeron(ctx, launchedDriver) : connectedAeron;
            final int streamId = ctx.responseStreamId() > 0 ?
                ctx.responseStreamId() : ThreadLocalRandom.current().nextInt(DRAWN_STREAM_ID_MIN, Integer.MAX_VALUE);
            subscription = connectedAeron.addSubscription(
                ctx.responseChannel(), streamId, null, this::onUnavailableImage);
        }
        catch (final RuntimeException ex)
        {
            CloseHelper.quietCloseAll(ownsAeron ? connectedAeron : null, launchedDriver);
            throw new UkehiClientException("no media driver to talk to: " + ex.getMessage(), ex);
        }
        driver = launchedDriver;
        aeron = connectedAeron;
        conductorInvoker = aeron.conductorAgentInvoker();
        assembler = new FragmentAssembler(adapter);
        fragmentLimit = ctx.fragmentLimit();
        final List<ClientEndpoint> endpoints = ctx.members();
        members = new MemberConnection[endpoints.size()];
        for (int i = 0; i < members.length; i++)
        {
            members[i] = new MemberConnection(aeron, endpoints.get(i), ctx.termLength(), nowNs);
        }
    }

    private static MediaDriver launchDriver(final ClientContext ctx)
    {
        final MediaDriver.Context driverContext = new MediaDriver.Context()
            .threadingMode(ThreadingMode.SHARED)
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true);
        if (null != ctx.aeronDirectoryName())
        {
            return MediaDriver.launch(driverContext.aeronDirectoryName(ctx.aeronDirectoryName()));
        }
        return MediaDriver.launchEmbedded(driverContext);
    }

    private static Aeron connectAeron(final ClientContext ctx, final MediaDriver driver)
    {
        final Aeron.Context aeronContext = new Aeron.Context()
            .aeronDirectoryName(null == driver ? ctx.aeronDirectoryName() : driver.aeronDirectoryName());
        if (null != ctx.errorHandler())
        {
            aeronContext.errorHandler(ctx.errorHandler());
        }
        return Aeron.connect(aeronContext);
    }

    private void onUnavailableImage(final Image image)
    {
        lostImages.offer(image.sessionId());
    }

    /** Whether Aeron is gone, and the client with it. */
    boolean isClosed()
    {
        return aeron.isClosed();
    }

    /** Polls for messages; they reach the adapter. */
    int poll()
    {
        final int work = null == conductorInvoker ? 0 : conductorInvoker.invoke();
        return work + subscription.poll(assembler, fragmentLimit);
    }

    /** Goes on with publications that are not there yet. */
    int doWork(final long nowNs)
    {
        int work = 0;
        for (int i = 0; i < members.length; i++)
        {
            work += members[i].doWork(nowNs);
        }
        return work;
    }

    /** Session id of an image that has gone, or {@link #NO_IMAGE}. */
    Integer pollLostImage()
    {
        if (lostImages.isEmpty())
        {
            return NO_IMAGE;
        }
        final Integer aeronSessionId = lostImages.poll();
        if (null != aeronSessionId)
        {
            assembler.freeSessionBuffer(aeronSessionId);
        }
        return aeronSessionId;
    }

    int memberCount()
    {
        return members.length;
    }

    MemberConnection member(final int index)
    {
        return members[index];
    }

    /** Index of the member with an id, or {@link LeaderFinder#NONE}. */
    int indexOf(final int memberId)
    {
        for (int i = 0; i < members.length; i++)
        {
            if (members[i].memberId() == memberId)
            {
                return i;
            }
        }
        return LeaderFinder.NONE;
    }

    int responseStreamId()
    {
        return subscription.streamId();
    }

    /**
     * The channel for members to answer on, its port resolved, or null while the driver has not bound it. Only the
     * endpoint goes to them: an interface or a socket's length is this host's affair.
     */
    String responseChannel()
    {
        if (null == responseChannel)
        {
            final String resolved = subscription.tryResolveChannelEndpointPort();
            if (null != resolved)
            {
                final ChannelUri uri = ChannelUri.parse(resolved);
                responseChannel = uri.isIpc() ? CommonContext.IPC_CHANNEL :
                    "aeron:udp?endpoint=" + uri.get(CommonContext.ENDPOINT_PARAM_NAME);
            }
        }
        return responseChannel;
    }

    @Override
    public void close()
    {
        if (!aeron.isClosed())
        {
            CloseHelper.quietCloseAll(members);
            CloseHelper.quietClose(subscription);
        }
        CloseHelper.quietCloseAll(ownsAeron ? aeron : null, driver);
    }
}
