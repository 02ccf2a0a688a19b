package io.ukehi.cli;

import io.ukehi.client.ClientContext;
import io.ukehi.client.UkehiClient;
import io.ukehi.kv.KvClient;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import picocli.CommandLine.Option;

/** How commands that talk to a cluster find it. */
final class ClusterOptions
{
    @Option(
        names = {"-e", "--endpoints"},
        paramLabel = "LIST",
        description = "Where members take clients: ID=HOST:PORT,... Default: the property ukehi.client.endpoints, " +
            "the variable UKEHI_CLIENT_ENDPOINTS, or the cluster of \"ukehi dev\".")
    private String endpoints;

    @Option(names = "--cluster-id", paramLabel = "N", description = "Identity of the cluster. Default: 1.")
    private Long clusterId;

    @Option(
        names = "--timeout",
        paramLabel = "SECONDS",
        description = "How long to wait. Default: ${DEFAULT-VALUE}.",
        defaultValue = "5")
    private int timeoutSeconds;

    long timeoutNs()
    {
        return TimeUnit.SECONDS.toNanos(timeoutSeconds);
    }

    ClientContext context()
    {
        final ClientContext context = new ClientContext()
            .embeddedDriver(true)
            .connectTimeoutNs(timeoutNs())
            .messageTimeoutNs(timeoutNs());
        if (null != endpoints)
        {
            context.endpoints(endpoints);
        }
        else if (context.endpoints().isEmpty())
        {
            context.endpoints(DevCommand.ENDPOINTS);
        }
        if (null != clusterId)
        {
            context.clusterId(clusterId);
        }
        return context;
    }

    /** Connects, does one thing with the store, and closes. */
    int withStore(final ToIntFunction<KvClient> action)
    {
        try (UkehiClient client = UkehiClient.connect(context()))
        {
            return action.applyAsInt(new KvClient(client));
        }
    }
}
