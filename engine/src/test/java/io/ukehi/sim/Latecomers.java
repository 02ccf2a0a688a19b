package io.ukehi.sim;

import io.ukehi.codecs.peer.AppendDecoder;
import io.ukehi.codecs.peer.HeartbeatDecoder;
import io.ukehi.codecs.peer.MessageHeaderDecoder;
import io.ukehi.log.EntryFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.agrona.BitUtil;

/**
 * Entries and the snapshot in their place come to the same node, and the entries last. A follower hears its leader's
 * entries later and later, so that more and more are on their way; the leader takes a snapshot of what the follower has
 * not heard, gives up its log below it, and has to send it in the end. As it is whole there, and before anything is
 * done about that, entries come that were on their way all the time, up to the snapshot's last one or beyond, and say
 * nothing yet of its being committed; a heartbeat that does may come with them. One at a time, in worlds where
 * operators alone ask for snapshots.
 */
final class Latecomers
{
    private final World world;
    private final SimSettings settings;
    private final SimRandom random;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final AppendDecoder append = new AppendDecoder();
    /** What is on its way, in the order in which it was said. */
    private final NavigableMap<Long, Late> late = new TreeMap<>();
    private Stage stage = Stage.NOTHING;
    private SimNode leader;
    private SimNode node;
    private long term;
    private long endNs;
    private long nextNs;
    /** The latest that the leader has sent to the node; null if none. */
    private SimEvent heartbeat;
    /** Whether entries come as the snapshot begins to come, and not as it is whole. */
    private boolean isEarly;

    /** How far it has come: what is said is late; a snapshot was asked for; the node is left to it. */
    private enum Stage
    {
        NOTHING, SLOW, ASKED, LEFT
    }

    /** A message with entries, and what it says. */
    private record Late(SimEvent event, long prevIndex, long lastIndex, long commitIndex)
    {
    }

    Latecomers(final World world, final SimRandom random)
    {
        this.world = world;
        this.settings = world.settings();
        this.random = random;
    }

    /** A leader is there: a follower of it may hear it late from now on. */
    void begin(final SimNode leading)
    {
        if (!settings.isOnRequest || isUnderWay() || null == leading || leading.isPaused() || 0 == random.nextInt(4))
        {
            return;
        }
        final SimNode other = world.node(1 + random.nextInt(settings.size));
        if (leading == other || !other.isUp() || other.raft().leaderId() != leading.id())
        {
            return;
        }
        world.network().joinAll();
        late.clear();
        heartbeat = null;
        stage = Stage.SLOW;
        leader = leading;
        node = other;
        term = leading.raft().term();
        nextNs = world.timeNs();
        endNs = nextNs + 8 * settings.electionMaxNs;
    }

    /** Whether somebody hears its leader late. */
    boolean isUnderWay()
    {
        return Stage.NOTHING != stage && world.timeNs() <= endNs;
    }

    private boolean isHolding()
    {
        return Stage.SLOW == stage || Stage.ASKED == stage;
    }

    /** A message is sent. True if it is on its way, for long or for no longer than it must be. */
    boolean takes(final SimEvent event)
    {
        if (!isUnderWay() || (event.from != leader.id() && event.node != leader.id()))
        {
            return false;
        }
        if (event.from != leader.id() || event.node != node.id() || !holds(event))
        {
            // The leader goes on leading.
            bring(event, settings.minDelayNs);
        }
        return true;
    }

    /** Whether a message to the node is kept back; of what is not, the latest heartbeat may come once more. */
    private boolean holds(final SimEvent event)
    {
        header.wrap(event.buffer, 0);
        if (HeartbeatDecoder.TEMPLATE_ID == header.templateId())
        {
            heartbeat = copy(event);
        }
        if (Stage.LEFT == stage || AppendDecoder.TEMPLATE_ID != header.templateId())
        {
            return false;
        }
        append.wrapAndApplyHeader(event.buffer, 0, header);
        if (append.term() != term)
        {
            return false;
        }
        late.put(append.sequence(), new Late(event, append.prevIndex(), lastIndex(event), append.commitIndex()));
        return true;
    }

    private static SimEvent copy(final SimEvent event)
    {
        final SimEvent copy = new SimEvent();
        copy.kind = event.kind;
        copy.node = event.node;
        copy.from = event.from;
        copy.message(event.buffer, 0, event.length, null, 0, 0);
        return copy;
    }

    private long lastIndex(final SimEvent event)
    {
        int at = append.limit();
        final int end = at + append.framesLength();
        long index = append.prevIndex();
        while (at < end)
        {
            index = EntryFrame.index(event.buffer, at);
            at += BitUtil.align(EntryFrame.length(event.buffer, at), EntryFrame.ALIGNMENT);
        }
        return index;
    }

    /** A node's cycle is over. */
    void onCycle(final SimNode cycled)
    {
        if (!isHolding() || cycled != leader)
        {
            return;
        }
        final long heardIndex = node.log().lastIndex();
        if (!leader.isLeader() || leader.raft().term() != term || world.timeNs() > endNs)
        {
            giveUp();
        }
        else if (leader.log().firstIndex() > heardIndex + 1)
        {
            stage = Stage.LEFT;
            isEarly = 0 == random.nextInt(3);
            endNs = world.timeNs() + 8 * settings.electionMaxNs;
            // So that what the node needs does not move on at once.
            world.lull(random.nextLong(4 * settings.electionMaxNs));
        }
        else if (Stage.SLOW == stage)
        {
            if (isEnough(heardIndex))
            {
                stage = Stage.ASKED;
                leader.takeSnapshot();
            }
            else if (world.timeNs() >= nextNs && !late.isEmpty())
            {
                // The leader hears of some progress, and goes on.
                nextNs = world.timeNs() + settings.heartbeatNs;
                bring(late.pollFirstEntry().getValue().event, settings.minDelayNs);
            }
        }
    }

    /** Whether a segment's worth of entries is on its way, and applied at the leader. */
    private boolean isEnough(final long heardIndex)
    {
        int length = 0;
        long reached = heardIndex;
        for (final Late message : late.values())
        {
            if (message.prevIndex <= reached && message.lastIndex > reached &&
                message.lastIndex <= leader.appliedIndex())
            {
                reached = message.lastIndex;
                length += message.event.length;
            }
        }
        return length > settings.segmentLength / 2;
    }

    private void bring(final SimEvent event, final long delayNs)
    {
        event.timeNs = world.timeNs() + delayNs;
        world.queue().put(event);
    }

    private void giveUp()
    {
        stage = Stage.NOTHING;
        late.values().forEach(message -> bring(message.event, settings.minDelayNs));
        late.clear();
    }

    /** Whether entries wait until a node has received a snapshot. */
    boolean isAwaited(final SimNode receiver)
    {
        return Stage.LEFT == stage && receiver == node;
    }

    /** A node has told how far it is with a snapshot that it was offered. */
    void onAnswered(final SimNode receiver, final long snapshotIndex)
    {
        if (isEarly)
        {
            bringAll(receiver, snapshotIndex, false);
        }
    }

    /** A node has heard that what it has received is durable, and has done nothing about that yet. */
    void onReceived(final SimNode receiver, final long snapshotIndex)
    {
        bringAll(receiver, snapshotIndex, random.nextBoolean());
    }

    private void bringAll(final SimNode receiver, final long snapshotIndex, final boolean isTold)
    {
        if (Stage.LEFT != stage || receiver != node || receiver.raft().term() != term)
        {
            return;
        }
        final List<Late> coming = leadingTo(snapshotIndex);
        if (!coming.isEmpty())
        {
            world.hit(FaultKind.LATECOMERS);
            coming.forEach(message -> bring(message.event, 1));
            if (isTold && null != heartbeat)
            {
                bring(heartbeat, 1);
            }
        }
        stage = Stage.NOTHING;
        late.clear();
    }

    /**
     * What brings the node's log up to an index or beyond, message by message, and does not tell that it is committed;
     * nothing if that does not come so far.
     */
    private List<Late> leadingTo(final long index)
    {
        final List<Late> coming = new ArrayList<>();
        long reached = node.log().lastIndex();
        for (final Late message : late.values())
        {
            if (message.commitIndex < index && message.prevIndex <= reached && message.lastIndex > reached)
            {
                coming.add(message);
                reached = message.lastIndex;
            }
        }
        return reached < index ? List.of() : coming;
    }

    /** All faults are over. */
    void calm()
    {
        if (isHolding())
        {
            giveUp();
        }
        stage = Stage.NOTHING;
    }
}
