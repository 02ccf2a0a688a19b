package io.ukehi.raft;

import io.ukehi.CoverageMark;
import io.ukehi.Invariant;
import org.agrona.BitUtil;

/**
 * Carries the leader's log to one peer (Raft section 5.3), for one term of leadership.
 * <p>
 * It <b>probes</b> until the peer has accepted a message, one message at a time, going back where the peer refuses;
 * then it
 * <b>streams</b>: messages follow one another without waiting, within a window bounded in bytes and in messages.
 * Whatever was lost shows as acknowledgements that stop, or as a refusal of what came after, and leads back to
 * probing. Neither needs anything of the other peers: a slow or dead one costs the others nothing.
 * <p>
 * Invariants: {@code 0 <= matchIndex < nextIndex <= lastIndex + 1}; matchIndex never falls within an incarnation of
 * the peer; windows are never negative and never exceeded, but for a single entry that is larger than the window.
 */
final class Replicator
{
    private static final long NONE = 0;
    private static final int MAX_LOSSES_IN_ROW = 3;

    private final RaftState state;
    private final int peerId;
    private final EntryCursor entries;
    private final long[] inflightSequence;
    private final int[] inflightLength;
    private final long[] inflightNext;
    private final int inflightMask;
    private final int maxInflightMessages;

    private long matchIndex;
    private long nextIndex;
    /** Where the present attempt began, or how far it has come: nothing below it is known to be missing. */
    private long probeIndex;
    private final SnapshotSender snapshot;
    /** What the peer wants next is not in the log any more. */
    private boolean isBehindLog;
    private boolean isStreaming;
    private boolean isProbeOut;
    /** Number of the last append sent; the first of a term is 1. */
    private long sequence;
    /** Refusals of appends before this one are of an earlier attempt, and say nothing about the present one. */
    private long attemptSequence;
    private long acceptedSequence;
    private long heartbeatSequence;
    private long inflightHead;
    private long inflightTail;
    private long inflightBytes;
    private long progressNs;
    private int lossesInRow;
    private long contactNs;
    private long incarnation;

    Replicator(final RaftState state, final int peerId)
    {
        this.state = state;
        this.peerId = peerId;
        this.entries = state.log.newCursor();
        this.snapshot = new SnapshotSender(state, peerId);
        this.maxInflightMessages = state.config.maxInflightMessages();
        final int size = BitUtil.findNextPositivePowerOfTwo(maxInflightMessages);
        this.inflightSequence = new long[size];
        this.inflightLength = new int[size];
        this.inflightNext = new long[size];
        this.inflightMask = size - 1;
    }

    /** A term of leadership begins: nothing is known of the peer. */
    void begin()
    {
        matchIndex = 0;
        sequence = 0;
        acceptedSequence = 0;
        heartbeatSequence = 0;
        incarnation = NONE;
        lossesInRow = 0;
        isBehindLog = false;
        snapshot.stop();
        contactNs = state.nowNs();
        probeFrom(state.log.lastIndex() + 1);
    }

    /** The peer is a member again, in the same term: what it held it holds, and what was on its way is in doubt. */
    void resume()
    {
        CoverageMark.MEMBER_AGAIN_IN_THE_SAME_TERM.hit();
        lossesInRow = 0;
        contactNs = state.nowNs();
        probeFrom(Math.max(matchIndex + 1, state.log.lastIndex() + 1));
    }

    int peerId()
    {
        return peerId;
    }

    long matchIndex()
    {
        return matchIndex;
    }

    long nextIndex()
    {
        return nextIndex;
    }

    /** When the peer last answered something new in this term. */
    long contactNs()
    {
        return contactNs;
    }

    /** Highest heartbeat round that the peer has answered. */
    long heartbeatSequence()
    {
        return heartbeatSequence;
    }

    /** Sends what the windows allow. */
    int doWork()
    {
        checkLost();
        if (nextIndex < state.log.firstIndex())
        {
            // The log was purged under a peer that has not got that far, as far as is known: its answer will tell.
            probeFrom(nextIndex);
        }
        if (isBehindLog)
        {
            return snapshot.doWork();
        }
        if (!isStreaming)
        {
            return isProbeOut ? 0 : sendNext(true);
        }
        int sent = 0;
        while (nextIndex <= state.log.lastIndex() && hasRoom() && sendNext(false) > 0)
        {
            sent++;
        }
        return sent;
    }

    private boolean hasRoom()
    {
        return inflightTail - inflightHead < maxInflightMessages &&
            inflightBytes < state.config.maxInflightBytes();
    }

    private int sendNext(final boolean isProbe)
    {
        final long prevIndex = nextIndex - 1;
        final long prevTerm = state.log.termAt(prevIndex);
        Invariant.check(RaftLog.UNKNOWN_TERM != prevTerm, "the entry before those sent is known", prevIndex);
        final int length = state.log.read(
            nextIndex, state.log.lastIndex(), state.config.maxAppendBytes(), entries);
        if (RaftLog.DAMAGED == length)
        {
            state.onDamagedRead();
            return 0;
        }
        final boolean isSent = state.sender.sendAppend(
            peerId, state.term(), sequence + 1, prevIndex, prevTerm, state.commitIndex(), length > 0 ? entries : null);
        if (!isSent)
        {
            return 0;
        }
        if (inflightHead == inflightTail)
        {
            progressNs = state.nowNs();
        }
        sequence++;
        final int slot = (int)inflightTail++ & inflightMask;
        inflightSequence[slot] = sequence;
        inflightLength[slot] = length;
        inflightBytes += length;
        isProbeOut = isProbe;
        nextIndex += length > 0 ? entries.count() : 0;
        inflightNext[slot] = nextIndex;
        return 1;
    }

    /**
     * What was sent and not accepted for so long is taken for lost: two heartbeats bring two answers, if any come. Each
     * time in a row doubles it: where answers merely take longer than that, to send again only makes them take longer.
     */
    private void checkLost()
    {
        final boolean isWaiting = inflightHead < inflightTail;
        if (isWaiting && state.nowNs() - progressNs > 2 * state.config.heartbeatIntervalNs() << lossesInRow)
        {
            CoverageMark.LOST_SENT_AGAIN.hit();
            lossesInRow = Math.min(lossesInRow + 1, MAX_LOSSES_IN_ROW);
            probeFrom(Math.max(matchIndex + 1, probeIndex));
        }
    }

    private void probeFrom(final long index)
    {
        isStreaming = false;
        isProbeOut = false;
        nextIndex = Math.max(index, state.log.firstIndex());
        probeIndex = nextIndex;
        attemptSequence = sequence + 1;
        inflightHead = inflightTail;
        inflightBytes = 0;
        progressNs = state.nowNs();
        checkInvariants();
    }

    void sendHeartbeat(final long round)
    {
        state.sender.sendHeartbeat(peerId, state.term(), round, state.commitIndex());
    }

    /**
     * The peer vouches for its log up to an index.
     *
     * @param acceptedTo highest append sequence accepted.
     * @param index      highest index vouched for, durable there.
     */
    void onAccepted(
        final long peerIncarnation, final long acceptedTo, final long heartbeat, final long index)
    {
        if (!isOfThisIncarnation(peerIncarnation, heartbeat))
        {
            return;
        }
        onAnswer(heartbeat, acceptedTo > acceptedSequence);
        if (acceptedTo > sequence || index > state.log.lastIndex())
        {
            state.refuse(peerId, "an acknowledgement of what was never sent");
            return;
        }
        if (index > matchIndex || acceptedTo > acceptedSequence)
        {
            lossesInRow = 0;
        }
        if (index > matchIndex)
        {
            matchIndex = index;
            nextIndex = Math.max(nextIndex, index + 1);
            progressNs = state.nowNs();
        }
        if (acceptedTo > acceptedSequence)
        {
            acceptedSequence = acceptedTo;
            progressNs = state.nowNs();
        }
        if (acceptedSequence >= attemptSequence)
        {
            isStreaming = true;
            isProbeOut = false;
            release();
        }
        if (isBehindLog && matchIndex + 1 >= state.log.firstIndex())
        {
            leaveSnapshot(matchIndex + 1);
        }
        checkInvariants();
    }

    /** An answer to something that was not answered before is contact; one that is repeated may be of any age. */
    private void onAnswer(final long heartbeat, final boolean isNew)
    {
        if (isNew || heartbeat > heartbeatSequence)
        {
            contactNs = state.nowNs();
            heartbeatSequence = Math.max(heartbeatSequence, heartbeat);
        }
    }

    /**
     * What was accepted stands in the peer's log, and all before it does (Log Matching), durable or not: what is lost
     * from here on is looked for behind it, also with a peer that vouches for nothing yet.
     */
    private void release()
    {
        while (inflightHead < inflightTail && inflightSequence[(int)inflightHead & inflightMask] <= acceptedSequence)
        {
            final int slot = (int)inflightHead++ & inflightMask;
            inflightBytes -= inflightLength[slot];
            probeIndex = inflightNext[slot];
        }
    }

    /**
     * The peer's log has no entry of the previous index and term of an append (section 5.3, the accelerated search):
     * the leader goes on at the end of the conflicting term in its own log, or where the peer says.
     */
    void onRejected(
        final long peerIncarnation,
        final long rejectedSequence,
        final long heartbeat,
        final long conflictIndex,
        final long conflictTerm)
    {
        if (!isOfThisIncarnation(peerIncarnation, heartbeat))
        {
            return;
        }
        onAnswer(heartbeat, rejectedSequence >= attemptSequence);
        if (rejectedSequence < attemptSequence || rejectedSequence > sequence)
        {
            CoverageMark.LATE_REFUSAL.hit();
            return;
        }
        long index = Math.min(conflictIndex, state.log.lastIndex() + 1);
        if (RaftLog.UNKNOWN_TERM != conflictTerm)
        {
            final long after = afterTerm(conflictTerm, index);
            if (after > index)
            {
                CoverageMark.CONFLICTING_TERM_FOUND.hit();
            }
            index = after;
        }
        index = Math.max(index, matchIndex + 1);
        // Only once it has refused at the very first entry: where it says to look may be further back than it need be.
        if (index < state.log.firstIndex() && probeIndex == state.log.firstIndex() && null != state.snapshotSource)
        {
            CoverageMark.BEHIND_THE_LOG.hit();
            isBehindLog = true;
        }
        probeFrom(index);
    }

    /** The peer tells how far it is with a snapshot. */
    void onSnapshotStatus(
        final SnapshotStatus status, final long attempt, final long index, final int chunk, final int chunkLimit)
    {
        if (snapshot.onStatus(status, attempt, index, chunk, chunkLimit))
        {
            leaveSnapshot(index + 1);
        }
    }

    private void leaveSnapshot(final long index)
    {
        isBehindLog = false;
        snapshot.stop();
        probeFrom(Math.max(index, matchIndex + 1));
    }

    /** What is sent to a peer that is behind the log. */
    SnapshotSender snapshot()
    {
        return snapshot;
    }

    /**
     * The index after the last entry of a term, looked for from {@code fallback} upwards; fallback if there is none.
     */
    private long afterTerm(final long term, final long fallback)
    {
        long index = fallback;
        while (index < nextIndex && index <= state.log.lastIndex() && state.log.termAt(index) == term)
        {
            index++;
        }
        return index;
    }

    /**
     * Whether an answer comes from the peer's present life. A peer that was started again may have lost what it
     * vouched for, so that what was known of it is void. Its new life is believed once it answers a heartbeat later
     * than all that were answered before: a late answer of the life before cannot do that, so it never brings the old
     * match back.
     */
    private boolean isOfThisIncarnation(final long peerIncarnation, final long heartbeat)
    {
        if (peerIncarnation == incarnation)
        {
            return true;
        }
        if (NONE != incarnation && heartbeat <= heartbeatSequence)
        {
            CoverageMark.OLD_INCARNATION.hit();
            return false;
        }
        final boolean isKnown = NONE != incarnation;
        incarnation = peerIncarnation;
        if (isKnown)
        {
            CoverageMark.NEW_INCARNATION.hit();
            matchIndex = 0;
            acceptedSequence = sequence;
            isBehindLog = false;
            snapshot.offerAgain();
            probeFrom(state.log.lastIndex() + 1);
        }
        return true;
    }

    private void checkInvariants()
    {
        Invariant.check(0 <= matchIndex && matchIndex < nextIndex, "match < next", matchIndex, nextIndex);
        Invariant.check(nextIndex <= state.log.lastIndex() + 1, "next <= last + 1", nextIndex, state.log.lastIndex());
        Invariant.check(inflightBytes >= 0, "the window is never negative", inflightBytes);
    }
}
