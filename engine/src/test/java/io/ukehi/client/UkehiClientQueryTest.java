package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Queries of a client, at nodes that answer as they are told. */
@Timeout(60)
class UkehiClientQueryTest
{
    private final UnsafeBuffer query = new UnsafeBuffer("what".getBytes(StandardCharsets.US_ASCII));
    private final ExpandableArrayBuffer reply = new ExpandableArrayBuffer();
    private FakeCluster cluster;
    private UkehiClient client;

    @BeforeEach
    void launch()
    {
        cluster = new FakeCluster();
        cluster.lead(2, 4);
        client = cluster.connect(cluster.context().messageTimeoutNs(TimeUnit.SECONDS.toNanos(3)));
    }

    @AfterEach
    void close()
    {
        cluster.close();
    }

    private String read(final Consistency consistency, final int memberId)
    {
        final int length = client.read(consistency, 5, memberId, query, 0, query.capacity(), reply);
        return reply.getStringWithoutLengthAscii(0, length);
    }

    private void poll(final QueryListener listener)
    {
        cluster.idle(client.poll(
            (id, outcome, code, index, token, buffer, offset, length) -> fail("no command is under way"), listener));
    }

    @Test
    void shouldAskTheLeaderWhatMustBeLinearizable()
    {
        assertEquals("what", read(Consistency.LINEARIZABLE, UkehiClient.ANY_MEMBER));
        assertEquals("what", read(Consistency.LEASE, UkehiClient.ANY_MEMBER));
        assertEquals(List.of(Consistency.LINEARIZABLE, Consistency.LEASE), cluster.node(2).queries);
        assertEquals(77, client.readIndex());
        assertEquals(2, client.readMemberId());
    }

    @Test
    void shouldAskTheMemberThatIsNamed()
    {
        assertEquals("what", read(Consistency.FOLLOWER, 3));
        assertEquals(3, client.readMemberId());
        assertEquals("what", read(Consistency.STALE, 1));
        assertEquals(1, client.readMemberId());
        assertThrows(IllegalArgumentException.class, () -> read(Consistency.STALE, 9));
    }

    /** Without a way back it would drop the question, and the client would wait for the answer until it is late. */
    @Test
    void shouldAskNobodyWhoHasNoWayToAnswerYet()
    {
        cluster.node(3).connectsToIgnore = 3;
        client = cluster.connect(cluster.context().messageTimeoutNs(TimeUnit.SECONDS.toNanos(3)));
        final long beganNs = System.nanoTime();
        assertEquals("what", read(Consistency.FOLLOWER, 3));
        assertTrue(System.nanoTime() - beganNs < TimeUnit.SECONDS.toNanos(2));
        assertEquals(0, cluster.node(3).connectsToIgnore);
        assertEquals(1, cluster.node(3).queries.size());
    }

    @Test
    void shouldRatherNotAskTheLeaderWhereAnyMemberWillDo()
    {
        for (int i = 0; i < 10; i++)
        {
            read(Consistency.FOLLOWER, UkehiClient.ANY_MEMBER);
        }
        assertTrue(cluster.node(2).queries.isEmpty());
    }

    @Test
    void shouldAskAnotherWhenOneRefuses()
    {
        cluster.node(1).queryHandler = (node, id, bytes, offset, length) ->
            node.answer(id, QueryCode.REJECTED_TOO_STALE, 0, bytes, offset, 0);
        assertEquals("what", read(Consistency.STALE, UkehiClient.ANY_MEMBER));
        // Until another has a way to answer by, it is asked again.
        final int before = cluster.node(1).queries.size();
        for (int i = 0; i < 5; i++)
        {
            assertEquals("what", read(Consistency.STALE, UkehiClient.ANY_MEMBER));
        }
        assertTrue(client.readMemberId() > 1);
        assertTrue(cluster.node(1).queries.size() <= before + 1);
    }

    @Test
    void shouldFollowTheLeaderWhenItHasMoved()
    {
        read(Consistency.LINEARIZABLE, UkehiClient.ANY_MEMBER);
        cluster.lead(3, 5);
        cluster.node(2).queryHandler = (node, id, bytes, offset, length) ->
            node.answer(id, QueryCode.REJECTED_NOT_LEADER, 0, bytes, offset, 0);
        assertEquals("what", read(Consistency.LINEARIZABLE, UkehiClient.ANY_MEMBER));
        assertEquals(3, client.readMemberId());
    }

    @Test
    void shouldThrowWhatIsFinal()
    {
        cluster.node(2).queryHandler = (node, id, bytes, offset, length) ->
            node.answer(id, QueryCode.REJECTED_UNSUPPORTED, 0, bytes, offset, 0);
        assertEquals(QueryCode.REJECTED_UNSUPPORTED, assertThrows(QueryRejectedException.class,
            () -> read(Consistency.LINEARIZABLE, UkehiClient.ANY_MEMBER)).code());
    }

    @Test
    void shouldTellTheListenerOfEveryQueryOnce()
    {
        final long[] told = new long[3];
        final long first = client.offerQuery(Consistency.LINEARIZABLE, 0, 0, query, 0, 4);
        assertTrue(first > 0);
        while (0 == told[0])
        {
            poll((id, code, memberId, index, buffer, offset, length) ->
            {
                assertEquals(first, id);
                assertEquals(QueryCode.ANSWERED, code);
                told[0]++;
            });
        }
        cluster.node(2).isSilent = true;
        assertTrue(client.offerQuery(Consistency.LINEARIZABLE, 0, 0, query, 0, 4) > first);
        while (0 == told[1])
        {
            poll((id, code, memberId, index, buffer, offset, length) ->
            {
                assertEquals(QueryCode.NULL_VAL, code);
                told[1]++;
            });
        }
    }
}
