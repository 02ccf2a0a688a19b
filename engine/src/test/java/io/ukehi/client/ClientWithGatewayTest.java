package io.ukehi.client;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.Consistency;
import io.aeron.Aeron;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.transport.ClientGateway;
import io.ukehi.transport.ClientGatewayConfig;
import io.ukehi.transport.ClientHandler;
import io.ukehi.transport.ClientStatus;
import io.ukehi.transport.DropCounters;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client and the nodes' side of the protocol, each written against the schema, understand each other. */
@Timeout(30)
class ClientWithGatewayTest implements IdleStrategy
{
    private static final int IDS_LENGTH = 24;

    private final Ends ends = new Ends();
    private final Member[] members = new Member[3];
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[64 * 1024]);
    private MediaDriver driver;
    private Aeron aeron;
    private UkehiClient client;

    /** A gateway behind which every command is committed at once. */
    private static final class Member implements ClientHandler, AutoCloseable
    {
        private final DropCounters drops = new DropCounters();
        private final int id;
        private final int port;
        private final ClientGateway gateway;
        private int answer = TAKEN;
        private QueryCode queryAnswer = QueryCode.ANSWERED;
        private int laterCount;

        Member(final Aeron aeron, final int id)
        {
            this.id = id;
            port = FakeCluster.freePort();
            gateway = new ClientGateway(aeron, new ClientGatewayConfig()
                .group(7, 3)
                .nodeId(id)
                .ingressChannel("aeron:udp?endpoint=localhost:" + port), drops);
        }

        int doWork()
        {
            return gateway.poll(this, 16) + gateway.doWork(System.nanoTime());
        }

        @Override
        public int onCommand(
            final long sessionId,
            final long correlationId,
            final DirectBuffer payload,
            final int offset,
            final int length)
        {
            if (laterCount > 0)
            {
                laterCount--;
                return LATER;
            }
            if (TAKEN == answer)
            {
                gateway.reply(sessionId, correlationId, ReplyCode.COMMITTED.value(), 40 + correlationId, 9,
                    payload, offset + IDS_LENGTH, length - IDS_LENGTH);
            }
            return answer;
        }

        @Override
        public QueryCode onQuery(
            final long sessionId,
            final long correlationId,
            final Consistency consistency,
            final long maxLagNs,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            if (QueryCode.ANSWERED == queryAnswer)
            {
                gateway.queryReply(sessionId, correlationId, queryAnswer, 77, buffer, offset, length);
            }
            return queryAnswer;
        }

        @Override
        public void onAdmin(
            final long sessionId,
            final long correlationId,
            final AdminOperation operation,
            final int targetId,
            final String member)
        {
            gateway.adminReply(
                sessionId, correlationId, 2 == targetId ? AdminCode.STARTED : AdminCode.NO_SUCH_MEMBER, member);
        }

        @Override
        public int onOpenSession(final long sessionId)
        {
            gateway.sessionOpened(sessionId, 1, 100, ConnectCode.OK);
            return TAKEN;
        }

        @Override
        public void onStatus(final ClientStatus status)
        {
            status.role(NodeRole.FOLLOWER).term(4, 2).progress(11, 10);
        }

        @Override
        public void close()
        {
            gateway.close();
        }
    }

    @BeforeEach
    void launch()
    {
        driver = MediaDriver.launchEmbedded(new MediaDriver.Context()
            .threadingMode(ThreadingMode.SHARED)
            .termBufferSparseFile(true)
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true));
        aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(driver.aeronDirectoryName()));
        for (int i = 0; i < members.length; i++)
        {
            members[i] = new Member(aeron, i + 1);
        }
        lead(2, 4);
        new Random(5).nextBytes(buffer.byteArray());
        client = UkehiClient.connect(new ClientContext()
            .aeronDirectoryName(driver.aeronDirectoryName())
            .endpoints("1=localhost:" + members[0].port + ",2=localhost:" + members[1].port + ",3=ipc")
            .clusterId(7)
            .groupId(3)
            .idleStrategy(this));
    }

    @AfterEach
    void close()
    {
        CloseHelper.close(client);
        CloseHelper.closeAll(members);
        CloseHelper.closeAll(aeron, driver);
    }

    private void lead(final int id, final long term)
    {
        for (final Member member : members)
        {
            member.gateway.onLeader(term, id, member.id == id, false);
        }
    }

    private void await(final String what, final BooleanSupplier isSo)
    {
        final long startNs = System.nanoTime();
        while (!isSo.getAsBoolean())
        {
            assertTrue(System.nanoTime() - startNs < SECONDS.toNanos(10), "in vain: " + what);
            idle(client.poll(ends));
        }
    }

    @Test
    void shouldExchangeCommandsAndRepliesOfAllLengths()
    {
        assertEquals(2, client.leaderId());
        assertEquals(4, client.term());
        for (final int length : new int[]{0, 1, 100, 1400, 5000, 60_000})
        {
            final long id = client.offer(buffer, 0, length);
            assertTrue(id > 0);
            await("the reply", () -> ends.has(id));
            assertEquals(40 + id, ends.of(id).index());
            assertEquals(9, ends.of(id).token());
            final byte[] sent = new byte[length];
            buffer.getBytes(0, sent);
            assertArrayEquals(sent, ends.of(id).reply());
        }
        assertEquals(0, client.stats().dropped());
    }

    @Test
    void shouldSendAgainWhatWasHeldBackOrRefused()
    {
        members[1].laterCount = 5;
        final long later = client.offer(buffer, 0, 10);
        await("the reply", () -> ends.has(later));
        assertEquals(Outcome.COMMITTED, ends.of(later).outcome());
        members[1].answer = ReplyCode.REJECTED_STORAGE.value();
        final long rejected = client.offer(buffer, 0, 10);
        await("the refusal", () -> client.stats().resent() > 0);
        assertFalse(ends.has(rejected));
        members[1].answer = ClientHandler.TAKEN;
        await("the reply", () -> ends.has(rejected));
        assertEquals(Outcome.COMMITTED, ends.of(rejected).outcome());
    }

    @Test
    void shouldFollowLeadershipOverUdpAndIpc()
    {
        lead(3, 5);
        await("member 3", () -> 3 == client.leaderId());
        final long third = client.offer(buffer, 0, 10);
        await("its reply", () -> ends.has(third));
        members[2].close();
        lead(1, 6);
        await("member 1", () -> 1 == client.leaderId());
        final long first = client.offer(buffer, 0, 10);
        await("its reply", () -> ends.has(first));
        assertEquals(Outcome.COMMITTED, ends.of(first).outcome());
        assertEquals(6, client.term());
    }

    @Test
    void shouldStayConnectedWhileNothingIsSent()
    {
        final long startNs = System.nanoTime();
        await("a second", () -> System.nanoTime() - startNs > SECONDS.toNanos(1));
        assertEquals(1, client.stats().searches());
        assertEquals(1, members[1].gateway.sessionCount());
        client.close();
        while (members[1].gateway.sessionCount() > 0)
        {
            idle(0);
        }
    }

    @Test
    void shouldAskAMemberHowItIs()
    {
        final MemberStatus status = client.status(3, SECONDS.toNanos(5));
        assertEquals(3, status.nodeId());
        assertEquals(2, status.leaderId());
        assertEquals(11, status.commitIndex());
        assertEquals(3, client.clusterStatus(SECONDS.toNanos(5)).members().size());
    }

    @Override
    public void idle(final int workCount)
    {
        int work = workCount;
        for (final Member member : members)
        {
            work += member.doWork();
        }
        if (0 == work)
        {
            LockSupport.parkNanos(200_000);
        }
    }

    @Override
    public void idle()
    {
        idle(0);
    }

    @Override
    public void reset()
    {
    }
}
