package io.ukehi.client;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.ReplyCode;
import java.util.List;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client against fake nodes whose leadership moves. */
@Timeout(30)
class UkehiClientFailoverTest
{
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[8]);
    private final Ends ends = new Ends();
    private FakeCluster cluster;

    @BeforeEach
    void launch()
    {
        cluster = new FakeCluster();
        cluster.lead(2, 5);
    }

    @AfterEach
    void close()
    {
        cluster.close();
    }

    private long offer(final UkehiClient client)
    {
        return client.offer(buffer, 0, buffer.capacity());
    }

    private void awaitLeader(final UkehiClient client, final int id)
    {
        cluster.await(client, ends, "leader " + id, () -> id == client.leaderId());
    }

    @Test
    void shouldFindTheNextLeaderWithinASecondWhenItsLeaderGoesSilent()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.run(client, ends, 250);
        assertTrue(cluster.node(2).keepAliveCount > 0);
        cluster.node(2).isSilent = true;
        final long startNs = System.nanoTime();
        cluster.node(1).follow(3, 6);
        cluster.node(3).lead(6);
        awaitLeader(client, 3);
        final long tookMs = (System.nanoTime() - startNs) / 1_000_000;
        assertTrue(tookMs < 1000, "took " + tookMs + " ms");
        assertEquals(6, client.term());
        final long id = offer(client);
        cluster.await(client, ends, "a reply of the new leader", () -> ends.has(id));
        assertEquals(List.of(id), cluster.node(3).commands);
    }

    /** A member keeps no place for long for who says nothing but Connect. */
    @Test
    void shouldSayMoreThanConnectAsSoonAsAMemberHasAnswered()
    {
        final UkehiClient client = cluster.connect(
            cluster.context().keepAliveIntervalNs(MILLISECONDS.toNanos(60_000)));
        cluster.await(client, ends, "a sign of life", () -> cluster.node(2).keepAliveCount > 0);
    }

    @Test
    void shouldNotWaitForTheKeepAliveWhenItsLeaderGoes()
    {
        final UkehiClient client = cluster.connect(
            cluster.context().keepAliveIntervalNs(MILLISECONDS.toNanos(60_000)));
        cluster.node(2).close();
        cluster.lead(3, 6);
        awaitLeader(client, 3);
    }

    @Test
    void shouldConnectAgainWhenItsLeaderListensButHasEndedTheWayBack()
    {
        final UkehiClient client = cluster.connect(
            cluster.context().keepAliveIntervalNs(MILLISECONDS.toNanos(60_000)));
        cluster.node(2).publication().close();
        cluster.await(client, ends, "the second search", () -> 2 == client.stats().searches());
        awaitLeader(client, 2);
        final long id = offer(client);
        cluster.await(client, ends, "a reply", () -> ends.has(id));
    }

    @Test
    void shouldKeepLookingThroughAnElection()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.node(2).close();
        // The others still believe in the one that is gone.
        cluster.run(client, ends, 700);
        assertEquals(UkehiClient.State.CONNECTING, client.state());
        assertEquals(UkehiClient.NO_LEADER, offer(client));
        cluster.node(1).follow(-1, 6);
        cluster.node(3).follow(-1, 6);
        cluster.run(client, ends, 200);
        assertEquals(-1, client.leaderId());
        cluster.node(1).follow(3, 7);
        cluster.node(3).lead(7);
        awaitLeader(client, 3);
        final int asked = cluster.node(1).connectCount + cluster.node(3).connectCount;
        assertTrue(asked < 60, "asked " + asked + " times");
    }

    @Test
    void shouldTakeTheNextLeadersReplyToACommandThatWasSentToTheLast()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.node(2).handler = FakeNode.SILENT;
        final long id = offer(client);
        cluster.await(client, ends, "the command", () -> 1 == cluster.node(2).commands.size());
        cluster.node(2).isSilent = true;
        cluster.node(1).follow(3, 6);
        cluster.node(3).lead(6);
        cluster.node(3).handler = FakeNode.SILENT;
        awaitLeader(client, 3);
        assertEquals(1, client.outstandingCount());
        cluster.await(client, ends, "the command again", () -> !cluster.node(3).commands.isEmpty());
        cluster.node(3).reply(id, ReplyCode.COMMITTED, 44, 55, buffer, 0, 8);
        cluster.await(client, ends, "the reply", () -> ends.has(id));
        assertEquals(Outcome.COMMITTED, ends.of(id).outcome());
        assertEquals(44, ends.of(id).index());
        assertEquals(id, cluster.node(3).commands.get(0));
    }

    @Test
    void shouldSendAllThatIsUnansweredAgainInOrderWhenALeaderIsLost()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.node(2).handler = FakeNode.SILENT;
        final long first = offer(client);
        final long second = offer(client);
        cluster.await(client, ends, "the commands", () -> 2 == cluster.node(2).commands.size());
        cluster.node(2).close();
        cluster.lead(1, 6);
        awaitLeader(client, 1);
        cluster.await(client, ends, "both", () -> 2 == ends.size());
        final long third = offer(client);
        cluster.await(client, ends, "all three", () -> 3 == ends.size());
        assertEquals(Outcome.COMMITTED, ends.of(first).outcome());
        assertEquals(Outcome.COMMITTED, ends.of(second).outcome());
        assertEquals(Outcome.COMMITTED, ends.of(third).outcome());
        assertEquals(List.of(first, second, third), cluster.node(1).commands);
        cluster.node(1).reply(first, ReplyCode.COMMITTED, 1, 1, buffer, 0, 8);
        cluster.await(client, ends, "the late reply", () -> 1 == client.stats().late());
        assertEquals(3, ends.size());
        assertEquals(0, cluster.node(1).openCount, "it is the same session");
    }

    @Test
    void shouldSendWhatIsUnansweredAgainWhenTheSameLeaderLeadsAgain()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final FakeNode leader = cluster.node(2);
        leader.handler = FakeNode.SILENT;
        final long id = offer(client);
        cluster.await(client, ends, "the command", () -> 1 == leader.commands.size());
        leader.handler = FakeNode.ECHO;
        leader.lead(8);
        leader.redirect();
        cluster.await(client, ends, "the reply", () -> ends.has(id));
        assertEquals(1, client.stats().searches());
    }

    @Test
    void shouldGoWhereAnUnaskedRedirectPoints()
    {
        final UkehiClient client = cluster.connect(
            cluster.context().backoffNs(MILLISECONDS.toNanos(5000), MILLISECONDS.toNanos(5000)));
        final int askedBefore = cluster.node(1).connectCount;
        cluster.lead(3, 6);
        cluster.node(2).redirect();
        awaitLeader(client, 3);
        assertEquals(askedBefore, cluster.node(1).connectCount);
    }

    @Test
    void shouldIgnoreRedirectsThatAreNoNews()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final FakeNode leader = cluster.node(2);
        leader.redirect();
        leader.term = 4;
        leader.leaderId = 1;
        leader.redirect();
        cluster.run(client, ends, 200);
        assertEquals(1, client.stats().searches());
        assertEquals(2, client.leaderId());
        // Elected again: the same leader in a later term.
        leader.lead(8);
        leader.redirect();
        cluster.await(client, ends, "the new term", () -> 8 == client.term());
        assertEquals(1, client.stats().searches());
    }

    /** Settings of a client that greets members that do not lead every 100 ms, and asks nobody twice in this test. */
    private ClientContext watchful()
    {
        return cluster.context()
            .keepAliveIntervalNs(MILLISECONDS.toNanos(10))
            .backoffNs(MILLISECONDS.toNanos(60_000), MILLISECONDS.toNanos(60_000));
    }

    private void awaitStandby(final UkehiClient client)
    {
        cluster.await(client, ends, "the others to know it", () ->
            cluster.node(1).keepAliveCount > 0 && cluster.node(3).keepAliveCount > 0);
    }

    @Test
    void shouldKeepTheWaysToThoseOpenThatDoNotLead()
    {
        final UkehiClient client = cluster.connect(watchful());
        awaitStandby(client);
        final int askedBefore = cluster.node(1).connectCount;
        cluster.run(client, ends, 300);
        assertEquals(askedBefore, cluster.node(1).connectCount);
        cluster.node(1).closeSession();
        cluster.await(client, ends, "another Connect", () -> askedBefore + 1 == cluster.node(1).connectCount);
        assertEquals(1, client.stats().searches());
        assertEquals(2, client.leaderId());
    }

    @Test
    void shouldGoOverAtOnceToALeaderThatSaysSoItself()
    {
        final UkehiClient client = cluster.connect(watchful());
        awaitStandby(client);
        cluster.node(2).handler = FakeNode.SILENT;
        final long id = offer(client);
        cluster.await(client, ends, "the command", () -> 1 == cluster.node(2).commands.size());
        // The one asked next knows of nobody, and the answer to the next question would come too late.
        cluster.node(1).follow(-1, 6);
        cluster.node(2).follow(-1, 6);
        cluster.node(3).follow(-1, 6);
        cluster.node(2).redirect();
        cluster.await(client, ends, "the end of the last leader", () -> -1 == client.leaderId());
        cluster.run(client, ends, 50);
        cluster.node(3).lead(6);
        final int askedBefore = cluster.node(3).connectCount;
        cluster.node(3).redirect();
        awaitLeader(client, 3);
        assertEquals(askedBefore, cluster.node(3).connectCount);
        cluster.await(client, ends, "the reply", () -> ends.has(id));
        assertEquals(List.of(id), cluster.node(3).commands);
    }

    @Test
    void shouldGoOverToTheNextLeaderBeforeItMissesTheLast()
    {
        final UkehiClient client = cluster.connect(watchful().keepAliveTimeoutNs(MILLISECONDS.toNanos(60_000)));
        awaitStandby(client);
        cluster.node(2).isSilent = true;
        cluster.node(1).follow(3, 6);
        cluster.node(3).lead(6);
        cluster.node(1).redirect();
        awaitLeader(client, 3);
    }

    @Test
    void shouldNotMindThatAnotherLosesSightOfTheLeader()
    {
        final UkehiClient client = cluster.connect(watchful());
        awaitStandby(client);
        cluster.node(1).follow(-1, 5);
        cluster.node(1).redirect();
        cluster.node(3).follow(-1, 6);
        cluster.node(3).redirect();
        cluster.await(client, ends, "the later term", () -> 6 == client.term());
        final long id = offer(client);
        cluster.await(client, ends, "the reply", () -> ends.has(id));
        assertEquals(1, client.stats().searches());
    }

    @Test
    void shouldNotTakeTheSignsOfLifeOfOthersForTheLeaders()
    {
        final UkehiClient client = cluster.connect(watchful().keepAliveTimeoutNs(MILLISECONDS.toNanos(150)));
        awaitStandby(client);
        cluster.node(2).isSilent = true;
        final int heardBefore = cluster.node(1).keepAliveCount;
        cluster.await(client, ends, "a search", () -> 2 == client.stats().searches());
        assertTrue(cluster.node(1).keepAliveCount > heardBefore);
    }

    @Test
    void shouldNotFollowALateRefusalOfTheLastLeader()
    {
        final UkehiClient client = cluster.connect(watchful());
        awaitStandby(client);
        cluster.node(2).handler = FakeNode.SILENT;
        cluster.node(3).handler = FakeNode.SILENT;
        final long id = offer(client);
        cluster.await(client, ends, "the command", () -> 1 == cluster.node(2).commands.size());
        cluster.lead(3, 6);
        cluster.node(3).redirect();
        awaitLeader(client, 3);
        cluster.await(client, ends, "the command again", () -> 1 == cluster.node(3).commands.size());
        final long searches = client.stats().searches();
        cluster.node(2).leaderId = 1;
        cluster.node(2).reject(id, ReplyCode.REJECTED_NOT_LEADER);
        cluster.run(client, ends, 100);
        assertEquals(3, client.leaderId());
        assertEquals(searches, client.stats().searches());
    }

    @Test
    void shouldLookForTheLeaderWhenANodeEndsTheSession()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.lead(1, 6);
        cluster.node(2).closeSession();
        awaitLeader(client, 1);
    }

    @Test
    void shouldFollowARejectionToTheLeader()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final FakeNode old = cluster.node(2);
        old.handler = FakeNode.SILENT;
        final long first = offer(client);
        final long second = offer(client);
        cluster.await(client, ends, "the commands", () -> 2 == old.commands.size());
        cluster.lead(3, 6);
        old.reject(first, ReplyCode.REJECTED_NOT_LEADER);
        awaitLeader(client, 3);
        final long searches = client.stats().searches();
        cluster.await(client, ends, "both", () -> ends.has(first) && ends.has(second));
        old.reject(second, ReplyCode.REJECTED_NOT_LEADER);
        cluster.run(client, ends, 100);
        assertEquals(3, client.leaderId());
        assertEquals(searches, client.stats().searches());
        assertEquals(Outcome.COMMITTED, ends.of(first).outcome());
        assertEquals(List.of(first, second), cluster.node(3).commands);
    }

    @Test
    void shouldComeBackToALeaderThatWasStartedAgain()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.restart(2);
        cluster.lead(2, 6);
        cluster.await(client, ends, "the new term", () -> 6 == client.term() && 2 == client.leaderId());
        final long id = offer(client);
        cluster.await(client, ends, "its reply", () -> ends.has(id));
        assertEquals(Outcome.COMMITTED, ends.of(id).outcome());
    }

    @Test
    void shouldConnectAgainWhereTheLeaderHasForgottenIt()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        final int before = cluster.node(2).connectCount;
        cluster.node(2).handler = (node, id, bytes, offset, length) ->
        {
            node.handler = FakeNode.ECHO;
            node.reject(id, ReplyCode.REJECTED_NO_SESSION);
        };
        final long id = offer(client);
        cluster.await(client, ends, "the reply", () -> ends.has(id));
        awaitLeader(client, 2);
        assertEquals(before + 1, cluster.node(2).connectCount);
    }

    @Test
    void shouldCarryARequestOverToTheNextLeader()
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.node(2).handler = (node, id, bytes, offset, length) ->
        {
            cluster.lead(1, 6);
            node.reject(id, ReplyCode.REJECTED_NOT_LEADER);
        };
        assertEquals(8, client.request(buffer, 0, 8, new ExpandableArrayBuffer(8)));
        assertEquals(1, client.leaderId());
        assertEquals(List.of(1L), cluster.node(2).commands);
        assertEquals(List.of(1L), cluster.node(1).commands);
    }

    @Test
    void shouldNotTakeItsOwnPauseForTheLeaders() throws InterruptedException
    {
        final UkehiClient client = cluster.connect(cluster.context());
        cluster.run(client, ends, 150);
        for (int i = 0; i < 3; i++)
        {
            Thread.sleep(500);
            cluster.run(client, ends, 150);
        }
        assertEquals(1, client.stats().searches());
    }
}
