package io.ukehi.benchmarks.cluster;

import io.ukehi.codecs.client.Consistency;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The systems that can be put under load, by name. */
final class Systems
{
    /** What others are set against. */
    static final String REFERENCE = "aeron-cluster";

    private static final Map<String, Supplier<EchoSystem>> BY_NAME = new LinkedHashMap<>();

    static
    {
        BY_NAME.put("aeron-echo", RawAeronSystem::new);
        BY_NAME.put("ukehi", () -> new UkehiSystem("ukehi", Threading.NODE_THREAD));
        BY_NAME.put("ukehi-driver-thread",
            () -> new UkehiSystem("ukehi-driver-thread", Threading.DRIVER_THREAD));
        BY_NAME.put("ukehi-two-threads",
            () -> new UkehiSystem("ukehi-two-threads", Threading.MEMBERS_THREAD));
        BY_NAME.put("ukehi-one-thread",
            () -> new UkehiSystem("ukehi-one-thread", Threading.ONE_THREAD));
        BY_NAME.put("ukehi-read-index",
            () -> new UkehiSystem("ukehi-read-index", Threading.NODE_THREAD, Consistency.LINEARIZABLE));
        BY_NAME.put("ukehi-read-lease",
            () -> new UkehiSystem("ukehi-read-lease", Threading.NODE_THREAD, Consistency.LEASE));
        BY_NAME.put("ukehi-read-follower",
            () -> new UkehiSystem("ukehi-read-follower", Threading.NODE_THREAD, Consistency.FOLLOWER));
        BY_NAME.put(REFERENCE, AeronClusterSystem::new);
        BY_NAME.put("sofa-jraft", SofaJRaftSystem::new);
        BY_NAME.put("ratis", () -> new RatisSystem("ratis", true));
        BY_NAME.put("ratis-client", () -> new RatisSystem("ratis-client", false));
    }

    private Systems()
    {
    }

    static List<String> names()
    {
        return List.copyOf(BY_NAME.keySet());
    }

    static EchoSystem named(final String name)
    {
        final Supplier<EchoSystem> system = BY_NAME.get(name);
        if (null == system)
        {
            throw new IllegalArgumentException("there is no system " + name + "; there are " + names());
        }
        return system.get();
    }
}
