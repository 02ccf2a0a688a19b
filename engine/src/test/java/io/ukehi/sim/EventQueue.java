package io.ukehi.sim;

import java.util.Arrays;

/** What is to come, in the order of time; of the same time, in the order in which it was put in. Recycles events. */
final class EventQueue
{
    private SimEvent[] heap = new SimEvent[256];
    private int size;
    private SimEvent[] free = new SimEvent[256];
    private int freeCount;
    private SimEvent[] freeMessages = new SimEvent[256];
    private int freeMessageCount;
    private long order;

    /** Above the order of all that was put in so far. */
    long order()
    {
        return order;
    }

    /** An event to be filled in and put in. */
    SimEvent take(final SimEvent.Kind kind, final long timeNs, final int node)
    {
        final SimEvent event;
        if (SimEvent.Kind.DELIVER == kind)
        {
            event = freeMessageCount > 0 ? freeMessages[--freeMessageCount] : new SimEvent();
        }
        else
        {
            event = freeCount > 0 ? free[--freeCount] : new SimEvent();
        }
        event.kind = kind;
        event.timeNs = timeNs;
        event.node = node;
        event.isDamaged = false;
        event.a = 0;
        return event;
    }

    void put(final SimEvent event)
    {
        event.order = order++;
        if (size == heap.length)
        {
            heap = Arrays.copyOf(heap, 2 * size);
        }
        int at = size++;
        while (at > 0)
        {
            final int parent = at - 1 >> 1;
            if (!event.isBefore(heap[parent]))
            {
                break;
            }
            heap[at] = heap[parent];
            at = parent;
        }
        heap[at] = event;
    }

    /** Puts an event in that carries one number. */
    void put(final SimEvent.Kind kind, final long timeNs, final int node, final long a)
    {
        final SimEvent event = take(kind, timeNs, node);
        event.a = a;
        put(event);
    }

    /** The next event, null if there is none. */
    SimEvent poll()
    {
        if (0 == size)
        {
            return null;
        }
        final SimEvent first = heap[0];
        final SimEvent last = heap[--size];
        heap[size] = null;
        if (size > 0)
        {
            sift(last);
        }
        return first;
    }

    private void sift(final SimEvent last)
    {
        int at = 0;
        while (true)
        {
            int child = 2 * at + 1;
            if (child >= size)
            {
                break;
            }
            if (child + 1 < size && heap[child + 1].isBefore(heap[child]))
            {
                child++;
            }
            if (!heap[child].isBefore(last))
            {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = last;
    }

    /** An event that is over, to be used again. */
    void recycle(final SimEvent event)
    {
        if (SimEvent.Kind.DELIVER == event.kind)
        {
            if (freeMessageCount == freeMessages.length)
            {
                freeMessages = Arrays.copyOf(freeMessages, 2 * freeMessageCount);
            }
            freeMessages[freeMessageCount++] = event;
        }
        else
        {
            if (freeCount == free.length)
            {
                free = Arrays.copyOf(free, 2 * freeCount);
            }
            free[freeCount++] = event;
        }
    }
}
