package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ukehi.codecs.client.Consistency;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that is told of members it was not configured with. */
@Timeout(60)
class ClientMembersTest
{
    private static final ReplyListener NOBODY =
        (correlationId, outcome, code, index, token, buffer, offset, length) -> {};

    private final FakeCluster cluster = new FakeCluster();

    @AfterEach
    void close()
    {
        cluster.close();
    }

    @Test
    void shouldFollowALeaderThatItWasNotConfiguredWith()
    {
        cluster.lead(1, 4);
        final UkehiClient client = cluster.connect(cluster.context().endpoints(cluster.endpoint(1)));
        cluster.node(1).tellMembers(7, cluster.endpoint(1) + "," + cluster.endpoint(2) + "," + cluster.endpoint(3));
        cluster.await(client, NOBODY, "three members are asked", () ->
            3 == client.clusterStatus(100_000_000L).members().size());

        cluster.lead(3, 5);
        cluster.node(1).redirect();
        cluster.await(client, NOBODY, "the new leader is found", () -> 3 == client.leaderId());
        final ExpandableArrayBuffer reply = new ExpandableArrayBuffer();
        client.request(new UnsafeBuffer(new byte[8]), 0, 8, reply);
        assertEquals(3, client.leaderId());
        client.read(Consistency.STALE, Long.MAX_VALUE, 2, new UnsafeBuffer(new byte[8]), 0, 8,
            reply);
        assertEquals(2, client.readMemberId());
    }
}
