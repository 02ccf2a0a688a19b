package io.ukehi.client;

import io.ukehi.codecs.client.ReplyCode;
import org.agrona.DirectBuffer;

/** Told by {@link UkehiClient#poll} how commands ended, on the thread that polls. */
@FunctionalInterface
public interface ReplyListener
{
    /**
     * A command has ended. Called exactly once for every command that was taken.
     * <p>
     * May call {@link UkehiClient#offer} and {@link UkehiClient#close}, but no other method that polls. An exception
     * thrown from here leaves {@link UkehiClient#poll}, after the replies that came along have been told.
     *
     * @param correlationId as returned by {@link UkehiClient#offer}.
     * @param outcome       how it ended.
     * @param code          why it was rejected; {@link ReplyCode#COMMITTED} with {@link Outcome#COMMITTED},
     *                      {@link ReplyCode#NULL_VAL} with {@link Outcome#UNKNOWN}.
     * @param index         log index of the command, greater than 0 where it was committed; else 0.
     * @param token         fencing token of the command where it was committed; else 0.
     * @param buffer        holds the state machine's reply; to be copied if it is needed after the call.
     * @param offset        of the reply.
     * @param length        of the reply in bytes; 0 unless committed.
     */
    void onReply(
        long correlationId,
        Outcome outcome,
        ReplyCode code,
        long index,
        long token,
        DirectBuffer buffer,
        int offset,
        int length);
}
