package io.ukehi.sim;

import io.ukehi.fencing.FencingToken;
import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.Durability;
import io.ukehi.node.SessionLimits;
import io.ukehi.node.SnapshotPolicy;

/**
 * What a world is made of, drawn from its seed: size, timeouts, lengths (small, so that boundaries are met often),
 * load, and which faults happen how often. No two seeds live through the same weather.
 */
final class SimSettings
{
    static final long US = 1_000L;
    static final long MS = 1_000_000L;

    private static final int MAX_SIZE = 7;
    private static final int HOARDED_ENTRIES = 1_000;
    private static final int SHORT_TAIL = 4;
    private static final int MAX_VALUE_LENGTH = 800;
    private static final int MUCH_LENGTH = 32 * 1024;
    private static final int MUCH_COUNT = 64;
    private static final long NEVER_NS = 1_000_000 * MS;

    /** Nodes there are, members or not. */
    final int size;
    /** Voters at first: those with the lowest ids. */
    final int members;
    /** Whether members come and go. */
    final boolean isChanging;
    final Durability durability;
    final long electionMinNs;
    final long electionMaxNs;
    final long heartbeatNs;
    /** A node without anything to do has a cycle at least this often. */
    final long idleNs;
    final long cycleDelayNs;
    final long minDelayNs;
    final long maxDelayNs;
    final long flushDelayNs;
    final boolean isFifo;
    final int driftPerMillion;
    final int maxAppendBytes;
    final int maxInflightBytes;
    private final int inflightMessages;
    final int segmentLength;
    final int maxValueLength;
    final int allocationSliceLength;
    final int applyLimit;
    final int pendingLimit;
    final int pendingLength;
    final long maxTokenSequence;
    final int clients;
    final int keys;
    final long thinkNs;
    final long requestTimeoutNs;
    final double lossRate;
    final double duplicateRate;
    final double replayRate;
    final double corruptionRate;
    final double lateRate;
    final double backPressureRate;
    final double clientLossRate;
    /** Mean time between two faults of the kinds below. */
    final long faultIntervalNs;
    final int networkWeight;
    final int crashWeight;
    final int diskWeight;
    final int orderWeight;
    final int plotWeight;
    final boolean isDamaging;
    /** Clients with sessions, beside the others. */
    final int sessionClients;
    /** Commands that one of them may have under way. */
    final int sessionWindow;
    final long retryNs;
    /** How often such a client is away for longer than its session lives, or leaves for good. */
    final double absenceRate;
    final SessionLimits sessionLimits;
    final int readers;
    final boolean isReadLease;
    /** Readers that know no other way than by lease: the first ones. */
    final int leaseReaders;
    /** How long a reader waits for an answer. */
    final long readTimeoutNs;
    final long readLeaseMarginNs;
    final CorruptionPolicy corruptionPolicy;
    /** How the weather ends: with one of the two kinds that strike many disks at once, or null. */
    final FaultKind finale;
    /** Null in worlds without snapshots. */
    final SnapshotPolicy snapshots;
    /** Members that keep all of their logs for long: a bit for each, by its id. */
    final int hoarders;
    /**
     * Whether more than a segment may be on its way to a peer, or in vain in the log of a lonely leader, and faults
     * leave time for that.
     */
    final boolean isMuch;
    /**
     * Whether snapshots are taken when an operator asks for one, and at no other time. Nothing of the log is kept below
     * one then, and much may be on its way to a peer that answers late.
     */
    final boolean isOnRequest;
    final int snapshotRetention;
    final long snapshotBytesPerSecond;

    SimSettings(final SimRandom random)
    {
        isChanging = 0 == random.nextInt(3);
        members = isChanging ? random.between(1, 4) :
            new int[]{1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7}[random.nextInt(12)];
        size = isChanging ? Math.min(MAX_SIZE, members + random.between(1, 4)) : members;
        durability = durability(random, isChanging);
        electionMinNs = random.between(60 * MS, 300 * MS);
        electionMaxNs = electionMinNs + random.between(electionMinNs / 5, 2 * electionMinNs);
        heartbeatNs = electionMinNs / random.between(2, 8);
        idleNs = heartbeatNs / random.between(1, 4);
        cycleDelayNs = random.nextBoolean() ? 0 : random.between(10 * US, 2 * MS);
        minDelayNs = random.between(20 * US, 2 * MS);
        // Now and then elections are over before all have heard of them.
        final long mostDelayNs = 0 == random.nextInt(6) ? 2 * electionMaxNs : electionMinNs / 4;
        maxDelayNs = minDelayNs + random.nextLong(1 + random.nextLong(mostDelayNs));
        flushDelayNs = random.between(20 * US, 20 * US + random.nextLong(10 * MS));
        isFifo = 0 == random.nextInt(3);
        driftPerMillion = random.nextBoolean() ? 0 : random.between(100, 30_000);
        allocationSliceLength = random.between(512, 16 * 1024);
        applyLimit = random.between(1, random.nextBoolean() ? 4 : 64);
        maxTokenSequence = 0 == random.nextInt(4) ? random.between(2, 60) : FencingToken.MAX_PART;
        keys = random.between(1, 6);
        requestTimeoutNs = random.between(electionMinNs / 2, 4 * electionMaxNs);
        lossRate = random.rate(3, 0.4);
        duplicateRate = random.rate(3, 0.4);
        replayRate = random.rate(3, 0.3);
        corruptionRate = random.rate(3, 0.1);
        lateRate = random.rate(3, 0.1);
        backPressureRate = random.rate(3, 0.3);
        clientLossRate = random.rate(3, 0.2);
        networkWeight = random.nextInt(4);
        crashWeight = random.nextInt(4);
        diskWeight = random.nextInt(4);
        orderWeight = isChanging ? random.between(1, 4) : random.nextInt(3);
        plotWeight = random.nextInt(5);
        isDamaging = !isChanging && 0 == random.nextInt(4);
        sessionClients = random.between(1, 4);
        sessionWindow = random.between(1, 6);
        retryNs = random.between(electionMinNs / 4, 2 * electionMaxNs);
        absenceRate = random.rate(2, 0.2);
        sessionLimits = new SessionLimits(
            random.between(1, 2 * sessionClients), random.between(1_000 * MS, 4_000 * MS), random.between(1, 8),
            random.between(1, 1 + random.nextInt(1_000)), random.between(1, 1 + random.nextInt(1_000)));
        readers = random.between(1, 4);
        isReadLease = random.nextBoolean();
        leaseReaders = isReadLease ? random.nextInt(readers + 1) : 0;
        readTimeoutNs = random.nextBoolean() ? requestTimeoutNs : random.between(electionMinNs / 8, electionMinNs);
        // Twice the drift is what two clocks may differ by; a little more than that must do.
        readLeaseMarginNs = electionMinNs * driftPerMillion * 9 / 4_000_000 + MS;
        corruptionPolicy = corruptionPolicy(random);
        finale = isChanging ? null : finale(random);
        // What is lost of a log below a snapshot is not told apart by the observers of damage yet.
        snapshots = isDamaging || null != finale ? null : snapshotPolicy(random);
        isMuch = isLogShort() && random.nextInt(3) > 0;
        maxValueLength = maxValueLength(random);
        hoarders = random.nextBoolean() ? 0 : random.nextInt(1 << MAX_SIZE + 1);
        // Only whole segments are given up below a snapshot.
        segmentLength = 4096 * random.between(2, isMuch ? 2 : null != snapshots || random.nextBoolean() ? 3 : 8);
        snapshotRetention = random.between(1, 3);
        snapshotBytesPerSecond = random.between(20_000, 10_000_000);
        clients = random.between(isMuch ? 8 : 1, 16);
        thinkNs = random.nextLong(1 + random.nextLong(isMuch ? MS : 10 * MS));
        faultIntervalNs = faultIntervalNs(random);
        maxAppendBytes = isMuch ? MUCH_LENGTH : random.between(64, 64 + random.nextInt(4096));
        maxInflightBytes = maxAppendBytes * random.between(1, 8);
        inflightMessages = random.between(1, 32);
        pendingLimit = isMuch ? MUCH_COUNT : random.between(1, 64);
        pendingLength = isMuch ? MUCH_LENGTH : random.between(1, 1 + random.nextInt(10_000));
        isOnRequest = isMuch && size > 2 && random.nextBoolean();
    }

    private static CorruptionPolicy corruptionPolicy(final SimRandom random)
    {
        return random.nextBoolean() ? CorruptionPolicy.ALERT_AND_CONTINUE :
            CorruptionPolicy.values()[random.nextInt(CorruptionPolicy.values().length)];
    }

    private int maxValueLength(final SimRandom random)
    {
        return isLogShort() ? random.between(200, MAX_VALUE_LENGTH) : random.between(8, 8 + random.nextInt(400));
    }

    /** Appends that may be on their way to a peer. */
    int maxInflightMessages()
    {
        return isOnRequest ? MUCH_COUNT : inflightMessages;
    }

    /** Whether so little of the log is kept below a snapshot that few entries, if they are long, are much of it. */
    boolean isLogShort()
    {
        return null != snapshots && snapshots.lagEntries() < 2 * SHORT_TAIL;
    }

    private static Durability durability(final SimRandom random, final boolean isChanging)
    {
        return switch (random.nextInt(6))
        {
            // What is promised where nothing is forced, or is damaged, is a matter of how many nodes there are.
            case 0 -> isChanging ? Durability.BATCH : Durability.ASYNC;
            case 1 -> Durability.EVERY;
            default -> Durability.BATCH;
        };
    }

    /** In some worlds leaders live long enough for much to be committed. */
    private long faultIntervalNs(final SimRandom random)
    {
        if (isMuch)
        {
            return random.between(electionMinNs, 6 * electionMinNs);
        }
        return 0 == random.nextInt(3) ?
            random.between(2 * electionMinNs, 20 * electionMinNs) :
            random.between(electionMinNs / 10, 4 * electionMinNs);
    }

    private static FaultKind finale(final SimRandom random)
    {
        return switch (random.nextInt(8))
        {
            case 0 -> FaultKind.MAJORITY_STRUCK;
            case 1, 2 -> FaultKind.MINORITY_STRUCK;
            default -> null;
        };
    }

    private static SnapshotPolicy snapshotPolicy(final SimRandom random)
    {
        // Mostly so little of the log is kept that whoever is away for a moment needs a snapshot.
        final boolean isShort = random.nextInt(3) > 0;
        final int tail = random.nextInt(1 + random.nextInt(isShort ? SHORT_TAIL : 60));
        final SnapshotPolicy policy = new SnapshotPolicy(
            random.nextInt(4) > 0 ? random.between(2, isShort ? 30 : 120) : 0, 0,
            random.between(100 * MS, 4_000 * MS), 1,
            tail, tail + random.nextInt(isShort ? SHORT_TAIL : 60), random.between(100, 4000))
            .amortized(
                isShort || random.nextBoolean() ? 0 : random.between(1, 200), random.between(2_000, 100_000))
            .paced(random.between(200_000, 100_000_000));
        return random.nextInt(6) > 0 ? policy : null;
    }

    /** When a node takes snapshots, and how much log it keeps below one. */
    SnapshotPolicy snapshotsOf(final int id)
    {
        if (isOnRequest)
        {
            return new SnapshotPolicy(
                0, 0, NEVER_NS, snapshots.minEntries(), 0, 0,
                snapshots.sliceLength(), snapshots.logPercent(), snapshots.maxLogBytes(), snapshots.bytesPerSecond());
        }
        return 0 == (hoarders >> id & 1) ? snapshots : new SnapshotPolicy(
            snapshots.entries(), snapshots.bytes(), snapshots.intervalNs(), snapshots.minEntries(),
            HOARDED_ENTRIES, HOARDED_ENTRIES, snapshots.sliceLength(), snapshots.logPercent(),
            snapshots.maxLogBytes(), snapshots.bytesPerSecond());
    }

    /** Whether a node that finds damage goes on, and is repaired by the others. */
    boolean isDamageRepaired()
    {
        return CorruptionPolicy.REFUSE_START != corruptionPolicy;
    }

    @Override
    public String toString()
    {
        return size + " nodes" + (isChanging ? ", members at first " + members : "") + ", " + durability +
            (isDamaging ? ", damage: " + corruptionPolicy : "") +
            ", election " + electionMinNs / MS + "-" + electionMaxNs / MS +
            " ms, heartbeat " + heartbeatNs / MS + " ms, delay " + minDelayNs / US + "-" + maxDelayNs / US +
            " us" + (isFifo ? " in order" : "") + ", flush " + flushDelayNs / US + " us, segments of " +
            segmentLength + ", appends of " + maxAppendBytes + " x" + maxInflightMessages() + ", " + clients +
            " clients on " + keys + " keys";
    }
}
