package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Settings are checked as a whole, once, and a wrong one is named. */
class RaftConfigTest
{
    @Test
    void shouldTakeOneToSevenMembersInAnyOrderAndSortThem()
    {
        for (int size = 1; size <= RaftConfig.MAX_MEMBERS; size++)
        {
            final int[] ids = new int[size];
            for (int i = 0; i < size; i++)
            {
                ids[i] = 10 * (size - i);
            }
            final RaftConfig config = new RaftConfig().nodeId(10).members(ids);
            assertSame(config, config.conclude());
            for (int i = 0; i < size; i++)
            {
                assertEquals(10 * (i + 1), config.members()[i]);
            }
        }
    }

    @Test
    void shouldNotChangeWhenTheArrayGivenChanges()
    {
        final int[] ids = {3, 1, 2};
        final RaftConfig config = new RaftConfig().nodeId(1).members(ids);
        ids[0] = 9;
        assertArrayEquals(new int[]{1, 2, 3}, config.conclude().members());
    }

    @Test
    void shouldNameWhatIsWrong()
    {
        refuses("nodeId", config -> config.nodeId(0));
        refuses("nodeId must be one of the members", config -> config.nodeId(9));
        refuses("members must be 1 to 7", config -> config.members(new int[0]));
        refuses("members must be 1 to 7", config -> config.members(1, 2, 3, 4, 5, 6, 7, 8));
        refuses("unique", config -> config.members(1, 2, 2));
        refuses("member ids must be greater than 0", config -> config.members(1, 0, 2));
        refuses("heartbeatIntervalNs", config -> config.heartbeatIntervalNs(0));
        refuses("heartbeatIntervalNs", config -> config.heartbeatIntervalNs(150_000_000));
        refuses("electionTimeoutMinNs", config -> config.electionTimeoutNs(200_000_000, 200_000_000));
        refuses("maxAppendBytes", config -> config.maxAppendBytes(0));
        refuses("maxInflightBytes", config -> config.maxAppendBytes(100).maxInflightBytes(99));
        refuses("maxInflightMessages", config -> config.maxInflightMessages(0));
        refuses("initialCommitIndex", config -> config.initialCommitIndex(-1));
        refuses("incarnation", config -> config.incarnation(0));
    }

    private static void refuses(final String part, final Consumer<RaftConfig> change)
    {
        final RaftConfig config = new RaftConfig().nodeId(1).members(1, 2, 3);
        config.conclude();
        change.accept(config);
        final String message = assertThrows(IllegalArgumentException.class, config::conclude).getMessage();
        assertTrue(message.contains(part), message);
    }
}
