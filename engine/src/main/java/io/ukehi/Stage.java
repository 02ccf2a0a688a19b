package io.ukehi;

import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.NanoClock;

/**
 * What a client's command goes through, in this order, if its leader stays in office: where its time goes. Marked only
 * if the system property {@value #PROPERTY} says of every how many-th entry when the class is loaded; otherwise a mark
 * is a branch on a constant, which compiles to nothing. Nothing is marked before a node of this process has given its
 * clock ({@link #start}), and nothing is allocated after that.
 * <p>
 * For measurements of <b>one</b> cluster in one process, since entries are known by their index alone, and times of
 * several threads are compared on one clock.
 */
public enum Stage
{
    /** The leader takes the command up: it was read off the network, and its session is about to be asked. */
    INGRESS(1, false),
    /** The leader's log contains its entry. */
    APPEND(2, false),
    /** The leader begins to hand the entry to the way to a peer; only the first time that succeeds. */
    SEND(Stage.PEER_LIMIT, true),
    /** The peer's log contains the entry. It need not be durable. */
    FOLLOWER_APPEND(2 * Stage.PEER_LIMIT, true),
    /** The leader has heard that the peer vouches for the entry: it is as durable there as configured. */
    ACK(3 * Stage.PEER_LIMIT, true),
    /** The leader knows that the entry is committed. */
    COMMIT(3, false),
    /** The leader's state machine has answered. */
    APPLY(4, false),
    /** The leader begins to hand the reply to the way to the client. */
    EGRESS(5, false);

    /** Says of every how many-th entry the stages are marked; 0, as is the default, is of none. */
    public static final String PROPERTY = "ukehi.stages";

    /** Ids of peers whose stages are marked are lower. */
    public static final int PEER_LIMIT = 8;

    /** Entries marked that are remembered: at every seventh, 28,672 entries, far more than a client has under way. */
    private static final int CAPACITY = 4096;

    private static final int EVERY = Integer.getInteger(PROPERTY, 0);
    private static final boolean IS_ON = EVERY > 0;
    private static final AtomicReference<StageMarks> MARKS = new AtomicReference<>();

    private final int place;
    private final boolean isOfPeer;

    Stage(final int place, final boolean isOfPeer)
    {
        this.place = place;
        this.isOfPeer = isOfPeer;
    }

    /** Whether every peer passes it for itself. */
    public boolean isOfPeer()
    {
        return isOfPeer;
    }

    /** Where its time stands among those of an entry; that of peer 0, if each peer has its own. */
    int place()
    {
        return place;
    }

    /** Whether stages are marked. */
    public static boolean isOn()
    {
        return IS_ON;
    }

    /** A node begins: stages are marked from here on, if they are to be. The first clock is the one that is used. */
    public static void start(final NanoClock clock)
    {
        if (IS_ON && null == MARKS.get())
        {
            MARKS.compareAndSet(null, new StageMarks(clock, EVERY, CAPACITY));
        }
    }

    /** What is marked; null before {@link #start}, and if nothing is. Any thread. */
    public static StageMarks marks()
    {
        return IS_ON ? MARKS.get() : null;
    }

    /** Whether the stages of an entry are marked. */
    public static boolean isMarked(final long index)
    {
        final StageMarks marks = marks();
        return null != marks && marks.isMarked(index);
    }

    /** The time now, to be marked later; 0 if nothing is marked. */
    public static long nowNs()
    {
        final StageMarks marks = marks();
        return null == marks ? 0 : marks.nowNs();
    }

    /** As {@link StageMarks#begin}. */
    public static void begin(final long index, final long ingressNs)
    {
        final StageMarks marks = marks();
        if (null != marks)
        {
            marks.begin(index, ingressNs);
        }
    }

    /** The leader passes this stage with an entry. */
    public void mark(final long index)
    {
        mark(0, index, index);
    }

    /** The leader passes this stage with a run of entries; with none if the last is lower than the first. */
    public void mark(final long fromIndex, final long toIndex)
    {
        mark(0, fromIndex, toIndex);
    }

    /** A peer passes this stage, or the leader as to the peer, with a run of entries. */
    public void mark(final int peerId, final long fromIndex, final long toIndex)
    {
        final StageMarks marks = marks();
        if (null != marks)
        {
            marks.mark(this, peerId, fromIndex, toIndex);
        }
    }

    /** As above, at a time that was taken before: {@link #nowNs}. */
    public void mark(final int peerId, final long fromIndex, final long toIndex, final long timeNs)
    {
        final StageMarks marks = marks();
        if (null != marks)
        {
            marks.mark(this, peerId, fromIndex, toIndex, timeNs);
        }
    }
}
