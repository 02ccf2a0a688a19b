package io.ukehi.kv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.FakeCluster;
import io.ukehi.client.FakeNode;
import io.ukehi.client.OutcomeUnknownException;
import io.ukehi.client.UkehiClientException;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The typed client against the real state machine behind a fake node. */
@Timeout(30)
class KvClientTest
{
    private final Applier applier = new Applier();
    private FakeCluster cluster;
    private KvClient kv;

    /** Applies each command at once, as a cluster of one would. */
    private static final class Applier implements FakeNode.CommandHandler, CommandHeader, Reply
    {
        private final KvStateMachine store = new KvStateMachine(8 * 1024 * 1024);
        private final UnsafeBuffer replyBuffer = new UnsafeBuffer(new byte[KvCodec.MAX_REPLY_LENGTH]);
        private long index;
        private int replyLength;

        @Override
        public void onCommand(
            final FakeNode node,
            final long correlationId,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            index++;
            replyLength = 0;
            store.onCommand(this, buffer, offset, length, this);
            node.reply(correlationId, ReplyCode.COMMITTED, index, 0, replyBuffer, 0, replyLength);
        }

        void onQuery(
            final FakeNode node,
            final long correlationId,
            final DirectBuffer buffer,
            final int offset,
            final int length)
        {
            replyLength = 0;
            store.onQuery(index, buffer, offset, length, this);
            node.answer(correlationId, QueryCode.ANSWERED, index, replyBuffer, 0, replyLength);
        }

        @Override
        public long index()
        {
            return index;
        }

        @Override
        public long term()
        {
            return 1;
        }

        @Override
        public long fencingToken()
        {
            return 1;
        }

        @Override
        public long clusterTimeNs()
        {
            return 0;
        }

        @Override
        public long sessionId()
        {
            return 0;
        }

        @Override
        public long correlationId()
        {
            return 0;
        }

        @Override
        public MutableDirectBuffer buffer(final int capacity)
        {
            return replyBuffer;
        }

        @Override
        public int length()
        {
            return replyLength;
        }

        @Override
        public void length(final int length)
        {
            replyLength = length;
        }
    }

    @BeforeEach
    void launch()
    {
        cluster = new FakeCluster();
        cluster.lead(1, 1);
        cluster.node(1).handler = applier;
        cluster.node(1).queryHandler = applier::onQuery;
        kv = new KvClient(cluster.connect(cluster.context()
            .termLength(8 * 1024 * 1024)
            .messageTimeoutNs(TimeUnit.SECONDS.toNanos(2))));
    }

    @AfterEach
    void close()
    {
        cluster.close();
        applier.store.onStop();
    }

    private static byte[] bytes(final String text)
    {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void shouldPutGetAndDelete()
    {
        assertNull(kv.get("name"));
        assertEquals(1, kv.put("name", "first"));
        assertEquals("first", kv.get("name"));
        assertEquals(2, kv.put(bytes("name"), new byte[0]));
        assertArrayEquals(new byte[0], kv.get(bytes("name")));
        assertEquals(2, kv.getEntry(bytes("name")).version());
        assertTrue(kv.delete("name"));
        assertFalse(kv.delete("name"));
        assertNull(kv.get(bytes("name")));
    }

    @Test
    void shouldCompareAndSet()
    {
        assertFalse(kv.cas("lock", "nobody", "me"));
        assertTrue(kv.cas("lock", null, "me"));
        assertFalse(kv.cas("lock", null, "you"));
        assertFalse(kv.cas("lock", "you", "her"));
        assertTrue(kv.cas("lock", "me", "you"));
        final long version = kv.getEntry(bytes("lock")).version();
        assertFalse(kv.casVersion(bytes("lock"), version - 1, bytes("x")));
        assertTrue(kv.casVersion(bytes("lock"), version, bytes("done")));
        assertEquals("done", kv.get("lock"));
    }

    @Test
    void shouldScanByRangePrefixAndLimit()
    {
        for (final String key : List.of("a1", "a2", "a3", "b1", "b2", "c"))
        {
            kv.put(key, "value of " + key);
        }
        assertEquals(List.of("a1", "a2", "a3"), keys(kv.scan("a", 10)));
        assertEquals(List.of("a1", "a2"), keys(kv.scan("a", 2)));
        assertEquals(List.of("a2", "a3", "b1"), keys(kv.scan("a2", "b2", 10)));
        assertEquals(List.of("b2", "c"), keys(kv.scan("b2", null, 10)));
        assertEquals(List.of("a1"), keys(kv.scan(null, "a2", 10)));
        assertEquals(List.of(), keys(kv.scan("d", 10)));
        assertEquals("value of b1", kv.scan("b1", 1).get(0).valueText());
    }

    @Test
    void shouldScanOnWhereOneReplyDoesNotHoldItAll()
    {
        final byte[] value = new byte[300_000];
        new Random(9).nextBytes(value);
        for (int i = 0; i < 10; i++)
        {
            kv.put(bytes("key" + i), value);
        }
        final int before = cluster.node(1).queries.size();
        final List<KvEntry> entries = kv.scan("key", 9);
        assertEquals(9, entries.size());
        assertEquals("key8", entries.get(8).keyText());
        assertArrayEquals(value, entries.get(8).value());
        assertEquals(3, cluster.node(1).queries.size() - before);
    }

    @Test
    void shouldThrowWhatTheStoreRefuses()
    {
        final byte[] value = new byte[1_000_000];
        final KvException failure = assertThrows(KvException.class, () ->
        {
            for (int i = 0; i < 20; i++)
            {
                kv.put(bytes("key" + i), value);
            }
        });
        assertEquals(KvStatus.FULL, failure.status());
        assertThrows(IllegalArgumentException.class, () -> kv.get(""));
        assertThrows(IllegalArgumentException.class, () -> kv.put(new byte[5000], value));
        assertEquals(value.length, kv.get(bytes("key0")).length);
    }

    @Test
    void shouldThrowThatAnOutcomeIsUnknown()
    {
        cluster.node(1).handler = FakeNode.SILENT;
        assertThrows(OutcomeUnknownException.class, () -> kv.put("a", "b"));
        cluster.node(1).handler = applier;
        cluster.node(1).queryHandler = applier::onQuery;
        // A repetition may have been on its way when the client gave up: that is why nobody knows.
        final String found = kv.get("a");
        assertTrue(null == found || "b".equals(found), found);
    }

    @Test
    void shouldSayWhenTheClusterRunsAnotherStateMachine()
    {
        cluster.node(1).handler = FakeNode.ECHO;
        cluster.node(1).queryHandler = (node, id, buffer, offset, length) ->
            node.answer(id, QueryCode.ANSWERED, 1, buffer, offset, length);
        assertThrows(UkehiClientException.class, () -> kv.get("a"));
        assertThrows(UkehiClientException.class, () -> kv.delete("a"));
    }

    private static List<String> keys(final List<KvEntry> entries)
    {
        return entries.stream().map(KvEntry::keyText).toList();
    }
}
