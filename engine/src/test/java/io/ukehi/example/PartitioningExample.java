package io.ukehi.example;

import io.ukehi.client.ClientContext;
import io.ukehi.client.UkehiClient;
import io.ukehi.kv.KvClient;
import io.ukehi.partition.ConsistentHashRing;
import io.ukehi.partition.KeyRouter;
import io.ukehi.partition.RingNode;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;

/** One store over several clusters: each key lives in the cluster that the ring gives it. Used by one thread. */
public final class PartitioningExample implements AutoCloseable
{
    private final Map<String, UkehiClient> clients = new LinkedHashMap<>();
    private final KeyRouter<KvClient> router;

    /** The endpoints of each cluster by its name, which is also its name on the ring. */
    PartitioningExample(final Map<String, String> endpoints)
    {
        endpoints.forEach((name, list) -> clients.put(name, UkehiClient.connect(new ClientContext()
            .embeddedDriver(true)
            .endpoints(list))));
        router = new KeyRouter<>(
            new ConsistentHashRing(endpoints.keySet().stream().map(RingNode::new).toList()),
            node -> new KvClient(clients.get(node.name())));
    }

    void put(final String key, final String value)
    {
        storeOf(key).put(key, value);
    }

    String get(final String key)
    {
        return storeOf(key).get(key);
    }

    ConsistentHashRing ring()
    {
        return router.ring();
    }

    KvClient storeOf(final String key)
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(key.getBytes(StandardCharsets.UTF_8));
        return router.route(bytes, 0, bytes.capacity());
    }

    @Override
    public void close()
    {
        CloseHelper.closeAll(clients.values());
    }
}
