package io.ukehi.node;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.aeron.Aeron;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.codecs.client.NodeRole;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.agrona.concurrent.status.CountersReader;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class NodeCountersTest
{
    private final NodeCounters counters = new NodeCounters();

    @Test
    void shouldSayAtFirstThatTheNodeRecoversAndKnowsNoLeader()
    {
        for (final NodeCounters.Kind kind : NodeCounters.Kind.values())
        {
            final long value = switch (kind)
            {
                case ROLE -> NodeRole.RECOVERING.value();
                case LEADER_ID -> -1;
                default -> 0;
            };
            assertEquals(value, counters.get(kind), kind.name());
        }
    }

    @Test
    void shouldKeepValuesReadableWhenClosed()
    {
        counters.set(NodeCounters.Kind.TERM, 12);
        counters.close();
        counters.close();
        assertEquals(12, counters.get(NodeCounters.Kind.TERM));
        counters.set(NodeCounters.Kind.TERM, 13);
        assertEquals(13, counters.get(NodeCounters.Kind.TERM));
    }

    @Test
    @Tag("cluster")
    void shouldShowValuesToOtherProcessesUntilClosed(@TempDir final Path directory)
    {
        try (MediaDriver driver = MediaDriver.launch(new MediaDriver.Context()
                .aeronDirectoryName(directory.resolve("driver").toString())
                .threadingMode(ThreadingMode.SHARED)
                .dirDeleteOnShutdown(true));
            Aeron own = Aeron.connect(new Aeron.Context().aeronDirectoryName(driver.aeronDirectoryName()));
            Aeron other = Aeron.connect(new Aeron.Context().aeronDirectoryName(driver.aeronDirectoryName())))
        {
            counters.set(NodeCounters.Kind.COMMIT_INDEX, 41);
            counters.publish(own, 0x1122334455667788L, 3, 2);
            counters.set(NodeCounters.Kind.APPLIED_INDEX, 40);
            final Map<Integer, String> seen = seen(other.countersReader());
            assertEquals(NodeCounters.Kind.values().length, seen.size());
            assertEquals(
                "ukehi commit-index - cluster 1234605616436508552 group 3 member 2 = 41",
                seen.get(NodeCounters.TYPE_ID_BASE + NodeCounters.Kind.COMMIT_INDEX.ordinal()));
            assertEquals(
                "ukehi applied-index - cluster 1234605616436508552 group 3 member 2 = 40",
                seen.get(NodeCounters.TYPE_ID_BASE + NodeCounters.Kind.APPLIED_INDEX.ordinal()));
            counters.set(NodeCounters.Kind.COMMIT_INDEX, 42);
            assertEquals(
                "ukehi commit-index - cluster 1234605616436508552 group 3 member 2 = 42",
                seen(other.countersReader()).get(7100 + NodeCounters.Kind.COMMIT_INDEX.ordinal()));
            counters.close();
            TestCluster.await(() -> 0 == count(other.countersReader()));
            counters.set(NodeCounters.Kind.COMMIT_INDEX, 43);
        }
    }

    /** Without a look at the keys, which the driver wipes while it takes a counter away. */
    private static int count(final CountersReader reader)
    {
        final int[] count = {0};
        reader.forEach((counterId, typeId, key, label) -> count[0] += isNodes(typeId) ? 1 : 0);
        return count[0];
    }

    private static boolean isNodes(final int typeId)
    {
        return typeId >= NodeCounters.TYPE_ID_BASE && typeId < NodeCounters.TYPE_ID_BASE + 100;
    }

    private static Map<Integer, String> seen(final CountersReader reader)
    {
        final Map<Integer, String> seen = new TreeMap<>();
        reader.forEach((counterId, typeId, key, label) ->
        {
            if (isNodes(typeId))
            {
                assertEquals(0x1122334455667788L, key.getLong(0, LITTLE_ENDIAN));
                assertEquals(3, key.getInt(8, LITTLE_ENDIAN));
                assertEquals(2, key.getInt(12, LITTLE_ENDIAN));
                seen.put(typeId, label + " = " + reader.getCounterValue(counterId));
            }
        });
        return seen;
    }
}
