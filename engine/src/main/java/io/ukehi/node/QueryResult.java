package io.ukehi.node;

import io.ukehi.codecs.client.QueryCode;

/**
 * How a query of the embedding program ended; see {@link UkehiNode#query}.
 *
 * @param code  how; nothing has changed by it, whatever it is.
 * @param index up to which the state was applied that answered; 0 if none did.
 * @param reply of the state machine, the receiver's own; empty unless answered.
 */
public record QueryResult(QueryCode code, long index, byte[] reply)
{
    private static final byte[] NO_BYTES = {};

    static QueryResult rejected(final QueryCode code)
    {
        return new QueryResult(code, 0, NO_BYTES);
    }

    /** Whether there is an answer. */
    public boolean isAnswered()
    {
        return QueryCode.ANSWERED == code;
    }
}
