package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.AdminAnswer;
import io.ukehi.client.ClientTimeoutException;
import io.ukehi.client.ClusterMember;
import io.ukehi.client.Outcome;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.fencing.FencingToken;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Members come, go and are killed, as processes of their own and under load: how much of everything is for {@code
 * ukehi.rate} (commands a second), {@code ukehi.changes}, {@code ukehi.transfers}, {@code ukehi.crashes} and {@code
 * ukehi.pauses} to say, and {@code ukehi.test.electionTimeoutMs} is the longest election timeout.
 */
@Tag("process")
@Timeout(value = 1, unit = TimeUnit.HOURS)
class MembershipProcessTest
{
    private static final int RATE = Integer.getInteger("ukehi.rate", 2_000);
    private static final int CHANGES = Integer.getInteger("ukehi.changes", 8);
    private static final int TRANSFERS = Integer.getInteger("ukehi.transfers", 10);
    private static final int CRASHES = Integer.getInteger("ukehi.crashes", 2);
    private static final int PAUSES = Integer.getInteger("ukehi.pauses", 1);
    private static final long SEED = Long.getLong("ukehi.seed", 8);
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long KILL_INTERVAL_MS = 5_000;
    private static final long DOWN_MS = 1_000;
    /** A change that takes longer than so many election timeouts is stuck. */
    private static final double STUCK_TIMEOUTS = 10;
    /** Transfers with which each process comes to have led a few times, and has its code compiled. */
    private static final int WARM_UPS = 30;

    @TempDir
    private Path directory;

    private CounterCluster cluster;
    private CounterLoad load;

    /** A process may take longer to start than a leader has patience. */
    private static AdminAnswer done(final Supplier<AdminAnswer> request)
    {
        AdminAnswer answer = request.get();
        for (int i = 0; i < 3 && AdminCode.NOT_CAUGHT_UP == answer.code(); i++)
        {
            answer = request.get();
        }
        assertEquals(AdminCode.DONE, answer.code(), answer.text());
        return answer;
    }

    private void step(final String what, final Supplier<AdminAnswer> request) throws Exception
    {
        load.takeGapMs();
        final long beganNs = System.nanoTime();
        done(request);
        final double tookMs = (System.nanoTime() - beganNs) / 1e6;
        Thread.sleep(300);
        System.out.printf("%-34s %8.1f ms, longest gap in acknowledgements %7.1f ms%n", what, tookMs, load.takeGapMs());
    }

    /** What the load was told is committed is there, each once. */
    private void checkCount(final UkehiClient client)
    {
        load.close();
        assertNull(load.failure(), () -> load.failure().toString());
        final ExpandableArrayBuffer reply = new ExpandableArrayBuffer(8);
        client.request(new UnsafeBuffer(new byte[8]), 0, 8, reply);
        System.out.printf("%,d commands acknowledged, %d unknown, the counter says %,d%n",
            load.committed(), load.unknown(), reply.getLong(0) - 1);
        assertEquals(0, load.unknown());
        assertEquals(load.committed(), reply.getLong(0) - 1);
        assertTrue(load.committed() > 1_000);
    }

    @Test
    void shouldLoseNothingWhileAllMembersAreReplaced() throws Exception
    {
        try (CounterCluster nodes = new CounterCluster(directory, 3, 8))
        {
            cluster = nodes;
            nodes.startFirst();
            try (UkehiClient admin = UkehiClient.connect(nodes.client());
                CounterLoad counters = new CounterLoad(nodes.client(), RATE).start())
            {
                load = counters;
                for (int id = 4; id <= nodes.count(); id++)
                {
                    nodes.start(id);
                }
                Thread.sleep(1_000);
                step("3 to 4", () -> admin.addMember(nodes.address(4), TIMEOUT_NS));
                step("4 to 5", () -> admin.addMember(nodes.address(5), TIMEOUT_NS));
                final int first = admin.leaderId();
                step("5 to 4, the leader goes", () -> admin.removeMember(first, TIMEOUT_NS));
                cluster.kill(first);
                final int second = first == 3 ? 2 : 3;
                step("4 to 3", () -> admin.removeMember(second, TIMEOUT_NS));
                cluster.kill(second);
                final int last = 6 - first - second;
                int next = 6;
                for (final int id : new int[]{last, 4, 5})
                {
                    final int newcomer = next++;
                    step(id + " replaced by " + newcomer,
                        () -> admin.replaceMember(id, nodes.address(newcomer), TIMEOUT_NS));
                    cluster.kill(id);
                }
                step("3 to 2", () -> admin.removeMember(7, TIMEOUT_NS));
                step("2 to 1", () -> admin.removeMember(8, TIMEOUT_NS));
                step("1 to 2", () -> admin.addMember(nodes.address(7), TIMEOUT_NS));
                step("2 to 3", () -> admin.addMember(nodes.address(8), TIMEOUT_NS));
                assertEquals("[6, 7, 8]", voters(admin).toString());
                checkCount(admin);
            }
            finally
            {
                System.out.println(nodes.complaints());
            }
        }
    }

    private static List<Integer> voters(final UkehiClient admin)
    {
        return admin.members(TIMEOUT_NS).stream().filter(member -> "voter".equals(member.state()))
            .map(ClusterMember::id).toList();
    }

    private static List<Integer> learners(final UkehiClient admin)
    {
        return admin.members(TIMEOUT_NS).stream().filter(member -> "learner".equals(member.state()))
            .map(ClusterMember::id).toList();
    }

    /** Kills a node now and then, and starts it again soon. */
    private final class Killer extends Thread
    {
        private final Random random = new Random(SEED);
        private volatile boolean isStopped;
        private volatile Throwable thrown;
        private int kills;

        @Override
        public void run()
        {
            try
            {
                while (!isStopped)
                {
                    pause(KILL_INTERVAL_MS - DOWN_MS);
                    final int victim = 1 + random.nextInt(cluster.count());
                    cluster.kill(victim);
                    kills++;
                    Thread.sleep(DOWN_MS);
                    cluster.start(victim);
                }
            }
            catch (final Throwable ex)
            {
                thrown = ex;
            }
        }

        private void pause(final long timeMs) throws InterruptedException
        {
            for (long i = 0; i < timeMs && !isStopped; i += 50)
            {
                Thread.sleep(50);
            }
        }
    }

    /** A random change of a random kind, that leaves three to five voters. */
    private Supplier<AdminAnswer> randomChange(final UkehiClient admin, final Random random)
    {
        final List<Integer> voters = voters(admin);
        final List<Integer> others = new ArrayList<>();
        for (int id = 1; id <= cluster.count(); id++)
        {
            if (!voters.contains(id))
            {
                others.add(id);
            }
        }
        final int voter = voters.get(random.nextInt(voters.size()));
        final int other = others.get(random.nextInt(others.size()));
        final List<Integer> learners = learners(admin);
        switch (random.nextInt(4))
        {
            case 0:
                if (voters.size() > 3)
                {
                    return () -> admin.removeMember(voter, TIMEOUT_NS);
                }
                return () -> admin.addMember(cluster.address(other), TIMEOUT_NS);

            case 1:
                if (voters.size() < 5)
                {
                    return () -> admin.addMember(cluster.address(other), TIMEOUT_NS);
                }
                return () -> admin.removeMember(voter, TIMEOUT_NS);

            case 2:
                if (!learners.isEmpty())
                {
                    return () -> admin.removeMember(learners.get(0), TIMEOUT_NS);
                }
                return () -> admin.addLearner(cluster.address(other), TIMEOUT_NS);

            default:
                return () -> admin.replaceMember(voter, cluster.address(other), TIMEOUT_NS);
        }
    }

    @Test
    void shouldEndEveryChangeWhileNodesAreKilled() throws Exception
    {
        try (CounterCluster nodes = new CounterCluster(directory, 3, 7))
        {
            cluster = nodes;
            nodes.startFirst();
            for (int id = 4; id <= nodes.count(); id++)
            {
                nodes.start(id);
            }
            final Killer killer = new Killer();
            try (UkehiClient admin = UkehiClient.connect(nodes.client());
                CounterLoad counters = new CounterLoad(nodes.client(), RATE).start())
            {
                load = counters;
                killer.start();
                final double longestTimeouts = change(admin);
                killer.isStopped = true;
                killer.join();
                assertNull(killer.thrown, () -> killer.thrown.toString());
                System.out.printf("%d nodes killed%n", killer.kills);
                assertTrue(killer.kills > 0);
                assertTrue(longestTimeouts <= STUCK_TIMEOUTS, "stuck for " + longestTimeouts + " election timeouts");
                checkCount(admin);
            }
            finally
            {
                killer.isStopped = true;
                killer.join();
                System.out.println(nodes.complaints());
            }
        }
    }

    /** Returns how long the longest change took, in election timeouts. */
    private double change(final UkehiClient admin)
    {
        final Random random = new Random(SEED);
        final int[] counts = new int[AdminCode.values().length];
        long longestNs = 0;
        long sumNs = 0;
        for (int i = 0; i < CHANGES; i++)
        {
            final Supplier<AdminAnswer> change = randomChange(admin, random);
            final long beganNs = System.nanoTime();
            final AdminAnswer answer;
            try
            {
                answer = change.get();
            }
            catch (final ClientTimeoutException ex)
            {
                throw new AssertionError("change " + i + " has no end; seed " + SEED, ex);
            }
            counts[answer.code().ordinal()]++;
            final long tookNs = System.nanoTime() - beganNs;
            if (tookNs / 1e6 > STUCK_TIMEOUTS / 2 * CounterProcess.ELECTION_TIMEOUT_MS)
            {
                System.out.printf("change %d: %s %s after %.1f s%n", i, answer.code(), answer.text(), tookNs / 1e9);
            }
            longestNs = Math.max(longestNs, tookNs);
            sumNs += tookNs;
        }
        final StringBuilder text = new StringBuilder();
        for (final AdminCode code : AdminCode.values())
        {
            text.append(counts[code.ordinal()] > 0 ? ", " + counts[code.ordinal()] + " " + code : "");
        }
        final double longestTimeouts = longestNs / 1e6 / CounterProcess.ELECTION_TIMEOUT_MS;
        System.out.printf("%d changes%s; %.1f election timeouts each, the longest %.1f; longest gap %.1f ms%n", CHANGES,
            text, sumNs / 1e6 / CounterProcess.ELECTION_TIMEOUT_MS / CHANGES, longestTimeouts, load.takeGapMs());
        assertTrue(counts[AdminCode.DONE.ordinal()] > 0, text.toString());
        return longestTimeouts;
    }

    private static void print(final String what, final double[] gapsMs)
    {
        Arrays.sort(gapsMs);
        System.out.printf("%-10s %4d times: gap p50 %7.1f ms, p99 %7.1f ms, longest %7.1f ms%n", what, gapsMs.length,
            gapsMs[gapsMs.length / 2], gapsMs[(gapsMs.length * 99 - 1) / 100], gapsMs[gapsMs.length - 1]);
    }

    /** The gap of each transfer, and before it that of a time as long without one. */
    private double[] transfers(final UkehiClient admin, final double[] nothing, final double[] transfers)
        throws Exception
    {
        for (int i = 0; i < transfers.length; i++)
        {
            load.takeGapMs();
            Thread.sleep(100);
            nothing[i] = load.takeGapMs();
            assertEquals(AdminCode.STARTED, admin.transferLeadership(1 + admin.leaderId() % 3, TIMEOUT_NS));
            Thread.sleep(100);
            transfers[i] = load.takeGapMs();
        }
        return transfers;
    }

    @Test
    void shouldStandStillShorterForATransferThanForACrash() throws Exception
    {
        try (CounterCluster nodes = new CounterCluster(directory, 3, 3))
        {
            cluster = nodes;
            nodes.startFirst();
            try (UkehiClient admin = UkehiClient.connect(nodes.client());
                CounterLoad counters = new CounterLoad(nodes.client(), RATE).start())
            {
                load = counters;
                Thread.sleep(1_000);
                print("cold", transfers(admin, new double[WARM_UPS], new double[WARM_UPS]));
                final double[] nothing = new double[TRANSFERS];
                final double[] transfers = new double[TRANSFERS];
                transfers(admin, nothing, transfers);
                final double[] crashes = new double[CRASHES];
                for (int i = 0; i < CRASHES; i++)
                {
                    final int leader = admin.leaderId();
                    final long before = admin.term();
                    load.takeGapMs();
                    nodes.kill(leader);
                    final long committed = load.committed();
                    while (admin.leaderId() <= 0 || admin.term() == before || load.committed() < committed + 100)
                    {
                        admin.poll((id, outcome, code, index, token, buffer, offset, length) -> {});
                        Thread.sleep(1);
                    }
                    crashes[i] = load.takeGapMs();
                    nodes.start(leader);
                    Thread.sleep(1_500);
                }
                print("nothing", nothing);
                print("transfer", transfers);
                print("crash", crashes);
                assertTrue(transfers[TRANSFERS / 2] < crashes[CRASHES / 2]);
                checkCount(admin);
            }
        }
    }

    /**
     * A leader that stands still for ten election timeouts finds a full mailbox when it goes on: nothing of it may be
     * acknowledged by its old term, and no read answered, by the lease neither.
     */
    @Test
    void shouldAnswerNothingInAnOldTermWhenALeaderStoodStill() throws Exception
    {
        try (CounterCluster nodes = new CounterCluster(directory, 3, 3))
        {
            nodes.startFirst();
            try (UkehiClient admin = UkehiClient.connect(nodes.client()))
            {
                final UnsafeBuffer bytes = new UnsafeBuffer(new byte[8]);
                for (int round = 0; round < PAUSES; round++)
                {
                    admin.request(bytes, 0, 8, new ExpandableArrayBuffer(8));
                    final int leader = admin.leaderId();
                    final long term = admin.term();
                    try (UkehiClient stuck = UkehiClient.connect(nodes.client(leader)))
                    {
                        stuck.request(bytes, 0, 8, new ExpandableArrayBuffer(8));
                        standStill(nodes, leader, admin, stuck, term);
                    }
                }
            }
        }
    }

    private static void standStill(
        final CounterCluster nodes, final int leader, final UkehiClient admin, final UkehiClient stuck, final long term)
        throws Exception
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[8]);
        final List<String> told = new ArrayList<>();
        final int[] sent = new int[2];
        nodes.pause(leader);
        final long untilNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(10 * CounterProcess.ELECTION_TIMEOUT_MS);
        while (System.nanoTime() - untilNs < 0)
        {
            // It is full soon: a client that hears nothing keeps what it has, and looks for another leader in vain.
            sent[0] += stuck.offer(bytes, 0, 8) > 0 ? 1 : 0;
            sent[1] += stuck.offerQuery(Consistency.LINEARIZABLE, 0, 0, bytes, 0, 0) > 0 ? 1 : 0;
            sent[1] += stuck.offerQuery(Consistency.LEASE, 0, 0, bytes, 0, 0) > 0 ? 1 : 0;
            poll(stuck, term, told);
            Thread.sleep(1);
        }
        admin.request(bytes, 0, 8, new ExpandableArrayBuffer(8));
        assertTrue(admin.term() > term, "others went on");
        nodes.resume(leader);
        final long afterNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (System.nanoTime() - afterNs < 0)
        {
            poll(stuck, term, told);
            Thread.sleep(1);
        }
        System.out.printf("member %d stood still with %d commands and %d reads before it; it led in term %d, now %d%n",
            leader, sent[0], sent[1], term, admin.term());
        assertTrue(sent[0] > 0 && sent[1] > 0);
        assertEquals(List.of(), told);
    }

    private static void poll(final UkehiClient stuck, final long term, final List<String> told)
    {
        stuck.poll(
            (id, outcome, code, index, token, buffer, offset, length) ->
            {
                if (Outcome.COMMITTED == outcome && FencingToken.term(token) <= term)
                {
                    told.add("command " + id + " at " + index);
                }
            },
            (id, code, memberId, index, buffer, offset, length) ->
            {
                if (QueryCode.ANSWERED == code && stuck.term() <= term)
                {
                    told.add("read " + id + " at " + index);
                }
            });
    }
}
