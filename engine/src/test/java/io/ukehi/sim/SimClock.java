package io.ukehi.sim;

import org.agrona.concurrent.NanoClock;

/**
 * The clocks of one node: a monotonic one that begins anywhere, on both sides of the overflow too, and runs a little
 * fast or slow; and a wall clock that may be set at any time. Both follow from the time of the world.
 */
final class SimClock implements NanoClock
{
    private static final long EPOCH_NS = 1_800_000_000_000_000_000L;

    private final long originNs;
    private final long partsPerMillion;
    private long worldNs;
    private long wallOffsetNs;

    /**
     * @param random       for the origin.
     * @param driftPerMillion most that the clock is off, in parts of a million.
     */
    SimClock(final SimRandom random, final int driftPerMillion)
    {
        originNs = switch (random.nextInt(3))
        {
            case 0 -> 0;
            case 1 -> Long.MAX_VALUE - random.nextLong(4_000_000_000L);
            default -> random.nextLong();
        };
        partsPerMillion = 1_000_000 + random.between(-driftPerMillion, driftPerMillion);
        wallOffsetNs = random.nextLong(2_000_000_000L);
    }

    void worldTime(final long timeNs)
    {
        worldNs = timeNs;
    }

    @Override
    public long nanoTime()
    {
        return originNs + elapsedNs();
    }

    /** Wall time in nanoseconds since the epoch. */
    long epochNs()
    {
        return EPOCH_NS + wallOffsetNs + elapsedNs();
    }

    private long elapsedNs()
    {
        return worldNs / 1_000_000 * partsPerMillion + worldNs % 1_000_000 * partsPerMillion / 1_000_000;
    }

    void setWallClock(final long offsetNs)
    {
        wallOffsetNs = offsetNs;
    }
}
