package io.ukehi.transport;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.exceptions.AeronException;
import io.aeron.status.ChannelEndpointStatus;
import org.agrona.DirectBuffer;

/**
 * One stream to one peer: a publication, and another in its place when it is lost. Owned by the duty-cycle thread; only
 * adding and replacing allocate.
 * <pre>
 *              +--------- error, at most once a second ---------+
 *              v                                                |
 *   ABSENT --------&gt; REQUESTED --------&gt; PRESENT --------&gt; lost: closed, worn out,
 *            add                 ready            or its channel in error and nobody connected
 * </pre>
 * A peer that is merely silent loses nothing: its publication stays, Aeron keeps calling, and it is connected as soon
 * as somebody answers.
 */
final class OutboundStream implements AutoCloseable
{
    /** The first retry goes into the next term buffer; a second can only be needed in theory. */
    private static final int MAX_ATTEMPTS = 3;

    private final Aeron aeron;
    private final String channel;
    private final int streamId;
    private final int memberId;
    private final PeerLinkListener listener;
    private final PeerLinkCounters counters;

    private ExclusivePublication publication;
    private long registrationId = Aeron.NULL_VALUE;
    private long nextAttemptNs;
    private long nextReportNs;
    private long nowNs;
    private boolean isWornOut;
    private boolean isTooLongReported;

    OutboundStream(
        final Aeron aeron,
        final String channel,
        final int streamId,
        final int memberId,
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
        this.nowNs = nowNs;
        this.nextAttemptNs = nowNs;
        this.nextReportNs = nowNs;
    }

    int memberId()
    {
        return memberId;
    }

    boolean isConnected()
    {
        return null != publication && publication.isConnected();
    }

    /** See {@link PeerLink#offer}. */
    boolean offer(
        final DirectBuffer header,
        final int headerOffset,
        final int headerLength,
        final DirectBuffer body,
        final int bodyOffset,
        final int bodyLength)
    {
        if (null == publication)
        {
            counters.onNotConnected();
            return false;
        }
        if (bodyLength > publication.maxMessageLength() - headerLength)
        {
            onTooLong(headerLength + bodyLength);
            return false;
        }
        long result = Publication.ADMIN_ACTION;
        for (int i = 0; i < MAX_ATTEMPTS && Publication.ADMIN_ACTION == result; i++)
        {
            result = null == body ?
                publication.offer(header, headerOffset, headerLength) :
                publication.offer(header, headerOffset, headerLength, body, bodyOffset, bodyLength);
        }
        return onOffered(result);
    }

    private boolean onOffered(final long result)
    {
        if (result > 0)
        {
            counters.onSent();
            return true;
        }
        if (Publication.BACK_PRESSURED == result || Publication.ADMIN_ACTION == result)
        {
            counters.onBackPressured();
            return false;
        }
        if (Publication.MAX_POSITION_EXCEEDED == result)
        {
            isWornOut = true;
        }
        counters.onNotConnected();
        return false;
    }

    private void onTooLong(final int length)
    {
        counters.onTooLong();
        if (!isTooLongReported)
        {
            isTooLongReported = true;
            nextReportNs = nowNs + AeronPeers.RETRY_INTERVAL_NS;
            listener.onMessageTooLong(memberId, streamId, length, publication.maxMessageLength());
        }
    }

    /** Gets the publication, or another one. Never blocks. */
    int doWork(final long timeNs)
    {
        nowNs = timeNs;
        if (isTooLongReported && nowNs - nextReportNs >= 0)
        {
            isTooLongReported = false;
        }
        if (null != publication)
        {
            return checkPublication();
        }
        if (aeron.isClosed())
        {
            return 0;
        }
        try
        {
            return Aeron.NULL_VALUE == registrationId ? request() : await();
        }
        catch (final RuntimeException ex)
        {
            registrationId = Aeron.NULL_VALUE;
            onError(ex);
            return 1;
        }
    }

    private int checkPublication()
    {
        final boolean isClosed = publication.isClosed();
        final boolean isErrored =
            ChannelEndpointStatus.ERRORED == publication.channelStatus() && !publication.isConnected();
        if (!isClosed && !isWornOut && !isErrored)
        {
            return 0;
        }
        publication.close();
        publication = null;
        if (!isWornOut)
        {
            onError(new AeronException(
                "a publication to a peer was lost: " + (isClosed ? "closed " : "channel in error ") + channel));
        }
        isWornOut = false;
        return 1;
    }

    private int request()
    {
        if (nowNs - nextAttemptNs < 0)
        {
            return 0;
        }
        nextAttemptNs = nowNs + AeronPeers.RETRY_INTERVAL_NS;
        registrationId = aeron.asyncAddExclusivePublication(channel, streamId);
        return 1;
    }

    private int await()
    {
        publication = aeron.getExclusivePublication(registrationId);
        if (null == publication)
        {
            return 0;
        }
        registrationId = Aeron.NULL_VALUE;
        return 1;
    }

    private void onError(final Exception error)
    {
        counters.onChannelError();
        listener.onChannelError(memberId, streamId, error);
    }

    @Override
    public void close()
    {
        aeron.asyncRemovePublication(registrationId);
        registrationId = Aeron.NULL_VALUE;
        if (null != publication)
        {
            publication.close();
            publication = null;
        }
    }
}
