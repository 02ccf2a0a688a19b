package io.ukehi.node;

import java.util.List;

/** Settings that {@link NodeContext#conclude()} refuses: all of them at once, one per line of the message. */
public final class ConfigurationException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    ConfigurationException(final List<String> problems)
    {
        super(problems.size() + (1 == problems.size() ? " setting is" : " settings are") + " wrong:\n  " +
            String.join("\n  ", problems));
        this.problems = List.copyOf(problems);
    }

    /** One sentence for each setting that is wrong: its name, its value, and what would be right. */
    public List<String> problems()
    {
        return problems;
    }
}
