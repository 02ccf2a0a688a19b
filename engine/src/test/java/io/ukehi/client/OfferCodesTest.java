package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.Consistency;
import java.util.HashSet;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Why a client sends nothing: each reason has a code of its own, for commands and for queries to the leader. */
@Timeout(30)
class OfferCodesTest
{
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[256 * 1024]);
    private final Ends ends = new Ends();
    private FakeCluster cluster;

    @BeforeEach
    void launch()
    {
        cluster = new FakeCluster();
    }

    @AfterEach
    void close()
    {
        cluster.close();
    }

    private UkehiClient open()
    {
        final UkehiClient client = UkehiClient.open(cluster.context());
        cluster.clients.add(client);
        return client;
    }

    private long offer(final UkehiClient client)
    {
        return client.offer(buffer, 0, 8);
    }

    private long offerQuery(final UkehiClient client)
    {
        return client.offerQuery(Consistency.LINEARIZABLE, 0, UkehiClient.ANY_MEMBER, buffer, 0, 8);
    }

    private void awaitCode(final UkehiClient client, final long code)
    {
        cluster.await(client, ends, "code " + code, () -> code == offer(client));
        assertEquals(code, offerQuery(client));
        assertEquals(0, client.outstandingCount());
    }

    @Test
    void shouldHaveACodeForEachReasonThatIsNoOthersAndNoCorrelationId()
    {
        final long[] codes = {UkehiClient.NOT_CONNECTED, UkehiClient.NO_LEADER, UkehiClient.BACK_PRESSURED,
            UkehiClient.SESSION_LIMIT, UkehiClient.MESSAGE_TOO_LARGE, UkehiClient.CLOSED};
        final Set<Long> different = new HashSet<>();
        for (final long code : codes)
        {
            assertTrue(code < 0);
            different.add(code);
        }
        assertEquals(codes.length, different.size());
    }

    @Test
    void shouldSayThatItIsNotConnectedWhileNobodyAnswers()
    {
        for (final FakeNode node : cluster.nodes)
        {
            node.isSilent = true;
        }
        final UkehiClient client = open();
        cluster.run(client, ends, 300);
        awaitCode(client, UkehiClient.NOT_CONNECTED);
    }

    @Test
    void shouldSayThatItIsNotConnectedUntilTheLeaderHasOpenedASession()
    {
        cluster.lead(2, 5);
        cluster.node(2).sessionCode = null;
        final UkehiClient client = open();
        cluster.await(client, ends, "the question", () -> cluster.node(2).openCount > 0);
        awaitCode(client, UkehiClient.NOT_CONNECTED);
    }

    @Test
    void shouldSayThatThereIsNoLeaderWhileMembersAnswerAndNoneOfThemLeads()
    {
        final UkehiClient client = open();
        awaitCode(client, UkehiClient.NO_LEADER);
        cluster.lead(3, 2);
        cluster.await(client, ends, "the leader", () -> offer(client) > 0);
        cluster.node(3).close();
        cluster.node(1).follow(-1, 3);
        cluster.node(2).follow(-1, 3);
        cluster.await(client, ends, "its loss", () -> UkehiClient.NO_LEADER == offer(client));
        assertEquals(UkehiClient.NO_LEADER, offerQuery(client));
    }

    @Test
    void shouldSayThatMembersReplayTheirLogsAsIfThereWereNoLeader()
    {
        for (final FakeNode node : cluster.nodes)
        {
            node.connectCode = ConnectCode.RECOVERING;
        }
        awaitCode(open(), UkehiClient.NO_LEADER);
    }

    @Test
    void shouldTellANodeThatIsFullFromAClusterWithoutALeader()
    {
        cluster.lead(2, 5);
        cluster.node(2).connectCode = ConnectCode.SESSION_LIMIT;
        cluster.node(1).isSilent = true;
        cluster.node(3).isSilent = true;
        awaitCode(open(), UkehiClient.SESSION_LIMIT);
    }

    @Test
    void shouldTellAClusterThatIsFullFromOneWithoutALeader()
    {
        cluster.lead(2, 5);
        cluster.node(2).sessionCode = ConnectCode.SESSION_LIMIT;
        awaitCode(open(), UkehiClient.SESSION_LIMIT);
    }

    @Test
    void shouldTellWhatIsTooLongFromWhatIsTooMuch()
    {
        cluster.lead(2, 5);
        cluster.node(2).window = 2;
        cluster.node(2).handler = FakeNode.SILENT;
        final UkehiClient client = cluster.connect(cluster.context());
        assertEquals(UkehiClient.MESSAGE_TOO_LARGE, client.offer(buffer, 0, buffer.capacity()));
        assertEquals(UkehiClient.MESSAGE_TOO_LARGE,
            client.offerQuery(Consistency.LINEARIZABLE, 0, UkehiClient.ANY_MEMBER, buffer, 0, buffer.capacity()));
        assertTrue(offer(client) > 0);
        assertTrue(offer(client) > 0);
        assertEquals(UkehiClient.BACK_PRESSURED, offer(client));
        assertEquals(UkehiClient.MESSAGE_TOO_LARGE, client.offer(buffer, 0, buffer.capacity()));
        assertEquals(2, client.outstandingCount());
    }

    @Test
    void shouldSayThatItIsClosedWhateverElseIsTrue()
    {
        cluster.lead(2, 5);
        final UkehiClient client = cluster.connect(cluster.context());
        client.close();
        assertEquals(UkehiClient.CLOSED, offer(client));
        assertEquals(UkehiClient.CLOSED, offerQuery(client));
        assertEquals(UkehiClient.CLOSED, client.offer(buffer, 0, buffer.capacity()));
    }
}
