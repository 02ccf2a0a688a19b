package io.ukehi.transport;

import io.aeron.Aeron;
import io.aeron.FragmentAssembler;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import io.aeron.status.ChannelEndpointStatus;
import io.ukehi.Invariant;
import org.agrona.DirectBuffer;
import org.agrona.LangUtil;
import org.agrona.concurrent.ManyToOneConcurrentLinkedQueue;

/**
 * One stream on which the peers reach this node: a subscription, and another in its place when it is lost. Messages
 * come out whole. Owned by the duty-cycle thread; only images that come and go allocate.
 */
final class InboundStream implements AutoCloseable
{
    private final Aeron aeron;
    private final String channel;
    private final int streamId;
    private final int memberId;
    private final PeerLinkListener listener;
    private final PeerLinkCounters counters;
    private final FragmentAssembler assembler;
    /** Sessions that ended. Filled by Aeron's conductor, whichever thread that is. */
    private final ManyToOneConcurrentLinkedQueue<Integer> endedSessions = new ManyToOneConcurrentLinkedQueue<>();

    private FragmentHandler receiver;
    private Subscription subscription;
    private long registrationId = Aeron.NULL_VALUE;
    private long nextAttemptNs;
    private Throwable failure;

    InboundStream(
        final Aeron aeron,
        final String channel,
        final int streamId,
        final int memberId,
        final int assemblyLength,
        final PeerLinkListener listener,
        final PeerLinkCounters counters,
        final long nowNs)
    {
        this.aeron = aeron;
        this.channel = channel;
        this.streamId = streamId;
        this.memberId = memberId;
        this.listener = listener;
        this.counters = counters;
        this.assembler = new FragmentAssembler(this::onMessage, assemblyLength);
        this.nextAttemptNs = nowNs;
    }

    /** Before the first {@link #poll(int)}. */
    void receiver(final FragmentHandler handler)
    {
        receiver = handler;
    }

    boolean isOpen()
    {
        return null != subscription && !subscription.isClosed();
    }

    /**
     * Takes what has arrived.
     *
     * @return fragments taken, at most the limit.
     */
    int poll(final int fragmentLimit)
    {
        if (null == subscription)
        {
            return 0;
        }
        Invariant.check(null != receiver, "a receiver is named before the first poll");
        final int fragments = subscription.poll(assembler, fragmentLimit);
        if (null != failure)
        {
            final Throwable thrown = failure;
            failure = null;
            LangUtil.rethrowUnchecked(thrown);
        }
        return fragments;
    }

    /**
     * Aeron gives what a handler throws to an error handler and goes on, but a failure of storage or of an invariant
     * has to end the node: it is kept from Aeron, and thrown once poll is over. What would follow is not delivered.
     */
    private void onMessage(final DirectBuffer buffer, final int offset, final int length, final Header header)
    {
        if (null != failure)
        {
            return;
        }
        try
        {
            receiver.onFragment(buffer, offset, length, header);
        }
        catch (final Throwable thrown)
        {
            failure = thrown;
        }
    }

    /** Gets the subscription, or another one. Never blocks. */
    int doWork(final long nowNs)
    {
        freeEndedSessions();
        if (null != subscription)
        {
            return checkSubscription();
        }
        if (aeron.isClosed())
        {
            return 0;
        }
        try
        {
            return Aeron.NULL_VALUE == registrationId ? request(nowNs) : await();
        }
        catch (final RuntimeException ex)
        {
            registrationId = Aeron.NULL_VALUE;
            onError(ex);
            return 1;
        }
    }

    private void freeEndedSessions()
    {
        Integer sessionId = endedSessions.poll();
        while (null != sessionId)
        {
            assembler.freeSessionBuffer(sessionId);
            sessionId = endedSessions.poll();
        }
    }

    private int checkSubscription()
    {
        final boolean isClosed = subscription.isClosed();
        final boolean isErrored =
            ChannelEndpointStatus.ERRORED == subscription.channelStatus() && !subscription.isConnected();
        if (!isClosed && !isErrored)
        {
            return 0;
        }
        subscription.close();
        subscription = null;
        assembler.clear();
        onError(new AeronException(
            "the subscription for peers was lost: " + (isClosed ? "closed " : "channel in error ") + channel));
        return 1;
    }

    private int request(final long nowNs)
    {
        if (nowNs - nextAttemptNs < 0)
        {
            return 0;
        }
        nextAttemptNs = nowNs + AeronPeers.RETRY_INTERVAL_NS;
        registrationId = aeron.asyncAddSubscription(channel, streamId, null, this::onUnavailableImage);
        return 1;
    }

    private int await()
    {
        subscription = aeron.getSubscription(registrationId);
        if (null == subscription)
        {
            return 0;
        }
        registrationId = Aeron.NULL_VALUE;
        return 1;
    }

    private void onUnavailableImage(final Image image)
    {
        endedSessions.offer(image.sessionId());
    }

    private void onError(final Exception error)
    {
        counters.onChannelError();
        listener.onChannelError(memberId, streamId, error);
    }

    @Override
    public void close()
    {
        aeron.asyncRemoveSubscription(registrationId);
        registrationId = Aeron.NULL_VALUE;
        if (null != subscription)
        {
            subscription.close();
            subscription = null;
        }
    }
}
