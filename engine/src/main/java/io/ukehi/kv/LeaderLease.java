package io.ukehi.kv;

/**
 * Keeps a lock for as long as it can: the way in which one of several programs is the leader of something outside the
 * cluster. A program calls {@link #doWork} again and again, acts while {@link #isHeld} and shows {@link #token()} to
 * everything it writes to.
 * <pre>{@code
 * lease.doWork(System.nanoTime());
 * if (lease.isHeld(System.nanoTime()))
 * {
 *     venue.send(lease.token(), order);
 * }
 * }</pre>
 * A lease by itself is a hint: between the question whether it is held and the write, a program may be paused for
 * longer than any lease. That the write is refused then is for the guard of what is written to; see the page "Fencing"
 * of the book. The lease is for having one at work most of the time, the token for never having two.
 * <p>
 * The lease counts from before it was asked for, on this program's monotonic clock, and a twentieth of it is given away
 * for clocks that do not run alike. It is renewed after a third. Used by one thread, that of the {@link KvClient},
 * which also polls the client below it: a session that ends for its client's silence loses its locks.
 */
public final class LeaderLease
{
    /** The token while the lock is not held. No token has this value. */
    public static final long NO_TOKEN = 0;

    private static final int RENEWALS = 3;
    private static final int DRIFT_PART = 20;

    private final KvClient store;
    private final String name;
    private final long leaseNs;
    private KvLock lock;
    private long dueNs;
    private long endNs;
    private boolean hasBegun;

    /**
     * @param store   to hold the lock in.
     * @param name    of the lock: a key of the store.
     * @param leaseNs after which the lock is free if its holder is gone, 1 to {@link KvCodec#MAX_LEASE_NS}.
     */
    public LeaderLease(final KvClient store, final String name, final long leaseNs)
    {
        this.store = store;
        this.name = name;
        this.leaseNs = leaseNs;
    }

    /**
     * Acquires or renews the lock if that is due. Waits for the answer. What it throws, as {@link KvClient} does,
     * changes nothing: the next call tries again.
     *
     * @param nowNs monotonic time in nanoseconds.
     * @return whether the lock is held.
     */
    public boolean doWork(final long nowNs)
    {
        if (!hasBegun || nowNs - dueNs >= 0)
        {
            hasBegun = true;
            lock = null == lock ? store.acquire(name, leaseNs) : store.renew(lock, leaseNs);
            dueNs = nowNs + leaseNs / RENEWALS;
            endNs = nowNs + leaseNs - leaseNs / DRIFT_PART;
        }
        return isHeld(nowNs);
    }

    /**
     * Whether the lock is held, as far as this program can know.
     *
     * @param nowNs monotonic time in nanoseconds.
     */
    public boolean isHeld(final long nowNs)
    {
        return null != lock && nowNs - endNs < 0;
    }

    /** The fencing token of the acquisition, or {@link #NO_TOKEN}; the same for as long as the lock is held. */
    public long token()
    {
        return null == lock ? NO_TOKEN : lock.token();
    }

    /** Gives the lock up, so that others need not wait for the end of the lease. */
    public void release()
    {
        if (null != lock)
        {
            final KvLock held = lock;
            lock = null;
            hasBegun = false;
            store.release(held);
        }
    }
}
