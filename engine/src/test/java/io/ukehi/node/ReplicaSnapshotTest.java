package io.ukehi.node;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.QueryCode;
import io.ukehi.kv.KvCodec;
import io.ukehi.kv.KvStateMachine;
import io.ukehi.log.Durability;
import io.ukehi.log.HardStateFile;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import io.ukehi.log.StorageException;
import io.ukehi.raft.Configuration;
import io.ukehi.raft.DoubtStore;
import io.ukehi.raft.RaftConfig;
import io.ukehi.raft.RecordingSender;
import io.ukehi.raft.Role;
import io.ukehi.raft.SnapshotSink;
import io.ukehi.sim.SimDisk;
import io.ukehi.snapshot.SnapshotConfig;
import io.ukehi.snapshot.SnapshotStore;
import io.ukehi.statemachine.CommandApplier;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.SnapshotLoader;
import io.ukehi.statemachine.SnapshotTask;
import io.ukehi.statemachine.SnapshotWriter;
import io.ukehi.statemachine.StateMachine;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;

/** A group of one on a simulated disk: snapshots taken, the log given up below them, and starts from both. */
class ReplicaSnapshotTest
{
    private static final long MS = 1_000_000;
    private static final SnapshotPolicy POLICY = new SnapshotPolicy(100, 0, 0, 0, 40, 200, 2000);

    private SimDisk disk = new SimDisk();
    private StateMachine machine = new KvStateMachine();
    private SnapshotPolicy policy = POLICY;
    private SegmentedLog wal;
    private SnapshotStore store;
    private Replica replica;
    private long nowNs;
    private long commandCount;

    private void start()
    {
        final HardStateFile hardState = HardStateFile.open(disk);
        open();
        final SegmentedRaftLog log = new SegmentedRaftLog(wal);
        final long snapshotIndex = Replica.reconcile(store, log);
        final RaftConfig config = new RaftConfig().nodeId(1).members(1).incarnation(1)
            .initialCommitIndex(Math.max(snapshotIndex, wal.recovery().commitIndex()));
        if (snapshotIndex > 0)
        {
            final byte[] members = store.newest().members();
            config.configuration(Configuration.decode(new UnsafeBuffer(members), 0, members.length), snapshotIndex);
        }
        replica = new Replica(config, log, new HardStateRecord(hardState), DoubtStore.NONE, new RecordingSender(1),
            machine, new ReplicaLimits(1024), new Nobody()).snapshots(store, policy);
        replica.start();
    }

    private void restart(final boolean isPowerCut)
    {
        replica.stop();
        disk = isPowerCut ? disk.afterPowerCut(new java.util.SplittableRandom(3)) : disk.afterKill();
        machine = machine instanceof KvStateMachine ? new KvStateMachine() : new Unsliced();
        start();
    }

    private void cycle()
    {
        nowNs += MS;
        replica.onCycle(nowNs, nowNs);
        replica.doWork();
        wal.flusher().doWork();
        store.worker().doWork();
    }

    private void lead()
    {
        for (int i = 0; i < 20_000 && Role.LEADER != replica.raft().role(); i++)
        {
            cycle();
        }
        assertEquals(Role.LEADER, replica.raft().role());
    }

    private void put(final int count)
    {
        final UnsafeBuffer command = new UnsafeBuffer(new byte[512]);
        for (int i = 0; i < count; i++)
        {
            commandCount++;
            final byte[] key = ("key-" + commandCount % 70).getBytes(US_ASCII);
            final UnsafeBuffer value = new UnsafeBuffer(new byte[(int)(commandCount % 90)]);
            command.setMemory(0, 16, (byte)0);
            final int length = 16 + KvCodec.encodePut(
                command, 16, new UnsafeBuffer(key), 0, key.length, value, 0, value.capacity());
            while (replica.propose(command, 0, length) < 0)
            {
                cycle();
            }
            cycle();
        }
        settle();
    }

    private void settle()
    {
        for (int i = 0; i < 5000 && replica.appliedIndex() < wal.lastIndex(); i++)
        {
            cycle();
        }
        for (int i = 0; i < 50; i++)
        {
            cycle();
        }
        assertEquals(wal.lastIndex(), replica.appliedIndex());
    }

    private long segments()
    {
        return Arrays.stream(disk.list()).filter(name -> name.endsWith(".seg")).count();
    }

    @Test
    void shouldTakeASnapshotAtEachMultipleAndGiveUpTheLogBelow()
    {
        start();
        lead();
        put(99);
        assertEquals(100, replica.snapshotIndex());
        assertTrue(wal.firstIndex() <= 61, "the tail is kept: " + wal.firstIndex());
        put(500);
        assertEquals(600, replica.snapshotIndex());
        assertTrue(wal.firstIndex() > 400 && wal.firstIndex() <= 561, "first index " + wal.firstIndex());
        assertEquals(2, store.count());
        assertTrue(segments() < 8, "files of the log: " + segments());
    }

    @Test
    void shouldStartFromTheSnapshotAndTheLogBehindIt()
    {
        start();
        lead();
        put(730);
        final long digest = replica.stateDigest();
        final long last = wal.lastIndex();
        for (final boolean isPowerCut : new boolean[]{false, true})
        {
            restart(isPowerCut);
            assertEquals(0, replica.appliedIndex());
            assertTrue(replica.isRecovering());
            lead();
            settle();
            assertTrue(replica.appliedIndex() > last);
            assertEquals(digest, replica.stateDigest());
        }
        put(300);
        assertEquals(1000, replica.snapshotIndex());
    }

    @Test
    void shouldFallBackToAnOlderSnapshotWhenTheNewestIsDamagedAndTheLogCoversTheRest()
    {
        policy = new SnapshotPolicy(100, 0, 0, 0, 200, 200, 2000);
        start();
        lead();
        put(330);
        final long digest = replica.stateDigest();
        final String part = Arrays.stream(disk.list())
            .filter(name -> name.contains("300-") && name.contains("part-00000")).findFirst().orElseThrow();
        disk.flipBit(part, 50, 1);
        restart(false);
        assertEquals(200, replica.snapshotIndex());
        lead();
        settle();
        assertEquals(digest, replica.stateDigest());
    }

    @Test
    void shouldRefuseToStartWhenEntriesAreMissingBetweenSnapshotAndLog()
    {
        start();
        lead();
        put(730);
        Arrays.stream(disk.list()).filter(name -> name.endsWith(".manifest")).toList().forEach(disk::lose);
        assertThrows(StorageException.class, () -> restart(false));
    }

    /** The log of this disk beside the snapshots of another. */
    private SimDisk beside(final SimDisk other)
    {
        final SimDisk mixed = disk.afterKill();
        for (final String name : other.list())
        {
            if (name.startsWith("snapshot-"))
            {
                mixed.put(name, other.contents(name));
            }
        }
        return mixed;
    }

    private void begin(final SnapshotPolicy newPolicy)
    {
        disk = new SimDisk();
        machine = new KvStateMachine();
        policy = newPolicy;
        commandCount = 0;
        start();
        lead();
    }

    /** A disk with a snapshot at 200 of term 1 beside a longer log of term 2. */
    private SimDisk twoHistories()
    {
        begin(POLICY);
        put(250);
        final SimDisk first = disk.afterKill();
        begin(SnapshotPolicy.BY_HAND);
        restart(false);
        lead();
        put(250);
        return beside(first);
    }

    @Test
    void shouldReplaceALogOfAnotherHistoryThatIsLongerThanTheSnapshot()
    {
        disk = twoHistories();
        open();
        assertEquals(200, Replica.reconcile(store, new SegmentedRaftLog(wal)));
        assertEquals(201, wal.firstIndex());
        assertEquals(200, wal.lastIndex());
    }

    private void open()
    {
        wal = SegmentedLog.open(disk, new LogConfig().segmentLength(8192).maxPayloadLength(2000)
            .durability(Durability.BATCH).logId(5).bootId(1), () -> nowNs);
        store = SnapshotStore.open(disk, new SnapshotConfig(1, 1, 512, 2));
    }

    /** Lets the newest snapshot be offered, which is there already, and installed. */
    private void installNewest()
    {
        open();
        final SegmentedRaftLog log = new SegmentedRaftLog(wal);
        final SnapshotExchange exchange = new ReplicaSnapshots(
            store, policy, 1, log, new CommandApplier(log, new KvStateMachine(), null, 1024)).exchange();
        final UnsafeBuffer offer = new UnsafeBuffer(new byte[4096]);
        final int length = store.newest().encode(offer, 0);
        assertTrue(exchange.begin(exchange.read(offer, 0, length)));
        assertEquals(SnapshotSink.State.DURABLE, exchange.state());
        assertTrue(exchange.install());
    }

    @Test
    void shouldReplaceALogOfAnotherHistoryWhenASnapshotIsInstalled()
    {
        disk = twoHistories();
        installNewest();
        assertEquals(201, wal.firstIndex());
        assertEquals(200, wal.lastIndex());
    }

    @Test
    void shouldKeepALogThatHoldsTheLastEntryOfASnapshotThatIsInstalled()
    {
        begin(POLICY);
        put(250);
        final long lastIndex = wal.lastIndex();
        disk = disk.afterKill();
        installNewest();
        assertEquals(lastIndex, wal.lastIndex());
    }

    @Test
    void shouldReplaceALogThatEndsBeforeTheSnapshot()
    {
        begin(POLICY);
        put(250);
        final SimDisk complete = disk.afterKill();
        // The log of an earlier time beside the snapshot of a later one.
        begin(POLICY);
        put(50);
        disk = beside(complete);
        machine = new KvStateMachine();
        start();
        assertEquals(201, wal.firstIndex());
        assertEquals(200, wal.lastIndex());
        lead();
        put(10);
        assertEquals(wal.lastIndex(), replica.appliedIndex());
    }

    @Test
    void shouldTakeOneByHandWhenThePolicyIsOff()
    {
        policy = SnapshotPolicy.BY_HAND;
        start();
        lead();
        put(300);
        assertEquals(0, replica.snapshotIndex());
        assertTrue(replica.takeSnapshot());
        settle();
        assertEquals(wal.lastIndex(), replica.snapshotIndex());
    }

    @Test
    void shouldTakeOneByBytesAndByTime()
    {
        policy = new SnapshotPolicy(0, 20_000, 0, 0, 10, 10, 2000);
        start();
        lead();
        put(200);
        final long byBytes = replica.snapshotIndex();
        assertTrue(byBytes > 100, "by bytes at " + byBytes);
        policy = new SnapshotPolicy(0, 0, 30_000 * MS, 5, 10, 10, 2000);
        restart(false);
        lead();
        replica.takeSnapshot();
        settle();
        put(3);
        final long before = replica.snapshotIndex();
        nowNs += 30_000 * MS;
        settle();
        assertEquals(before, replica.snapshotIndex(), "not for a few entries");
        put(300);
        assertTrue(replica.snapshotIndex() > before);
    }

    @Test
    void shouldGoOnWithoutSnapshotsWhenTheDiskIsFull()
    {
        start();
        lead();
        put(150);
        disk.capacity(disk.allocated() + 16 * 1024);
        put(60);
        assertEquals(100, replica.snapshotIndex());
        disk.capacity(SimDisk.UNBOUNDED);
        put(100);
        assertEquals(300, replica.snapshotIndex());
    }

    @Test
    void shouldApplyNothingWhileAStateMachineThatCannotSliceIsWritten()
    {
        machine = new Unsliced();
        policy = new SnapshotPolicy(100, 0, 0, 0, 40, 200, 60);
        start();
        lead();
        put(98);
        boolean wasHeld = false;
        for (int i = 0; i < 400; i++)
        {
            final UnsafeBuffer command = new UnsafeBuffer(new byte[24]);
            replica.propose(command, 0, 24);
            cycle();
            wasHeld |= replica.raft().commitIndex() > replica.appliedIndex() + 5;
        }
        assertTrue(wasHeld, "commands waited while the state was written");
        settle();
        final long digest = replica.stateDigest();
        assertTrue(replica.snapshotIndex() >= 100);
        restart(false);
        lead();
        settle();
        assertEquals(digest, replica.stateDigest());
    }

    @Test
    void shouldTakeNoneWhenTheStateMachineHasNone()
    {
        machine = new StateMachine()
        {
            @Override
            public void onCommand(
                final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
                final Reply reply)
            {
            }
        };
        start();
        lead();
        put(250);
        assertEquals(0, replica.snapshotIndex());
        assertFalse(Arrays.stream(disk.list()).anyMatch(name -> name.startsWith("snapshot-")));
    }

    /** Counts commands, and writes the count many times over from the live state. */
    private static final class Unsliced implements StateMachine
    {
        private static final int COPIES = 40;

        private final UnsafeBuffer record = new UnsafeBuffer(new byte[8]);
        private long count;

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            count++;
        }

        @Override
        public long stateDigest()
        {
            return 1 + count;
        }

        @Override
        public SnapshotTask onTakeSnapshot()
        {
            return new SnapshotTask()
            {
                private int written;

                @Override
                public boolean doWork(final SnapshotWriter writer)
                {
                    record.putLong(0, count);
                    while (written < COPIES && writer.write(record, 0, 8))
                    {
                        written++;
                    }
                    return COPIES == written;
                }
            };
        }

        @Override
        public SnapshotLoader onLoadSnapshot()
        {
            count = -1;
            return (buffer, offset, length) ->
            {
                final long found = buffer.getLong(offset);
                assertTrue(count < 0 || found == count, "the state did not change while it was written");
                count = found;
            };
        }
    }

    /** Is told everything and does nothing. */
    private static final class Nobody implements ReplicaListener
    {
        @Override
        public void onRecovered()
        {
        }

        @Override
        public void onCommitted(
            final CommandHeader header, final DirectBuffer reply, final int offset, final int length,
            final boolean isProposedHere)
        {
        }

        @Override
        public void onSuperseded(final long sessionId, final long correlationId)
        {
        }

        @Override
        public void onQuery(
            final long sessionId,
            final long correlationId,
            final QueryCode code,
            final long index,
            final DirectBuffer reply,
            final int offset,
            final int length)
        {
        }

        @Override
        public void onAbandoned(final long sessionId, final long correlationId)
        {
        }

        @Override
        public void onMalformed(final long index, final long term, final int payloadLength)
        {
        }

        @Override
        public void onRoleChange(final Role role, final long term, final int leaderId)
        {
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
            throw new AssertionError(reason);
        }
    }
}
