package io.ukehi.client;

import io.ukehi.codecs.client.QueryCode;

/** A query was refused to the last. Nothing has changed by it. */
public final class QueryRejectedException extends UkehiClientException
{
    private static final long serialVersionUID = 1L;

    private final QueryCode code;

    QueryRejectedException(final QueryCode code, final String message)
    {
        super(message);
        this.code = code;
    }

    /** Why. */
    public QueryCode code()
    {
        return code;
    }
}
