package io.ukehi.statemachine;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.CoverageMark;
import io.ukehi.Invariant;
import java.util.ArrayList;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.collections.Long2ObjectHashMap;

/**
 * The sessions of clients: replicated state beside the user's, a function of log entries and nothing else, so that
 * every replica knows of every command whether it was applied (Raft thesis, section 6.3). It is what makes a command
 * that is sent again, to whatever leader, end with the first one's reply.
 * <p>
 * <b>Session time.</b> A session expires when nothing was heard of it for its timeout. What is measured is not the time
 * of any machine, but what entries carry: session time moves on with the cluster time from entry to entry, by
 * {@link #MAX_STEP_NS} at most, and not at all from one term to the next; and the first entry of a term counts as heard
 * from every session. So a leader whose clock is ahead, a clock that is set, and an election however long, take nothing
 * from a session: it always has at least its timeout, in steps of one leader's clock, in which to be heard by the
 * present leader. In exchange it may expire late; the leader sees to entries that let it ({@code SESSION_KEEP_ALIVE}).
 * <p>
 * Belongs to the duty-cycle thread. Opening and closing allocate; commands do not, once a session's cache has grown to
 * what the session needs.
 */
public final class Sessions
{
    /** Most that session time moves from one entry to the next, in nanoseconds. */
    public static final long MAX_STEP_NS = 500_000_000L;

    private static final int HEAD_LENGTH = 3 * Long.BYTES;
    private static final int MAX_REPLY_LIMIT = 64 * 1024;

    private final Long2ObjectHashMap<SessionState> byId = new Long2ObjectHashMap<>();
    private final Long2ObjectHashMap<SessionState> byClientId = new Long2ObjectHashMap<>();
    /** In the order of their ids, so that whatever is done to all is done in the same order everywhere. */
    private final ArrayList<SessionState> all = new ArrayList<>();
    private long timeNs;
    private long clusterTimeNs;
    private long term;
    /** No session expires before; at times lower than it need be, and then a look at all of them corrects it. */
    private long earliestExpiryNs = Long.MAX_VALUE;

    Sessions()
    {
    }

    /** How many there are. */
    public int count()
    {
        return all.size();
    }

    /** By position, 0 to {@link #count()}, in the order of ids. */
    public SessionState at(final int position)
    {
        return all.get(position);
    }

    /** Null if there is none with this id, or no longer. */
    public SessionState get(final long sessionId)
    {
        return byId.get(sessionId);
    }

    /** Null if this client has none. */
    public SessionState ofClient(final long clientId)
    {
        return byClientId.get(clientId);
    }

    /** How long nothing has been heard of a session, in nanoseconds of session time. */
    public long silenceNs(final SessionState session)
    {
        return timeNs - session.lastActiveNs();
    }

    /** Moves session time on to an entry. */
    void onEntry(final long entryTerm, final long entryClusterTimeNs)
    {
        if (entryTerm == term)
        {
            timeNs += Math.min(MAX_STEP_NS, entryClusterTimeNs - clusterTimeNs);
        }
        else
        {
            term = entryTerm;
            for (int i = 0; i < all.size(); i++)
            {
                all.get(i).touch(timeNs);
            }
        }
        clusterTimeNs = entryClusterTimeNs;
    }

    /** Removes a session whose time is over, and returns it; null if there is none. To be called until it is null. */
    SessionState pollExpired()
    {
        if (timeNs <= earliestExpiryNs)
        {
            return null;
        }
        long earliestNs = Long.MAX_VALUE;
        for (int i = 0; i < all.size(); i++)
        {
            final SessionState session = all.get(i);
            if (silenceNs(session) > session.timeoutNs())
            {
                CoverageMark.SESSION_EXPIRED.hit();
                return close(session.id());
            }
            earliestNs = Math.min(earliestNs, session.lastActiveNs() + session.timeoutNs());
        }
        earliestExpiryNs = earliestNs;
        return null;
    }

    /**
     * Opens a session.
     *
     * @return it, or the one that the client has already, or null if there are as many as there may be.
     */
    SessionState open(
        final long index,
        final long clientId,
        final long timeoutNs,
        final int sessionLimit,
        final int replyLimit,
        final int replyBytesLimit)
    {
        final SessionState existing = byClientId.get(clientId);
        if (null != existing)
        {
            CoverageMark.SESSION_OPENED_AGAIN.hit();
            existing.touch(timeNs);
            return existing;
        }
        if (all.size() >= sessionLimit)
        {
            return null;
        }
        // Of nonsense, every replica makes the same sense.
        final SessionState session = new SessionState(
            index, clientId, Math.clamp(timeoutNs, 1, Long.MAX_VALUE / 2), Math.clamp(replyLimit, 1, MAX_REPLY_LIMIT),
            Math.max(1, replyBytesLimit), timeNs);
        add(session);
        return session;
    }

    private void add(final SessionState session)
    {
        Invariant.check(all.isEmpty() || all.get(all.size() - 1).id() < session.id(),
            "ids of sessions rise", session.id());
        all.add(session);
        byId.put(session.id(), session);
        byClientId.put(session.clientId(), session);
        earliestExpiryNs = Math.min(earliestExpiryNs, session.lastActiveNs() + session.timeoutNs());
    }

    /** Removes a session and returns it; null if there is none. */
    SessionState close(final long sessionId)
    {
        final SessionState session = byId.remove(sessionId);
        if (null != session)
        {
            byClientId.remove(session.clientId());
            all.remove(session);
        }
        return session;
    }

    /** Something was heard of a session, and it is returned; null if there is none. */
    SessionState touch(final long sessionId)
    {
        final SessionState session = byId.get(sessionId);
        if (null != session)
        {
            session.touch(timeNs);
        }
        return session;
    }

    /** A number that is equal where the tables are, and very likely different otherwise; 0 before the first session. */
    public long digest()
    {
        long digest = 0;
        for (int i = 0; i < all.size(); i++)
        {
            digest = SessionState.mix(digest, timeNs - all.get(i).lastActiveNs());
            digest = SessionState.mix(digest, all.get(i).digest());
        }
        return digest;
    }

    /**
     * Writes the whole table, the same bytes on every replica. Cold path: allocates as the buffer does.
     * <pre>
     *   session time | cluster time | term          of the last entry applied; 8 bytes each, all little-endian
     *   for each session, by id:
     *     id | client id | timeout | last active | first unanswered | last sequence      8 bytes each
     *     reply limit | reply bytes limit                                                4 bytes each
     *     for each reply from first unanswered to last sequence:
     *       index (8) | token (8) | length (4) | bytes
     * </pre>
     *
     * @param buffer expandable, or long enough.
     * @param offset where to begin.
     * @return bytes written.
     */
    public int writeTo(final MutableDirectBuffer buffer, final int offset)
    {
        buffer.putLong(offset, timeNs, LITTLE_ENDIAN);
        buffer.putLong(offset + Long.BYTES, clusterTimeNs, LITTLE_ENDIAN);
        buffer.putLong(offset + 2 * Long.BYTES, term, LITTLE_ENDIAN);
        int at = offset + HEAD_LENGTH;
        for (final SessionState session : all)
        {
            at = session.writeTo(buffer, at);
        }
        return at - offset;
    }

    /**
     * Takes the place of whatever the table holds.
     *
     * @param buffer holds what {@link #writeTo} wrote; copied.
     * @param offset where it begins.
     * @param length of it in bytes.
     * @throws IllegalArgumentException if it is no such table; the sessions are in no usable state then.
     */
    public void readFrom(final DirectBuffer buffer, final int offset, final int length)
    {
        clear();
        final SessionReader in = new SessionReader(buffer, offset, length);
        timeNs = in.nextLong();
        clusterTimeNs = in.nextLong();
        term = in.nextLong();
        while (in.hasNext())
        {
            final SessionState session = SessionState.readFrom(in);
            in.check(all.isEmpty() || all.get(all.size() - 1).id() < session.id(), "order of session", session.id());
            add(session);
        }
    }

    private void clear()
    {
        byId.clear();
        byClientId.clear();
        all.clear();
        earliestExpiryNs = Long.MAX_VALUE;
    }
}
