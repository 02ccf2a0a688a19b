package io.ukehi.client;

import io.ukehi.codecs.client.ReplyCode;

/** The command was certainly not applied. */
public final class CommandRejectedException extends UkehiClientException
{
    private static final long serialVersionUID = 1L;

    private final ReplyCode code;

    CommandRejectedException(final ReplyCode code, final String message)
    {
        super(message);
        this.code = code;
    }

    /** Why. */
    public ReplyCode code()
    {
        return code;
    }
}
