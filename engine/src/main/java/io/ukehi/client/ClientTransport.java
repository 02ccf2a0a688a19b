package io.ukehi.client;

import io.aeron.Aeron;
import io.aeron.ChannelUri;
import io.aeron.CommonContext;
import io.aeron.FragmentAssembler;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.exceptions.AeronException;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;

/**
 * What a client has of Aeron: the subscription on which it listens and the ways to the members, all of them made anew
 * when the media driver was lost and is there again. Owned by the thread that uses the client, but for the one callback
 * that Aeron's own thread makes.
 */
final class ClientTransport implements AutoCloseable
{
    /** No image has gone. */
    static final Integer NO_IMAGE = null;

    private static final int MAX_LOST_IMAGES = 64;

    /** On IPC, the streams below belong to the nodes. */
    private static final int DRAWN_STREAM_ID_MIN = 1024;

    /** How often the driver is looked at while nothing is heard. */
    private static final long DRIVER_CHECK_NS = TimeUnit.MILLISECONDS.toNanos(250);

    private final ClientContext ctx;
    private final AeronLink link;
    private final ResponseAdapter adapter;
    private final int streamId;
    private final KnownMembers known;
    private MemberConnection[] members;
    private final int fragmentLimit;
    // Filled by Aeron's thread. One that does not fit costs the memory of an unfinished message, no more.
    private final ManyToOneConcurrentArrayQueue<Integer> lostImages =
        new ManyToOneConcurrentArrayQueue<>(MAX_LOST_IMAGES);
    private FragmentAssembler assembler;
    private Subscription subscription;
    private AgentInvoker conductorInvoker;
    private String responseChannel;
    private long driverCheckNs;
    private boolean isLost;

    /** @throws UkehiClientException if there is no media driver. */
    ClientTransport(final ClientContext ctx, final ResponseAdapter adapter, final long nowNs)
    {
        this.ctx = ctx;
        this.adapter = adapter;
        fragmentLimit = ctx.fragmentLimit();
        driverCheckNs = nowNs;
        streamId = ctx.responseStreamId() > 0 ?
            ctx.responseStreamId() : ThreadLocalRandom.current().nextInt(DRAWN_STREAM_ID_MIN, Integer.MAX_VALUE);
        known = new KnownMembers(ctx.members());
        members = new MemberConnection[known.count()];
        link = new AeronLink(ctx);
        try
        {
            open(nowNs);
        }
        catch (final RuntimeException ex)
        {
            link.close();
            throw new UkehiClientException("no media driver to talk to: " + ex.getMessage(), ex);
        }
    }

    private void open(final long nowNs)
    {
        final Aeron aeron = link.aeron();
        subscription = aeron.addSubscription(ctx.responseChannel(), streamId, null, this::onUnavailableImage);
        conductorInvoker = aeron.conductorAgentInvoker();
        assembler = new FragmentAssembler(adapter);
        responseChannel = null;
        lostImages.clear();
        for (int i = 0; i < members.length; i++)
        {
            members[i] = new MemberConnection(aeron, known.endpoint(i), ctx.termLength(), nowNs);
        }
    }

    /**
     * A node has told who the members are: there are ways to those that were not known from now on, and to those that
     * have moved another one. Nobody is forgotten.
     *
     * @return whether there are more than before.
     */
    boolean onMembers(final long index, final String endpoints, final long nowNs)
    {
        final int before = members.length;
        final int[] changed = known.onTold(index, endpoints);
        members = Arrays.copyOf(members, known.count());
        for (final int i : changed)
        {
            CloseHelper.quietClose(members[i]);
            members[i] = new MemberConnection(link.aeron(), known.endpoint(i), ctx.termLength(), nowNs);
        }
        return members.length > before;
    }

    private void onUnavailableImage(final Image image)
    {
        lostImages.offer(image.sessionId());
    }

    /** Whether Aeron is gone, and the client with it. */
    boolean isClosed()
    {
        return link.isClosed();
    }

    /**
     * Looks after the media driver.
     *
     * @param isSilent whether nothing is heard from any node.
     * @return whether all has just been made anew, after the driver was lost: nodes have to be told where to answer.
     */
    boolean renew(final boolean isSilent, final long nowNs)
    {
        if (!isSilent || nowNs - driverCheckNs < 0)
        {
            return false;
        }
        driverCheckNs = nowNs + DRIVER_CHECK_NS;
        if (!isLost && !link.isLost(true))
        {
            return false;
        }
        if (!isLost)
        {
            isLost = true;
            closeParts();
        }
        if (!link.tryConnect())
        {
            return false;
        }
        try
        {
            open(nowNs);
            isLost = false;
        }
        catch (final AeronException ignore)
        {
            // Gone again already: the next look will tell.
            return false;
        }
        return true;
    }

    /** Polls for messages; they reach the adapter. */
    int poll()
    {
        if (isLost)
        {
            return 0;
        }
        final int work = null == conductorInvoker ? 0 : conductorInvoker.invoke();
        return work + subscription.poll(assembler, fragmentLimit);
    }

    /** Goes on with publications that are not there yet. */
    int doWork(final long nowNs)
    {
        int work = 0;
        for (int i = 0; i < members.length && !isLost; i++)
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
        return streamId;
    }

    /**
     * The channel for members to answer on, its port resolved, or null while the driver has not bound it. Only the
     * endpoint goes to them: an interface or a socket's length is this host's affair.
     */
    String responseChannel()
    {
        if (null == responseChannel && !isLost)
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

    private void closeParts()
    {
        responseChannel = null;
        CloseHelper.quietCloseAll(members);
        CloseHelper.quietClose(subscription);
    }

    @Override
    public void close()
    {
        if (!isLost && !link.aeron().isClosed())
        {
            closeParts();
        }
        isLost = true;
        link.close();
    }
}
