package io.ukehi.raft;

import io.ukehi.CoverageMark;
import io.ukehi.RateLimit;
import org.agrona.ExpandableArrayBuffer;

/**
 * Sends a snapshot to a peer that has fallen behind the beginning of the log (Raft section 7), for one term of
 * leadership.
 * <p>
 * The snapshot is <b>offered</b> until the peer says from which chunk on it wants it; then chunks follow one another
 * within a window, and within what the peer has room for, at most so many bytes a second. A chunk that is lost is asked
 * for again; where nothing comes for some time the snapshot is offered anew, under another attempt number, and goes on
 * where the peer says. Whoever dies on the way, on either side, costs no more than what was under way: the peer keeps
 * what it has, and another leader's snapshot of the same index is the same, bit for bit.
 */
final class SnapshotSender
{
    private static final int WINDOW = 64;

    /** Offers in vain after which the snapshot is let go, and the log behind it: the next may be a newer one. */
    private static final int MAX_OFFERS = 100;

    /** No more than a fiftieth of a second's bytes at once, or a pause would end in a burst. */
    private static final int BURSTS_PER_SECOND = 50;

    private final RaftState state;
    private final int peerId;
    private final RateLimit rate;
    private final ExpandableArrayBuffer offer = new ExpandableArrayBuffer(512);
    private SnapshotSource.Stream stream;
    private int offerLength;
    private long attempt;
    private boolean isAccepted;
    private int offersInVain;
    private int nextChunk;
    private int wantedChunk;
    private int chunkLimit;
    private long offeredNs;
    private long sentBytes;
    private long progressNs;

    SnapshotSender(final RaftState state, final int peerId)
    {
        this.state = state;
        this.peerId = peerId;
        final long bytesPerSecond = state.config.snapshotBytesPerSecond();
        this.rate = new RateLimit(bytesPerSecond, Math.max(bytesPerSecond / BURSTS_PER_SECOND, 1));
    }

    /** Ends what is under way; the next one begins anew. */
    void stop()
    {
        if (null != stream)
        {
            stream.close();
            stream = null;
        }
        isAccepted = false;
    }

    /** Index of the snapshot that is being sent; 0 if none is. */
    long index()
    {
        return null == stream ? 0 : stream.index();
    }

    /** Chunks that the peer has, of {@link #chunkCount()}. */
    int receivedChunks()
    {
        return wantedChunk;
    }

    int chunkCount()
    {
        return null == stream ? 0 : stream.chunkCount();
    }

    /** Bytes of chunks sent to this peer in this term, whatever became of them. */
    long sentBytes()
    {
        return sentBytes;
    }

    /** The peer has been started again: it has to be asked where it is. */
    void offerAgain()
    {
        isAccepted = false;
        offeredNs = state.nowNs() - stallNs();
    }

    /** Offers or sends. Work done. */
    int doWork()
    {
        if (null == stream && !open())
        {
            return 0;
        }
        if (!isAccepted)
        {
            return offer();
        }
        if (state.nowNs() - progressNs > stallNs())
        {
            CoverageMark.SNAPSHOT_STALLED.hit();
            offerAgain();
            return 1;
        }
        return send();
    }

    private long stallNs()
    {
        return 4 * state.config.heartbeatIntervalNs();
    }

    private boolean open()
    {
        stream = null == state.snapshotSource ? null : state.snapshotSource.open();
        if (null == stream)
        {
            return false;
        }
        offerLength = stream.encodeOffer(offer);
        isAccepted = false;
        offersInVain = 0;
        wantedChunk = 0;
        offeredNs = state.nowNs() - stallNs();
        rate.begin(state.nowNs());
        return true;
    }

    private int offer()
    {
        if (state.nowNs() - offeredNs < stallNs())
        {
            return 0;
        }
        if (++offersInVain > MAX_OFFERS)
        {
            CoverageMark.SNAPSHOT_LET_GO.hit();
            stop();
            return 1;
        }
        offeredNs = state.nowNs();
        attempt++;
        return state.sender.sendSnapshotOffer(peerId, state.term(), attempt, offer, 0, offerLength) ? 1 : 0;
    }

    private int send()
    {
        long allowance = rate.allowance(state.nowNs());
        int sent = 0;
        final int to = Math.min(Math.min(chunkLimit, wantedChunk + WINDOW), stream.chunkCount());
        while (nextChunk < to && allowance > 0 && stream.isReady(nextChunk))
        {
            final int length = stream.length(nextChunk);
            if (!state.sender.sendSnapshotChunk(
                peerId, state.term(), attempt, nextChunk, stream.buffer(nextChunk), stream.offset(nextChunk), length))
            {
                break;
            }
            allowance -= length;
            rate.use(length);
            sentBytes += length;
            state.snapshotBytesSent += length;
            nextChunk++;
            sent++;
        }
        return sent;
    }

    /**
     * The peer tells how far it is.
     *
     * @return true if it has what the snapshot contains.
     */
    boolean onStatus(
        final SnapshotStatus status, final long statusAttempt, final long index, final int wanted, final int limit)
    {
        if (null == stream || statusAttempt != attempt || index != stream.index())
        {
            return false;
        }
        switch (status)
        {
            case RECEIVING -> onWanted(wanted, limit);
            case LOST ->
            {
                onWanted(wanted, limit);
                nextChunk = Math.max(wanted, wantedChunk);
            }
            case BUSY -> isAccepted = false;
            case INSTALLED ->
            {
                stop();
                return true;
            }
        }
        return false;
    }

    private void onWanted(final int wanted, final int limit)
    {
        if (wanted < 0 || wanted > stream.chunkCount() || limit < 0)
        {
            state.refuse(peerId, "a status of chunks that are not there");
            return;
        }
        if (!isAccepted)
        {
            isAccepted = true;
            nextChunk = wanted;
            wantedChunk = wanted;
            chunkLimit = limit;
            progressNs = state.nowNs();
            stream.seek(wanted);
            return;
        }
        chunkLimit = Math.max(chunkLimit, limit);
        if (wanted > wantedChunk)
        {
            offersInVain = 0;
            wantedChunk = wanted;
            nextChunk = Math.max(nextChunk, wanted);
            progressNs = state.nowNs();
            stream.seek(wanted);
        }
    }
}
