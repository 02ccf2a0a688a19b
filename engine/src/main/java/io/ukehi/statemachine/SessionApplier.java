package io.ukehi.statemachine;

import io.ukehi.CoverageMark;
import io.ukehi.codecs.entry.SessionCloseEntryDecoder;
import io.ukehi.codecs.entry.SessionCommandEntryDecoder;
import io.ukehi.codecs.entry.SessionKeepAliveEntryDecoder;
import io.ukehi.codecs.entry.SessionOpenEntryDecoder;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.EntryType;
import org.agrona.DirectBuffer;

/**
 * Applies the entries of sessions (Raft thesis, section 6.3). What a command's entry comes to:
 * <pre>
 *   session            sequence          room for a reply
 *   gone               any               -                   nothing: the client has been told, or will be
 *   there              lastSequence + 1  yes                 applied, and the reply is kept
 *   there              lastSequence + 1  no                  not taken: to be sent again
 *   there              above             -                   not taken: what comes before it is missing
 *   there              at or below       -                   the reply that was kept; none, if the client has it
 * </pre>
 * A payload that is shorter than its block is passed over, as {@link CommandApplier} does.
 */
final class SessionApplier
{
    /** What only the applier of all entries may do. */
    interface Owner
    {
        /** Has the user's state machine apply a command; the header and the reply are left as they are then. */
        void callStateMachine(long sessionId, long sequence, int offset, int length);

        /** Tells the user's state machine. */
        void onSessionOpened(SessionState session);

        /** Tells the user's state machine. */
        void onSessionClosed(SessionState session);

        /** The state contains the entry. */
        void onEntryDone();

        /** The entry is too short to be what it says it is. */
        void onMalformed();
    }

    private final Sessions sessions;
    private final EntryCursor cursor;
    private final EntryHeader header;
    private final ReplyBuffer reply;
    private final AppliedListener listener;
    private final Owner owner;
    private final SessionOpenEntryDecoder open = new SessionOpenEntryDecoder();
    private final SessionCloseEntryDecoder close = new SessionCloseEntryDecoder();
    private final SessionCommandEntryDecoder command = new SessionCommandEntryDecoder();
    private final SessionKeepAliveEntryDecoder keepAlive = new SessionKeepAliveEntryDecoder();

    SessionApplier(
        final Sessions sessions,
        final EntryCursor cursor,
        final EntryHeader header,
        final ReplyBuffer reply,
        final AppliedListener listener,
        final Owner owner)
    {
        this.sessions = sessions;
        this.cursor = cursor;
        this.header = header;
        this.reply = reply;
        this.listener = listener;
        this.owner = owner;
    }

    /** Before whatever an entry brings: time has moved on to it, and sessions whose time is over are no more. */
    void onTime()
    {
        sessions.onEntry(cursor.term(), cursor.clusterTimeNs());
        for (SessionState expired = sessions.pollExpired(); null != expired; expired = sessions.pollExpired())
        {
            owner.onSessionClosed(expired);
            listener.onSessionClosed(expired, true);
        }
    }

    /** Applies an entry of one of the four types. */
    void apply()
    {
        final int least = switch (cursor.type())
        {
            case EntryType.SESSION_OPEN -> SessionOpenEntryDecoder.BLOCK_LENGTH;
            case EntryType.SESSION_CLOSE -> SessionCloseEntryDecoder.BLOCK_LENGTH;
            case EntryType.SESSION_COMMAND -> SessionCommandEntryDecoder.BLOCK_LENGTH;
            default -> 0;
        };
        if (cursor.payloadLength() < least)
        {
            owner.onMalformed();
            return;
        }
        switch (cursor.type())
        {
            case EntryType.SESSION_OPEN -> applyOpen();
            case EntryType.SESSION_CLOSE -> applyClose();
            case EntryType.SESSION_COMMAND -> applyCommand();
            default -> applyKeepAlive();
        }
    }

    private void applyOpen()
    {
        open.wrap(cursor.buffer(), cursor.payloadOffset(), SessionOpenEntryDecoder.BLOCK_LENGTH,
            SessionOpenEntryDecoder.SCHEMA_VERSION);
        final long clientId = open.clientId();
        final SessionState session = sessions.open(
            cursor.index(), clientId, open.timeoutNs(), open.sessionLimit(), open.replyLimit(),
            open.replyBytesLimit());
        if (null != session && session.id() == cursor.index())
        {
            owner.onSessionOpened(session);
        }
        owner.onEntryDone();
        listener.onSessionOpened(clientId, session);
    }

    private void applyClose()
    {
        close.wrap(cursor.buffer(), cursor.payloadOffset(), SessionCloseEntryDecoder.BLOCK_LENGTH,
            SessionCloseEntryDecoder.SCHEMA_VERSION);
        final SessionState session = sessions.close(close.sessionId());
        if (null != session)
        {
            owner.onSessionClosed(session);
        }
        owner.onEntryDone();
        if (null != session)
        {
            listener.onSessionClosed(session, false);
        }
    }

    private void applyKeepAlive()
    {
        final int blockLength = SessionKeepAliveEntryDecoder.BLOCK_LENGTH;
        final int end = cursor.payloadOffset() + cursor.payloadLength();
        for (int offset = cursor.payloadOffset(); offset + blockLength <= end; offset += blockLength)
        {
            keepAlive.wrap(cursor.buffer(), offset, blockLength, SessionKeepAliveEntryDecoder.SCHEMA_VERSION);
            sessions.touch(keepAlive.sessionId());
        }
        owner.onEntryDone();
    }

    private void applyCommand()
    {
        final int blockLength = SessionCommandEntryDecoder.BLOCK_LENGTH;
        command.wrap(
            cursor.buffer(), cursor.payloadOffset(), blockLength, SessionCommandEntryDecoder.SCHEMA_VERSION);
        final long sequence = command.sequence();
        final SessionState session = sessions.touch(command.sessionId());
        if (null == session)
        {
            CoverageMark.COMMAND_OF_NO_SESSION.hit();
            owner.onEntryDone();
            listener.onUnknownSession(command.sessionId(), sequence);
            return;
        }
        session.acknowledge(command.firstUnanswered());
        final int length = cursor.payloadLength() - blockLength;
        if (sequence <= session.lastSequence())
        {
            session.onCommitted(cursor.term(), sequence, length, false);
            onRepeated(session, sequence);
        }
        else if (sequence == session.lastSequence() + 1 && session.hasRoomFor(sequence, session.firstUnanswered()))
        {
            owner.callStateMachine(session.id(), sequence, cursor.payloadOffset() + blockLength, length);
            final DirectBuffer answer = reply.content();
            session.onApplied(sequence, cursor.index(), cursor.token(), answer, 0, reply.length());
            session.onCommitted(cursor.term(), sequence, length, true);
            owner.onEntryDone();
            listener.onApplied(header, answer, 0, reply.length());
        }
        else
        {
            CoverageMark.COMMAND_OUT_OF_ORDER.hit();
            session.onCommitted(cursor.term(), sequence, length, false);
            owner.onEntryDone();
            listener.onNotTaken(session, sequence);
        }
    }

    private void onRepeated(final SessionState session, final long sequence)
    {
        CoverageMark.COMMAND_COMMITTED_TWICE.hit();
        owner.onEntryDone();
        if (session.hasReply(sequence))
        {
            listener.onRepeated(session, sequence);
        }
    }
}
