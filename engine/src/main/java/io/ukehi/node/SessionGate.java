package io.ukehi.node;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.codecs.entry.SessionCloseEntryEncoder;
import io.ukehi.codecs.entry.SessionCommandEntryDecoder;
import io.ukehi.codecs.entry.SessionKeepAliveEntryEncoder;
import io.ukehi.codecs.entry.SessionOpenEntryEncoder;
import io.ukehi.CoverageMark;
import io.ukehi.Invariant;
import io.ukehi.raft.EntryType;
import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.Role;
import io.ukehi.statemachine.CommandApplier;
import io.ukehi.statemachine.Sessions;
import io.ukehi.statemachine.SessionState;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * Where what clients ask of their sessions becomes entries, at the leader: in order, within limits, and only what is
 * not in the log already. None of this is needed for exactly once, which is a matter of {@link Sessions} alone; it
 * keeps out of the log what would come to nothing there.
 * <p>
 * A leader looks into the table only when its term's first entry is applied. Then the table tells of everything that
 * was committed before its term, and of what it proposed since it keeps count itself.
 * <p>
 * Duty-cycle thread. Commands allocate nothing.
 */
public final class SessionGate
{
    /** Dealt with: the reply was told to the listener, or will be, since the command is under way. */
    public static final long DONE = 0;

    /** {@link #propose}: there is no such session, or no longer, and will not be: what was outstanding is unknown. */
    public static final long NO_SESSION = -16;

    /** {@link #propose}: the session is another client's. */
    public static final long FORGED = -17;

    /** {@link #propose}: a command before it is missing, and must be sent first. */
    public static final long OUT_OF_ORDER = -18;

    /** {@link #propose}: the session has as much under way as it may; to be sent again later. */
    public static final long SESSION_BUSY = -19;

    /** {@link #open}: there are as many sessions as there may be. */
    public static final long SESSION_LIMIT = -20;

    /** {@link #propose}: numbers that no client of ours sends. */
    public static final long MALFORMED = -21;

    private static final long KEEP_ALIVE_INTERVAL_NS = Sessions.MAX_STEP_NS / 2;
    private static final int KEEP_ALIVES_IN_ENTRY = 32;
    private static final int KEEP_ALIVES_IN_TIMEOUT = 4;
    private static final int BLOCK_LENGTH = SessionCommandEntryDecoder.BLOCK_LENGTH;

    /** Longest payload of an entry that is about sessions and not a command, in bytes. */
    static final int MAX_PAYLOAD_LENGTH = KEEP_ALIVES_IN_ENTRY * SessionKeepAliveEntryEncoder.BLOCK_LENGTH;

    private final Raft raft;
    private final CommandApplier applier;
    private final Sessions sessions;
    private final PendingProposals pending;
    private final ReplicaListener listener;
    private final SessionLimits limits;
    private final UnsafeBuffer entry = new UnsafeBuffer(new byte[MAX_PAYLOAD_LENGTH]);
    private final SessionOpenEntryEncoder openEntry = new SessionOpenEntryEncoder();
    private final SessionCloseEntryEncoder closeEntry = new SessionCloseEntryEncoder();
    private long keepAliveDueNs;
    private boolean isKeepAliveDueKnown;
    /** Sessions asked for in this term whose entries are not applied yet. */
    private int opensUnderWay;
    private long opensTerm;
    private long repeatCount;

    SessionGate(
        final Raft raft,
        final CommandApplier applier,
        final PendingProposals pending,
        final ReplicaListener listener,
        final SessionLimits limits)
    {
        this.raft = raft;
        this.applier = applier;
        this.sessions = applier.sessions();
        this.pending = pending;
        this.listener = listener;
        this.limits = limits;
    }

    /** Length of an entry's payload that holds a command of a session. */
    static int payloadLength(final int commandLength)
    {
        return BLOCK_LENGTH + commandLength;
    }

    /**
     * A client asks for a session; it may ask again and again.
     *
     * @return {@link #DONE}: the listener has been told of the session that the client has already; or the index of the
     * entry that will open it, of which the listener will be told; {@link #SESSION_LIMIT}; or as
     * {@link Replica#propose}.
     */
    long open(final long clientId)
    {
        final long refusal = refusal();
        if (refusal < 0)
        {
            return refusal;
        }
        final SessionState existing = sessions.ofClient(clientId);
        if (null != existing)
        {
            listener.onSessionOpened(clientId, existing);
            return DONE;
        }
        if (opensTerm != raft.term())
        {
            opensTerm = raft.term();
            opensUnderWay = 0;
        }
        if (sessions.count() + opensUnderWay >= limits.sessionLimit())
        {
            CoverageMark.SESSION_LIMIT_REACHED.hit();
            return SESSION_LIMIT;
        }
        openEntry.wrap(entry, 0)
            .clientId(clientId)
            .timeoutNs(limits.timeoutNs())
            .sessionLimit(limits.sessionLimit())
            .replyLimit(limits.replyLimit())
            .replyBytesLimit(limits.replyBytesLimit());
        final long index = raft.propose(EntryType.SESSION_OPEN, entry, 0, SessionOpenEntryEncoder.BLOCK_LENGTH);
        opensUnderWay += index > 0 ? 1 : 0;
        return index;
    }

    /** A session was asked for, and the entry is applied. */
    void onOpenApplied(final long term)
    {
        opensUnderWay -= opensTerm == term && opensUnderWay > 0 ? 1 : 0;
    }

    /**
     * A client wants its session closed.
     *
     * @return {@link #DONE} if it has none; else as {@link Replica#propose}.
     */
    long close(final long clientId)
    {
        final long refusal = refusal();
        final SessionState session = refusal < 0 ? null : sessions.ofClient(clientId);
        if (null == session)
        {
            return refusal;
        }
        closeEntry.wrap(entry, 0).sessionId(session.id());
        return raft.propose(EntryType.SESSION_CLOSE, entry, 0, SessionCloseEntryEncoder.BLOCK_LENGTH);
    }

    /**
     * Takes a command of a session.
     *
     * @param clientId whose session it must be.
     * @param payload  of the entry: session id, sequence, first unanswered sequence and the user's bytes.
     * @param offset   of the payload in bytes.
     * @param length   of the payload in bytes, 24 or more.
     * @return the entry's index, {@link #DONE}, or why it was not taken: a code of this class or as
     * {@link Replica#propose}.
     */
    long propose(final long clientId, final DirectBuffer payload, final int offset, final int length)
    {
        Invariant.check(length >= BLOCK_LENGTH, "a command names its session", length);
        final long refusal = refusal();
        if (refusal < 0)
        {
            return refusal;
        }
        final long sessionId = payload.getLong(
            offset + SessionCommandEntryDecoder.sessionIdEncodingOffset(), LITTLE_ENDIAN);
        final long sequence = payload.getLong(
            offset + SessionCommandEntryDecoder.sequenceEncodingOffset(), LITTLE_ENDIAN);
        final long firstUnanswered = payload.getLong(
            offset + SessionCommandEntryDecoder.firstUnansweredEncodingOffset(), LITTLE_ENDIAN);
        if (sessionId < 1 || firstUnanswered < 1 || firstUnanswered > sequence)
        {
            return MALFORMED;
        }
        final SessionState session = sessions.get(sessionId);
        if (null == session)
        {
            return noSession(sessionId);
        }
        if (session.clientId() != clientId)
        {
            return FORGED;
        }
        return propose(session, sequence, firstUnanswered, payload, offset, length);
    }

    private long noSession(final long sessionId)
    {
        if (sessionId > applier.appliedIndex())
        {
            // One that was opened under a later leader than this one may not be called lost.
            return Raft.NOT_LEADER;
        }
        CoverageMark.SESSION_LOST_TOLD.hit();
        return NO_SESSION;
    }

    private long propose(
        final SessionState session,
        final long sequence,
        final long firstUnanswered,
        final DirectBuffer payload,
        final int offset,
        final int length)
    {
        final long term = raft.term();
        if (sequence < session.nextToPropose(term))
        {
            answerAgain(session, sequence);
            return DONE;
        }
        if (sequence > session.nextToPropose(term))
        {
            CoverageMark.GAP_REFUSED.hit();
            return OUT_OF_ORDER;
        }
        final long bytesUnderWay = session.proposedBytes(term);
        if (!session.hasRoomFor(sequence, firstUnanswered) ||
            bytesUnderWay > 0 && bytesUnderWay + length - BLOCK_LENGTH > limits.inflightBytes())
        {
            CoverageMark.SESSION_BUSY.hit();
            return SESSION_BUSY;
        }
        if (!pending.hasRoom(length) || isGreedy(session, sequence, bytesUnderWay))
        {
            return RaftLog.BACK_PRESSURED;
        }
        final long index = raft.propose(EntryType.SESSION_COMMAND, payload, offset, length);
        if (index > 0)
        {
            session.onProposed(term, sequence, length - BLOCK_LENGTH);
            pending.add(index, term, session.id(), sequence, length);
        }
        return index;
    }

    /**
     * Whether a session has more than its share of what this node may have under way, while that is scarce: the second
     * half of the room is for those who have less.
     */
    private boolean isGreedy(final SessionState session, final long sequence, final long bytesUnderWay)
    {
        if (!pending.isHalfFull())
        {
            return false;
        }
        final int sharers = 2 * sessions.count();
        final boolean isGreedy = sequence - 1 - session.lastSequence() > pending.capacity() / sharers ||
            bytesUnderWay > pending.maxBytes() / sharers;
        if (isGreedy)
        {
            CoverageMark.GREEDY_SESSION_HELD_BACK.hit();
        }
        return isGreedy;
    }

    /** With the reply that was kept, if there is one already, and the client may be without it. */
    private void answerAgain(final SessionState session, final long sequence)
    {
        repeatCount++;
        if (session.hasReply(sequence))
        {
            CoverageMark.ANSWERED_FROM_CACHE.hit();
            listener.onRepeated(session, sequence);
        }
        else if (sequence > session.lastSequence())
        {
            CoverageMark.COMMAND_UNDER_WAY.hit();
        }
    }

    /**
     * Keeps the sessions of clients that are there alive, and lets time pass for the others. To be called in every
     * cycle.
     *
     * @return entries proposed.
     */
    int doWork(final long nowNs, final ClientPresence clients)
    {
        if (isKeepAliveDueKnown && nowNs - keepAliveDueNs < 0 || refusal() < 0)
        {
            return 0;
        }
        isKeepAliveDueKnown = true;
        keepAliveDueNs = nowNs + KEEP_ALIVE_INTERVAL_NS;
        int proposed = 0;
        int count = 0;
        boolean isAnyAway = false;
        for (int i = 0; i < sessions.count(); i++)
        {
            final SessionState session = sessions.at(i);
            final boolean isPresent = clients.isPresent(session.clientId());
            isAnyAway |= !isPresent;
            if (isPresent && sessions.silenceNs(session) > session.timeoutNs() / KEEP_ALIVES_IN_TIMEOUT)
            {
                entry.putLong(count++ * SessionKeepAliveEntryEncoder.BLOCK_LENGTH, session.id(), LITTLE_ENDIAN);
                if (KEEP_ALIVES_IN_ENTRY == count)
                {
                    proposed += proposeKeepAlive(count);
                    count = 0;
                }
            }
        }
        if (count > 0 || isAnyAway && 0 == proposed)
        {
            proposed += proposeKeepAlive(count);
        }
        return proposed;
    }

    /** One that finds no room is not missed: the next is due long before a session is over. */
    private int proposeKeepAlive(final int count)
    {
        final int length = count * SessionKeepAliveEntryEncoder.BLOCK_LENGTH;
        return raft.propose(EntryType.SESSION_KEEP_ALIVE, entry, 0, length) > 0 ? 1 : 0;
    }

    /** Commands that had been taken before, since the start: they were answered again, or are under way. */
    long repeatCount()
    {
        return repeatCount;
    }

    /** Why nothing can be said about sessions here and now; 0 if something can. */
    private long refusal()
    {
        if (Role.LEADER != raft.role())
        {
            return Raft.NOT_LEADER;
        }
        return applier.appliedTerm() == raft.term() ? 0 : RaftLog.BACK_PRESSURED;
    }
}
