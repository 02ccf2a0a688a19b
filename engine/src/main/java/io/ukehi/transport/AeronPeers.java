package io.ukehi.transport;

import io.aeron.Aeron;
import io.aeron.logbuffer.FragmentHandler;
import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;

/**
 * The peers over Aeron UDP: to each a unicast channel with three streams, and one subscription for each stream on the
 * node's own endpoint.
 * <pre>
 *   node 1                                              node 2
 *    control (10)  ----  aeron:udp?endpoint=node2  ---&gt;  control (10)  polled first
 *    bulk    (11)  ----                            ---&gt;  bulk    (11)  polled next, with a limit of its own
 *    snapshot(12)  ----                            ---&gt;  snapshot(12)  polled last, likewise
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
 * <b>Members that come and go.</b> {@link #members} says to whom there are to be links; one whose address has not
 * changed stays as it is. A node that is no member here but introduces itself ({@link Introductions}) gets a link too,
 * for as long as it goes on doing so: a leader or candidate of a configuration that this node has not heard of yet has
 * to be answered. There are at most {@value #MAX_GUESTS} such guests.
 * <p>
 * <b>Peers that are started again.</b> Such a peer is heard as soon as its own publications have called (Aeron: every
 * 100 ms), and hears this node as soon as something is sent to it or the next such call, whether or not this node has
 * noticed that it was gone. No driver timeout needs to be shortened for that. Aeron's defaults only say how long what
 * is left of a dead peer is kept: a publication takes messages for {@code aeron.publication.connection.timeout} (5 s)
 * or until its window is full, and then refuses them; an image is freed after {@code aeron.image.liveness.timeout}
 * (10 s).
 * <p>
 * <b>Threads.</b> Owned by the duty-cycle thread. The Aeron client is not: whoever made it runs its conductor (on its
 * own thread, or on the duty cycle with {@code conductorAgentInvoker().invoke()}) and closes it after this. If it
 * closes itself because the media driver is gone, nothing more is sent or received; the owner finds out by
 * {@link Aeron#isClosed()}.
 * <p>
 * Allocates nothing in the steady state.
 */
public final class AeronPeers implements PeerLink, Introductions, AutoCloseable
{
    /** Time between two attempts to get a publication or subscription, in nanoseconds. */
    static final long RETRY_INTERVAL_NS = 1_000_000_000L;

    /** Time between two looks at publications and subscriptions, in nanoseconds. */
    static final long HOUSEKEEPING_INTERVAL_NS = 10_000_000L;

    /** Most nodes that are no members and have a link all the same. */
    static final int MAX_GUESTS = 8;

    /** How long a guest may be silent: it introduces itself once in {@link #RETRY_INTERVAL_NS}. */
    static final long GUEST_TIMEOUT_NS = 10 * RETRY_INTERVAL_NS;

    /** Tells a peer who this node is. */
    public interface Introducer
    {
        /** False if it could not be sent: it is called again soon. */
        boolean introduce(int toId);
    }

    private final AeronPeersContext context;
    /** Replaced as a whole when somebody comes or goes, which may be in the middle of a poll. */
    private PeerStreams[] peers;
    private Introducer introducer = toId -> true;
    private long nowNs;
    private final InboundStream controlInbound;
    private final InboundStream bulkInbound;
    private final InboundStream snapshotInbound;
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
        this.context = context.conclude();
        this.nowNs = nowNs;
        this.peers = context.peers().stream().map(this::open).toArray(PeerStreams[]::new);
        controlInbound = inbound(Lane.CONTROL);
        bulkInbound = inbound(Lane.BULK);
        snapshotInbound = inbound(Lane.SNAPSHOT);
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
        snapshotInbound.receiver(handler);
        return this;
    }

    /**
     * Names who introduces this node to its peers: called for each as soon as it listens, and once a second.
     *
     * @return this.
     */
    public AeronPeers introducer(final Introducer newIntroducer)
    {
        introducer = newIntroducer;
        return this;
    }

    /**
     * Says who the members are: links are made and closed accordingly. May be called while messages are being taken.
     *
     * @param members with their addresses; this node's own is left out if it is among them.
     */
    public void members(final List<PeerEndpoint> members)
    {
        final List<PeerStreams> next = new ArrayList<>();
        for (final PeerEndpoint endpoint : members)
        {
            if (endpoint.memberId() != context.nodeId())
            {
                final PeerStreams present = find(endpoint.memberId());
                final boolean isSame = null != present && present.endpoint().equals(endpoint);
                next.add((isSame ? present : open(endpoint)).member());
            }
        }
        for (final PeerStreams present : peers)
        {
            if (next.stream().noneMatch(peer -> peer.memberId() == present.memberId()))
            {
                // One that has gone may lead until that is committed, and has to hear of it.
                next.add(present.isGuest() ? present : present.guest(nowNs));
            }
        }
        replace(next);
    }

    /** A node has introduced itself. If it is no member it becomes a guest, or stays one. */
    @Override
    public void onIntroduction(
        final int fromId,
        final long logId,
        final int priority,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        final PeerStreams present = find(fromId);
        if (null != present && !present.isGuest())
        {
            return;
        }
        final PeerEndpoint endpoint =
            PeerEndpoint.parse(fromId, buffer.getStringWithoutLengthAscii(offset, length));
        if (null != present && present.endpoint().equals(endpoint))
        {
            present.guest(nowNs);
            return;
        }
        final List<PeerStreams> next = new ArrayList<>(List.of(peers));
        next.remove(present);
        if (null != endpoint && guestCount() - (null == present ? 0 : 1) < MAX_GUESTS)
        {
            next.add(open(endpoint).guest(nowNs));
            replace(next);
        }
    }

    private PeerStreams open(final PeerEndpoint peer)
    {
        return new PeerStreams(
            peer, outbound(peer, Lane.CONTROL), outbound(peer, Lane.BULK), outbound(peer, Lane.SNAPSHOT));
    }

    /** Closes who is not there any more, and tells who may be heard. */
    private void replace(final List<PeerStreams> next)
    {
        final PeerStreams[] before = peers;
        peers = next.toArray(new PeerStreams[0]);
        for (final PeerStreams present : before)
        {
            if (!next.contains(present))
            {
                present.close();
            }
        }
        context.listener().onPeers(next.stream().mapToInt(PeerStreams::memberId).toArray());
    }

    private OutboundStream outbound(final PeerEndpoint peer, final Lane lane)
    {
        return new OutboundStream(
            context.aeron(),
            context.publicationChannel(peer, lane),
            context.streamId(lane),
            peer.memberId(),
            context.listener(),
            counters,
            nowNs);
    }

    private InboundStream inbound(final Lane lane)
    {
        return new InboundStream(
            context.aeron(),
            context.subscriptionChannel(),
            context.streamId(lane),
            context.nodeId(),
            context.assemblyLength(lane),
            context.listener(),
            counters,
            nowNs);
    }

    @Override
    public boolean offer(
        final int toId,
        final Lane lane,
        final DirectBuffer header,
        final int headerOffset,
        final int headerLength,
        final DirectBuffer body,
        final int bodyOffset,
        final int bodyLength)
    {
        final PeerStreams peer = find(toId);
        if (null == peer)
        {
            // A stranger that has not introduced itself, or a member whose address nobody has named.
            counters.onNotConnected();
            return false;
        }
        return peer.stream(lane).offer(
            header, headerOffset, headerLength, body, bodyOffset, bodyLength);
    }

    /**
     * Takes what has arrived: control messages first, then entries, then snapshots. Each has the whole limit, so that
     * none starves the others.
     *
     * @param fragmentLimit for each of them, 1 or more. A fragment holds up to an MTU; an append of 256 KiB is some
     *                      190 of them at Aeron's default.
     * @return fragments taken.
     */
    public int poll(final int fragmentLimit)
    {
        return controlInbound.poll(fragmentLimit) + bulkInbound.poll(fragmentLimit) +
            snapshotInbound.poll(fragmentLimit);
    }

    /**
     * Looks after publications and subscriptions, every 10 ms; between, it costs a comparison.
     *
     * @param timeNs monotonic.
     * @return work done, 0 if none.
     */
    public int doWork(final long timeNs)
    {
        if (timeNs - nextHousekeepingNs < 0 || isClosed)
        {
            return 0;
        }
        nowNs = timeNs;
        nextHousekeepingNs = nowNs + HOUSEKEEPING_INTERVAL_NS;
        int workCount =
            controlInbound.doWork(nowNs) + bulkInbound.doWork(nowNs) + snapshotInbound.doWork(nowNs);
        boolean isGuestGone = false;
        for (final PeerStreams peer : peers)
        {
            workCount += peer.doWork(nowNs);
            if (peer.isIntroductionDue(nowNs) && introducer.introduce(peer.memberId()))
            {
                peer.onIntroduced(nowNs, RETRY_INTERVAL_NS);
                workCount++;
            }
            isGuestGone |= peer.isGoneGuest(nowNs, GUEST_TIMEOUT_NS);
        }
        if (isGuestGone)
        {
            final List<PeerStreams> next = new ArrayList<>(List.of(peers));
            next.removeIf(peer -> peer.isGoneGuest(nowNs, GUEST_TIMEOUT_NS));
            replace(next);
        }
        return workCount;
    }

    /** Whether all streams to a peer have somebody at the other end, that of snapshots too. */
    boolean isWhole(final int peerId)
    {
        final PeerStreams peer = find(peerId);
        return null != peer && peer.isWhole();
    }

    /** Whether both streams to a peer have somebody at the other end; false for a stranger. */
    public boolean isConnected(final int peerId)
    {
        final PeerStreams peer = find(peerId);
        return null != peer && peer.isConnected();
    }

    /** Nodes that are no members and have a link. */
    int guestCount()
    {
        int count = 0;
        for (final PeerStreams peer : peers)
        {
            count += peer.isGuest() ? 1 : 0;
        }
        return count;
    }

    /** Whether this node's own endpoint is open for all streams. */
    public boolean isListening()
    {
        return controlInbound.isOpen() && bulkInbound.isOpen() && snapshotInbound.isOpen();
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
            CloseHelper.closeAll(peers);
            CloseHelper.closeAll(controlInbound, bulkInbound, snapshotInbound);
        }
    }

    /** Null if there is no link to it. At most a handful: a scan is the quickest look-up there is. */
    private PeerStreams find(final int memberId)
    {
        for (final PeerStreams peer : peers)
        {
            if (peer.memberId() == memberId)
            {
                return peer;
            }
        }
        return null;
    }
}
