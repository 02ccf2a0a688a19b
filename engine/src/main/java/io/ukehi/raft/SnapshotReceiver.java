package io.ukehi.raft;

import io.ukehi.CoverageMark;
import org.agrona.DirectBuffer;

/**
 * Takes the snapshot that the leader sends (Raft section 7, InstallSnapshot), chunk by chunk and in order; what is out
 * of order is passed over, and asked for by the status that goes out at most once a cycle.
 * <p>
 * A snapshot that contains no more than is committed here is not taken: the leader is told that it is here. Nor is one
 * that is older than what is being received, when it comes late.
 */
final class SnapshotReceiver
{
    private static final int STATUS_INTERVAL_CHUNKS = 8;

    private final RaftState state;
    private final Follower follower;
    private int leaderId;
    private long leaderTerm;
    private long attempt;
    private SnapshotSink.Offer offered;
    private boolean isStatusDue;
    /** Whether what was offered has to wait for something else to end here. */
    private boolean isInTheWay;
    private boolean isLost;
    private int lostChunk;
    private int toldChunk;
    private int toldLimit;
    private long installedIndex;

    SnapshotReceiver(final RaftState state, final Follower follower)
    {
        this.state = state;
        this.follower = follower;
    }

    /** The leader of this term offers a snapshot. */
    void onOffer(
        final int fromId, final long newAttempt, final DirectBuffer buffer, final int offset, final int length)
    {
        final SnapshotSink.Offer offer = null == state.snapshotSink ?
            null : state.snapshotSink.read(buffer, offset, length);
        if (null == offer || offer.term() > state.term() || null == offer.configuration())
        {
            state.refuse(fromId, "an offer that is none");
            return;
        }
        if (leaderTerm == state.term() && newAttempt <= attempt)
        {
            // Repeated on its way.
            return;
        }
        leaderId = fromId;
        leaderTerm = state.term();
        attempt = newAttempt;
        offered = offer;
        isStatusDue = true;
        isInTheWay = false;
        isLost = false;
        lostChunk = -1;
    }

    /** A chunk of what was offered. */
    void onChunk(
        final long chunkAttempt, final int chunk, final DirectBuffer buffer, final int offset, final int length)
    {
        if (leaderTerm != state.term() || chunkAttempt != attempt || null == offered || !isCurrent())
        {
            return;
        }
        final SnapshotSink sink = state.snapshotSink;
        if (SnapshotSink.State.RECEIVING == sink.state() && sink.put(chunk, buffer, offset, length))
        {
            isStatusDue |= sink.nextChunk() - toldChunk >= STATUS_INTERVAL_CHUNKS;
        }
        else if (chunk > sink.nextChunk())
        {
            // Once for each gap: what follows was under way before the leader heard of it.
            isLost |= lostChunk != sink.nextChunk();
        }
    }

    private boolean isCurrent()
    {
        return null != state.snapshotSink.current() && state.snapshotSink.current().isSame(offered);
    }

    /** A cycle's share: begins, installs, and tells the leader. Work done. */
    int doWork()
    {
        final SnapshotSink sink = state.snapshotSink;
        if (null == sink)
        {
            return 0;
        }
        int workCount = 0;
        if (SnapshotSink.State.DURABLE == sink.state())
        {
            workCount += install();
        }
        if (null == offered || leaderTerm != state.term() || Role.FOLLOWER != state.role())
        {
            return workCount;
        }
        return workCount + answer();
    }

    /** What is durable takes the place of state and log, unless they have come past it (catalogue rows 41 and 44). */
    private int install()
    {
        final SnapshotSink.Offer snapshot = state.snapshotSink.current();
        if (snapshot.index() <= state.commitIndex())
        {
            CoverageMark.SNAPSHOT_TOO_OLD.hit();
            state.snapshotSink.ignore();
            return 1;
        }
        if (Role.FOLLOWER != state.role() || leaderTerm != state.term())
        {
            // Of a leader that is gone, perhaps: what it holds is committed all the same.
            return 0;
        }
        final boolean isInLog = state.log.termAt(snapshot.index()) == snapshot.term();
        if (!state.snapshotSink.install())
        {
            return 0;
        }
        CoverageMark.SNAPSHOT_INSTALLED.hit();
        if (!isInLog)
        {
            state.membership.reset(snapshot.index(), snapshot.configuration());
            state.announceMembers();
        }
        follower.onInstalled(snapshot.index());
        installedIndex = snapshot.index();
        isStatusDue = true;
        return 1;
    }

    private int answer()
    {
        final SnapshotSink sink = state.snapshotSink;
        if (offered.index() <= state.commitIndex())
        {
            return isStatusDue ? tell(SnapshotStatus.INSTALLED, 0, 0, true) : 0;
        }
        if (state.log.termAt(offered.index()) == offered.term())
        {
            // The same entry, so the same log up to it (section 5.3), and it is committed.
            CoverageMark.SNAPSHOT_NOT_NEEDED.hit();
            follower.onInstalled(offered.index());
            return tell(SnapshotStatus.INSTALLED, 0, 0, true);
        }
        if (!isCurrent() && !begin())
        {
            return isStatusDue ? tell(SnapshotStatus.BUSY, 0, 0, false) : 0;
        }
        if (SnapshotSink.State.OPENING == sink.state())
        {
            return 0;
        }
        if (isLost)
        {
            CoverageMark.SNAPSHOT_CHUNK_LOST.hit();
            isLost = false;
            lostChunk = sink.nextChunk();
            return tell(SnapshotStatus.LOST, sink.nextChunk(), sink.chunkLimit(), false);
        }
        final boolean hasMoreRoom = sink.chunkLimit() > toldLimit;
        if (isStatusDue || hasMoreRoom)
        {
            return tell(SnapshotStatus.RECEIVING, sink.nextChunk(), sink.chunkLimit(), false);
        }
        return 0;
    }

    /**
     * Once for each offer, unless something is in the way: then again and again, or what has given way would be begun
     * anew before the leader offers the next time, and be in the way for ever.
     */
    private boolean begin()
    {
        if (!isStatusDue && !isInTheWay)
        {
            return false;
        }
        final boolean isBegun = state.snapshotSink.begin(offered);
        isStatusDue |= isBegun;
        isInTheWay = !isBegun;
        return isBegun;
    }

    private int tell(final SnapshotStatus status, final int chunk, final int limit, final boolean isEnd)
    {
        if (!state.sender.sendSnapshotStatus(
            leaderId, status, state.term(), attempt, offered.index(), chunk, limit))
        {
            return 0;
        }
        isStatusDue = false;
        toldChunk = chunk;
        toldLimit = limit;
        if (isEnd)
        {
            offered = null;
        }
        return 1;
    }

    /** Index of the last snapshot that was installed; 0 if none was. */
    long installedIndex()
    {
        return installedIndex;
    }
}
