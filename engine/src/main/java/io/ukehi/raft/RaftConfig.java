package io.ukehi.raft;

import io.ukehi.fencing.FencingToken;
import java.util.Arrays;

/**
 * Settings of the consensus rules. Fluent; {@link #conclude()} checks them as a whole. Times are in nanoseconds.
 */
public final class RaftConfig
{
    /** Most voters that a group may have. */
    public static final int MAX_MEMBERS = Configuration.MAX_VOTERS;

    private int nodeId;
    private int[] members = {};
    private Configuration configuration;
    private long configurationIndex;
    private boolean isJoining;
    private long logId = Configuration.NO_LOG;
    private int priority;
    private long demotionTimeoutNs;
    private int minVoters = 3;
    private long snapshotBytesPerSecond = 128 * 1024 * 1024;
    private long electionTimeoutMinNs = 150_000_000L;
    private long electionTimeoutMaxNs = 300_000_000L;
    private long heartbeatIntervalNs = 50_000_000L;
    private int maxAppendBytes = 256 * 1024;
    private int maxInflightBytes = 4 * 1024 * 1024;
    private int maxInflightMessages = 128;
    private long randomSeed;
    private long incarnation = 1;
    private long initialCommitIndex;
    private long repairTimeoutNs = 30_000_000_000L;
    private long slowDiskThresholdNs;
    private long slowDiskTimeoutNs = 5_000_000_000L;
    private boolean isReadLease;
    private long readLeaseMarginNs;

    /** Own member id, 1 or greater. */
    public RaftConfig nodeId(final int id)
    {
        nodeId = id;
        return this;
    }

    public int nodeId()
    {
        return nodeId;
    }

    /** Ids of all voters, this node's among them; 1 to {@link #MAX_MEMBERS}, in any number, odd or even. */
    public RaftConfig members(final int... ids)
    {
        members = ids.clone();
        Arrays.sort(members);
        return this;
    }

    /** Sorted; not to be stored into. */
    public int[] members()
    {
        return members;
    }

    /**
     * The configuration before the first one of the log, with endpoints; in the place of {@link #members(int...)}.
     *
     * @param newConfiguration not joint, or as a snapshot holds it.
     * @param index            up to which the log is contained in it: 0 for what the node is started with.
     */
    public RaftConfig configuration(final Configuration newConfiguration, final long index)
    {
        configuration = newConfiguration;
        configurationIndex = index;
        members = newConfiguration.members();
        return this;
    }

    /** In force before the first configuration of the log. */
    public Configuration configuration()
    {
        return null == configuration ?
            isJoining ? Configuration.NONE : Configuration.ofVoters(members) : configuration;
    }

    public long configurationIndex()
    {
        return configurationIndex;
    }

    /** Bytes of a snapshot sent to one peer in a second, at most; 1 or more. */
    public RaftConfig snapshotBytesPerSecond(final long bytes)
    {
        snapshotBytesPerSecond = bytes;
        return this;
    }

    public long snapshotBytesPerSecond()
    {
        return snapshotBytesPerSecond;
    }

    /** Whether the node knows of no group yet, and waits for a leader to make it a member. */
    public RaftConfig joining(final boolean isNew)
    {
        isJoining = isNew;
        return this;
    }

    public boolean isJoining()
    {
        return isJoining;
    }

    /**
     * Id of this node's log, drawn when its data directory was made; 0, the default, if nobody is to tell logs apart.
     * A node whose log is not the one that the configuration names for it does not vote, stand or vouch for anything.
     */
    public RaftConfig logId(final long id)
    {
        logId = id;
        return this;
    }

    public long logId()
    {
        return logId;
    }

    /** A leader gives leadership to a voter of a higher priority that has caught up; 0, the default, or more. */
    public RaftConfig priority(final int value)
    {
        priority = value;
        return this;
    }

    public int priority()
    {
        return priority;
    }

    /**
     * How long a voter may be silent before it becomes a learner until it is back, and how many voters stay at least.
     *
     * @param timeoutNs 0, the default, if voters stay voters.
     * @param least     1 or more.
     */
    public RaftConfig demotion(final long timeoutNs, final int least)
    {
        demotionTimeoutNs = timeoutNs;
        minVoters = least;
        return this;
    }

    public long demotionTimeoutNs()
    {
        return demotionTimeoutNs;
    }

    public int minVoters()
    {
        return minVoters;
    }

    /** Election timeouts are drawn from min (inclusive) to max (exclusive), once each time the timer is reset. */
    public RaftConfig electionTimeoutNs(final long minNs, final long maxNs)
    {
        electionTimeoutMinNs = minNs;
        electionTimeoutMaxNs = maxNs;
        return this;
    }

    public long electionTimeoutMinNs()
    {
        return electionTimeoutMinNs;
    }

    public long electionTimeoutMaxNs()
    {
        return electionTimeoutMaxNs;
    }

    /** Time between two heartbeats of a leader; less than the shortest election timeout. */
    public RaftConfig heartbeatIntervalNs(final long intervalNs)
    {
        heartbeatIntervalNs = intervalNs;
        return this;
    }

    public long heartbeatIntervalNs()
    {
        return heartbeatIntervalNs;
    }

    /** Bytes of entries in one append message; a single larger entry goes in a message of its own. */
    public RaftConfig maxAppendBytes(final int bytes)
    {
        maxAppendBytes = bytes;
        return this;
    }

    public int maxAppendBytes()
    {
        return maxAppendBytes;
    }

    /** Bytes of entries sent to one peer and not acknowledged. */
    public RaftConfig maxInflightBytes(final int bytes)
    {
        maxInflightBytes = bytes;
        return this;
    }

    public int maxInflightBytes()
    {
        return maxInflightBytes;
    }

    /** Append messages sent to one peer and not acknowledged. */
    public RaftConfig maxInflightMessages(final int messages)
    {
        maxInflightMessages = messages;
        return this;
    }

    public int maxInflightMessages()
    {
        return maxInflightMessages;
    }

    /** Seed of the election timeouts: different on every node, or all of them stand for election together. */
    public RaftConfig randomSeed(final long seed)
    {
        randomSeed = seed;
        return this;
    }

    public long randomSeed()
    {
        return randomSeed;
    }

    /** A number that no other start of this node has had, and not 0; sent along with every acknowledgement. */
    public RaftConfig incarnation(final long number)
    {
        incarnation = number;
        return this;
    }

    public long incarnation()
    {
        return incarnation;
    }

    /** Index up to which the log is known to be committed at start. */
    public RaftConfig initialCommitIndex(final long index)
    {
        initialCommitIndex = index;
        return this;
    }

    public long initialCommitIndex()
    {
        return initialCommitIndex;
    }

    /**
     * Whether a leader may answer reads by its lease (thesis 6.4.1), and voters hold back accordingly: the same on all
     * members. Safe only while no two clocks run so differently that one counts the shortest election timeout while
     * another counts that timeout less the margin.
     */
    public RaftConfig readLease(final boolean isOn)
    {
        isReadLease = isOn;
        return this;
    }

    public boolean readLease()
    {
        return isReadLease;
    }

    /**
     * What a lease is shorter than the shortest election timeout; 0, the default, makes it a fifth. With the fifth two
     * clocks may differ by a fifth of their rate.
     */
    public RaftConfig readLeaseMarginNs(final long marginNs)
    {
        readLeaseMarginNs = marginNs;
        return this;
    }

    public long readLeaseMarginNs()
    {
        return 0 == readLeaseMarginNs ? electionTimeoutMinNs / 5 : readLeaseMarginNs;
    }

    /** How long a lease lasts, from when the heartbeats were sent that a majority has answered. */
    long readLeaseNs()
    {
        return electionTimeoutMinNs - readLeaseMarginNs();
    }

    /** How long the state machine or a peer may wait for a damaged entry that the peers are asked for. */
    public RaftConfig repairTimeoutNs(final long timeoutNs)
    {
        repairTimeoutNs = timeoutNs;
        return this;
    }

    public long repairTimeoutNs()
    {
        return repairTimeoutNs;
    }

    /**
     * When a leader gives leadership away because of its disk: each entry takes longer than a threshold to become
     * durable, for so long.
     *
     * @param thresholdNs 0 if never.
     */
    public RaftConfig slowDiskNs(final long thresholdNs, final long timeoutNs)
    {
        slowDiskThresholdNs = thresholdNs;
        slowDiskTimeoutNs = timeoutNs;
        return this;
    }

    public long slowDiskThresholdNs()
    {
        return slowDiskThresholdNs;
    }

    public long slowDiskTimeoutNs()
    {
        return slowDiskTimeoutNs;
    }

    /**
     * Checks the settings.
     *
     * @return this.
     * @throws IllegalArgumentException naming the first that is wrong.
     */
    public RaftConfig conclude()
    {
        require(nodeId > 0, "nodeId must be greater than 0", nodeId);
        if (null == configuration && !isJoining)
        {
            concludeMembers();
        }
        require(heartbeatIntervalNs > 0, "heartbeatIntervalNs must be greater than 0", heartbeatIntervalNs);
        require(heartbeatIntervalNs < electionTimeoutMinNs,
            "heartbeatIntervalNs must be less than electionTimeoutMinNs", heartbeatIntervalNs);
        require(electionTimeoutMinNs < electionTimeoutMaxNs,
            "electionTimeoutMinNs must be less than electionTimeoutMaxNs", electionTimeoutMinNs);
        require(maxAppendBytes > 0, "maxAppendBytes must be greater than 0", maxAppendBytes);
        require(maxInflightBytes >= maxAppendBytes, "maxInflightBytes must hold an append", maxInflightBytes);
        require(maxInflightMessages > 0, "maxInflightMessages must be greater than 0", maxInflightMessages);
        require(priority >= 0, "priority must not be negative", priority);
        require(demotionTimeoutNs >= 0, "demotionTimeoutNs must not be negative", demotionTimeoutNs);
        require(minVoters >= 1, "minVoters must be greater than 0", minVoters);
        require(incarnation != 0, "incarnation must not be 0", incarnation);
        require(repairTimeoutNs > 0, "repairTimeoutNs must be greater than 0", repairTimeoutNs);
        require(slowDiskThresholdNs >= 0, "slowDiskThresholdNs must not be negative", slowDiskThresholdNs);
        require(slowDiskTimeoutNs > 0, "slowDiskTimeoutNs must be greater than 0", slowDiskTimeoutNs);
        require(initialCommitIndex >= 0, "initialCommitIndex must not be negative", initialCommitIndex);
        require(readLeaseMarginNs >= 0, "readLeaseMarginNs must not be negative", readLeaseMarginNs);
        require(!isReadLease || readLeaseNs() > heartbeatIntervalNs,
            "readLeaseMarginNs must leave a lease longer than heartbeatIntervalNs", readLeaseMarginNs());
        return this;
    }

    private void concludeMembers()
    {
        require(members.length >= 1 && members.length <= MAX_MEMBERS, "members must be 1 to 7", members.length);
        for (int i = 0; i < members.length; i++)
        {
            require(members[i] > 0, "member ids must be greater than 0", members[i]);
            require(0 == i || members[i] != members[i - 1], "member ids must be unique", members[i]);
        }
        require(Arrays.binarySearch(members, nodeId) >= 0, "nodeId must be one of the members", nodeId);
    }

    private static void require(final boolean holds, final String rule, final long value)
    {
        if (!holds)
        {
            throw new IllegalArgumentException(rule + ": " + value);
        }
    }

    /** Highest term: what fits a fencing token. */
    static final long MAX_TERM = FencingToken.MAX_PART;
}
