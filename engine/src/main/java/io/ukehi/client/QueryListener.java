package io.ukehi.client;

import io.ukehi.codecs.client.QueryCode;
import org.agrona.DirectBuffer;

/** Told by {@link UkehiClient#poll} how queries ended, on the thread that polls. */
@FunctionalInterface
public interface QueryListener
{
    /**
     * A query has ended. Called exactly once for every query that was taken. May call {@link UkehiClient#offerQuery}.
     *
     * @param correlationId as returned by {@link UkehiClient#offerQuery}.
     * @param code          how; {@link QueryCode#NULL_VAL} if nobody has answered within the message timeout. Whatever
     *                      it is, nothing has changed, and the query may be asked again.
     * @param memberId      who answered; 0 if nobody did.
     * @param index         of the log up to which the state was applied that answered; 0 unless answered.
     * @param buffer        holds the state machine's answer; to be copied if it is needed after the call.
     * @param offset        of the answer.
     * @param length        of the answer in bytes; 0 unless answered.
     */
    void onQuery(
        long correlationId, QueryCode code, int memberId, long index, DirectBuffer buffer, int offset, int length);
}
