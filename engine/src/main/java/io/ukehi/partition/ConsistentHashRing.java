package io.ukehi.partition;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Says which node a key belongs to, so that a node that comes takes its share from all others and nothing moves between
 * those, and what a node that goes leaves behind is shared by all (Karger et al., 1997).
 * <p>
 * The ring is the unsigned 64-bit numbers, the highest followed by 0. A node of weight {@code w} on a ring of {@code v}
 * virtual nodes has {@code 4 * v * w} points on it, four for each virtual node: point {@code i}, from 0, is XXH64 of
 * the node's name in UTF-8 with seed {@code i}. A key's hash is XXH64 of its bytes with seed 0, and the key belongs to
 * the node that has the first point at or after it. Should two nodes have the same point, it belongs to the one whose
 * name is less ({@link String#compareTo}). That is all there is to it: who has the same nodes has the same ring, in
 * whatever order they came, on every machine, in every language and release. The page "Partitioning" of the book has
 * values to check against.
 * <p>
 * With {@code p} points, the keys of a node deviate from its share by about {@code 1 / sqrt(p)} (standard deviation):
 * 4 % at 150 virtual nodes, and hardly ever as much as 10 %. With one point each it would be 8 %, and more than 10 %
 * for every ninth set of names.
 * <p>
 * Immutable; any thread. A lookup is a hash and a binary search, and allocates nothing; making a ring takes time and
 * memory, 12 bytes a point.
 */
public final class ConsistentHashRing
{
    /** Virtual nodes for each unit of weight where nothing else is said. */
    public static final int VIRTUAL_NODES_DEFAULT = 150;

    /** Points of a virtual node. */
    public static final int POINTS_PER_VIRTUAL_NODE = 4;

    /** Highest number of points of a ring. */
    public static final int MAX_POINTS = 1 << 24;

    private final int virtualNodes;
    private final RingNode[] nodes;
    private final int zones;
    /** Rising as signed numbers: from another beginning, the same circle in the same order as unsigned. */
    private final long[] points;
    /** Beside each point the position of its node. */
    private final int[] owners;

    /**
     * A ring with {@link #VIRTUAL_NODES_DEFAULT} virtual nodes for each unit of weight.
     *
     * @param nodes 1 or more, with different names, in any order.
     */
    public ConsistentHashRing(final Collection<RingNode> nodes)
    {
        this(nodes, VIRTUAL_NODES_DEFAULT);
    }

    /**
     * A ring.
     *
     * @param nodes        1 or more, with different names, in any order.
     * @param virtualNodes for each unit of weight, 1 or more.
     * @throws IllegalArgumentException if there is no node, a name is there twice, or there are more than
     *                                  {@link #MAX_POINTS} points.
     */
    public ConsistentHashRing(final Collection<RingNode> nodes, final int virtualNodes)
    {
        this.virtualNodes = virtualNodes;
        this.nodes = nodes.toArray(new RingNode[0]);
        Arrays.sort(this.nodes, (a, b) -> a.name().compareTo(b.name()));
        final int count = countPoints();
        final Set<String> zoneNames = new HashSet<>();
        for (final RingNode node : this.nodes)
        {
            zoneNames.add(node.zone());
        }
        zones = zoneNames.size();

        final long[] all = new long[count];
        final int[] sizes = new int[this.nodes.length];
        fill(all, sizes);
        points = sortedDistinct(all.clone());
        owners = new int[points.length];
        own(all, sizes);
    }

    private int countPoints()
    {
        if (0 == nodes.length || virtualNodes < 1)
        {
            throw new IllegalArgumentException(
                "a ring needs a node and a virtual node: " + nodes.length + ", " + virtualNodes);
        }
        long count = 0;
        for (int i = 0; i < nodes.length; i++)
        {
            if (i > 0 && nodes[i - 1].name().equals(nodes[i].name()))
            {
                throw new IllegalArgumentException("two nodes are called " + nodes[i].name());
            }
            count += (long)POINTS_PER_VIRTUAL_NODE * virtualNodes * nodes[i].weight();
        }
        if (count > MAX_POINTS)
        {
            throw new IllegalArgumentException("a ring has at most " + MAX_POINTS + " points: " + count);
        }
        return (int)count;
    }

    /** All points, node by node. */
    private void fill(final long[] all, final int[] sizes)
    {
        int at = 0;
        for (int i = 0; i < nodes.length; i++)
        {
            final UnsafeBuffer name = new UnsafeBuffer(nodes[i].name().getBytes(UTF_8));
            sizes[i] = POINTS_PER_VIRTUAL_NODE * virtualNodes * nodes[i].weight();
            for (int seed = 0; seed < sizes[i]; seed++)
            {
                all[at++] = XxHash64.hash(name, 0, name.capacity(), seed);
            }
        }
    }

    private static long[] sortedDistinct(final long[] values)
    {
        Arrays.sort(values);
        int size = 1;
        for (int i = 1; i < values.length; i++)
        {
            if (values[i] != values[size - 1])
            {
                values[size++] = values[i];
            }
        }
        return size == values.length ? values : Arrays.copyOf(values, size);
    }

    /** From the last name to the first, so that the first one keeps a point that two have. */
    private void own(final long[] all, final int[] sizes)
    {
        int at = all.length;
        for (int i = nodes.length - 1; i >= 0; i--)
        {
            for (int n = 0; n < sizes[i]; n++)
            {
                owners[Arrays.binarySearch(points, all[--at])] = i;
            }
        }
    }

    /** This ring and one node more. */
    public ConsistentHashRing withNode(final RingNode node)
    {
        final List<RingNode> more = new ArrayList<>(nodes());
        more.add(node);
        return new ConsistentHashRing(more, virtualNodes);
    }

    /**
     * This ring without a node.
     *
     * @throws IllegalArgumentException if it is not on the ring, or the last one.
     */
    public ConsistentHashRing withoutNode(final String name)
    {
        final List<RingNode> fewer = new ArrayList<>(nodes());
        if (!fewer.removeIf(node -> node.name().equals(name)))
        {
            throw new IllegalArgumentException("no node of the ring is called " + name);
        }
        return new ConsistentHashRing(fewer, virtualNodes);
    }

    /** All nodes, by name. */
    public List<RingNode> nodes()
    {
        return List.of(nodes);
    }

    /** Virtual nodes for each unit of weight. */
    public int virtualNodes()
    {
        return virtualNodes;
    }

    /** The node to which a number belongs as a key: its 8 bytes in little-endian order. */
    public RingNode nodeFor(final long key)
    {
        return nodeAt(XxHash64.hash(key));
    }

    /** The node to which the bytes of a range belong as a key. */
    public RingNode nodeFor(final DirectBuffer buffer, final int offset, final int length)
    {
        return nodeAt(XxHash64.hash(buffer, offset, length, 0));
    }

    /** The node to which a hash belongs. */
    public RingNode nodeAt(final long hash)
    {
        return nodes[ownerAt(hash)];
    }

    /** Position in {@link #nodes()} of the node to which a hash belongs. */
    int ownerAt(final long hash)
    {
        return owners[successor(hash)];
    }

    /** Position of the first point at or after a hash. Written so that the loop's one choice needs no branch. */
    private int successor(final long hash)
    {
        int base = 0;
        int size = points.length;
        while (size > 1)
        {
            final int half = size >>> 1;
            base = points[base + half - 1] < hash ? base + half : base;
            size -= half;
        }
        final int found = points[base] < hash ? base + 1 : base;
        return found < points.length ? found : 0;
    }

    /**
     * The nodes that hold a key when it is stored more than once: its own, then those that are met next on the way
     * around the ring, each once.
     *
     * @param key  a number, as in {@link #nodeFor(long)}.
     * @param list is filled from 0; its length is the number of nodes wanted, the replication factor.
     * @return how many were put into it: its length, or all nodes of the ring if those are fewer.
     */
    public int preferenceList(final long key, final RingNode[] list)
    {
        return walk(XxHash64.hash(key), list, Math.min(list.length, nodes.length), false);
    }

    /** As {@link #preferenceList(long, RingNode[])}, for the bytes of a range. */
    public int preferenceList(final DirectBuffer buffer, final int offset, final int length, final RingNode[] list)
    {
        return walk(XxHash64.hash(buffer, offset, length, 0), list, Math.min(list.length, nodes.length), false);
    }

    /**
     * As {@link #preferenceList(long, RingNode[])}, with each node in another zone: a zone that is lost takes one copy
     * with it.
     *
     * @return how many were put into the list: its length, or the number of zones if those are fewer.
     */
    public int zonePreferenceList(final long key, final RingNode[] list)
    {
        return walk(XxHash64.hash(key), list, Math.min(list.length, zones), true);
    }

    /** As {@link #zonePreferenceList(long, RingNode[])}, for the bytes of a range. */
    public int zonePreferenceList(final DirectBuffer buffer, final int offset, final int length, final RingNode[] list)
    {
        return walk(XxHash64.hash(buffer, offset, length, 0), list, Math.min(list.length, zones), true);
    }

    private int walk(final long hash, final RingNode[] list, final int wanted, final boolean isByZone)
    {
        int count = 0;
        for (int at = successor(hash); count < wanted; at = at + 1 < points.length ? at + 1 : 0)
        {
            final RingNode node = nodes[owners[at]];
            boolean isNew = true;
            for (int i = 0; i < count && isNew; i++)
            {
                isNew = isByZone ? !list[i].zone().equals(node.zone()) : list[i] != node;
            }
            if (isNew)
            {
                list[count++] = node;
            }
        }
        return count;
    }

    /** The part of the ring that belongs to a node, 0 to 1: of many keys it has about that part. */
    public double share(final String name)
    {
        double share = 0;
        for (int i = 0; i < points.length; i++)
        {
            if (nodes[owners[i]].name().equals(name))
            {
                share += RingMove.share(points[0 == i ? points.length - 1 : i - 1], points[i]);
            }
        }
        return share;
    }

    /**
     * What moves when this ring is replaced by another: the ranges of hashes that have another node then, in rising
     * order, each as long as it can be. Nodes are the same if their names are.
     */
    public List<RingMove> diff(final ConsistentHashRing next)
    {
        final long[] both = Arrays.copyOf(points, points.length + next.points.length);
        System.arraycopy(next.points, 0, both, points.length, next.points.length);
        final long[] ends = sortedDistinct(both);
        final List<RingMove> moves = new ArrayList<>();
        long after = ends[ends.length - 1];
        for (final long end : ends)
        {
            // Between two points of either ring, all hashes have the same node on both.
            final RingNode from = nodeAt(end);
            final RingNode to = next.nodeAt(end);
            if (!from.name().equals(to.name()))
            {
                append(moves, new RingMove(after, end, from, to));
            }
            after = end;
        }
        joinEnds(moves);
        return moves;
    }

    private static void append(final List<RingMove> moves, final RingMove move)
    {
        final RingMove last = moves.isEmpty() ? null : moves.getLast();
        if (null != last && areOne(last, move))
        {
            moves.set(moves.size() - 1, new RingMove(last.after(), move.upTo(), move.from(), move.to()));
        }
        else
        {
            moves.add(move);
        }
    }

    private static boolean areOne(final RingMove move, final RingMove following)
    {
        return move.upTo() == following.after() && move.from().equals(following.from()) &&
            move.to().equals(following.to());
    }

    /** The last range may go on as the first one. */
    private static void joinEnds(final List<RingMove> moves)
    {
        if (moves.size() > 1 && areOne(moves.getLast(), moves.getFirst()))
        {
            final RingMove last = moves.removeLast();
            final RingMove first = moves.getFirst();
            moves.set(0, new RingMove(last.after(), first.upTo(), first.from(), first.to()));
        }
    }

    @Override
    public boolean equals(final Object other)
    {
        return other instanceof final ConsistentHashRing ring && virtualNodes == ring.virtualNodes &&
            Arrays.equals(nodes, ring.nodes);
    }

    @Override
    public int hashCode()
    {
        return 31 * virtualNodes + Arrays.hashCode(nodes);
    }

    @Override
    public String toString()
    {
        return "ConsistentHashRing" + Arrays.toString(nodes);
    }
}
