package io.ukehi.sim;

/** A rule of the system under test, or of its promise to clients, was broken. */
public final class Violation extends AssertionError
{
    private static final long serialVersionUID = 1L;

    public Violation(final String rule)
    {
        super(rule);
    }

    public Violation(final String rule, final Throwable cause)
    {
        super(rule, cause);
    }

    static void check(final boolean holds, final String rule, final int node, final long value)
    {
        if (!holds)
        {
            throw new Violation(rule + ": node " + node + ", at " + value);
        }
    }
}
