package io.ukehi.sim;

import io.ukehi.check.LinearizabilityChecker;
import io.ukehi.Invariant;
import io.ukehi.log.StorageException;
import io.ukehi.log.StorageFullException;
import io.ukehi.raft.Configuration;
import io.ukehi.raft.RaftInvariants;
import io.ukehi.raft.RaftListener;
import io.ukehi.raft.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A cluster of whole nodes, its clients and its weather, in one thread and from one seed: the same seed lives through
 * the same events, to the bit. After every event the rules are checked; at the end the clients' history, and whether
 * the cluster comes to rest and works once all faults are over.
 */
public final class World
{
    /** Watches every event; for people. */
    public interface Trace
    {
        /** @param text what happens. */
        void line(String text);
    }

    private static final int CHECK_STEPS = 200_000;

    private final long seed;
    private final Trace trace;
    private final SimRandom random;
    private final SimSettings settings;
    private final EventQueue queue = new EventQueue();
    private final SimNetwork network;
    private final List<SimNode> nodes = new ArrayList<>();
    private final RaftInvariants invariants;
    private final Workload workload;
    private final SessionWorkload sessions;
    private final Readers readers;
    private final FaultInjector faults;
    private final MemberChanges members;
    private final Latecomers latecomers;
    private final long[] hits = new long[FaultKind.values().length];
    private long[] stateDigests = new long[256];
    private long timeNs;
    private long events;
    private long digest;
    /** Messages put on their way before this place in the order of events never arrive. */
    private long lostBefore;
    private boolean isHealed;
    /** Until then clients have nothing new to ask. */
    private long lullEndNs;
    /** More is lost than is promised to be survived. */
    private boolean isHalted;
    private boolean isUndecided;

    public World(final long seed, final Trace trace)
    {
        this.seed = seed;
        this.trace = trace;
        this.random = new SimRandom(seed);
        this.settings = new SimSettings(random.split(1));
        this.network = new SimNetwork(this, random.split(2));
        this.faults = new FaultInjector(this, random.split(3));
        this.workload = new Workload(this, random.split(4));
        this.sessions = new SessionWorkload(this, workload, random.split(5));
        this.readers = new Readers(this, random.split(6));
        this.members = new MemberChanges(this, random.split(7));
        this.latecomers = new Latecomers(this, new SimRandom(SimRandom.mix(seed)));
        for (int id = 1; id <= settings.size; id++)
        {
            nodes.add(new SimNode(this, id, random.split(100 + id)));
        }
        this.invariants = new RaftInvariants(nodes);
        if (settings.driftPerMillion > 0)
        {
            hit(FaultKind.DRIFT);
        }
    }

    /**
     * Lives through so many events with faults, then heals and sees that all is well.
     *
     * @throws Violation if a rule is broken.
     */
    public void run(final long maxEvents)
    {
        try
        {
            for (final SimNode node : nodes)
            {
                queue.put(SimEvent.Kind.RESTART, random.nextLong(settings.electionMaxNs), node.id(), 0);
            }
            workload.start();
            sessions.start();
            readers.start();
            queue.put(SimEvent.Kind.FAULT, faults.nextNs(), 0, 0);
            while (events < maxEvents)
            {
                step();
            }
            heal();
            if (faults.damage().strikeTogether())
            {
                checkHalt();
            }
            else
            {
                checkLiveness();
            }
            checkHistory();
        }
        catch (final Violation violation)
        {
            throw violation;
        }
        catch (final Throwable thrown)
        {
            throw new Violation(thrown.toString(), thrown);
        }
        finally
        {
            for (final SimNode node : nodes)
            {
                if (node.isUp())
                {
                    node.end(false);
                }
            }
        }
    }

    private void step()
    {
        final SimEvent event = queue.poll();
        timeNs = event.timeNs;
        events++;
        if (null != trace)
        {
            trace.line(describe(event));
        }
        digest = SimRandom.mix(digest ^ timeNs) + event.kind.ordinal() + event.node * 31L + event.a;
        if (SimEvent.Kind.DELIVER == event.kind)
        {
            digest += event.buffer.getLong(Long.BYTES) + event.length;
        }
        dispatch(event);
    }

    private void dispatch(final SimEvent event)
    {
        switch (event.kind)
        {
            case CLIENT -> workload.onWake(event.node);
            case REPLY -> workload.onReply(event);
            case SESSION_CLIENT -> sessions.onWake(event.node);
            case SESSION_REPLY -> sessions.onReply(event);
            case READER -> readers.onWake(event.node);
            case READ_REPLY -> readers.onReply(event);
            case FAULT ->
            {
                if (!isHealed)
                {
                    faults.strike();
                    queue.put(SimEvent.Kind.FAULT, faults.nextNs(), 0, 0);
                }
            }
            case RESTART ->
            {
                if (!node(event.node).isUp())
                {
                    start(node(event.node));
                }
            }
            case ACT -> faults.onAct(event.a);
            case RESUME ->
            {
                // What was kept back meanwhile has been put off until now.
            }
            default -> toNode(event);
        }
        queue.recycle(event);
    }

    private void toNode(final SimEvent event)
    {
        final SimNode node = node(event.node);
        if (isStale(node, event))
        {
            return;
        }
        if (node.isPaused(event.kind))
        {
            // Sockets and timers wait for the process.
            // A cycle that has begun goes on with what has come meanwhile.
            final boolean isLast = (node.isStalled() || !node.isAllPaused) && SimEvent.Kind.CYCLE == event.kind;
            final SimEvent later = queue.take(event.kind, node.pausedUntilNs + (isLast ? 1 : 0), event.node);
            later.a = event.a;
            later.b = event.b;
            later.from = event.from;
            later.c = event.c;
            if (SimEvent.Kind.DELIVER == event.kind)
            {
                later.isDamaged = event.isDamaged;
                later.message(event.buffer, 0, event.length, null, 0, 0);
            }
            queue.put(later);
            return;
        }
        try
        {
            act(node, event);
            invariants.afterStep(node);
            node.checkMembers();
            readers.onCommitted(invariants.committedIndex());
        }
        catch (final SimNode.DeathAtSend death)
        {
            end(node, FaultKind.CRASH_AT_SEND, false);
        }
        catch (final StorageException | SimDisk.PowerCut | NodeDisk.ProcessDeath death)
        {
            onStorageFailure(node, death);
        }
        if (node.isUp() && node.disk().hasDied())
        {
            end(node, null, node.disk().isPowerCut());
        }
    }

    /** All messages that are under way are lost. */
    void loseMessages()
    {
        lostBefore = queue.order();
    }

    private boolean isStale(final SimNode node, final SimEvent event)
    {
        return switch (event.kind)
        {
            case CYCLE -> event.a != node.cycleToken;
            case FLUSH -> event.a != node.flushToken;
            case DELIVER ->
                event.order < lostBefore || !node.isUp() || !network.isJoined(event.from, event.node);
            default -> !node.isUp();
        };
    }

    private void act(final SimNode node, final SimEvent event)
    {
        switch (event.kind)
        {
            case DELIVER ->
            {
                node.deliver(event);
                wantCycle(node, settings.cycleDelayNs);
            }
            case REQUEST ->
            {
                workload.onRequest(node, (int)event.a);
                wantCycle(node, settings.cycleDelayNs);
            }
            case READ ->
            {
                readers.onRead(node, (int)event.a);
                wantCycle(node, settings.cycleDelayNs);
            }
            case SESSION_REQUEST ->
            {
                sessions.onRequest(node, event);
                wantCycle(node, settings.cycleDelayNs);
            }
            case CYCLE ->
            {
                node.cycleDueNs = Long.MAX_VALUE;
                final int workCount = node.cycle();
                latecomers.onCycle(node);
                digest += node.raft().term() * 31 + node.raft().commitIndex();
                final boolean isFlushDue = node.log().durableIndex() < node.log().lastIndex();
                wantFlush(node, isFlushDue ? flushDelayNs(node) : Math.max(flushDelayNs(node), settings.idleNs));
                // A node that recovers does nothing else, and does not wait.
                final long busyNs = node.isRecovering() ? settings.cycleDelayNs + SimSettings.US : settings.idleNs / 4;
                wantCycle(node, workCount > 0 ? busyNs : settings.idleNs);
            }
            default ->
            {
                node.flushDueNs = Long.MAX_VALUE;
                if (node.flushStep() > 0)
                {
                    wantFlush(node, flushDelayNs(node));
                    wantCycle(node, settings.cycleDelayNs);
                }
            }
        }
    }

    private long flushDelayNs(final SimNode node)
    {
        final long delayNs = 1 + random.nextLong(settings.flushDelayNs);
        return timeNs < node.slowUntilNs ? 50 * delayNs : delayNs;
    }

    private void wantCycle(final SimNode node, final long delayNs)
    {
        if (timeNs + delayNs < node.cycleDueNs)
        {
            node.cycleDueNs = timeNs + delayNs;
            queue.put(SimEvent.Kind.CYCLE, node.cycleDueNs, node.id(), ++node.cycleToken);
        }
    }

    private void wantFlush(final SimNode node, final long delayNs)
    {
        if (timeNs + delayNs < node.flushDueNs)
        {
            node.flushDueNs = timeNs + delayNs;
            queue.put(SimEvent.Kind.FLUSH, node.flushDueNs, node.id(), ++node.flushToken);
        }
    }

    private void onStorageFailure(final SimNode node, final Throwable thrown)
    {
        if (node.disk().hasDied())
        {
            end(node, null, node.disk().isPowerCut());
            return;
        }
        Violation.check(node.disk().hasFailed() || thrown instanceof StorageFullException,
            "storage fails only where it was made to (" + thrown.getMessage() + ")", node.id(), 0);
        end(node, null, false);
    }

    private void start(final SimNode node)
    {
        faults.beforeStart(node);
        if (!isHealed && settings.crashWeight > 0 && 0 == random.nextInt(8))
        {
            node.disk().plan(FaultKind.POWER_CUT_AT_DISK, random.nextInt(10));
        }
        try
        {
            node.start();
            faults.damage().onStart(node);
            invariants.afterStep(node);
            wantCycle(node, 1);
        }
        catch (final StorageException | SimDisk.PowerCut | NodeDisk.ProcessDeath thrown)
        {
            if (faults.damage().isRefused(node) && !node.disk().hasDied())
            {
                faults.damage().repair(node);
                end(node, null, false);
            }
            else
            {
                if (node.disk().hasDied())
                {
                    hit(FaultKind.CRASH_IN_RECOVERY);
                }
                onStorageFailure(node, thrown);
            }
        }
    }

    void onTimeoutNow(final SimNode leader)
    {
        faults.onTimeoutNow(leader);
    }

    /** A leader has a joint configuration in its log. */
    void onJoint(final SimNode leader, final Configuration joint)
    {
        faults.plots().onJoint(leader, joint);
    }

    void beforeSnapshotIsNamed(final SimNode node)
    {
        faults.beforeSnapshotIsNamed(node);
    }

    void onPurged()
    {
        faults.onPurged();
    }

    boolean mayLosePower(final SimNode node)
    {
        return faults.damage().mayLosePower(node);
    }

    /** A node dies, and starts again some time later. */
    void end(final SimNode node, final FaultKind kind, final boolean isPowerCut)
    {
        if (null != kind)
        {
            hit(kind);
        }
        if (null != trace)
        {
            trace.line("  node " + node.id() + (isPowerCut ? " loses power" : " ends"));
        }
        node.end(isPowerCut);
        if (isPowerCut)
        {
            faults.damage().onPowerCut(node);
        }
        queue.put(SimEvent.Kind.RESTART, timeNs + downNs(), node.id(), 0);
        invariants.afterStep(node);
    }

    /** A process dies and is back before anybody misses it. */
    void endBriefly(final SimNode node)
    {
        end(node, FaultKind.KILL, false);
        queue.put(SimEvent.Kind.RESTART, timeNs + random.nextLong(1 + settings.heartbeatNs / 4), node.id(), 0);
    }

    /**
     * A process stands still.
     *
     * @param kind PAUSE: between two cycles; STALL: just behind the reading of its clock; HELD_UP: between two cycles,
     *             and its helpers go on.
     */
    void standStill(final SimNode node, final long lengthNs, final FaultKind kind)
    {
        hit(kind);
        if (FaultKind.STALL == kind)
        {
            node.stall();
        }
        node.isAllPaused = FaultKind.HELD_UP != kind;
        node.pausedUntilNs = timeNs + lengthNs;
        queue.put(SimEvent.Kind.RESUME, node.pausedUntilNs, node.id(), 0);
    }

    /** How long a node is down: now and then it is back before anybody misses it, or so late that all have gone on. */
    private long downNs()
    {
        if (isHealed)
        {
            return random.nextLong(1 + settings.heartbeatNs);
        }
        return random.nextLong(1 + random.nextLong(
            switch (random.nextInt(6))
            {
                case 0, 1 -> settings.electionMinNs / 4;
                case 2 -> 16 * settings.electionMaxNs;
                default -> 4 * settings.electionMaxNs;
            }));
    }

    /** A node is closed in order, or dies over it. */
    void stop(final SimNode node)
    {
        hit(FaultKind.STOP);
        try
        {
            node.stop();
            end(node, null, false);
        }
        catch (final StorageException | SimDisk.PowerCut | NodeDisk.ProcessDeath thrown)
        {
            onStorageFailure(node, thrown);
        }
    }

    /** Clients have nothing new to ask for a while. */
    void lull(final long lengthNs)
    {
        hit(FaultKind.LULL);
        lullEndNs = timeNs + lengthNs;
    }

    /** When clients have something to ask again; a time that is over if they have now. */
    long lullEndNs()
    {
        return isHealed ? 0 : lullEndNs;
    }

    /** All faults are over. */
    private void heal()
    {
        isHealed = true;
        network.heal();
        latecomers.calm();
        faults.calm();
        workload.end();
        sessions.end();
        readers.end();
        for (final SimNode node : nodes)
        {
            node.pausedUntilNs = Math.min(node.pausedUntilNs, timeNs);
        }
    }

    /** More may be lost than is promised to be survived: rather than answer wrongly, nobody is elected. */
    private void checkHalt()
    {
        isHalted = true;
        final long committed = invariants.committedIndex();
        final long endNs = timeNs + 20 * settings.electionMaxNs;
        while (timeNs < endNs)
        {
            step();
        }
        Violation.check(
            invariants.committedIndex() == committed, "a group that has halted commits nothing", 0, committed);
        Violation.check(null == leader(), "a group of which a majority is in doubt has no leader", 0, committed);
        for (final SimNode node : nodes)
        {
            Violation.check(node.isUp(), "a node in doubt waits, and does not end", node.id(), 0);
        }
    }

    /** A leader within a bounded time, all logs the same, and every command taken. */
    private void checkLiveness()
    {
        // A node may have to apply all of its log once more, an entry in each of its cycles.
        final long entryNs = 10 * SimSettings.MS + 4 * settings.cycleDelayNs + settings.idleNs / 4;
        final int elections = settings.isChanging ? 120 : 60;
        final long patienceNs = elections * settings.electionMaxNs + 4 * settings.requestTimeoutNs +
            (1 + invariants.committedIndex()) * entryNs;
        final long deadlineNs = timeNs + patienceNs;
        while (!workload.isQuiet() || !sessions.isQuiet() || !readers.isQuiet() || !isConverged())
        {
            if (timeNs > deadlineNs)
            {
                throw new Violation("liveness: without faults the cluster comes to rest");
            }
            step();
        }
        workload.readLast();
        readers.readLast();
        final long readDeadlineNs = timeNs + patienceNs;
        while (!workload.hasReadLast() || !readers.hasReadLast())
        {
            if (timeNs > readDeadlineNs)
            {
                throw new Violation("liveness: without faults commands are taken");
            }
            step();
        }
    }

    private boolean isConverged()
    {
        final SimNode leader = leader();
        if (null == leader || leader.raft().isReconfiguring() || !isVoter(leader))
        {
            return false;
        }
        final long lastIndex = leader.log().lastIndex();
        for (final SimNode node : nodes)
        {
            if (!leader.raft().configuration().isMember(node.id()))
            {
                continue;
            }
            if (!node.isUp() || node.isRecovering() || node.isDoubtful() || node.raft().leaderId() != leader.id() ||
                node.log().lastIndex() != lastIndex || node.raft().commitIndex() != lastIndex ||
                node.digestAt(lastIndex) != leader.digestAt(lastIndex))
            {
                return false;
            }
        }
        return true;
    }

    private static boolean isVoter(final SimNode node)
    {
        return node.raft().configuration().isVoter(node.id());
    }

    private void checkHistory()
    {
        final LinearizabilityChecker checker = new LinearizabilityChecker(workload.history(), CHECK_STEPS);
        final LinearizabilityChecker.Verdict verdict = checker.check(settings.keys);
        if (LinearizabilityChecker.Verdict.NOT_LINEARIZABLE == verdict)
        {
            throw new Violation("the clients' history is linearizable: not so for key " + checker.worstKey());
        }
        isUndecided = LinearizabilityChecker.Verdict.UNDECIDED == verdict;
    }

    /** Replicas that have applied the same have the same state. */
    void checkState(final SimNode node, final long index, final long stateDigest)
    {
        if (index >= stateDigests.length)
        {
            stateDigests = Arrays.copyOf(stateDigests, Math.max((int)index + 1, 2 * stateDigests.length));
        }
        if (0 == stateDigests[(int)index])
        {
            stateDigests[(int)index] = stateDigest;
        }
        Violation.check(stateDigests[(int)index] == stateDigest,
            "replicas that have applied the same have the same state", node.id(), index);
    }

    void onRoleChange(final SimNode node, final Role role, final long term, final int leaderId)
    {
        if (null != trace)
        {
            trace.line("  node " + node.id() + " is " + role + " in term " + term +
                (RaftListener.NO_LEADER == leaderId ? "" : ", leader " + leaderId));
        }
        Violation.check(!isHalted || Role.LEADER != role,
            "a group of which a majority is in doubt elects nobody", node.id(), term);
        invariants.onRoleChange(node, role, term, leaderId);
    }

    /** The node that leads a term now, null if none does. */
    SimNode leaderOf(final long term)
    {
        for (int i = 0; i < settings.size; i++)
        {
            final SimNode node = nodes.get(i);
            if (node.isLeader() && node.raft().term() == term)
            {
                return node;
            }
        }
        return null;
    }

    /** Of the nodes that lead the one in the highest term, null if none does. */
    SimNode leader()
    {
        SimNode leader = null;
        for (int i = 0; i < settings.size; i++)
        {
            final SimNode node = nodes.get(i);
            if (node.isLeader() && (null == leader || node.raft().term() > leader.raft().term()))
            {
                leader = node;
            }
        }
        return leader;
    }

    /** Says something that is no event of its own, to who watches. */
    void say(final String text)
    {
        if (isTraced())
        {
            trace.line("  " + text);
        }
    }

    /** Whether somebody watches. */
    boolean isTraced()
    {
        return null != trace;
    }

    void hit(final FaultKind kind)
    {
        hits[kind.ordinal()]++;
    }

    SimSettings settings()
    {
        return settings;
    }

    EventQueue queue()
    {
        return queue;
    }

    SimNetwork network()
    {
        return network;
    }

    RaftInvariants invariants()
    {
        return invariants;
    }

    MemberChanges members()
    {
        return members;
    }

    Latecomers latecomers()
    {
        return latecomers;
    }

    Workload workload()
    {
        return workload;
    }

    Readers readers()
    {
        return readers;
    }

    SessionWorkload sessions()
    {
        return sessions;
    }

    List<SimNode> nodes()
    {
        return nodes;
    }

    SimNode node(final int id)
    {
        Invariant.check(id > 0 && id <= settings.size, "a node's id", id);
        return nodes.get(id - 1);
    }

    long timeNs()
    {
        return timeNs;
    }

    boolean isHealed()
    {
        return isHealed;
    }

    public long seed()
    {
        return seed;
    }

    /** Events so far. */
    public long events()
    {
        return events;
    }

    /** Stands for everything that has happened. */
    public long digest()
    {
        return digest;
    }

    /** How often each fault was met, by {@link FaultKind}'s ordinal. */
    public long[] hits()
    {
        return hits;
    }

    /** Whether the history was too tangled to be judged. */
    public boolean isUndecided()
    {
        return isUndecided;
    }

    /** Commands that were committed. */
    public long committed()
    {
        return invariants.committedIndex();
    }

    /** What a person wants to see of a world that went wrong. */
    public String describe()
    {
        final StringBuilder text = new StringBuilder("seed ").append(seed).append(", ").append(settings)
            .append("\nafter ").append(events).append(" events, at ").append(timeNs / 1_000).append(" us");
        for (final SimNode node : nodes)
        {
            text.append("\n  ").append(node);
        }
        return text.toString();
    }

    private String describe(final SimEvent event)
    {
        return events + " " + timeNs / 1000 + " us " + event.kind + " " + event.node + " " +
            switch (event.kind)
            {
                case DELIVER -> MessageText.of(event);
                case REQUEST, REPLY -> workload.history().describe((int)event.a);
                case SESSION_REQUEST, SESSION_REPLY -> event.a + " " + event.b + " " + event.c;
                case CYCLE, FLUSH -> node(event.node).toString();
                default -> "";
            };
    }
}
