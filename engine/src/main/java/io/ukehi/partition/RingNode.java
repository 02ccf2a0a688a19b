package io.ukehi.partition;

/**
 * A place on a {@link ConsistentHashRing}: a node, a cluster, a shard.
 *
 * @param name   of the node, not empty; it alone, as UTF-8, says where on the ring the node's points lie.
 * @param weight how many times the ring's virtual nodes it has, 1 to {@link #MAX_WEIGHT}: twice the weight, twice the
 *               keys.
 * @param zone   what fails together with it: a rack, a data centre, a cloud zone.
 */
public record RingNode(String name, int weight, String zone)
{
    /** Highest weight. */
    public static final int MAX_WEIGHT = 1000;

    public RingNode
    {
        if (name.isEmpty())
        {
            throw new IllegalArgumentException("a node of the ring needs a name");
        }
        if (weight < 1 || weight > MAX_WEIGHT)
        {
            throw new IllegalArgumentException(name + ": weight must be in 1.." + MAX_WEIGHT + ": " + weight);
        }
        if (zone.isEmpty())
        {
            throw new IllegalArgumentException(name + ": a zone needs a name");
        }
    }

    /** A node of weight 1 that is a zone by itself. */
    public RingNode(final String name)
    {
        this(name, 1, name);
    }

    /** A node that is a zone by itself. */
    public RingNode(final String name, final int weight)
    {
        this(name, weight, name);
    }
}
