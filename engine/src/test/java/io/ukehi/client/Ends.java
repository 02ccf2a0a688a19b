package io.ukehi.client;

import io.ukehi.codecs.client.ReplyCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;

/** Writes down how commands ended. */
final class Ends implements ReplyListener
{
    record End(Outcome outcome, ReplyCode code, long index, long token, byte[] reply)
    {
    }

    private final Map<Long, List<End>> ends = new LinkedHashMap<>();

    @Override
    public void onReply(
        final long correlationId,
        final Outcome outcome,
        final ReplyCode code,
        final long index,
        final long token,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        final byte[] reply = new byte[length];
        buffer.getBytes(offset, reply);
        ends.computeIfAbsent(correlationId, key -> new ArrayList<>()).add(
            new End(outcome, code, index, token, reply));
    }

    int size()
    {
        return ends.size();
    }

    boolean has(final long correlationId)
    {
        return ends.containsKey(correlationId);
    }

    /** How a command ended; fails unless it has, and exactly once. */
    End of(final long correlationId)
    {
        final List<End> told = ends.getOrDefault(correlationId, List.of());
        if (1 != told.size())
        {
            throw new AssertionError("told " + told.size() + " times of " + correlationId);
        }
        return told.get(0);
    }
}
