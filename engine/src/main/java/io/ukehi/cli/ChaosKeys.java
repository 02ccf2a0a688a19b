package io.ukehi.cli;

import java.util.Random;

/**
 * The keys that clients use now: few, so that they meet; each for a while only, and not longer than few operations on
 * it have no known end, so that a history of it can be judged. Any thread.
 */
final class ChaosKeys
{
    private static final int OPERATIONS_PER_KEY = 1_500;
    private static final int UNKNOWN_PER_KEY = 6;

    private final int[] current;
    private final int[] operations;
    private final int[] unknown;
    private int count;

    ChaosKeys(final int size)
    {
        current = new int[size];
        operations = new int[size];
        unknown = new int[size];
        while (count < size)
        {
            current[count] = count++;
        }
    }

    /** A key for the next operation. */
    synchronized int take(final Random random)
    {
        final int slot = random.nextInt(current.length);
        if (++operations[slot] > OPERATIONS_PER_KEY)
        {
            replace(slot);
        }
        return current[slot];
    }

    /** An operation on a key has no known end. */
    synchronized void onUnknown(final int key)
    {
        for (int slot = 0; slot < current.length; slot++)
        {
            if (current[slot] == key && ++unknown[slot] >= UNKNOWN_PER_KEY)
            {
                replace(slot);
            }
        }
    }

    private void replace(final int slot)
    {
        current[slot] = count++;
        operations[slot] = 0;
        unknown[slot] = 0;
    }
}
