package io.ukehi.transport;

import io.aeron.Aeron;
import io.aeron.ChannelUriStringBuilder;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.LogBufferDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.agrona.BitUtil;

/**
 * Settings of {@link AeronPeers}. Fluent; {@link #conclude()} checks them as a whole. Lengths are in bytes.
 */
public final class AeronPeersContext
{
    /** Stream of votes, acknowledgements and heartbeats. */
    public static final int CONTROL_STREAM_ID = 10;

    /** Stream of entries. */
    public static final int BULK_STREAM_ID = 11;

    /** Stream of snapshots. */
    public static final int SNAPSHOT_STREAM_ID = 12;

    /** Control messages are some hundred bytes; this holds more than 2,000 of them. */
    public static final int DEFAULT_CONTROL_TERM_LENGTH = 256 * 1024;

    /** Longest message of Aeron in bytes, whatever the term length. */
    public static final int MAX_MESSAGE_LENGTH = 16 * 1024 * 1024;

    /**
     * Takes messages of 2 MiB: an append of 256 KiB, and one of a single entry of 1 MiB with its frame. Each bulk
     * publication, and each image of one, is three such terms of shared memory (sparse until used).
     */
    public static final int DEFAULT_BULK_TERM_LENGTH = 16 * 1024 * 1024;

    /** Takes messages of 128 KiB: a chunk of a snapshot has some 32. Holds no more than a peer's window needs. */
    private static final int SNAPSHOT_TERM_LENGTH = 1024 * 1024;

    private static final int SNAPSHOT_ASSEMBLY_LENGTH = 40 * 1024;

    private static final int MESSAGES_PER_TERM = 8;

    /** Where the fragments of an append are put together; grows if it has to. */
    private static final int BULK_ASSEMBLY_LENGTH = 320 * 1024;

    private static final int CONTROL_ASSEMBLY_LENGTH = 4 * 1024;

    private static final PeerLinkListener NOBODY = new PeerLinkListener()
    {
        @Override
        public void onChannelError(final int memberId, final int streamId, final Exception error)
        {
        }

        @Override
        public void onMessageTooLong(final int memberId, final int streamId, final int length, final int maxLength)
        {
        }
    };

    private Aeron aeron;
    private int nodeId;
    private List<PeerEndpoint> endpoints = List.of();
    private int controlTermLength = DEFAULT_CONTROL_TERM_LENGTH;
    private int bulkTermLength = DEFAULT_BULK_TERM_LENGTH;
    private int mtuLength;
    private int receiverWindowLength;
    private int socketBufferLength;
    private PeerLinkListener listener = NOBODY;

    /** Client to use; stays the caller's to run and to close. */
    public AeronPeersContext aeron(final Aeron client)
    {
        aeron = client;
        return this;
    }

    public Aeron aeron()
    {
        return aeron;
    }

    /** Own member id, 1 or greater. */
    public AeronPeersContext nodeId(final int id)
    {
        nodeId = id;
        return this;
    }

    public int nodeId()
    {
        return nodeId;
    }

    /**
     * All members, this node among them. Its own is the address it listens on, which may be another than the one the
     * others know it by, such as {@code 0.0.0.0}.
     */
    public AeronPeersContext endpoints(final List<PeerEndpoint> members)
    {
        endpoints = List.copyOf(members);
        return this;
    }

    public List<PeerEndpoint> endpoints()
    {
        return endpoints;
    }

    /** A power of two, 64 KiB to 1 GiB. */
    public AeronPeersContext controlTermLength(final int length)
    {
        controlTermLength = length;
        return this;
    }

    public int controlTermLength()
    {
        return controlTermLength;
    }

    /** A power of two, 64 KiB to 1 GiB; an eighth of it is the longest append. */
    public AeronPeersContext bulkTermLength(final int length)
    {
        bulkTermLength = length;
        return this;
    }

    /**
     * Makes the terms of the bulk stream as long as messages of a length need, where they are not: eight times that.
     *
     * @param length in bytes, at most {@link #MAX_MESSAGE_LENGTH}.
     */
    public AeronPeersContext bulkMessageLength(final int length)
    {
        return bulkTermLength(Math.max(bulkTermLength, BitUtil.findNextPositivePowerOfTwo(
            Math.multiplyExact(MESSAGES_PER_TERM, length))));
    }

    public int bulkTermLength()
    {
        return bulkTermLength;
    }

    /** A multiple of 32, up to 65,504; 0 leaves it to the media driver. All nodes and the network have to carry it. */
    public AeronPeersContext mtuLength(final int length)
    {
        mtuLength = length;
        return this;
    }

    public int mtuLength()
    {
        return mtuLength;
    }

    /**
     * What a peer may send before this node has taken it: at least bandwidth times round-trip time. 0 leaves it to the
     * media driver. The socket's receive buffer has to be as large.
     */
    public AeronPeersContext receiverWindowLength(final int length)
    {
        receiverWindowLength = length;
        return this;
    }

    public int receiverWindowLength()
    {
        return receiverWindowLength;
    }

    /** Send and receive buffer of the sockets; 0 leaves it to the media driver. The system has to allow it. */
    public AeronPeersContext socketBufferLength(final int length)
    {
        socketBufferLength = length;
        return this;
    }

    public int socketBufferLength()
    {
        return socketBufferLength;
    }

    /** Told of what goes wrong; nobody is by default. */
    public AeronPeersContext listener(final PeerLinkListener linkListener)
    {
        listener = linkListener;
        return this;
    }

    public PeerLinkListener listener()
    {
        return listener;
    }

    /** Longest message of the bulk stream: header and block of an Append, and its frames. */
    public int maxBulkMessageLength()
    {
        return FrameDescriptor.computeMaxMessageLength(bulkTermLength);
    }

    /**
     * Checks the settings.
     *
     * @return this.
     * @throws IllegalArgumentException naming the first that is wrong.
     */
    public AeronPeersContext conclude()
    {
        require(null != listener, "a listener must not be null, node", nodeId);
        requireTermLength("controlTermLength", controlTermLength);
        requireTermLength("bulkTermLength", bulkTermLength);
        require(mtuLength >= 0, "mtuLength must not be negative", mtuLength);
        require(receiverWindowLength >= 0, "receiverWindowLength must not be negative", receiverWindowLength);
        require(socketBufferLength >= 0, "socketBufferLength must not be negative", socketBufferLength);
        int ownCount = 0;
        for (int i = 0; i < endpoints.size(); i++)
        {
            final int memberId = endpoints.get(i).memberId();
            ownCount += memberId == nodeId ? 1 : 0;
            for (int j = 0; j < i; j++)
            {
                require(endpoints.get(j).memberId() != memberId, "member ids must be unique", memberId);
            }
        }
        require(1 == ownCount, "nodeId must be one of the members", nodeId);
        require(null != aeron, "an Aeron client must be given, node", nodeId);
        return this;
    }

    /** The members but for this node. */
    List<PeerEndpoint> peers()
    {
        final List<PeerEndpoint> peers = new ArrayList<>(endpoints);
        peers.removeIf(endpoint -> endpoint.memberId() == nodeId);
        return peers;
    }

    int streamId(final PeerLink.Lane lane)
    {
        return switch (lane)
        {
            case CONTROL -> CONTROL_STREAM_ID;
            case BULK -> BULK_STREAM_ID;
            case SNAPSHOT -> SNAPSHOT_STREAM_ID;
        };
    }

    int assemblyLength(final PeerLink.Lane lane)
    {
        return switch (lane)
        {
            case CONTROL -> CONTROL_ASSEMBLY_LENGTH;
            case BULK -> BULK_ASSEMBLY_LENGTH;
            case SNAPSHOT -> SNAPSHOT_ASSEMBLY_LENGTH;
        };
    }

    private int termLength(final PeerLink.Lane lane)
    {
        return switch (lane)
        {
            case CONTROL -> controlTermLength;
            case BULK -> bulkTermLength;
            case SNAPSHOT -> SNAPSHOT_TERM_LENGTH;
        };
    }

    String publicationChannel(final PeerEndpoint peer, final PeerLink.Lane lane)
    {
        final ChannelUriStringBuilder uri = uri(peer)
            .alias("ukehi-" + lane.name().toLowerCase(Locale.ROOT) + "-to-" + peer.memberId())
            .termLength(termLength(lane));
        if (mtuLength > 0)
        {
            uri.mtu(mtuLength);
        }
        return uri.build();
    }

    String subscriptionChannel()
    {
        for (final PeerEndpoint endpoint : endpoints)
        {
            if (endpoint.memberId() == nodeId)
            {
                final ChannelUriStringBuilder uri = uri(endpoint).alias("ukehi-peers-of-" + nodeId);
                if (receiverWindowLength > 0)
                {
                    uri.receiverWindowLength(receiverWindowLength);
                }
                return uri.build();
            }
        }
        throw new IllegalStateException("not concluded");
    }

    private ChannelUriStringBuilder uri(final PeerEndpoint endpoint)
    {
        final ChannelUriStringBuilder uri = new ChannelUriStringBuilder().media("udp").endpoint(endpoint.address());
        if (socketBufferLength > 0)
        {
            uri.socketSndbufLength(socketBufferLength).socketRcvbufLength(socketBufferLength);
        }
        return uri;
    }

    private static void requireTermLength(final String name, final int length)
    {
        try
        {
            LogBufferDescriptor.checkTermLength(length);
        }
        catch (final IllegalStateException ex)
        {
            throw new IllegalArgumentException(name + ": " + ex.getMessage(), ex);
        }
    }

    private static void require(final boolean holds, final String rule, final int value)
    {
        if (!holds)
        {
            throw new IllegalArgumentException(rule + ": " + value);
        }
    }
}
