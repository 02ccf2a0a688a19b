package io.ukehi.benchmarks.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class AcknowledgementsTest
{
    private static final long MS = 1_000_000;
    private static final long KILLED_NS = 123_456 * MS;

    private static Acknowledgements of(final long gapMs, final long... offsetsMs)
    {
        final long[] timesNs = new long[offsetsMs.length + 1];
        for (int i = 0; i < offsetsMs.length; i++)
        {
            timesNs[i] = KILLED_NS + offsetsMs[i] * MS;
        }
        return new Acknowledgements(timesNs, offsetsMs.length, KILLED_NS, gapMs * MS);
    }

    private static int countAt(final Acknowledgements kill, final int ms)
    {
        return kill.count((ms - Acknowledgements.FROM_MS) / Acknowledgements.BUCKET_MS);
    }

    private static int total(final Acknowledgements kill)
    {
        int total = 0;
        for (int i = 0; i < kill.buckets(); i++)
        {
            total += kill.count(i);
        }
        return total;
    }

    @Test
    void shouldCountEachAcknowledgementInItsBucket()
    {
        final Acknowledgements kill = of(200, -500, -499, -495, -1, 0, 4, 5, 200, 1_499);
        assertEquals(400, kill.buckets());
        assertEquals(2, countAt(kill, -500));
        assertEquals(1, countAt(kill, -495));
        assertEquals(1, countAt(kill, -5));
        assertEquals(2, countAt(kill, 0));
        assertEquals(1, countAt(kill, 5));
        assertEquals(1, countAt(kill, 200));
        assertEquals(1, countAt(kill, 1_495));
        assertEquals(9, total(kill));
    }

    @Test
    void shouldLeaveOutWhatIsNotShown()
    {
        assertEquals(0, total(of(2_000, -501, 1_500, 2_000)));
    }

    @Test
    void shouldFindTheLongestSilenceThatEndsAfterTheKill()
    {
        assertEquals(203, of(200, -400, -3, 200, 210).silenceMs(), 1e-9, "not the one before it");
        assertEquals(300, of(5, -1, 5, 305).silenceMs(), 1e-9, "one that begins later counts");
        assertEquals(0, of(0).silenceMs(), 1e-9);
    }

    @Test
    void shouldKeepTheGapAsItWasMeasured()
    {
        assertEquals(200, of(200, 1).gapMs(), 1e-9);
    }

    @Test
    void shouldBeginBucketsHalfASecondBeforeTheKill()
    {
        assertEquals(-500, Acknowledgements.bucketMs(0));
        assertEquals(0, Acknowledgements.bucketMs(100));
    }
}
