package io.ukehi.statemachine;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.CoverageMark;
import io.ukehi.Invariant;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * One replicated session: which of its commands were applied, and the replies its client may not have yet.
 * <pre>
 *   1 ... firstUnanswered ... lastSequence | lastSequence + 1
 *   forgotten   replies are kept           | what is applied next, and nothing else
 * </pre>
 * Everything but the last part follows from log entries alone. Belongs to the duty-cycle thread.
 */
public final class SessionState
{
    private final long id;
    private final long clientId;
    private final long timeoutNs;
    private final int replyLimit;
    private final int replyBytesLimit;
    private final ReplyCache replies = new ReplyCache();
    private long lastActiveNs;
    private long lastSequence;
    private long firstUnanswered = 1;

    // What the leader of a term keeps beside it: commands proposed and not applied yet. Neither replicated nor stored.
    private long proposedTerm;
    private long proposedSequence;
    private long proposedBytes;

    SessionState(
        final long id,
        final long clientId,
        final long timeoutNs,
        final int replyLimit,
        final int replyBytesLimit,
        final long lastActiveNs)
    {
        this.id = id;
        this.clientId = clientId;
        this.timeoutNs = timeoutNs;
        this.replyLimit = replyLimit;
        this.replyBytesLimit = replyBytesLimit;
        this.lastActiveNs = lastActiveNs;
    }

    /** Index of the entry that opened it. */
    public long id()
    {
        return id;
    }

    /** What its client calls itself. Only the client knows it: who names a session must name its client too. */
    public long clientId()
    {
        return clientId;
    }

    /** Session time without an entry of it, in nanoseconds, after which it expires. */
    public long timeoutNs()
    {
        return timeoutNs;
    }

    /** Replies that are kept for it, at most: so many commands may be unanswered. */
    public int replyLimit()
    {
        return replyLimit;
    }

    /** Sequence of the command applied last, 0 before the first. */
    public long lastSequence()
    {
        return lastSequence;
    }

    /** Lowest sequence whose reply is kept, or the next sequence if none is. */
    public long firstUnanswered()
    {
        return firstUnanswered;
    }

    /** Session time of the last entry of it, in nanoseconds. */
    long lastActiveNs()
    {
        return lastActiveNs;
    }

    void touch(final long sessionTimeNs)
    {
        lastActiveNs = sessionTimeNs;
    }

    /** The client has the replies below a sequence, as it says with another command. */
    void acknowledge(final long newFirstUnanswered)
    {
        firstUnanswered = Math.clamp(newFirstUnanswered, firstUnanswered, lastSequence + 1);
        replies.releaseBelow(firstUnanswered);
    }

    /** Whether a command may be applied, given what the client says it has. Asked by the leader, and again in apply. */
    public boolean hasRoomFor(final long sequence, final long clientFirstUnanswered)
    {
        final long first = Math.max(clientFirstUnanswered, firstUnanswered);
        return sequence - first < replyLimit && replies.bytesFrom(first) < replyBytesLimit;
    }

    /** Whether the reply to a command is at hand. */
    public boolean hasReply(final long sequence)
    {
        return replies.contains(sequence);
    }

    /** Index of a command whose reply is at hand. */
    public long replyIndex(final long sequence)
    {
        return replies.index(sequence);
    }

    /** Fencing token of a command whose reply is at hand. */
    public long replyToken(final long sequence)
    {
        return replies.token(sequence);
    }

    /** Holds the replies that are at hand; valid until the next command of the session is applied. */
    public DirectBuffer replyBuffer()
    {
        return replies.buffer();
    }

    /** Where a reply begins in {@link #replyBuffer()}. */
    public int replyOffset(final long sequence)
    {
        return replies.offset(sequence);
    }

    /** Length of a reply in bytes. */
    public int replyLength(final long sequence)
    {
        return replies.length(sequence);
    }

    void onApplied(
        final long sequence,
        final long index,
        final long token,
        final DirectBuffer reply,
        final int offset,
        final int length)
    {
        Invariant.check(sequence == lastSequence + 1, "commands of a session are applied in order", sequence);
        replies.add(sequence, index, token, reply, offset, length);
        lastSequence = sequence;
    }

    /** The sequence that a leader of this term may propose next; what was applied has been proposed by somebody. */
    public long nextToPropose(final long term)
    {
        return proposedTerm == term ? Math.max(proposedSequence, lastSequence) + 1 : lastSequence + 1;
    }

    /** Bytes of commands that a leader of this term has proposed and not applied yet. */
    public long proposedBytes(final long term)
    {
        return proposedTerm == term ? proposedBytes : 0;
    }

    /** The leader of a term has proposed a command of so many bytes. */
    public void onProposed(final long term, final long sequence, final int length)
    {
        if (proposedTerm != term)
        {
            CoverageMark.SESSION_PROPOSES_IN_NEW_TERM.hit();
            proposedTerm = term;
            proposedBytes = 0;
        }
        proposedSequence = sequence;
        proposedBytes += length;
    }

    /** A command that the leader of a term has proposed is committed, whatever became of it in this session. */
    void onCommitted(final long term, final long sequence, final int length, final boolean isApplied)
    {
        if (proposedTerm == term)
        {
            proposedBytes -= length;
            if (!isApplied && sequence > lastSequence)
            {
                // It and what follows it must be proposed once more.
                proposedSequence = lastSequence;
            }
        }
    }

    long digest()
    {
        long digest = mix(id, clientId);
        digest = mix(digest, lastActiveNs);
        digest = mix(digest, lastSequence);
        digest = mix(digest, firstUnanswered);
        digest = mix(digest, replies.bytesFrom(firstUnanswered));
        return mix(digest, timeoutNs ^ (long)replyLimit << 32 ^ replyBytesLimit);
    }

    static long mix(final long digest, final long value)
    {
        final long x = (digest ^ value) * 0x9E3779B97F4A7C15L;
        return x ^ x >>> 32;
    }

    /** Writes the session; returns where it ends. The layout is that of {@link Sessions#writeTo}. */
    int writeTo(final MutableDirectBuffer buffer, final int offset)
    {
        int at = offset;
        for (final long value : new long[]{id, clientId, timeoutNs, lastActiveNs, firstUnanswered, lastSequence})
        {
            buffer.putLong(at, value, LITTLE_ENDIAN);
            at += Long.BYTES;
        }
        buffer.putInt(at, replyLimit, LITTLE_ENDIAN);
        buffer.putInt(at + Integer.BYTES, replyBytesLimit, LITTLE_ENDIAN);
        at += 2 * Integer.BYTES;
        for (long sequence = firstUnanswered; sequence <= lastSequence; sequence++)
        {
            final int length = replies.length(sequence);
            buffer.putLong(at, replies.index(sequence), LITTLE_ENDIAN);
            buffer.putLong(at + Long.BYTES, replies.token(sequence), LITTLE_ENDIAN);
            buffer.putInt(at + 2 * Long.BYTES, length, LITTLE_ENDIAN);
            at += 2 * Long.BYTES + Integer.BYTES;
            buffer.putBytes(at, replies.buffer(), replies.offset(sequence), length);
            at += length;
        }
        return at;
    }

    static SessionState readFrom(final SessionReader in)
    {
        final long id = in.nextLong();
        final long clientId = in.nextLong();
        final long timeoutNs = in.nextLong();
        final long lastActiveNs = in.nextLong();
        final long firstUnanswered = in.nextLong();
        final long lastSequence = in.nextLong();
        final SessionState session =
            new SessionState(id, clientId, timeoutNs, in.nextInt(), in.nextInt(), lastActiveNs);
        in.check(firstUnanswered > 0 && lastSequence >= firstUnanswered - 1, "sequences of session", id);
        session.firstUnanswered = firstUnanswered;
        session.lastSequence = firstUnanswered - 1;
        session.replies.startAt(firstUnanswered);
        while (session.lastSequence < lastSequence)
        {
            final long index = in.nextLong();
            final long token = in.nextLong();
            final int length = in.nextInt();
            final int offset = in.skip(length);
            session.onApplied(session.lastSequence + 1, index, token, in.buffer(), offset, length);
        }
        return session;
    }
}
