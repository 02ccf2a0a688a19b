package io.ukehi;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.agrona.BitUtil;
import org.agrona.concurrent.NanoClock;

/**
 * When entries of a log passed their {@link Stage}s: every so-many-th entry, by its index, and of those the newest few
 * thousand, in a ring. To mark a run of entries costs one look at the clock and a store for each that is remembered.
 * <p>
 * An entry has a slot of 32 words, four cache lines, so that the leader and a peer on another thread write to different
 * ones:
 * <pre>
 *   +-------+---------+--------+--------+-------+--------+----+------+-----------------+------+
 *   | index | INGRESS | APPEND | COMMIT | APPLY | EGRESS | -- | SEND | FOLLOWER_APPEND | ACK  |
 *   +-------+---------+--------+--------+-------+--------+----+------+-----------------+------+
 *   0       1         2        3        4        5        6    8..15  16..23            24..31   peer 0 to 7 each
 * </pre>
 * The leader, which sees an entry first, takes the slot for it and clears it ({@link #begin}); from then on each word
 * has one writer, the thread of the node that marks it, and its first mark stands. A mark of an entry that has
 * no slot is passed over: nobody began it, or it is older than the ring, which is counted.
 * <p>
 * Any thread. Allocates nothing after construction.
 */
public final class StageMarks
{
    /** The stage was not passed, or is not known to have been. */
    public static final long UNKNOWN = Long.MIN_VALUE;

    private static final int WORDS = 4 * Stage.PEER_LIMIT;
    private static final Stage[] STAGES = Stage.values();

    private final NanoClock clock;
    private final int every;
    private final int capacity;
    private final AtomicLongArray words;
    private final AtomicLong dropped = new AtomicLong();

    /**
     * @param clock    monotonic, the same for all nodes.
     * @param every    how many-th entry is marked, 1 or more.
     * @param capacity entries that are remembered, a power of two.
     */
    public StageMarks(final NanoClock clock, final int every, final int capacity)
    {
        Invariant.check(every > 0, "entries are marked", every);
        Invariant.check(BitUtil.isPowerOfTwo(capacity), "a ring's capacity is a power of two", capacity);
        this.clock = clock;
        this.every = every;
        this.capacity = capacity;
        this.words = new AtomicLongArray(capacity * WORDS);
        for (int i = 0; i < words.length(); i++)
        {
            words.setPlain(i, i % WORDS == 0 ? 0 : UNKNOWN);
        }
    }

    /** Of every how many-th entry the stages are marked. */
    public int every()
    {
        return every;
    }

    /** Whether the stages of an entry are marked. */
    public boolean isMarked(final long index)
    {
        return 0 == index % every;
    }

    /** The time now, in nanoseconds, to be marked later. */
    public long nowNs()
    {
        return clock.nanoTime();
    }

    /** Marks that came for entries older than the ring, or for peers that it has no place for. */
    public long droppedCount()
    {
        return dropped.get();
    }

    /**
     * The leader's log contains an entry: {@link Stage#APPEND} is now.
     *
     * @param index     of the entry; others than {@link #isMarked} are passed over.
     * @param ingressNs when it was taken up.
     */
    public void begin(final long index, final long ingressNs)
    {
        if (!isMarked(index))
        {
            return;
        }
        final int slot = slot(index);
        // First the index, so that whoever is late with a mark of the entry before sees that it has gone.
        words.set(slot, index);
        for (int i = slot + 1; i < slot + WORDS; i++)
        {
            words.setPlain(i, UNKNOWN);
        }
        words.setRelease(slot + Stage.INGRESS.place(), ingressNs);
        words.setRelease(slot + Stage.APPEND.place(), clock.nanoTime());
    }

    /**
     * A stage is passed with a run of entries, now.
     *
     * @param peerId    whose stage it is, if it {@linkplain Stage#isOfPeer() is one of peers}.
     * @param fromIndex first entry.
     * @param toIndex   last entry; lower than the first one if there is none.
     */
    public void mark(final Stage stage, final int peerId, final long fromIndex, final long toIndex)
    {
        // The clock costs more than all the rest, so it is not asked for the entries between.
        if (firstMarked(fromIndex) <= toIndex)
        {
            mark(stage, peerId, fromIndex, toIndex, clock.nanoTime());
        }
    }

    /** As above, at a time that was taken before. */
    public void mark(
        final Stage stage, final int peerId, final long fromIndex, final long toIndex, final long timeNs)
    {
        // Of a run longer than the ring nothing but the end can be in it.
        final long from = Math.max(fromIndex, toIndex + 1 - (long)capacity * every);
        for (long index = firstMarked(from); index <= toIndex; index += every)
        {
            put(stage, peerId, index, timeNs);
        }
    }

    private long firstMarked(final long index)
    {
        return (index + every - 1) / every * every;
    }

    private void put(final Stage stage, final int peerId, final long index, final long timeNs)
    {
        final int slot = slot(index);
        final long indexThere = words.getAcquire(slot);
        if (stage.isOfPeer() && (peerId < 0 || peerId >= Stage.PEER_LIMIT) || indexThere > index)
        {
            dropped.incrementAndGet();
            return;
        }
        final int word = slot + stage.place() + (stage.isOfPeer() ? peerId : 0);
        if (indexThere == index && UNKNOWN == words.getPlain(word))
        {
            words.setRelease(word, timeNs);
        }
    }

    private int slot(final long index)
    {
        return ((int)(index / every) & (capacity - 1)) * WORDS;
    }

    /**
     * Reads when an entry passed its stages on the way that committed it: of several peers, that of the one whose
     * acknowledgement made the majority.
     *
     * @param index   of an entry that {@link #isMarked}.
     * @param acks    acknowledgements that are a majority together with the leader, 0 if it is one alone.
     * @param timesNs where the times are put, by the stages' {@code ordinal()}; {@link #UNKNOWN} where one is not
     *                known, and for the stages of peers if no acknowledgement is needed.
     * @return whether all are known that there have to be.
     */
    public boolean read(final long index, final int acks, final long[] timesNs)
    {
        final int slot = slot(index);
        if (words.getAcquire(slot) != index)
        {
            return false;
        }
        final int peer = 0 == acks ? -1 : decisivePeer(slot, acks);
        boolean isWhole = 0 == acks || peer >= 0;
        for (final Stage stage : STAGES)
        {
            final boolean isNeeded = !stage.isOfPeer() || peer >= 0;
            final int word = slot + stage.place() + (stage.isOfPeer() ? peer : 0);
            timesNs[stage.ordinal()] = isNeeded ? words.getAcquire(word) : UNKNOWN;
            isWhole &= !isNeeded || UNKNOWN != timesNs[stage.ordinal()];
        }
        return isWhole && words.getAcquire(slot) == index;
    }

    /** The one whose acknowledgement was the so-many-th, by time; -1 if there are not so many. */
    private int decisivePeer(final int slot, final int acks)
    {
        for (int peer = 0; peer < Stage.PEER_LIMIT; peer++)
        {
            final long timeNs = ackNs(slot, peer);
            if (UNKNOWN != timeNs && acks == rank(slot, peer, timeNs))
            {
                return peer;
            }
        }
        return -1;
    }

    /** How many acknowledgements had come with this one. */
    private int rank(final int slot, final int peer, final long timeNs)
    {
        int rank = 1;
        for (int other = 0; other < Stage.PEER_LIMIT; other++)
        {
            final long otherNs = ackNs(slot, other);
            final boolean isEarlier = otherNs - timeNs < 0 || otherNs == timeNs && other < peer;
            rank += UNKNOWN != otherNs && isEarlier ? 1 : 0;
        }
        return rank;
    }

    private long ackNs(final int slot, final int peer)
    {
        return words.getAcquire(slot + Stage.ACK.place() + peer);
    }
}
