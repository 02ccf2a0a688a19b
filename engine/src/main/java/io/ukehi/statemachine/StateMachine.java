package io.ukehi.statemachine;

import io.ukehi.raft.Role;
import org.agrona.DirectBuffer;

/**
 * What is replicated: a deterministic function of the commands it is given. Every replica gets the same commands in the
 * same order, so state and replies must depend on nothing else: not on the wall clock (use
 * {@link CommandHeader#clusterTimeNs()}), not on randomness, hash codes of identity, threads or I/O.
 * <p>
 * All methods are called by the node's duty-cycle thread, one at a time. None may block, and {@link #onCommand} should
 * allocate nothing: the time it takes is added to every command behind it. An exception thrown from a method stops the
 * node, since a replica that skipped a command is no replica.
 */
public interface StateMachine
{
    /** Called once, before anything else. State is empty. */
    default void onStart()
    {
    }

    /**
     * Applies a committed command.
     *
     * @param header index, term, fencing token, cluster time and sender of the command; reused, valid during the call.
     * @param buffer in which the command lies: the log itself. Not to be stored into, valid during the call.
     * @param offset of the command in the buffer.
     * @param length of the command in bytes, 0 or more.
     * @param reply  for the client that asked; empty unless something is put into it.
     */
    void onCommand(CommandHeader header, DirectBuffer buffer, int offset, int length, Reply reply);

    /**
     * Answers a question about the state as it is now, without an entry in the log. Must change nothing: what it
     * changed would be on this replica alone. May be asked on any replica, between two commands. An exception stops the
     * node, so questions that make no sense get an answer that says so.
     *
     * @param index  of the last entry that the state contains.
     * @param buffer in which the question lies; not to be stored into, valid during the call.
     * @param offset of the question in the buffer.
     * @param length of the question in bytes, 0 or more.
     * @param reply  for the answer; empty unless something is put into it.
     * @return false if this state machine answers no questions, as it does if this method is not overridden.
     */
    default boolean onQuery(
        final long index, final DirectBuffer buffer, final int offset, final int length, final Reply reply)
    {
        return false;
    }

    /**
     * A client's session begins. Part of the order of commands, and the same on every replica.
     *
     * @param sessionId     rises from session to session; what {@link CommandHeader#sessionId()} will say.
     * @param clusterTimeNs of the entry, in nanoseconds since the epoch.
     */
    default void onSessionOpened(final long sessionId, final long clusterTimeNs)
    {
    }

    /**
     * A client's session has ended: closed by the client, or expired. Part of the order of commands, and the same on
     * every replica: the place to give up what the session holds. No command of it follows.
     *
     * @param sessionId     of the session.
     * @param clusterTimeNs of the entry at which it ended, in nanoseconds since the epoch.
     */
    default void onSessionClosed(final long sessionId, final long clusterTimeNs)
    {
    }

    /**
     * The node's role or term has changed. For observation (timers, gauges): state must not depend on it.
     *
     * @param role now.
     * @param term now.
     */
    default void onRoleChange(final Role role, final long term)
    {
    }

    /**
     * Freezes the state as it is now, to be written as a snapshot over many cycles. Called between two commands; what
     * it takes is added to the command behind it, so that a large state should not be copied here. The bytes must
     * follow from the state alone: replicas that take a snapshot at one index are compared byte for byte.
     *
     * @return what writes it; null if this state machine has no snapshots, and then the log is kept for ever.
     */
    default SnapshotTask onTakeSnapshot()
    {
        return null;
    }

    /**
     * Whether commands may be applied while a {@link SnapshotTask} writes what it froze. If not, none is applied
     * until it has ended; and then, so that no client waits, a leader takes none: once it has gone without for long it
     * hands leadership over, and takes one as a follower. Only where nobody can take over, clients wait.
     */
    default boolean isAppliedDuringSnapshot()
    {
        return false;
    }

    /**
     * The state is to be replaced by a snapshot's: what there is of it is dropped. No command is applied before the
     * loader has had all records; if the node ends before, the state is not used again.
     *
     * @return what is given the records.
     */
    default SnapshotLoader onLoadSnapshot()
    {
        throw new UnsupportedOperationException("this state machine has no snapshots");
    }

    /**
     * A number that is equal on replicas of equal state and, very likely, different otherwise. 0 says "not offered".
     */
    default long stateDigest()
    {
        return 0;
    }

    /** Called once, last. */
    default void onStop()
    {
    }
}
