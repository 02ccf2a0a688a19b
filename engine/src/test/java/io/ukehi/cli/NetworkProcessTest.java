package io.ukehi.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.CommonContext;
import io.ukehi.client.ClientContext;
import io.ukehi.client.ClusterStatus;
import io.ukehi.client.MemberStatus;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.log.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Members in network namespaces of their own, whose links are cut one way, between some of them, again and again, or
 * lose packets: where a member reaches a majority both ways there is a leader, and it stays. How long each network is
 * looked at is for {@code ukehi.watch.seconds} to say. Only where the machine lets a network be made.
 */
@Tag("process")
@Timeout(value = 1, unit = TimeUnit.HOURS)
class NetworkProcessTest
{
    private static final int WATCH_SECONDS = Integer.getInteger("ukehi.watch.seconds", 4);
    /** Of the default settings. */
    private static final int ELECTION_TIMEOUT_MS = 300;
    private static final long SETTLE_NS = TimeUnit.MILLISECONDS.toNanos(10 * ELECTION_TIMEOUT_MS);
    private static final long STATUS_NS = TimeUnit.MILLISECONDS.toNanos(500);

    @TempDir
    private Path directory;

    private final String driverDirectory = CommonContext.generateRandomDirName();

    /** What is done to a network. */
    private interface Cuts
    {
        void make(ChaosNetwork network, int leader) throws Exception;
    }

    /** Cuts between two members, one way or both. */
    private static void cutBothWays(final ChaosNetwork network, final int one, final int two) throws IOException
    {
        network.cut(one, two);
        network.cut(two, one);
    }

    private void watch(final String what, final int size, final int mostTerms, final Cuts cuts) throws Exception
    {
        final ChaosNetwork network;
        try
        {
            network = ChaosNetwork.open(size);
        }
        catch (final IOException ex)
        {
            Assumptions.abort("no network namespaces here: " + ex.getMessage());
            return;
        }
        try (network; ChaosCluster cluster = new ChaosCluster(
            size, directory, driverDirectory, Durability.ASYNC, false, network))
        {
            for (int id = 1; id <= size; id++)
            {
                cluster.start(id);
            }
            try (UkehiClient client = UkehiClient.open(new ClientContext()
                .embeddedDriver(true)
                .aeronDirectoryName(driverDirectory)
                .responseChannel(cluster.responseChannel())
                .endpoints(cluster.endpoints())))
            {
                awaitTrust(client, size);
                final MemberStatus before = awaitLeader(client, 0);
                cuts.make(network, before.nodeId());
                Thread.sleep(TimeUnit.NANOSECONDS.toMillis(SETTLE_NS));
                final MemberStatus first = awaitLeader(client, 1);
                final long untilNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(WATCH_SECONDS);
                MemberStatus last = first;
                while (System.nanoTime() - untilNs < 0)
                {
                    last = awaitLeader(client, first.term());
                    cluster.checkRunning();
                }
                System.out.printf("%-28s terms: %d while it settled, %d in %d s since; leader %d%n", what,
                    first.term() - before.term(), last.term() - first.term(), WATCH_SECONDS, last.nodeId());
                assertTrue(last.term() - first.term() <= mostTerms, what + ": " + (last.term() - first.term()));
                assertTrue(last.commitIndex() >= first.commitIndex());
            }
        }
    }

    /** A new member votes for nobody before a leader has given it all that it may have had. */
    private static void awaitTrust(final UkehiClient client, final int size)
    {
        final long untilNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        ClusterStatus status = client.clusterStatus(STATUS_NS);
        while (size != status.members().stream().filter(
            member -> 0 == member.doubtfulTo()).count())
        {
            final ClusterStatus last = status;
            assertTrue(System.nanoTime() - untilNs < 0, () -> "in doubt for long: " + last);
            status = client.clusterStatus(STATUS_NS);
        }
    }

    /** Whoever leads in the highest term; there must be one within ten election timeouts. */
    private static MemberStatus awaitLeader(final UkehiClient client, final long atLeastTerm)
    {
        final long untilNs = System.nanoTime() + (0 == atLeastTerm ? TimeUnit.SECONDS.toNanos(30) : 2 * SETTLE_NS);
        while (true)
        {
            MemberStatus leader = null;
            final ClusterStatus status = client.clusterStatus(STATUS_NS);
            for (final MemberStatus member : status.members())
            {
                if (NodeRole.LEADER == member.role() && member.term() >= atLeastTerm &&
                    (null == leader || leader.term() < member.term()))
                {
                    leader = member;
                }
            }
            if (null != leader)
            {
                return leader;
            }
            assertTrue(System.nanoTime() - untilNs < 0, () -> "nobody leads: " + status);
        }
    }

    /** Two and two who do not see each other, and one whom all see. */
    @Test
    void shouldHaveALeaderThatStaysOverABridge() throws Exception
    {
        watch("bridge", 5, 0, (network, leader) ->
        {
            for (final int one : new int[]{1, 2})
            {
                for (final int other : new int[]{4, 5})
                {
                    cutBothWays(network, one, other);
                }
            }
        });
    }

    @Test
    void shouldHaveALeaderThatStaysWhenAFollowerIsCutOffFromItAlone() throws Exception
    {
        watch("partial partition", 3, 0, (network, leader) -> cutBothWays(network, leader, 1 + leader % 3));
    }

    @Test
    void shouldHaveALeaderThatStaysWhenTheLeaderIsNotHeard() throws Exception
    {
        watch("one way, from the leader", 3, 0, (network, leader) ->
        {
            network.cut(leader, 1 + leader % 3);
            network.cut(leader, 1 + (leader + 1) % 3);
        });
    }

    @Test
    void shouldHaveALeaderThatStaysWhenTheLeaderHearsNobody() throws Exception
    {
        watch("one way, to the leader", 3, 0, (network, leader) ->
        {
            network.cut(1 + leader % 3, leader);
            network.cut(1 + (leader + 1) % 3, leader);
        });
    }

    @Test
    void shouldHaveALeaderThatStaysWhenAFifthOfThePacketsIsLost() throws Exception
    {
        Assumptions.assumeTrue(isThere("iptables"), "packets are lost by iptables, and there is none here");
        watch("20 % loss", 3, 1, (network, leader) -> network.lose(0.2));
    }

    private static boolean isThere(final String program) throws InterruptedException
    {
        try
        {
            return 0 == new ProcessBuilder(program, "--version")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        }
        catch (final IOException ex)
        {
            return false;
        }
    }

    /** Whoever is cut off and comes back must not depose the leader. */
    @Test
    void shouldHaveALeaderThatStaysWhenALinkFlaps() throws Exception
    {
        final Thread[] flapping = new Thread[1];
        try
        {
            watch("flapping link", 3, 0, (network, leader) ->
            {
                flapping[0] = new Thread(() -> flap(network, leader, 1 + leader % 3));
                flapping[0].start();
            });
        }
        finally
        {
            if (null != flapping[0])
            {
                flapping[0].interrupt();
                flapping[0].join();
            }
        }
    }

    private static void flap(final ChaosNetwork network, final int one, final int other)
    {
        try
        {
            while (true)
            {
                cutBothWays(network, one, other);
                Thread.sleep(2 * ELECTION_TIMEOUT_MS);
                network.heal();
                Thread.sleep(2 * ELECTION_TIMEOUT_MS);
            }
        }
        catch (final InterruptedException | IOException ignore)
        {
            // The network is taken down.
        }
    }
}
