package io.ukehi.raft;

import io.ukehi.CoverageMark;
import org.agrona.DirectBuffer;

/**
 * Gets back from peers what lies damaged in this node's log, and lends peers what they have lost: committed entries are
 * the same in every log, byte for byte, so any node that holds them intact can give them, whoever leads.
 * <p>
 * One request is under way at a time; peers are asked in turn, one a heartbeat interval. An answer costs one read and
 * one message of at most {@link RaftConfig#maxAppendBytes()}, or of a single larger entry. Frames that come are
 * verified here, and by the log against what stands before and behind them, so that no peer can bring in another entry.
 * <p>
 * Meanwhile whoever needs the entry waits: a peer that is to be sent it, or the state machine. If that lasts for longer
 * than {@link RaftConfig#repairTimeoutNs()}, nobody has the entry who could give it, and the node ends.
 */
final class Repair
{
    /** Entries asked for at once. */
    private static final int RUN_LENGTH = 64;

    private final RaftState state;
    private final EntryCursor entries;
    private final EntryCursor verified;
    /** First damaged entry that is known, 0 if there is none. */
    private long damagedIndex;
    private int nextPeer;
    private long askAgainNs;

    Repair(final RaftState state)
    {
        this.state = state;
        this.entries = state.log.newCursor();
        this.verified = state.log.newCursor();
    }

    /** Asks for what is damaged. Work done. */
    int doWork()
    {
        final long index = state.log.damagedIndex();
        if (index != damagedIndex)
        {
            damagedIndex = index;
            askAgainNs = state.nowNs();
            state.announceDamage(index);
        }
        if (0 == index)
        {
            return 0;
        }
        if (state.damageHurtsNs() > state.config.repairTimeoutNs())
        {
            throw new DamagedEntryException(index, state.config.repairTimeoutNs());
        }
        return ask(index);
    }

    private int ask(final long index)
    {
        final int peers = state.membership.peerCount();
        if (0 == peers || index > state.commitIndex() || state.nowNs() - askAgainNs < 0)
        {
            return 0;
        }
        askAgainNs = state.nowNs() + state.config.heartbeatIntervalNs();
        nextPeer = nextPeer < peers ? nextPeer : 0;
        state.sender.sendRepairRequest(
            state.membership.peer(nextPeer++), state.term(), state.config.incarnation(),
            index, Math.min(index + RUN_LENGTH - 1, state.commitIndex()));
        return 1;
    }

    /** A peer has given entries, or none if it has none. */
    void onReply(
        final int fromId, final long incarnation, final DirectBuffer frames, final int offset, final int length)
    {
        if (0 == length || 0 == damagedIndex || incarnation != state.config.incarnation())
        {
            return;
        }
        if (!state.log.verify(verified, frames, offset, length))
        {
            state.refuse(fromId, "damaged entries to repair others with");
            return;
        }
        verified.next();
        // Otherwise it is late, or the entry before is damaged as well and comes first.
        if (verified.index() == damagedIndex && state.log.repairFrames(verified))
        {
            CoverageMark.ENTRY_REPAIRED.hit();
            askAgainNs = state.nowNs();
            state.announceRepair(damagedIndex, fromId);
        }
    }

    /** Answers with as many of the entries as are known committed here, are intact and go into a message. */
    void onRequest(final int fromId, final long incarnation, final long fromIndex, final long toIndex)
    {
        final boolean isAskedFor = 0 < fromIndex && fromIndex <= toIndex;
        final boolean isHeld = isAskedFor && fromIndex >= state.log.firstIndex() && fromIndex <= state.commitIndex();
        final long leaderLastIndex = Role.LEADER == state.role() ? state.log.lastIndex() : 0;
        state.sender.sendRepairReply(
            fromId, state.term(), incarnation, leaderLastIndex, isHeld ? read(fromIndex, toIndex) : null);
    }

    private EntryCursor read(final long fromIndex, final long toIndex)
    {
        final int length = state.log.read(
            fromIndex, Math.min(toIndex, state.commitIndex()), state.config.maxAppendBytes(), entries);
        final boolean isIntact = length > 0 &&
            state.log.verify(verified, entries.buffer(), entries.offset(), length);
        return isIntact ? verified : null;
    }
}
