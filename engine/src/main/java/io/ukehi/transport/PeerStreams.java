package io.ukehi.transport;

import org.agrona.CloseHelper;

/**
 * What there is to one peer: its streams, and when it was last told who this node is. A <b>guest</b> is a peer that
 * is no member as far as this node knows, but has introduced itself: it can be answered, and is forgotten when it falls
 * silent.
 */
final class PeerStreams implements AutoCloseable
{
    private final OutboundStream control;
    private final OutboundStream bulk;
    private final OutboundStream snapshot;
    private final PeerEndpoint endpoint;
    private boolean isGuest;
    private long guestHeardNs;
    private boolean isIntroduced;
    private long introductionDueNs;

    PeerStreams(
        final PeerEndpoint endpoint,
        final OutboundStream control,
        final OutboundStream bulk,
        final OutboundStream snapshot)
    {
        this.endpoint = endpoint;
        this.control = control;
        this.bulk = bulk;
        this.snapshot = snapshot;
    }

    int memberId()
    {
        return endpoint.memberId();
    }

    PeerEndpoint endpoint()
    {
        return endpoint;
    }

    OutboundStream stream(final PeerLink.Lane lane)
    {
        return switch (lane)
        {
            case CONTROL -> control;
            case BULK -> bulk;
            case SNAPSHOT -> snapshot;
        };
    }

    /** Whether the peer hears whatever there may be. */
    boolean isWhole()
    {
        return isConnected() && snapshot.isConnected();
    }

    /** Whether the peer hears what keeps a group going; snapshots may come later. */
    boolean isConnected()
    {
        return control.isConnected() && bulk.isConnected();
    }

    /** Is, or stays, a guest: heard of at this moment. */
    PeerStreams guest(final long nowNs)
    {
        isGuest = true;
        guestHeardNs = nowNs;
        return this;
    }

    PeerStreams member()
    {
        isGuest = false;
        return this;
    }

    boolean isGuest()
    {
        return isGuest;
    }

    /** Whether it is a guest that has been silent for longer than a time. */
    boolean isGoneGuest(final long nowNs, final long timeoutNs)
    {
        return isGuest && nowNs - guestHeardNs > timeoutNs;
    }

    /** Looks after the streams. Work done. */
    int doWork(final long nowNs)
    {
        return control.doWork(nowNs) + bulk.doWork(nowNs) + snapshot.doWork(nowNs);
    }

    /** Whether the peer is to be told who this node is: as soon as it listens, and then once in an interval. */
    boolean isIntroductionDue(final long nowNs)
    {
        if (!control.isConnected())
        {
            isIntroduced = false;
            return false;
        }
        return !isIntroduced || nowNs - introductionDueNs >= 0;
    }

    void onIntroduced(final long nowNs, final long intervalNs)
    {
        isIntroduced = true;
        introductionDueNs = nowNs + intervalNs;
    }

    @Override
    public void close()
    {
        CloseHelper.closeAll(control, bulk, snapshot);
    }
}
