package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClientContextTest
{
    @AfterEach
    void clearProperties()
    {
        System.clearProperty(ClientContext.MESSAGE_TIMEOUT_PROP_NAME);
        System.clearProperty(ClientContext.ENDPOINTS_PROP_NAME);
        System.clearProperty(ClientContext.TERM_LENGTH_PROP_NAME);
        System.clearProperty(ClientContext.EMBEDDED_DRIVER_PROP_NAME);
    }

    private static ClientContext context()
    {
        return new ClientContext(Map.of()).endpoints("1=localhost:9010");
    }

    private static List<String> problemsOf(final ClientContext ctx)
    {
        return assertThrows(ClientConfigurationException.class, ctx::conclude).problems();
    }

    private static void assertProblem(final ClientContext ctx, final String... words)
    {
        final List<String> problems = problemsOf(ctx);
        assertEquals(1, problems.size(), problems.toString());
        for (final String word : words)
        {
            assertTrue(problems.get(0).contains(word), problems.get(0));
        }
    }

    @Test
    void shouldTellOfAllFiveMistakesAtOnce()
    {
        System.setProperty(ClientContext.MESSAGE_TIMEOUT_PROP_NAME, "soon");
        final ClientConfigurationException failure = assertThrows(ClientConfigurationException.class,
            () -> new ClientContext(Map.of())
                .endpoints("1=localhost:9010,2=nowhere")
                .groupId(-4)
                .termLength(1000)
                .responseChannel("udp://here")
                .conclude());
        assertEquals(5, failure.problems().size(), failure.getMessage());
        for (final String words : List.of(
            "ukehi.client.message.timeout = 'soon': must be a time with its unit",
            "ukehi.client.endpoints: '2=nowhere': an endpoint is HOST:PORT",
            "ukehi.client.group.id = -4: must be 0 or more",
            "ukehi.client.term.length = 1000: must be a power of two",
            "ukehi.client.response.channel = 'udp://here': must be aeron:udp?endpoint=HOST:PORT"))
        {
            assertTrue(failure.getMessage().contains(words), failure.getMessage());
        }
    }

    @Test
    void shouldHaveDefaultsThatAreRightWhereMembersAreGiven()
    {
        final ClientContext ctx = context().conclude();
        assertEquals(1, ctx.clusterId());
        assertEquals(0, ctx.groupId());
        assertEquals(TimeUnit.SECONDS.toNanos(30), ctx.messageTimeoutNs());
        assertEquals(65_536, ctx.maxOutstanding());
        assertNotNull(ctx.aeronDirectoryName());
        assertFalse(ctx.embeddedDriver());
    }

    @Test
    void shouldTakeThePropertyBeforeTheEnvironmentAndTheProgramBeforeBoth()
    {
        final Map<String, String> environment = Map.of(
            "UKEHI_CLIENT_ENDPOINTS", "1=a:1",
            "UKEHI_CLIENT_MESSAGE_TIMEOUT", "3s",
            "UKEHI_CLIENT_CLUSTER_ID", "77",
            "UKEHI_CLIENT_TERM_LENGTH", "16m");
        System.setProperty(ClientContext.ENDPOINTS_PROP_NAME, "1=b:1");
        System.setProperty(ClientContext.MESSAGE_TIMEOUT_PROP_NAME, "250ms");
        final ClientContext ctx = new ClientContext(environment).endpoints("1=c:1").conclude();
        assertEquals("1=c:1", ctx.endpoints());
        assertEquals(TimeUnit.MILLISECONDS.toNanos(250), ctx.messageTimeoutNs());
        assertEquals(77, ctx.clusterId());
        assertEquals(16 * 1024 * 1024, ctx.termLength());
    }

    @Test
    void shouldForgiveAMalformedPropertyThatTheProgramSets()
    {
        System.setProperty(ClientContext.TERM_LENGTH_PROP_NAME, "long");
        System.setProperty(ClientContext.EMBEDDED_DRIVER_PROP_NAME, "perhaps");
        assertEquals(2, problemsOf(context()).size());
        context().termLength(64 * 1024).embeddedDriver(false).conclude();
    }

    @Test
    void shouldReadEveryFormOfAnEndpoint()
    {
        final List<ClientEndpoint> members = context()
            .endpoints("1=host:9010, 2=ipc ,3=[::1]:9011,7=aeron:udp?endpoint=host:9012|interface=lo,9=aeron:ipc")
            .conclude()
            .members();
        assertEquals(List.of(
            new ClientEndpoint(1, "aeron:udp?endpoint=host:9010", 100),
            new ClientEndpoint(2, "aeron:ipc", 102),
            new ClientEndpoint(3, "aeron:udp?endpoint=[::1]:9011", 100),
            new ClientEndpoint(7, "aeron:udp?endpoint=host:9012|interface=lo", 100),
            new ClientEndpoint(9, "aeron:ipc", 109)), members);
    }

    @Test
    void shouldRefuseEveryMalformedEndpoint()
    {
        assertProblem(context().endpoints(""), "ID=HOST:PORT");
        assertProblem(context().endpoints(null), "ID=HOST:PORT");
        assertProblem(context().endpoints("localhost:9010"), "not of the form");
        assertProblem(context().endpoints("1="), "not of the form");
        assertProblem(context().endpoints("1=a:1,,2=b:2"), "not of the form");
        assertProblem(context().endpoints("0=a:1"), "1 or more");
        assertProblem(context().endpoints("x=a:1"), "1 or more");
        assertProblem(context().endpoints("1=a"), "HOST:PORT");
        assertProblem(context().endpoints("1=a:0"), "HOST:PORT");
        assertProblem(context().endpoints("1=a:65536"), "HOST:PORT");
        assertProblem(context().endpoints("1=:80"), "HOST:PORT");
        assertProblem(context().endpoints("1=aeron:udp?control=a:1"), "HOST:PORT");
        assertProblem(context().endpoints("1=a:1,1=b:2"), "twice");
    }

    @Test
    void shouldCheckEverySettingByItself()
    {
        assertProblem(context().connectTimeoutNs(0), ClientContext.CONNECT_TIMEOUT_PROP_NAME, "0 ns");
        assertProblem(context().messageTimeoutNs(-1), ClientContext.MESSAGE_TIMEOUT_PROP_NAME);
        assertProblem(context().keepAliveIntervalNs(0), ClientContext.KEEPALIVE_INTERVAL_PROP_NAME);
        assertProblem(context().keepAliveTimeoutNs(0), ClientContext.KEEPALIVE_TIMEOUT_PROP_NAME);
        assertProblem(context().backoffNs(0, 1), ClientContext.BACKOFF_MIN_PROP_NAME);
        assertProblem(context().backoffNs(2, 1), ClientContext.BACKOFF_MAX_PROP_NAME, "1 ns", "2 ns");
        assertProblem(context().maxOutstanding(0), ClientContext.MAX_OUTSTANDING_PROP_NAME);
        assertProblem(context().maxOutstanding(1024 * 1024 + 1), ClientContext.MAX_OUTSTANDING_PROP_NAME);
        assertProblem(context().termLength(32 * 1024), ClientContext.TERM_LENGTH_PROP_NAME);
        assertProblem(context().fragmentLimit(0), ClientContext.FRAGMENT_LIMIT_PROP_NAME);
        assertProblem(context().responseStreamId(-1), ClientContext.RESPONSE_STREAM_ID_PROP_NAME);
        assertProblem(context().responseChannel(null), ClientContext.RESPONSE_CHANNEL_PROP_NAME);
        assertProblem(context().responseChannel("aeron:udp?endpoint=0.0.0.0:0"), "as the members reach it");
        assertProblem(context().nanoClock(null), "nanoClock");
        assertProblem(context().idleStrategy(null), "idleStrategy");
    }

    @Test
    void shouldRefuseADriverOfItsOwnWhereAMemberIsOnAnother()
    {
        assertProblem(context().endpoints("1=ipc").embeddedDriver(true), ClientContext.EMBEDDED_DRIVER_PROP_NAME);
        context().endpoints("1=ipc").embeddedDriver(true).aeronDirectoryName("/dev/shm/known").conclude();
    }
}
