package io.ukehi.client;

import io.ukehi.codecs.client.AdminCode;

/**
 * What became of an operator's request.
 *
 * @param code {@link AdminCode#DONE} or {@link AdminCode#STARTED}, or why not.
 * @param text more about it, for people; empty if there is nothing more to say.
 */
public record AdminAnswer(AdminCode code, String text)
{
    /** Whether it is done or has begun. */
    public boolean isSuccess()
    {
        return AdminCode.DONE == code || AdminCode.STARTED == code;
    }
}
