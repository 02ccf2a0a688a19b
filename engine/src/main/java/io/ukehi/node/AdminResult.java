package io.ukehi.node;

import io.ukehi.codecs.client.AdminCode;

/**
 * What became of an operator's request.
 *
 * @param code {@link AdminCode#DONE} if it is done, {@link AdminCode#STARTED} if it has begun, or why it is not.
 * @param text more about it, for people; empty if there is nothing more to say.
 */
public record AdminResult(AdminCode code, String text)
{
    static AdminResult of(final AdminCode code)
    {
        return new AdminResult(code, "");
    }

    /** Whether it is done or has begun. */
    public boolean isSuccess()
    {
        return AdminCode.DONE == code || AdminCode.STARTED == code;
    }
}
