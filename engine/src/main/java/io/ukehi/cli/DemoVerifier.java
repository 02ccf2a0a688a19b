package io.ukehi.cli;

import io.ukehi.client.ClusterStatus;
import io.ukehi.client.MemberStatus;
import io.ukehi.client.UkehiClient;
import io.ukehi.kv.KvClient;
import io.ukehi.kv.KvEntry;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;

/** Looks, when all is over, whether the cluster holds what it said it holds, and the same on every member. */
final class DemoVerifier
{
    private static final int SCAN_LIMIT = 4096;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);

    private final UkehiClient client;
    private final BitSet found = new BitSet();
    private long wrongCount;

    DemoVerifier(final UkehiClient client)
    {
        this.client = client;
    }

    /** Reads everything that was written. */
    void readAll(final int valueLength)
    {
        final KvClient store = new KvClient(client);
        final UnsafeBuffer expected = new UnsafeBuffer(new byte[valueLength]);
        String from = "w";
        List<KvEntry> entries = store.scan(from, "x", SCAN_LIMIT);
        while (!entries.isEmpty())
        {
            for (final KvEntry entry : entries)
            {
                final long number = DemoLoad.numberOf(entry.key());
                DemoLoad.putValue(expected, number, valueLength);
                if (expected.equals(new UnsafeBuffer(entry.value())))
                {
                    found.set((int)number);
                }
                else
                {
                    wrongCount++;
                }
            }
            from = new String(entries.getLast().key(), StandardCharsets.US_ASCII) + '\0';
            entries = store.scan(from, "x", SCAN_LIMIT);
        }
    }

    /** Acknowledged writes that are not there. */
    long lostCount(final BitSet acknowledged)
    {
        final BitSet lost = (BitSet)acknowledged.clone();
        lost.andNot(found);
        return lost.cardinality();
    }

    /** Writes that are there although they were neither acknowledged nor unknown. */
    long ghostCount(final BitSet acknowledged, final BitSet unknown)
    {
        final BitSet ghosts = (BitSet)found.clone();
        ghosts.andNot(acknowledged);
        ghosts.andNot(unknown);
        return ghosts.cardinality();
    }

    long presentOf(final BitSet unknown)
    {
        final BitSet present = (BitSet)unknown.clone();
        present.and(found);
        return present.cardinality();
    }

    /** Values that are not what was written under their key. */
    long wrongCount()
    {
        return wrongCount;
    }

    /** Waits until all members have applied the same entries; what they say then, or at the end of the time. */
    ClusterStatus awaitEqual()
    {
        final long deadlineNs = System.nanoTime() + TIMEOUT_NS;
        ClusterStatus status = client.clusterStatus(TimeUnit.SECONDS.toNanos(2));
        while (!isEven(status) && System.nanoTime() - deadlineNs < 0)
        {
            status = client.clusterStatus(TimeUnit.SECONDS.toNanos(2));
        }
        return status;
    }

    private static boolean isEven(final ClusterStatus status)
    {
        final MemberStatus first = status.members().isEmpty() ? null : status.members().getFirst();
        return status.silent().isEmpty() && null != first && status.members().stream().allMatch(
            member -> member.appliedIndex() == first.appliedIndex() && member.commitIndex() == first.commitIndex());
    }

    static boolean hasEqualDigests(final ClusterStatus status)
    {
        final MemberStatus first = status.members().isEmpty() ? null : status.members().getFirst();
        return isEven(status) && status.members().stream().allMatch(
            member -> member.stateDigest() == first.stateDigest());
    }
}
