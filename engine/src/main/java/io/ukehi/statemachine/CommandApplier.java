package io.ukehi.statemachine;

import io.ukehi.Invariant;
import io.ukehi.codecs.entry.CommandEntryDecoder;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.EntryType;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.Role;
import org.agrona.DirectBuffer;

/**
 * Applies committed entries to the user's state machine, each exactly once and in order (Raft section 5.3: once an
 * entry is committed it is safe to apply it). It is the only caller of the {@link StateMachine}.
 * <p>
 * The payload of a command is the CommandEntry block (sender and correlation id), then the user's bytes, which the
 * state machine reads where they lie in the log:
 * <pre>
 *   0               8               16
 *  +---------------+---------------+-----------------+
 *  |   sessionId   | correlationId |  user's bytes   |
 *  +---------------+---------------+-----------------+
 * </pre>
 * A committed command whose payload is shorter than the block is <b>passed over</b>, counted and reported. No node of
 * ours proposes one, so it comes from a bug or from a hostile peer; but it is committed, its bytes are the same on
 * every replica, and no version can give it a meaning, because the block never grows (another layout would be another
 * entry type). Passing it over leaves all replicas equal; to stop on it would stop every node of the cluster, at every
 * restart, for ever. An entry of <b>unknown type</b> is the opposite case: a later version may act on it, so the node
 * stops with {@link UnknownEntryTypeException}. A command of a log of the earlier implementation has no block. Entries
 * of clients' sessions are applied by {@link SessionApplier}.
 * <p>
 * Owned by the duty-cycle thread. Allocates nothing after construction, except to report a failure. After an exception
 * it refuses to go on: what the state machine did before it threw is unknown, and to apply the entry again might do it
 * twice.
 */
public final class CommandApplier
{
    /** {@link #query}: the state machine answers no questions. */
    public static final int UNSUPPORTED = -1;

    /**
     * How much of the log is looked at at once, in bytes. Nothing is copied: this only keeps a run within what the
     * processor's cache can hold until it is applied.
     */
    private static final int MAX_RUN_LENGTH = 1024 * 1024;

    private final RaftLog log;
    private final StateMachine stateMachine;
    private final AppliedListener listener;
    private final EntryCursor cursor;
    private final CommandEntryDecoder commandEntry = new CommandEntryDecoder();
    private final EntryHeader header;
    private final ReplyBuffer reply;
    private final Sessions sessions = new Sessions();
    private final SessionApplier sessionApplier;

    // Of the entry at appliedIndex, and of the last command before it: none of them ever falls.
    private long appliedIndex = 0;
    private long appliedTerm = 0;
    private long appliedToken = 0;
    private long commandToken = 0;
    private long appliedClusterTimeNs = 0;
    private long appliedBytes = 0;
    private long malformedCount = 0;
    private boolean started = false;
    private boolean blocked = false;
    private boolean isWaitingForRepair;

    /**
     * Before {@link #start(long)} nothing can be applied.
     *
     * @param log            to read committed entries from.
     * @param stateMachine   the user's.
     * @param listener       told of each command applied.
     * @param maxReplyLength bytes a reply may hold, 0 or more: allocated here, off heap. All nodes of a cluster should
     *                       have the same, or a command may end one node only.
     */
    public CommandApplier(
        final RaftLog log, final StateMachine stateMachine, final AppliedListener listener, final int maxReplyLength)
    {
        this.log = log;
        this.stateMachine = stateMachine;
        this.listener = listener;
        this.cursor = log.newCursor();
        this.header = new EntryHeader(cursor);
        this.reply = new ReplyBuffer(maxReplyLength);
        this.sessionApplier = new SessionApplier(sessions, cursor, header, reply, listener, new SessionCalls());
    }

    /**
     * Starts the state machine; the first entry applied will be the next after {@code stateIndex}.
     *
     * @param stateIndex up to which entries are contained in the state already: 0 for an empty state, which is then
     *                   built by applying the log from its beginning.
     */
    public void start(final long stateIndex)
    {
        Invariant.check(!started, "an applier is started once");
        Invariant.check(stateIndex >= 0 && stateIndex <= log.lastIndex(),
            "a state contains only entries of the log", stateIndex, log.lastIndex());
        Invariant.check(stateIndex + 1 >= log.firstIndex(),
            "the log goes on where the state ends", stateIndex, log.firstIndex());
        started = true;
        appliedIndex = stateIndex;
        appliedTerm = Math.max(0, log.termAt(stateIndex));
        try
        {
            stateMachine.onStart();
        }
        catch (final Throwable thrown)
        {
            throw failure("onStart", appliedIndex, appliedTerm, thrown);
        }
    }

    /** Starts the state machine; nothing is applied before {@link #restore} has told what state it was given. */
    public void startEmpty()
    {
        Invariant.check(!started, "an applier is started once");
        started = true;
        try
        {
            stateMachine.onStart();
        }
        catch (final Throwable thrown)
        {
            throw failure("onStart", 0, 0, thrown);
        }
    }

    /** Has the state machine freeze its state: see {@link StateMachine#onTakeSnapshot()}. */
    public SnapshotTask freeze()
    {
        try
        {
            return stateMachine.onTakeSnapshot();
        }
        catch (final Throwable thrown)
        {
            throw failure("onTakeSnapshot", appliedIndex, appliedTerm, thrown);
        }
    }

    /** Whether commands may be applied while a frozen state is written. */
    public boolean isAppliedDuringSnapshot()
    {
        return stateMachine.isAppliedDuringSnapshot();
    }

    /** Has the state machine drop its state, to be given another: see {@link StateMachine#onLoadSnapshot()}. */
    public SnapshotLoader load()
    {
        try
        {
            return stateMachine.onLoadSnapshot();
        }
        catch (final Throwable thrown)
        {
            throw failure("onLoadSnapshot", appliedIndex, appliedTerm, thrown);
        }
    }

    /**
     * The state machine has been given a snapshot's state: the next entry applied is the one behind it. Index, term,
     * token and time are one record with the state, so that no entry is applied twice or left out.
     */
    public void restore(final long index, final long term, final long token, final long clusterTimeNs)
    {
        Invariant.check(started && !blocked, "a state is restored while nothing is applied", index);
        Invariant.check(index >= appliedIndex && term >= appliedTerm,
            "a snapshot never takes a state back", index, appliedIndex);
        appliedIndex = index;
        appliedTerm = term;
        appliedToken = token;
        commandToken = token;
        appliedClusterTimeNs = clusterTimeNs;
    }

    /**
     * Applies what is committed and not applied yet, at most {@code maxEntries}.
     *
     * @param commitIndex up to which entries are committed; those up to {@link #appliedIndex()} are passed over, so
     *                    that it may be the commit index of a moment ago. At most {@link RaftLog#lastIndex()}.
     * @param maxEntries  1 or more: bounds the time taken from the duty cycle.
     * @return entries applied, no-ops included; 0 if there was nothing.
     * @throws StateMachineException     if the state machine threw.
     * @throws UnknownEntryTypeException if an entry's type is unknown.
     */
    public int apply(final long commitIndex, final int maxEntries)
    {
        Invariant.check(started, "an applier is started before it applies");
        Invariant.check(!blocked, "nothing is applied from within apply, nor after a failure", appliedIndex);
        if (commitIndex <= appliedIndex)
        {
            return 0;
        }
        Invariant.check(commitIndex <= log.lastIndex(),
            "a committed entry is in the log", commitIndex, log.lastIndex());
        Invariant.check(maxEntries > 0, "a batch has room for an entry", maxEntries);

        final long fromIndex = appliedIndex;
        // Written as a comparison of what is left, so that it cannot overflow.
        final long toIndex = commitIndex - fromIndex > maxEntries ? fromIndex + maxEntries : commitIndex;
        // Stays so when anything below throws: there is no way on from there.
        blocked = true;
        isWaitingForRepair = false;
        while (appliedIndex < toIndex && !isWaitingForRepair)
        {
            applyRun(toIndex);
        }
        blocked = false;
        return (int)(appliedIndex - fromIndex);
    }

    /**
     * Asks the state machine about its state at {@link #appliedIndex()}. What it answers is in {@link #queryReply()},
     * from 0 on, until anything else is called here.
     *
     * @return length of the answer in bytes; {@link #UNSUPPORTED} if it answers no questions.
     * @throws StateMachineException if the state machine threw.
     */
    public int query(final DirectBuffer buffer, final int offset, final int length)
    {
        Invariant.check(started && !blocked, "a state is asked between two commands", appliedIndex);
        reply.clear();
        try
        {
            return stateMachine.onQuery(appliedIndex, buffer, offset, length, reply) ? reply.length() : UNSUPPORTED;
        }
        catch (final Throwable thrown)
        {
            throw failure("onQuery", appliedIndex, appliedTerm, thrown);
        }
    }

    /** See {@link #query}. */
    public DirectBuffer queryReply()
    {
        return reply.content();
    }

    /** Highest index that the state contains. Never above any commit index given to {@link #apply}. */
    public long appliedIndex()
    {
        return appliedIndex;
    }

    /** Term of the entry at {@link #appliedIndex()}, 0 before the first. */
    public long appliedTerm()
    {
        return appliedTerm;
    }

    /** Fencing token of that entry. */
    public long appliedToken()
    {
        return appliedToken;
    }

    /** Cluster time of that entry, nanoseconds since the epoch. */
    public long appliedClusterTimeNs()
    {
        return appliedClusterTimeNs;
    }

    /** Whether the last {@link #apply} ended at an entry that is damaged in the log. */
    public boolean isWaitingForRepair()
    {
        return isWaitingForRepair;
    }

    /** Bytes of log that were applied, frames included, since this applier was made. */
    public long appliedBytes()
    {
        return appliedBytes;
    }

    /** The clients' sessions at {@link #appliedIndex()}: part of the replicated state, beside the state machine. */
    public Sessions sessions()
    {
        return sessions;
    }

    /** Entries passed over because their payload is shorter than their block. */
    public long malformedCount()
    {
        return malformedCount;
    }

    /** Digest of the state machine and the sessions at {@link #appliedIndex()}; 0 if the state machine offers none. */
    public long stateDigest()
    {
        try
        {
            final long digest = stateMachine.stateDigest();
            return 0 == digest ? 0 : digest + sessions.digest();
        }
        catch (final Throwable thrown)
        {
            throw failure("stateDigest", appliedIndex, appliedTerm, thrown);
        }
    }

    /** Passes a change of role or term on to the state machine. */
    public void onRoleChange(final Role role, final long term)
    {
        try
        {
            stateMachine.onRoleChange(role, term);
        }
        catch (final Throwable thrown)
        {
            throw failure("onRoleChange", appliedIndex, appliedTerm, thrown);
        }
    }

    /** Stops the state machine if it was started. Nothing is applied afterwards. */
    public void stop()
    {
        if (started)
        {
            started = false;
            try
            {
                stateMachine.onStop();
            }
            catch (final Throwable thrown)
            {
                throw failure("onStop", appliedIndex, appliedTerm, thrown);
            }
        }
    }

    private void applyRun(final long toIndex)
    {
        final int length = log.read(appliedIndex + 1, toIndex, MAX_RUN_LENGTH, cursor);
        if (RaftLog.DAMAGED == length)
        {
            isWaitingForRepair = true;
            return;
        }
        Invariant.check(length > 0, "a committed entry can be read", appliedIndex + 1, toIndex);
        appliedBytes += length;
        while (cursor.next())
        {
            applyEntry(toIndex);
        }
    }

    private void applyEntry(final long toIndex)
    {
        final long index = cursor.index();
        Invariant.check(index == appliedIndex + 1, "entries are applied one after the other", index, appliedIndex);
        Invariant.check(index <= toIndex, "applied never exceeds commit", index, toIndex);
        Invariant.check(cursor.term() >= appliedTerm, "terms never fall", cursor.term(), appliedTerm);
        Invariant.check(cursor.clusterTimeNs() >= appliedClusterTimeNs,
            "cluster time never falls", cursor.clusterTimeNs(), appliedClusterTimeNs);
        Invariant.check(Long.compareUnsigned(cursor.token(), appliedToken) >= 0,
            "tokens never fall", cursor.token(), appliedToken);

        sessionApplier.onTime();
        switch (cursor.type())
        {
            case EntryType.COMMAND:
                applyCommand();
                break;

            case EntryType.NO_OP:
            case EntryType.CONFIGURATION:
                // The rules have acted on a configuration when it was appended.
                onEntryDone();
                break;

            case EntryType.BARE_COMMAND:
                applyBareCommand();
                break;

            case EntryType.SESSION_COMMAND:
                checkToken();
                sessionApplier.apply();
                break;

            case EntryType.SESSION_OPEN:
            case EntryType.SESSION_CLOSE:
            case EntryType.SESSION_KEEP_ALIVE:
                sessionApplier.apply();
                break;

            default:
                throw new UnknownEntryTypeException(index, cursor.term(), cursor.type());
        }
    }

    private void checkToken()
    {
        final long token = cursor.token();
        Invariant.check(Long.compareUnsigned(token, commandToken) > 0,
            "tokens rise from command to command", token, commandToken);
        commandToken = token;
    }

    private void applyCommand()
    {
        checkToken();
        final int payloadLength = cursor.payloadLength();
        if (payloadLength < CommandEntryDecoder.BLOCK_LENGTH)
        {
            onMalformed();
            return;
        }

        final int blockOffset = cursor.payloadOffset();
        commandEntry.wrap(
            cursor.buffer(), blockOffset, CommandEntryDecoder.BLOCK_LENGTH, CommandEntryDecoder.SCHEMA_VERSION);
        header.from(commandEntry.sessionId(), commandEntry.correlationId());
        callStateMachine(
            blockOffset + CommandEntryDecoder.BLOCK_LENGTH, payloadLength - CommandEntryDecoder.BLOCK_LENGTH);
        onCommandDone();
    }

    /** Nobody waits for its answer, and nobody is known to have sent it: sender and correlation id are 0. */
    private void applyBareCommand()
    {
        commandToken = cursor.token();
        header.from(0, 0);
        callStateMachine(cursor.payloadOffset(), cursor.payloadLength());
        onCommandDone();
    }

    private void onMalformed()
    {
        malformedCount++;
        onEntryDone();
        listener.onMalformed(cursor.index(), cursor.term(), cursor.payloadLength());
    }

    private void callStateMachine(final int offset, final int length)
    {
        reply.clear();
        try
        {
            stateMachine.onCommand(header, cursor.buffer(), offset, length, reply);
        }
        catch (final Throwable thrown)
        {
            throw failure("onCommand", cursor.index(), cursor.term(), thrown);
        }
    }

    private void onCommandDone()
    {
        // The state contains the command from here on, whatever becomes of the answer.
        onEntryDone();
        listener.onApplied(header, reply.content(), 0, reply.length());
    }

    private void onEntryDone()
    {
        appliedIndex = cursor.index();
        appliedTerm = cursor.term();
        appliedToken = cursor.token();
        appliedClusterTimeNs = cursor.clusterTimeNs();
    }

    private StateMachineException failure(
        final String call, final long index, final long term, final Throwable thrown)
    {
        blocked = true;
        return new StateMachineException(call, index, term, thrown);
    }

    /** What the applier of sessions' entries asks of this one. */
    private final class SessionCalls implements SessionApplier.Owner
    {
        @Override
        public void callStateMachine(final long sessionId, final long sequence, final int offset, final int length)
        {
            header.from(sessionId, sequence);
            CommandApplier.this.callStateMachine(offset, length);
        }

        @Override
        public void onSessionOpened(final SessionState session)
        {
            try
            {
                stateMachine.onSessionOpened(session.id(), cursor.clusterTimeNs());
            }
            catch (final Throwable thrown)
            {
                throw failure("onSessionOpened", cursor.index(), cursor.term(), thrown);
            }
        }

        @Override
        public void onSessionClosed(final SessionState session)
        {
            try
            {
                stateMachine.onSessionClosed(session.id(), cursor.clusterTimeNs());
            }
            catch (final Throwable thrown)
            {
                throw failure("onSessionClosed", cursor.index(), cursor.term(), thrown);
            }
        }

        @Override
        public void onEntryDone()
        {
            CommandApplier.this.onEntryDone();
        }

        @Override
        public void onMalformed()
        {
            CommandApplier.this.onMalformed();
        }
    }
}
