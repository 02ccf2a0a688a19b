package io.ukehi.sim;

import io.ukehi.raft.DoubtStore;
import java.util.Arrays;

/**
 * A node's doubt as its rules see it, with an observer in front who knows over all lives what the node has really lost
 * of what it had made durable: it must be in doubt of at least that, from start to start, until it has back what was
 * committed of it.
 */
final class ObservedDoubt implements DoubtStore
{
    private final SimNode node;
    private DoubtStore store;
    /** Highest index that the node had made durable and has lost; {@link #NO_DOUBT} if it has lost nothing. */
    private long lostTo = NO_DOUBT;
    private long[] lostDigests = new long[16];
    private boolean isDoubtful;

    ObservedDoubt(final SimNode node)
    {
        this.node = node;
    }

    /** A life begins; before the log is told. */
    void attach(final DoubtStore found)
    {
        store = found;
        isDoubtful = NO_DOUBT != store.doubtfulTo();
        Violation.check(store.doubtfulTo() >= lostTo, "a doubt is kept until it is healed", node.id(), lostTo);
    }

    void detach()
    {
        store = null;
    }

    /**
     * The log that was found lacks entries that had been durable: right only if the node knows.
     *
     * @param digests by index, of what was in the log.
     * @param index   the last that had been durable.
     */
    void lost(final long[] digests, final int index)
    {
        if (lostDigests.length < digests.length)
        {
            lostDigests = Arrays.copyOf(lostDigests, digests.length);
        }
        System.arraycopy(digests, 0, lostDigests, 0, digests.length);
        Violation.check(store.doubtfulTo() >= index, "what was durable is there after a restart, or in doubt",
            node.id(), index);
        lostTo = Math.max(lostTo, index);
    }

    /** Whether an entry, with all before it, was lost and may be found again: a disk may give back what it had not. */
    boolean wasLost(final int index, final long digest)
    {
        return index < lostDigests.length && lostDigests[index] == digest;
    }

    /** The highest index that was lost and is not known to be made good; {@link #NO_DOUBT} if there is none. */
    long lostTo()
    {
        return lostTo;
    }

    /** Whether the node is in doubt, or was at the end of its last life. */
    boolean isDoubtful()
    {
        return isDoubtful;
    }

    @Override
    public long doubtfulTo()
    {
        return store.doubtfulTo();
    }

    @Override
    public void clear()
    {
        if (NO_DOUBT != lostTo)
        {
            node.onHealed(lostDigests, lostTo);
            // Made good from here on, even if the node dies over forgetting the doubt and is in doubt of less later.
            lostTo = NO_DOUBT;
        }
        store.clear();
        isDoubtful = false;
    }
}
