package io.ukehi.fencing;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What a protected resource embeds: remembers the highest token it has seen and refuses every lower one, so that the
 * late write of a deposed leader or of a lock holder whose lease has run out does nothing.
 * <p>
 * Two questions, which may be mixed:
 * <ul>
 *   <li>{@link #tryAccept(long)}, "not older than what was seen": for whoever writes many times under one token, as
 *   the holder of a lock does under the token of its acquisition;</li>
 *   <li>{@link #tryAcceptOnce(long)}, "newer than all that was seen": for writes that each have a token of their own,
 *   as a command's effect on the world has. A second delivery of the same write is refused.</li>
 * </ul>
 * {@link FencingToken#NONE} is never accepted: who has no token has no right to write.
 * <p>
 * <b>The guard decides an order; it does not hold a writer still.</b> A thread that was told yes and is paused before
 * it writes may write after one that was told yes later. So ask within the step that makes writes to the resource one
 * at a time - its only thread, its lock, its transaction - and write in that same step. A guard that outlives its
 * process is {@link FileFencingGuard}; one for many processes is a column of the table that is protected (see the page
 * "Fencing" of the book).
 * <p>
 * Lock-free: any thread may call any method, none blocks, none allocates. The order of all accepted tokens is the order
 * in which they were accepted; a caller tries again only if another raised the highest token meanwhile.
 */
public final class FencingGuard
{
    private final AtomicLong highest;

    /** Has seen no token yet: for a resource that ends with this object. */
    public FencingGuard()
    {
        this(FencingToken.NONE);
    }

    /**
     * Goes on from what the resource itself remembers.
     *
     * @param highest token that the resource has ever accepted, {@link FencingToken#NONE} if it has accepted none.
     */
    public FencingGuard(final long highest)
    {
        this.highest = new AtomicLong(highest);
    }

    /**
     * Whether a write under this token may be done: it is not older than any token seen, which it then raises.
     *
     * @param token of the write, unsigned.
     * @return false, and nothing has changed, if the token is stale or {@link FencingToken#NONE}.
     */
    public boolean tryAccept(final long token)
    {
        long seen = highest.get();
        while (FencingToken.isBefore(seen, token))
        {
            final long witness = highest.compareAndExchange(seen, token);
            if (witness == seen)
            {
                return true;
            }
            seen = witness;
        }
        return seen == token && FencingToken.NONE != token;
    }

    /**
     * Whether a write that has this token to itself may be done: it is newer than all tokens seen, which it then
     * raises. Of any number of calls with one token, at most one returns true.
     *
     * @param token of the write, unsigned.
     * @return false, and nothing has changed, if the token is stale, was seen already, or is {@link FencingToken#NONE}.
     */
    public boolean tryAcceptOnce(final long token)
    {
        long seen = highest.get();
        while (FencingToken.isBefore(seen, token))
        {
            final long witness = highest.compareAndExchange(seen, token);
            if (witness == seen)
            {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    /** The highest token accepted so far, {@link FencingToken#NONE} if there was none. */
    public long highest()
    {
        return highest.get();
    }
}
