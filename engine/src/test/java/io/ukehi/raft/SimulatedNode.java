package io.ukehi.raft;

import io.ukehi.fencing.FencingTokenState;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/** One node of a {@link SimulatedCluster}: the production rules on a disk in memory, and a clock of its own. */
public final class SimulatedNode implements RaftInvariants.Replica
{
    /** Steps of a duty cycle, in order: a crash may come between any two of them. */
    static final int STEPS = 5;

    private final SimulatedCluster cluster;
    private final int id;
    private final InMemoryLog log = new InMemoryLog();
    private final InMemoryHardState hardState = new InMemoryHardState();
    private final InMemoryDoubt doubt = new InMemoryDoubt();
    private final RecordingSender sender;
    private Raft raft;
    private FencingTokenState tokens;
    private long incarnation;
    private long clockOffsetNs;
    private double clockRate = 1.0;
    private long epochOffsetNs;
    private boolean isSilenced;
    private boolean isPaused;
    private int refusedCount;
    private ReconfigurationOutcome lastOutcome;

    SimulatedNode(final SimulatedCluster cluster, final int id)
    {
        this.cluster = cluster;
        this.id = id;
        this.sender = new RecordingSender(id, this::send);
        log.cutListener(fromIndex -> cluster.invariants().onCut(this, fromIndex));
    }

    private boolean send(final PeerMessage message)
    {
        cluster.invariants().onSend(this, message);
        return cluster.network().send(message);
    }

    /** Begins a new life on what is on disk. */
    void start()
    {
        final SimulatedCluster.Settings settings = cluster.settings();
        incarnation++;
        tokens = new FencingTokenState(settings.maxSequence);
        final RaftConfig config = new RaftConfig()
            .nodeId(id)
            .configuration(cluster.firstConfiguration(id), 0)
            .electionTimeoutNs(settings.electionTimeoutMinNs, settings.electionTimeoutMaxNs)
            .heartbeatIntervalNs(settings.heartbeatIntervalNs)
            .maxAppendBytes(settings.maxAppendBytes)
            .maxInflightBytes(settings.maxInflightBytes)
            .maxInflightMessages(settings.maxInflightMessages)
            .slowDiskNs(settings.slowDiskThresholdNs, settings.slowDiskTimeoutNs)
            .randomSeed(settings.seed * 31 + id + 1000 * incarnation)
            .incarnation(incarnation)
            .initialCommitIndex(log.commitMark());
        log.entriesPerSegment(settings.entriesPerSegment);
        raft = new Raft(config, log, hardState, doubt, tokens, sender, new Listener());
        isPaused = false;
        beginCycle();
    }

    void stop()
    {
        raft = null;
    }

    void beginCycle()
    {
        raft.onCycle(clockOffsetNs + (long)(cluster.timeNs() * clockRate), epochOffsetNs + cluster.timeNs());
    }

    /** One of the {@link #STEPS} of a duty cycle. */
    void step(final int step)
    {
        switch (step)
        {
            case 0 -> beginCycle();
            case 1 -> doTimers();
            case 2 -> raft.doReplication();
            case 3 -> log.flush();
            default -> raft.doProgress();
        }
    }

    private void doTimers()
    {
        if (!isSilenced || Role.LEADER == raft.role())
        {
            raft.doTimers();
        }
    }

    void deliver(final PeerMessage message)
    {
        beginCycle();
        message.deliver(raft);
    }

    long propose(final String command)
    {
        final byte[] bytes = command.getBytes(StandardCharsets.US_ASCII);
        return raft.propose(EntryType.COMMAND, new UnsafeBuffer(bytes), 0, bytes.length);
    }

    @Override
    public int id()
    {
        return id;
    }

    @Override
    public Raft raft()
    {
        return raft;
    }

    @Override
    public InMemoryLog log()
    {
        return log;
    }

    @Override
    public InMemoryHardState hardState()
    {
        return hardState;
    }

    @Override
    public long doubtfulTo()
    {
        return doubt.doubtfulTo();
    }

    InMemoryDoubt doubt()
    {
        return doubt;
    }

    @Override
    public long digestAt(final long index)
    {
        return log.digestAt(index);
    }

    @Override
    public long tokenAt(final long index)
    {
        return log.tokenAt(index);
    }

    public boolean isUp()
    {
        return null != raft;
    }

    public boolean isLeader()
    {
        return isUp() && Role.LEADER == raft.role();
    }

    RecordingSender sender()
    {
        return sender;
    }

    FencingTokenState tokens()
    {
        return tokens;
    }

    /** Whether the node is paused as a whole: it neither hears nor does anything, but its clock goes on. */
    boolean isPaused()
    {
        return isPaused;
    }

    void pause(final boolean isPausedNow)
    {
        isPaused = isPausedNow;
    }

    /** Whether the node refrains from standing for election: its timers stand still unless it leads. */
    void silence(final boolean isSilencedNow)
    {
        isSilenced = isSilencedNow;
    }

    /** Sets the monotonic clock: where it stands at the cluster's time 0, and how fast it runs. */
    void clock(final long offsetNs, final double rate)
    {
        clockOffsetNs = offsetNs;
        clockRate = rate;
    }

    /** Sets the wall clock. */
    void epoch(final long offsetNs)
    {
        epochOffsetNs = offsetNs;
    }

    /** Messages that this node dropped as impossible. */
    int refusedCount()
    {
        return refusedCount;
    }

    /** Commands in the log up to an index; first entries of leaders are left out. */
    List<String> commandsTo(final long index)
    {
        final List<String> commands = new ArrayList<>();
        for (long i = log.firstIndex(); i <= index; i++)
        {
            if (EntryType.COMMAND == log.typeAt(i))
            {
                commands.add(log.payloadAt(i));
            }
        }
        return commands;
    }

    /** Commands that the node knows to be committed, in order. */
    List<String> committed()
    {
        return commandsTo(raft.commitIndex());
    }

    /** How the last change of the members ended that this node led, null if none did. */
    ReconfigurationOutcome lastOutcome()
    {
        return lastOutcome;
    }

    private final class Listener implements RaftListener
    {
        @Override
        public void onReconfigured(final Configuration target, final ReconfigurationOutcome outcome)
        {
            lastOutcome = outcome;
        }

        @Override
        public void onRoleChange(final Role role, final long term, final int leaderId)
        {
            cluster.invariants().onRoleChange(SimulatedNode.this, role, term, leaderId);
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
            refusedCount++;
            if (!cluster.settings().isRefusalExpected)
            {
                cluster.invariants().onRefused(SimulatedNode.this, fromId, reason);
            }
        }
    }
}
