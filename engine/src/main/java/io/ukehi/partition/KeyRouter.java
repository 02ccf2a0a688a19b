package io.ukehi.partition;

import java.util.function.Function;
import org.agrona.DirectBuffer;

/**
 * Routes keys over clusters: beside each node of a ring stands a target, such as the
 * {@link io.ukehi.client.UkehiClient} of a cluster, and a key's target is that of its node.
 * <pre>{@code
 * final KeyRouter<UkehiClient> router = new KeyRouter<>(ring, node -> clients.get(node.name()));
 * router.route(buffer, keyOffset, keyLength).offer(buffer, offset, length);
 * }</pre>
 * A router is a view of one ring; for the next ring there is a next router. Targets are their maker's, to be polled and
 * closed. What lies in the ranges that move ({@link ConsistentHashRing#diff}) has to be carried over before keys are
 * routed by the new ring.
 * <p>
 * Immutable, and its lookups allocate nothing; which threads may use a target is for the target to say.
 *
 * @param <T> what stands for a node.
 */
public final class KeyRouter<T>
{
    private final ConsistentHashRing ring;
    /** By position of the node on the ring. */
    private final T[] targets;

    /**
     * Routes by a ring.
     *
     * @param ring     to route by.
     * @param targetOf the target of a node, not null; asked once for each.
     */
    @SuppressWarnings("unchecked")
    public KeyRouter(final ConsistentHashRing ring, final Function<RingNode, T> targetOf)
    {
        this.ring = ring;
        this.targets = (T[])new Object[ring.nodes().size()];
        for (int i = 0; i < targets.length; i++)
        {
            final RingNode node = ring.nodes().get(i);
            targets[i] = targetOf.apply(node);
            if (null == targets[i])
            {
                throw new IllegalArgumentException("no target for " + node.name());
            }
        }
    }

    /** What is routed by. */
    public ConsistentHashRing ring()
    {
        return ring;
    }

    /** The target for a number as key. */
    public T route(final long key)
    {
        return targets[ring.ownerAt(XxHash64.hash(key))];
    }

    /** The target for the bytes of a range as key. */
    public T route(final DirectBuffer buffer, final int offset, final int length)
    {
        return targets[ring.ownerAt(XxHash64.hash(buffer, offset, length, 0))];
    }
}
