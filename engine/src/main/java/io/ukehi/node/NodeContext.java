package io.ukehi.node;

import io.aeron.CommonContext;
import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.Durability;
import io.ukehi.log.LogConfig;
import io.ukehi.Settings;
import io.ukehi.snapshot.SnapshotConfig;
import io.ukehi.statemachine.StateMachine;
import io.ukehi.transport.AeronPeersContext;
import java.io.File;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.agrona.BitUtil;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.agrona.ErrorHandler;
import org.agrona.Strings;
import org.agrona.SystemUtil;

/**
 * Settings of a node. Fluent; {@link #conclude()}, which {@link UkehiNode#launch} calls, checks them as a whole and
 * tells everything that is wrong at once.
 * <p>
 * What the program does not set is taken from the system property named here, then from the environment variable of the
 * same name in capitals with underscores ({@code UKEHI_MEMBER_ID}), then from the file given to {@link #load(Path)},
 * then from the default. Times are in nanoseconds here and carry their unit in properties ({@code 150ms}); sizes are in
 * bytes here and may carry one there ({@code 64m}).
 * <p>
 * A context belongs to one node.
 */
public final class NodeContext
{
    /** What a duty cycle does when there is nothing to do. */
    public enum Idle
    {
        /** Asks again at once: the shortest latency, for a core of its own. */
        BUSY_SPIN,

        /** Lets others run first. */
        YIELD,

        /** Spins, then yields, then sleeps for up to a tenth of a millisecond. */
        BACKOFF,

        /** Sleeps a millisecond. */
        SLEEP
    }

    /** Longest command and longest reply: what the key-value store needs. */
    public static final int MAX_LENGTH_DEFAULT = 1024 * 1024 - 1024;

    /** Id of this member, one of {@link #MEMBERS_PROP_NAME}. Required. */
    public static final String MEMBER_ID_PROP_NAME = "ukehi.member.id";

    /**
     * The members with which the cluster begins: {@code ID=HOST:PEERPORT:CLIENTPORT}, separated by commas; 1 to 7.
     * Required. Who they are later the log says; this member's own entry remains where it listens.
     */
    public static final String MEMBERS_PROP_NAME = "ukehi.members";

    /**
     * Whether this member belongs to no cluster yet, and waits for a leader to make it a member. {@link
     * #MEMBERS_PROP_NAME} then names where it is reached itself; others in it have no meaning. Only before its log
     * holds anything: afterwards the log says who the members are.
     */
    public static final String JOINING_PROP_NAME = "ukehi.joining";

    /** Identity of the cluster: messages of another are dropped, a data directory of another is refused. */
    public static final String CLUSTER_ID_PROP_NAME = "ukehi.cluster.id";

    /**
     * Incarnation of the cluster that a member joins, as {@code ukehi recover-quorum} has told; 0, the default, where a
     * quorum was never given up. Only before its log holds anything: afterwards its data directory says so.
     */
    public static final String CLUSTER_INCARNATION_PROP_NAME = "ukehi.cluster.incarnation";

    /** Raft group within the cluster, 0 or more. */
    public static final String GROUP_ID_PROP_NAME = "ukehi.group.id";

    /** Directory of log, vote and identity; {@code ukehi-data/node-ID} where it is not set. One for each member. */
    public static final String DATA_DIR_PROP_NAME = "ukehi.data.dir";

    /** When an entry counts as durable: ASYNC, BATCH or EVERY. */
    public static final String DURABILITY_PROP_NAME = "ukehi.durability";

    /** What becomes of damage in the log: TRUNCATE_TO_LAST_GOOD, REFUSE_START or ALERT_AND_CONTINUE. */
    public static final String CORRUPTION_POLICY_PROP_NAME = "ukehi.corruption.policy";

    /** How long the state machine or a peer waits for a damaged entry that the others are asked for. */
    public static final String REPAIR_TIMEOUT_PROP_NAME = "ukehi.repair.timeout";

    /** How long an entry may take to become durable on a leader's own disk before the disk is slow; 0 if for ever. */
    public static final String SLOW_DISK_THRESHOLD_PROP_NAME = "ukehi.slow.disk.threshold";

    /** How long a leader's disk may be slow before the leader hands leadership over. */
    public static final String SLOW_DISK_TIMEOUT_PROP_NAME = "ukehi.slow.disk.timeout";

    /** Length of a segment file of the log; a multiple of 4096 that holds the longest command. */
    public static final String SEGMENT_LENGTH_PROP_NAME = "ukehi.segment.length";

    /** A snapshot is taken at each multiple of so many entries; 0: not by entries. */
    public static final String SNAPSHOT_ENTRIES_PROP_NAME = "ukehi.snapshot.entries";

    /** A snapshot is taken when so many bytes of log were applied since the last; 0: not by bytes. */
    public static final String SNAPSHOT_LENGTH_PROP_NAME = "ukehi.snapshot.length";

    /** A snapshot is taken when so much time has gone since the last; 0ns: not by time. */
    public static final String SNAPSHOT_INTERVAL_PROP_NAME = "ukehi.snapshot.interval";

    /** Entries since the last snapshot below which none is taken but by hand. */
    public static final String SNAPSHOT_MIN_ENTRIES_PROP_NAME = "ukehi.snapshot.min.entries";

    /** By entries, one is taken once the log since has so many hundredths of the last one's size; 0: always. */
    public static final String SNAPSHOT_LOG_PERCENT_PROP_NAME = "ukehi.snapshot.log.percent";

    /** Bytes of log since the last snapshot at which the next is not put off any longer. */
    public static final String SNAPSHOT_LOG_MAX_PROP_NAME = "ukehi.snapshot.log.max";

    /** Bytes a second in which a snapshot is written, at most. */
    public static final String SNAPSHOT_WRITE_RATE_PROP_NAME = "ukehi.snapshot.write.rate";

    /** Snapshots kept, 1 to 100. */
    public static final String SNAPSHOT_RETENTION_PROP_NAME = "ukehi.snapshot.retention";

    /** Entries of the log kept below a snapshot. */
    public static final String SNAPSHOT_TAIL_ENTRIES_PROP_NAME = "ukehi.snapshot.tail.entries";

    /** Entries of the log that a leader keeps below a snapshot at most for a follower that is behind. */
    public static final String SNAPSHOT_LAG_ENTRIES_PROP_NAME = "ukehi.snapshot.lag.entries";

    /** Bytes a second in which a leader sends a snapshot to one follower, at most. */
    public static final String SNAPSHOT_TRANSFER_RATE_PROP_NAME = "ukehi.snapshot.transfer.rate";

    /** Longest command in bytes. The same on all members. */
    public static final String MAX_COMMAND_LENGTH_PROP_NAME = "ukehi.max.command.length";

    /** Longest reply of the state machine in bytes. The same on all members. */
    public static final String MAX_REPLY_LENGTH_PROP_NAME = "ukehi.max.reply.length";

    /** Shortest election timeout; each is drawn between the two. */
    public static final String ELECTION_TIMEOUT_MIN_PROP_NAME = "ukehi.election.timeout.min";

    /** Longest election timeout; a leader that hears no majority for so long steps down. */
    public static final String ELECTION_TIMEOUT_MAX_PROP_NAME = "ukehi.election.timeout.max";

    /** Time between two heartbeats of a leader; less than the shortest election timeout. */
    public static final String HEARTBEAT_INTERVAL_PROP_NAME = "ukehi.heartbeat.interval";

    /** A leader gives leadership to a voter of a higher priority that has caught up; 0 to 255. */
    public static final String LEADER_PRIORITY_PROP_NAME = "ukehi.leader.priority";

    /** How long a voter may be silent before it becomes a learner until it is back; 0ns: for ever. */
    public static final String DEMOTION_TIMEOUT_PROP_NAME = "ukehi.demotion.timeout";

    /** Voters that stay at least when silent ones become learners. */
    public static final String DEMOTION_MIN_VOTERS_PROP_NAME = "ukehi.demotion.min.voters";

    /** Whether the leader answers reads by its lease. The same on all members. */
    public static final String READ_LEASE_PROP_NAME = "ukehi.read.lease";

    /** What a lease is shorter than the shortest election timeout: for clocks that run differently. */
    public static final String READ_LEASE_MARGIN_PROP_NAME = "ukehi.read.lease.margin";

    /** Bytes of entries in one message to a follower; a longer entry goes alone. */
    public static final String MAX_APPEND_LENGTH_PROP_NAME = "ukehi.max.append.length";

    /** Bytes of entries sent to one follower and not acknowledged. */
    public static final String MAX_INFLIGHT_LENGTH_PROP_NAME = "ukehi.max.inflight.length";

    /** Messages with entries sent to one follower and not acknowledged, 1 to 65536. */
    public static final String MAX_INFLIGHT_MESSAGES_PROP_NAME = "ukehi.max.inflight.messages";

    /** Commands taken whose end is not known yet, 1 to 16777216. */
    public static final String PENDING_LIMIT_PROP_NAME = "ukehi.pending.limit";

    /** Bytes of commands taken whose end is not known yet. */
    public static final String PENDING_LENGTH_PROP_NAME = "ukehi.pending.length";

    /** Entries applied in one duty cycle, 1 or more. */
    public static final String APPLY_LIMIT_PROP_NAME = "ukehi.apply.limit";

    /** Bytes of the queue of the embedding program's commands; grows to take the longest. */
    public static final String COMMAND_QUEUE_LENGTH_PROP_NAME = "ukehi.command.queue.length";

    /** Clients connected at once, 1 to 65536. */
    public static final String SESSION_LIMIT_PROP_NAME = "ukehi.session.limit";

    /** How long a client may be silent. */
    public static final String SESSION_TIMEOUT_PROP_NAME = "ukehi.session.timeout";

    /** Commands of a session that may be unanswered. */
    public static final String SESSION_COMMAND_LIMIT_PROP_NAME = "ukehi.session.command.limit";

    /** Bytes of a session's commands taken whose end is not known yet. */
    public static final String SESSION_INFLIGHT_LENGTH_PROP_NAME = "ukehi.session.inflight.length";

    /** Bytes of replies kept for a session until its client has them. */
    public static final String SESSION_REPLY_LENGTH_PROP_NAME = "ukehi.session.reply.length";

    /** Whether clients may come by {@code aeron:ipc} (stream 100 + member id). */
    public static final String IPC_INGRESS_PROP_NAME = "ukehi.ipc.ingress";

    /** Whose media driver: EMBEDDED, INVOKER or EXTERNAL. */
    public static final String DRIVER_MODE_PROP_NAME = "ukehi.driver.mode";

    /** Directory of the media driver. Required with EXTERNAL; otherwise, unless set, one that only this member uses. */
    public static final String AERON_DIR_PROP_NAME = "ukehi.aeron.dir";

    /** What the duty cycle does when there is nothing to do: BUSY_SPIN, YIELD, BACKOFF or SLEEP (1 ms). */
    public static final String IDLE_STRATEGY_PROP_NAME = "ukehi.idle.strategy";

    private static final Set<String> NAMES = Set.of(
        MEMBER_ID_PROP_NAME,
        MEMBERS_PROP_NAME,
        JOINING_PROP_NAME,
        CLUSTER_ID_PROP_NAME,
        CLUSTER_INCARNATION_PROP_NAME,
        GROUP_ID_PROP_NAME,
        DATA_DIR_PROP_NAME,
        DURABILITY_PROP_NAME,
        CORRUPTION_POLICY_PROP_NAME,
        REPAIR_TIMEOUT_PROP_NAME,
        SLOW_DISK_THRESHOLD_PROP_NAME,
        SLOW_DISK_TIMEOUT_PROP_NAME,
        SEGMENT_LENGTH_PROP_NAME,
        SNAPSHOT_ENTRIES_PROP_NAME,
        SNAPSHOT_LENGTH_PROP_NAME,
        SNAPSHOT_INTERVAL_PROP_NAME,
        SNAPSHOT_MIN_ENTRIES_PROP_NAME,
        SNAPSHOT_LOG_PERCENT_PROP_NAME,
        SNAPSHOT_LOG_MAX_PROP_NAME,
        SNAPSHOT_WRITE_RATE_PROP_NAME,
        SNAPSHOT_RETENTION_PROP_NAME,
        SNAPSHOT_TAIL_ENTRIES_PROP_NAME,
        SNAPSHOT_LAG_ENTRIES_PROP_NAME,
        SNAPSHOT_TRANSFER_RATE_PROP_NAME,
        MAX_COMMAND_LENGTH_PROP_NAME,
        MAX_REPLY_LENGTH_PROP_NAME,
        ELECTION_TIMEOUT_MIN_PROP_NAME,
        ELECTION_TIMEOUT_MAX_PROP_NAME,
        HEARTBEAT_INTERVAL_PROP_NAME,
        LEADER_PRIORITY_PROP_NAME,
        DEMOTION_TIMEOUT_PROP_NAME,
        DEMOTION_MIN_VOTERS_PROP_NAME,
        READ_LEASE_PROP_NAME,
        READ_LEASE_MARGIN_PROP_NAME,
        MAX_APPEND_LENGTH_PROP_NAME,
        MAX_INFLIGHT_LENGTH_PROP_NAME,
        MAX_INFLIGHT_MESSAGES_PROP_NAME,
        PENDING_LIMIT_PROP_NAME,
        PENDING_LENGTH_PROP_NAME,
        APPLY_LIMIT_PROP_NAME,
        COMMAND_QUEUE_LENGTH_PROP_NAME,
        SESSION_LIMIT_PROP_NAME,
        SESSION_TIMEOUT_PROP_NAME,
        SESSION_COMMAND_LIMIT_PROP_NAME,
        SESSION_INFLIGHT_LENGTH_PROP_NAME,
        SESSION_REPLY_LENGTH_PROP_NAME,
        IPC_INGRESS_PROP_NAME,
        DRIVER_MODE_PROP_NAME,
        AERON_DIR_PROP_NAME,
        IDLE_STRATEGY_PROP_NAME);

    private static final int MAX_INFLIGHT_MESSAGES = 64 * 1024;
    private static final int MAX_PENDING = 16 * 1024 * 1024;
    private static final int MAX_SESSIONS = 64 * 1024;
    /** At most so much stands before a command, a reply or entries in a message. */
    private static final int MESSAGE_OVERHEAD = 1024;
    private static final int MAX_COMMAND_LENGTH = AeronPeersContext.MAX_MESSAGE_LENGTH - MESSAGE_OVERHEAD;
    private static final int MAX_SESSION_COMMANDS = 64 * 1024;
    private static final int MIN_LENGTH = 1024;
    private static final int MAX_LENGTH = 1 << 30;
    private static final int MAX_MEMBERS = 7;
    private static final int MAX_PRIORITY = 255;
    private static final int MAX_SNAPSHOTS = 100;
    private static final long MAX_TIME_NS = TimeUnit.HOURS.toNanos(1);

    private final Settings settings;
    private final Set<String> unknownNames = new TreeSet<>();
    private long memberId;
    private String members;
    private boolean joining;
    private long clusterId;
    private long clusterIncarnation;
    private long groupId;
    private String dataDirectoryName;
    private Durability durability;
    private CorruptionPolicy corruptionPolicy;
    private long repairTimeoutNs;
    private long slowDiskThresholdNs;
    private long slowDiskTimeoutNs;
    private int segmentLength;
    private long snapshotEntries;
    private int snapshotLength;
    private long snapshotIntervalNs;
    private long snapshotMinEntries;
    private long snapshotLogPercent;
    private int snapshotLogMax;
    private int snapshotWriteRate;
    private long snapshotRetention;
    private long snapshotTailEntries;
    private long snapshotLagEntries;
    private int snapshotTransferRate;
    private int maxCommandLength;
    private int maxReplyLength;
    private long electionTimeoutMinNs;
    private long electionTimeoutMaxNs;
    private long heartbeatIntervalNs;
    private long leaderPriority;
    private long demotionTimeoutNs;
    private long demotionMinVoters;
    private boolean readLease;
    private long readLeaseMarginNs;
    private int maxAppendLength;
    private int maxInflightLength;
    private long maxInflightMessages;
    private long pendingLimit;
    private int pendingLength;
    private long applyLimit;
    private int commandQueueLength;
    private long sessionLimit;
    private long sessionTimeoutNs;
    private long sessionCommandLimit;
    private int sessionInflightLength;
    private int sessionReplyLength;
    private boolean ipcIngress;
    private DriverMode driverMode;
    private String aeronDirectoryName;
    private boolean isAeronDirectoryOwn;
    private Idle idleStrategyName;
    private StateMachine stateMachine;
    private CommandListener commandListener = (correlationId, outcome, index, token, reply, offset, length) -> {};
    private ErrorHandler errorHandler = NodeContext::printError;
    private List<MemberAddress> memberAddresses = List.of();
    private boolean isAgentInvoked;
    private boolean isConcluded;

    /** With settings from system properties and the environment. */
    public NodeContext()
    {
        this(System.getenv());
    }

    /**
     * With settings from system properties, the environment and a file.
     *
     * @param file of properties, as {@code ukehi.member.id=1}.
     * @throws IOException if it cannot be read. What is wrong in it is told by {@link #conclude()}, unknown names too.
     */
    public static NodeContext load(final Path file) throws IOException
    {
        final Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file))
        {
            properties.load(reader);
        }
        return of(properties, System.getenv());
    }

    static NodeContext of(final Properties properties, final Map<String, String> environment)
    {
        final Map<String, String> values = new HashMap<>();
        properties.forEach((name, value) -> values.put(
            Settings.environmentName(name.toString()), value.toString()));
        values.putAll(environment);
        final NodeContext context = new NodeContext(values);
        properties.keySet().forEach(name -> context.unknownNames.add(name.toString()));
        context.unknownNames.removeAll(NAMES);
        return context;
    }

    NodeContext(final Map<String, String> environment)
    {
        settings = new Settings(environment);
        memberId = settings.number(MEMBER_ID_PROP_NAME, 0);
        members = settings.text(MEMBERS_PROP_NAME, "");
        joining = settings.flag(JOINING_PROP_NAME, false);
        clusterId = settings.number(CLUSTER_ID_PROP_NAME, 1);
        clusterIncarnation = settings.number(CLUSTER_INCARNATION_PROP_NAME, 0);
        groupId = settings.number(GROUP_ID_PROP_NAME, 0);
        dataDirectoryName = settings.text(DATA_DIR_PROP_NAME, null);
        durability = settings.choice(DURABILITY_PROP_NAME, Durability.BATCH);
        corruptionPolicy = settings.choice(
            CORRUPTION_POLICY_PROP_NAME, CorruptionPolicy.TRUNCATE_TO_LAST_GOOD);
        repairTimeoutNs = settings.durationNs(REPAIR_TIMEOUT_PROP_NAME, TimeUnit.SECONDS.toNanos(30));
        slowDiskThresholdNs = settings.durationNs(SLOW_DISK_THRESHOLD_PROP_NAME, TimeUnit.MILLISECONDS.toNanos(250));
        slowDiskTimeoutNs = settings.durationNs(SLOW_DISK_TIMEOUT_PROP_NAME, TimeUnit.SECONDS.toNanos(5));
        segmentLength = settings.size(SEGMENT_LENGTH_PROP_NAME, LogConfig.SEGMENT_LENGTH_DEFAULT);
        snapshotEntries = settings.number(SNAPSHOT_ENTRIES_PROP_NAME, SnapshotPolicy.ENTRIES_DEFAULT);
        snapshotLength = settings.size(SNAPSHOT_LENGTH_PROP_NAME, 0);
        snapshotIntervalNs = settings.durationNs(SNAPSHOT_INTERVAL_PROP_NAME, 0);
        snapshotMinEntries = settings.number(SNAPSHOT_MIN_ENTRIES_PROP_NAME, 1);
        snapshotLogPercent = settings.number(SNAPSHOT_LOG_PERCENT_PROP_NAME, SnapshotPolicy.LOG_PERCENT_DEFAULT);
        snapshotLogMax = settings.size(SNAPSHOT_LOG_MAX_PROP_NAME, SnapshotPolicy.MAX_LOG_BYTES_DEFAULT);
        snapshotWriteRate = settings.size(SNAPSHOT_WRITE_RATE_PROP_NAME, SnapshotPolicy.WRITE_RATE_DEFAULT);
        snapshotRetention = settings.number(SNAPSHOT_RETENTION_PROP_NAME, SnapshotConfig.RETENTION_DEFAULT);
        snapshotTailEntries = settings.number(SNAPSHOT_TAIL_ENTRIES_PROP_NAME, SnapshotPolicy.TAIL_ENTRIES_DEFAULT);
        snapshotLagEntries = settings.number(SNAPSHOT_LAG_ENTRIES_PROP_NAME, SnapshotPolicy.LAG_ENTRIES_DEFAULT);
        snapshotTransferRate = settings.size(SNAPSHOT_TRANSFER_RATE_PROP_NAME, SnapshotPolicy.TRANSFER_RATE_DEFAULT);
        maxCommandLength = settings.size(MAX_COMMAND_LENGTH_PROP_NAME, MAX_LENGTH_DEFAULT);
        maxReplyLength = settings.size(MAX_REPLY_LENGTH_PROP_NAME, MAX_LENGTH_DEFAULT);
        electionTimeoutMinNs = settings.durationNs(ELECTION_TIMEOUT_MIN_PROP_NAME, TimeUnit.MILLISECONDS.toNanos(150));
        electionTimeoutMaxNs = settings.durationNs(ELECTION_TIMEOUT_MAX_PROP_NAME, TimeUnit.MILLISECONDS.toNanos(300));
        heartbeatIntervalNs = settings.durationNs(HEARTBEAT_INTERVAL_PROP_NAME, TimeUnit.MILLISECONDS.toNanos(50));
        leaderPriority = settings.number(LEADER_PRIORITY_PROP_NAME, 0);
        demotionTimeoutNs = settings.durationNs(DEMOTION_TIMEOUT_PROP_NAME, 0);
        demotionMinVoters = settings.number(DEMOTION_MIN_VOTERS_PROP_NAME, 3);
        readLease = settings.flag(READ_LEASE_PROP_NAME, false);
        readLeaseMarginNs = settings.durationNs(READ_LEASE_MARGIN_PROP_NAME, TimeUnit.MILLISECONDS.toNanos(30));
        maxAppendLength = settings.size(MAX_APPEND_LENGTH_PROP_NAME, 256 * 1024);
        maxInflightLength = settings.size(MAX_INFLIGHT_LENGTH_PROP_NAME, 4 * 1024 * 1024);
        maxInflightMessages = settings.number(MAX_INFLIGHT_MESSAGES_PROP_NAME, 128);
        pendingLimit = settings.number(PENDING_LIMIT_PROP_NAME, ReplicaLimits.PENDING_LIMIT_DEFAULT);
        pendingLength = settings.size(PENDING_LENGTH_PROP_NAME, ReplicaLimits.PENDING_LENGTH_DEFAULT);
        applyLimit = settings.number(APPLY_LIMIT_PROP_NAME, ReplicaLimits.APPLY_LIMIT_DEFAULT);
        commandQueueLength = settings.size(COMMAND_QUEUE_LENGTH_PROP_NAME, 4 * 1024 * 1024);
        sessionLimit = settings.number(SESSION_LIMIT_PROP_NAME, 128);
        sessionTimeoutNs = settings.durationNs(SESSION_TIMEOUT_PROP_NAME, TimeUnit.SECONDS.toNanos(10));
        sessionCommandLimit = settings.number(
            SESSION_COMMAND_LIMIT_PROP_NAME, SessionLimits.DEFAULT.replyLimit());
        sessionInflightLength = settings.size(
            SESSION_INFLIGHT_LENGTH_PROP_NAME, SessionLimits.DEFAULT.inflightBytes());
        sessionReplyLength = settings.size(
            SESSION_REPLY_LENGTH_PROP_NAME, SessionLimits.DEFAULT.replyBytesLimit());
        ipcIngress = settings.flag(IPC_INGRESS_PROP_NAME, true);
        driverMode = settings.choice(DRIVER_MODE_PROP_NAME, DriverMode.EMBEDDED);
        aeronDirectoryName = settings.text(AERON_DIR_PROP_NAME, null);
        idleStrategyName = settings.choice(IDLE_STRATEGY_PROP_NAME, Idle.BACKOFF);
    }

    /**
     * Checks the settings, and fills in what depends on others.
     *
     * @return this.
     * @throws ConfigurationException that names all that are wrong.
     */
    public NodeContext conclude()
    {
        if (isConcluded)
        {
            throw new IllegalStateException("a context belongs to one node");
        }
        final List<String> problems = settings.problems();
        unknownNames.forEach(name -> problems.add(name + ": there is no such setting"));
        concludeMembers(problems);
        concludeLengths(problems);
        concludeTimes(problems);
        concludeLimits(problems);
        concludeSnapshots(problems);
        concludeDirectories(problems);
        check(null != stateMachine, "stateMachine", "null", "set by the program", problems);
        check(null != commandListener, "commandListener", "null", "a listener", problems);
        check(null != errorHandler, "errorHandler", "null", "a handler", problems);
        if (!problems.isEmpty())
        {
            throw new ConfigurationException(problems);
        }
        isConcluded = true;
        return this;
    }

    private void concludeMembers(final List<String> problems)
    {
        check(groupId >= 0 && groupId <= Integer.MAX_VALUE, GROUP_ID_PROP_NAME, groupId, "0 or more", problems);
        if (Strings.isEmpty(members))
        {
            check(false, MEMBERS_PROP_NAME, "''",
                "ID=HOST:PEERPORT:CLIENTPORT for each member, as 1=localhost:9001:9101", problems);
            return;
        }
        final int before = problems.size();
        memberAddresses = MemberAddress.parse(members, problems);
        for (int i = before; i < problems.size(); i++)
        {
            problems.set(i, MEMBERS_PROP_NAME + ": " + problems.get(i));
        }
        check(memberAddresses.size() <= MAX_MEMBERS, MEMBERS_PROP_NAME, memberAddresses.size() + " members",
            "1 to " + MAX_MEMBERS, problems);
        if (problems.size() == before && !settings.isMalformed(MEMBER_ID_PROP_NAME))
        {
            check(null != ownAddress(), MEMBER_ID_PROP_NAME, memberId,
                "one of those in " + MEMBERS_PROP_NAME + " (" + members + ")", problems);
        }
    }

    /** Longest message that carries so many bytes of a command, a reply or entries. */
    static int messageLength(final int length)
    {
        return length + MESSAGE_OVERHEAD;
    }

    private void concludeLengths(final List<String> problems)
    {
        final int most = MAX_COMMAND_LENGTH;
        check(maxCommandLength >= 1 && maxCommandLength <= most,
            MAX_COMMAND_LENGTH_PROP_NAME, maxCommandLength, "1 to " + most, problems);
        check(maxReplyLength >= 0 && maxReplyLength <= most,
            MAX_REPLY_LENGTH_PROP_NAME, maxReplyLength, "0 to " + most, problems);
        final long least = BitUtil.align(Math.clamp(maxCommandLength, 1, most) + 8192L, 4096);
        check(segmentLength >= least && 0 == (segmentLength & 4095), SEGMENT_LENGTH_PROP_NAME, segmentLength,
            "a multiple of 4096, " + least + " or more, to hold the longest command", problems);
        check(maxAppendLength >= 1024 && maxAppendLength <= most, MAX_APPEND_LENGTH_PROP_NAME, maxAppendLength,
            "1024 to " + most, problems);
        check(maxInflightLength >= maxAppendLength, MAX_INFLIGHT_LENGTH_PROP_NAME, maxInflightLength,
            MAX_APPEND_LENGTH_PROP_NAME + " (" + maxAppendLength + ") or more", problems);
        check(commandQueueLength >= 64 * 1024 && commandQueueLength <= 1 << 29,
            COMMAND_QUEUE_LENGTH_PROP_NAME, commandQueueLength, "64k to 512m", problems);
    }

    private void concludeSnapshots(final List<String> problems)
    {
        checkNotNegative(snapshotEntries, SNAPSHOT_ENTRIES_PROP_NAME, problems);
        checkNotNegative(snapshotLength, SNAPSHOT_LENGTH_PROP_NAME, problems);
        checkNotNegative(snapshotIntervalNs, SNAPSHOT_INTERVAL_PROP_NAME, problems);
        checkNotNegative(snapshotMinEntries, SNAPSHOT_MIN_ENTRIES_PROP_NAME, problems);
        check(snapshotLogPercent >= 0 && snapshotLogPercent <= SnapshotPolicy.MAX_LOG_PERCENT,
            SNAPSHOT_LOG_PERCENT_PROP_NAME, snapshotLogPercent, "0 to " + SnapshotPolicy.MAX_LOG_PERCENT, problems);
        check(snapshotLogMax >= 1, SNAPSHOT_LOG_MAX_PROP_NAME, snapshotLogMax, "1 or more", problems);
        check(snapshotWriteRate >= SnapshotConfig.CHUNK_LENGTH_DEFAULT, SNAPSHOT_WRITE_RATE_PROP_NAME,
            snapshotWriteRate, SnapshotConfig.CHUNK_LENGTH_DEFAULT + " or more", problems);
        checkNotNegative(snapshotTailEntries, SNAPSHOT_TAIL_ENTRIES_PROP_NAME, problems);
        check(snapshotLagEntries >= snapshotTailEntries, SNAPSHOT_LAG_ENTRIES_PROP_NAME, snapshotLagEntries,
            SNAPSHOT_TAIL_ENTRIES_PROP_NAME + " (" + snapshotTailEntries + ") or more", problems);
        check(snapshotRetention >= 1 && snapshotRetention <= MAX_SNAPSHOTS, SNAPSHOT_RETENTION_PROP_NAME,
            snapshotRetention, "1 to " + MAX_SNAPSHOTS, problems);
        check(snapshotTransferRate >= SnapshotConfig.CHUNK_LENGTH_DEFAULT, SNAPSHOT_TRANSFER_RATE_PROP_NAME,
            snapshotTransferRate, SnapshotConfig.CHUNK_LENGTH_DEFAULT + " or more", problems);
    }

    private void checkNotNegative(final long value, final String name, final List<String> problems)
    {
        check(value >= 0, name, value, "0 or more", problems);
    }

    private void concludeTimes(final List<String> problems)
    {
        checkTime(heartbeatIntervalNs > 0, HEARTBEAT_INTERVAL_PROP_NAME, heartbeatIntervalNs, "0", 0, problems);
        checkTime(electionTimeoutMinNs > heartbeatIntervalNs, ELECTION_TIMEOUT_MIN_PROP_NAME, electionTimeoutMinNs,
            HEARTBEAT_INTERVAL_PROP_NAME, heartbeatIntervalNs, problems);
        checkTime(electionTimeoutMaxNs > electionTimeoutMinNs, ELECTION_TIMEOUT_MAX_PROP_NAME, electionTimeoutMaxNs,
            ELECTION_TIMEOUT_MIN_PROP_NAME, electionTimeoutMinNs, problems);
        final long mostMarginNs = electionTimeoutMinNs - heartbeatIntervalNs;
        check(!readLease || (readLeaseMarginNs > 0 && readLeaseMarginNs < mostMarginNs),
            READ_LEASE_MARGIN_PROP_NAME, time(readLeaseMarginNs), "more than 0 and less than " +
            ELECTION_TIMEOUT_MIN_PROP_NAME + " less " + HEARTBEAT_INTERVAL_PROP_NAME + " (" + time(mostMarginNs) +
            "), or no lease outlives a heartbeat", problems);
        check(0 == demotionTimeoutNs || demotionTimeoutNs > electionTimeoutMaxNs, DEMOTION_TIMEOUT_PROP_NAME,
            time(demotionTimeoutNs), "0ns, or more than " + ELECTION_TIMEOUT_MAX_PROP_NAME + " (" +
            time(electionTimeoutMaxNs) + ")", problems);
        checkTime(sessionTimeoutNs > 0, SESSION_TIMEOUT_PROP_NAME, sessionTimeoutNs, "0", 0, problems);
    }

    private static void checkTime(
        final boolean holds,
        final String name,
        final long valueNs,
        final String least,
        final long leastNs,
        final List<String> problems)
    {
        final String more = 0 == leastNs ? least : least + " (" + time(leastNs) + ")";
        check(holds && valueNs <= MAX_TIME_NS, name, time(valueNs),
            "more than " + more + ", at most " + time(MAX_TIME_NS), problems);
    }

    private static String time(final long valueNs)
    {
        return valueNs < 0 ? valueNs + "ns" : SystemUtil.formatDuration(valueNs);
    }

    private void concludeLimits(final List<String> problems)
    {
        check(maxInflightMessages >= 1 && maxInflightMessages <= MAX_INFLIGHT_MESSAGES,
            MAX_INFLIGHT_MESSAGES_PROP_NAME, maxInflightMessages, "1 to " + MAX_INFLIGHT_MESSAGES, problems);
        check(leaderPriority >= 0 && leaderPriority <= MAX_PRIORITY,
            LEADER_PRIORITY_PROP_NAME, leaderPriority, "0 to " + MAX_PRIORITY, problems);
        check(demotionMinVoters >= 1 && demotionMinVoters <= MAX_MEMBERS,
            DEMOTION_MIN_VOTERS_PROP_NAME, demotionMinVoters, "1 to " + MAX_MEMBERS, problems);
        check(pendingLimit >= 1 && pendingLimit <= MAX_PENDING,
            PENDING_LIMIT_PROP_NAME, pendingLimit, "1 to " + MAX_PENDING, problems);
        check(applyLimit >= 1 && applyLimit <= Integer.MAX_VALUE,
            APPLY_LIMIT_PROP_NAME, applyLimit, "1 or more", problems);
        checkLength(pendingLength, PENDING_LENGTH_PROP_NAME, problems);
        check(sessionLimit >= 1 && sessionLimit <= MAX_SESSIONS,
            SESSION_LIMIT_PROP_NAME, sessionLimit, "1 to " + MAX_SESSIONS, problems);
        check(sessionCommandLimit >= 1 && sessionCommandLimit <= MAX_SESSION_COMMANDS,
            SESSION_COMMAND_LIMIT_PROP_NAME, sessionCommandLimit, "1 to " + MAX_SESSION_COMMANDS, problems);
        checkLength(sessionInflightLength, SESSION_INFLIGHT_LENGTH_PROP_NAME, problems);
        checkLength(sessionReplyLength, SESSION_REPLY_LENGTH_PROP_NAME, problems);
    }

    private static void checkLength(final int length, final String name, final List<String> problems)
    {
        check(length >= MIN_LENGTH && length <= MAX_LENGTH,
            name, length, MIN_LENGTH + " to " + MAX_LENGTH, problems);
    }

    private void concludeDirectories(final List<String> problems)
    {
        if (Strings.isEmpty(dataDirectoryName))
        {
            dataDirectoryName = "ukehi-data" + File.separator + "node-" + memberId;
        }
        final File data = new File(dataDirectoryName);
        check(!data.exists() || data.isDirectory(), DATA_DIR_PROP_NAME, "'" + dataDirectoryName + "'",
            "a directory, or nothing yet", problems);
        if (DriverMode.EXTERNAL == driverMode)
        {
            check(!Strings.isEmpty(aeronDirectoryName), AERON_DIR_PROP_NAME, "''",
                "the directory of a running media driver where " + DRIVER_MODE_PROP_NAME + " is EXTERNAL", problems);
        }
        else if (Strings.isEmpty(aeronDirectoryName))
        {
            aeronDirectoryName = defaultAeronDirectoryName();
            isAeronDirectoryOwn = true;
        }
    }

    /**
     * The same at every start of a member, so that what a killed process left there is cleared away by the next one.
     * The data directory is locked, so nobody else can be using it.
     */
    private String defaultAeronDirectoryName()
    {
        final Path data = Path.of(dataDirectoryName).toAbsolutePath().normalize();
        return CommonContext.getAeronDirectoryName() + "-ukehi-" + clusterId + "-" + groupId + "-" + memberId + "-" +
            Integer.toHexString(data.hashCode());
    }

    private static void check(
        final boolean holds, final String name, final Object value, final String right, final List<String> problems)
    {
        if (!holds)
        {
            problems.add(name + " = " + value + ": must be " + right);
        }
    }

    private static void printError(final Throwable error)
    {
        System.err.println("ukehi: " + error);
    }

    /** The members, once concluded. */
    public List<MemberAddress> memberAddresses()
    {
        return memberAddresses;
    }

    /** This member's address, once concluded; null if it is not one of the members. */
    public MemberAddress ownAddress()
    {
        for (final MemberAddress member : memberAddresses)
        {
            if (member.id() == memberId)
            {
                return member;
            }
        }
        return null;
    }

    /** What is replicated. Required. */
    public NodeContext stateMachine(final StateMachine machine)
    {
        stateMachine = machine;
        return this;
    }

    public StateMachine stateMachine()
    {
        return stateMachine;
    }

    /** Told how commands given to {@link UkehiNode#offer} ended; nobody is by default. */
    public NodeContext commandListener(final CommandListener listener)
    {
        commandListener = listener;
        return this;
    }

    public CommandListener commandListener()
    {
        return commandListener;
    }

    /** Told of what goes wrong, also of what ends the node; called by any of its threads. Prints a line by default. */
    public NodeContext errorHandler(final ErrorHandler handler)
    {
        errorHandler = handler;
        return this;
    }

    public ErrorHandler errorHandler()
    {
        return errorHandler;
    }

    /** A new idle strategy of the kind that is set. */
    IdleStrategy newIdleStrategy()
    {
        return switch (idleStrategyName)
        {
            case BUSY_SPIN -> new BusySpinIdleStrategy();
            case YIELD -> new YieldingIdleStrategy();
            case BACKOFF -> new BackoffIdleStrategy(
                20, 50, TimeUnit.MICROSECONDS.toNanos(1), TimeUnit.MICROSECONDS.toNanos(100));
            case SLEEP -> new SleepingMillisIdleStrategy(1);
        };
    }

    /** See {@link #MEMBER_ID_PROP_NAME}. */
    public NodeContext memberId(final int value)
    {
        settings.isSetByProgram(MEMBER_ID_PROP_NAME);
        memberId = value;
        return this;
    }

    public int memberId()
    {
        return (int)memberId;
    }

    /** See {@link #MEMBERS_PROP_NAME}. */
    public NodeContext members(final String list)
    {
        settings.isSetByProgram(MEMBERS_PROP_NAME);
        members = list;
        return this;
    }

    public String members()
    {
        return members;
    }

    /** See {@link #JOINING_PROP_NAME}. */
    public NodeContext joining(final boolean isNew)
    {
        settings.isSetByProgram(JOINING_PROP_NAME);
        joining = isNew;
        return this;
    }

    public boolean joining()
    {
        return joining;
    }

    /** See {@link #CLUSTER_ID_PROP_NAME}. */
    public NodeContext clusterId(final long value)
    {
        settings.isSetByProgram(CLUSTER_ID_PROP_NAME);
        clusterId = value;
        return this;
    }

    public long clusterId()
    {
        return clusterId;
    }

    /** See {@link #CLUSTER_INCARNATION_PROP_NAME}. */
    public NodeContext clusterIncarnation(final long value)
    {
        settings.isSetByProgram(CLUSTER_INCARNATION_PROP_NAME);
        clusterIncarnation = value;
        return this;
    }

    public long clusterIncarnation()
    {
        return clusterIncarnation;
    }

    /** See {@link #GROUP_ID_PROP_NAME}. */
    public NodeContext groupId(final int value)
    {
        settings.isSetByProgram(GROUP_ID_PROP_NAME);
        groupId = value;
        return this;
    }

    public int groupId()
    {
        return (int)groupId;
    }

    /** See {@link #DATA_DIR_PROP_NAME}. */
    public NodeContext dataDirectoryName(final String name)
    {
        settings.isSetByProgram(DATA_DIR_PROP_NAME);
        dataDirectoryName = name;
        return this;
    }

    public String dataDirectoryName()
    {
        return dataDirectoryName;
    }

    /** See {@link #DURABILITY_PROP_NAME}. */
    public NodeContext durability(final Durability level)
    {
        settings.isSetByProgram(DURABILITY_PROP_NAME);
        durability = level;
        return this;
    }

    public Durability durability()
    {
        return durability;
    }

    /** See {@link #CORRUPTION_POLICY_PROP_NAME}. In a group of one, damage is refused whatever is set. */
    public NodeContext corruptionPolicy(final CorruptionPolicy policy)
    {
        settings.isSetByProgram(CORRUPTION_POLICY_PROP_NAME);
        corruptionPolicy = policy;
        return this;
    }

    public CorruptionPolicy corruptionPolicy()
    {
        return corruptionPolicy;
    }

    /** See {@link #REPAIR_TIMEOUT_PROP_NAME}. */
    public NodeContext repairTimeoutNs(final long value)
    {
        settings.isSetByProgram(REPAIR_TIMEOUT_PROP_NAME);
        repairTimeoutNs = value;
        return this;
    }

    public long repairTimeoutNs()
    {
        return repairTimeoutNs;
    }

    /** See {@link #SLOW_DISK_THRESHOLD_PROP_NAME}. */
    public NodeContext slowDiskThresholdNs(final long value)
    {
        settings.isSetByProgram(SLOW_DISK_THRESHOLD_PROP_NAME);
        slowDiskThresholdNs = value;
        return this;
    }

    public long slowDiskThresholdNs()
    {
        return slowDiskThresholdNs;
    }

    /** See {@link #SLOW_DISK_TIMEOUT_PROP_NAME}. */
    public NodeContext slowDiskTimeoutNs(final long value)
    {
        settings.isSetByProgram(SLOW_DISK_TIMEOUT_PROP_NAME);
        slowDiskTimeoutNs = value;
        return this;
    }

    public long slowDiskTimeoutNs()
    {
        return slowDiskTimeoutNs;
    }

    /** See {@link #SEGMENT_LENGTH_PROP_NAME}. */
    public NodeContext segmentLength(final int value)
    {
        settings.isSetByProgram(SEGMENT_LENGTH_PROP_NAME);
        segmentLength = value;
        return this;
    }

    public int segmentLength()
    {
        return segmentLength;
    }

    /** See {@link #SNAPSHOT_ENTRIES_PROP_NAME}. */
    public NodeContext snapshotEntries(final long value)
    {
        settings.isSetByProgram(SNAPSHOT_ENTRIES_PROP_NAME);
        snapshotEntries = value;
        return this;
    }

    public long snapshotEntries()
    {
        return snapshotEntries;
    }

    /** See {@link #SNAPSHOT_LENGTH_PROP_NAME}. */
    public NodeContext snapshotLength(final int value)
    {
        settings.isSetByProgram(SNAPSHOT_LENGTH_PROP_NAME);
        snapshotLength = value;
        return this;
    }

    public int snapshotLength()
    {
        return snapshotLength;
    }

    /** See {@link #SNAPSHOT_INTERVAL_PROP_NAME}. In nanoseconds. */
    public NodeContext snapshotIntervalNs(final long value)
    {
        settings.isSetByProgram(SNAPSHOT_INTERVAL_PROP_NAME);
        snapshotIntervalNs = value;
        return this;
    }

    public long snapshotIntervalNs()
    {
        return snapshotIntervalNs;
    }

    /** See {@link #SNAPSHOT_MIN_ENTRIES_PROP_NAME}. */
    public NodeContext snapshotMinEntries(final long value)
    {
        settings.isSetByProgram(SNAPSHOT_MIN_ENTRIES_PROP_NAME);
        snapshotMinEntries = value;
        return this;
    }

    public long snapshotMinEntries()
    {
        return snapshotMinEntries;
    }

    /** See {@link #SNAPSHOT_LOG_PERCENT_PROP_NAME}. */
    public NodeContext snapshotLogPercent(final long value)
    {
        settings.isSetByProgram(SNAPSHOT_LOG_PERCENT_PROP_NAME);
        snapshotLogPercent = value;
        return this;
    }

    public long snapshotLogPercent()
    {
        return snapshotLogPercent;
    }

    /** See {@link #SNAPSHOT_LOG_MAX_PROP_NAME}. */
    public NodeContext snapshotLogMax(final int value)
    {
        settings.isSetByProgram(SNAPSHOT_LOG_MAX_PROP_NAME);
        snapshotLogMax = value;
        return this;
    }

    public int snapshotLogMax()
    {
        return snapshotLogMax;
    }

    /** See {@link #SNAPSHOT_WRITE_RATE_PROP_NAME}. */
    public NodeContext snapshotWriteRate(final int value)
    {
        settings.isSetByProgram(SNAPSHOT_WRITE_RATE_PROP_NAME);
        snapshotWriteRate = value;
        return this;
    }

    public int snapshotWriteRate()
    {
        return snapshotWriteRate;
    }

    /** See {@link #SNAPSHOT_RETENTION_PROP_NAME}. */
    public NodeContext snapshotRetention(final int value)
    {
        settings.isSetByProgram(SNAPSHOT_RETENTION_PROP_NAME);
        snapshotRetention = value;
        return this;
    }

    public int snapshotRetention()
    {
        return (int)snapshotRetention;
    }

    /** See {@link #SNAPSHOT_TAIL_ENTRIES_PROP_NAME}. */
    public NodeContext snapshotTailEntries(final long value)
    {
        settings.isSetByProgram(SNAPSHOT_TAIL_ENTRIES_PROP_NAME);
        snapshotTailEntries = value;
        return this;
    }

    public long snapshotTailEntries()
    {
        return snapshotTailEntries;
    }

    /** See {@link #SNAPSHOT_LAG_ENTRIES_PROP_NAME}. */
    public NodeContext snapshotLagEntries(final long value)
    {
        settings.isSetByProgram(SNAPSHOT_LAG_ENTRIES_PROP_NAME);
        snapshotLagEntries = value;
        return this;
    }

    public long snapshotLagEntries()
    {
        return snapshotLagEntries;
    }

    /** See {@link #SNAPSHOT_TRANSFER_RATE_PROP_NAME}. */
    public NodeContext snapshotTransferRate(final int value)
    {
        settings.isSetByProgram(SNAPSHOT_TRANSFER_RATE_PROP_NAME);
        snapshotTransferRate = value;
        return this;
    }

    public int snapshotTransferRate()
    {
        return snapshotTransferRate;
    }

    /** See {@link #MAX_COMMAND_LENGTH_PROP_NAME}. */
    public NodeContext maxCommandLength(final int value)
    {
        settings.isSetByProgram(MAX_COMMAND_LENGTH_PROP_NAME);
        maxCommandLength = value;
        return this;
    }

    public int maxCommandLength()
    {
        return maxCommandLength;
    }

    /** See {@link #MAX_REPLY_LENGTH_PROP_NAME}. */
    public NodeContext maxReplyLength(final int value)
    {
        settings.isSetByProgram(MAX_REPLY_LENGTH_PROP_NAME);
        maxReplyLength = value;
        return this;
    }

    public int maxReplyLength()
    {
        return maxReplyLength;
    }

    /** See {@link #ELECTION_TIMEOUT_MIN_PROP_NAME}. In nanoseconds. */
    public NodeContext electionTimeoutMinNs(final long value)
    {
        settings.isSetByProgram(ELECTION_TIMEOUT_MIN_PROP_NAME);
        electionTimeoutMinNs = value;
        return this;
    }

    public long electionTimeoutMinNs()
    {
        return electionTimeoutMinNs;
    }

    /** See {@link #ELECTION_TIMEOUT_MAX_PROP_NAME}. In nanoseconds. */
    public NodeContext electionTimeoutMaxNs(final long value)
    {
        settings.isSetByProgram(ELECTION_TIMEOUT_MAX_PROP_NAME);
        electionTimeoutMaxNs = value;
        return this;
    }

    public long electionTimeoutMaxNs()
    {
        return electionTimeoutMaxNs;
    }

    /** See {@link #HEARTBEAT_INTERVAL_PROP_NAME}. In nanoseconds. */
    public NodeContext heartbeatIntervalNs(final long value)
    {
        settings.isSetByProgram(HEARTBEAT_INTERVAL_PROP_NAME);
        heartbeatIntervalNs = value;
        return this;
    }

    public long heartbeatIntervalNs()
    {
        return heartbeatIntervalNs;
    }

    /** See {@link #LEADER_PRIORITY_PROP_NAME}. */
    public NodeContext leaderPriority(final int value)
    {
        settings.isSetByProgram(LEADER_PRIORITY_PROP_NAME);
        leaderPriority = value;
        return this;
    }

    public int leaderPriority()
    {
        return (int)leaderPriority;
    }

    /** See {@link #DEMOTION_TIMEOUT_PROP_NAME}. In nanoseconds. */
    public NodeContext demotionTimeoutNs(final long value)
    {
        settings.isSetByProgram(DEMOTION_TIMEOUT_PROP_NAME);
        demotionTimeoutNs = value;
        return this;
    }

    public long demotionTimeoutNs()
    {
        return demotionTimeoutNs;
    }

    /** See {@link #DEMOTION_MIN_VOTERS_PROP_NAME}. */
    public NodeContext demotionMinVoters(final int value)
    {
        settings.isSetByProgram(DEMOTION_MIN_VOTERS_PROP_NAME);
        demotionMinVoters = value;
        return this;
    }

    public int demotionMinVoters()
    {
        return (int)demotionMinVoters;
    }

    /** See {@link #READ_LEASE_PROP_NAME}. */
    public NodeContext readLease(final boolean isOn)
    {
        settings.isSetByProgram(READ_LEASE_PROP_NAME);
        readLease = isOn;
        return this;
    }

    public boolean readLease()
    {
        return readLease;
    }

    /** See {@link #READ_LEASE_MARGIN_PROP_NAME}. In nanoseconds. */
    public NodeContext readLeaseMarginNs(final long marginNs)
    {
        settings.isSetByProgram(READ_LEASE_MARGIN_PROP_NAME);
        readLeaseMarginNs = marginNs;
        return this;
    }

    public long readLeaseMarginNs()
    {
        return readLeaseMarginNs;
    }

    /** See {@link #MAX_APPEND_LENGTH_PROP_NAME}. */
    public NodeContext maxAppendLength(final int value)
    {
        settings.isSetByProgram(MAX_APPEND_LENGTH_PROP_NAME);
        maxAppendLength = value;
        return this;
    }

    public int maxAppendLength()
    {
        return maxAppendLength;
    }

    /** See {@link #MAX_INFLIGHT_LENGTH_PROP_NAME}. */
    public NodeContext maxInflightLength(final int value)
    {
        settings.isSetByProgram(MAX_INFLIGHT_LENGTH_PROP_NAME);
        maxInflightLength = value;
        return this;
    }

    public int maxInflightLength()
    {
        return maxInflightLength;
    }

    /** See {@link #MAX_INFLIGHT_MESSAGES_PROP_NAME}. */
    public NodeContext maxInflightMessages(final int value)
    {
        settings.isSetByProgram(MAX_INFLIGHT_MESSAGES_PROP_NAME);
        maxInflightMessages = value;
        return this;
    }

    public int maxInflightMessages()
    {
        return (int)maxInflightMessages;
    }

    /** See {@link #PENDING_LIMIT_PROP_NAME}. */
    public NodeContext pendingLimit(final int value)
    {
        settings.isSetByProgram(PENDING_LIMIT_PROP_NAME);
        pendingLimit = value;
        return this;
    }

    public int pendingLimit()
    {
        return (int)pendingLimit;
    }

    /** See {@link #PENDING_LENGTH_PROP_NAME}. */
    public NodeContext pendingLength(final int value)
    {
        settings.isSetByProgram(PENDING_LENGTH_PROP_NAME);
        pendingLength = value;
        return this;
    }

    public int pendingLength()
    {
        return pendingLength;
    }

    /** See {@link #APPLY_LIMIT_PROP_NAME}. */
    public NodeContext applyLimit(final int value)
    {
        settings.isSetByProgram(APPLY_LIMIT_PROP_NAME);
        applyLimit = value;
        return this;
    }

    public int applyLimit()
    {
        return (int)applyLimit;
    }

    /** See {@link #COMMAND_QUEUE_LENGTH_PROP_NAME}. */
    public NodeContext commandQueueLength(final int value)
    {
        settings.isSetByProgram(COMMAND_QUEUE_LENGTH_PROP_NAME);
        commandQueueLength = value;
        return this;
    }

    public int commandQueueLength()
    {
        return commandQueueLength;
    }

    /** See {@link #SESSION_LIMIT_PROP_NAME}. */
    public NodeContext sessionLimit(final int value)
    {
        settings.isSetByProgram(SESSION_LIMIT_PROP_NAME);
        sessionLimit = value;
        return this;
    }

    public int sessionLimit()
    {
        return (int)sessionLimit;
    }

    /** See {@link #SESSION_TIMEOUT_PROP_NAME}. In nanoseconds. */
    public NodeContext sessionTimeoutNs(final long value)
    {
        settings.isSetByProgram(SESSION_TIMEOUT_PROP_NAME);
        sessionTimeoutNs = value;
        return this;
    }

    public long sessionTimeoutNs()
    {
        return sessionTimeoutNs;
    }

    /** See {@link #SESSION_COMMAND_LIMIT_PROP_NAME}. */
    public NodeContext sessionCommandLimit(final int value)
    {
        settings.isSetByProgram(SESSION_COMMAND_LIMIT_PROP_NAME);
        sessionCommandLimit = value;
        return this;
    }

    public int sessionCommandLimit()
    {
        return (int)sessionCommandLimit;
    }

    /** See {@link #SESSION_INFLIGHT_LENGTH_PROP_NAME}. */
    public NodeContext sessionInflightLength(final int value)
    {
        settings.isSetByProgram(SESSION_INFLIGHT_LENGTH_PROP_NAME);
        sessionInflightLength = value;
        return this;
    }

    public int sessionInflightLength()
    {
        return sessionInflightLength;
    }

    /** See {@link #SESSION_REPLY_LENGTH_PROP_NAME}. */
    public NodeContext sessionReplyLength(final int value)
    {
        settings.isSetByProgram(SESSION_REPLY_LENGTH_PROP_NAME);
        sessionReplyLength = value;
        return this;
    }

    public int sessionReplyLength()
    {
        return sessionReplyLength;
    }

    /** See {@link #IPC_INGRESS_PROP_NAME}. */
    public NodeContext ipcIngress(final boolean isOpen)
    {
        settings.isSetByProgram(IPC_INGRESS_PROP_NAME);
        ipcIngress = isOpen;
        return this;
    }

    public boolean ipcIngress()
    {
        return ipcIngress;
    }

    /** See {@link #DRIVER_MODE_PROP_NAME}. */
    public NodeContext driverMode(final DriverMode mode)
    {
        settings.isSetByProgram(DRIVER_MODE_PROP_NAME);
        driverMode = mode;
        return this;
    }

    public DriverMode driverMode()
    {
        return driverMode;
    }

    /** See {@link #AERON_DIR_PROP_NAME}. */
    public NodeContext aeronDirectoryName(final String name)
    {
        settings.isSetByProgram(AERON_DIR_PROP_NAME);
        aeronDirectoryName = name;
        return this;
    }

    public String aeronDirectoryName()
    {
        return aeronDirectoryName;
    }

    /** Whether the media driver's directory is the default one, which nobody else uses. */
    boolean isAeronDirectoryOwn()
    {
        return isAeronDirectoryOwn;
    }

    /**
     * Whether the node has no thread of its own: its duty cycle then runs within {@link UkehiNode#invoke()}. The log's
     * flusher keeps its thread.
     */
    public NodeContext useAgentInvoker(final boolean isInvoked)
    {
        isAgentInvoked = isInvoked;
        return this;
    }

    public boolean useAgentInvoker()
    {
        return isAgentInvoked;
    }

    /** See {@link #IDLE_STRATEGY_PROP_NAME}. */
    public NodeContext idleStrategyName(final Idle kind)
    {
        settings.isSetByProgram(IDLE_STRATEGY_PROP_NAME);
        idleStrategyName = kind;
        return this;
    }

    public Idle idleStrategyName()
    {
        return idleStrategyName;
    }
}
