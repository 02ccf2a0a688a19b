package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.NodeRole;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.agrona.IoUtil;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Members that come, go and move, with real nodes; asked for by the embedding program. */
@Tag("aeron")
@Timeout(120)
class NodeMembersTest
{
    private static final long MS = 1_000_000;
    private static final long ELECTION_TIMEOUT_MS = 600;

    @TempDir
    Path directory;

    private TestCluster cluster(final int size, final int spareCount) throws Exception
    {
        return new TestCluster(directory, size, spareCount).settings(context -> context
            .electionTimeoutMinNs(ELECTION_TIMEOUT_MS / 2 * MS)
            .electionTimeoutMaxNs(ELECTION_TIMEOUT_MS * MS));
    }

    /** Asks whoever leads until it is done: another may lead meanwhile. */
    private static void change(
        final TestCluster cluster, final Function<UkehiNode, CompletableFuture<AdminResult>> request) throws Exception
    {
        AdminResult result;
        do
        {
            result = request.apply(cluster.awaitSomeLeader()).get(30, TimeUnit.SECONDS);
        }
        while (AdminCode.NOT_LEADER == result.code() || AdminCode.STOPPED == result.code());
        assertEquals(AdminCode.DONE, result.code(), result.text());
    }

    private static String members(final UkehiNode node) throws Exception
    {
        return node.members().get(10, TimeUnit.SECONDS).text().replaceAll("=[^ ]* ", " ")
            .replaceAll(" [0-9]+ (leads|heard|silent)", "").replaceAll(" log:[0-9a-f]+", "");
    }

    private static void awaitMembers(final UkehiNode node, final String expected)
    {
        TestCluster.await(() ->
        {
            try
            {
                return expected.equals(members(node));
            }
            catch (final Exception ex)
            {
                throw new AssertionError(ex);
            }
        });
    }

    private static void awaitApplied(final UkehiNode node, final UkehiNode leader)
    {
        final long index = leader.counter(NodeCounters.Kind.COMMIT_INDEX);
        TestCluster.await(() -> node.counter(NodeCounters.Kind.APPLIED_INDEX) >= index);
    }

    @Test
    void shouldReplaceEveryMachineAndLoseNothing() throws Exception
    {
        try (TestCluster cluster = cluster(3, 3))
        {
            cluster.start();
            TestCluster.put(cluster.awaitLeader(), "key-0", "value");
            for (int id = 1; id <= 3; id++)
            {
                final int old = id;
                final int next = id + 3;
                cluster.start(next);
                change(cluster, leader -> leader.replaceMember(old, cluster.address(next)));
                cluster.stop(old);
                TestCluster.put(cluster.awaitLeader(), "key-" + id, "value");
            }
            final UkehiNode leader = cluster.awaitLeader();
            assertEquals("4 voter,5 voter,6 voter", members(leader));
            for (int i = 0; i <= 3; i++)
            {
                assertEquals("value", TestCluster.get(leader, "key-" + i));
            }
            for (int id = 4; id <= 6; id++)
            {
                awaitApplied(cluster.node(id), leader);
                assertNull(cluster.node(id).failure());
            }
        }
    }

    /** The settings of the new ones still say that they are joining: the log knows better. */
    @Test
    void shouldKnowTheMembersWhenAllAreStartedAgain() throws Exception
    {
        try (TestCluster cluster = cluster(1, 2))
        {
            cluster.start();
            TestCluster.put(cluster.awaitLeader(), "key", "value");
            cluster.start(2);
            cluster.start(3);
            change(cluster, leader -> leader.addMember(cluster.address(2)));
            change(cluster, leader -> leader.addMember(cluster.address(3)));
            awaitMembers(cluster.node(3), "1 voter,2 voter,3 voter");
            awaitApplied(cluster.node(3), cluster.awaitLeader());
            for (int id = 1; id <= 3; id++)
            {
                cluster.stop(id);
            }
            cluster.start(2);
            cluster.start(3);
            final UkehiNode leader = cluster.awaitLeader();
            assertEquals("value", TestCluster.get(leader, "key"));
            assertEquals("1 voter,2 voter,3 voter", members(leader));
        }
    }

    @Test
    void shouldShrinkToOneAlsoWhenTheLeaderIsRemoved() throws Exception
    {
        try (TestCluster cluster = cluster(3, 0))
        {
            cluster.start();
            TestCluster.put(cluster.awaitLeader(), "key", "value");
            final int first = cluster.awaitLeader().context().memberId();
            final AdminResult removed =
                cluster.node(first).removeMember(first).get(30, TimeUnit.SECONDS);
            assertEquals(AdminCode.DONE, removed.code(), "a leader that removes itself knows that it is done");
            cluster.stop(first);
            final UkehiNode second = cluster.awaitLeader();
            final int left = 6 - first - second.context().memberId();
            final int secondId = second.context().memberId();
            final CompletableFuture<AdminResult> once = second.removeMember(secondId);
            final CompletableFuture<AdminResult> again = second.removeMember(secondId);
            assertEquals(AdminCode.DONE, once.get(30, TimeUnit.SECONDS).code());
            assertEquals(AdminCode.DONE, again.get(30, TimeUnit.SECONDS).code(), "the same change, asked for twice");
            cluster.stop(second.context().memberId());
            final UkehiNode last = cluster.awaitLeader();
            assertEquals(left, last.context().memberId());
            assertEquals("value", TestCluster.get(last, "key"));
            assertEquals(AdminCode.INVALID, last.removeMember(left).get(10, TimeUnit.SECONDS).code());
        }
    }

    @Test
    void shouldGoOnWhileAMemberThatNeverAnswersIsWaitedForAndThenSayWhatBecameOfIt() throws Exception
    {
        try (TestCluster cluster = cluster(3, 2))
        {
            final UkehiNode leader = cluster.start().awaitLeader();
            final CompletableFuture<AdminResult> change = leader.addMember(cluster.address(4));
            final CompletableFuture<AdminResult> again = leader.addMember(cluster.address(4));
            final AdminResult other = leader.addMember(cluster.address(5)).get(10, TimeUnit.SECONDS);
            assertEquals(AdminCode.IN_PROGRESS, other.code());
            for (int i = 0; !change.isDone(); i++)
            {
                TestCluster.put(leader, "key-" + i, "value");
            }
            assertEquals(AdminCode.NOT_CAUGHT_UP, change.get().code());
            assertEquals(AdminCode.NOT_CAUGHT_UP, again.get(10, TimeUnit.SECONDS).code());
            assertEquals("1 voter,2 voter,3 voter,4 learner", members(leader));

            cluster.start(4);
            change(cluster, node -> node.promote(4));
            assertEquals("1 voter,2 voter,3 voter,4 voter", members(cluster.awaitLeader()));
        }
    }

    @Test
    void shouldRefuseWithAReasonWhatCannotBe() throws Exception
    {
        try (TestCluster cluster = cluster(3, 1))
        {
            final UkehiNode leader = cluster.start().awaitLeader();
            final int leaderId = leader.context().memberId();
            final int other = 1 + leaderId % 3;
            final int third = 6 - leaderId - other;
            assertEquals(AdminCode.NOT_LEADER, cluster.node(other).removeMember(third).get().code());
            assertEquals(AdminCode.NO_SUCH_MEMBER, leader.removeMember(9).get().code());
            assertEquals(AdminCode.NO_SUCH_MEMBER, leader.promote(9).get().code());
            assertEquals(AdminCode.NO_SUCH_MEMBER, leader.replaceMember(9, cluster.address(4)).get().code());
            assertEquals(AdminCode.NO_SUCH_MEMBER, leader.transferLeadership(9).get().code());
            assertEquals(AdminCode.INVALID, leader.addMember("4=localhost").get().code());
            assertEquals(AdminCode.INVALID,
                leader.addMember(cluster.address(other).replaceFirst("^[0-9]", "4")).get().code(), "the same ports");

            cluster.stop(third);
            TestCluster.await(() -> leader.members().join().text().contains("silent"));
            final AdminResult refused = leader.removeMember(other).get(10, TimeUnit.SECONDS);
            assertEquals(AdminCode.WOULD_LOSE_QUORUM, refused.code());
            assertTrue(refused.text().contains(" " + third + " do not answer"), refused.text());
            change(cluster, node -> node.removeMember(third));
        }
    }

    @Test
    void shouldFindAMemberAtItsNewAddress() throws Exception
    {
        try (TestCluster cluster = cluster(3, 0))
        {
            final UkehiNode leader = cluster.start().awaitLeader();
            final int moving = 1 + leader.context().memberId() % 3;
            cluster.stop(moving);
            final String address = cluster.move(moving);
            change(cluster, node -> node.addMember(address));
            TestCluster.put(leader, "key", "value");
            final UkehiNode moved = cluster.start(moving);
            cluster.awaitLeader();
            awaitApplied(moved, leader);
            assertTrue(leader.members().get().text().contains(address + " voter"), leader.members().get().text());
        }
    }

    @Test
    void shouldHaveALearnerThatFollowsAndNeverLeads() throws Exception
    {
        try (TestCluster cluster = cluster(1, 1))
        {
            final UkehiNode leader = cluster.start().awaitLeader();
            final UkehiNode learner = cluster.start(2);
            change(cluster, node -> node.addLearner(cluster.address(2)));
            TestCluster.put(leader, "key", "value");
            awaitApplied(learner, leader);
            assertEquals("1 voter,2 learner", members(leader));
            cluster.stop(1);
            TestCluster.await(() -> learner.leaderId() < 0);
            Thread.sleep(3 * ELECTION_TIMEOUT_MS);
            assertEquals(NodeRole.FOLLOWER, learner.role());
            assertEquals(0, learner.counter(NodeCounters.Kind.ELECTION_COUNT));
        }
    }

    /** Rule of catalogue row 40: it may have promised what it knows nothing of any more. */
    @Test
    void shouldNotLetAWipedMemberVoteUntilItIsRemovedAndAdded() throws Exception
    {
        try (TestCluster cluster = cluster(3, 0))
        {
            final UkehiNode leader = cluster.start().awaitLeader();
            TestCluster.put(leader, "key", "value");
            final int wiped = 1 + leader.context().memberId() % 3;
            final int third = 6 - wiped - leader.context().memberId();
            TestCluster.await(() -> areLogsKnown(cluster));
            cluster.stop(wiped);
            IoUtil.delete(directory.resolve("node-" + wiped).toFile(), false);
            final UkehiNode returned = cluster.start(wiped);
            awaitApplied(returned, leader);
            TestCluster.await(() -> NodeRole.DOUBTFUL == returned.role());
            TestCluster.await(() -> cluster.errors().stream().anyMatch(
                error -> error.getMessage().contains("the log of member " + wiped + " is not the one")));

            cluster.stop(third);
            leader.close();
            Thread.sleep(3 * ELECTION_TIMEOUT_MS);
            assertEquals(NodeRole.DOUBTFUL, returned.role());
            final UkehiNode back = cluster.start(third);
            Thread.sleep(3 * ELECTION_TIMEOUT_MS);
            assertTrue(NodeRole.LEADER != back.role(), "one of three, and one that does not count");

            cluster.start(leader.context().memberId());
            change(cluster, node -> node.removeMember(wiped));
            change(cluster, node -> node.addMember(cluster.address(wiped)));
            TestCluster.await(() -> NodeRole.FOLLOWER == returned.role() || NodeRole.LEADER == returned.role());
            assertEquals("value", TestCluster.get(cluster.awaitSomeLeader(), "key"));
        }
    }

    @Test
    void shouldTakeAWipedMemberBackAsALearner() throws Exception
    {
        try (TestCluster cluster = cluster(3, 0))
        {
            final UkehiNode leader = cluster.start().awaitLeader();
            final int wiped = 1 + leader.context().memberId() % 3;
            TestCluster.await(() -> areLogsKnown(cluster));
            cluster.stop(wiped);
            IoUtil.delete(directory.resolve("node-" + wiped).toFile(), false);
            final UkehiNode returned = cluster.start(wiped);
            TestCluster.await(() -> NodeRole.DOUBTFUL == returned.role());
            change(cluster, node -> node.addLearner(cluster.address(wiped)));
            change(cluster, node -> node.promote(wiped));
            TestCluster.await(() -> NodeRole.FOLLOWER == returned.role());
            assertEquals("1 voter,2 voter,3 voter", members(cluster.awaitSomeLeader()));
        }
    }

    /** Each has told the leader which log it has, and knows what the leader has entered. */
    private static boolean areLogsKnown(final TestCluster cluster)
    {
        for (int id = 1; id <= cluster.size(); id++)
        {
            if (cluster.node(id).members().join().text().split("log:").length <= cluster.size())
            {
                return false;
            }
        }
        return true;
    }

    @Test
    void shouldBeLedByThePreferredMemberAsSoonAsItCan() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 3).settings(context -> context
            .electionTimeoutMinNs(ELECTION_TIMEOUT_MS / 2 * MS)
            .electionTimeoutMaxNs(ELECTION_TIMEOUT_MS * MS)
            .leaderPriority(3 == context.memberId() ? 10 : 0)))
        {
            cluster.start();
            TestCluster.await(() -> NodeRole.LEADER == cluster.node(3).role());
            TestCluster.put(cluster.node(3), "first", "value");
            cluster.stop(3);
            final UkehiNode other = cluster.awaitLeader();
            TestCluster.put(other, "second", "value");
            final UkehiNode preferred = cluster.start(3);
            TestCluster.await(() -> NodeRole.LEADER == preferred.role());
            assertEquals(3, cluster.awaitLeader().context().memberId());
            assertEquals("value", TestCluster.get(preferred, "first"));
            assertEquals("value", TestCluster.get(preferred, "second"));
            // The others hold what it holds and want nothing: it leads for good.
            final long term = preferred.term();
            Thread.sleep(3 * ELECTION_TIMEOUT_MS);
            assertEquals(term, cluster.awaitLeader().term());
            TestCluster.put(preferred, "third", "value");
        }
    }

    /** Of four voters with two away no command would be committed: it is one of three that is away. */
    @Test
    void shouldGoOnWithoutAVoterThatIsSilentForLongAndTakeItBack() throws Exception
    {
        try (TestCluster cluster = new TestCluster(directory, 4).settings(context -> context
            .electionTimeoutMinNs(ELECTION_TIMEOUT_MS / 2 * MS)
            .electionTimeoutMaxNs(ELECTION_TIMEOUT_MS * MS)
            .demotionTimeoutNs(2 * ELECTION_TIMEOUT_MS * MS)))
        {
            cluster.start();
            final int leader = cluster.awaitLeader().context().memberId();
            final int first = 1 + leader % 4;
            final int second = 1 + first % 4;
            TestCluster.put(cluster.node(leader), "zeroth", "value");
            cluster.stop(first);
            awaitMembers(cluster.node(leader), votersBut(first));
            cluster.stop(second);
            TestCluster.put(cluster.awaitSomeLeader(), "first", "value");
            Thread.sleep(5 * ELECTION_TIMEOUT_MS);
            assertEquals(votersBut(first), members(cluster.awaitSomeLeader()), "never below three voters");
            TestCluster.put(cluster.awaitSomeLeader(), "second", "value");

            cluster.start(first);
            cluster.start(second);
            awaitMembers(cluster.awaitSomeLeader(), "1 voter,2 voter,3 voter,4 voter");
            final UkehiNode last = cluster.awaitLeader();
            awaitApplied(cluster.node(first), last);
            for (final String key : new String[]{"zeroth", "first", "second"})
            {
                assertEquals("value", TestCluster.get(last, key));
            }
        }
    }

    private static String votersBut(final int learner)
    {
        return IntStream.rangeClosed(1, 4).mapToObj(id -> id + (id == learner ? " learner" : " voter"))
            .collect(Collectors.joining(","));
    }

    /** With timeouts so long that nobody could have found out by himself. */
    @Test
    void shouldHandOverBeforeALeaderCloses() throws Exception
    {
        try (TestCluster cluster = cluster(3, 0).settings(context -> context
            .electionTimeoutMinNs(8_000 * MS).electionTimeoutMaxNs(9_000 * MS).heartbeatIntervalNs(100 * MS)))
        {
            final UkehiNode leader = cluster.start().awaitLeader();
            TestCluster.put(leader, "key", "value");
            final long term = leader.term();
            final long beganNs = System.nanoTime();
            leader.close();
            final UkehiNode next = cluster.awaitLeader();
            assertTrue(System.nanoTime() - beganNs < 4_000 * MS, "sooner than any timeout");
            assertEquals(term + 1, next.term());
            assertEquals("value", TestCluster.get(next, "key"));
        }
    }
}
