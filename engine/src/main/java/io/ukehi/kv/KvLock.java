package io.ukehi.kv;

/**
 * A lock that was acquired: what its holder shows to renew and to release it, and to everything it writes to.
 *
 * @param name           key of the lock.
 * @param token          fencing token of the acquisition: greater than that of every holder before.
 * @param leaseEndTimeNs cluster time at which the lock is free again unless it is renewed, in nanoseconds since the
 *                       epoch. The clock is the cluster's: a holder that counts on its own goes by when it asked (see
 *                       {@link LockHolder}).
 */
public record KvLock(String name, long token, long leaseEndTimeNs)
{
}
