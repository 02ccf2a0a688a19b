package io.ukehi.transport;

import io.aeron.Aeron;
import io.aeron.logbuffer.FragmentHandler;
import io.ukehi.Invariant;
import java.util.List;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;

/**
 * The peers over Aeron UDP: to each a unicast channel with two streams, and one subscription for each stream on the
 * node's own endpoint.
 * <pre>
 *   node 1                                              node 2
 *    control (10)  ----  aeron:udp?endpoint=node2  ---&gt;  control (10)  polled first
 *    bulk    (11)  ----                            ---&gt;  bulk    (11)  polled next, with a limit of its own
 * </pre>
 * <b>Nothing here blocks.</b> Publications and subscriptions are asked for and looked after by {@link #doWork(long)};
 * one that is lost is asked for again, at most once a second. Each peer has buffers and windows of its own, so that a
 * slow, dead or wrongly addressed one costs the others nothing. What goes wrong is counted and told to the
 * {@link PeerLinkListener}, and never ends the node.
 * <p>
 * <b>Lengths.</b> Aeron takes messages up to an eighth of a term buffer, at most 16 MiB. A longer one is refused as
 * though the peer were not connected, counted and reported: whoever configures the longest entry has to ask
 * {@link AeronPeersContext#maxBulkMessageLength()} first, but an entry that is in the log already, from a time of
 * longer terms, must not end every leader that finds it there.
 * <p>
 * <b>Peers that come and go.</b> A peer that was started again is heard as soon as its own publications have called
 * (Aeron: every 100 ms), and hears this node as soon as something is sent to it or the next such call, whether or not
 * this node has noticed that it was gone. No driver timeout needs to be shortened for that. Aeron's defaults only say
 * how long what is left of a dead peer is kept: a publication takes messages for {@code
 * aeron.publication.connection.timeout} (5 s) or until its window is full, and then refuses them; an image is freed
 * after {@code aeron.image.liveness.timeout} (10 s).
 * <p>
 * <b>Threads.</b> Owned by the duty-cycle thread. The Aeron client is not: whoever made it runs its conductor (on its
 * own thread, or on the duty cycle with {@code conductorAgentInvoker().invoke()}) and closes it after this. If it
 * closes itself because the media driver is gone, nothing more is sent or received; the owner finds out by
 * {@link Aeron#isClosed()}.
 * <p>
 * Allocates nothing in the steady state.
 */
public final class AeronPeers implements PeerLink, AutoCloseable
{
    /** Time between two attempts to get a publication or subscription, in nanoseconds. */
    static final long RETRY_INTERVAL_NS = 1_000_000_000L;

    /** Time between two looks at publications and subscriptions, in nanoseconds. */
    static final long HOUSEKEEPING_INTERVAL_NS = 10_000_000L;

    private final OutboundStream[] control;
    private final OutboundStream[] bulk;
    private final InboundStream controlInbound;
    private final InboundStream bulkInbound;
    private final PeerLinkCounters counters = new PeerLinkCounters();
    private long nextHousekeepingNs;
    private boolean isClosed;

    /**
     * Prepares the streams. Nothing is sent or asked for until {@link #doWork(long)} is called.
     *
     * @param context is concluded here.
     * @param nowNs   a monotonic time, of the same clock as {@link #doWork(long)} is given.
     * @throws IllegalArgumentException naming the setting that is wrong.
     */
    public AeronPeers(final AeronPeersContext context, final long nowNs)
    {
        context.conclude();
        final List<PeerEndpoint> peers = context.peers();
        control = new OutboundStream[peers.size()];
        bulk = new OutboundStream[peers.size()];
        for (int i = 0; i < control.length; i++)
        {
            final PeerEndpoint peer = peers.get(i);
            control[i] = outbound(context, peer, false, nowNs);
            bulk[i] = outbound(context, peer, true, nowNs);
        }
        controlInbound = inbound(context, false, nowNs);
        bulkInbound = inbound(context, true, nowNs);
        nextHousekeepingNs = nowNs;
    }

    /**
     * Names the receiver, before the first {@link #poll(int)}. It is not asked for earlier because it usually leads, by
     * way of the rules and the {@link PeerPublisher}, back to this link.
     *
     * @param handler of each whole message: a {@link PeerAdapter}. What it throws, {@link #poll(int)} throws.
     * @return this.
     */
    public AeronPeers receiver(final FragmentHandler handler)
    {
        controlInbound.receiver(handler);
        bulkInbound.receiver(handler);
        return this;
    }

    private OutboundStream outbound(
        final AeronPeersContext context, final PeerEndpoint peer, final boolean isBulk, final long nowNs)
    {
        return new OutboundStream(
            context.aeron(),
            context.publicationChannel(peer, isBulk),
            context.streamId(isBulk),
            peer.memberId(),
            context.listener(),
            counters,
            nowNs);
    }

    private InboundStream inbound(
        final AeronPeersContext context, final boolean isBulk, final long nowNs)
    {
        return new InboundStream(
            context.aeron(),
            context.subscriptionChannel(),
            context.streamId(isBulk),
            context.nodeId(),
            context.assemblyLength(isBulk),
            context.listener(),
            counters,
            nowNs);
    }

    @Override
    public boolean offer(
        final int toId,
        final boolean isBulk,
        final DirectBuffer header,
        final int headerOffset,
        final int headerLength,
        final DirectBuffer body,
        final int bodyOffset,
        final int bodyLength)
    {
        final OutboundStream[] streams = isBulk ? bulk : control;
        final int i = indexOf(toId);
        Invariant.check(i >= 0, "messages go to peers", toId);
        return streams[i].offer(header, headerOffset, headerLength, body, bodyOffset, bodyLength);
    }

    /**
     * Takes what has arrived: control messages first, then bulk. Each has the whole limit, so that neither starves the
     * other.
     *
     * @param fragmentLimit for each of the two, 1 or more. A fragment holds up to an MTU; an append of 256 KiB is some
     *                      190 of them at Aeron's default.
     * @return fragments taken.
     */
    public int poll(final int fragmentLimit)
    {
        return controlInbound.poll(fragmentLimit) + bulkInbound.poll(fragmentLimit);
    }

    /**
     * Looks after publications and subscriptions, every 10 ms; between, it costs a comparison.
     *
     * @param nowNs monotonic.
     * @return work done, 0 if none.
     */
    public int doWork(final long nowNs)
    {
        if (nowNs - nextHousekeepingNs < 0 || isClosed)
        {
            return 0;
        }
        nextHousekeepingNs = nowNs + HOUSEKEEPING_INTERVAL_NS;
        int workCount = controlInbound.doWork(nowNs) + bulkInbound.doWork(nowNs);
        for (int i = 0; i < control.length; i++)
        {
            workCount += control[i].doWork(nowNs) + bulk[i].doWork(nowNs);
        }
        return workCount;
    }

    /** Whether both streams to a peer have somebody at the other end; false for a stranger. */
    public boolean isConnected(final int peerId)
    {
        final int i = indexOf(peerId);
        return i >= 0 && control[i].isConnected() && bulk[i].isConnected();
    }

    /** Whether this node's own endpoint is open for both streams. */
    public boolean isListening()
    {
        return controlInbound.isOpen() && bulkInbound.isOpen();
    }

    /** What became of the messages sent. */
    public PeerLinkCounters counters()
    {
        return counters;
    }

    /** Closes publications and subscriptions; the Aeron client stays open. Never blocks. */
    @Override
    public void close()
    {
        if (!isClosed)
        {
            isClosed = true;
            CloseHelper.closeAll(control);
            CloseHelper.closeAll(bulk);
            CloseHelper.closeAll(controlInbound, bulkInbound);
        }
    }

    private int indexOf(final int memberId)
    {
        for (int i = 0; i < control.length; i++)
        {
            if (control[i].memberId() == memberId)
            {
                return i;
            }
        }
        return -1;
    }
}
