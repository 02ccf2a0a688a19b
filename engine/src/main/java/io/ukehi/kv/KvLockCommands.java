package io.ukehi.kv;

import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;

/**
 * The rules of locks. A lock is free when its key has no value, or the cluster's time has reached the end of its lease.
 * Whoever acquires a free lock holds it under the fencing token of that very command, which is greater than that of
 * every command before, and so of every holder before. Renewing and releasing take that token.
 * <p>
 * Time is the cluster time of the command, so that every replica comes to the same. Owned by the duty-cycle thread.
 */
final class KvLockCommands
{
    private final KvStateMachine store;
    private final KvLocks locks;
    private final KvCommandDecoder command;

    KvLockCommands(final KvStateMachine store, final KvLocks locks, final KvCommandDecoder command)
    {
        this.store = store;
        this.locks = locks;
        this.command = command;
    }

    /** The holder itself keeps its token, and its lease begins anew. */
    void onAcquire(final CommandHeader header, final Reply reply)
    {
        final long record = store.locate();
        if (KvArena.NULL != record && !locks.isLock(record))
        {
            store.answer(reply, KvStatus.NOT_A_LOCK, KvCodec.NO_VERSION);
            return;
        }
        final boolean isHeld = KvArena.NULL != record && header.clusterTimeNs() < locks.leaseEndNs(record);
        if (isHeld && locks.session(record) != header.sessionId())
        {
            answer(reply, KvStatus.HELD, locks.token(record), locks.leaseEndNs(record));
            return;
        }
        hold(record, header, isHeld ? locks.token(record) : header.fencingToken(), reply);
    }

    /** A lease that has run out is not renewed, even if nobody has acquired the lock since. */
    void onRenew(final CommandHeader header, final Reply reply)
    {
        final long record = store.locate();
        if (isHolder(record, header) && header.clusterTimeNs() < locks.leaseEndNs(record))
        {
            hold(record, header, command.token(), reply);
        }
        else
        {
            store.answer(reply, KvStatus.NOT_HELD, KvCodec.NO_VERSION);
        }
    }

    void onRelease(final CommandHeader header, final Reply reply)
    {
        final long record = store.locate();
        if (isHolder(record, header))
        {
            store.remove(record);
            store.answer(reply, KvStatus.OK, command.token());
        }
        else
        {
            store.answer(reply, KvStatus.NOT_HELD, KvCodec.NO_VERSION);
        }
    }

    /** A session has ended, and with it what it held. */
    void onSessionClosed(final long session)
    {
        int keyLength = locks.find(session);
        while (keyLength > 0)
        {
            store.remove(store.tree().locate(locks.foundBuffer(), locks.foundKeyOffset(), keyLength));
            keyLength = locks.find(session);
        }
    }

    private boolean isHolder(final long record, final CommandHeader header)
    {
        return KvArena.NULL != record && locks.isLock(record) && locks.token(record) == command.token() &&
            locks.session(record) == header.sessionId();
    }

    private void hold(final long record, final CommandHeader header, final long token, final Reply reply)
    {
        final long leaseEndNs = header.clusterTimeNs() + command.leaseNs();
        if (store.set(
            record, header.index(), locks.value(header.sessionId(), token, leaseEndNs), 0, KvLocks.LENGTH))
        {
            answer(reply, KvStatus.OK, token, leaseEndNs);
        }
        else
        {
            store.answer(reply, KvStatus.FULL, KvCodec.NO_VERSION);
        }
    }

    private void answer(final Reply reply, final int status, final long token, final long leaseEndNs)
    {
        KvCodec.putLockReply(reply.buffer(KvCodec.LOCK_REPLY_LENGTH), status, command.op(), token, leaseEndNs);
        reply.length(KvCodec.LOCK_REPLY_LENGTH);
    }
}
