package io.ukehi.raft;

import io.ukehi.CoverageMark;
import org.agrona.DirectBuffer;

/**
 * What a follower does with its leader's messages (Raft section 5.3), and what it vouches for.
 * <p>
 * An acknowledgement vouches for what this term's leader has shown to be the same as its own log: at most the entry
 * before an append plus the entries in it, never the follower's own tail. Of that, it vouches for what is durable, and
 * for nothing while it is in {@link Doubt}. At most one goes out a cycle, however many messages came.
 * <p>
 * Invariant: {@code commitIndex <= verifiedIndex <= lastIndex} while a leader is followed.
 */
final class Follower
{
    private final RaftState state;
    private final Doubt doubt;
    private final EntryCursor entries;
    /** The term whose leader the fields below are about. */
    private long leaderTerm = -1;
    /** Up to here the log is the same as the leader's. */
    private long verifiedIndex;
    /** Highest append heard of, and highest one accepted. */
    private long appendSequence;
    private long acceptedSequence;
    private long heartbeatSequence;
    private long ackedIndex;
    private boolean isAckDue;

    Follower(final RaftState state, final Doubt doubt)
    {
        this.state = state;
        this.doubt = doubt;
        this.entries = state.log.newCursor();
    }

    /** The first message of a term's leader: nothing is known to be the same but what is committed (section 5.4). */
    private void follow()
    {
        if (leaderTerm != state.term())
        {
            leaderTerm = state.term();
            verifiedIndex = state.commitIndex();
            appendSequence = 0;
            acceptedSequence = 0;
            heartbeatSequence = 0;
            ackedIndex = 0;
            isAckDue = false;
        }
    }

    /** Whether an append is of a later date than all that were heard of its leader. */
    boolean isNewAppend(final long term, final long sequence)
    {
        return leaderTerm != term || sequence > appendSequence;
    }

    /** Whether a heartbeat is of a later date than all that were heard of its leader. */
    boolean isNewHeartbeat(final long term, final long sequence)
    {
        return leaderTerm != term || sequence > heartbeatSequence;
    }

    /** A snapshot of what is committed is in the place of the log up to an index, or the log holds the same anyway. */
    void onInstalled(final long index)
    {
        follow();
        verifiedIndex = Math.max(verifiedIndex, index);
        isAckDue = true;
        state.commitTo(index);
    }

    void onHeartbeat(final long sequence, final long leaderCommitIndex)
    {
        follow();
        heartbeatSequence = Math.max(heartbeatSequence, sequence);
        isAckDue = true;
        state.commitTo(Math.min(leaderCommitIndex, verifiedIndex));
    }

    /** An append of this term's leader; what breaks a rule that no leader breaks is refused whole. */
    void onAppend(
        final int leaderId,
        final long sequence,
        final long prevIndex,
        final long prevTerm,
        final long leaderCommitIndex,
        final DirectBuffer frames,
        final int offset,
        final int length)
    {
        follow();
        appendSequence = Math.max(appendSequence, sequence);
        if (prevIndex < 0 || prevTerm > state.term() || !state.log.verify(entries, frames, offset, length))
        {
            state.refuse(leaderId, "an append with damaged entries");
            return;
        }
        final long termHere = state.log.termAt(prevIndex);
        // What is committed is in every later leader's log (section 5.4): it may be purged, it cannot differ.
        final boolean isKnownSame = prevIndex <= state.commitIndex() && RaftLog.UNKNOWN_TERM == termHere;
        if (termHere != prevTerm && !isKnownSame)
        {
            reject(leaderId, sequence, prevIndex, termHere);
            return;
        }
        final int count = entries.count();
        final long verified = append(prevIndex);
        if (verified < 0)
        {
            state.refuse(leaderId, "an append whose entries cannot follow");
            return;
        }
        verifiedIndex = Math.max(verifiedIndex, verified);
        if (verified == prevIndex + count)
        {
            acceptedSequence = Math.max(acceptedSequence, sequence);
        }
        else
        {
            CoverageMark.APPEND_TAKEN_IN_PART.hit();
        }
        isAckDue = true;
        state.commitTo(Math.min(leaderCommitIndex, verifiedIndex));
    }

    /**
     * Section 5.3, rules 3 and 4 of AppendEntries: cut at the first entry that differs, and only there; append what is
     * not in the log.
     *
     * @return the last entry of the message that is in the log now; -1 if the message breaks a rule.
     */
    private long append(final long prevIndex)
    {
        long index = prevIndex;
        while (entries.next())
        {
            if (entries.index() != index + 1 || entries.term() > state.term())
            {
                return -1;
            }
            final long termHere = state.log.termAt(index + 1);
            final boolean isPurged = RaftLog.UNKNOWN_TERM == termHere && index + 1 <= state.commitIndex();
            if (termHere == entries.term() || isPurged)
            {
                CoverageMark.ENTRY_KNOWN.hit();
                index++;
                continue;
            }
            if (index + 1 <= verifiedIndex)
            {
                // Committed, or shown by this very leader to be its own, which it only ever appends to.
                return -1;
            }
            return appendFrom(index + 1);
        }
        return index;
    }

    private long appendFrom(final long index)
    {
        if (index <= state.log.lastIndex())
        {
            state.truncateFrom(index);
        }
        final long result = state.log.appendFrames(entries);
        if (RaftLog.NOT_CONTIGUOUS == result)
        {
            return -1;
        }
        if (result > 0)
        {
            onAppended(result);
            if (state.log.lastIndex() > result)
            {
                state.onJoined(result + 1);
            }
            return result;
        }
        return index - 1;
    }

    /** The entries of the run, from the current one on, are in the log up to an index. */
    private void onAppended(final long lastIndex)
    {
        boolean isChanged = false;
        do
        {
            isChanged |= state.onEntry(entries);
        }
        while (entries.index() < lastIndex && entries.next());
        if (isChanged)
        {
            state.announceMembers();
        }
    }

    /** Tells where to go on looking: past the end of a log that is too short, else at the conflicting term's begin. */
    private void reject(final int leaderId, final long sequence, final long prevIndex, final long termHere)
    {
        long index = state.log.lastIndex() + 1;
        if (RaftLog.UNKNOWN_TERM != termHere)
        {
            index = prevIndex;
            while (index - 1 > state.commitIndex() && state.log.termAt(index - 1) == termHere)
            {
                index--;
            }
        }
        state.sender.sendAck(
            leaderId, AckKind.REJECTED, state.term(), sequence, heartbeatSequence, state.config.incarnation(),
            0, state.log.lastIndex(), index, termHere);
    }

    /** Acknowledges what has become durable, and answers what asked for an answer: once a cycle. */
    int doProgress()
    {
        if (leaderTerm != state.term() || RaftListener.NO_LEADER == state.leaderId())
        {
            return 0;
        }
        final long index = doubt.vouchedFor(Math.min(verifiedIndex, state.log.durableIndex()));
        if (!isAckDue && index <= ackedIndex)
        {
            return 0;
        }
        final boolean isSent = state.sender.sendAck(
            state.leaderId(), AckKind.ACCEPTED, state.term(), acceptedSequence, heartbeatSequence,
            state.config.incarnation(), index, state.log.lastIndex(), 0, 0);
        if (isSent)
        {
            ackedIndex = index;
            isAckDue = false;
            return 1;
        }
        return 0;
    }
}
