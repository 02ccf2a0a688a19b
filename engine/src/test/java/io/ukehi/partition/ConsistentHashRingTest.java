package io.ukehi.partition;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A key has one node, the same everywhere; few keys move when nodes come and go, and it is said which. */
class ConsistentHashRingTest
{
    private static final int KEYS = 1_000_000;

    static ConsistentHashRing ring(final int size)
    {
        return new ConsistentHashRing(nodes(size));
    }

    private static List<RingNode> nodes(final int size)
    {
        final List<RingNode> nodes = new ArrayList<>();
        for (int i = 1; i <= size; i++)
        {
            nodes.add(new RingNode("node-" + i));
        }
        return nodes;
    }

    // ---- load and movement, the bars

    @Test
    void shouldSpreadAMillionKeysOverTenNodesEvenly()
    {
        final Map<String, Integer> load = new TreeMap<>();
        final ConsistentHashRing ring = ring(10);
        for (long key = 0; key < KEYS; key++)
        {
            load.merge(ring.nodeFor(key).name(), 1, Integer::sum);
        }
        assertEquals(10, load.size());
        final double mean = KEYS / 10.0;
        final double variance =
            load.values().stream().mapToDouble(count -> (count - mean) * (count - mean)).sum() / 10;
        final double deviation = Math.sqrt(variance) / mean;
        assertTrue(deviation < 0.10, "standard deviation: " + deviation + " " + load);
        load.forEach((name, count) -> assertEquals(count / (double)KEYS, ring.share(name), 0.002, name));
    }

    @Test
    void shouldMoveNoMoreThanTheShareOfANodeThatComes()
    {
        final ConsistentHashRing before = ring(10);
        final ConsistentHashRing after = before.withNode(new RingNode("node-11"));
        final List<RingMove> moves = before.diff(after);
        int moved = 0;
        for (long key = 0; key < KEYS; key++)
        {
            final RingNode from = before.nodeFor(key);
            final RingNode to = after.nodeFor(key);
            if (from != to)
            {
                moved++;
                assertEquals("node-11", to.name(), "nothing moves between nodes that stay");
            }
        }
        assertTrue(moved <= 1.1 * KEYS / 11, "moved: " + moved);
        assertTrue(moved >= 0.8 * KEYS / 11, "moved: " + moved);
        final double share = moves.stream().mapToDouble(RingMove::share).sum();
        assertEquals(after.share("node-11"), share, 1e-9);
        assertEquals(moved / (double)KEYS, share, 0.002);
    }

    /** Not by the luck of some names: of 500 sets of ten, each is below 10 %, and most newcomers below 1.1 shares. */
    @Test
    void shouldSpreadEvenlyWhateverNodesAreCalled()
    {
        final SplittableRandom random = new SplittableRandom(7);
        double sum = 0;
        int within = 0;
        for (int set = 0; set < 500; set++)
        {
            final List<RingNode> nodes = new ArrayList<>();
            for (int i = 0; i < 11; i++)
            {
                nodes.add(new RingNode("host-" + Long.toHexString(random.nextLong())));
            }
            final ConsistentHashRing ring = new ConsistentHashRing(nodes.subList(0, 10));
            final double deviation = Math.sqrt(ring.nodes().stream()
                .mapToDouble(node -> Math.pow(10 * ring.share(node.name()) - 1, 2)).sum() / 10);
            assertTrue(deviation < 0.10, "set " + set + ": " + deviation);
            sum += deviation;
            within += ring.withNode(nodes.getLast()).share(nodes.getLast().name()) <= 1.1 / 11 ? 1 : 0;
        }
        assertEquals(0.039, sum / 500, 0.004, "1 / sqrt(600), a little less for the mean of roots");
        assertTrue(within >= 490, "newcomers within 1.1 shares: " + within);
    }

    @Test
    void shouldLeaveWhatANodeHadToAllOthers()
    {
        final ConsistentHashRing before = ring(10);
        final ConsistentHashRing after = before.withoutNode("node-4");
        final Set<String> heirs = new HashSet<>();
        for (final RingMove move : before.diff(after))
        {
            assertEquals("node-4", move.from().name());
            heirs.add(move.to().name());
        }
        assertEquals(9, heirs.size());
        assertEquals(before, after.withNode(new RingNode("node-4")));
        assertEquals(List.of(), before.diff(after.withNode(new RingNode("node-4"))));
    }

    @Test
    void shouldGiveANodeKeysByItsWeight()
    {
        final List<RingNode> nodes = new ArrayList<>(nodes(5));
        nodes.add(new RingNode("large", 5));
        final ConsistentHashRing ring = new ConsistentHashRing(nodes);
        assertEquals(0.5, ring.share("large"), 0.04);
        double sum = 0;
        for (final RingNode node : ring.nodes())
        {
            sum += ring.share(node.name());
        }
        assertEquals(1, sum, 1e-9);
    }

    // ---- exactness

    /** Found by the plainest means there are: the owner of the least point at or after the hash, unsigned. */
    @ParameterizedTest
    @CsvSource({"1, 1", "1, 2", "2, 1", "3, 5", "7, 150"})
    void shouldAgreeWithASearchThroughAllPoints(final int size, final int virtualNodes)
    {
        final ConsistentHashRing ring = new ConsistentHashRing(nodes(size), virtualNodes);
        final TreeMap<Long, RingNode> circle = new TreeMap<>(Long::compareUnsigned);
        for (final RingNode node : ring.nodes())
        {
            final UnsafeBuffer name = new UnsafeBuffer(node.name().getBytes(UTF_8));
            for (int i = 0; i < 4 * virtualNodes; i++)
            {
                circle.put(XxHash64.hash(name, 0, name.capacity(), i), node);
            }
        }
        final SplittableRandom random = new SplittableRandom(size);
        final List<Long> hashes = new ArrayList<>(List.of(0L, -1L, Long.MAX_VALUE, Long.MIN_VALUE));
        for (final long point : circle.keySet())
        {
            hashes.addAll(List.of(point - 1, point, point + 1));
        }
        for (int i = 0; i < 1000; i++)
        {
            hashes.add(random.nextLong());
        }
        for (final long hash : hashes)
        {
            final Map.Entry<Long, RingNode> found = circle.ceilingEntry(hash);
            assertSame((null == found ? circle.firstEntry() : found).getValue(), ring.nodeAt(hash));
        }
    }

    @Test
    void shouldBeTheSameInWhateverOrderNodesCame()
    {
        final List<RingNode> nodes = nodes(12);
        final ConsistentHashRing ring = new ConsistentHashRing(nodes);
        for (int i = 0; i < 10; i++)
        {
            Collections.shuffle(nodes, new Random(i));
            ConsistentHashRing grown = new ConsistentHashRing(nodes.subList(0, 1));
            for (final RingNode node : nodes.subList(1, 12))
            {
                grown = grown.withNode(node);
            }
            assertEquals(ring, grown);
            assertEquals(ring.hashCode(), grown.hashCode());
            assertEquals(List.of(), ring.diff(grown));
        }
        assertNotEquals(ring, ring.withoutNode("node-3"));
        assertNotEquals(ring, new ConsistentHashRing(nodes, 151));
    }

    /** Keys as numbers and as their bytes are the same keys. */
    @Test
    void shouldFindTheNodeOfBytes()
    {
        final ConsistentHashRing ring = ring(10);
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[20]);
        final RingNode[] byNumber = new RingNode[3];
        final RingNode[] byBytes = new RingNode[3];
        for (long key = 1; key < 1000; key++)
        {
            buffer.putLong(5, key, LITTLE_ENDIAN);
            assertSame(ring.nodeFor(key), ring.nodeFor(buffer, 5, Long.BYTES));
            assertEquals(3, ring.preferenceList(key, byNumber));
            assertEquals(3, ring.preferenceList(buffer, 5, Long.BYTES, byBytes));
            assertTrue(Arrays.equals(byNumber, byBytes));
            assertEquals(3, ring.zonePreferenceList(buffer, 5, Long.BYTES, byBytes));
            assertTrue(Arrays.equals(byNumber, byBytes), "each node is a zone of its own here");
        }
    }

    /** The order of points as signed numbers must not show: the two halves of the ring are alike. */
    @Test
    void shouldGoAroundTheEndOfTheNumbers()
    {
        final ConsistentHashRing ring = new ConsistentHashRing(nodes(3), 1);
        final RingNode first = ring.nodeAt(0);
        final RingNode middle = ring.nodeAt(Long.MIN_VALUE);
        for (final ConsistentHashRing other : List.of(ring.withoutNode(first.name()), ring.withoutNode(middle.name())))
        {
            for (final RingMove move : ring.diff(other))
            {
                assertSame(move.from(), ring.nodeAt(move.after() + 1));
                assertSame(move.from(), ring.nodeAt(move.upTo()));
            }
        }
    }

    // ---- preference lists

    @Test
    void shouldPreferDistinctNodesBeginningWithItsOwn()
    {
        final ConsistentHashRing ring = ring(6);
        final RingNode[] list = new RingNode[4];
        for (long key = 0; key < 10_000; key++)
        {
            assertEquals(4, ring.preferenceList(key, list));
            assertSame(ring.nodeFor(key), list[0]);
            assertEquals(4, Set.of(list).size());
        }
    }

    /** Who stands in when a node goes is who was next: a copy is where the key is looked for then. */
    @Test
    void shouldFindTheNextOfTheListWhenANodeGoes()
    {
        final ConsistentHashRing ring = ring(6);
        final RingNode[] list = new RingNode[3];
        final RingNode[] rest = new RingNode[2];
        for (long key = 0; key < 300; key++)
        {
            ring.preferenceList(key, list);
            final ConsistentHashRing less = ring.withoutNode(list[0].name());
            less.preferenceList(key, rest);
            assertEquals(List.of(list[1], list[2]), List.of(rest));
        }
    }

    @Test
    void shouldListAllNodesWhenMoreAreWanted()
    {
        final ConsistentHashRing ring = ring(3);
        final RingNode[] list = new RingNode[5];
        assertEquals(3, ring.preferenceList(7, list));
        assertEquals(Set.copyOf(ring.nodes()), Set.of(list[0], list[1], list[2]));
        assertEquals(0, ring.preferenceList(7, new RingNode[0]));
    }

    @Test
    void shouldPreferDistinctZonesWhenAsked()
    {
        final List<RingNode> nodes = new ArrayList<>();
        for (int i = 0; i < 9; i++)
        {
            nodes.add(new RingNode("node-" + i, 1, "zone-" + i % 3));
        }
        final ConsistentHashRing ring = new ConsistentHashRing(nodes);
        final RingNode[] list = new RingNode[5];
        int different = 0;
        for (long key = 0; key < 10_000; key++)
        {
            assertEquals(3, ring.zonePreferenceList(key, list), "no more than there are zones");
            assertSame(ring.nodeFor(key), list[0]);
            assertEquals(3, Set.of(list[0].zone(), list[1].zone(), list[2].zone()).size());
            final RingNode second = list[1];
            ring.preferenceList(key, list);
            different += list[1] == second ? 0 : 1;
        }
        assertTrue(different > 1000, "zones make a difference: " + different);
    }

    // ---- diff

    /** Random rings: every key is in the one range that says where it goes, or in none and stays. */
    @Test
    void shouldTellExactlyWhatMovesBetweenAnyTwoRings()
    {
        for (int seed = 1; seed <= 60; seed++)
        {
            final SplittableRandom random = new SplittableRandom(seed);
            final ConsistentHashRing before = randomRing(random);
            final ConsistentHashRing after = randomRing(random);
            final List<RingMove> moves = before.diff(after);
            double share = 0;
            for (final RingMove move : moves)
            {
                assertNotEquals(move.from().name(), move.to().name());
                assertTrue(move.contains(move.upTo()));
                share += move.share();
            }
            assertTrue(share <= 1 + 1e-9, "ranges do not overlap");
            for (int i = 0; i < 500; i++)
            {
                // Ends of ranges now and then.
                final long hash = moves.isEmpty() || random.nextBoolean() ? random.nextLong() :
                    moves.get(random.nextInt(moves.size())).upTo() + random.nextInt(-1, 2);
                final List<RingMove> found = moves.stream().filter(move -> move.contains(hash)).toList();
                final String from = before.nodeAt(hash).name();
                final String to = after.nodeAt(hash).name();
                assertEquals(from.equals(to) ? List.of() : List.of(from + to),
                    found.stream().map(move -> move.from().name() + move.to().name()).toList());
            }
        }
    }

    private static ConsistentHashRing randomRing(final SplittableRandom random)
    {
        final List<RingNode> nodes = new ArrayList<>();
        for (int i = 0; i < 8; i++)
        {
            if (random.nextBoolean())
            {
                nodes.add(new RingNode("node-" + i, random.nextInt(1, 4)));
            }
        }
        return new ConsistentHashRing(nodes.isEmpty() ? nodes(1) : nodes, random.nextInt(1, 12));
    }

    @Test
    void shouldMoveTheWholeRingWhenItsOnlyNodeIsReplaced()
    {
        final ConsistentHashRing before = new ConsistentHashRing(List.of(new RingNode("a")), 1);
        final List<RingMove> moves = before.diff(new ConsistentHashRing(List.of(new RingNode("b")), 1));
        assertEquals(1, moves.size());
        assertEquals(1, moves.getFirst().share(), 1e-12);
        for (final long hash : new long[]{0, 1, -1, Long.MIN_VALUE, moves.getFirst().upTo()})
        {
            assertTrue(moves.getFirst().contains(hash));
        }
    }

    // ---- what cannot be

    @Test
    void shouldRefuseWhatCannotBeARing()
    {
        assertRefused(() -> new ConsistentHashRing(List.of()));
        assertRefused(() -> new ConsistentHashRing(nodes(2), 0));
        assertRefused(() -> new ConsistentHashRing(nodes(2), ConsistentHashRing.MAX_POINTS));
        assertRefused(() -> ring(3).withNode(new RingNode("node-2", 2)));
        assertRefused(() -> ring(1).withoutNode("node-1"));
        assertRefused(() -> ring(2).withoutNode("node-3"));
        assertRefused(() -> new ConsistentHashRing(List.of(new RingNode("a"), new RingNode("a"))));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, RingNode.MAX_WEIGHT + 1})
    void shouldRefuseAWeightThatCannotBe(final int weight)
    {
        assertRefused(() -> new RingNode("a", weight));
    }

    @Test
    void shouldRefuseNamesThatAreEmpty()
    {
        assertRefused(() -> new RingNode(""));
        assertRefused(() -> new RingNode("a", 1, ""));
    }

    private static void assertRefused(final Executable wrong)
    {
        assertThrows(IllegalArgumentException.class, wrong);
    }

    @Test
    void shouldTellWhatARangeContains()
    {
        final RingNode a = new RingNode("a");
        final RingNode b = new RingNode("b");
        final RingMove move = new RingMove(10, 12, a, b);
        assertFalse(move.contains(10));
        assertTrue(move.contains(11));
        assertTrue(move.contains(12));
        assertFalse(move.contains(13));
        final RingMove around = new RingMove(-2, 1, a, b);
        assertFalse(around.contains(-2));
        assertTrue(around.contains(-1));
        assertTrue(around.contains(0));
        assertTrue(around.contains(1));
        assertFalse(around.contains(2));
        assertEquals(0.5, new RingMove(0, Long.MIN_VALUE, a, b).share(), 1e-12);
    }
}
