package io.ukehi.sim;

import java.util.random.RandomGenerator;

/**
 * Randomness that follows from a seed alone, the same on every JDK: SplitMix64, with everything that is drawn from it
 * computed here. {@link #split(long)} gives a stream of its own to each part of a simulation, so that a draw more in
 * one part does not change what another one sees. One thread; allocates nothing but streams.
 */
public final class SimRandom implements RandomGenerator
{
    private static final long GAMMA = 0x9E3779B97F4A7C15L;
    private static final double DOUBLE_UNIT = 0x1.0p-53;

    private long state;

    public SimRandom(final long seed)
    {
        state = mix(seed);
    }

    /** A finaliser that spreads every bit over all others. */
    public static long mix(final long value)
    {
        long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** A stream of its own, told from others by a label; this one moves on by a draw. */
    public SimRandom split(final long label)
    {
        return new SimRandom(nextLong() ^ mix(label * GAMMA));
    }

    @Override
    public long nextLong()
    {
        state += GAMMA;
        return mix(state);
    }

    @Override
    public int nextInt()
    {
        return (int)(nextLong() >>> 32);
    }

    /** 0 to {@code bound - 1}; the bias of a bound far below 2<sup>32</sup> is too small to be seen here. */
    @Override
    public int nextInt(final int bound)
    {
        return (int)((nextLong() >>> 32) * bound >>> 32);
    }

    /** {@code min} to {@code max}, both inclusive. */
    public int between(final int min, final int max)
    {
        return min + nextInt(max - min + 1);
    }

    @Override
    public long nextLong(final long bound)
    {
        return Math.unsignedMultiplyHigh(nextLong(), bound);
    }

    /** {@code min} to {@code max}, both inclusive. */
    public long between(final long min, final long max)
    {
        return min + nextLong(max - min + 1);
    }

    @Override
    public double nextDouble()
    {
        return (nextLong() >>> 11) * DOUBLE_UNIT;
    }

    @Override
    public boolean nextBoolean()
    {
        return nextLong() < 0;
    }

    @Override
    public void nextBytes(final byte[] bytes)
    {
        for (int i = 0; i < bytes.length; i++)
        {
            bytes[i] = (byte)(nextLong() >>> 56);
        }
    }

    /** True so often, 0 to 1. Draws nothing for 0. */
    public boolean chance(final double rate)
    {
        return rate > 0 && nextDouble() < rate;
    }

    /** A rate from 0 to {@code most}, 0 in one of {@code oneIn} cases, small ones as likely as large ones. */
    public double rate(final int oneIn, final double most)
    {
        if (0 == nextInt(oneIn))
        {
            return 0;
        }
        final double x = nextDouble();
        return x * x * most;
    }
}
