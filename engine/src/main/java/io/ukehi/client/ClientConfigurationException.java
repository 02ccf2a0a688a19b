package io.ukehi.client;

import java.util.List;

/** Settings that {@link ClientContext#conclude()} refuses: all of them at once, one per line of the message. */
public final class ClientConfigurationException extends UkehiClientException
{
    private static final long serialVersionUID = 1L;

    private final List<String> problems;

    ClientConfigurationException(final List<String> problems)
    {
        super(message(problems));
        this.problems = List.copyOf(problems);
    }

    /** One sentence for each setting that is wrong: its name, its value, and what would be right. */
    public List<String> problems()
    {
        return problems;
    }

    private static String message(final List<String> problems)
    {
        return problems.size() + (1 == problems.size() ? " setting is" : " settings are") + " wrong:\n  " +
            String.join("\n  ", problems);
    }
}
